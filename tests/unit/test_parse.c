/* test_parse.c: records are found in every shape of feed, whatever the pieces it is read in. */
#include "daemons/extractor/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

enum { RECORD_BYTES = 4096, SEEN_BYTES = 4096, ARENA_BYTES = 1 << 20 };

/* A nameless file of that text. */
static int file_of(const char *text, size_t length)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;

	if (!expect_done("file", hs_file_temporary("tests a feed", &fd, &err), &err))
		exit(1);
	expect_done("file", hs_file_write_all(fd, text, length, &err), &err);
	return fd;
}

/* What was handed on: "key=JSON;" or "!fault;" for each. */
struct seen {
	char text[SEEN_BYTES];
	char places[SEEN_BYTES];
	const struct parse_shape *shape;
	bool is_stopped;
};

static bool on_record(void *arg, const struct parse_record *record, struct hs_error *err)
{
	struct seen *seen = arg;
	char place[PARSE_PLACE_BYTES], *text;
	size_t length, used = strlen(seen->text);

	if (!value_write(record->value, record->arena, &text, &length, err))
		return false;
	if (record->fault != NULL)
		snprintf(seen->text + used, sizeof seen->text - used, "!%s;", record->fault);
	else
		snprintf(seen->text + used, sizeof seen->text - used, "%s%s%s;",
		    record->key != NULL ? record->key : "", record->key != NULL ? "=" : "", text);
	used = strlen(seen->places);
	snprintf(seen->places + used, sizeof seen->places - used, "%s@%llu ",
	    parse_place(seen->shape, record, place), (unsigned long long)record->line);
	return true;
}

static bool on_stop(void *arg)
{
	return ((struct seen *)arg)->is_stopped;
}

/* How a shape is written in a table here. */
struct order {
	enum parse_kind kind;
	const char *at, *headers_at;
};

static void make_shape(const struct order *order, struct arena *arena, struct parse_shape *ret)
{
	struct hs_error err = HS_ERROR_INIT;

	*ret = (struct parse_shape){ .kind = order->kind };
	expect_done(order->at, value_pointer_parse(order->at, arena, &ret->at, &err), &err);
	if (order->headers_at != NULL)
		expect_done(order->headers_at, value_pointer_parse(order->headers_at, arena,
		    &ret->headers_at, &err), &err);
}

static bool read_feed(const char *feed, const struct order *order, size_t piece_bytes,
    struct seen *seen, uint64_t *ret_count, struct hs_error *err)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	int fd = file_of(feed, strlen(feed));
	struct parse_shape shape;
	const struct parse_options options = { .max_record_bytes = RECORD_BYTES, .stop = on_stop,
		.arg = seen, .piece_bytes = piece_bytes };
	bool done;

	make_shape(order, arena, &shape);
	seen->shape = &shape;
	done = parse_trees(fd, &shape, &options, on_record, ret_count, err);
	close(fd);
	arena_free(arena);
	return done;
}

