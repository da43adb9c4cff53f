/* test_normalize.c: what expressions make of a record, and what the snapshot's rules say of it. */
#include "daemons/extractor/normalize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "daemons/extractor/join.h"
#include "tests/unit/harness.h"

#define RECORD "{\"id\":7,\"name\":\"  LAST, FIRST \",\"first\":\"Ana\",\"last\":\"B\",\"blank\":\" \"," \
	"\"none\":null,\"yes\":true,\"no\":false,\"dash\":\"--\",\"zero\":0.0,\"text\":\"0\"," \
	"\"gp\":3,\"pts\":\"50\",\"made\":1,\"of\":3,\"pos\":[\"PG\",null,\"C\"],\"h\":[190.5]," \
	"\"items\":[{\"n\":\"a\"},{\"n\":\"b\"},{}],\"a.b\":{\"c/d\":\"deep\"},\"pct\":\"33.3%\"," \
	"\"team\":2,\"year\":1999,\"big\":123456789012345678901234567890.5," \
	"\"mixed\":[{\"s\":1,\"of\":[{\"x\":5}]},null,{\"s\":3,\"of\":7},\"x\",{\"s\":4}]," \
	"\"stats\":[{\"s\":\"2017\",\"tid\":5},{\"s\":\"2018\",\"tid\":6}]," \
	"\"seasons\":{\"2019\":{\"t\":\"X\"},\"2020\":{\"t\":\"Y\"}}}"
#define FEED "{\"season\":\"E2024\",\"data\":{\"key/1\":" RECORD "}," \
	"\"teams\":[{\"tid\":2,\"name\":\"Two\"},{\"tid\":\"5\",\"name\":\"Five\"},{\"tid\":2," \
	"\"name\":\"Deux\",\"city\":\"P\"},{\"name\":\"nobody\"}]}"
#define MAPPING(more, expression) "{\"urls\":[{\"url\":\"https://a.org/\",\"with\":{\"w\":\"W\"}}]," \
	"\"records\":{\"at\":\"/data\",\"shape\":\"object\"}," more \
	"\"joins\":{\"teams\":{\"records\":\"/teams\",\"key\":\"/tid\"}},\"fields\":{" \
	"\"competition_external_id\":{\"constant\":\"E\"},\"competition_name\":{\"constant\":\"E\"}," \
	"\"season\":{\"document\":\"/season\"},\"team_external_id\":{\"constant\":\"T\"}," \
	"\"team_name\":{\"constant\":\"T\"},\"player_external_id\":{\"constant\":\"P\"}," \
	"\"full_name\":{\"constant\":\"N\"},\"role\":" expression "}}"

enum { RECORD_BYTES = 1 << 20, TOLD_BYTES = 2048 };

/* What was made of the feed: "role role " and the places, or the error. */
struct told {
	const struct mapping *mapping;
	struct joins *joins;
	const char *document[EXPRESSION_MAX_SLOTS];
	struct arena *arena;
	char roles[TOLD_BYTES], places[TOLD_BYTES];
	bool skipped;
	bool is_patient;		/* faults end nothing */
	bool is_stopped;		/* after the first item */
};

static bool on_item(void *arg, const struct expression_scope *scope, const char *place,
    struct hs_error *err)
{
	struct told *told = arg;
	const char *texts[HS_FIELD_COUNT];
	size_t used = strlen(told->roles);
	enum hs_field field;
	bool skips;

	if (!normalize_skips(told->mapping, scope, &skips, err))
		return false;
	told->skipped |= skips;
	if (skips)
		return true;
	if (!normalize_fields(told->mapping, scope, texts, &field, err))
		return false;
	snprintf(told->roles + used, sizeof told->roles - used, "%s|",
	    texts[HS_FIELD_ROLE] != NULL ? texts[HS_FIELD_ROLE] : "NULL");
	used = strlen(told->places);
	snprintf(told->places + used, sizeof told->places - used, "%s ", place);
	return true;
}

/* Ends the reading, unless faults are wanted: then they are told of, with their places. */
static bool on_fault(void *arg, const char *place, const struct hs_error *why,
    struct hs_error *err)
{
	struct told *told = arg;
	size_t used = strlen(told->places);

	snprintf(told->places + used, sizeof told->places - used, "!%s%s ", place, why->where);
	if (told->is_patient)
		return true;
	*err = *why;
	return false;
}

static bool on_record(void *arg, const struct parse_record *record, struct hs_error *err)
{
	const struct normalize_listener listener = { .on_item = on_item, .on_fault = on_fault,
		.arg = arg };
	struct told *told = arg;
	const struct expression_scope base = { .document = told->document, .joins = told->joins,
		.with = told->mapping->urls[0].with };

	return normalize_expand(told->mapping, record, &base, &listener, err);
}

