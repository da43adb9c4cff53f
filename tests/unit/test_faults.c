/* test_faults.c: what is said again is one row, and the rows and their texts have bounds. */
#include "daemons/extractor/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static long long number_of(const json_t *list, size_t row, const char *key)
{
	return json_integer_value(json_object_get(json_array_get(list, row), key));
}

static const char *text_of(const json_t *list, size_t row, const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(list, row), key));

	return text != NULL ? text : "";
}

static void add(struct faults *faults, uint64_t record, enum hs_field field,
    enum hs_error_code code, const char *message)
{
	char pointer[64];
	const struct feed_place place = { .pointer = pointer, .record = record, .line = 2 * record,
		.column = 3 };

	snprintf(pointer, sizeof pointer, "/data/%llu", (unsigned long long)record - 1);
	faults_add(faults, &place, "/x", field, code, message);
}

static void test_same(void)
{
	struct faults *faults = faults_new();
	json_t *list;

	for (uint64_t i = 1; i <= 5000; i++)
		add(faults, i, HS_FIELD_ROLE, HS_TOO_LONG, i % 2 != 0 ? "odd" : "even");
	add(faults, 7, HS_FIELD_POSITION, HS_TOO_LONG, "odd");
	add(faults, 8, HS_FIELD_COUNT, HS_TOO_LONG, "odd");
	expect_int("total", faults_total(faults), 5002);
	faults_count(faults, 10);
	expect_int("total", faults_total(faults), 5012);
	list = faults_json(faults);
	expect_int("rows", json_array_size(list), 4);
	expect_text("in the order of the feed", text_of(list, 1, "message"), "even");
	expect_int("counted", number_of(list, 1, "count"), 2500);
	expect_text("first place", text_of(list, 1, "pointer"), "/data/1/x");
	expect_int("first place", number_of(list, 1, "record"), 2);
	expect_int("first place", number_of(list, 1, "line"), 4);
	expect_text("another field", text_of(list, 2, "field"), "position");
	expect_true("none", json_is_null(json_object_get(json_array_get(list, 3), "field")));
	json_decref(list);
	faults_free(faults);
	faults_free(NULL);
}

/* Each record has another wrong value: a few are shown, and the rest counted. */
static void test_alike(void)
{
	struct faults *faults = faults_new();
	char message[32];
	json_t *list;

	for (int i = 1; i <= 1000; i++) {
		snprintf(message, sizeof message, "%d is wrong", i);
		add(faults, (uint64_t)i, HS_FIELD_ROLE, HS_BAD_NUMBER, message);
	}
	add(faults, 1, HS_FIELD_ROLE, HS_BAD_NUMBER, "3 is wrong");
	add(faults, 1, HS_FIELD_ROLE, HS_BAD_DATE, "another way");
	list = faults_json(faults);
	expect_int("rows", json_array_size(list), FAULTS_ALIKE + 1);
	expect_int("said twice", number_of(list, 2, "count"), 2);
	expect_int("others", number_of(list, FAULTS_ALIKE - 1, "others"), 1000 - FAULTS_ALIKE);
	expect_int("its own", number_of(list, FAULTS_ALIKE - 1, "count"), 1);
	expect_text("another way", text_of(list, FAULTS_ALIKE, "message"), "another way");
	json_decref(list);
	faults_free(faults);
}

static void test_bounds(void)
{
	struct faults *faults = faults_new();
	char longest[HS_ERROR_MESSAGE_BYTES], pointer[4000];
	const struct feed_place place = { .pointer = pointer };
	json_t *list;
	char *text;

	memset(longest, 'm', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	memset(pointer, 'p', sizeof pointer - 1);
	pointer[sizeof pointer - 1] = '\0';
	for (int i = 0; i < 10 * FAULTS_KEPT; i++) {
		snprintf(longest, 8, "%06d", i);
		longest[6] = 'm';
		faults_add(faults, &place, "/x", (enum hs_field)(i % HS_FIELD_COUNT),
		    (enum hs_error_code)(1 + i % 7), longest);
	}
	expect_int("all are counted", faults_total(faults), 10 * FAULTS_KEPT);
	list = faults_json(faults);
	expect_int("a few are kept", json_array_size(list), FAULTS_KEPT);
	text = json_dumps(list, JSON_COMPACT);
	expect_true("bounded", strlen(text) < (size_t)FAULTS_KEPT * 2100);
	free(text);
	json_decref(list);
	faults_free(faults);
}

static const struct hs_case cases[] = {
	{ "the same again", test_same },
	{ "other values", test_alike },
	{ "bounds", test_bounds },
};

int main(void)
{
	return hs_run_suite("faults", cases, HS_COUNT(cases));
}
