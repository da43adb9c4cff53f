/* test_problems.c: problems are kept in the order of the file, counted all, and bounded. */
#include "common/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static struct hs_problems *new_problems(void)
{
	struct hs_problems *problems = hs_problems_new();

	if (problems == NULL)
		hs_panic("no memory");
	return problems;
}

/* Found in any order (a missing field at its record's end), shown in the file's. */
static void test_order(void)
{
	static const struct { uint64_t line, column; const char *message; } found[] = {
		{ 5, 9, "d" }, { 3, 1, "b" }, { 5, 9, "e" }, { 5, 10, "f" }, { 1, 1, "a" },
		{ 5, 2, "c" },
	};
	struct hs_problems *problems = new_problems();
	char order[16] = "";

	for (size_t i = 0; i < HS_COUNT(found); i++)
		hs_problems_add(problems, HS_BLANK, "/records/0", found[i].line, found[i].column,
		    "%s", found[i].message);
	for (size_t i = 0; i < hs_problems_kept(problems); i++)
		strcat(order, hs_problems_at(problems, i)->message);
	expect_text("order", order, "abcdef");
	hs_problems_free(problems);
}

static void test_bound(void)
{
	struct hs_problems *problems = new_problems();

	for (unsigned i = 0; i < 5000; i++)
		hs_problems_add(problems, HS_BAD_DATE, "", 10 + i, 1, "number %u", i);
	expect_true("one before them", hs_problems_would_keep(problems, 10, 1));
	expect_true("one before the last", hs_problems_would_keep(problems, 109, 0));
	expect_true("one behind it", !hs_problems_would_keep(problems, 109, 1));
	expect_int("all count", hs_problems_total(problems), 5000);
	expect_int("so many are kept", hs_problems_kept(problems), HS_PROBLEMS_KEPT);
	expect_text("the first", hs_problems_at(problems, 0)->message, "number 0");
	expect_text("the last", hs_problems_at(problems, HS_PROBLEMS_KEPT - 1)->message,
	    "number 99");
	hs_problems_add(problems, HS_DUPLICATE_RECORD, "", 10, 2, "late, but early in the file");
	expect_int("still as many", hs_problems_kept(problems), HS_PROBLEMS_KEPT);
	expect_text("in its place", hs_problems_at(problems, 1)->message,
	    "late, but early in the file");
	expect_text("the last one went", hs_problems_at(problems, HS_PROBLEMS_KEPT - 1)->message,
	    "number 98");
	expect_int("all count", hs_problems_total(problems), 5001);
	hs_problems_free(problems);
}

static void test_other_bound(void)
{
	struct hs_problems *problems = hs_problems_new_for(3);

	if (problems == NULL)
		exit(1);
	for (unsigned i = 0; i < 5; i++)
		hs_problems_add(problems, HS_BAD_DATE, "", 0, 0, "number %u", i);
	expect_int("all count", hs_problems_total(problems), 5);
	expect_int("so many are kept", hs_problems_kept(problems), 3);
	expect_text("the last", hs_problems_at(problems, 2)->message, "number 2");
	hs_problems_free(problems);
}

static void add_at(struct hs_problems *problems, unsigned record, unsigned line, const char *words)
{
	char pointer[40];

	snprintf(pointer, sizeof pointer, "/records/%u/full_name", record);
	hs_problems_add(problems, HS_BLANK, pointer, line, 1, "%s", words);
}

