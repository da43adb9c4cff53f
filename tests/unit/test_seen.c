/* test_seen.c: what was noted is known again, and nothing else is. */
#include "daemons/extractor/seen.h"

#include <stdio.h>

#include "tests/unit/harness.h"

static bool add(struct seen *seen, const char *a, const char *b)
{
	const char *const texts[] = { a, b };
	struct hs_error err = HS_ERROR_INIT;
	bool repeated = false;

	expect_done(a, seen_add(seen, texts, 2, &repeated, &err), &err);
	return repeated;
}

static void test_texts(void)
{
	struct seen *seen = seen_new();

	expect_true("new", !add(seen, "ab", "c"));
	expect_true("again", add(seen, "ab", "c"));
	expect_true("parts", !add(seen, "a", "bc"));
	expect_true("empty", !add(seen, "", "abc"));
	expect_true("other end", !add(seen, "abc", ""));
	expect_true("long", !add(seen, "12345678", "12345678"));
	expect_true("one long", !add(seen, "1234567812345678", ""));
	expect_true("again", add(seen, "12345678", "12345678"));
	seen_free(seen);
	seen_free(NULL);
}

/* Many, in growing tables: each is new once, and known ever after. */
static void test_many(void)
{
	enum { COUNT = 200000 };
	struct seen *seen = seen_new();
	char text[32];

	for (int round = 0; round < 2; round++) {
		int repeated = 0;

		for (int i = 0; i < COUNT; i++) {
			snprintf(text, sizeof text, "%d", i);
			repeated += add(seen, text, "x");
		}
		expect_int("repeated", repeated, round * COUNT);
	}
	seen_free(seen);
}

static const struct hs_case cases[] = {
	{ "texts", test_texts },
	{ "many", test_many },
};

int main(void)
{
	return hs_run_suite("seen", cases, HS_COUNT(cases));
}
