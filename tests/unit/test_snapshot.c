/* test_snapshot.c: what the validator hands on, its bounds, its memory, and whole files. The
 * rules, one by one, are test_snapshot_rules.c's. */
#include "common/snapshot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/unit/harness.h"

enum { PIECE = 64 * 1024, MAX_RECORD = 16 << 20, LOG_BYTES = 8192 };

#define HEAD "{\"source_name\":\"s\",\"snapshot_date\":\"2018-06-30\",\"records\":["
#define REQUIRED(id) \
	"{\"competition_external_id\":\"NBA\",\"competition_name\":\"NBA\",\"season\":\"2018\"," \
	"\"team_external_id\":\"MIL\",\"team_name\":\"Bucks\",\"player_external_id\":\"" id "\"," \
	"\"full_name\":\"F\""

/* A validator and what it has handed on. */
struct house {
	struct hs_snapshot *snapshot;
	uint64_t records, refuse_at;	/* refuse_at: from 1; 0 never */
	char log[LOG_BYTES];	/* of each record, its fields but for the required ones */
	size_t length;
};

static void log_text(struct house *house, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void log_text(struct house *house, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(house->log + house->length, LOG_BYTES - house->length, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= LOG_BYTES - house->length)
		hs_panic("the log of records is full");
	house->length += (size_t)length;
}

static void log_value(struct house *house, enum hs_field field, const struct hs_value *value)
{
	char day[HS_DATE_TEXT_BYTES];

	if (value->text != NULL)
		log_text(house, " %s=[%.*s]", hs_field_rows[field].name, (int)value->length,
		    value->text);
	if (hs_date_is_set(value->date))
		log_text(house, " %s=%s", hs_field_rows[field].name,
		    hs_date_text(value->date, day));
	if (value->hundredths >= 0)
		log_text(house, " %s=%d", hs_field_rows[field].name, value->hundredths);
}

static bool on_record(void *arg, const struct hs_record *record, struct hs_error *err)
{
	struct house *house = arg;

	if (house->length < LOG_BYTES / 2) {
		log_text(house, "%" PRIu64 "@%" PRIu64 ":%" PRIu64, record->number, record->line,
		    record->column);
		for (enum hs_field field = 0; field < HS_FIELD_COUNT; field++) {
			if (!hs_field_rows[field].required)
				log_value(house, field, &record->values[field]);
		}
		log_text(house, "\n");
	}
	if (++house->records == house->refuse_at)
		return hs_error_set(err, HS_DB_AWAY, "", "the database is away");
	return true;
}

static void open_house(struct house *house, size_t max_record_bytes)
{
	struct hs_snapshot_options options = { .max_record_bytes = max_record_bytes,
		.today = { .year = 2026, .month = 11, .day = 25 }, .on_record = on_record,
		.arg = house };
	struct hs_error err = HS_ERROR_INIT;

	*house = (struct house){ .snapshot = NULL };
	if (!hs_snapshot_new(&options, &house->snapshot, &err))
		hs_panic("%s", err.message);
}

static void push(struct house *house, const char *text, size_t length)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_done("push", hs_snapshot_push(house->snapshot, text, length, &err), &err);
}

static void push_text(struct house *house, const char *text)
{
	push(house, text, strlen(text));
}

static void finish(struct house *house)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_done("finish", hs_snapshot_finish(house->snapshot, &err), &err);
}

/* The whole of a snapshot with one record that has these fields too. */
static void read_record(struct house *house, const char *fields)
{
	open_house(house, MAX_RECORD);
	push_text(house, HEAD REQUIRED("p1"));
	push_text(house, fields);
	push_text(house, "}]}");
	finish(house);
}

static void expect_problems(const char *row, const struct house *house, uint64_t count)
{
	const struct hs_problems *problems = hs_snapshot_problems(house->snapshot);

	if (!expect_int(row, hs_problems_total(problems), count) && hs_problems_kept(problems) > 0)
		expect_text(row, hs_problems_at(problems, 0)->message, "");
}