static int feed_file(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;

	if (!expect_done("file", hs_file_temporary("tests a feed", &fd, &err) &&
		hs_file_write_all(fd, FEED, strlen(FEED), &err), &err))
		exit(1);
	return fd;
}

static bool on_stop(void *arg)
{
	const struct told *told = arg;

	return told->is_stopped && told->roles[0] != '\0';
}

static bool read_feed(struct told *told, int fd, struct hs_error *err)
{
	const struct expression_slots *slots = &told->mapping->slots;
	const struct parse_options options = { .max_record_bytes = RECORD_BYTES, .stop = on_stop,
		.arg = told };
	uint64_t count;

	return parse_facts(fd, slots->document, slots->document_count, &options, told->arena,
	    told->document, err) && joins_read(told->joins, 0, fd, &options, err) &&
	    parse_trees(fd, &told->mapping->records, &options, on_record, &count, err);
}

/* Maps the feed; false with *err. how says when it ends. */
static bool run_with(const char *text, const struct told *how, struct told *told,
    struct hs_error *err)
{
	struct hs_problems *mistakes = hs_problems_new();
	struct mapping *mapping = NULL;
	int fd = feed_file();
	bool done = expect_done(text,
	    mapping_parse("test", text, strlen(text), mistakes, &mapping, err), err);

	*told = (struct told){ .mapping = mapping, .arena = arena_new(RECORD_BYTES),
		.is_patient = how->is_patient, .is_stopped = how->is_stopped };
	if (done) {
		told->joins = joins_new(mapping);
		done = read_feed(told, fd, err);
	}
	joins_free(told->joins);
	arena_free(told->arena);
	mapping_free(mapping);
	hs_problems_free(mistakes);
	close(fd);
	return done;
}

static bool run(const char *text, struct told *told, struct hs_error *err)
{
	static const struct told how = { .mapping = NULL };

	return run_with(text, &how, told, err);
}

