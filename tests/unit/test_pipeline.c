/* test_pipeline.c: from bodies to a snapshot, over pages and joins; and what a run tells of it. */
#include "daemons/extractor/pipeline.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

enum { RECORD_BYTES = 1 << 20, FEEDS = 3 };

#define FIELDS "\"fields\":{\"competition_external_id\":{\"constant\":\"E\"}," \
	"\"competition_name\":{\"constant\":\"EuroLeague\"},\"season\":{\"constant\":\"2024\"}," \
	"\"team_external_id\":\"/team\",\"team_name\":\"/team\",\"player_external_id\":\"/id\"," \
	"\"full_name\":\"/name\",\"fg_pct\":\"/fg\"}"
#define ARRAY(more) "{\"records\":\"/data\"," more FIELDS "}"

/* Bodies, and what a run makes of them. */
struct order {
	const char *mapping;		/* NULL: the snapshot's own shape */
	const char *join;		/* the first join's body, or NULL */
	const char *feeds[FEEDS];
	bool with_payload, is_dry, is_cancelled;
	bool is_cancelled_late;		/* when all is read, and nothing is in its place yet */
	bool may_be_wrong;		/* the mapping */
	const unsigned char *known_digest;
	const char *source_name;
};

struct outcome {
	struct pipeline_result result;
	json_t *snapshot;		/* NULL: none */
	uint64_t page_records[FEEDS];
	char next[FEEDS][64];
	int64_t total[FEEDS];
	bool is_enough[FEEDS];
	int files;			/* in the folder, at the end */
};

static int file_of(const char *text)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;

	if (!expect_done("file", hs_file_temporary("tests a feed", &fd, &err) &&
		hs_file_write_all(fd, text, strlen(text), &err), &err))
		exit(1);
	return fd;
}

/* One folder for all, emptied before each run. */
static const char *scratch_folder(void)
{
	static const char *folder;
	char path[4200];

	if (folder == NULL)
		folder = strdup(hs_scratch_dir());
	snprintf(path, sizeof path, "%s/out.json", folder);
	if (unlink(path) != 0 && errno != ENOENT)
		expect_true(path, false);
	return folder;
}

static int count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(dir);
	return count;
}

static bool read_bodies(const struct order *order, struct pipeline *pipeline,
    struct pipeline_progress *progress, struct outcome *ret, struct hs_error *err)
{
	bool done = true;
	int fd;

	if (order->join != NULL) {
		fd = file_of(order->join);
		done = pipeline_join(pipeline, 0, fd, err);
		close(fd);
	}
	for (size_t i = 0; done && i < FEEDS && order->feeds[i] != NULL; i++) {
		struct pipeline_page page = { .total = -1 };

		fd = file_of(order->feeds[i]);
		done = pipeline_page(pipeline, i, fd, &page, err);
		close(fd);
		ret->page_records[i] = page.records;
		snprintf(ret->next[i], sizeof ret->next[i], "%s", page.next != NULL ? page.next : "");
		ret->total[i] = page.total;
		ret->is_enough[i] = page.is_enough;
		pipeline_page_done(&page);
	}
	if (order->is_cancelled_late)
		atomic_store(&progress->is_cancelled, true);
	return done && pipeline_finish(pipeline, &ret->result, err);
}

/* NULL when it is wrong, which it must not be unless the order says so. */
static struct mapping *mapping_of(const struct order *order, struct hs_error *err)
{
	struct hs_problems *mistakes = hs_problems_new();
	const char *text = order->mapping;
	struct mapping *mapping = NULL;
	bool done = mapping_parse("test", text, strlen(text), mistakes, &mapping, err);

	if (!done && !order->may_be_wrong && !expect_done(text, done, err))
		exit(1);
	hs_problems_free(mistakes);
	return mapping;
}

static bool run(const struct order *order, struct outcome *ret, struct hs_error *err)
{
	struct mapping *mapping = order->mapping != NULL ? mapping_of(order, err) : NULL;
	const char *folder = scratch_folder();
	const struct pipeline_options options = { .folder = order->is_dry ? NULL : folder,
		.file_name = "out.json", .source_name = order->source_name,
		.fallback_source_name = "fallback", .today = { .year = 2025, .month = 6, .day = 7 },
		.with_payload = order->with_payload, .max_record_bytes = RECORD_BYTES,
		.known_digest = order->known_digest };
	struct pipeline_progress progress = { .records = 0 };
	struct pipeline *pipeline = NULL;
	json_error_t error;
	bool done;

	*ret = (struct outcome){ .snapshot = NULL };
	if (order->mapping != NULL && mapping == NULL)
		return false;
	atomic_store(&progress.is_cancelled, order->is_cancelled);
	done = pipeline_new(&options, mapping, &progress, &pipeline, err) &&
	    read_bodies(order, pipeline, &progress, ret, err);
	pipeline_free(pipeline);
	mapping_free(mapping);
	if (done && ret->result.path[0] != '\0')
		ret->snapshot = json_load_file(ret->result.path, JSON_REJECT_DUPLICATES, &error);
	ret->files = count_files(folder);
	return done;
}

