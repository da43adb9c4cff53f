/* test_compare_query.c: what a comparison's address may say, and that it reads back the same. */
#include "daemons/web/compare_query.h"

#include <string.h>

#include "tests/unit/harness.h"

/* canonical of a good one; else the parameter that is refused. */
static const struct { const char *text; bool good; const char *want; } queries[] = {
	{ "", true, "" },
	{ "player=7", true, "player=7" },
	{ "player=9&player=7&player=", true, "player=9&player=7" },
	{ "player=1&player=2&player=3&player=4&player=5&player=6", true,
	    "player=1&player=2&player=3&player=4&player=5&player=6" },
	{ "season=2024-25&player=7", true, "player=7&season=2024-25" },
	{ "player=7&figures=best", true, "player=7&figures=best" },
	{ "player=7&figures=latest", true, "player=7" },
	{ "player=7&season=&figures=best&name=", true, "player=7&figures=best" },
	{ "player=7&name=%20Don%C4%8Di%C4%87+", true, "player=7&name=Don%C4%8Di%C4%87" },
	{ "player=1&player=2&player=3&player=4&player=5&player=6&player=7", false, "player" },
	{ "player=7&player=7", false, "player" },
	{ "player=7&player=07", false, "player" },
	{ "player=0", false, "player" },
	{ "player=-1", false, "player" },
	{ "player=2147483648", false, "player" },
	{ "player=7,9", false, "player" },
	{ "player=7&season=1&season=2", false, "season" },
	{ "player=7&season=1&figures=best", false, "season" },
	{ "figures=best&figures=best", false, "figures" },
	{ "figures=latest&figures=best", false, "figures" },
	{ "figures=latest&figures=latest", false, "figures" },
	{ "figures=most", false, "figures" },
	{ "name=a&name=b", false, "name" },
	{ "players=7", false, "players" },
	{ "player=%00", false, "player" },
};

static void test_queries(void)
{
	for (size_t i = 0; i < HS_COUNT(queries); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct compare_query *query = NULL;
		struct evbuffer *out = evbuffer_new();
		bool good = compare_query_parse(queries[i].text, &query, &err);

		expect_true(queries[i].text, good == queries[i].good);
		if (!good) {
			expect_text(queries[i].text, err.where, queries[i].want);
		} else {
			expect_true("written", compare_query_write(query, true, out) &&
			    evbuffer_add(out, "", 1) == 0);
			expect_text(queries[i].text, (const char *)evbuffer_pullup(out, -1),
			    queries[i].want);
		}
		compare_query_free(query);
		evbuffer_free(out);
	}
}

static void test_bounds(void)
{
	char text[COMPARE_MAX_CHARACTERS + 16] = "season=";
	struct hs_error err = HS_ERROR_INIT;
	struct compare_query *query = NULL;

	memset(text + 7, 'x', COMPARE_MAX_CHARACTERS);
	expect_true("the longest season", compare_query_parse(text, &query, &err));
	compare_query_free(query);
	text[7 + COMPARE_MAX_CHARACTERS] = 'x';
	expect_true("too long", !compare_query_parse(text, &query, &err));
	expect_text("too long", err.where, "season");
}

static const struct hs_case cases[] = {
	{ "queries", test_queries },
	{ "bounds", test_bounds },
};

int main(void)
{
	return hs_run_suite("compare_query", cases, HS_COUNT(cases));
}
