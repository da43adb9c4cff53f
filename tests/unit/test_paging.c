/* test_paging.c: the URLs that a run fetches, one after the other. */
#include "daemons/extractor/paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"

#define MAPPING(more) "{" more "\"records\":\"/d\",\"fields\":{" \
	"\"competition_external_id\":\"/a\",\"competition_name\":\"/a\",\"season\":\"/a\"," \
	"\"team_external_id\":\"/a\",\"team_name\":\"/a\",\"player_external_id\":\"/a\"," \
	"\"full_name\":\"/a\"}}"
#define A "\"url\":\"https://a.org/x?key=1\","

static struct mapping *mapping_of(const char *text)
{
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;
	struct mapping *mapping = NULL;

	if (!expect_done(text, mapping_parse("test", text, strlen(text), mistakes, &mapping, &err),
		&err))
		exit(1);
	hs_problems_free(mistakes);
	return mapping;
}

/* A page that was read: how many records, the next one, the total, the header's link. */
struct row {
	uint64_t records;
	const char *next;
	int64_t total;
	const char *link;
	const char *found_at;	/* NULL: where it was asked for */
};

/* The URLs in turn; the last page is followed by "". */
static const struct {
	const char *mapping, *url;
	struct row pages[4];
	const char *want[5];
} walks[] = {
	{ MAPPING(A), NULL, { { 5, "c", 9, "/y", NULL } }, { "https://a.org/x?key=1", "" } },
	{ MAPPING(""), "https://b.org/", { { 5, NULL, -1, NULL, NULL } },
	    { "https://b.org/", "" } },
	{ MAPPING("\"urls\":[\"https://a.org/1\",\"https://a.org/2\"],"), NULL,
	    { { 0, NULL, -1, NULL, NULL }, { 5, NULL, -1, NULL, NULL } },
	    { "https://a.org/1", "https://a.org/2", "" } },
	{ MAPPING("\"urls\":[\"https://a.org/1\",\"https://a.org/2\"],"), "https://b.org/z",
	    { { 1, NULL, -1, NULL, NULL } }, { "https://b.org/z", "" } },
	/* pages: until one is empty, short, or all are there */
	{ MAPPING(A "\"paging\":{\"kind\":\"page\"},"), NULL,
	    { { 5, NULL, -1, NULL, NULL }, { 5, NULL, -1, NULL, NULL },
		{ 0, NULL, -1, NULL, NULL } },
	    { "https://a.org/x?key=1&page=1", "https://a.org/x?key=1&page=2",
		"https://a.org/x?key=1&page=3", "" } },
	{ MAPPING("\"url\":\"https://a.org/x?p=9&n=1&q=p\",\"paging\":{\"kind\":\"page\",\"start\":0,"
	    "\"parameter\":\"p\",\"size\":5,\"size_parameter\":\"n\"},"), NULL,
	    { { 5, NULL, -1, NULL, NULL }, { 4, NULL, -1, NULL, NULL } },
	    { "https://a.org/x?q=p&n=5&p=0", "https://a.org/x?q=p&n=5&p=1", "" } },
	{ MAPPING(A "\"paging\":{\"kind\":\"page\",\"total\":\"/n\"},"), NULL,
	    { { 5, NULL, 10, NULL, NULL }, { 5, NULL, 10, NULL, NULL } },
	    { "https://a.org/x?key=1&page=1", "https://a.org/x?key=1&page=2", "" } },
	{ MAPPING(A "\"paging\":{\"kind\":\"offset\",\"size\":50,\"parameter\":\"page[offset]\"},"), NULL,
	    { { 50, NULL, -1, NULL, NULL }, { 50, NULL, -1, NULL, NULL },
		{ 0, NULL, -1, NULL, NULL } },
	    { "https://a.org/x?key=1&page%5boffset%5d=0", "https://a.org/x?key=1&page%5boffset%5d=50",
		"https://a.org/x?key=1&page%5boffset%5d=100", "" } },
	/* each URL has its own pages */
	{ MAPPING("\"urls\":[\"https://a.org/1\",\"https://a.org/2\"],\"paging\":{\"kind\":\"page\"},"),
	    NULL, { { 5, NULL, -1, NULL, NULL }, { 0, NULL, -1, NULL, NULL },
		{ 0, NULL, -1, NULL, NULL } },
	    { "https://a.org/1?page=1", "https://a.org/1?page=2", "https://a.org/2?page=1", "" } },
	/* cursors: a value, whatever is in it */
	{ MAPPING(A "\"paging\":{\"kind\":\"cursor\",\"next\":\"/n\"},"), NULL,
	    { { 0, "a&b=c #", -1, NULL, NULL }, { 3, "2", -1, NULL, NULL },
		{ 3, NULL, -1, NULL, NULL } },
	    { "https://a.org/x?key=1", "https://a.org/x?key=1&cursor=a%26b%3dc+%23",
		"https://a.org/x?key=1&cursor=2", "" } },
	/* links: of the page, or of the header; the password goes along */
	{ MAPPING("\"url\":\"https://u:p@a.org/x/y\",\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"), NULL,
	    { { 5, "?page=2", -1, "/no", NULL }, { 5, "https://a.org:443/z", -1, NULL, NULL },
		{ 1, NULL, -1, "/no", NULL } },
	    { "https://u:p@a.org/x/y", "https://u:p@a.org/x/y?page=2", "https://u:p@a.org:443/z", "" } },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\"},"), NULL,
	    { { 5, "/no", -1, "/2", NULL }, { 5, NULL, -1, NULL, NULL } },
	    { "https://a.org/x?key=1", "https://a.org/2", "" } },
	/* relative to where a redirect led; the password stays that of the URL */
	{ MAPPING("\"url\":\"https://u:p@a.org/old?k=1\",\"paging\":{\"kind\":\"link\","
	    "\"next\":\"/n\"},"), NULL,
	    { { 5, "page2", -1, NULL, "https://a.org/v2/list" },
		{ 5, "?page=3", -1, NULL, "https://a.org/v3/list?x=1" },
		{ 5, NULL, -1, NULL, NULL } },
	    { "https://u:p@a.org/old?k=1", "https://u:p@a.org/v2/page2",
		"https://u:p@a.org/v3/list?page=3", "" } },
	/* a server that sends on to another is asked again */
	{ MAPPING("\"url\":\"http://a.org/x/y\",\"paging\":{\"kind\":\"link\","
	    "\"next\":\"/n\"},"), NULL,
	    { { 5, "2", -1, NULL, "https://a.org/x/y" }, { 5, NULL, -1, NULL, NULL } },
	    { "http://a.org/x/y", "http://a.org/x/2", "" } },
};