static const struct {
	struct order order;
	const char *feed, *want, *places;
} feeds[] = {
	{ { PARSE_ARRAY, "", NULL }, "[{\"a\":1},{\"a\":2}]", "{\"a\":1};{\"a\":2};", "/0@1 /1@1 " },
	{ { PARSE_ARRAY, "", NULL }, " [ ] ", "", "" },
	{ { PARSE_ARRAY, "/d/players", NULL },
	    "{\"x\":[[1],{\"players\":[0]}],\n\"d\":{\"y\":{\"players\":[7]},\n"
	    "\"players\":[\n{\"n\":\"A\"},\n{\"n\":[\"B\"]}],\"z\":1},\"players\":[9]}",
	    "{\"n\":\"A\"};{\"n\":[\"B\"]};", "/d/players/0@4 /d/players/1@5 " },
	{ { PARSE_ARRAY, "/r/1/rows", NULL }, "{\"r\":[{\"rows\":[[0]]},{\"rows\":[[1],[2]]},[3]]}",
	    "[1];[2];", "/r/1/rows/0@1 /r/1/rows/1@1 " },
	{ { PARSE_ARRAY, "/a", NULL }, "{\"a\":null}", "", "" },
	{ { PARSE_ARRAY, "/a", NULL }, "{\"a\":[1,\"x\",null,{}]}",
	    "!a record must be an object or an array;!a record must be an object or an array;"
	    "!a record must be an object or an array;{};", "/a/0@1 /a/1@1 /a/2@1 /a/3@1 " },
	{ { PARSE_ARRAY, "/a.b/c~1d", NULL }, "{\"a.b\":{\"c/d\":[{}]}}", "{};", "/a.b/c~1d/0@1 " },
	{ { PARSE_OBJECT, "", NULL }, "{\"id/1\":{\"a\":1},\"id2\":{},\"id3\":3}",
	    "id/1={\"a\":1};id2={};!a record must be an object or an array;",
	    "/id~11@1 /id2@1 /id3@1 " },
	{ { PARSE_OBJECT, "/p", NULL }, "{\"p\":{\"k\":{\"p\":{\"k\":{}}}},\"q\":{\"k\":1}}",
	    "k={\"p\":{\"k\":{}}};", "/p/k@1 " },
	{ { PARSE_TABLE, "/s/0/rows", "/s/0/names" },
	    "{\"s\":[{\"rows\":[[1,\"x\"],[2,null]],\"names\":[\"ID\",\"NAME\"]}]}",
	    "{\"ID\":1,\"NAME\":\"x\"};{\"ID\":2,\"NAME\":null};", "/s/0/rows/0@1 /s/0/rows/1@1 " },
	{ { PARSE_TABLE, "/rows", "/names" }, "{\"names\":[\"A\"],\"rows\":[[1,2],{\"A\":1},[[3]]]}",
	    "!the row has 2 cells, and the table 1 columns;"
	    "!a row of a table must be an array of cells;{\"A\":[3]};",
	    "/rows/0@1 /rows/1@1 /rows/2@1 " },
	{ { PARSE_ONE, "/player", NULL }, "{\"a\":{\"player\":{}},\"player\":{\"n\":1},\"b\":{}}",
	    "{\"n\":1};", "/player@1 " },
	{ { PARSE_ONE, "", NULL }, "{\"n\":1}", "{\"n\":1};", "@1 " },
	{ { PARSE_LINES, "", NULL }, "{\"a\":1}\n{\"a\":2}\n", "{\"a\":1};{\"a\":2};", "/0@1 /1@2 " },
	{ { PARSE_LINES, "", NULL }, "\n  \r\n{\"a\":1}\r\n\n [2] \n3\n{}",
	    "{\"a\":1};[2];!a record must be an object or an array;{};", "/0@3 /1@5 /2@6 /3@7 " },
	{ { PARSE_LINES, "", NULL }, "", "", "" },
};

static void test_shapes(void)
{
	for (size_t i = 0; i < HS_COUNT(feeds); i++) {
		/* at once, and in pieces of every length that cuts it differently */
		for (size_t piece = 0; piece < 8; piece++) {
			struct seen seen = { .text = "" };
			struct hs_error err = HS_ERROR_INIT;
			uint64_t count = 0, want = 0;

			if (!expect_done(feeds[i].feed, read_feed(feeds[i].feed, &feeds[i].order,
				piece, &seen, &count, &err), &err))
				continue;
			expect_text(feeds[i].feed, seen.text, feeds[i].want);
			expect_text(feeds[i].feed, seen.places, feeds[i].places);
			for (const char *c = seen.places; *c != '\0'; c++)
				want += *c == '@';
			expect_int(feeds[i].feed, count, want);
		}
	}
}

#define LONG_NAME "_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789"
#define KEYS(letter) "\"" letter LONG_NAME "\":1,\"" letter "2" LONG_NAME "\":1,"

