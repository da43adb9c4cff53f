/* test_nearest.c: distances between words, and the word that was meant. */
#include "common/nearest.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct {
	const char *a, *b;
	size_t want;
} distances[] = {
	{ "", "", 0 },
	{ "", "abc", 3 },
	{ "status", "status", 0 },
	{ "stauts", "status", 1 },		/* two letters swapped */
	{ "statu", "status", 1 },
	{ "statuss", "status", 1 },
	{ "stXtus", "status", 1 },
	{ "Xstatu", "status", 2 },
	{ "abc", "xyz", 3 },
	{ "ca", "abc", 3 },		/* what is swapped stays so */
};

static void test_distance(void)
{
	char longer[2 * HS_NEAREST_BYTES + 1];

	for (size_t i = 0; i < HS_COUNT(distances); i++) {
		expect_int(distances[i].a, hs_text_distance(distances[i].a, distances[i].b),
		    distances[i].want);
		expect_int(distances[i].b, hs_text_distance(distances[i].b, distances[i].a),
		    distances[i].want);
	}
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	expect_int("bounded", hs_text_distance(longer, ""), HS_NEAREST_BYTES);
	expect_int("bounded, both", hs_text_distance(longer, longer), 0);
	expect_int("lengths", hs_edit_distance("abcd", 2, "abxy", 3), 1);
}

static const struct { const char *typed, *want; } words[] = {
	{ "recrods", "records" },
	{ "record", "records" },
	{ "feilds", "fields" },
	{ "at", "at" },
	{ "ta", "at" },
	{ "a", "at" },
	{ "xy", "none" },
	{ "something else", "none" },
	{ "", "none" },
};

static void test_nearest(void)
{
	static const char *const names[] = { "records", "fields", "at", NULL };
	static const char *const none[] = { NULL };

	for (size_t i = 0; i < HS_COUNT(words); i++) {
		const char *got = hs_nearest(words[i].typed, names);

		expect_text(words[i].typed, got != NULL ? got : "none", words[i].want);
	}
	expect_true("of none", hs_nearest("records", none) == NULL);
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "distances", test_distance },
		{ "the nearest", test_nearest },
	};

	return hs_run_suite("nearest", cases, HS_COUNT(cases));
}
