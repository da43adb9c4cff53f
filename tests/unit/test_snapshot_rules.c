/* test_snapshot_rules.c: each rule of the strict validation, as tests/data/rules.txt has it: the
 * text that breaks it, and the code, pointer, line, column and sentence that must come. */
#include "common/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { TEXT_BYTES = 4096, NAME_BYTES = 128, LINE_BYTES = 1024, FEWEST_ROWS = 120 };

#define OTHERS \
	"{\"competition_external_id\":\"NBA\",\"competition_name\":\"NBA\",\"season\":\"2018\"," \
	"\"team_external_id\":\"MIL\",\"team_name\":\"Bucks\""

static const struct { const char *word, *text; } words[] = {
	{ "<head>", "{\"source_name\":\"s\",\"snapshot_date\":\"2018-06-30\",\"records\":[" },
	{ "<tail>", "]}" },
	{ "<others>", OTHERS },
	{ "<record>", OTHERS ",\"player_external_id\":\"p1\",\"full_name\":\"F\"" },
};

struct text {
	char bytes[TEXT_BYTES];
	size_t length;
};

struct rule {
	char name[NAME_BYTES];
	struct text text, want;
};

static void put(struct text *text, const char *bytes, size_t length)
{
	if (length >= sizeof text->bytes - text->length)
		hs_panic("a row of rules.txt is longer than %d bytes", TEXT_BYTES);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

static void put_line(struct text *text, const char *line)
{
	while (*line != '\0') {
		size_t length = 1, i;

		for (i = 0; i < HS_COUNT(words); i++) {
			if (strncmp(line, words[i].word, strlen(words[i].word)) == 0)
				break;
		}
		if (i < HS_COUNT(words)) {
			put(text, words[i].text, strlen(words[i].text));
			length = strlen(words[i].word);
		} else {
			put(text, line, 1);
		}
		line += length;
	}
}

/* All problems, a line each, as rules.txt writes them. */
static void describe(const struct hs_snapshot *snapshot, struct text *ret)
{
	const struct hs_problems *problems = hs_snapshot_problems(snapshot);
	char line[LINE_BYTES];

	ret->length = 0;
	ret->bytes[0] = '\0';
	for (size_t i = 0; i < hs_problems_kept(problems); i++) {
		const struct hs_problem *problem = hs_problems_at(problems, i);

		snprintf(line, sizeof line, "%s %s %llu:%llu %s\n", hs_error_name(problem->code),
		    problem->pointer[0] != '\0' ? problem->pointer : "\"\"",
		    (unsigned long long)problem->line, (unsigned long long)problem->column,
		    problem->message);
		put(ret, line, strlen(line));
	}
}

/* Pieces lie in memory that is gone at once: the sanitizers see any use after. */
static void push(struct hs_snapshot *snapshot, const char *text, size_t length)
{
	struct hs_error err = HS_ERROR_INIT;
	char *copy = malloc(length > 0 ? length : 1);

	if (copy == NULL)
		hs_panic("no memory");
	memcpy(copy, text, length);
	expect_done("push", hs_snapshot_push(snapshot, copy, length, &err), &err);
	free(copy);
}

static void check(const struct text *text, size_t first, size_t rest, struct text *ret)
{
	struct hs_snapshot_options options = { .max_record_bytes = 16 << 20,
		.today = { .year = 2026, .month = 11, .day = 25 } };
	struct hs_error err = HS_ERROR_INIT;
	struct hs_snapshot *snapshot = NULL;
	size_t at = first < text->length ? first : text->length;

	if (!expect_done("new", hs_snapshot_new(&options, &snapshot, &err), &err))
		return;
	push(snapshot, text->bytes, at);
	for (; at < text->length; at += rest) {
		size_t left = text->length - at;

		push(snapshot, text->bytes + at, rest < left ? rest : left);
	}
	expect_done("finish", hs_snapshot_finish(snapshot, &err), &err);
	describe(snapshot, ret);
	hs_snapshot_free(snapshot);
}

static void try_rule(struct rule *rule)
{
	static struct text got;

	while (rule->text.length > 0 && rule->text.bytes[rule->text.length - 1] == '\n')
		rule->text.bytes[--rule->text.length] = '\0';
	check(&rule->text, rule->text.length, 1, &got);
	expect_text(rule->name, got.bytes, rule->want.bytes);
	check(&rule->text, 1, 1, &got);
	expect_text("byte by byte", got.bytes, rule->want.bytes);
	for (size_t first = 2; first < rule->text.length; first++) {
		check(&rule->text, first, rule->text.length, &got);
		if (!expect_text("in two", got.bytes, rule->want.bytes))
			break;
	}
}

static void test_rules(void)
{
	static struct rule rule;
	char path[LINE_BYTES], line[LINE_BYTES];
	size_t rows = 0;
	FILE *in;

	snprintf(path, sizeof path, "%s/tests/data/rules.txt", hs_source_dir());
	if (!expect_true(path, (in = fopen(path, "re")) != NULL))
		return;
	while (fgets(line, sizeof line, in) != NULL) {
		if (line[0] == '#')
			continue;
		if (line[0] == '=') {
			if (rows++ > 0)
				try_rule(&rule);
			rule = (struct rule){ .want.length = 0 };
			snprintf(rule.name, sizeof rule.name, "%.*s", (int)strcspn(line + 2, "\n"),
			    line + 2);
		} else if (line[0] == '!') {
			put(&rule.want, line + 2, strlen(line + 2));
		} else {
			put_line(&rule.text, line);
		}
	}
	fclose(in);
	if (rows > 0)
		try_rule(&rule);
	expect_true("rows", rows >= FEWEST_ROWS);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "rules", test_rules },
	};

	return hs_run_suite("snapshot_rules", suite, HS_COUNT(suite));
}