static const struct {
	struct order order;
	const char *feed;
	enum hs_error_code code;
	const char *where, *part;
} faults[] = {
	{ { PARSE_ARRAY, "/a", NULL }, "{\"b\":[]}", HS_MISSING_FIELD, "/a", "no records there" },
	{ { PARSE_ARRAY, "/a", NULL }, "[]", HS_MISSING_FIELD, "/a", "no records there: see" },
	{ { PARSE_ARRAY, "/a", NULL }, "{\"b\":{\"c\":[]},\"d\":1}", HS_MISSING_FIELD, "/a",
	    "there. It has the keys b, d: correct" },
	{ { PARSE_ARRAY, "/a/x", NULL }, "{\"q\":1,\"a\":{\"c\":{\"e\":1},\"d\":1},\"b\":2}",
	    HS_MISSING_FIELD, "/a/x", "Its /a has the keys c, d: correct" },
	{ { PARSE_ARRAY, "/a/0/x", NULL }, "{\"a\":[{\"c\":1},{\"d\":1}]}",
	    HS_MISSING_FIELD, "/a/0/x", "Its /a/0 has the keys c: correct" },
	{ { PARSE_ARRAY, "/a/x", NULL }, "{\"a\":[{\"c\":1}],\"b\":1}", HS_MISSING_FIELD, "/a/x",
	    "there. It has the keys a, b: correct" },
	{ { PARSE_ARRAY, "/z", NULL }, "{" KEYS("a") KEYS("b") KEYS("c") KEYS("d") "\"e\":1}",
	    HS_MISSING_FIELD, "/z", ", ...: correct" },
	{ { PARSE_ARRAY, "/a", NULL }, "{\"a\":{}}", HS_WRONG_TYPE, "/a", "line 1, column 6" },
	{ { PARSE_ARRAY, "/a", NULL }, "{\"a\":\"x\"}", HS_WRONG_TYPE, "/a", "array" },
	{ { PARSE_ARRAY, "/a", NULL }, "{\"a\":[],\"a\":[]}", HS_REPEATED_KEY, "/a", "twice" },
	{ { PARSE_OBJECT, "/a", NULL }, "{\"a\":[]}", HS_WRONG_TYPE, "/a", "object" },
	{ { PARSE_ONE, "/a", NULL }, "{\"a\":7}", HS_WRONG_TYPE, "/a", "object" },
	{ { PARSE_TABLE, "/r", "/h" }, "{\"r\":[]}", HS_MISSING_FIELD, "/h", "columns" },
	{ { PARSE_TABLE, "/r", "/h" }, "{\"h\":{},\"r\":[]}", HS_WRONG_TYPE, "/h", "texts" },
	{ { PARSE_TABLE, "/r", "/h" }, "{\"h\":[1],\"r\":[]}", HS_WRONG_TYPE, "/h", "item 0" },
	{ { PARSE_TABLE, "/r", "/h" }, "{\"h\":[],\"r\":[]}", HS_OUT_OF_RANGE, "/h", "columns" },
	{ { PARSE_ARRAY, "", NULL }, "", HS_EMPTY_FILE, "", "the feed is empty" },
	{ { PARSE_ARRAY, "", NULL }, "<html>", HS_BAD_JSON, "", "line 1, column 1" },
	{ { PARSE_ARRAY, "", NULL }, "[{}", HS_TRUNCATED, "", "" },
	{ { PARSE_ARRAY, "", NULL }, "[{}] x", HS_TRAILING_BYTES, "", "" },
	{ { PARSE_ARRAY, "", NULL }, "[{\"a\":\"\xe9\"}]", HS_BAD_UTF8, "", "no other encoding" },
	{ { PARSE_ARRAY, "", NULL }, "[{\"a\":\"\\u0000\"}]", HS_NUL, "", "" },
	{ { PARSE_LINES, "", NULL }, "{}\n{}\n{]\n", HS_BAD_JSON, "", "line 3, column 2" },
	{ { PARSE_LINES, "", NULL }, "{}\n{\"a\":\n1}\n", HS_TRUNCATED, "", "line 2" },
	{ { PARSE_LINES, "", NULL }, "{} {}\n", HS_TRAILING_BYTES, "", "line 1" },
};

static void test_faults(void)
{
	for (size_t i = 0; i < HS_COUNT(faults); i++) {
		for (size_t piece = 0; piece < 3; piece++) {
			struct seen seen = { .text = "" };
			struct hs_error err = HS_ERROR_INIT;
			uint64_t count = 77;

			expect_true(faults[i].feed, !read_feed(faults[i].feed, &faults[i].order,
			    piece, &seen, &count, &err));
			expect_code(faults[i].feed, &err, faults[i].code);
			expect_text(faults[i].feed, err.where, faults[i].where);
			expect_contains(faults[i].feed, err.message, faults[i].part);
			expect_int(faults[i].feed, count, 77);
		}
	}
}

/* A record larger than the bound is refused with its place, whatever it is made of. */
static void test_too_big(void)
{
	static const struct order array = { PARSE_ARRAY, "/a", NULL }, lines = { PARSE_LINES, "", NULL };
	char feed[3 * RECORD_BYTES];
	struct seen seen = { .text = "" };
	struct hs_error err = HS_ERROR_INIT;
	uint64_t count;
	size_t used;

	used = (size_t)snprintf(feed, sizeof feed, "{\"a\":[{\"n\":1},{\"n\":\"");
	memset(feed + used, 'x', RECORD_BYTES);
	snprintf(feed + used + RECORD_BYTES, 16, "\"}]}");
	expect_true("array", !read_feed(feed, &array, 0, &seen, &count, &err));
	expect_code("array", &err, HS_RECORD_TOO_BIG);
	expect_text("array", err.where, "/a/1");
	expect_text("the one before", seen.text, "{\"n\":1};");

	err = (struct hs_error)HS_ERROR_INIT;
	used = (size_t)snprintf(feed, sizeof feed, "{}\n[");
	for (size_t i = 0; i < RECORD_BYTES / 2; i++, used += 2)
		memcpy(feed + used, "7,", 3);
	snprintf(feed + used, 16, "7]\n");
	expect_true("lines", !read_feed(feed, &lines, 0, &seen, &count, &err));
	expect_code("lines", &err, HS_RECORD_TOO_BIG);
	expect_contains("lines", err.message, "line 2");
}