static void outcome_done(struct outcome *outcome)
{
	json_decref(outcome->snapshot);
	pipeline_result_done(&outcome->result);
}

/* A record's text, "" when it has none. */
static const char *text_of(const struct outcome *outcome, size_t record, const char *field)
{
	const char *text = json_string_value(json_object_get(json_array_get(
	    json_object_get(outcome->snapshot, "records"), record), field));

	return text != NULL ? text : "";
}

static void test_own_shape(void)
{
	static const struct order order = { .feeds = { "{\"snapshot_date\":\"2024-01-02\",\"records\":["
	    "{\"competition_external_id\":\"E\",\"competition_name\":\"E\",\"season\":\"1\","
	    "\"team_external_id\":\"T\",\"team_name\":\"T\",\"player_external_id\":\"P\","
	    "\"full_name\":\"N\",\"height_cm\":190.55}]}" } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;

	if (!expect_done("run", run(&order, &outcome, &err), &err))
		return;
	expect_text("source", outcome.result.source_name, "fallback");
	expect_text("date", outcome.result.snapshot_date, "2024-01-02");
	expect_int("records", outcome.result.records, 1);
	expect_int("in the page", outcome.page_records[0], 1);
	expect_text("name", text_of(&outcome, 0, "full_name"), "N");
	outcome_done(&outcome);
}

#define PAGE(rows, meta) "{\"data\":[" rows "],\"meta\":" meta "}"
#define ROW(id, name, team, fg) "{\"id\":" id ",\"name\":\"" name "\",\"team\":\"" team \
	"\",\"fg\":" fg "}"

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

	if (!expect_done("run", run(&paged, &outcome, &err), &err))
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

	expect_done("first", run(&order, &outcome, &err), &err);
	memcpy(digest, outcome.result.digest, sizeof digest);
	outcome_done(&outcome);
	order.known_digest = digest;
	expect_done("again", run(&order, &outcome, &err), &err);
	expect_true("unchanged", outcome.result.is_unchanged);
	expect_int("no file", outcome.files, 0);
	outcome_done(&outcome);
	order.mapping = ARRAY("\"paging\":{\"kind\":\"cursor\",\"next\":\"/meta/next\"},");
	expect_done("another mapping", run(&order, &outcome, &err), &err);
	expect_true("changed", !outcome.result.is_unchanged);
	outcome_done(&outcome);

	order = (struct order){ .mapping = ARRAY(""), .feeds = { paged.feeds[0] } };
	expect_done("one page", run(&order, &outcome, &err), &err);
	memcpy(digest, outcome.result.digest, sizeof digest);
	outcome_done(&outcome);
	order.known_digest = digest;
	expect_done("again", run(&order, &outcome, &err), &err);
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

	if (!expect_done("run", run(&order, &outcome, &err), &err))
		return;
	expect_text("the later row", text_of(&outcome, 0, "full_name"), "New");
	expect_text("is taken whole", text_of(&outcome, 0, "nationality"), "");
	expect_text("of the feed itself", text_of(&outcome, 0, "team_name"), "Club X");
	memcpy(digest, outcome.result.digest, sizeof digest);
	outcome_done(&outcome);

	order.known_digest = digest;
	order.join = "{\"code\":1,\"person\":{\"name\":\"Newer\"}}\n";
	expect_done("another side feed", run(&order, &outcome, &err), &err);
	expect_true("changed", !outcome.result.is_unchanged);
	outcome_done(&outcome);

	order.join = "{\"code\":[1]}\n";
	expect_true("a bad row", !run(&order, &outcome, &err));
	expect_code("a bad row", &err, HS_WRONG_TYPE);
	expect_contains("a bad row", err.message, "in the join bios, line 1: /code");
	outcome_done(&outcome);
}

#define BAD_ROWS ROW("1", "A", "X", "50") "," ROW("2", "", "X", "40") "," \
	ROW("3", "C", "Y", "\"n/a\"") "," ROW("4", "D", "Y", "30")

