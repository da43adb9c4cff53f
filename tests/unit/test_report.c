/* test_report.c: what a run tells of records that it did not take, and of fields that it did not
 * find: each with its place in the feed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_stream.h"
#include "tests/unit/harness.h"
#include "tests/unit/pipeline_run.h"

#define BAD_ROWS ROW("1", "A", "X", "50") "," ROW("2", "", "X", "40") "," \
	ROW("3", "C", "Y", "\"n/a\"") "," ROW("4", "D", "Y", "30")

/* What cannot be mapped fails the run, with the feed's places; or is left out and told of. */
static void test_problems(void)
{
	struct order order = { .mapping = ARRAY(""), .feeds = { PAGE(BAD_ROWS, "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *first;

	if (!expect_done("fail", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("problems", outcome.result.problem_total, 2);
	expect_true("enough", outcome.is_enough[0]);
	expect_text("no path", outcome.result.path, "");
	expect_int("no file", outcome.files, 0);
	first = json_array_get(outcome.result.problems, 0);
	expect_text("place", json_string_value(json_object_get(first, "pointer")), "/data/1/name");
	expect_text("code", json_string_value(json_object_get(first, "code")), "missing_field");
	expect_text("field", json_string_value(json_object_get(first, "field")), "full_name");
	expect_int("record", json_integer_value(json_object_get(first, "record")), 2);
	expect_int("line", json_integer_value(json_object_get(first, "line")), 1);
	first = json_array_get(outcome.result.problems, 1);
	expect_text("place", json_string_value(json_object_get(first, "pointer")), "/data/2/fg");
	expect_text("code", json_string_value(json_object_get(first, "code")), "wrong_type");
	outcome_done(&outcome);

	order.mapping = ARRAY("\"problems\":\"skip\",");
	expect_done("skip", pipeline_run(&order, &outcome, &err), &err);
	expect_int("no problems", outcome.result.problem_total, 0);
	expect_int("left out", outcome.result.left_out, 2);
	expect_int("told of", json_array_size(outcome.result.left_out_problems), 2);
	expect_int("records", outcome.result.records, 2);
	expect_int("a file", outcome.files, 1);
	outcome_done(&outcome);
}

/* An item that is none is left out; those behind it are not. */
static void test_bad_items(void)
{
	struct order order = { .mapping = ARRAY("\"each\":\"/stats\",\"problems\":\"skip\","),
		.feeds = { "{\"data\":[{\"stats\":[" ROW("1", "A", "X", "5") ",null,"
		    ROW("2", "B", "X", "5") "," ROW("3", "C", "X", "5") "]},{\"stats\":7},"
		    "{\"stats\":[" ROW("4", "D", "X", "5") "]}]}" } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *left_out;

	if (!expect_done("skip", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 4);
	expect_text("behind it", text_of(&outcome, 2, "full_name"), "C");
	expect_int("left out", outcome.result.left_out, 2);
	left_out = outcome.result.left_out_problems;
	expect_text("place", json_string_value(json_object_get(json_array_get(left_out, 0),
	    "pointer")), "/data/0/stats/1");
	expect_text("place", json_string_value(json_object_get(json_array_get(left_out, 1),
	    "pointer")), "/data/1/stats");
	outcome_done(&outcome);
}

static void test_repeated(void)
{
	struct order order = { .mapping = ARRAY("\"duplicates\":\"drop\","), .feeds = {
	    PAGE(ROW("1", "A", "X", "50") "," ROW("1", "Again", "X", "40") ","
		ROW("1", "A", "Y", "40"), "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *first;

	if (!expect_done("drop", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 2);
	expect_int("repeated", outcome.result.repeated, 1);
	expect_text("the first stays", text_of(&outcome, 0, "full_name"), "A");
	first = json_array_get(outcome.result.repeated_first, 0);
	expect_text("place", json_string_value(json_object_get(first, "pointer")), "/data/1");
	expect_text("name", json_string_value(json_object_get(first, "full_name")), "Again");
	outcome_done(&outcome);

	/* the validator finds it, and its places are the feed's all the same */
	order.mapping = ARRAY("\"skip\":[{\"of\":\"/id\",\"in\":[9]}],");
	order.feeds[0] = PAGE(ROW("9", "skipped", "X", "1") ",\n\n" ROW("1", "A", "X", "50") ",\n"
	    ROW("1", "Again", "X", "40"), "0");
	expect_done("fail", pipeline_run(&order, &outcome, &err), &err);
	expect_int("the validator's problem", outcome.result.problem_total, 1);
	expect_int("no file", outcome.files, 0);
	expect_fault(&outcome.result.problems, 0, "/data/2", 3, 4,
	    "player as record 2 (line 3, /data/1) of the feed");
	outcome_done(&outcome);
}

/* A feed of the snapshot's own shape: with its head, and as an array alone. */
static void test_own_places(void)
{
#define OWN(id, more) "{\"competition_external_id\":\"E\",\"competition_name\":\"E\"," \
	"\"season\":\"1\",\"team_external_id\":\"T\",\"team_name\":\"T\"," \
	"\"player_external_id\":\"" id "\",\"full_name\":\"N\"" more "}"
	struct order order = { .feeds = { "{\"records\":[\n" OWN("1", "") ",\n"
	    OWN("2", ",\"role\":7") ",\n" OWN("1", "") "]}" } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_int("problems", outcome.result.problem_total, 2);
	expect_fault(&outcome.result.problems, 0, "/records/1/role", 2, 3, "role");
	expect_fault(&outcome.result.problems, 1, "/records/2", 3, 4,
	    "player as record 1 (line 2, /records/0)");
	outcome_done(&outcome);

	order.feeds[0] = "[" OWN("1", "") ",\n" OWN("1", "") "]";
	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_fault(&outcome.result.problems, 0, "/1", 2, 2,
	    "player as record 1 (line 1, /0) of the feed: take one of them out");
	outcome_done(&outcome);
}

static void test_payload(void)
{
	struct order order = { .mapping = ARRAY(""), .with_payload = true,
		.feeds = { PAGE(ROW("1", "A \\\"q\\\"", "X", "5.50"), "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *payload;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	payload = json_object_get(json_array_get(json_object_get(outcome.snapshot, "records"), 0),
	    "raw_payload");
	expect_int("whole", json_object_size(payload), 4);
	expect_text("text", json_string_value(json_object_get(payload, "name")), "A \"q\"");
	outcome_done(&outcome);

	order.mapping = ARRAY("\"raw_payload\":false,");
	expect_done("the mapping says no", pipeline_run(&order, &outcome, &err), &err);
	expect_true("none", json_object_get(json_array_get(json_object_get(outcome.snapshot,
	    "records"), 0), "raw_payload") == NULL);
	outcome_done(&outcome);
}

/* What the importer keeps in no payload is the fault of its record. */
static const struct {
	const char *more;		/* of the second record */
	enum hs_error_code code;
	const char *pointer;
} payloads[] = {
	{ "\"x\":1,\"x\":1", HS_REPEATED_KEY, "/data/1/x" },
	{ "\"team\":\"X\"", HS_REPEATED_KEY, "/data/1/team" },
	{ "\"a\":[1,{\"b\":{}},{\"b/c\":1,\"d\":2,\"b/c\":3}]", HS_REPEATED_KEY,
	    "/data/1/a/2/b~1c" },
	{ "\"n\":[1e131072]", HS_OUT_OF_RANGE, "/data/1/n/0" },
};

static void test_bad_payloads(void)
{
	for (size_t i = 0; i < HS_COUNT(payloads); i++) {
		char feed[1000];
		struct order order = { .mapping = ARRAY("\"problems\":\"skip\","),
			.with_payload = true, .feeds = { feed } };
		struct hs_error err = HS_ERROR_INIT;
		struct outcome outcome;
		const char *row = payloads[i].more;
		const json_t *fault;

		snprintf(feed, sizeof feed, "{\"data\":[" ROW("1", "A", "X", "5")
		    ",{\"id\":2,\"name\":\"B\",\"team\":\"X\",%s}," ROW("3", "C", "X", "5") "]}", row);
		expect_done(row, pipeline_run(&order, &outcome, &err), &err);
		expect_int(row, outcome.result.problem_total, 0);
		expect_int(row, outcome.result.left_out, 1);
		expect_int(row, outcome.result.records, 2);
		expect_text("the others are there", text_of(&outcome, 1, "full_name"), "C");
		fault = json_array_get(outcome.result.left_out_problems, 0);
		expect_text(row, json_string_value(json_object_get(fault, "code")),
		    hs_error_name(payloads[i].code));
		expect_fault(&outcome.result.left_out_problems, 0, payloads[i].pointer, 2, 1,
		    "raw_payload");
		outcome_done(&outcome);

		order.mapping = ARRAY("");
		expect_done(row, pipeline_run(&order, &outcome, &err), &err);
		expect_int(row, outcome.result.problem_total, 1);
		expect_fault(&outcome.result.problems, 0, payloads[i].pointer, 2, 1, "raw_payload");
		outcome_done(&outcome);

		order.with_payload = false;
		expect_done(row, pipeline_run(&order, &outcome, &err), &err);
		expect_int("nobody keeps it", outcome.result.problem_total, 0);
		outcome_done(&outcome);
	}
}

/* The record alone is small enough; with the fields made of it, it is not. */
static void test_big_payload(void)
{
	char *feed = malloc(RECORD_BYTES + 1000);
	struct order order = { .mapping = ARRAY(""), .feeds = { feed } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	sprintf(feed, "{\"data\":[{\"id\":1,\"name\":\"A\",\"team\":\"X\",\"pad\":\"%0*d\"}]}",
	    RECORD_BYTES - 100, 0);
	expect_done("without", pipeline_run(&order, &outcome, &err), &err);
	expect_int("without", outcome.result.problem_total, 0);
	outcome_done(&outcome);
	order.with_payload = true;
	expect_done("with", pipeline_run(&order, &outcome, &err), &err);
	expect_fault(&outcome.result.problems, 0, "/data/0", 1, 1, "HOOPSCOUT_MAX_RECORD_BYTES");
	outcome_done(&outcome);
	free(feed);
}

/* As deep as the snapshot can have it, and one deeper. */
static void test_deep_payload(void)
{
	for (int depth = HS_JSON_MAX_DEPTH - 4; depth <= HS_JSON_MAX_DEPTH - 3; depth++) {
		char feed[2000], deep[2 * HS_JSON_MAX_DEPTH + 1] = "";
		struct order order = { .mapping = "{\"records\":\"\"," FIELDS "}",
			.with_payload = true, .feeds = { feed } };
		struct hs_error err = HS_ERROR_INIT;
		struct outcome outcome;

		memset(deep, '[', (size_t)depth);
		memset(deep + depth, ']', (size_t)depth);
		snprintf(feed, sizeof feed, "[{\"id\":1,\"name\":\"A\",\"team\":\"X\",\"d\":%s}]",
		    deep);
		expect_done("deep", pipeline_run(&order, &outcome, &err), &err);
		expect_int("deep", outcome.result.problem_total, depth == HS_JSON_MAX_DEPTH - 3);
		if (outcome.result.problem_total > 0)
			expect_contains("deep", json_string_value(json_object_get(json_array_get(
			    outcome.result.problems, 0), "message")), "levels");
		outcome_done(&outcome);
	}
}

/* All records have the same mistake: it is one row. They are on two pages. */
static void test_folded(void)
{
#define BAD(id) ROW(id, "A", "X", "\"n/a\"")
	struct order order = { .mapping = ARRAY("\"paging\":{\"kind\":\"page\"},\"problems\":\"skip\","),
		.feeds = { PAGE(BAD("1") "," ROW("8", "B", "X", "1"), "0"),
		    PAGE(BAD("3") ",\n" BAD("4") ",\n" ROW("5", "", "X", "1"), "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *fault;

	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_int("left out", outcome.result.left_out, 4);
	expect_int("rows", json_array_size(outcome.result.left_out_problems), 2);
	expect_fault(&outcome.result.left_out_problems, 0, "/data/0/fg", 1, 1, "fg_pct would be");
	fault = json_array_get(outcome.result.left_out_problems, 0);
	expect_int("count", json_integer_value(json_object_get(fault, "count")), 3);
	expect_int("page", json_integer_value(json_object_get(fault, "page")), 1);
	fault = json_array_get(outcome.result.left_out_problems, 1);
	expect_int("page", json_integer_value(json_object_get(fault, "page")), 2);
	expect_fault(&outcome.result.left_out_problems, 1, "/data/2/name", 3, 3, "full_name");
	outcome_done(&outcome);
}

/* Nothing is left: that is a failure, and says why, though problems are let pass. */
static void test_all_left_out(void)
{
	struct order order = { .mapping = ARRAY("\"problems\":\"skip\",\"skip\":[{\"of\":\"/id\","
	    "\"in\":[9]}],"), .feeds = { PAGE(BAD("1") "," BAD("2") "," BAD("9"), "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_code("why", &outcome.result.why, HS_MISSING_FIELD);
	expect_contains("why", outcome.result.why.message, "not one record");
	expect_int("problems", outcome.result.problem_total, 2);
	expect_int("rows", json_array_size(outcome.result.problems), 1);
	expect_int("skipped by a rule", outcome.result.skipped, 1);
	expect_int("no file", outcome.files, 0);
	expect_text("no path", outcome.result.path, "");
	outcome_done(&outcome);

	order.feeds[0] = PAGE(BAD("1") "," ROW("2", "A", "X", "1"), "0");
	expect_done("one is left", pipeline_run(&order, &outcome, &err), &err);
	expect_code("fine", &outcome.result.why, HS_OK);
	expect_int("a file", outcome.files, 1);
	outcome_done(&outcome);
}

static const char *of_field(const json_t *list, const char *field, const char *key)
{
	static char number[32];
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row) {
		const json_t *value = json_object_get(row, key);

		if (strcmp(json_string_value(json_object_get(row, "field")), field) != 0)
			continue;
		if (json_is_string(value))
			return json_string_value(value);
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		return json_is_null(value) ? "null" : number;
	}
	return "";
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

/* Which of the mapped fields the records have: what is misspelt is in none. */
static void test_fields(void)
{
	struct order order = { .mapping = "{\"records\":\"/data\",\"each\":\"/s\",\"fields\":{"
	    "\"competition_external_id\":{\"constant\":\"E\"},\"competition_name\":"
	    "{\"constant\":\"E\"},\"season\":{\"document\":\"/season\"},\"team_external_id\":"
	    "{\"parent\":\"/t\"},\"team_name\":{\"parent\":\"/t\"},\"player_external_id\":\"/id\","
	    "\"full_name\":{\"concat\":[\"/first\",\"/last\"],\"separator\":\" \"},"
	    "\"role\":\"/rolle\",\"position\":{\"first\":[\"/a\",{\"list\":\"/b\"}]},"
	    "\"height_cm\":{\"at\":\"/h\",\"convert\":\"feet_inches_to_cm\"},"
	    "\"nationality\":\"/from\"}}", .is_dry = true,
	    .feeds = { "{\"season\":\"2024\",\"data\":[{\"t\":\"X\",\"s\":["
	    "{\"id\":1,\"first\":\"A\",\"last\":\"B\",\"h\":null},"
	    "{\"id\":2,\"first\":\"C\",\"h\":\"6-3\",\"from\":\"" LONG LONG "\"}]}]}" } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *list;

	expect_done("dry", pipeline_run(&order, &outcome, &err), &err);
	expect_int("no problem", outcome.result.problem_total, 0);
	expect_int("records", outcome.result.mapped, 2);
	list = outcome.result.fields;
	expect_int("all that are mapped", json_array_size(list), 11);
	expect_text("first", of_field(list, "height_cm", "first"), "191");
	expect_text("count", of_field(list, "height_cm", "count"), "1");
	expect_text("joined", of_field(list, "full_name", "first"), "A B");
	expect_text("count", of_field(list, "full_name", "count"), "2");
	expect_text("from", of_field(list, "full_name", "from"), "/first, /last");
	expect_text("from", of_field(list, "team_name", "from"), "parent /t");
	expect_text("from", of_field(list, "season", "from"), "document /season");
	expect_text("from", of_field(list, "competition_name", "from"), "constant");
	expect_text("none", of_field(list, "role", "first"), "null");
	expect_true("cut", strlen(of_field(list, "nationality", "first")) < 80);
	expect_contains("cut", of_field(list, "nationality", "first"), "...");
	list = outcome.result.empty_fields;
	expect_int("empty", json_array_size(list), 2);
	expect_text("role", of_field(list, "role", "from"), "/rolle");
	expect_text("position", of_field(list, "position", "from"), "/a, /b");
	outcome_done(&outcome);

	order.is_dry = false;
	expect_done("not dry", pipeline_run(&order, &outcome, &err), &err);
	expect_true("no table", outcome.result.fields == NULL);
	expect_int("empty all the same", json_array_size(outcome.result.empty_fields), 2);
	outcome_done(&outcome);

	/* a record that is wrong shows what it has, until one is right */
	order.is_dry = true;
	order.feeds[0] = "{\"season\":\"2024\",\"data\":[{\"t\":\"X\",\"s\":["
	    "{\"first\":\"A\",\"h\":\"6-3\"},{\"id\":2,\"first\":\"C\"}]}]}";
	expect_done("wrong", pipeline_run(&order, &outcome, &err), &err);
	expect_int("both are counted", outcome.result.mapped, 2);
	expect_text("of the wrong one", of_field(outcome.result.fields, "height_cm", "first"), "191");
	expect_text("of the right one", of_field(outcome.result.fields, "full_name", "first"), "C");
	outcome_done(&outcome);
	order.is_dry = false;

	order.feeds[0] = "{\"data\":[]}";
	expect_done("nothing", pipeline_run(&order, &outcome, &err), &err);
	expect_int("of nothing, nothing is said", json_array_size(outcome.result.empty_fields), 0);
	outcome_done(&outcome);
}

/* Of a field that stays empty, the places that are to blame: not those where there is something. */
static void test_missing_places(void)
{
	struct order order = { .mapping = "{\"records\":\"/data\",\"joins\":{\"b\":{\"records\":\"/bios\","
	    "\"key\":\"/id\"}},\"fields\":{"
	    "\"competition_external_id\":{\"constant\":\"E\"},\"competition_name\":"
	    "{\"constant\":\"E\"},\"season\":{\"document\":\"/season\"},\"team_external_id\":\"/id\","
	    "\"team_name\":\"/id\",\"player_external_id\":\"/id\",\"full_name\":\"/name\","
	    "\"points_per_game\":{\"quotient\":[\"/pts\",\"/games_played\"]},"
	    "\"fg_pct\":{\"percent\":[{\"first\":[\"/made\",\"/fgm\"]},\"/att\"]},"
	    "\"ft_pct\":{\"percent\":[{\"first\":[\"/ftm\",\"/ft\"]},\"/name\"],\"convert\":\"number\"},"
	    "\"role\":{\"at\":\"/name\",\"table\":{\"x\":\"y\"},\"otherwise\":\"null\"},"
	    "\"position\":{\"lookup\":\"b\",\"key\":\"/id\",\"value\":\"/pos\"},"
	    "\"first_name\":{\"when\":{\"of\":\"/kind\",\"in\":[1]},\"then\":\"/name\"}}}",
	    .feeds = { "{\"season\":\"2024\",\"bios\":[{\"id\":1}],\"data\":["
	    "{\"id\":1,\"name\":\"A B\",\"pts\":9},{\"id\":2,\"name\":\"C D\",\"gp\":1,\"fgm\":3}]}" } };
	static const struct { const char *field, *missing; } wanted[] = {
		{ "points_per_game", "/games_played" },
		{ "fg_pct", "/att" },
		{ "ft_pct", "/ftm, /ft" },
		{ "role", "" },
		{ "position", "b /pos" },
		{ "first_name", "/kind" },
	};
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("no problem", outcome.result.problem_total, 0);
	expect_int("empty", json_array_size(outcome.result.empty_fields), HS_COUNT(wanted));
	for (size_t i = 0; i < HS_COUNT(wanted); i++)
		expect_text(wanted[i].field,
		    of_field(outcome.result.empty_fields, wanted[i].field, "missing"),
		    wanted[i].missing);
	outcome_done(&outcome);
}

/* What is looked for in several places, or outside of the record, is named in the sentence. */
static void test_sources_in_faults(void)
{
	struct order order = { .mapping = "{\"records\":\"/data\",\"each\":\"/s\",\"fields\":{"
	    "\"competition_external_id\":{\"constant\":\"E\"},\"competition_name\":"
	    "{\"constant\":\"E\"},\"season\":{\"constant\":\"1\"},\"team_external_id\":"
	    "{\"parent\":\"/t\"},\"team_name\":{\"parent\":\"/n\"},\"player_external_id\":\"/id\","
	    "\"full_name\":{\"concat\":[\"/first\",\"/last\"]}}}",
	    .feeds = { "{\"data\":[{\"t\":\"X\",\"s\":[{\"id\":1,\"first\":\"A\"}]},"
	    "{\"t\":\"X\",\"n\":[],\"s\":[{\"id\":2,\"first\":\"A\"}]},"
	    "{\"t\":\"X\",\"n\":\"Y\",\"s\":[{\"id\":3}]}]}" } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_int("problems", outcome.result.problem_total, 3);
	expect_fault(&outcome.result.problems, 0, "/data/0/s/0", 1, 1,
	    "team_name (from parent /n) has no value");
	expect_fault(&outcome.result.problems, 1, "/data/1/s/0", 2, 1,
	    "team_name (from parent /n): an array is there");
	expect_fault(&outcome.result.problems, 2, "/data/2/s/0", 3, 1,
	    "full_name (from /first, /last) has no value");
	outcome_done(&outcome);
}

static void test_warnings(void)
{
	static const struct order order = { .mapping = ARRAY(""), .feeds = { PAGE(
	    ROW("1", "A", "X", "0.5") "," ROW("2", "A", "X", "0.4") "," ROW("3", "A", "X", "1") ","
	    ROW("4", "A", "X", "0") "," ROW("5", "A", "X", "0.3") "," ROW("6", "A", "X", "0.1"),
	    "0") } };
	static const struct order none = { .mapping = ARRAY(""), .feeds = { PAGE("", "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", pipeline_run(&order, &outcome, &err), &err))
		return;
	expect_int("one", json_array_size(outcome.result.warnings), 1);
	expect_contains("fractions", json_string_value(json_array_get(outcome.result.warnings, 0)),
	    "fg_pct is at most 1 in all 5 records");
	outcome_done(&outcome);
	expect_done("empty", pipeline_run(&none, &outcome, &err), &err);
	expect_int("one", json_array_size(outcome.result.warnings), 1);
	expect_contains("empty", json_string_value(json_array_get(outcome.result.warnings, 0)),
	    "no records");
	outcome_done(&outcome);
}

/* All records fall into one group, when the mapping looks for a group's key where none is. */
static void test_group_without_key(void)
{
	struct order order = { .mapping = ARRAY("\"group\":[\"/team\",\"/idd\"],"),
		.feeds = { PAGE(ROW("1", "A", "X", "50") "," ROW("2", "B", "X", "40"), "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_int("one record", outcome.result.records, 1);
	expect_int("one warning", json_array_size(outcome.result.warnings), 1);
	expect_contains("misspelt", json_string_value(json_array_get(outcome.result.warnings, 0)),
	    "groups by /idd, and no record");
	outcome_done(&outcome);

	order.mapping = ARRAY("\"group\":[\"/team\",\"/id\"],");
	expect_done("run", pipeline_run(&order, &outcome, &err), &err);
	expect_true("none", outcome.result.warnings == NULL);
	outcome_done(&outcome);
}

static const struct hs_case cases[] = {
	{ "what cannot be mapped", test_problems },
	{ "items that are none", test_bad_items },
	{ "what the source repeats", test_repeated },
	{ "places of the snapshot's own shape", test_own_places },
	{ "the source's words", test_payload },
	{ "payloads that nobody keeps", test_bad_payloads },
	{ "big payloads", test_big_payload },
	{ "deep payloads", test_deep_payload },
	{ "the same problem again and again", test_folded },
	{ "all records are left out", test_all_left_out },
	{ "which fields there are", test_fields },
	{ "places that are missing", test_missing_places },
	{ "where a field is looked for", test_sources_in_faults },
	{ "warnings", test_warnings },
	{ "groups without a key", test_group_without_key },
};

int main(void)
{
	return hs_run_suite("report", cases, HS_COUNT(cases));
}