static void test_stop(void)
{
	static const struct order order = { PARSE_ARRAY, "", NULL };
	struct seen seen = { .is_stopped = true };
	struct hs_error err = HS_ERROR_INIT;
	uint64_t count;

	expect_true("stopped", !read_feed("[{}]", &order, 0, &seen, &count, &err));
	expect_code("stopped", &err, HS_CANCELLED);
	expect_text("nothing", seen.text, "");
}

static const struct { const char *pointer, *want; } facts[] = {
	{ "/meta/next", "abc" },
	{ "/meta/total", "12.50" },
	{ "/meta/last", "false" },
	{ "/meta/none", NULL },
	{ "/absent/x", NULL },
	{ "/list/1/b", "x" },
	{ "/twice", "first" },
	{ "/k.e/y~1", "dots" },
};

#define FACTS "{\"data\":[{\"meta\":{\"next\":\"no\"}}],\"k.e\":{\"y/\":\"dots\"}," \
	"\"list\":[{\"b\":\"w\"},{\"b\":\"x\"}],\"twice\":\"first\",\"twice\":\"second\"," \
	"\"meta\":{\"total\":12.50,\"next\":\"abc\",\"last\":false,\"none\":null}}"

static void test_facts(void)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct value_pointer pointers[HS_COUNT(facts)];
	const char *got[HS_COUNT(facts)];
	struct hs_error err = HS_ERROR_INIT;
	int fd = file_of(FACTS, strlen(FACTS));

	for (size_t i = 0; i < HS_COUNT(facts); i++)
		expect_done(facts[i].pointer,
		    value_pointer_parse(facts[i].pointer, arena, &pointers[i], &err), &err);
	for (size_t piece = 0; piece < 4; piece++) {
		const struct parse_options options = { .max_record_bytes = RECORD_BYTES,
			.piece_bytes = piece };

		if (!expect_done("facts", parse_facts(fd, pointers, HS_COUNT(facts), &options,
			arena, got, &err), &err))
			break;
		for (size_t i = 0; i < HS_COUNT(facts); i++) {
			if (facts[i].want == NULL)
				expect_true(facts[i].pointer, got[i] == NULL);
			else if (expect_true(facts[i].pointer, got[i] != NULL))
				expect_text(facts[i].pointer, got[i], facts[i].want);
		}
	}
	close(fd);
	arena_free(arena);
}

/* It reads no farther than it must; what is an object is no single value. */
static void test_facts_end(void)
{
	static const char broken[] = "{\"a\":1,\"b\":{\"c\":2},]";
	const struct parse_options options = { .max_record_bytes = RECORD_BYTES };
	struct arena *arena = arena_new(ARENA_BYTES);
	struct hs_error err = HS_ERROR_INIT;
	struct value_pointer pointer;
	int fd = file_of(broken, strlen(broken));
	const char *got;

	expect_done("a", value_pointer_parse("/a", arena, &pointer, &err), &err);
	expect_done("a", parse_facts(fd, &pointer, 1, &options, arena, &got, &err), &err);
	expect_text("a", got, "1");
	expect_done("b", value_pointer_parse("/b", arena, &pointer, &err), &err);
	expect_true("b", !parse_facts(fd, &pointer, 1, &options, arena, &got, &err));
	expect_code("b", &err, HS_WRONG_TYPE);
	expect_text("b", err.where, "/b");
	expect_done("z", value_pointer_parse("/z", arena, &pointer, &err), &err);
	expect_true("z", !parse_facts(fd, &pointer, 1, &options, arena, &got, &err));
	expect_code("z", &err, HS_BAD_JSON);
	close(fd);
	arena_free(arena);
}

static const struct hs_case cases[] = {
	{ "every shape, in pieces of every size", test_shapes },
	{ "what is wrong, and where", test_faults },
	{ "a record that is too big", test_too_big },
	{ "stopped", test_stop },
	{ "single values", test_facts },
	{ "single values, and no farther", test_facts_end },
};

int main(void)
{
	return hs_run_suite("parse", cases, HS_COUNT(cases));
}
