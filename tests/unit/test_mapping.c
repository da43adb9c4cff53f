/* test_mapping.c: mappings that are right, and every mistake with its place. */
#include "daemons/extractor/mapping.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

/* The seven fields that must be there, and room for more. */
#define NEEDED "\"competition_external_id\":{\"constant\":\"E\"}," \
	"\"competition_name\":{\"constant\":\"EuroLeague\"},\"season\":\"/season\"," \
	"\"team_external_id\":\"/team\",\"team_name\":\"/team\",\"player_external_id\":\"/id\"," \
	"\"full_name\":\"/name\""
/* Of two bytes each. */
#define CHARACTERS_50 "čččččččččččččččččččččččččččččččččččččččččččččččččč"
#define WITH(more) "{\"records\":\"/data\",\"fields\":{" NEEDED "}," more "}"
#define FIELD(expression) "{\"records\":\"/data\",\"fields\":{" NEEDED ",\"role\":" expression "}}"
#define EACH(expression) "{\"records\":\"/data\",\"each\":\"/stats\",\"fields\":{" NEEDED \
	",\"role\":" expression "}}"
#define GROUP(expression) "{\"records\":\"/data\",\"group\":[\"/id\"],\"fields\":{" NEEDED \
	",\"role\":" expression "}}"
#define JOIN(expression) "{\"records\":\"/data\",\"joins\":{\"teams\":{\"records\":\"/teams\"," \
	"\"key\":\"/id\"}},\"fields\":{" NEEDED ",\"role\":" expression "}}"

/* NULL when it is wrong; then mistakes has why. */
static struct mapping *parse(const char *text, struct hs_problems *mistakes, struct hs_error *err)
{
	struct mapping *mapping = NULL;

	return mapping_parse("test.json", text, strlen(text), mistakes, &mapping, err) ? mapping :
											 NULL;
}

static const char *const good[] = {
	FIELD("\"/role\""),
	FIELD("\"\""),
	FIELD("{\"at\":\"/role\"}"),
	FIELD("{\"document\":\"/role\"}"),
	FIELD("{\"key\":true}"),
	FIELD("{\"constant\":7,\"default\":\"x\"}"),
	FIELD("{\"first\":[\"/a\",{\"constant\":\"b\"}]}"),
	FIELD("{\"concat\":[\"/a\",\"/b\"],\"separator\":\" \"}"),
	FIELD("{\"list\":\"/a\",\"separator\":\";\",\"item\":\"/name\",\"table\":{\"a\":\"b\"}}"),
	FIELD("{\"sum\":[\"/a\",\"/b\",\"/c\"]}"),
	FIELD("{\"difference\":[\"/a\",\"/b\"]}"),
	FIELD("{\"quotient\":[\"/a\",\"/b\"],\"places\":2}"),
	FIELD("{\"percent\":[\"/a\",\"/b\"]}"),
	FIELD("{\"when\":{\"of\":\"/a\",\"in\":[1,\"x\",null,true]},\"then\":\"/b\",\"else\":\"/c\"}"),
	FIELD("{\"when\":{\"of\":\"/a\",\"below\":-3},\"then\":\"/b\"}"),
	FIELD("{\"at\":\"/a\",\"null_if\":[0,\"--\"],\"convert\":[\"trim\",{\"round\":1}],"
	    "\"table\":{\"1\":\"Guard\",\"2\":null},\"otherwise\":\"keep\",\"default\":0}"),
	EACH("{\"parent\":\"/role\"}"),
	EACH("{\"key\":true,\"up\":1}"),
	GROUP("{\"mean\":\"/a\",\"places\":2}"),
	GROUP("{\"concat\":[{\"total\":\"/a\"},{\"count\":true},{\"constant\":\"x\"}]}"),
	JOIN("{\"lookup\":\"teams\",\"key\":\"/team\",\"value\":\"/name\"}"),
	WITH("\"about\":\"a feed\""),
	WITH("\"url\":\"https://example.org/a?b=c\""),
	WITH("\"urls\":[\"https://example.org/\",{\"url\":\"http://example.org/\",\"with\":{\"s\":1}}]"),
	WITH("\"headers\":{\"Accept\":\"application/json\",\"X-Key\":{\"env\":\"FEED_KEY\"}}"),
	WITH("\"paging\":{\"kind\":\"page\",\"size\":100,\"size_parameter\":\"n\",\"total\":\"/n\"}"),
	WITH("\"paging\":{\"kind\":\"offset\",\"size\":100,\"parameter\":\"from\",\"start\":1}"),
	WITH("\"paging\":{\"kind\":\"cursor\",\"next\":\"/meta/next\",\"limit\":5}"),
	WITH("\"paging\":{\"kind\":\"link\"}"),
	WITH("\"paging\":{\"kind\":\"link\",\"next\":\"/links/next\"}"),
	WITH("\"schedule\":\"@every 6h\",\"timezone\":\"Europe/Madrid\""),
	WITH("\"source_name\":\"euroleague\",\"snapshot_date\":\"2024-02-29\""),
	WITH("\"source_name\":\"" CHARACTERS_50 CHARACTERS_50 "\""),
	WITH("\"snapshot_date\":\"today\""),
	WITH("\"snapshot_date\":{\"document\":\"/date\",\"convert\":\"iso_date\"}"),
	WITH("\"skip\":[{\"of\":\"/a\",\"not_in\":[\"x\"]},{\"of\":\"/b\",\"above\":2000}]"),
	WITH("\"duplicates\":\"drop\",\"problems\":\"skip\",\"raw_payload\":true"),
	"{\"records\":{\"shape\":\"lines\"},\"fields\":{" NEEDED "}}",
	"{\"records\":{\"at\":\"/p\",\"shape\":\"object\"},\"fields\":{" NEEDED "}}",
	"{\"records\":{\"shape\":\"table\",\"headers\":[\"id\",\"name\"]},\"fields\":{" NEEDED "}}",
	"{\"records\":{\"at\":\"/r\",\"shape\":\"table\",\"headers\":\"/h\"},\"fields\":{" NEEDED "}}",
};