/* What is said again and again is one problem, however often; and of the like a few are enough. */
static void test_fold(void)
{
	struct hs_problems *problems = new_problems();
	char words[40];

	hs_problems_fold(problems);
	for (unsigned i = 0; i < 1000; i++)
		add_at(problems, i, 10 + i, "blank");
	hs_problems_add(problems, HS_BLANK, "/records/7/team_name", 17, 2, "blank");
	expect_true("more may come", hs_problems_would_keep(problems, 5000, 1));
	expect_int("two places", hs_problems_kept(problems), 2);
	expect_int("all count", hs_problems_total(problems), 1001);
	expect_int("said", hs_problems_at(problems, 0)->count, 1000);
	expect_text("first", hs_problems_at(problems, 0)->pointer, "/records/0/full_name");
	expect_int("once", hs_problems_at(problems, 1)->count, 1);
	add_at(problems, 2000, 3, "blank");
	expect_int("still two", hs_problems_kept(problems), 2);
	expect_int("counts go on", hs_problems_at(problems, 0)->count, 1001);
	expect_text("now first", hs_problems_at(problems, 0)->pointer, "/records/2000/full_name");
	for (unsigned i = 0; i < 50; i++) {
		snprintf(words, sizeof words, "value %u", i);
		add_at(problems, 3000 + i, 4000 + i, words);
	}
	expect_int("of each place", hs_problems_kept(problems), HS_PROBLEMS_ALIKE + 1);
	expect_text("the last alike", hs_problems_at(problems, HS_PROBLEMS_ALIKE)->message, "value 3");
	expect_int("and the like", hs_problems_at(problems, HS_PROBLEMS_ALIKE)->others, 46);
	add_at(problems, 1, 5, "early");
	expect_text("in front", hs_problems_at(problems, 1)->message, "early");
	expect_int("it has the counts of what went", hs_problems_at(problems, 1)->others, 47);
	expect_text("the last alike", hs_problems_at(problems, HS_PROBLEMS_ALIKE)->message, "value 2");
	hs_problems_free(problems);
}

/* Without folding each is one. */
static void test_no_fold(void)
{
	struct hs_problems *problems = new_problems();

	for (unsigned i = 0; i < 3; i++)
		add_at(problems, i, i, "blank");
	expect_int("each", hs_problems_kept(problems), 3);
	expect_int("count", hs_problems_at(problems, 2)->count, 1);
	hs_problems_free(problems);
}

/* A pointer or a message of any length: cut, at a character's end. */
static void test_long_texts(void)
{
	enum { LONG = 3001 };
	struct hs_problems *problems = new_problems();
	const struct hs_problem *problem;
	char text[LONG + 1];
	json_t *json;

	for (size_t i = 0; i < LONG - 1; i += 2)
		memcpy(text + i, "é", 2);
	memcpy(text, "/", 1);
	memcpy(text + 1, "x", 1);
	memcpy(text + LONG - 1, "", 1);
	hs_problems_add(problems, HS_UNKNOWN_FIELD, text, 1, 1, "%s", text);
	problem = hs_problems_at(problems, 0);
	expect_true("pointer", strlen(problem->pointer) < HS_POINTER_BYTES);
	expect_text("its end", problem->pointer + strlen(problem->pointer) - 3, "...");
	expect_true("message", strlen(problem->message) < HS_ERROR_MESSAGE_BYTES);
	json = hs_problems_json(problems);
	expect_true("both are valid UTF-8", json != NULL);
	json_decref(json);
	hs_problems_free(problems);
}

static void test_json(void)
{
	struct hs_problems *problems = new_problems();
	json_t *json = hs_problems_json(problems);
	char *text = json_dumps(json, JSON_COMPACT);

	expect_text("none", text, "[]");
	free(text);
	json_decref(json);
	hs_problems_add(problems, HS_UNKNOWN_FIELD, "/records/17/colour", 19, 4,
	    "\"%s\" is not a field", "colour");
	json = hs_problems_json(problems);
	text = json_dumps(json, JSON_COMPACT);
	expect_text("one", text, "[{\"code\":\"unknown_field\",\"pointer\":\"/records/17/colour\","
	    "\"line\":19,\"column\":4,\"message\":\"\\\"colour\\\" is not a field\"}]");
	free(text);
	json_decref(json);
	hs_problems_free(problems);
	hs_problems_free(NULL);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "order", test_order },
		{ "bound", test_bound },
		{ "as many as are wanted", test_other_bound },
		{ "folded", test_fold },
		{ "not folded", test_no_fold },
		{ "long texts", test_long_texts },
		{ "json", test_json },
	};

	return hs_run_suite("problems", suite, HS_COUNT(suite));
}
