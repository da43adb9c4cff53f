/* test_quality.c: what may be asked of the data quality page, its addresses, and the orders of the
 * coverage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/web/quality_query.h"
#include "daemons/web/quality_view.h"
#include "tests/unit/harness.h"

static const struct { const char *query, *address; } rounds[] = {
	{ "", "/admin/quality" },
	{ "page=1&per_page=50&sort=name", "/admin/quality" },
	{ "show=&sort=&source=&page=", "/admin/quality" },
	{ "show=coverage&sort=known&page=3", "/admin/quality?show=coverage&sort=known&page=3" },
	{ "page=2&show=twins&per_page=500", "/admin/quality?show=twins&page=2&per_page=500" },
	{ "show=coverage&source=a%26b", "/admin/quality?show=coverage&source=a%26b" },
};

static void test_addresses(void)
{
	for (size_t i = 0; i < HS_COUNT(rounds); i++) {
		struct quality_query query;
		struct hs_error err = HS_ERROR_INIT;
		char *address;

		if (!expect_done(rounds[i].query,
			quality_query_read(rounds[i].query, &query, &err), &err))
			continue;
		address = quality_query_address(&query);
		expect_text(rounds[i].query, address, rounds[i].address);
		free(address);
	}
}

static const struct { const char *query, *where; } refusals[] = {
	{ "show=none", "show" }, { "sort=-rows", "sort" }, { "page=0", "page" },
	{ "page=5001", "page" }, { "per_page=501", "per_page" }, { "per_page=1.5", "per_page" },
	{ "page=1&page=1", "page" }, { "shown=coverage", "shown" },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < HS_COUNT(refusals); i++) {
		struct quality_query query = { .page = -1 };
		struct hs_error err = HS_ERROR_INIT;

		expect_true(refusals[i].query,
		    !quality_query_read(refusals[i].query, &query, &err));
		expect_code(refusals[i].query, &err, HS_BAD_ARGUMENT);
		expect_text(refusals[i].query, err.where, refusals[i].where);
		expect_int(refusals[i].query, query.page, -1);
	}
}

/* Each has a name of its own that is fit for an address, and says what it is in a sentence. */
static void test_kinds(void)
{
	for (size_t i = 0; i < QUALITY_KINDS; i++) {
		const struct quality_kind *kind = &quality_kinds[i];
		struct quality_query query;
		struct hs_error err = HS_ERROR_INIT;

		quality_query_init(&query);
		expect_int(kind->name, strspn(kind->name, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(kind->name));
		expect_done(kind->name, quality_query_show(kind->name, &query, &err), &err);
		expect_int(kind->name, query.kind, i);
		expect_int(kind->name, kind->explanation[strlen(kind->explanation) - 1], '.');
	}
}

static char a[] = "a", b[] = "b";
static struct quality_coverage rows[] = {
	{ .source = a, .date = "2024-01-01", .rows = 10, .known = { 10, 10 } },
	{ .source = a, .date = "2023-01-01", .rows = 30, .known = { 15 } },
	{ .source = b, .date = "2023-01-01", .rows = 20, .known = { 20, 20 } },
};

static const struct { enum quality_sort sort; const char *source, *want; } orders[] = {
	{ QUALITY_BY_NAME, "", "012" }, { QUALITY_BY_KNOWN, "", "102" },
	{ QUALITY_BY_ROWS, "", "120" }, { QUALITY_BY_LATEST, "", "120" },
	{ QUALITY_BY_ROWS, "a", "10" }, { QUALITY_BY_ROWS, "c", "" },
};

static void test_orders(void)
{
	const struct quality_report report = { .coverage = rows, .coverage_count = HS_COUNT(rows) };

	for (size_t i = 0; i < HS_COUNT(orders); i++) {
		struct quality_slice slice;
		struct quality_query query;
		char got[8] = "";

		quality_query_init(&query);
		query.sort = orders[i].sort;
		snprintf(query.source, sizeof query.source, "%s", orders[i].source);
		if (!expect_true(orders[i].want, quality_slice(&report, &query, &slice)))
			continue;
		for (size_t at = 0; at < slice.count; at++)
			got[at] = (char)('0' + (slice.rows[at] - rows));
		expect_text(orders[i].want, got, orders[i].want);
		free(slice.rows);
	}
}

static void test_pages(void)
{
	const struct quality_report report = { .coverage = rows, .coverage_count = HS_COUNT(rows) };
	struct quality_query query;
	struct quality_slice slice;

	quality_query_init(&query);
	query.per_page = 2;
	for (query.page = 1; query.page <= 3; query.page++) {
		if (!expect_true("a page", quality_slice(&report, &query, &slice)))
			return;
		expect_int("total", slice.total, 3);
		expect_int("on the page", slice.count,
		    query.page == 1 ? 2 : query.page == 2 ? 1 : 0);
		expect_true("the last", query.page != 2 || slice.rows[0] == &rows[2]);
		free(slice.rows);
	}
}

static void test_mean(void)
{
	struct quality_coverage all = { .rows = 3 };
	const struct quality_coverage none = { .rows = 0 };

	for (size_t i = 0; i < QUALITY_FIELDS; i++)
		all.known[i] = 3;
	expect_int("all", quality_mean(&all), 10000);
	expect_int("no rows", quality_mean(&none), 0);
	expect_int("some", quality_mean(&rows[0]),
	    20 * 10000 / (10 * QUALITY_FIELDS));
}

static const struct hs_case cases[] = {
	{ "addresses", test_addresses },
	{ "refusals", test_refusals },
	{ "kinds", test_kinds },
	{ "orders", test_orders },
	{ "pages", test_pages },
	{ "mean", test_mean },
};

int main(void)
{
	return hs_run_suite("quality", cases, HS_COUNT(cases));
}