static void test_good(void)
{
	for (size_t i = 0; i < HS_COUNT(good); i++) {
		struct hs_problems *mistakes = hs_problems_new();
		struct hs_error err = HS_ERROR_INIT;
		struct mapping *mapping = parse(good[i], mistakes, &err);

		expect_done(good[i], mapping != NULL, &err);
		expect_int(good[i], hs_problems_total(mistakes), 0);
		mapping_free(mapping);
		hs_problems_free(mistakes);
	}
}

/* Each has this one mistake. */
static const struct {
	const char *text;
	enum hs_error_code code;
	const char *pointer, *part;
} bad[] = {
	{ "[]", HS_WRONG_TYPE, "", "object" },
	{ "{\"records\":\"\",\"fields\":{" NEEDED "},}", HS_BAD_JSON, "", "no JSON" },
	{ "{\"records\":\"\",\"records\":\"\",\"fields\":{" NEEDED "}}", HS_BAD_JSON, "", "duplicate" },
	{ "{\"fields\":{" NEEDED "}}", HS_MISSING_FIELD, "/records", "where the records are" },
	{ "{\"records\":\"\"}", HS_MISSING_FIELD, "/fields", "where the fields" },
	{ WITH("\"paginng\":{}"), HS_UNKNOWN_FIELD, "/paginng", "did you mean paging? There are about" },
	{ WITH("\"about\":7"), HS_WRONG_TYPE, "/about", "a text" },
	{ WITH("\"source_name\":\"" CHARACTERS_50 CHARACTERS_50 "x\""), HS_OUT_OF_RANGE,
	    "/source_name", "100 characters" },
	{ WITH("\"source_name\":\"a:b\""), HS_OUT_OF_RANGE, "/source_name", "no colon" },
	{ WITH("\"snapshot_date\":\"2023-02-29\""), HS_BAD_DATE, "/snapshot_date", "2023" },
	{ WITH("\"snapshot_date\":{\"at\":\"/a\"}"), HS_BAD_ARGUMENT, "/snapshot_date/at", "no record" },
	{ WITH("\"duplicates\":\"keep\""), HS_BAD_ARGUMENT, "/duplicates", "\"fail\", \"drop\"" },
	{ WITH("\"problems\":true"), HS_BAD_ARGUMENT, "/problems", "\"fail\", \"skip\"" },
	{ WITH("\"raw_payload\":1"), HS_WRONG_TYPE, "/raw_payload", "true or false" },

	/* URLs */
	{ WITH("\"url\":\"ftp://example.org/\""), HS_BAD_URL, "/url", "http" },
	{ WITH("\"url\":\"\""), HS_WRONG_TYPE, "/url", "not empty" },
	{ WITH("\"urls\":[]"), HS_WRONG_TYPE, "/urls", "list" },
	{ WITH("\"urls\":[\"https://a.org\",\"x\"]"), HS_BAD_URL, "/urls/1", "" },
	{ WITH("\"urls\":[{\"url\":\"https://a.org\",\"wth\":{}}]"), HS_UNKNOWN_FIELD, "/urls/0/wth",
	    "url, with" },
	{ WITH("\"urls\":[{\"url\":\"https://a.org\",\"with\":{\"s\":[]}}]"), HS_WRONG_TYPE,
	    "/urls/0/with/s", "a text" },
	{ WITH("\"url\":\"https://a.org\",\"urls\":[\"https://a.org\"]"), HS_REPEATED_KEY, "/urls",
	    "url too" },
	{ WITH("\"headers\":{\"a b\":\"c\"}"), HS_BAD_ARGUMENT, "/headers/a b", "name" },
	{ WITH("\"headers\":{\"a\":\"b\\r\\nc\"}"), HS_BAD_CHARACTER, "/headers/a", "control" },
	{ WITH("\"headers\":{\"a\":{\"env\":\"x y\"}}"), HS_BAD_ARGUMENT, "/headers/a/env", "capitals" },
	{ WITH("\"headers\":{\"a\":{\"en\":\"X\",\"env\":\"X\"}}"), HS_UNKNOWN_FIELD, "/headers/a/en",
	    "env" },

	/* paging */
	{ WITH("\"paging\":{}"), HS_BAD_ARGUMENT, "/paging/kind", "\"page\"" },
	{ WITH("\"paging\":{\"kind\":\"offset\"}"), HS_MISSING_FIELD, "/paging/size", "how many" },
	{ WITH("\"paging\":{\"kind\":\"cursor\"}"), HS_MISSING_FIELD, "/paging/next", "cursor" },
	{ WITH("\"paging\":{\"kind\":\"link\",\"size\":5}"), HS_UNKNOWN_FIELD, "/paging/size", "next" },
	{ WITH("\"paging\":{\"kind\":\"page\",\"limit\":0}"), HS_OUT_OF_RANGE, "/paging/limit", "1 to" },
	{ WITH("\"paging\":{\"kind\":\"page\",\"start\":\"1\"}"), HS_WRONG_TYPE, "/paging/start",
	    "whole number" },
	{ WITH("\"paging\":{\"kind\":\"page\",\"total\":\"n\"}"), HS_BAD_ARGUMENT, "/paging/total",
	    "begins with /" },

	/* where the records are */
	{ "{\"records\":\"data\",\"fields\":{" NEEDED "}}", HS_BAD_ARGUMENT, "/records", "\"/data\"" },
	{ "{\"records\":7,\"fields\":{" NEEDED "}}", HS_WRONG_TYPE, "/records", "JSON Pointer" },
	{ "{\"records\":{\"shape\":\"rows\"},\"fields\":{" NEEDED "}}", HS_BAD_ARGUMENT,
	    "/records/shape", "\"table\"" },
	{ "{\"records\":{\"shape\":\"table\"},\"fields\":{" NEEDED "}}", HS_MISSING_FIELD,
	    "/records/headers", "columns" },
	{ "{\"records\":{\"headers\":[]},\"fields\":{" NEEDED "}}", HS_BAD_ARGUMENT,
	    "/records/headers", "only the shape table" },
	{ "{\"records\":{\"shape\":\"lines\",\"at\":\"/a\"},\"fields\":{" NEEDED "}}", HS_BAD_ARGUMENT,
	    "/records/at", "lines" },
	{ "{\"records\":{\"shape\":\"lines\"},\"fields\":{" NEEDED ",\"role\":{\"document\":\"/a\"}}}",
	    HS_BAD_ARGUMENT, "/fields/role/document", "no document" },
	{ "{\"records\":{\"shape\":\"lines\"},\"joins\":{\"t\":{\"records\":\"/a\",\"key\":\"/b\"}},"
	  "\"fields\":{" NEEDED "}}", HS_MISSING_FIELD, "/joins/t", "give the join a url" },
	{ WITH("\"each\":[\"/a\",\"/b\",\"/c\",\"/d\"]"), HS_OUT_OF_RANGE, "/each", "1 to 3" },
	{ WITH("\"each\":[\"/a\",\"b\"]"), HS_BAD_ARGUMENT, "/each/1", "begins with /" },
	{ WITH("\"each\":\"/a~b\""), HS_BAD_ARGUMENT, "/each", "~0" },

	/* joins */
	{ WITH("\"joins\":{}"), HS_WRONG_TYPE, "/joins", "1 to 8" },
	{ WITH("\"joins\":{\"a\":{\"key\":\"/k\"}}"), HS_MISSING_FIELD, "/joins/a/records", "rows" },
	{ WITH("\"joins\":{\"a\":{\"records\":\"\"}}"), HS_MISSING_FIELD, "/joins/a/key", "key" },
	{ WITH("\"joins\":{\"a\":{\"records\":\"\",\"key\":{\"document\":\"/k\"}}}"), HS_BAD_ARGUMENT,
	    "/joins/a/key/document", "no document" },
	{ JOIN("{\"lookup\":\"clubs\",\"key\":\"/a\",\"value\":\"/b\"}"), HS_NOT_FOUND,
	    "/fields/role/lookup", "no such name" },
	{ JOIN("{\"lookup\":\"teams\",\"value\":\"/b\"}"), HS_MISSING_FIELD, "/fields/role/key",
	    "key of the row" },
	{ JOIN("{\"lookup\":\"teams\",\"key\":\"/a\"}"), HS_WRONG_TYPE, "/fields/role/value",
	    "JSON Pointer" },

	/* fields and expressions */
	{ "{\"records\":\"\",\"fields\":[]}", HS_WRONG_TYPE, "/fields", "object" },
	{ "{\"records\":\"\",\"fields\":{" NEEDED ",\"heigth_cm\":\"/h\"}}", HS_UNKNOWN_FIELD,
	    "/fields/heigth_cm", "did you mean height_cm?" },
	{ "{\"records\":\"\",\"fields\":{" NEEDED ",\"raw_payload\":\"/h\"}}", HS_NOT_ALLOWED,
	    "/fields/raw_payload", "true or false" },
	{ FIELD("7"), HS_WRONG_TYPE, "/fields/role", "an expression" },
	{ FIELD("\"name\""), HS_BAD_ARGUMENT, "/fields/role", "{\"constant\": \"name\"}" },
	{ FIELD("{}"), HS_MISSING_FIELD, "/fields/role", "where the value comes from" },
	{ FIELD("{\"at\":\"/a\",\"sum\":[\"/b\"]}"), HS_BAD_ARGUMENT, "/fields/role/sum", "nest" },
	{ FIELD("{\"at\":\"/a\",\"places\":1}"), HS_UNKNOWN_FIELD, "/fields/role/places", "null_if" },
	{ FIELD("{\"at\":7}"), HS_WRONG_TYPE, "/fields/role/at", "JSON Pointer" },
	{ FIELD("{\"parent\":\"/a\"}"), HS_OUT_OF_RANGE, "/fields/role/parent", "each" },
	{ EACH("{\"parent\":\"/a\",\"up\":2}"), HS_OUT_OF_RANGE, "/fields/role/up", "each" },
	{ FIELD("{\"key\":1}"), HS_WRONG_TYPE, "/fields/role/key", "true" },
	{ FIELD("{\"with\":\"season\"}"), HS_NOT_FOUND, "/fields/role/with", "urls" },
	{ FIELD("{\"constant\":1.5}"), HS_WRONG_TYPE, "/fields/role/constant", "in quotes" },
	{ FIELD("{\"constant\":null}"), HS_WRONG_TYPE, "/fields/role/constant", "a text" },
	{ FIELD("{\"first\":[]}"), HS_WRONG_TYPE, "/fields/role/first", "1 to 32" },
	{ FIELD("{\"first\":[\"/a\",\"b\"]}"), HS_BAD_ARGUMENT, "/fields/role/first/1", "begins" },
	{ FIELD("{\"concat\":[\"/a\"],\"separator\":1}"), HS_WRONG_TYPE, "/fields/role/separator",
	    "a text" },
	{ FIELD("{\"percent\":[\"/a\"]}"), HS_WRONG_TYPE, "/fields/role/percent", "two" },
	{ FIELD("{\"quotient\":[\"/a\",\"/b\"],\"places\":9}"), HS_OUT_OF_RANGE,
	    "/fields/role/places", "0 to 6" },
	{ FIELD("{\"difference\":[\"/a\",\"/b\"],\"places\":1}"), HS_UNKNOWN_FIELD,
	    "/fields/role/places", "" },
	{ FIELD("{\"at\":\"/a\",\"convert\":\"inches\"}"), HS_NOT_FOUND, "/fields/role/convert",
	    "no such conversion" },
	{ FIELD("{\"at\":\"/a\",\"convert\":\"inchs_to_cm\"}"), HS_NOT_FOUND, "/fields/role/convert",
	    "did you mean inches_to_cm?" },
	{ FIELD("{\"constnat\":\"x\"}"), HS_UNKNOWN_FIELD, "/fields/role/constnat",
	    "did you mean constant?" },
	{ FIELD("{\"at\":\"/a\",\"covert\":\"trim\"}"), HS_UNKNOWN_FIELD, "/fields/role/covert",
	    "did you mean convert?" },
	{ FIELD("{\"at\":\"/a\",\"convert\":[\"trim\",{\"inches\":1}]}"), HS_NOT_FOUND,
	    "/fields/role/convert/1/inches", "no such conversion" },
	{ FIELD("{\"at\":\"/a\",\"convert\":{\"round\":\"x\"}}"), HS_BAD_ARGUMENT,
	    "/fields/role/convert/round", "" },
	{ FIELD("{\"at\":\"/a\",\"convert\":{\"trim\":1,\"upper\":1}}"), HS_WRONG_TYPE,
	    "/fields/role/convert", "name" },
	{ FIELD("{\"at\":\"/a\",\"convert\":[]}"), HS_OUT_OF_RANGE, "/fields/role/convert", "1 to 16" },
	{ FIELD("{\"at\":\"/a\",\"null_if\":0}"), HS_WRONG_TYPE, "/fields/role/null_if", "list" },
	{ FIELD("{\"at\":\"/a\",\"null_if\":[0.5]}"), HS_WRONG_TYPE, "/fields/role/null_if/0",
	    "in quotes" },
	{ FIELD("{\"at\":\"/a\",\"table\":[]}"), HS_WRONG_TYPE, "/fields/role/table", "object" },
	{ FIELD("{\"at\":\"/a\",\"table\":{\"x\":[]}}"), HS_WRONG_TYPE, "/fields/role/table/x", "text" },
	{ FIELD("{\"at\":\"/a\",\"otherwise\":\"keep\"}"), HS_BAD_ARGUMENT, "/fields/role/otherwise",
	    "no table" },
	{ FIELD("{\"at\":\"/a\",\"table\":{\"x\":\"y\"},\"otherwise\":\"drop\"}"), HS_BAD_ARGUMENT,
	    "/fields/role/otherwise", "\"keep\"" },
	{ FIELD("{\"when\":{\"of\":\"/a\",\"in\":[1]}}"), HS_MISSING_FIELD, "/fields/role/then", "" },
	{ FIELD("{\"when\":{\"of\":\"/a\"},\"then\":\"/b\"}"), HS_MISSING_FIELD, "/fields/role/when",
	    "one of in" },

	/* conditions and groups */
	{ WITH("\"skip\":{}"), HS_WRONG_TYPE, "/skip", "list" },
	{ WITH("\"skip\":[{\"of\":\"/a\",\"in\":[1],\"below\":2}]"), HS_MISSING_FIELD, "/skip/0",
	    "one of" },
	{ WITH("\"skip\":[{\"of\":\"/a\",\"equals\":[1],\"in\":[1]}]"), HS_UNKNOWN_FIELD,
	    "/skip/0/equals", "not_in" },
	{ WITH("\"skip\":[{\"of\":\"/a\",\"below\":\"x\"}]"), HS_WRONG_TYPE, "/skip/0/below", "whole" },
	{ WITH("\"skip\":[{\"of\":\"/a\",\"in\":[]}]"), HS_WRONG_TYPE, "/skip/0/in", "list" },
	{ WITH("\"group\":\"/a\""), HS_WRONG_TYPE, "/group", "list" },
	{ FIELD("{\"mean\":\"/a\"}"), HS_BAD_ARGUMENT, "/fields/role/mean", "has a group" },
	{ GROUP("{\"mean\":{\"total\":\"/a\"}}"), HS_BAD_ARGUMENT, "/fields/role/mean/total",
	    "made of another" },
	{ GROUP("{\"quotient\":[{\"total\":\"/a\"},\"/b\"]}"), HS_BAD_ARGUMENT, "/fields/role",
	    "only have constants" },
	{ GROUP("{\"count\":\"/a\"}"), HS_WRONG_TYPE, "/fields/role/count", "true" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < HS_COUNT(bad); i++) {
		struct hs_problems *mistakes = hs_problems_new();
		struct hs_error err = HS_ERROR_INIT;
		struct mapping *mapping = parse(bad[i].text, mistakes, &err);
		const struct hs_problem *first;

		expect_true(bad[i].text, mapping == NULL);
		expect_code(bad[i].text, &err, HS_BAD_MAPPING);
		expect_int(bad[i].text, hs_problems_total(mistakes), 1);
		if (hs_problems_kept(mistakes) > 0) {
			first = hs_problems_at(mistakes, 0);
			expect_text(bad[i].text, hs_error_name(first->code), hs_error_name(bad[i].code));
			expect_text(bad[i].text, first->pointer, bad[i].pointer);
			expect_contains(bad[i].text, first->message, bad[i].part);
		}
		mapping_free(mapping);
		hs_problems_free(mistakes);
	}
}

