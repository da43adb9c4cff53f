/* test_dimensions.c: names get numbers, the last name wins, and there is an end to both. */
#include "daemons/importer/dimensions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static int number(
    struct dimensions *dimensions, enum dimension kind, const char *id, const char *name)
{
	struct hs_error err = HS_ERROR_INIT;
	int ret = -1;

	expect_done(id,
	    dimensions_number(dimensions, kind, id, strlen(id), name, strlen(name), &ret, &err),
	    &err);
	return ret;
}

static void expect_name(const struct dimensions *dimensions, int n, enum dimension kind,
    const char *id, const char *name)
{
	struct dimension_name got;

	dimensions_at(dimensions, (size_t)n, &got);
	expect_int(name, got.kind, kind);
	expect_int(name, got.number, n);
	expect_bytes(name, got.external_id, got.external_id_length, id, strlen(id));
	expect_bytes(name, got.name, got.name_length, name, strlen(name));
}

static void test_numbers(void)
{
	struct dimensions *dimensions = dimensions_new();
	int nba = number(dimensions, DIMENSION_COMPETITION, "1", "NBA");
	int team = number(dimensions, DIMENSION_TEAM, "1", "Lakers");
	int season = number(dimensions, DIMENSION_SEASON, "1", "1");
	int wnba = number(dimensions, DIMENSION_COMPETITION, "12", "WNBA");

	expect_true("kinds are apart", nba != team && team != season && season != nba);
	expect_int("known", number(dimensions, DIMENSION_COMPETITION, "1", "NBA"), nba);
	expect_int("known", number(dimensions, DIMENSION_COMPETITION, "12", "WNBA"), wnba);
	expect_int("count", dimensions_count(dimensions), 4);
	expect_int(
	    "renamed, longer", number(dimensions, DIMENSION_TEAM, "1", "Los Angeles Lakers"), team);
	expect_name(dimensions, team, DIMENSION_TEAM, "1", "Los Angeles Lakers");
	expect_int("renamed, shorter", number(dimensions, DIMENSION_TEAM, "1", "LA"), team);
	expect_name(dimensions, team, DIMENSION_TEAM, "1", "LA");
	expect_name(dimensions, wnba, DIMENSION_COMPETITION, "12", "WNBA");
	expect_name(dimensions, season, DIMENSION_SEASON, "1", "1");
	dimensions_free(dimensions);
}

static void test_many(void)
{
	struct dimensions *dimensions = dimensions_new();
	struct hs_error err = HS_ERROR_INIT;
	char id[16];
	int got;

	for (int i = 0; i < DIMENSIONS_MAX; i++) {
		int length = snprintf(id, sizeof id, "%d", i);

		if (!dimensions_number(dimensions, DIMENSION_TEAM, id, (size_t)length, id,
			(size_t)length, &got, &err) || got != i) {
			expect_done(id, false, &err);
			break;
		}
	}
	expect_int("the first is still known", number(dimensions, DIMENSION_TEAM, "0", "0"), 0);
	expect_true("one too many",
	    !dimensions_number(dimensions, DIMENSION_TEAM, "x", 1, "x", 1, &got, &err));
	expect_code("one too many", &err, HS_TOO_MANY_NAMES);
	dimensions_free(dimensions);
}

/* Few but long names are bounded too, and what was refused leaves the rest whole. */
static void test_long(void)
{
	enum { LONG = 1 << 20 };
	struct dimensions *dimensions = dimensions_new();
	struct hs_error err = HS_ERROR_INIT;
	char *name = malloc(LONG), id[16];
	bool done = true;
	int got, i;

	memset(name, 'n', LONG);
	for (i = 0; done && i < 64; i++) {
		snprintf(id, sizeof id, "%d", i);
		done = dimensions_number(
		    dimensions, DIMENSION_TEAM, id, strlen(id), name, LONG, &got, &err);
	}
	expect_code("long names", &err, HS_TOO_MANY_NAMES);
	expect_true("long names", i <= DIMENSIONS_MAX_BYTES / LONG + 1);
	expect_int("the first is still known", number(dimensions, DIMENSION_TEAM, "0", "short"), 0);
	free(name);
	dimensions_free(dimensions);
}

static const struct hs_case cases[] = {
	{ "numbers", test_numbers },
	{ "many", test_many },
	{ "long", test_long },
};

int main(void)
{
	return hs_run_suite("dimensions", cases, HS_COUNT(cases));
}