static const struct { const char *fields, *want; } values[] = {
	{ "", "" },
	{ ",\"height_cm\":190.5", " height_cm=19050" },
	{ ",\"points_per_game\":25.435", " points_per_game=2544" },	/* half away from zero */
	{ ",\"points_per_game\":25.4349999999999999999999", " points_per_game=2543" },
	{ ",\"points_per_game\":0.005", " points_per_game=1" },
	{ ",\"points_per_game\":0", " points_per_game=0" },	/* zero is not unknown */
	{ ",\"points_per_game\":-0.0", " points_per_game=0" },
	{ ",\"points_per_game\":null", "" },
	{ ",\"points_per_game\":1e-999999999999", " points_per_game=0" },
	{ ",\"fg_pct\":100.00", " fg_pct=10000" },
	{ ",\"games_played\":23.0", " games_played=2300" },
	{ ",\"games_played\":2.30e1", " games_played=2300" },
	{ ",\"birth_date\":\"2000-02-29\"", " birth_date=2000-02-29" },
	{ ",\"role\":\"\\u00a0 sixth\\u00a0man\\t\"", " role=[sixth\xc2\xa0man]" },
	{ ",\"role\":\" \"", "" },
	{ ",\"first_name\":\"\",\"last_name\":\"\\u0044on\\u010di\\u0107\"",
	    " last_name=[Don\xc4\x8di\xc4\x87]" },
	{ ",\"position\":\"a\\nb\"", " position=[a\nb]" },	/* white space within stays */
	{ ",\"raw_payload\":{}", " raw_payload=[{}]" },
	{ ",\"raw_payload\": { \"pts\" : 1.50,\n\"n\":1e400, \"u\":\"\\u00e9\" } ",
	    " raw_payload=[{ \"pts\" : 1.50,\n\"n\":1e400, \"u\":\"\\u00e9\" }]" },
	{ ",\"raw_payload\":{\"a\":1},\"source_metadata\":{\"b\":[2]}",
	    " source_metadata=[{\"b\":[2]}] raw_payload=[{\"a\":1}]" },
	{ ",\"raw_payload\":null,\"source_metadata\":null", "" },
};

static void test_values(void)
{
	static struct house house;
	char want[256];

	for (size_t i = 0; i < HS_COUNT(values); i++) {
		read_record(&house, values[i].fields);
		expect_problems(values[i].fields, &house, 0);
		snprintf(want, sizeof want, "0@1:60%s\n", values[i].want);
		expect_text(values[i].fields, house.log, want);
		hs_snapshot_free(house.snapshot);
	}
}

/* 200 characters, of whatever width, and white space around them does not count. */
static void test_lengths(void)
{
	static const char *const characters[] = { "x", "\xc3\xa9", "\xf0\x9f\x8f\x80" };
	static struct house house;
	static char fields[4096];

	for (size_t i = 0; i < HS_COUNT(characters); i++) {
		for (unsigned count = 200; count <= 201; count++) {
			strcpy(fields, ",\"role\":\"   ");
			for (unsigned n = 0; n < count; n++)
				strcat(fields, characters[i]);
			strcat(fields, "\\u3000\"");
			read_record(&house, fields);
			expect_problems(characters[i], &house, count - 200);
			if (count > 200)
				expect_contains("too long", hs_problems_at(hs_snapshot_problems(
				    house.snapshot), 0)->message,
				    "role has 201 characters, at most 200 are allowed: shorten \"");
			hs_snapshot_free(house.snapshot);
		}
	}
}