static bool go_on(struct paging *paging, const struct row *row, bool *ret_is_over,
    struct hs_error *err)
{
	const struct pipeline_page page = { .records = row->records, .total = row->total,
		.next = row->next != NULL ? strdup(row->next) : NULL };
	bool done = paging_next(paging, &page, row->link, row->found_at, ret_is_over, err);

	free(page.next);
	return done;
}

static void test_walks(void)
{
	for (size_t i = 0; i < HS_COUNT(walks); i++) {
		struct mapping *mapping = mapping_of(walks[i].mapping);
		struct hs_error err = HS_ERROR_INIT;
		struct paging paging = { .mapping = NULL };
		bool is_over = false;

		if (expect_done(walks[i].mapping,
			paging_start(mapping, walks[i].url, &paging, &err), &err))
			expect_text(walks[i].mapping, paging.url, walks[i].want[0]);
		for (size_t j = 0; paging.url != NULL && walks[i].want[j][0] != '\0'; j++) {
			if (!expect_done(walks[i].mapping,
				go_on(&paging, &walks[i].pages[j], &is_over, &err), &err))
				break;
			expect_text(walks[i].mapping, is_over ? "" : paging.url, walks[i].want[j + 1]);
		}
		paging_done(&paging);
		mapping_free(mapping);
	}
}

static const struct {
	const char *mapping;
	struct row page;
	enum hs_error_code code;
	const char *part;
} faults[] = {
	{ MAPPING(A "\"paging\":{\"kind\":\"page\",\"limit\":1},"),
	    { 5, NULL, -1, NULL, NULL }, HS_TOO_BIG,
	    "more than 1 pages" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "https://b.org/x", -1, NULL, NULL }, HS_BAD_URL, "another server" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "http://a.org/x", -1, NULL, NULL }, HS_BAD_URL, "another server" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "https://a.org:444/x", -1, NULL, NULL }, HS_BAD_URL, "another server" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "file:///etc/passwd", -1, NULL, NULL }, HS_BAD_URL, "" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "//a.org@b.org/", -1, NULL, NULL }, HS_BAD_URL, "another server" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "?key=1", -1, NULL, NULL }, HS_BAD_URL, "never end" },
	{ MAPPING(A "\"paging\":{\"kind\":\"link\",\"next\":\"/n\"},"),
	    { 5, "https://b.org/2", -1, NULL, "https://b.org/x" }, HS_BAD_URL, "another server" },
};

