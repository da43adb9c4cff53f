/* test_origins.c: each record's place is found again, from memory or from the file. */
#include "daemons/extractor/origins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static void add(struct origins *origins, uint64_t number)
{
	char pointer[PARSE_PLACE_BYTES];
	const struct feed_place place = { .pointer = pointer, .page = number / 1000 + 1,
		.record = number + 1, .line = 3 * number, .column = number % 7 };
	struct hs_error err = HS_ERROR_INIT;

	/* of any length, too long ones among them */
	memset(pointer, 'x', sizeof pointer);
	pointer[(number * 37) % sizeof pointer] = '\0';
	pointer[sizeof pointer - 1] = '\0';
	expect_done("add", origins_add(origins, &place, &err), &err);
}

static void expect_place(const struct origin *found, size_t count, uint64_t number)
{
	const struct origin *origin = origins_at(found, count, number);

	if (!expect_true("found", origin != NULL))
		return;
	expect_int("page", origin->place.page, number / 1000 + 1);
	expect_int("record", origin->place.record, number + 1);
	expect_int("line", origin->place.line, 3 * number);
	expect_int("column", origin->place.column, number % 7);
	expect_int("pointer", strlen(origin->place.pointer), (number * 37) % PARSE_PLACE_BYTES);
}

static void test_counts(void)
{
	static const uint64_t counts[] = { 1, 100, 5000 };	/* the last does not fit the memory */

	for (size_t i = 0; i < HS_COUNT(counts); i++) {
		uint64_t count = counts[i];
		struct origins *origins = origins_new();
		struct origin wanted[] = { { .number = count - 1 }, { .number = 0 },
			{ .number = count / 2 }, { .number = count }, { .number = UINT64_MAX },
			{ .number = 0 } };
		struct hs_error err = HS_ERROR_INIT;

		for (uint64_t number = 0; number < count; number++)
			add(origins, number);
		expect_done("find", origins_find(origins, wanted, HS_COUNT(wanted), &err), &err);
		expect_place(wanted, HS_COUNT(wanted), 0);
		expect_place(wanted, HS_COUNT(wanted), count / 2);
		expect_place(wanted, HS_COUNT(wanted), count - 1);
		expect_int("there is none",
		    origins_at(wanted, HS_COUNT(wanted), count)->place.record, 0);
		expect_true("not wanted",
		    origins_at(wanted, HS_COUNT(wanted), 3 * count) == NULL);
		expect_done("nothing", origins_find(origins, NULL, 0, &err), &err);
		origins_free(origins);
	}
	origins_free(NULL);
}

static const struct hs_case cases[] = {
	{ "few and many", test_counts },
};

int main(void)
{
	return hs_run_suite("origins", cases, HS_COUNT(cases));
}
