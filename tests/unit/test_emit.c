/* test_emit.c: what goes out is right and whole, and what is not leaves nothing behind. */
#include "daemons/extractor/emit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <jansson.h>

#include "common/file.h"
#include "tests/unit/harness.h"

enum { RECORD_BYTES = 1 << 20 };

static const struct emit_options calm = {
	.file_name = "league.json",
	.source_name = "a \"league\"",
	.snapshot_date = { .year = 2024, .month = 2, .day = 29 },
	.source_metadata = "{\"licence\": \"free\"}",
	.max_record_bytes = RECORD_BYTES,
};

static struct emit_value value(const char *text)
{
	struct emit_value ret = { .text = text, .length = strlen(text) };

	return ret;
}

/* A right record of that player. */
static void fill(struct emit_value values[HS_FIELD_COUNT], const char *player)
{
	memset(values, 0, HS_FIELD_COUNT * sizeof values[0]);
	values[HS_FIELD_COMPETITION_EXTERNAL_ID] = value("E");
	values[HS_FIELD_COMPETITION_NAME] = value("EuroLeague");
	values[HS_FIELD_SEASON] = value("2024-25");
	values[HS_FIELD_TEAM_EXTERNAL_ID] = value("MAD");
	values[HS_FIELD_TEAM_NAME] = value("Real \"Madrid\"\\");
	values[HS_FIELD_PLAYER_EXTERNAL_ID] = value(player);
	values[HS_FIELD_FULL_NAME] = value("Luka Dončić");
	values[HS_FIELD_BIRTH_DATE] = value("1999-02-28");
	values[HS_FIELD_GAMES_PLAYED] = value("23");
	values[HS_FIELD_POINTS_PER_GAME] = value("25.44");
	values[HS_FIELD_RAW_PAYLOAD] = value("{\"pts\": 1e400}");
}

static struct emit *start(const struct emit_options *options)
{
	struct hs_error err = HS_ERROR_INIT;
	struct emit *emit = NULL;

	expect_done("start", emit_new(options, &emit, &err), &err);
	return emit;
}

static void add(struct emit *emit, const char *player)
{
	struct emit_value values[HS_FIELD_COUNT];
	struct hs_error err = HS_ERROR_INIT;

	fill(values, player);
	expect_done(player, emit_record(emit, values, &err), &err);
}