static const struct { const char *text, *want; } values[] = {
	{ MAPPING("", "\"/id\""), "7" },
	{ MAPPING("", "\"/name\""), "LAST, FIRST" },
	{ MAPPING("", "{\"at\":\"/name\",\"convert\":[\"name_order\",\"title_case\"]}"), "First Last" },
	{ MAPPING("", "\"/blank\""), "NULL" },
	{ MAPPING("", "\"/none\""), "NULL" },
	{ MAPPING("", "\"/not/there\""), "NULL" },
	{ MAPPING("", "\"/yes\""), "true" },
	{ MAPPING("", "\"/a.b/c~1d\""), "deep" },
	{ MAPPING("", "\"/h/0\""), "190.5" },
	{ MAPPING("", "\"/big\""), "123456789012345678901234567890.5" },
	{ MAPPING("", "{\"key\":true}"), "key/1" },
	{ MAPPING("", "{\"document\":\"/season\"}"), "E2024" },
	{ MAPPING("", "{\"document\":\"/absent\"}"), "NULL" },
	{ MAPPING("", "{\"with\":\"w\"}"), "W" },
	{ MAPPING("", "{\"first\":[\"/none\",\"/blank\",\"/last\"]}"), "B" },
	{ MAPPING("", "{\"concat\":[\"/first\",\"/none\",\"/last\"],\"separator\":\" \"}"), "Ana B" },
	{ MAPPING("", "{\"concat\":[\"/first\",{\"constant\":\" - \"},\"/last\"]}"), "Ana - B" },
	{ MAPPING("", "{\"concat\":[\"/none\",\"/blank\"]}"), "NULL" },
	{ MAPPING("", "{\"list\":\"/pos\"}"), "PG-C" },
	{ MAPPING("", "{\"list\":\"/items\",\"item\":\"/n\",\"separator\":\";\"}"), "a;b" },
	{ MAPPING("", "{\"list\":\"/pos\",\"table\":{\"PG\":\"Guard\",\"C\":null}}"), "Guard" },
	{ MAPPING("", "{\"list\":\"/not\",\"default\":\"-\"}"), "-" },
	{ MAPPING("", "{\"at\":\"/dash\",\"null_if\":[0,\"--\"]}"), "NULL" },
	{ MAPPING("", "{\"at\":\"/zero\",\"null_if\":[0]}"), "NULL" },
	{ MAPPING("", "{\"at\":\"/text\",\"null_if\":[\"0.00\"]}"), "NULL" },
	{ MAPPING("", "{\"at\":\"/gp\",\"null_if\":[0],\"default\":\"x\"}"), "3" },
	{ MAPPING("", "{\"at\":\"/none\",\"default\":0}"), "0" },
	{ MAPPING("", "{\"at\":\"/gp\",\"table\":{\"3\":\"three\"}}"), "three" },
	{ MAPPING("", "{\"at\":\"/zero\",\"table\":{\"0\":\"nil\"}}"), "nil" },
	{ MAPPING("", "{\"at\":\"/gp\",\"table\":{\"2\":\"x\"},\"otherwise\":\"keep\"}"), "3" },
	{ MAPPING("", "{\"at\":\"/gp\",\"table\":{\"2\":\"x\"},\"otherwise\":\"null\"}"), "NULL" },
	{ MAPPING("", "{\"at\":\"/pct\",\"convert\":\"strip_percent\"}"), "33.3" },
	{ MAPPING("", "{\"sum\":[\"/gp\",\"/pts\",\"/zero\"]}"), "53" },
	{ MAPPING("", "{\"sum\":[\"/gp\",\"/none\"]}"), "NULL" },
	{ MAPPING("", "{\"sum\":[\"/gp\",{\"first\":[\"/none\",{\"constant\":0}]}]}"), "3" },
	{ MAPPING("", "{\"difference\":[\"/gp\",\"/pts\"]}"), "-47" },
	{ MAPPING("", "{\"quotient\":[\"/pts\",\"/gp\"]}"), "16.7" },
	{ MAPPING("", "{\"quotient\":[\"/pts\",\"/gp\"],\"places\":3}"), "16.667" },
	{ MAPPING("", "{\"quotient\":[\"/pts\",\"/zero\"]}"), "NULL" },
	{ MAPPING("", "{\"percent\":[\"/made\",\"/of\"]}"), "33.3" },
	{ MAPPING("", "{\"percent\":[\"/zero\",\"/zero\"]}"), "NULL" },
	{ MAPPING("", "{\"lookup\":\"teams\",\"key\":\"/team\",\"value\":\"/name\"}"), "Deux" },
	{ MAPPING("", "{\"lookup\":\"teams\",\"key\":{\"constant\":5},\"value\":\"/name\"}"), "Five" },
	{ MAPPING("", "{\"lookup\":\"teams\",\"key\":{\"constant\":5},\"value\":\"/city\"}"), "NULL" },
	{ MAPPING("", "{\"lookup\":\"teams\",\"key\":{\"constant\":9},\"value\":\"/name\"}"), "NULL" },
	{ MAPPING("", "{\"lookup\":\"teams\",\"key\":\"/none\",\"value\":\"/name\"}"), "NULL" },
	{ MAPPING("", "{\"when\":{\"of\":\"/year\",\"below\":2000},\"then\":\"/first\",\"else\":\"/id\"}"),
	    "Ana" },
	{ MAPPING("", "{\"when\":{\"of\":\"/year\",\"above\":1999},\"then\":\"/first\",\"else\":\"/id\"}"),
	    "7" },
	{ MAPPING("", "{\"when\":{\"of\":\"/none\",\"above\":0},\"then\":\"/first\"}"), "NULL" },
	{ MAPPING("", "{\"when\":{\"of\":\"/none\",\"in\":[null]},\"then\":\"/first\"}"), "Ana" },
	{ MAPPING("", "{\"when\":{\"of\":\"/no\",\"in\":[false,1]},\"then\":\"/first\"}"), "Ana" },
	{ MAPPING("", "{\"when\":{\"of\":\"/id\",\"not_in\":[7,8]},\"then\":\"/first\"}"), "NULL" },
};

static void test_values(void)
{
	for (size_t i = 0; i < HS_COUNT(values); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct told told;
		char want[TOLD_BYTES];

		if (!expect_done(values[i].text, run(values[i].text, &told, &err), &err))
			continue;
		snprintf(want, sizeof want, "%s|", values[i].want);
		expect_text(values[i].text, told.roles, want);
		expect_text(values[i].text, told.places, "/data/key~11 ");
	}
}

