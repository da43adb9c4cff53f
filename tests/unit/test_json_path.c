/* test_json_path.c: the pointer of each place in a JSON text, escaped, and cut when too long. */
#include "common/json_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { LIST_BYTES = 2048, SHORT_BYTES = 16 };

struct places {
	struct hs_path path;
	char list[LIST_BYTES];
};

static bool on_event(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct places *places = arg;
	size_t length = strlen(places->list);
	char pointer[LIST_BYTES], small[SHORT_BYTES];

	(void)err;
	hs_path_enter(&places->path, event);
	snprintf(places->list + length, sizeof places->list - length, "%s ",
	    hs_path_text(&places->path, pointer, sizeof pointer));
	hs_path_text(&places->path, small, sizeof small);
	expect_int("a short buffer has its beginning", strncmp(pointer, small, strlen(small)), 0);
	hs_path_leave(&places->path, event);
	return true;
}

static void walk(struct places *places, const char *text)
{
	struct hs_json_stream *stream = hs_json_stream_new(1000, on_event, places);
	struct hs_error err = HS_ERROR_INIT;

	if (stream == NULL)
		hs_panic("no memory");
	memset(places, 0, sizeof *places);
	expect_done(text, hs_json_push(stream, text, strlen(text), &err) &&
	    hs_json_finish(stream, &err), &err);
	hs_json_stream_free(stream);
	expect_int("back at the whole", places->path.depth, 0);
}

/* Each event's place: a key's is its value's, an end's is its beginning's. */
static const struct { const char *text, *want; } walks[] = {
	{ "1", " " },
	{ "{}", "  " },
	{ "[5,6]", " /0 /1  " },
	{ "{\"a\":1,\"b\":2}", " /a /a /b /b  " },
	{ "{\"a\":[{\"b\":[]},7],\"c\":0}",
	    " /a /a /a/0 /a/0/b /a/0/b /a/0/b /a/0 /a/1 /a /c /c  " },
	{ "[[1,[2]],[3]]", " /0 /0/0 /0/1 /0/1/0 /0/1 /0 /1 /1/0 /1  " },
	{ "{\"\":{\"~/\":1,\"\xc3\xa9\":2}}", " / / //~0~1 //~0~1 //\xc3\xa9 //\xc3\xa9 /  " },
};

static void test_walks(void)
{
	static struct places places;

	for (size_t i = 0; i < HS_COUNT(walks); i++) {
		walk(&places, walks[i].text);
		expect_text(walks[i].text, places.list, walks[i].want);
	}
}

/* A very long key is cut at a character's end. */
static void test_long_key(void)
{
	static struct places places;
	char text[600] = "{\"";
	const char *key;

	for (unsigned i = 0; i < 200; i++)
		strcat(text, "\xc3\xa9");
	strcat(text, "\":1}");
	walk(&places, text);
	key = places.list + 1;
	expect_int("begins with", strncmp(key, "/\xc3\xa9\xc3\xa9", 5), 0);
	expect_true("is cut", strcspn(key, " ") < 1 + HS_PATH_KEY_BYTES);
	expect_int("ends with", strncmp(key + strcspn(key, " ") - 5, "\xc3\xa9...", 5), 0);
}

/* As deep as JSON may be. */
static void test_deep(void)
{
	static struct places places;
	char text[2 * HS_JSON_MAX_DEPTH + 1];

	memset(text, '[', HS_JSON_MAX_DEPTH);
	memset(text + HS_JSON_MAX_DEPTH, ']', HS_JSON_MAX_DEPTH);
	text[2 * HS_JSON_MAX_DEPTH] = '\0';
	walk(&places, text);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "walks", test_walks },
		{ "long key", test_long_key },
		{ "deep", test_deep },
	};

	return hs_run_suite("json_path", suite, HS_COUNT(suite));
}