/* One mistake does not hide another. */
static void test_all_mistakes(void)
{
	static const char text[] = "{\"records\":\"data\",\"about\":1,\"fields\":{\"season\":\"x\","
	    "\"full_name\":{\"concat\":[\"a\",\"b\"]},\"team_name\":{\"at\":\"/t\",\"convert\":\"no\","
	    "\"table\":7}},\"urll\":1}";
	static const char *const pointers[] = { "/urll", "/about", "/records", "/fields/season",
		"/fields/full_name/concat/0", "/fields/full_name/concat/1", "/fields/team_name/convert",
		"/fields/team_name/table", "/fields/competition_external_id", "/fields/competition_name",
		"/fields/team_external_id", "/fields/player_external_id" };
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;

	expect_true("refused", parse(text, mistakes, &err) == NULL);
	expect_contains("counted", err.message, "12 mistakes");
	expect_int("counted", hs_problems_total(mistakes), HS_COUNT(pointers));
	for (size_t i = 0; i < HS_COUNT(pointers) && i < hs_problems_kept(mistakes); i++)
		expect_text(pointers[i], hs_problems_at(mistakes, i)->pointer, pointers[i]);
	hs_problems_free(mistakes);
}

#define HEAD "{\"records\":\"/data\",\"fields\":{" NEEDED "}"