static const struct { const char *text, *want, *places; } expansions[] = {
	{ MAPPING("\"each\":\"/stats\",", "\"/s\""), "2017|2018|",
	    "/data/key~11/stats/0 /data/key~11/stats/1 " },
	{ MAPPING("\"each\":\"/stats\",", "{\"parent\":\"/id\"}"), "7|7|",
	    "/data/key~11/stats/0 /data/key~11/stats/1 " },
	{ MAPPING("\"each\":\"/stats\",", "{\"key\":true}"), "NULL|NULL|",
	    "/data/key~11/stats/0 /data/key~11/stats/1 " },
	{ MAPPING("\"each\":\"/stats\",", "{\"key\":true,\"up\":1}"), "key/1|key/1|",
	    "/data/key~11/stats/0 /data/key~11/stats/1 " },
	{ MAPPING("\"each\":\"/seasons\",", "{\"concat\":[{\"key\":true},\"/t\"]}"), "2019X|2020Y|",
	    "/data/key~11/seasons/2019 /data/key~11/seasons/2020 " },
	{ MAPPING("\"each\":[\"\",\"/t\"],", "\"/t\""), "", "" },
	{ MAPPING("\"each\":\"/none\",", "\"/t\""), "", "" },
	{ MAPPING("\"each\":\"/absent\",", "\"/t\""), "", "" },
	{ MAPPING("\"each\":\"/stats\",\"skip\":[{\"of\":\"/tid\",\"in\":[5]}],", "\"/s\""), "2018|",
	    "/data/key~11/stats/1 " },
	{ MAPPING("\"skip\":[{\"of\":\"/gp\",\"above\":5},{\"of\":\"/gp\",\"below\":4}],", "\"/s\""),
	    "", "" },
};

static void test_expansions(void)
{
	for (size_t i = 0; i < HS_COUNT(expansions); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct told told;

		/* the root of a record holds texts too, which become no records */
		if (strstr(expansions[i].text, "[\"\",") != NULL) {
			expect_true(expansions[i].text, !run(expansions[i].text, &told, &err));
			expect_code(expansions[i].text, &err, HS_WRONG_TYPE);
			continue;
		}
		if (!expect_done(expansions[i].text, run(expansions[i].text, &told, &err), &err))
			continue;
		expect_text(expansions[i].text, told.roles, expansions[i].want);
		expect_text(expansions[i].text, told.places, expansions[i].places);
	}
}

static const struct {
	const char *text;
	enum hs_error_code code;
	const char *where, *part;
} faults[] = {
	{ MAPPING("", "\"/pos\""), HS_WRONG_TYPE, "/pos", "role: an array is there" },
	{ MAPPING("", "\"\""), HS_WRONG_TYPE, "", "role: an object is there" },
	{ MAPPING("", "{\"list\":\"/id\"}"), HS_WRONG_TYPE, "/id", "array" },
	{ MAPPING("", "{\"list\":\"/items\"}"), HS_WRONG_TYPE, "/items", "object" },
	{ MAPPING("", "{\"list\":\"/pos\",\"table\":{\"C\":\"c\"}}"), HS_BAD_ARGUMENT, "/pos", "\"PG\"" },
	{ MAPPING("", "{\"at\":\"/dash\",\"convert\":\"inches_to_cm\"}"), HS_BAD_NUMBER, "/dash", "--" },
	{ MAPPING("", "{\"at\":\"/gp\",\"table\":{\"1\":\"a\"}}"), HS_BAD_ARGUMENT, "/gp", "otherwise" },
	{ MAPPING("", "{\"sum\":[\"/gp\",\"/dash\"]}"), HS_BAD_NUMBER, "", "--" },
	{ MAPPING("", "{\"when\":{\"of\":\"/dash\",\"above\":0},\"then\":\"/id\"}"), HS_BAD_NUMBER, "",
	    "compared with 0" },
	{ MAPPING("\"each\":\"/id\",", "\"/t\""), HS_WRONG_TYPE, "/id", "each of its items" },
	{ MAPPING("\"each\":\"/pos\",", "\"/t\""), HS_WRONG_TYPE, "", "object or array" },
	{ MAPPING("", "{\"document\":\"/teams\"}"), HS_WRONG_TYPE, "/teams", "single value" },
};

static void test_faults(void)
{
	for (size_t i = 0; i < HS_COUNT(faults); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct told told;

		expect_true(faults[i].text, !run(faults[i].text, &told, &err));
		expect_code(faults[i].text, &err, faults[i].code);
		expect_text(faults[i].text, err.where, faults[i].where);
		expect_contains(faults[i].text, err.message, faults[i].part);
	}
}

/* One that is bad does not take the others with it. */
static const struct { const char *text, *want, *places; } bad_items[] = {
	{ MAPPING("\"each\":\"/mixed\",", "\"/s\""), "1|3|4|",
	    "/data/key~11/mixed/0 !/data/key~11/mixed/1 /data/key~11/mixed/2 !/data/key~11/mixed/3 "
	    "/data/key~11/mixed/4 " },
	{ MAPPING("\"each\":[\"/mixed\",\"/of\"],", "\"/x\""), "5|",
	    "/data/key~11/mixed/0/of/0 !/data/key~11/mixed/1 !/data/key~11/mixed/2/of "
	    "!/data/key~11/mixed/3 " },
	{ MAPPING("\"each\":\"/id\",", "\"/s\""), "", "!/data/key~11/id " },
};