/* Whatever stands first, the head is whole at the end, as written. */
static void test_head(void)
{
	static struct house house;
	const struct hs_snapshot_head *head;

	open_house(&house, MAX_RECORD);
	head = hs_snapshot_head(house.snapshot);
	push_text(&house, "{\"raw_payload\":{ \"a\":1.50 },\"records\":[" REQUIRED("p1") "},"
	    REQUIRED("p2") "}],\"source_metadata\":{},\"snapshot_date\":\"2018-06-30\",");
	expect_true("not known yet", head->source_name == NULL);
	push_text(&house, "\"source_name\":\" n\\u00e9 \"}\n");
	finish(&house);
	expect_problems("head", &house, 0);
	expect_text("source_name", head->source_name, "n\xc3\xa9");
	expect_int("year", head->snapshot_date.year, 2018);
	expect_int("month", head->snapshot_date.month, 6);
	expect_int("day", head->snapshot_date.day, 30);
	expect_bytes("source_metadata", head->source_metadata, head->source_metadata_length,
	    "{}", 2);
	expect_bytes("raw_payload", head->raw_payload, head->raw_payload_length,
	    "{ \"a\":1.50 }", 12);
	expect_int("records", head->records, 2);
	expect_int("handed on", house.records, 2);
	hs_snapshot_free(house.snapshot);
}

/* Records are handed on up to the first problem, and all are counted and checked. */
static void test_after_a_problem(void)
{
	static struct house house;

	open_house(&house, MAX_RECORD);
	push_text(&house, HEAD REQUIRED("p1") "},\n" REQUIRED("p2") ",\"role\":1},\n" REQUIRED("p3")
	    "},\n" REQUIRED("p4") ",\"role\":true}]}");
	expect_true("not over", !hs_snapshot_is_over(house.snapshot));
	finish(&house);
	expect_problems("two", &house, 2);
	expect_int("handed on", house.records, 1);
	expect_int("counted", hs_snapshot_head(house.snapshot)->records, 4);
	hs_snapshot_free(house.snapshot);
}

static void test_after_a_fault(void)
{
	static struct house house;

	open_house(&house, MAX_RECORD);
	push_text(&house, HEAD REQUIRED("p1") "},]}");
	expect_true("over", hs_snapshot_is_over(house.snapshot));
	push_text(&house, "no more of this is read");
	finish(&house);
	expect_problems("one", &house, 1);
	hs_snapshot_free(house.snapshot);
}

static void test_refusal(void)
{
	struct hs_error err = HS_ERROR_INIT;
	static struct house house;

	open_house(&house, MAX_RECORD);
	house.refuse_at = 2;
	push_text(&house, HEAD REQUIRED("p1") "},");
	expect_true("refused", !hs_snapshot_push(house.snapshot, REQUIRED("p2") "}",
	    strlen(REQUIRED("p2") "}"), &err));
	expect_code("refused", &err, HS_DB_AWAY);
	expect_problems("not the file's fault", &house, 0);
	hs_snapshot_free(house.snapshot);
}

/* A record beyond the bound is a problem, whatever makes it so big; the next one is read. */
static void test_big_records(void)
{
	static const char *const ways[] = { ",\"raw_payload\":{\"a\":\"", ",\"role\":\"",
		",\"colour\":\"" };
	static struct house house;

	for (size_t i = 0; i < HS_COUNT(ways); i++) {
		const struct hs_problem *problem;

		open_house(&house, 1000);
		push_text(&house, HEAD REQUIRED("p1") "},\n" REQUIRED("p2"));
		push_text(&house, ways[i]);
		for (unsigned n = 0; n < 500; n++)
			push_text(&house, "xxxxxxxxxx");
		push_text(&house, i == 0 ? "\"}},\n" : "\"},\n");
		push_text(&house, REQUIRED("p3") ",\"role\":3}]}");
		finish(&house);
		problem = hs_problems_at(hs_snapshot_problems(house.snapshot), 0);
		expect_int(ways[i], problem->code, HS_RECORD_TOO_BIG);
		expect_text(ways[i], problem->pointer, "/records/1");
		expect_int(ways[i], problem->line, 2);
		expect_int(ways[i], problem->column, 1);
		expect_contains(ways[i], problem->message, "longer than 1000 bytes");
		expect_text(ways[i], hs_problems_at(hs_snapshot_problems(house.snapshot),
		    hs_problems_kept(hs_snapshot_problems(house.snapshot)) - 1)->pointer,
		    "/records/2/role");
		hs_snapshot_free(house.snapshot);
	}
}