/* Whether it makes another snapshot of the same feed. */
static const struct { const char *row, *text; bool is_same; } edits[] = {
	{ "as it was", HEAD "}", true },
	{ "white space", "\n" HEAD "\t}\n", true },
	{ "order", "{\"fields\":{" NEEDED "},\"records\":\"/data\"}", true },
	{ "escapes", "{\"records\":\"\\u002fdata\",\"fields\":{" NEEDED "}}", true },
	{ "for people", HEAD ",\"about\":\"x\"}", true },
	{ "for the scheduler", HEAD ",\"schedule\":\"@daily\",\"timezone\":\"UTC\"}", true },
	{ "a field", "{\"records\":\"/data\",\"fields\":{" NEEDED ",\"role\":\"/r\"}}", false },
	{ "a pointer", "{\"records\":\"/Data\",\"fields\":{" NEEDED "}}", false },
	{ "a rule", HEAD ",\"min_records\":1}", false },
};

static void test_digest(void)
{
	unsigned char first[MAPPING_DIGEST_BYTES] = { 0 };

	for (size_t i = 0; i < HS_COUNT(edits); i++) {
		struct hs_problems *mistakes = hs_problems_new();
		struct hs_error err = HS_ERROR_INIT;
		struct mapping *mapping = parse(edits[i].text, mistakes, &err);

		if (expect_done(edits[i].row, mapping != NULL, &err)) {
			if (i == 0)
				memcpy(first, mapping->digest, sizeof first);
			expect_int(edits[i].row, memcmp(first, mapping->digest, sizeof first) == 0,
			    edits[i].is_same);
		}
		mapping_free(mapping);
		hs_problems_free(mistakes);
	}
}

