/* test_search_sql.c: which route a search takes, and that no visitor writes its text. */
#include "daemons/web/search_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

static const struct hs_date today = { 2026, 11, 25 };

enum { USUAL_LOOK_UPS = 60000 };

static long long look_ups = USUAL_LOOK_UPS;

static struct search_sql *make(const char *text)
{
	struct hs_error err = HS_ERROR_INIT;
	struct search_query *query;
	struct search_sql *sql = NULL;

	if (!expect_done(text, search_query_parse(text, today, NULL, &query, &err), &err))
		exit(EXIT_FAILURE);
	expect_done(text, search_sql_new(query, look_ups, &sql, &err), &err);
	search_query_free(query);
	return sql;
}

static bool has_value(const struct sql *sql, const char *value)
{
	for (size_t i = 0; i < sql->count; i++) {
		if (strcmp(sql->values[i], value) == 0)
			return true;
	}
	return false;
}

static const struct { const char *text, *route; } routes[] = {
	{ "", "best" }, { "name=x&height_min=200&sort=-age", "best" },
	{ "position=C&age_min=20", "best" },
	{ "ppg_min=20", "walk" }, { "tov_max=3&sort=name", "walk" },
	{ "games_min=5&height_min=200&sort=age", "walk" },
	{ "ppg_min=20&sort=ppg", "climb" }, { "tov_max=2&sort=games&page=9", "climb" },
	{ "season=2018&sort=name", "walk" },
	{ "ppg_min=20&page=400", "walk" }, { "ppg_min=20&page=401", "deep" },
	{ "page=2000", "best" }, { "sort=ppg&page=2000", "deep" }, { "role=x&page=2000", "deep" },
	{ "season=2018&page=2000", "rows" }, { "season=2018&name=x", "rows" },
	{ "team=a:b&ppg_min=3", "rows" }, { "competition=a:b&sort=name", "rows" },
};

static void test_routes(void)
{
	for (size_t i = 0; i < HS_COUNT(routes); i++) {
		struct search_sql *sql = make(routes[i].text);

		expect_text(routes[i].text, sql->route, routes[i].route);
		search_sql_free(sql);
	}
}

/* text of a query, and a value that one of its parameters must be. */
static const struct { const char *text, *value; } values[] = {
	{ "name=O%27Neal", "%oneal%" },
	{ "name=100%25_x%5C", "%100\\%\\_x\\\\%" },		/* wildcards are letters */
	{ "season=a%22b%5Cc&season=x,y", "{\"a\\\"b\\\\c\",\"x,y\"}" },
	{ "position=%7B%7D", "{\"{}\"}" },
	{ "team=nba:LAL&team=nba:A:B", "{\"nba:A:B\",\"nba:LAL\"}" },
	{ "ppg_min=19.996", "2000" }, { "tov_max=2.999", "299" }, { "height_min=200.5", "20050" },
	{ "age_min=19", "2007-11-25" }, { "age_max=19", "2006-11-25" },
	{ "age_min=19&age_on=2024-02-29", "2005-02-28" },
};

static void test_values(void)
{
	for (size_t i = 0; i < HS_COUNT(values); i++) {
		struct search_sql *sql = make(values[i].text);

		expect_true(values[i].text, has_value(&sql->page, values[i].value));
		search_sql_free(sql);
	}
}

/* The first pages without filters are planned once, so their statements have no values. */
static void test_pages(void)
{
	struct search_sql *sql = make("page=3&per_page=10");

	expect_contains("third page", sql->page.text, " limit 10 offset 20)");
	search_sql_free(sql);
	sql = make("sort=-rpg");
	expect_int("no values", (long long)sql->page.count, 0);
	expect_int("none for the total", (long long)sql->total.count, 0);
	search_sql_free(sql);
}

