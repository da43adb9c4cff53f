/* extractors.c: asks the primary, since a page that follows an action must know of it.
 *
 * Trusts nothing of the query string. All statements of a page see one state of the data. */
#include "daemons/web/extractors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "daemons/web/command_request.h"
#include "daemons/web/extractors_sql.h"
#include "daemons/web/extractors_view.h"
#include "daemons/web/following.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"

enum { NUMBER_BYTES = 24, MOST_STATEMENTS = 6, MOST_PAGES = EXTRACTORS_MOST / EXTRACTORS_PER_PAGE };

/* A page in the making. The order of its statements is that of the results; what is the same on all
 * pages comes last: what moves, and the request that is shown. */
struct page {
	bool has_pages;			/* it takes ?page= */
	long long page, request;	/* request 0: none is shown */
	char number[NUMBER_BYTES], first[NUMBER_BYTES], asked[NUMBER_BYTES];
	const char *list[2], *look[2];
	struct hs_db_statement statements[MOST_STATEMENTS];
	size_t count;
	char self[EXCHANGE_URL_BYTES];
};

static bool read_number(const char *name, const char *value, long long most, long long *ret,
    struct hs_error *err)
{
	if (*ret != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice", name);
	if (hs_parse_int(value, 1, most, name, ret, err))
		return true;
	err->code = HS_BAD_ARGUMENT;
	snprintf(err->where, sizeof err->where, "%s", name);
	return false;
}

static bool on_pair(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct page *page = arg;

	if (page->has_pages && strcmp(name, "page") == 0)
		return read_number(name, value, MOST_PAGES, &page->page, err);
	if (strcmp(name, "request") == 0)
		return read_number(name, value, INT32_MAX, &page->request, err);
	return hs_error_set(err, HS_BAD_ARGUMENT, name,
	    "this page has no parameter '%.60s': leave it out", name);
}

static struct page *page_new(struct exchange *exchange, bool has_pages)
{
	struct page *page = calloc(1, sizeof *page);
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a page");
		reply_error(exchange, &err);
		return NULL;
	}
	exchange->work = page;
	exchange->work_free = free;
	page->has_pages = has_pages;
	if (!query_string_read(exchange->query, on_pair, page, &err)) {
		reply_error(exchange, &err);
		return NULL;
	}
	if (page->page == 0)
		page->page = 1;
	snprintf(page->self, sizeof page->self, "%s%s%s", exchange->path,
	    exchange->query[0] != '\0' ? "?" : "", exchange->query);
	snprintf(page->number, sizeof page->number, "%lld", (long long)exchange->id);
	snprintf(page->first, sizeof page->first, "%lld",
	    (page->page - 1) * EXTRACTORS_PER_PAGE);
	snprintf(page->asked, sizeof page->asked, "%lld", page->request);
	page->look[0] = page->asked;
	page->look[1] = exchange->name;
	page->list[0] = exchange->name;
	page->list[1] = page->first;
	return page;
}

static void add(struct page *page, const char *sql, const char *const *values, size_t count)
{
	page->statements[page->count++] = (struct hs_db_statement){ .sql = sql, .values = values,
		.count = count };
}

/* moving, of extractors_moving_sql or its like, has one value: NULL, a source or a run. */
static void ask(struct exchange *exchange, const char *moving, const char *value,
    exchange_done_fn *done)
{
	struct page *page = exchange->work;
	const char *const values[] = { value };
	struct hs_error err = HS_ERROR_INIT;

	add(page, moving, values, 1);
	if (page->request > 0)
		add(page, command_request_look_sql, page->look, 1);
	if (!exchange_ask_primary(exchange, page->statements, page->count, done, &err))
		reply_error(exchange, &err);
}

/* moving: where its result is. */
static struct following frame_of(const struct exchange *exchange, PGresult *const *results,
    size_t moving)
{
	const struct page *page = exchange->work;

	return following_of(exchange, page->self, results, moving, page->request > 0);
}

/* ---- all of them ---- */

static void on_sources(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct following frame;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	frame = frame_of(exchange, results, 1);
	following_show(exchange, "extractors", "extractors/list", extractors_view_list(&frame, results[0]));
}

void extractors_page(struct exchange *exchange)
{
	struct page *page = page_new(exchange, false);

	if (page == NULL)
		return;
	add(page, extractors_sources_sql, NULL, 0);
	ask(exchange, extractors_moving_sql, NULL, on_sources);
}

/* ---- one source ---- */

static void on_source(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct page *page = exchange->work;
	struct following frame;
	bool is_asked = page->request > 0;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no source of this name.", NULL);
		return;
	}
	frame = frame_of(exchange, results, is_asked ? 4 : 3);
	following_show(exchange, "extractor", "extractors/source", extractors_view_source(&frame, results[0],
	    results[1], results[2], page->page, is_asked ? results[3] : NULL));
}

void extractors_source_page(struct exchange *exchange)
{
	struct page *page = page_new(exchange, true);

	if (page == NULL)
		return;
	add(page, extractors_source_sql, page->list, 1);
	add(page, extractors_total_sql, page->list, 1);
	add(page, extractors_runs_sql, page->list, 2);
	if (page->request > 0)
		add(page, extractors_asked_run_sql, page->look, 2);
	ask(exchange, extractors_moving_sql, exchange->name, on_source);
}

/* ---- one run ---- */

static void on_run(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct following frame;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no run of the extractor of this "
		    "number: the latest 1000 of each source are kept.", NULL);
		return;
	}
	frame = frame_of(exchange, results, 1);
	following_show(exchange, "extractor_run", "extractors/run",
	    extractors_view_run(&frame, results[0]));
}

/* Its page follows this run alone. */
void extractors_run_page(struct exchange *exchange)
{
	struct page *page = page_new(exchange, false);
	const char *number[1];

	if (page == NULL)
		return;
	number[0] = page->number;
	add(page, extractors_run_sql, number, 1);
	ask(exchange, extractors_run_moving_sql, page->number, on_run);
}