static const struct { const char *text, *advice; } torn[] = {
	{ "{\"records\":\"/a\"\n\"fields\":{}}", "a comma before it, or a closing bracket, is missing" },
	{ "{\"urls\":[\"a\" \"b\"]}", "a comma before it, or a closing bracket, is missing" },
	{ "{\"records\":\"/a\",}", "a comma before it is too many, or a key has no quotes" },
	{ "{records:1}", "a comma before it is too many, or a key has no quotes" },
	{ "{\"urls\":[1,]}", "a comma before it is too many, or a text has no quotes" },
	{ "{\"records\":\"/a\"", "closing bracket, is missing" },
	{ "{\"records\":\"/a", "before all brackets and quotes are closed" },
};

static void test_torn(void)
{
	for (size_t i = 0; i < HS_COUNT(torn); i++) {
		struct hs_problems *mistakes = hs_problems_new();
		struct hs_error err = HS_ERROR_INIT;

		expect_true(torn[i].text, parse(torn[i].text, mistakes, &err) == NULL);
		expect_contains(torn[i].text, err.message, torn[i].advice);
		hs_problems_free(mistakes);
	}
}

static void test_content(void)
{
	static const char text[] = "{\"urls\":[\"https://a.org/1\",{\"url\":\"https://a.org/2\","
	    "\"with\":{\"season\":\"2018\"}}],\"headers\":{\"K\":{\"env\":\"KEY\"}},"
	    "\"paging\":{\"kind\":\"offset\",\"size\":50,\"total\":\"/n\"},"
	    "\"joins\":{\"b\":{\"url\":\"https://a.org/b\",\"records\":{\"shape\":\"lines\"},"
	    "\"key\":\"/id\"}},\"records\":{\"at\":\"/r\",\"shape\":\"table\",\"headers\":\"/h\"},"
	    "\"snapshot_date\":\"2020-02-29\",\"duplicates\":\"drop\",\"raw_payload\":false,"
	    "\"fields\":{" NEEDED ",\"role\":{\"with\":\"season\"},"
	    "\"position\":{\"lookup\":\"b\",\"key\":\"/id\",\"value\":\"/p\"},"
	    "\"nationality\":{\"lookup\":\"b\",\"key\":\"/id\",\"value\":\"/n\"}}}";
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;
	struct mapping *mapping = parse(text, mistakes, &err);

	if (!expect_done("mapping", mapping != NULL, &err))
		return;
	expect_int("urls", mapping->url_count, 2);
	expect_text("url", mapping->urls[1].url, "https://a.org/2");
	expect_true("none with the first", mapping->urls[0].with == NULL);
	expect_text("with", mapping->urls[1].with[mapping->fields[HS_FIELD_ROLE]->slot], "2018");
	expect_text("header", mapping->headers[0].name, "K");
	expect_text("env", mapping->headers[0].env, "KEY");
	expect_true("no value", mapping->headers[0].value == NULL);
	expect_int("paging", mapping->paging.kind, PAGING_OFFSET);
	expect_text("parameter", mapping->paging.parameter, "offset");
	expect_int("start", mapping->paging.start, 0);
	expect_int("limit", mapping->paging.limit, 1000);
	expect_text("total", mapping->slots.document[mapping->paging.total_slot].text, "/n");
	expect_true("no next", mapping->paging.next_slot == SIZE_MAX);
	expect_text("join", mapping->joins[0].name, "b");
	expect_int("lines", mapping->joins[0].records.kind, PARSE_LINES);
	expect_int("columns", mapping->slots.joins[0].column_count, 2);
	expect_int("table", mapping->records.kind, PARSE_TABLE);
	expect_text("headers", mapping->records.headers_at.text, "/h");
	expect_int("date", mapping->date, MAPPING_ON);
	expect_int("day", mapping->snapshot_date.day, 29);
	expect_true("drops", mapping->drops_duplicates && !mapping->skips_problems);
	expect_int("payload", mapping->raw_payload, MAPPING_NO);
	mapping_free(mapping);
	hs_problems_free(mistakes);
}

