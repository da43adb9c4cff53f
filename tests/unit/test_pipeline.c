/* test_pipeline.c: from bodies to a snapshot, over pages and joins. test_report.c has what a run
 * tells of it. */
#include "daemons/extractor/pipeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"
#include "tests/unit/pipeline_run.h"

static void test_own_shape(void)
{
	static const struct order order = { .feeds = { "{\"snapshot_date\":\"2024-01-02\",\"records\":["
	    "{\"competition_external_id\":\"E\",\"competition_name\":\"E\",\"season\":\"1\","
	    "\"team_external_id\":\"T\",\"team_name\":\"T\",\"player_external_id\":\"P\","
	    "\"full_name\":\"N\",\"height_cm\":190.55}]}" } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_text("source", outcome.result.source_name, "fallback");
	expect_text("date", outcome.result.snapshot_date, "2024-01-02");
	expect_int("records", outcome.result.records, 1);
	expect_int("in the page", outcome.page_records[0], 1);
	expect_text("name", text_of(&outcome, 0, "full_name"), "N");
	outcome_done(&outcome);
}

static const struct order paged = {
	.mapping = ARRAY("\"paging\":{\"kind\":\"cursor\",\"next\":\"/meta/next\"},"
	    "\"snapshot_date\":{\"document\":\"/meta/date\"},\"source_name\":\"mapped\","),
	.feeds = {
		PAGE(ROW("1", "A", "X", "50") "," ROW("2", "B", "X", "40"),
		    "{\"next\":\"c2\",\"date\":\"2024-03-04\"}"),
		PAGE(ROW("3", "C", "Y", "null"), "{\"next\":77,\"date\":\"2024-03-05\"}"),
		PAGE("", "{\"next\":null}"),
	},
};

static void test_pages(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", pipeline_run(&paged, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 3);
	expect_text("first page's date", outcome.result.snapshot_date, "2024-03-04");
	expect_text("source", outcome.result.source_name, "mapped");
	expect_int("page", outcome.page_records[0], 2);
	expect_text("next", outcome.next[0], "c2");
	expect_text("a number is a cursor too", outcome.next[1], "77");
	expect_text("the last", outcome.next[2], "");
	expect_int("empty page", outcome.page_records[2], 0);
	expect_int("no total", outcome.total[0], -1);
	expect_text("order", text_of(&outcome, 2, "full_name"), "C");
	expect_int("the file alone", outcome.files, 1);
	outcome_done(&outcome);
}

/* Nothing has changed: no file, whether one body says so at once or many at the end; another
 * mapping is a change, and so is another side feed. */
static void test_unchanged(void)
{
	struct order order = paged;
	unsigned char digest[PIPELINE_DIGEST_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	expect_done("first", pipeline_run(&order, &outcome, &err), &err);
	memcpy(digest, outcome.result.digest, sizeof digest);
	outcome_done(&outcome);
	order.known_digest = digest;
	expect_done("again", pipeline_run(&order, &outcome, &err), &err);
	expect_true("unchanged", outcome.result.is_unchanged);
	expect_int("no file", outcome.files, 0);
	outcome_done(&outcome);
	order.mapping = ARRAY("\"paging\":{\"kind\":\"cursor\",\"next\":\"/meta/next\"},");
	expect_done("another mapping", pipeline_run(&order, &outcome, &err), &err);
	expect_true("changed", !outcome.result.is_unchanged);
	outcome_done(&outcome);

	order = (struct order){ .mapping = ARRAY(""), .feeds = { paged.feeds[0] } };
	expect_done("one page", pipeline_run(&order, &outcome, &err), &err);
	memcpy(digest, outcome.result.digest, sizeof digest);
	outcome_done(&outcome);
	order.known_digest = digest;
	expect_done("again", pipeline_run(&order, &outcome, &err), &err);
	expect_true("unchanged", outcome.result.is_unchanged && outcome.is_enough[0]);
	expect_int("not even read", outcome.page_records[0], 0);
	expect_int("no file", outcome.files, 0);
	outcome_done(&outcome);
}

static void test_join(void)
{
	struct order order = {
		.mapping = "{\"joins\":{\"bios\":{\"url\":\"https://a.org/\",\"records\":"
		    "{\"shape\":\"lines\"},\"key\":\"/code\"},\"clubs\":{\"records\":\"/clubs\","
		    "\"key\":\"/c\"}},\"records\":\"/data\",\"fields\":{"
		    "\"competition_external_id\":{\"constant\":\"E\"},\"competition_name\":"
		    "{\"constant\":\"E\"},\"season\":{\"constant\":\"1\"},\"team_external_id\":\"/team\","
		    "\"team_name\":{\"lookup\":\"clubs\",\"key\":\"/team\",\"value\":\"/n\"},"
		    "\"player_external_id\":\"/id\",\"full_name\":{\"lookup\":\"bios\",\"key\":\"/id\","
		    "\"value\":\"/person/name\"},\"nationality\":{\"lookup\":\"bios\",\"key\":\"/id\","
		    "\"value\":\"/from\"}}}",
		.join = "{\"code\":\"1\",\"person\":{\"name\":\"Old\"},\"from\":\"FR\"}\n"
		    "{\"code\":1,\"person\":{\"name\":\"New\"}}\n{\"person\":{\"name\":\"Nobody\"}}\n",
		.feeds = { "{\"data\":[{\"id\":1,\"team\":\"X\"}],"
		    "\"clubs\":[{\"c\":\"X\",\"n\":\"Club X\"}]}" },
	};
	unsigned char digest[PIPELINE_DIGEST_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_text("the later row", text_of(&outcome, 0, "full_name"), "New");
	expect_text("is taken whole", text_of(&outcome, 0, "nationality"), "");
	expect_text("of the feed itself", text_of(&outcome, 0, "team_name"), "Club X");
	memcpy(digest, outcome.result.digest, sizeof digest);
	outcome_done(&outcome);

	order.known_digest = digest;
	order.join = "{\"code\":1,\"person\":{\"name\":\"Newer\"}}\n";
	expect_done("another side feed", pipeline_run(&order, &outcome, &err), &err);
	expect_true("changed", !outcome.result.is_unchanged);
	outcome_done(&outcome);

	order.join = "{\"code\":[1]}\n";
	expect_true("a bad row", !pipeline_run(&order, &outcome, &err));
	expect_code("a bad row", &err, HS_WRONG_TYPE);
	expect_contains("a bad row", err.message, "in the join bios, line 1: /code");
	outcome_done(&outcome);
}

#define GAMES "{\"paging\":{\"kind\":\"page\"},\"records\":\"/data\",\"group\":[\"/id\",\"/team\"]," \
	"\"skip\":[{\"of\":\"/min\",\"in\":[0,null]}],\"problems\":\"skip\",\"fields\":{" \
	"\"competition_external_id\":{\"constant\":\"E\"},\"competition_name\":{\"constant\":\"E\"}," \
	"\"season\":{\"constant\":\"1\"},\"team_external_id\":\"/team\",\"team_name\":\"/team\"," \
	"\"player_external_id\":\"/id\",\"full_name\":\"/name\",\"games_played\":{\"count\":true}," \
	"\"minutes_per_game\":{\"mean\":\"/min\"},\"points_per_game\":{\"quotient\":[{\"total\":\"/pts\"}," \
	"{\"count\":true}],\"places\":2},\"fg_pct\":{\"percent\":[{\"total\":\"/m\"},{\"total\":\"/a\"}]}}}"
#define GAME(id, team, min, pts, m, a) "{\"id\":" id ",\"name\":\"P" id "\",\"team\":\"" team \
	"\",\"min\":" min ",\"pts\":" pts ",\"m\":" m ",\"a\":" a "}"

static void test_groups(void)
{
	static const struct order order = { .mapping = GAMES, .feeds = {
		"{\"data\":[" GAME("1", "X", "30.1", "10", "3", "7") "," GAME("2", "X", "5", "0", "0", "0")
		"," GAME("1", "X", "0", "99", "9", "9") "]}",
		"{\"data\":[" GAME("1", "X", "20.2", "5", "2", "null") "," GAME("1", "Y", "9", "1", "1", "1")
		"," GAME("2", "X", "6", "\"x\"", "0", "0") "]}",
	} };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	char *text;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 3);
	expect_int("skipped", outcome.result.skipped, 1);
	expect_int("left out", outcome.result.left_out, 1);
	expect_fault(&outcome.result.left_out_problems, 0, "/data/2/pts", 3, 1, "\"x\"");
	text = json_dumps(json_object_get(outcome.snapshot, "records"),
	    JSON_COMPACT | JSON_REAL_PRECISION(6));
	/* 50.3 / 2 = 25.15 exactly; 5 of 7; nothing attempted is no percentage */
	expect_contains("first", text, "\"full_name\":\"P1\",\"games_played\":2,\"minutes_per_game\":25.2");
	expect_contains("first", text, "\"points_per_game\":7.5,\"fg_pct\":71.4");
	expect_contains("second", text,
	    "\"full_name\":\"P2\",\"games_played\":1,\"minutes_per_game\":5,\"points_per_game\":0}");
	expect_contains("third", text, "\"team_external_id\":\"Y\"");
	free(text);
	outcome_done(&outcome);
}

/* A group's figures and constants are keys of joins too. */
static void test_group_lookups(void)
{
	static const struct order order = {
		.mapping = "{\"joins\":{\"levels\":{\"records\":\"/levels\",\"key\":\"/n\"}},"
		    "\"records\":\"/data\",\"group\":[\"/id\"],\"fields\":{"
		    "\"competition_external_id\":{\"constant\":\"E\"},"
		    "\"competition_name\":{\"lookup\":\"levels\",\"key\":{\"constant\":1},"
		    "\"value\":\"/name\"},\"season\":{\"constant\":\"1\"},"
		    "\"team_external_id\":\"/team\","
		    "\"team_name\":{\"when\":{\"of\":{\"count\":true},"
		    "\"above\":1},\"then\":{\"lookup\":\"levels\",\"key\":{\"constant\":3},"
		    "\"value\":\"/name\"},\"else\":{\"constant\":\"once\"}},"
		    "\"player_external_id\":\"/id\",\"full_name\":\"/name\",\"role\":"
		    "{\"lookup\":\"levels\",\"key\":{\"count\":true},\"value\":\"/name\"}}}",
		.feeds = { "{\"levels\":[{\"n\":1,\"name\":\"one\"},{\"n\":2,\"name\":\"two\"},"
		    "{\"n\":3,\"name\":\"three\"}],\"data\":[" ROW("1", "A", "X", "1") ","
		    ROW("1", "A", "X", "1") "," ROW("2", "B", "X", "1") "]}" },
	};
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 2);
	expect_text("by a count", text_of(&outcome, 0, "role"), "two");
	expect_text("by a count", text_of(&outcome, 1, "role"), "one");
	expect_text("beside a figure", text_of(&outcome, 0, "team_name"), "three");
	expect_text("without one", text_of(&outcome, 0, "competition_name"), "one");
	outcome_done(&outcome);
}

/* Whatever ends a run, it leaves no file. */
static const struct {
	const char *mapping, *feed;
	bool is_cancelled;
	enum hs_error_code code;
	const char *where;
} ends[] = {
	{ ARRAY(""), "{\"data\":[" ROW("1", "A", "X", "1") "] x", false, HS_BAD_JSON, "" },
	{ ARRAY(""), "{\"data\":[" ROW("1", "A", "X", "1"), false, HS_TRUNCATED, "" },
	{ ARRAY(""), "{\"rows\":[]}", false, HS_MISSING_FIELD, "/data" },
	{ ARRAY(""), "{\"data\":[]}", true, HS_CANCELLED, "" },
	{ ARRAY("\"snapshot_date\":{\"document\":\"/d\"},"), "{\"data\":[],\"d\":\"May\"}", false,
	    HS_BAD_DATE, "/snapshot_date" },
	{ ARRAY("\"snapshot_date\":{\"document\":\"/d\"},"), "{\"data\":[]}", false, HS_MISSING_FIELD,
	    "/snapshot_date" },
	{ ARRAY("\"paging\":{\"kind\":\"page\",\"total\":\"/n\"},"), "{\"data\":[],\"n\":\"many\"}",
	    false, HS_BAD_NUMBER, "/n" },
	{ NULL, "{\"records\":[{}", false, HS_TRUNCATED, "" },
};

static void test_ends(void)
{
	for (size_t i = 0; i < HS_COUNT(ends); i++) {
		const struct order order = { .mapping = ends[i].mapping, .feeds = { ends[i].feed },
			.is_cancelled = ends[i].is_cancelled };
		struct hs_error err = HS_ERROR_INIT;
		struct outcome outcome;

		expect_true(ends[i].feed, !pipeline_run(&order, &outcome, &err));
		expect_code(ends[i].feed, &err, ends[i].code);
		expect_text(ends[i].feed, err.where, ends[i].where);
		expect_int(ends[i].feed, outcome.files, 0);
		outcome_done(&outcome);
	}
}

/* A page in the place of a feed, or of a join's, is called one, and not by the column where it is no
 * JSON. */
static const struct {
	const char *feed, *says;
} pages[] = {
	{ "<!DOCTYPE html><html><head><title> Just a\nmoment </title>", "with the title \"Just a" },
	{ "\r\n <HTML><body>no</body></HTML>", "a web page (HTML), not JSON" },
	{ "<?xml version=\"1.0\"?>\n<html xmlns=\"x\">", "a web page (HTML), not JSON" },
	{ "<title></title>", "a web page (HTML), not JSON" },
	{ "<title", "a web page (HTML), not JSON" },
	{ "<?xml version=\"1.0\"?><players/>", "XML, not JSON" },
	{ "<", "XML, not JSON" },
};

static void test_web_pages(void)
{
	static const char joined[] = "{\"joins\":{\"b\":{\"url\":\"https://a.org/\",\"records\":"
	    "\"/b\",\"key\":\"/k\"}},\"records\":\"/data\"," FIELDS "}";

	for (size_t i = 0; i < 3 * HS_COUNT(pages); i++) {
		const char *page = pages[i / 3].feed;
		struct order order = { .feeds = { page } };
		struct hs_error err = HS_ERROR_INIT;
		struct outcome outcome;

		if (i % 3 == 1)
			order.mapping = ARRAY("");
		if (i % 3 == 2)
			order = (struct order){ .mapping = joined, .join = page };
		expect_true(page, !pipeline_run(&order, &outcome, &err));
		expect_code(page, &err, HS_BAD_JSON);
		expect_contains(page, err.message, pages[i / 3].says);
		outcome_done(&outcome);
	}
}

static void test_cancelled_at_the_end(void)
{
	const struct order order = { .mapping = ARRAY(""),
		.feeds = { "{\"data\":[" ROW("1", "A", "X", "1") "]}" }, .is_cancelled_late = true };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	expect_true("ended", !pipeline_run(&order, &outcome, &err));
	expect_code("ended", &err, HS_CANCELLED);
	expect_int("no file", outcome.files, 0);
	outcome_done(&outcome);
}

/* ---- bounds ---- */

/* A text that grows. */
struct text {
	char *bytes;
	size_t length, room;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	va_list args;

	if (text->room - text->length < 4096) {
		text->room = 2 * text->room + 8192;
		if ((text->bytes = realloc(text->bytes, text->room)) == NULL)
			exit(1);
	}
	va_start(args, format);
	text->length += (size_t)vsnprintf(text->bytes + text->length, 4096, format, args);
	va_end(args);
}

/* Joins and groups that take too much memory end the run, and say so. */
static void test_bounds(void)
{
	static const char join[] = "{\"joins\":{\"b\":{\"url\":\"https://a.org/\",\"records\":"
	    "{\"shape\":\"lines\"},\"key\":\"/k\"}},\"records\":\"/data\"," "\"fields\":{\"competition_external_id\":{\"constant\":\"E\"},"
	    "\"competition_name\":{\"constant\":\"E\"},\"season\":{\"constant\":\"1\"},"
	    "\"team_external_id\":\"/t\",\"team_name\":\"/t\",\"player_external_id\":\"/id\","
	    "\"full_name\":{\"lookup\":\"b\",\"key\":\"/id\",\"value\":\"/n\"}}" "}";
	struct order order = { .mapping = join, .feeds = { "{\"data\":[]}" } };
	struct text text = { .bytes = NULL };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	for (int i = 0; i < 120000; i++)
		add(&text, "{\"k\":%d,\"n\":\"%0100d\"}\n", i, i);
	order.join = text.bytes;
	expect_true("a long join", !pipeline_run(&order, &outcome, &err));
	expect_code("a long join", &err, HS_TOO_BIG);
	expect_contains("a long join", err.message, "16 MiB");
	outcome_done(&outcome);

	err = (struct hs_error)HS_ERROR_INIT;
	text.length = 0;
	add(&text, "{\"data\":[");
	for (int i = 0; i < 60000; i++)
		add(&text, "%s{\"id\":%d,\"name\":\"%0100d\",\"team\":\"X\",\"min\":1}", i > 0 ? "," : "",
		    i, i);
	add(&text, "]}");
	order = (struct order){ .mapping = GAMES, .feeds = { text.bytes } };
	expect_true("many groups", !pipeline_run(&order, &outcome, &err));
	expect_code("many groups", &err, HS_TOO_BIG);
	expect_contains("many groups", err.message, "16 MiB");
	expect_int("no file", outcome.files, 0);
	outcome_done(&outcome);
	free(text.bytes);
}

/* ---- at random ---- */

static const char *const pieces[] = { "{", "}", "[", "]", "\"", ",", ":", "0", "-1", "1e999", "null",
	"true", "\"x\"", "\\", "/", "~", "\n", "\xff", "\"\\ud800\"", "\"/data\"", "{}", "[]" };

/* Changes a few places of a text, by a generator that is always the same. */
static char *spoil(const char *text, unsigned *seed)
{
	size_t length = strlen(text), at;
	char *copy = malloc(length + 200);

	memcpy(copy, text, length + 1);
	for (int i = rand_r(seed) % 3; i >= 0 && length > 0; i--) {
		const char *piece = pieces[(size_t)rand_r(seed) % HS_COUNT(pieces)];
		size_t cut = (size_t)rand_r(seed) % 4, put = strlen(piece);

		at = (size_t)rand_r(seed) % length;
		if (cut > length - at)
			cut = length - at;
		memmove(copy + at + put, copy + at + cut, length - at - cut + 1);
		memcpy(copy + at, piece, put);
		length += put - cut;
	}
	return copy;
}

/* Whatever a mapping and a feed are, there is a snapshot, or a reason, and never both. */
static void test_random(void)
{
	static const struct { const char *mapping, *feed; } pairs[] = {
		{ GAMES, "{\"data\":[" GAME("1", "X", "30.1", "10", "3", "7") "]}" },
		{ ARRAY("\"duplicates\":\"drop\",\"skip\":[{\"of\":\"/id\",\"above\":3}],"),
		    PAGE(ROW("1", "A", "X", "0.5") "," ROW("1", "A", "X", "0.5"), "0") },
		{ ARRAY("\"each\":\"/s\",\"problems\":\"skip\",\"raw_payload\":true,"),
		    "{\"data\":[{\"s\":[" ROW("1", "A", "X", "5") "]},{\"s\":{\"k\":"
		    ROW("2", "A", "X", "5") "}}]}" },
		{ NULL, "{\"source_name\":\"x\",\"records\":[{\"season\":\"1\"}]}" },
	};
	unsigned seed = 5;

	for (int i = 0; i < 1500; i++) {
		size_t pair = (size_t)i % HS_COUNT(pairs);
		char *feed = i % 2 == 0 ? spoil(pairs[pair].feed, &seed) : strdup(pairs[pair].feed);
		char *text = pairs[pair].mapping == NULL ? NULL : i % 2 != 0 ?
		    spoil(pairs[pair].mapping, &seed) : strdup(pairs[pair].mapping);
		const struct order order = { .mapping = text, .feeds = { feed }, .may_be_wrong = true };
		struct hs_error err = HS_ERROR_INIT;
		struct outcome outcome;
		bool done = pipeline_run(&order, &outcome, &err);

		if (!done)
			expect_true(feed, err.code != HS_OK && err.message[0] != '\0');
		expect_int(feed, outcome.files,
		    done && !outcome.result.is_unchanged && outcome.result.problem_total == 0);
		outcome_done(&outcome);
		free(feed);
		free(text);
	}
}

static const struct hs_case cases[] = {
	{ "the snapshot's own shape", test_own_shape },
	{ "several pages", test_pages },
	{ "unchanged", test_unchanged },
	{ "joins", test_join },
	{ "games that make a season", test_groups },
	{ "lookups by a group's figures", test_group_lookups },
	{ "what ends a run", test_ends },
	{ "web pages", test_web_pages },
	{ "cancelled at the end", test_cancelled_at_the_end },
	{ "bounds", test_bounds },
	{ "spoiled mappings and feeds", test_random },
};

int main(void)
{
	return hs_run_suite("pipeline", cases, HS_COUNT(cases));
}