/* The head's own fields are bounded too. */
static void test_big_head(void)
{
	static const struct {
		const char *begin, *end, *pointer;
		enum hs_error_code code;
	} rows[] = {
		{ "{\"raw_payload\":{\"a\":\"", "\"}}", "/raw_payload", HS_RECORD_TOO_BIG },
		{ "{\"source_name\":\"", "\"}", "/source_name", HS_TOO_LONG },
	};
	static struct house house;

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		const struct hs_problems *problems;
		bool is_found = false;

		open_house(&house, 1000);
		problems = hs_snapshot_problems(house.snapshot);
		push_text(&house, rows[i].begin);
		for (unsigned n = 0; n < 500; n++)
			push_text(&house, "xxxxxxxxxx");
		push_text(&house, rows[i].end);
		finish(&house);
		for (size_t n = 0; n < hs_problems_kept(problems); n++) {
			const struct hs_problem *problem = hs_problems_at(problems, n);

			is_found = is_found || (problem->code == rows[i].code &&
			    strcmp(problem->pointer, rows[i].pointer) == 0);
		}
		expect_true(rows[i].pointer, is_found);
		hs_snapshot_free(house.snapshot);
	}
}

/* An object of very many keys is no slower for each of them. */
static void test_many_keys(void)
{
	enum { KEYS = 300000 };
	static struct house house;
	char member[64];

	open_house(&house, MAX_RECORD);
	push_text(&house, HEAD REQUIRED("p1") ",\"raw_payload\":{\"first\":0");
	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(member, sizeof member, ",\"key-%u\":{\"key-%u\":%u}", i, i, i);
		push_text(&house, member);
	}
	push_text(&house, ",\"key-77\":1}}]}");
	finish(&house);
	expect_problems("one stands twice", &house, 1);
	expect_text("which", hs_problems_at(hs_snapshot_problems(house.snapshot), 0)->pointer,
	    "/records/0/raw_payload/key-77");
	hs_snapshot_free(house.snapshot);
}

static void push_player(struct house *house, unsigned number)
{
	char record[512];
	int length = snprintf(record, sizeof record, "%s\n{\"competition_external_id\":\"NBA\","
	    "\"competition_name\":\"NBA\",\"season\":\"2018\",\"team_external_id\":\"MIL\","
	    "\"team_name\":\"Bucks\",\"player_external_id\":\"p%u\",\"full_name\":\"F\","
	    "\"points_per_game\":9.5,\"raw_payload\":{\"a\":[1,2,3]}}", number > 0 ? "," : "",
	    number);

	push(house, record, (size_t)length);
}

/* Memory does not grow with the file, and a duplicate is found across the whole of it. */
static void test_many_records(void)
{
	enum { RECORDS = 200000, MOST_KIB = 12 * 1024 };
	static struct house house;
	struct rusage before, after;
	const struct hs_problems *problems;

	getrusage(RUSAGE_SELF, &before);
	open_house(&house, MAX_RECORD);
	push_text(&house, HEAD);
	for (unsigned i = 0; i < RECORDS; i++)
		push_player(&house, i);
	push_player(&house, 5);
	push_text(&house, "]}");
	finish(&house);
	getrusage(RUSAGE_SELF, &after);
	problems = hs_snapshot_problems(house.snapshot);
	expect_int("all are handed on", house.records, RECORDS + 1);
	if (expect_int("one stands twice", hs_problems_total(problems), 1)) {
		expect_text("where", hs_problems_at(problems, 0)->pointer, "/records/200000");
		expect_contains("and before", hs_problems_at(problems, 0)->message,
		    "/records/5 (line 7, column 1)");
	}
#ifndef __SANITIZE_ADDRESS__
	expect_true("memory", after.ru_maxrss - before.ru_maxrss < MOST_KIB);
#endif
	hs_snapshot_free(house.snapshot);
}