static int count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	if (!expect_true("folder", dir != NULL))
		return -1;
	while ((entry = readdir(dir)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

static json_t *read_file(const char *folder, const char *name)
{
	char path[4096];
	json_error_t error;
	json_t *json;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	expect_true(json == NULL ? error.text : name, json != NULL);
	return json;
}

static void test_file(void)
{
	struct emit_options options = calm;
	struct hs_error err = HS_ERROR_INIT;
	struct emit *emit;
	const json_t *record;
	json_t *json;

	options.folder = hs_scratch_dir();
	emit = start(&options);
	if (emit == NULL)
		return;
	/* a payload that jansson itself cannot read goes out as it came: leave it to another test */
	add(emit, "7");
	expect_true("not there yet", emit_file_name(emit) == NULL);
	expect_int("hidden only", count_files(options.folder), 1);
	expect_done("finish", emit_finish(emit, &err) &&
	    emit_place(emit, &err), &err);
	expect_int("problems", hs_problems_total(emit_problems(emit)), 0);
	expect_text("name", emit_file_name(emit), "league.json");
	expect_int("records", emit_records(emit), 1);
	expect_int("the file alone", count_files(options.folder), 1);
	emit_free(emit);

	char *text = NULL;
	size_t length = 0;
	int dir = -1;
	expect_done("open", hs_dir_open(options.folder, &dir, &err), &err);
	expect_done("read", hs_file_slurp(dir, "league.json", 1 << 16, &text, &length, &err), &err);
	expect_contains("payload as written", text, "\"raw_payload\": {\"pts\": 1e400}");
	expect_contains("number as written", text, "\"points_per_game\": 25.44");
	free(text);
	close(dir);

	options.file_name = "second.json";
	emit = start(&options);
	if (emit == NULL)
		return;
	struct emit_value values[HS_FIELD_COUNT];
	fill(values, "8");
	values[HS_FIELD_RAW_PAYLOAD].text = NULL;
	expect_done("record", emit_record(emit, values, &err), &err);
	expect_done("finish", emit_finish(emit, &err) &&
	    emit_place(emit, &err), &err);
	emit_free(emit);
	json = read_file(options.folder, "second.json");
	expect_text("source", json_string_value(json_object_get(json, "source_name")),
	    "a \"league\"");
	expect_text("date", json_string_value(json_object_get(json, "snapshot_date")), "2024-02-29");
	record = json_array_get(json_object_get(json, "records"), 0);
	expect_text("team", json_string_value(json_object_get(record, "team_name")),
	    "Real \"Madrid\"\\");
	expect_true("absent", json_object_get(record, "height_cm") == NULL);
	json_decref(json);
}

static void test_no_records(void)
{
	struct emit_options options = calm;
	struct hs_error err = HS_ERROR_INIT;
	struct emit *emit;

	options.folder = hs_scratch_dir();
	options.source_metadata = NULL;
	emit = start(&options);
	if (emit == NULL)
		return;
	expect_done("finish", emit_finish(emit, &err) &&
	    emit_place(emit, &err), &err);
	expect_int("problems", hs_problems_total(emit_problems(emit)), 0);
	emit_free(emit);
	json_decref(read_file(options.folder, "league.json"));
}

static void test_taken_name(void)
{
	struct emit_options options = calm;
	struct hs_error err = HS_ERROR_INIT;
	struct emit *emit;
	int dir = -1;

	options.folder = hs_scratch_dir();
	expect_done("open", hs_dir_open(options.folder, &dir, &err), &err);
	expect_done("file", hs_file_write(dir, "league.json", "{}", 2, 0600, &err), &err);
	emit = start(&options);
	if (emit == NULL)
		return;
	add(emit, "7");
	expect_done("finish", emit_finish(emit, &err) &&
	    emit_place(emit, &err), &err);
	expect_text("name", emit_file_name(emit), "league.1.json");
	emit_free(emit);
	close(dir);
}

/* What the importer would refuse is refused here, by the same words, and there is no file. */
static void test_refused(void)
{
	struct emit_value values[HS_FIELD_COUNT];
	struct emit_options options = calm;
	struct hs_error err = HS_ERROR_INIT;
	struct emit *emit;

	options.folder = hs_scratch_dir();
	emit = start(&options);
	if (emit == NULL)
		return;
	add(emit, "7");
	fill(values, "8");
	values[HS_FIELD_GAMES_PLAYED] = value("82.5");
	values[HS_FIELD_BIRTH_DATE] = value("2023-02-29");
	expect_done("record", emit_record(emit, values, &err), &err);
	add(emit, "7");
	memset(values, 0, sizeof values);
	expect_done("record of nothing", emit_record(emit, values, &err), &err);
	expect_done("finish", emit_finish(emit, &err) &&
	    emit_place(emit, &err), &err);
	expect_int("problems", hs_problems_total(emit_problems(emit)),
	    2 /* of the second */ + 1 /* twice */ + 7 /* required */);
	expect_text("pointer", hs_problems_at(emit_problems(emit), 0)->pointer,
	    "/records/1/birth_date");
	expect_true("no name", emit_file_name(emit) == NULL);
	emit_free(emit);
	expect_int("no file", count_files(options.folder), 0);
}

static void test_dry(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct emit *emit = start(&calm);

	if (emit == NULL)
		return;
	add(emit, "7");
	add(emit, "7");
	expect_done("finish", emit_finish(emit, &err) &&
	    emit_place(emit, &err), &err);
	expect_int("twice", hs_problems_total(emit_problems(emit)), 1);
	expect_true("bytes", emit_bytes(emit) > 200);
	expect_true("no file", emit_file_name(emit) == NULL);
	emit_free(emit);
}

static void test_given_up(void)
{
	struct emit_options options = calm;
	struct emit *emit;

	options.folder = hs_scratch_dir();
	emit = start(&options);
	if (emit == NULL)
		return;
	for (int i = 0; i < 1000; i++)
		add(emit, "7");
	expect_int("hidden file", count_files(options.folder), 1);
	emit_free(emit);
	expect_int("nothing", count_files(options.folder), 0);
}

static void test_busy(void)
{
	struct emit_options options = calm;
	struct hs_error err = HS_ERROR_INIT;
	struct emit *first, *second = NULL;

	options.folder = hs_scratch_dir();
	first = start(&options);
	if (first == NULL)
		return;
	expect_true("second", !emit_new(&options, &second, &err));
	expect_code("second", &err, HS_BUSY);
	add(first, "7");
	expect_done("first ends", emit_finish(first, &err) &&
	    emit_place(first, &err), &err);
	expect_text("first", emit_file_name(first), "league.json");
	emit_free(first);
	options.folder = "/nonexistent/folder";
	expect_true("no folder", !emit_new(&options, &second, &err));
	expect_code("no folder", &err, HS_NOT_FOUND);
}

static void test_sweep(void)
{
	struct emit_options options = calm;
	struct hs_error err = HS_ERROR_INIT;
	struct emit *living;
	int dir = -1;

	options.folder = hs_scratch_dir();
	expect_done("open", hs_dir_open(options.folder, &dir, &err), &err);
	expect_done("dead", hs_file_write(dir, ".extract-dead.json.part", "{", 1, 0600, &err), &err);
	expect_done("other", hs_file_write(dir, ".other.part", "{", 1, 0600, &err), &err);
	expect_done("theirs", hs_file_write(dir, "nba.json.part", "{", 1, 0600, &err), &err);
	living = start(&options);
	if (living == NULL)
		return;
	expect_done("sweep", emit_sweep(options.folder, &err), &err);
	expect_true("the dead is gone", faccessat(dir, ".extract-dead.json.part", F_OK, 0) != 0);
	expect_true("not ours", faccessat(dir, ".other.part", F_OK, 0) == 0);
	expect_true("not ours", faccessat(dir, "nba.json.part", F_OK, 0) == 0);
	add(living, "7");
	expect_done("the living goes on", emit_finish(living, &err) &&
	    emit_place(living, &err), &err);
	expect_text("the living", emit_file_name(living), "league.json");
	emit_free(living);
	close(dir);
}

static const struct hs_case cases[] = {
	{ "a file", test_file },
	{ "no records", test_no_records },
	{ "a name that is taken", test_taken_name },
	{ "what the importer would refuse", test_refused },
	{ "a dry run", test_dry },
	{ "given up", test_given_up },
	{ "one file, two writers", test_busy },
	{ "what the dead left", test_sweep },
};

int main(void)
{
	return hs_run_suite("emit", cases, HS_COUNT(cases));
}