/* Digits, quotes and words of a visitor never reach the text. */
static void test_injection(void)
{
	static const char *const fields[] = { "name", "position", "role", "season", "nationality" };
	char query[200];

	for (size_t i = 0; i < HS_COUNT(fields); i++) {
		struct search_sql *sql;

		snprintf(query, sizeof query,
		    "%s=zzz%%27;drop+table+player--%%22%%24%%24&ppg_min=7&team=zzz:zzz%%27",
		    fields[i]);
		sql = make(query);
		expect_true(query, strstr(sql->page.text, "zzz") == NULL &&
		    strstr(sql->total.text, "zzz") == NULL);
		expect_true(query, strstr(sql->page.text, "700") == NULL);
		search_sql_free(sql);
	}
}

/* Every $n of the text has its value, and every value its $n. */
static void check_places(const char *row, const struct sql *sql)
{
	for (size_t i = 1; i <= sql->count; i++) {
		char place[16];

		snprintf(place, sizeof place, "$%zu::", i);
		expect_true(row, strstr(sql->text, place) != NULL);
	}
	for (const char *c = strchr(sql->text, '$'); c != NULL; c = strchr(c + 1, '$'))
		expect_true(row, strtoul(c + 1, NULL, 10) >= 1 &&
		    strtoul(c + 1, NULL, 10) <= sql->count);
}

/* Every parameter, as full as it may be; what makes a search tight is apart, for the routes. */
static const char everything[] =
    "&name=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t&position=C&role=r"
    "&nationality=n&age_min=1&age_max=90&age_on=2026-01-01&height_min=1&height_max=2&weight_min=1"
    "&weight_max=2&games_min=1&mpg_min=1&ppg_min=1&rpg_min=1&apg_min=1&spg_min=1&bpg_min=1"
    "&tov_max=1&fg_pct_min=1&three_pt_pct_min=1&ft_pct_min=1";
static const char *const more[] = {
	"", "&page=1000000&per_page=100", "&season=s", "&competition=a:b&season=s&team=a:b",
};

static void test_every_sort(void)
{
	for (size_t i = 0; i < 4 * (size_t)SEARCH_KEY_COUNT; i++) {
		for (size_t k = 0; k <= HS_COUNT(more); k++) {
			char query[1024];
			struct search_sql *sql;

			snprintf(query, sizeof query, "sort=%s%s%s%s", i % 2 == 0 ? "-" : "",
			    search_keys[i / 4].key, k > 0 ? everything : "", k > 0 ? more[k - 1] : "");
			sql = make(query);
			check_places(query, &sql->page);
			check_places(query, &sql->total);
			search_sql_free(sql);
		}
	}
}

static void test_no_look_ups(void)
{
	look_ups = 0;
	test_every_sort();
	look_ups = USUAL_LOOK_UPS;
}

static void test_builder(void)
{
	struct hs_db_statement statement;
	struct hs_error err = HS_ERROR_INIT;
	struct sql *sql = malloc(sizeof *sql);

	sql_init(sql);
	for (int i = 0; i < HS_DB_JOB_VALUES; i++)
		sql_number(sql, i);
	expect_true("as many as may be", sql_finish(sql, &statement, &err));
	sql_number(sql, 0);
	expect_true("one more", !sql_finish(sql, &statement, &err));
	expect_code("one more", &err, HS_TOO_LONG);
	sql_done(sql);

	sql_init(sql);
	for (int i = 0; i < SQL_MAX_BYTES; i++)
		sql_put(sql, "x");
	expect_true("too long", !sql_finish(sql, &statement, &err));
	sql_done(sql);
	free(sql);
}

static const struct hs_case cases[] = {
	{ "routes", test_routes },
	{ "values", test_values },
	{ "pages", test_pages },
	{ "injection", test_injection },
	{ "every sort and filter", test_every_sort },
	{ "the same, nobody looked up", test_no_look_ups },
	{ "the builder's bounds", test_builder },
};

int main(void)
{
	return hs_run_suite("search_sql", cases, HS_COUNT(cases));
}
