/* test_value.c: trees of JSON values, what points into them, and the bounds of their memory. */
#include "daemons/extractor/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/harness.h"

enum { ARENA_BYTES = 1 << 20 };

struct building {
	struct value_builder builder;
	bool is_done;
};

static bool on_event(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct building *building = arg;

	return value_builder_take(&building->builder, event, &building->is_done, err);
}

/* The tree of a text; NULL with *err. */
static const struct value *build(const char *text, struct arena *arena, struct hs_error *err)
{
	struct building building = { .is_done = false };
	struct hs_json_stream *stream = hs_json_stream_new(1000, on_event, &building);
	bool done;

	if (!expect_true(text, stream != NULL))
		return NULL;
	value_builder_start(&building.builder, arena);
	done = hs_json_push(stream, text, strlen(text), err) && hs_json_finish(stream, err);
	hs_json_stream_free(stream);
	if (done)
		expect_true(text, building.is_done);
	return done ? building.builder.root : NULL;
}

static const char *const round_trips[] = {
	"{}", "[]", "\"\"", "0", "-12.50e+3", "true", "false", "null",
	"[1,[2,[3]],[]]",
	"{\"a\":{\"b\":[{},{\"c\":null}]},\"d.e\":\"f\"}",
	"{\"\\\"\":\"\\\\ \\u000a \\u0001\"}",
	"{\"a\":1,\"a\":2}",
	"\"Dončić \xf0\x9f\x8f\x80\"",
	"123456789012345678901234567890.123456789",
};

static void test_round_trips(void)
{
	struct arena *arena = arena_new(ARENA_BYTES);

	for (size_t i = 0; i < HS_COUNT(round_trips); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const struct value *value = build(round_trips[i], arena, &err);
		char *text = NULL;
		size_t length = 0;

		if (!expect_done(round_trips[i], value != NULL, &err))
			continue;
		expect_done(round_trips[i], value_write(value, arena, &text, &length, &err), &err);
		expect_text(round_trips[i], text, round_trips[i]);
		expect_int(round_trips[i], length, strlen(round_trips[i]));
		arena_reset(arena);
	}
	arena_free(arena);
}

#define DOCUMENT "{\"a\":[10,{\"b\":\"deep\"}],\"x.y\":1,\"\":2,\"m~n\":3,\"o/p\":4," \
	"\"q\":{\"0\":\"key\"},\"twice\":1,\"twice\":2,\"n\":null,\"t\":true}"

static const struct { const char *pointer, *want; } found[] = {
	{ "/a/0", "10" },
	{ "/a/1/b", "deep" },
	{ "/x.y", "1" },
	{ "/", "2" },
	{ "/m~0n", "3" },
	{ "/o~1p", "4" },
	{ "/q/0", "key" },
	{ "/twice", "2" },		/* the last counts */
	{ "/t", "true" },
	{ "/n", NULL },
	{ "/a/2", NULL },
	{ "/a/00", NULL },		/* no index is written so */
	{ "/a/-", NULL },
	{ "/a/18446744073709551615", NULL },
	{ "/a/b", NULL },
	{ "/x.y/z", NULL },
	{ "/missing/deeper", NULL },
};

static void test_pointers(void)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct hs_error err = HS_ERROR_INIT;
	const struct value *document = build(DOCUMENT, arena, &err);

	if (!expect_done("document", document != NULL, &err))
		return;
	for (size_t i = 0; i < HS_COUNT(found); i++) {
		struct value_pointer pointer;
		const struct value *value;

		if (!expect_done(found[i].pointer,
			value_pointer_parse(found[i].pointer, arena, &pointer, &err), &err))
			continue;
		value = value_at(document, &pointer);
		if (found[i].want == NULL)
			expect_true(found[i].pointer, value == NULL || value_text(value) == NULL);
		else if (expect_true(found[i].pointer, value != NULL))
			expect_text(found[i].pointer, value_text(value), found[i].want);
	}
	struct value_pointer whole;

	expect_done("whole", value_pointer_parse("", arena, &whole, &err), &err);
	expect_true("whole", value_at(document, &whole) == document);
	arena_free(arena);
}

/* {"k0":0,...,"twice":"no","twice":"yes","list":[0,1,...]} */
static char *big_document(int count)
{
	char *text = malloc((size_t)count * 32 + 64);
	size_t used = (size_t)sprintf(text, "{\"twice\":\"no\"");

	for (int i = 0; i < count; i++)
		used += (size_t)sprintf(text + used, ",\"k%d\":%d", i, i);
	used += (size_t)sprintf(text + used, ",\"twice\":\"yes\",\"list\":[0");
	for (int i = 1; i < count; i++)
		used += (size_t)sprintf(text + used, ",%d", i);
	sprintf(text + used, "]}");
	return text;
}

static const char *text_at(const struct value *document, const char *text)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct hs_error err = HS_ERROR_INIT;
	const struct value *value = NULL;
	struct value_pointer pointer;

	if (expect_done(text, value_pointer_parse(text, arena, &pointer, &err), &err))
		value = value_at(document, &pointer);
	arena_free(arena);
	return value != NULL ? value_text(value) : "none";
}