static void test_faults(void)
{
	for (size_t i = 0; i < HS_COUNT(faults); i++) {
		struct mapping *mapping = mapping_of(faults[i].mapping);
		struct hs_error err = HS_ERROR_INIT;
		struct paging paging;
		bool is_over;

		expect_done(faults[i].mapping, paging_start(mapping, NULL, &paging, &err), &err);
		expect_true(faults[i].mapping, !go_on(&paging, &faults[i].page, &is_over, &err));
		expect_code(faults[i].mapping, &err, faults[i].code);
		expect_contains(faults[i].mapping, err.message, faults[i].part);
		paging_done(&paging);
		mapping_free(mapping);
	}
}

/* Cursors that lead from page to page, and then round and round. */
static const struct { size_t before, around, most; } circles[] = {
	{ 0, 2, 8 }, { 1, 2, 8 }, { 5, 3, 20 }, { 0, 50, 200 }, { 100, 7, 400 },
};

static void test_circles(void)
{
	for (size_t i = 0; i < HS_COUNT(circles); i++) {
		struct mapping *mapping =
		    mapping_of(MAPPING(A "\"paging\":{\"kind\":\"cursor\",\"next\":\"/n\"},"));
		struct hs_error err = HS_ERROR_INIT;
		struct paging paging;
		bool is_over = false, done;
		size_t pages = 0, at = 0;
		char cursor[32];

		expect_done("start", paging_start(mapping, NULL, &paging, &err), &err);
		do {
			if (++at == circles[i].before + circles[i].around)
				at = circles[i].before;
			snprintf(cursor, sizeof cursor, "c%zu", at);
			const struct row page = { 5, cursor, -1, NULL, NULL };

			done = go_on(&paging, &page, &is_over, &err);
		} while (done && !is_over && ++pages < circles[i].most);
		expect_true("a circle is found before long", !done);
		expect_code("circle", &err, HS_BAD_URL);
		expect_contains("circle", err.message, "one that was read before");
		paging_done(&paging);
		mapping_free(mapping);
	}
}

static void test_start(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct paging paging;
	bool is_over;
	const struct row page = { 5, "x", -1, "/y", NULL };

	expect_true("no URL", !paging_start(NULL, NULL, &paging, &err));
	expect_code("no URL", &err, HS_BAD_ARGUMENT);
	expect_done("no mapping", paging_start(NULL, "https://a.org/", &paging, &err), &err);
	expect_done("one page", go_on(&paging, &page, &is_over, &err), &err);
	expect_true("one page", is_over);
	paging_done(&paging);
	paging_done(&paging);
}

/* Records take the season from what stands beside their URL: of a URL that is not there, none. */
static void test_values_of_urls(void)
{
	struct mapping *mapping = mapping_of("{\"urls\":[{\"url\":\"https://a.org/1\",\"with\":"
	    "{\"season\":\"2024\"}},{\"url\":\"https://a.org:443/2\",\"with\":{\"season\":\"2025\"}}],"
	    "\"records\":\"/d\",\"fields\":{\"competition_external_id\":\"/a\","
	    "\"competition_name\":\"/a\",\"season\":{\"with\":\"season\"},\"team_external_id\":\"/a\","
	    "\"team_name\":\"/a\",\"player_external_id\":\"/a\",\"full_name\":\"/a\"}}");
	const struct row page = { 5, NULL, -1, NULL, NULL };
	struct hs_error err = HS_ERROR_INIT;
	struct paging paging = { .mapping = NULL };
	bool is_over = false;

	expect_true("another", !paging_start(mapping, "https://a.org/3", &paging, &err));
	expect_code("another", &err, HS_BAD_ARGUMENT);
	expect_text("another", err.where, "url");
	expect_contains("another", err.message, "\"https://a.org/3\" is none of the mapping's urls");
	expect_contains("another", err.message, "\"season\"");
	if (expect_done("the second", paging_start(mapping, "https://a.org:443/2", &paging, &err),
		&err)) {
		expect_int("the second", (long long)paging.number, 1);
		expect_done("the second", go_on(&paging, &page, &is_over, &err), &err);
		expect_true("and no more", is_over);
	}
	paging_done(&paging);
	expect_done("written otherwise", paging_start(mapping, "HTTPS://A.org/1#x", &paging, &err),
	    &err);
	expect_int("written otherwise", (long long)paging.number, 0);
	paging_done(&paging);
	mapping_free(mapping);
}

static const struct hs_case cases[] = {
	{ "from page to page", test_walks },
	{ "pages that are not followed", test_faults },
	{ "pages that lead in a circle", test_circles },
	{ "without a mapping", test_start },
	{ "values that stand beside URLs", test_values_of_urls },
};

int main(void)
{
	return hs_run_suite("paging", cases, HS_COUNT(cases));
}