static void test_bad_items(void)
{
	static const struct told how = { .is_patient = true };

	for (size_t i = 0; i < HS_COUNT(bad_items); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct told told;

		expect_done(bad_items[i].text,
		    run_with(bad_items[i].text, &how, &told, &err), &err);
		expect_text(bad_items[i].text, told.roles, bad_items[i].want);
		expect_text(bad_items[i].text, told.places, bad_items[i].places);
	}
}

/* In the middle of a record, which may have very many items. */
static void test_stop(void)
{
	static const struct told how = { .is_stopped = true };
	struct hs_error err = HS_ERROR_INIT;
	struct told told;

	expect_true("stopped", !run_with(MAPPING("\"each\":\"/stats\",", "\"/s\""), &how, &told,
	    &err));
	expect_code("stopped", &err, HS_CANCELLED);
	expect_text("the first", told.roles, "2017|");
}

/* ---- the snapshot's rules ---- */

static const struct {
	enum hs_field field;
	const char *text;	/* NULL: null */
	enum hs_error_code code;
	const char *part;	/* of the message, or what is written */
} checks[] = {
	{ HS_FIELD_HEIGHT_CM, "198.5", HS_OK, "198.5" },
	{ HS_FIELD_HEIGHT_CM, NULL, HS_OK, NULL },
	{ HS_FIELD_HEIGHT_CM, "6-9", HS_WRONG_TYPE, "height_cm would be \"6-9\"" },
	{ HS_FIELD_HEIGHT_CM, "82", HS_OUT_OF_RANGE, "height_cm" },
	{ HS_FIELD_GAMES_PLAYED, "23.0", HS_OK, "23.0" },
	{ HS_FIELD_GAMES_PLAYED, "23.5", HS_NOT_INTEGER, "games_played" },
	{ HS_FIELD_GAMES_PLAYED, "true", HS_WRONG_TYPE, "no number" },
	{ HS_FIELD_BIRTH_DATE, "1999-02-28", HS_OK, "1999-02-28" },
	{ HS_FIELD_BIRTH_DATE, "1999-02-29", HS_BAD_DATE, "birth_date" },
	{ HS_FIELD_BIRTH_DATE, "2025-01-02", HS_OUT_OF_RANGE, "birth_date" },
	{ HS_FIELD_ROLE, "12", HS_OK, "12" },
	{ HS_FIELD_FULL_NAME, NULL, HS_MISSING_FIELD, "full_name has no value" },
	{ HS_FIELD_SEASON, " \xe2\x80\x8b ", HS_BLANK, "season" },
};

static void test_checks(void)
{
	static const struct mapping nothing;
	const struct hs_date today = { .year = 2025, .month = 1, .day = 1 };

	for (size_t i = 0; i < HS_COUNT(checks); i++) {
		const char *texts[HS_FIELD_COUNT] = { NULL };
		struct emit_value got[HS_FIELD_COUNT];
		enum hs_field field = HS_FIELD_COUNT;
		struct hs_error err = HS_ERROR_INIT;
		const char *row = checks[i].text != NULL ? checks[i].text : "null";
		bool done;

		for (size_t j = 0; j < HS_FIELD_COUNT; j++)
			texts[j] = hs_field_rows[j].required ? "x" : NULL;
		texts[checks[i].field] = checks[i].text;
		done = normalize_check(&nothing, texts, today, got, &field, &err);
		expect_int(row, done, checks[i].code == HS_OK);
		if (!done)
			expect_int(row, field, checks[i].field);
		expect_code(row, &err, checks[i].code);
		if (!done)
			expect_contains(row, err.message, checks[i].part);
		else if (checks[i].part == NULL)
			expect_true(row, got[checks[i].field].text == NULL);
		else
			expect_bytes(row, got[checks[i].field].text, got[checks[i].field].length,
			    checks[i].part, strlen(checks[i].part));
	}
}

static const struct hs_case cases[] = {
	{ "what an expression gives", test_values },
	{ "what is in a record", test_expansions },
	{ "what cannot be had, and where", test_faults },
	{ "items that are none", test_bad_items },
	{ "stopped in a record", test_stop },
	{ "the snapshot's rules", test_checks },
};

int main(void)
{
	return hs_run_suite("normalize", cases, HS_COUNT(cases));
}
