/* test_name_set.c: a key that its object has had is found, and no other. */
#include "common/name_set.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

static bool add(struct hs_name_set *set, uint64_t object, const char *key, size_t length)
{
	struct hs_error err = HS_ERROR_INIT;
	bool is_repeated = false;

	expect_done("add", hs_name_set_add(set, object, key, length, &is_repeated, &err), &err);
	return is_repeated;
}

static const struct {
	uint64_t object;
	const char *key;
	bool is_repeated;
} rows[] = {
	{ 1, "a", false }, { 1, "b", false }, { 1, "a", true },
	{ 2, "a", false }, { 2, "a", true },		/* another object */
	{ 1, "", false }, { 1, "", true },
	{ 1, "A", false }, { 1, "a ", false },
	{ 1, "12345678", false }, { 1, "1234567", false }, { 1, "123456789", false },
	{ 1, "12345678", true }, { 1, "1234567", true }, { 1, "123456789", true },
	{ 1, "Dončić", false }, { 1, "Doncic", false }, { 1, "Dončić", true },
};

static void test_rows(void)
{
	struct hs_name_set *set = hs_name_set_new();

	for (size_t i = 0; i < HS_COUNT(rows); i++)
		expect_int(rows[i].key, add(set, rows[i].object, rows[i].key, strlen(rows[i].key)),
		    rows[i].is_repeated);
	hs_name_set_clear(set);
	expect_int("forgotten", add(set, 1, "a", 1), false);
	hs_name_set_free(set);
	hs_name_set_free(NULL);
}

/* Keys that share a long beginning, or differ by a NUL, are different. */
static void test_bytes_count(void)
{
	struct hs_name_set *set = hs_name_set_new();
	char key[300];

	memset(key, 'x', sizeof key);
	for (size_t length = 0; length <= sizeof key; length++)
		expect_int("each length", add(set, 7, key, length), false);
	expect_int("again", add(set, 7, key, 200), true);
	expect_int("a NUL", add(set, 8, "a\0", 2), false);
	expect_int("none", add(set, 8, "a", 1), false);
	hs_name_set_free(set);
}

/* An object of 300,000 keys takes no longer for each of them than one of three. */
static void test_many(void)
{
	enum { KEYS = 300000 };
	struct hs_name_set *set = hs_name_set_new();
	size_t repeated = 0;
	char key[32];

	for (unsigned i = 0; i < 2 * KEYS; i++) {
		int length = snprintf(key, sizeof key, "k%u", i % KEYS);

		repeated += add(set, 1, key, (size_t)length);
	}
	expect_int("each once again", repeated, KEYS);
	hs_name_set_clear(set);
	hs_name_set_clear(set);
	expect_int("after a big one", add(set, 1, "k0", 2), false);
	hs_name_set_free(set);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "rows", test_rows },
		{ "bytes count", test_bytes_count },
		{ "many", test_many },
	};

	return hs_run_suite("name_set", suite, HS_COUNT(suite));
}