/* All problems are counted, and a hundred kept, those that stand first. */
static void test_many_problems(void)
{
	static struct house house;
	char record[256];

	open_house(&house, MAX_RECORD);
	push_text(&house, HEAD "0");
	for (unsigned i = 1; i < 5000; i++) {
		snprintf(record, sizeof record, ",\n{\"season\":%u,\"shoe\":1}", i);
		push_text(&house, record);
	}
	push_text(&house, "]}");
	finish(&house);
	expect_problems("all", &house, 1 + 4999 * 8);
	expect_int("kept", hs_problems_kept(hs_snapshot_problems(house.snapshot)),
	    HS_PROBLEMS_KEPT);
	expect_text("the first", hs_problems_at(hs_snapshot_problems(house.snapshot), 0)->pointer,
	    "/records/0");
	hs_snapshot_free(house.snapshot);
}

/* Reads a whole file in pieces; false when it is not there. */
static bool read_file(struct house *house, const char *folder, const char *name)
{
	static char piece[PIECE];
	char path[1024];
	size_t length;
	FILE *in;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if ((in = fopen(path, "rbe")) == NULL)
		return false;
	open_house(house, MAX_RECORD);
	while ((length = fread(piece, 1, sizeof piece, in)) > 0)
		push(house, piece, length);
	finish(house);
	fclose(in);
	return true;
}

static const struct { const char *name; uint64_t records; } shared[] = {
	{ "nba-2001-2009.json", 4500 }, { "nba-2010-2017.json", 4285 },
	{ "nba-2018-traded-players.json", 605 }, { "euroleague-2024-25.json", 206 },
	{ "euroleague-us-2024-12-31.json", 88 }, { "euroleague-us-2025-05-26.json", 99 },
	{ "wnba-1997-2019-minutes.json", 3883 }, { "wnba-rookie-seasons.json", 1140 },
	{ "wnba-rosters-2026.json", 136 }, { "france-pro-a-2022-23.json", 192 },
};

static void test_shared_snapshots(void)
{
	const char *folder = hs_shared_dir();
	static struct house house;
	char path[1024];

	if (folder == NULL)
		return;
	snprintf(path, sizeof path, "%s/data/snapshots", folder);
	for (size_t i = 0; i < HS_COUNT(shared); i++) {
		if (!expect_true(shared[i].name, read_file(&house, path, shared[i].name)))
			continue;
		expect_problems(shared[i].name, &house, 0);
		expect_int(shared[i].name, house.records, shared[i].records);
		hs_snapshot_free(house.snapshot);
	}
}

static const struct {
	const char *name;
	uint64_t records, problems;
	const char *first, *pointer;
} files[] = {
	{ "sample-2018.json", 18, 0, "", "" },
	{ "bad-bom.json", 0, 1, "bad_encoding", "" },
	{ "bad-comma.json", 1, 1, "bad_json", "/records" },
	{ "bad-duplicate.json", 3, 1, "duplicate_record", "/records/2" },
	{ "bad-fields.json", 15, 15, "unknown_field", "/records/0/heigth_cm" },
	{ "bad-latin1.json", 1, 1, "bad_utf8", "/records/0/full_name" },
	{ "bad-trailing.json", 1, 1, "trailing_bytes", "" },
	{ "bad-truncated.json", 1, 1, "truncated", "/records/0/full_name" },
	{ "bad-utf16.json", 0, 1, "bad_encoding", "" },
};

static void test_data_files(void)
{
	static struct house house;
	char folder[1024];

	snprintf(folder, sizeof folder, "%s/tests/data", hs_source_dir());
	for (size_t i = 0; i < HS_COUNT(files); i++) {
		const struct hs_problems *problems;

		if (!expect_true(files[i].name, read_file(&house, folder, files[i].name)))
			continue;
		problems = hs_snapshot_problems(house.snapshot);
		expect_problems(files[i].name, &house, files[i].problems);
		expect_int(files[i].name, hs_snapshot_head(house.snapshot)->records,
		    files[i].records);
		if (files[i].problems > 0 && hs_problems_kept(problems) > 0) {
			expect_text(files[i].name, hs_error_name(hs_problems_at(problems, 0)->code),
			    files[i].first);
			expect_text(files[i].name, hs_problems_at(problems, 0)->pointer,
			    files[i].pointer);
		}
		hs_snapshot_free(house.snapshot);
	}
}