/* Deep, long and many: all of it is bounded. */
static void test_bounds(void)
{
	char *text = calloc(1, MAPPING_MAX_BYTES), *at = text;
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;

	at += sprintf(at, "{\"records\":\"\",\"fields\":{" NEEDED ",\"role\":");
	for (int i = 0; i < 200; i++)
		at += sprintf(at, "{\"first\":[");
	at += sprintf(at, "\"/a\"");
	for (int i = 0; i < 200; i++)
		at += sprintf(at, "]}");
	sprintf(at, "}}");
	expect_true("deep", parse(text, mistakes, &err) == NULL);
	expect_int("deep", hs_problems_total(mistakes), 1);
	expect_int("deep", hs_problems_at(mistakes, 0)->code, HS_TOO_DEEP);
	hs_problems_free(mistakes);

	mistakes = hs_problems_new();
	at = text + sprintf(text, "{\"records\":\"\",\"fields\":{" NEEDED ",\"role\":{\"sum\":[");
	for (int i = 0; i < 3; i++) {
		at += sprintf(at, "%s{\"sum\":[", i > 0 ? "," : "");
		for (int j = 0; j < 32; j++)
			at += sprintf(at, "%s{\"document\":\"/d%d\"}", j > 0 ? "," : "", 32 * i + j);
		at += sprintf(at, "]}");
	}
	sprintf(at, "]}}}");
	expect_true("many", parse(text, mistakes, &err) == NULL);
	expect_int("many", hs_problems_total(mistakes), 32);
	hs_problems_free(mistakes);
	free(text);
}