static void expect_all(const struct value *document, int count, int step)
{
	char pointer[32], want[16];

	for (int i = 0; i < count; i += step) {
		snprintf(want, sizeof want, "%d", i);
		snprintf(pointer, sizeof pointer, "/k%d", i);
		expect_text(pointer, text_at(document, pointer), want);
		snprintf(pointer, sizeof pointer, "/list/%d", i);
		expect_text(pointer, text_at(document, pointer), want);
	}
	snprintf(pointer, sizeof pointer, "/list/%d", count);
	expect_text(pointer, text_at(document, pointer), "none");
	expect_text("/k", text_at(document, "/k"), "none");
	expect_text("/list/x", text_at(document, "/list/x"), "none");
	expect_text("/twice", text_at(document, "/twice"), "yes");
}

/* What has very much in it is not gone through for each pointer; without room for that it is. */
static void test_big(void)
{
	enum { MANY = 40000, MOST_SECONDS = 3 };
	struct arena *arena = arena_new((size_t)64 << 20), *small = arena_new(ARENA_BYTES);
	char *text = big_document(MANY), *shorter = big_document(1000);
	struct hs_error err = HS_ERROR_INIT;
	const struct value *document = build(text, arena, &err);
	clock_t begin = clock();

	if (expect_done("big", document != NULL, &err))
		expect_all(document, MANY, 1);
	expect_true("fast", clock() - begin < MOST_SECONDS * (clock_t)CLOCKS_PER_SEC);
	if (expect_done("small", (document = build(shorter, small, &err)) != NULL, &err)) {
		while (arena_take(small, 16, &err) != NULL)
			continue;
		expect_all(document, 1000, 9);
	}
	free(text);
	free(shorter);
	arena_free(arena);
	arena_free(small);
}

static const char *const bad_pointers[] = { "a", "a/b", "/~", "/~2", "/a~", "#/a", " /a" };

static void test_bad_pointers(void)
{
	struct arena *arena = arena_new(ARENA_BYTES);

	for (size_t i = 0; i < HS_COUNT(bad_pointers); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct value_pointer pointer;

		expect_true(bad_pointers[i],
		    !value_pointer_parse(bad_pointers[i], arena, &pointer, &err));
		expect_code(bad_pointers[i], &err, HS_BAD_ARGUMENT);
	}
	char deep[2 * VALUE_MAX_TOKENS + 3] = "";
	struct hs_error err = HS_ERROR_INIT;
	struct value_pointer pointer;

	for (int i = 0; i < VALUE_MAX_TOKENS; i++)
		strcat(deep, "/a");
	expect_done("deep", value_pointer_parse(deep, arena, &pointer, &err), &err);
	strcat(deep, "/a");
	expect_true("deeper", !value_pointer_parse(deep, arena, &pointer, &err));
	arena_free(arena);
}

/* A text of so many small items. */
static char *long_list(size_t items)
{
	char *text = malloc(2 * items + 3), *at = text;

	*at++ = '[';
	for (size_t i = 0; i < items; i++) {
		*at++ = '7';
		*at++ = i + 1 < items ? ',' : ']';
	}
	*at = '\0';
	return text;
}

static void test_bound(void)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	char *text = long_list(100000);
	struct hs_error err = HS_ERROR_INIT;

	expect_true("too big", build(text, arena, &err) == NULL);
	expect_code("too big", &err, HS_RECORD_TOO_BIG);
	expect_true("bounded", arena_bytes(arena) <= ARENA_BYTES);
	free(text);
	arena_reset(arena);
	expect_int("empty again", arena_bytes(arena), 0);

	/* after a reset there is as much room as before */
	text = long_list(1000);
	for (int i = 0; i < 1000; i++) {
		err = (struct hs_error)HS_ERROR_INIT;
		if (!expect_done("again", build(text, arena, &err) != NULL, &err))
			break;
		arena_reset(arena);
	}
	free(text);
	expect_true("huge", arena_take(arena, SIZE_MAX, &err) == NULL);
	expect_true("huge", arena_take(arena, SIZE_MAX - 20, &err) == NULL);
	arena_free(arena);
	arena_free(NULL);
}

static void test_cut_text(void)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct hs_error err = HS_ERROR_INIT;
	char text[1200];

	memset(text, 'x', sizeof text);
	text[0] = text[sizeof text - 2] = '"';
	text[sizeof text - 1] = '\0';
	expect_true("long", build(text, arena, &err) == NULL);
	expect_code("long", &err, HS_TOO_LONG);
	arena_free(arena);
}

static void test_append(void)
{
	char buf[16] = "";

	expect_text("escaped", value_pointer_append(buf, sizeof buf, "a/b~"), "/a~1b~0");
	expect_text("cut", value_pointer_append(buf, sizeof buf, "123456789"), "/a~1b~0/123...");
	expect_text("full", value_pointer_append(buf, sizeof buf, "x"), "/a~1b~0/123...");
	for (size_t size = 6; size < 20; size++) {
		char small[20] = "";

		value_pointer_append(small, size, "čččččč");
		expect_true("room", strlen(small) < size);
		expect_true("whole characters", strlen(small) % 2 ==
		    (strstr(small, "...") != NULL ? 0 : 1));
	}
}

static const struct hs_case cases[] = {
	{ "written as it was read", test_round_trips },
	{ "what a pointer finds", test_pointers },
	{ "in very big values", test_big },
	{ "pointers that are none", test_bad_pointers },
	{ "memory is bounded, and used again", test_bound },
	{ "a text that was cut", test_cut_text },
	{ "a pointer grows", test_append },
};

int main(void)
{
	return hs_run_suite("value", cases, HS_COUNT(cases));
}