static void test_empty(void)
{
	static struct house house;

	open_house(&house, MAX_RECORD);
	finish(&house);
	expect_problems("empty", &house, 1);
	expect_int("empty", hs_problems_at(hs_snapshot_problems(house.snapshot), 0)->code,
	    HS_EMPTY_FILE);
	hs_snapshot_free(house.snapshot);
	hs_snapshot_free(NULL);
}

static const struct {
	const char *pointer;
	bool is_record;
	long long number;
	const char *rest;
} pointers[] = {
	{ "/records/17/full_name", true, 17, "/full_name" },
	{ "/records/0", true, 0, "" },
	{ "/records/9223372036854775807/x", true, INT64_MAX, "/x" },
	{ "/records/9223372036854775808", false, 0, "" },
	{ "/records/99999999999999999999999999", false, 0, "" },
	{ "/records/x", false, 0, "" },
	{ "/records/", false, 0, "" },
	{ "/records", false, 0, "" },
	{ "/source_name", false, 0, "" },
	{ "", false, 0, "" },
};

static void test_pointers(void)
{
	for (size_t i = 0; i < HS_COUNT(pointers); i++) {
		const char *row = pointers[i].pointer, *rest = "";
		uint64_t number = 0;

		expect_true(row, hs_snapshot_split(row, &number, &rest) == pointers[i].is_record);
		expect_int(row, number, pointers[i].number);
		expect_text(row, rest, pointers[i].rest);
	}
}

/* A duplicate's problem says which record it repeats. */
static void test_twin(void)
{
	static const struct hs_snapshot_options options = { .max_record_bytes = 1 << 20 };
#define SAME "{\"competition_external_id\":\"E\",\"competition_name\":\"E\",\"season\":\"1\"," \
	"\"team_external_id\":\"T\",\"team_name\":\"T\",\"player_external_id\":\"P\"," \
	"\"full_name\":\"N\"}"
	static const char text[] = "{\"source_name\":\"s\",\"snapshot_date\":\"2024-01-02\","
	    "\"records\":[{}," SAME "," SAME "]}";
	struct hs_snapshot *snapshot = NULL;
	struct hs_error err = HS_ERROR_INIT;
	const struct hs_problems *problems;
	uint64_t number = 0;
	size_t last;

	if (!expect_done("new", hs_snapshot_new(&options, &snapshot, &err), &err))
		return;
	expect_done("push", hs_snapshot_push(snapshot, text, strlen(text), &err), &err);
	expect_done("finish", hs_snapshot_finish(snapshot, &err), &err);
	problems = hs_snapshot_problems(snapshot);
	last = hs_problems_kept(problems) - 1;
	expect_text("of", hs_problems_at(problems, last)->pointer, "/records/2");
	expect_true("is one", hs_snapshot_twin(hs_problems_at(problems, last), &number));
	expect_int("repeats", number, 1);
	expect_true("is none", !hs_snapshot_twin(hs_problems_at(problems, 0), &number));
	hs_snapshot_free(snapshot);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "many records", test_many_records },	/* first: it measures memory */
		{ "values", test_values },
		{ "lengths", test_lengths },
		{ "head", test_head },
		{ "after a problem", test_after_a_problem },
		{ "after a fault", test_after_a_fault },
		{ "refusal", test_refusal },
		{ "big records", test_big_records },
		{ "big head", test_big_head },
		{ "many keys", test_many_keys },
		{ "many problems", test_many_problems },
		{ "shared snapshots", test_shared_snapshots },
		{ "data files", test_data_files },
		{ "empty", test_empty },
		{ "a record's pointer", test_pointers },
		{ "what a duplicate repeats", test_twin },
	};

	return hs_run_suite("snapshot", suite, HS_COUNT(suite));
}