/* Its times are not looked at when it is loaded, for it can run by command; to judge it they are. */
static void judge_times(int dir, const char *folder)
{
	static const char text[] = "{\"schedule\":\"61 * * * *\",\"timezone\":\"Mars/Olympus\",\"x\":1}";
	struct hs_problems *mistakes = hs_problems_new_for(10);
	struct hs_error err = HS_ERROR_INIT;
	struct mapping *mapping = NULL;
	char path[PATH_MAX];
	uint64_t without;

	snprintf(path, sizeof path, "%s/times.json", folder);
	expect_done("file", hs_file_write(dir, "times.json", text, strlen(text), 0600, &err), &err);
	expect_true("bad", !mapping_load(path, mistakes, &mapping, &err));
	without = hs_problems_total(mistakes);
	hs_problems_free(mistakes);
	mistakes = hs_problems_new_for(10);
	expect_true("judged", !mapping_judge(path, mistakes, &err));
	expect_code("judged", &err, HS_BAD_MAPPING);
	expect_int("two more", hs_problems_total(mistakes), without + 2);
	expect_text("schedule", hs_problems_at(mistakes, 1)->pointer, "/schedule");
	expect_contains("schedule", hs_problems_at(mistakes, 1)->message, "the minute, 61");
	expect_text("time zone", hs_problems_at(mistakes, 2)->pointer, "/timezone");
	hs_problems_free(mistakes);
}