/* What cannot be mapped fails the run, with the feed's places; or is left out and told of. */
static void test_problems(void)
{
	struct order order = { .mapping = ARRAY(""), .feeds = { PAGE(BAD_ROWS, "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *first;

	if (!expect_done("fail", run(&order, &outcome, &err), &err))
		return;
	expect_int("problems", outcome.result.problem_total, 2);
	expect_true("enough", outcome.is_enough[0]);
	expect_text("no path", outcome.result.path, "");
	expect_int("no file", outcome.files, 0);
	first = json_array_get(outcome.result.problems, 0);
	expect_text("place", json_string_value(json_object_get(first, "pointer")), "/data/1");
	expect_text("code", json_string_value(json_object_get(first, "code")), "missing_field");
	expect_int("line", json_integer_value(json_object_get(first, "line")), 1);
	first = json_array_get(outcome.result.problems, 1);
	expect_text("place", json_string_value(json_object_get(first, "pointer")), "/data/2");
	expect_text("code", json_string_value(json_object_get(first, "code")), "wrong_type");
	outcome_done(&outcome);

	order.mapping = ARRAY("\"problems\":\"skip\",");
	expect_done("skip", run(&order, &outcome, &err), &err);
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

	if (!expect_done("skip", run(&order, &outcome, &err), &err))
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

	if (!expect_done("drop", run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 2);
	expect_int("repeated", outcome.result.repeated, 1);
	expect_text("the first stays", text_of(&outcome, 0, "full_name"), "A");
	first = json_array_get(outcome.result.repeated_first, 0);
	expect_text("place", json_string_value(json_object_get(first, "pointer")), "/data/1");
	expect_text("name", json_string_value(json_object_get(first, "full_name")), "Again");
	outcome_done(&outcome);

	order.mapping = ARRAY("");
	expect_done("fail", run(&order, &outcome, &err), &err);
	expect_int("the validator's problem", outcome.result.problem_total, 1);
	expect_int("no file", outcome.files, 0);
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

	if (!expect_done("run", run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 3);
	expect_int("skipped", outcome.result.skipped, 1);
	expect_int("left out", outcome.result.left_out, 1);
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

	if (!expect_done("run", run(&order, &outcome, &err), &err))
		return;
	expect_int("records", outcome.result.records, 2);
	expect_text("by a count", text_of(&outcome, 0, "role"), "two");
	expect_text("by a count", text_of(&outcome, 1, "role"), "one");
	expect_text("beside a figure", text_of(&outcome, 0, "team_name"), "three");
	expect_text("without one", text_of(&outcome, 0, "competition_name"), "one");
	outcome_done(&outcome);
}

static void test_payload(void)
{
	struct order order = { .mapping = ARRAY(""), .with_payload = true,
		.feeds = { PAGE(ROW("1", "A \\\"q\\\"", "X", "5.50"), "0") } };
	struct hs_error err = HS_ERROR_INIT;
	struct outcome outcome;
	const json_t *payload;

	if (!expect_done("run", run(&order, &outcome, &err), &err))
		return;
	payload = json_object_get(json_array_get(json_object_get(outcome.snapshot, "records"), 0),
	    "raw_payload");
	expect_int("whole", json_object_size(payload), 4);
	expect_text("text", json_string_value(json_object_get(payload, "name")), "A \"q\"");
	outcome_done(&outcome);

	order.mapping = ARRAY("\"raw_payload\":false,");
	expect_done("the mapping says no", run(&order, &outcome, &err), &err);
	expect_true("none", json_object_get(json_array_get(json_object_get(outcome.snapshot,
	    "records"), 0), "raw_payload") == NULL);
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

	if (!expect_done("run", run(&order, &outcome, &err), &err))
		return;
	expect_int("one", json_array_size(outcome.result.warnings), 1);
	expect_contains("fractions", json_string_value(json_array_get(outcome.result.warnings, 0)),
	    "fg_pct is at most 1 in all 5 records");
	outcome_done(&outcome);
	expect_done("empty", run(&none, &outcome, &err), &err);
	expect_int("one", json_array_size(outcome.result.warnings), 1);
	expect_contains("empty", json_string_value(json_array_get(outcome.result.warnings, 0)),
	    "no records");
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

		expect_true(ends[i].feed, !run(&order, &outcome, &err));
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
		expect_true(page, !run(&order, &outcome, &err));
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

	expect_true("ended", !run(&order, &outcome, &err));
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
	expect_true("a long join", !run(&order, &outcome, &err));
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
	expect_true("many groups", !run(&order, &outcome, &err));
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
		bool done = run(&order, &outcome, &err);

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
	{ "what cannot be mapped", test_problems },
	{ "items that are none", test_bad_items },
	{ "what the source repeats", test_repeated },
	{ "games that make a season", test_groups },
	{ "lookups by a group's figures", test_group_lookups },
	{ "the source's words", test_payload },
	{ "warnings", test_warnings },
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