static void test_load(void)
{
	static const char text[] = "{\"records\":\"\",\n \"fields\":}";
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;
	struct mapping *mapping = NULL;
	const char *folder = hs_scratch_dir();
	char path[4200];
	char *big = malloc(MAPPING_MAX_BYTES + 1);
	int dir = -1;

	memset(big, ' ', MAPPING_MAX_BYTES + 1);
	expect_done("folder", hs_dir_open(folder, &dir, &err), &err);
	expect_done("file", hs_file_write(dir, "bad.json", text, strlen(text), 0600, &err), &err);
	expect_done("file", hs_file_write(dir, "big.json", big, MAPPING_MAX_BYTES + 1, 0600, &err),
	    &err);
	expect_done("file", hs_file_write(dir, "good.json", good[0], strlen(good[0]), 0600, &err), &err);

	snprintf(path, sizeof path, "%s/bad.json", folder);
	expect_true("bad", !mapping_load(path, mistakes, &mapping, &err));
	expect_code("bad", &err, HS_BAD_MAPPING);
	expect_contains("bad", err.message, "at line 2, column ");
	expect_int("line", hs_problems_at(mistakes, 0)->line, 2);
	snprintf(path, sizeof path, "%s/big.json", folder);
	expect_true("big", !mapping_load(path, mistakes, &mapping, &err));
	expect_code("big", &err, HS_TOO_LONG);
	snprintf(path, sizeof path, "%s/none.json", folder);
	expect_true("none", !mapping_load(path, mistakes, &mapping, &err));
	expect_code("none", &err, HS_NOT_FOUND);
	expect_true("untouched", mapping == NULL);
	judge_times(dir, folder);
	snprintf(path, sizeof path, "%s/good.json", folder);
	expect_done("good", mapping_load(path, mistakes, &mapping, &err), &err);
	mapping_free(mapping);
	hs_problems_free(mistakes);
	close(dir);
	free(big);
}

static const struct hs_case cases[] = {
	{ "mappings that are right", test_good },
	{ "each mistake, and where it is", test_bad },
	{ "all mistakes at once", test_all_mistakes },
	{ "what makes another snapshot", test_digest },
	{ "no JSON, and what to look for", test_torn },
	{ "what was read", test_content },
	{ "bounds", test_bounds },
	{ "from a file", test_load },
};

int main(void)
{
	return hs_run_suite("mapping", cases, HS_COUNT(cases));
}
