/* imports.c: asks the primary, since a page that follows an action must know of it.
 *
 * Trusts nothing of the query string. All statements of a page see one state of the data. */
#include "daemons/web/imports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "daemons/web/command_request.h"
#include "daemons/web/following.h"
#include "daemons/web/import_place.h"
#include "daemons/web/import_undo.h"
#include "daemons/web/imports_query.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/imports_view.h"
#include "daemons/web/reply.h"
#include "daemons/web/upload_task.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { NUMBER_BYTES = 24, MOST_STATEMENTS = 5, RUN_FILES_SHOWN = 100 };

/* A page in the making. The order of its statements is that of the results. */
struct page {
	struct imports_query query;
	struct sql list, total;
	char id[NUMBER_BYTES], request[NUMBER_BYTES];
	const char *values[2];		/* id, request */
	struct hs_db_statement statements[MOST_STATEMENTS];
	size_t count;
	char self[EXCHANGE_URL_BYTES];
};

static void page_free(void *work)
{
	struct page *page = work;

	sql_done(&page->list);
	sql_done(&page->total);
	free(page);
}

static struct page *page_new(struct exchange *exchange, enum imports_page page_of)
{
	struct page *page = calloc(1, sizeof *page);
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a page");
		reply_error(exchange, &err);
		return NULL;
	}
	sql_init(&page->list);
	sql_init(&page->total);
	exchange->work = page;
	exchange->work_free = page_free;
	if (!imports_query_read(exchange->query, page_of, &page->query, &err)) {
		reply_error(exchange, &err);
		return NULL;
	}
	snprintf(page->self, sizeof page->self, "%s%s%s", exchange->path,
	    exchange->query[0] != '\0' ? "?" : "", exchange->query);
	snprintf(page->id, sizeof page->id, "%lld", (long long)exchange->id);
	snprintf(page->request, sizeof page->request, "%lld", (long long)page->query.request);
	page->values[0] = page->id;
	page->values[1] = page->request;
	return page;
}

static void add(struct page *page, const char *sql, const char *const *values)
{
	page->statements[page->count++] = (struct hs_db_statement){ .sql = sql, .values = values,
		.count = values != NULL ? 1 : 0 };
}

/* What is the same on all pages comes last: what moves, and the request that is shown. */
static void ask(struct exchange *exchange, exchange_done_fn *done)
{
	struct page *page = exchange->work;
	struct hs_error err = HS_ERROR_INIT;

	add(page, imports_moving_sql, NULL);
	if (page->query.request > 0)
		add(page, command_request_look_sql, &page->values[1]);
	if (!exchange_ask_primary(exchange, page->statements, page->count, done, &err))
		reply_error(exchange, &err);
}

/* moving: where its result is. */
static struct following frame_of(const struct exchange *exchange, PGresult *const *results,
    size_t moving)
{
	const struct page *page = exchange->work;

	return following_of(exchange, page->self, results, moving, page->query.request > 0);
}

/* ---- lists ---- */

/* Filters that are typed change the address; what looks again for itself leaves it as it is. */
static void push_address(struct exchange *exchange)
{
	const struct page *page = exchange->work;
	char *url = page->query.request == 0 && exchange->form == FORM_FRAGMENT ?
	    imports_query_url(&page->query) : NULL;

	if (url != NULL && strcmp(url, page->self) != 0)
		reply_push_url(exchange, url);
	free(url);
}

static bool put_upload(const struct web *web, json_t *view)
{
	long long most = hs_setting_int(hs_child_settings(web->child), HS_SET_UPLOAD_MAX_BYTES);
	char size[32];

	return view_put(view, "upload_most", json_integer(most)) &&
	       view_put(
		   view, "upload_most_text", json_string(hs_size_text(most, size, sizeof size))) &&
	       view_put(view, "upload_files", json_integer(UPLOAD_FILES_MOST));
}

static void on_list(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct page *page = exchange->work;
	bool is_files = page->query.page_of == IMPORTS_FILES;
	struct following frame;
	json_t *view;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	frame = frame_of(exchange, results, is_files ? 3 : 2);
	view = imports_view_list(&page->query, &frame, results[0], results[1],
	    is_files ? results[2] : NULL);
	push_address(exchange);
	view = view_or_nothing(view, view != NULL && put_upload(exchange->web, view) &&
	    view_put(view, "incoming", import_place_waiting(exchange->web)));
	following_show(exchange, "imports", "imports/fragment", view);
}

static void list_page(struct exchange *exchange, enum imports_page page_of)
{
	struct page *page = page_new(exchange, page_of);
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL)
		return;
	imports_sql_total(&page->query, &page->total);
	imports_sql_list(&page->query, &page->list);
	if (!sql_finish(&page->total, &page->statements[0], &err) ||
	    !sql_finish(&page->list, &page->statements[1], &err)) {
		reply_error(exchange, &err);
		return;
	}
	page->count = 2;
	if (page_of == IMPORTS_FILES)
		add(page, imports_sources_sql, NULL);
	ask(exchange, on_list);
}

void imports_runs_page(struct exchange *exchange)
{
	list_page(exchange, IMPORTS_RUNS);
}

void imports_files_page(struct exchange *exchange)
{
	list_page(exchange, IMPORTS_FILES);
}

/* ---- one run ---- */

static void on_run(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct following frame;
	json_t *view;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no import run of this number.",
		    NULL);
		return;
	}
	frame = frame_of(exchange, results, 3);
	view = imports_view_run(&frame, results[0], results[1], results[2]);
	following_show(exchange, "import_run", "imports/run", view);
}

void imports_run_page(struct exchange *exchange)
{
	struct page *page = page_new(exchange, IMPORTS_ONE);
	struct imports_query files = { .page_of = IMPORTS_FILES, .run = exchange->id,
		.sort = "finished", .page = 1, .per_page = RUN_FILES_SHOWN };
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL)
		return;
	add(page, imports_run_sql, &page->values[0]);
	imports_sql_total(&files, &page->total);
	imports_sql_list(&files, &page->list);
	if (!sql_finish(&page->total, &page->statements[1], &err) ||
	    !sql_finish(&page->list, &page->statements[2], &err)) {
		reply_error(exchange, &err);
		return;
	}
	page->count = 3;
	ask(exchange, on_run);
}

/* ---- one file ---- */

/* The file's view, or NULL when it has been answered that there is none. */
static json_t *file_view(struct exchange *exchange, PGresult *const *results,
    const struct hs_error *err)
{
	struct following frame;
	json_t *view = NULL;

	if (err != NULL) {
		reply_error(exchange, err);
	} else if (PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no imported file of this number.",
		    NULL);
	} else {
		frame = frame_of(exchange, results, 2);
		view = imports_view_file(&frame, results[0], results[1]);
		view = view_or_nothing(view, view != NULL &&
		    import_place_put(exchange->web, view, results[0]));
		if (view == NULL)
			reply_page(exchange, HTTP_OK, "import_file", NULL);
	}
	return view;
}

static void on_file(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *view = file_view(exchange, results, err);

	(void)count;
	if (view != NULL)
		following_show(exchange, "import_file", "imports/file", view);
}

static void on_file_to_undo(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *view = file_view(exchange, results, err);

	(void)count;
	if (view != NULL)
		following_show(exchange, "import_undo", "imports/undo",
		    view_or_nothing(view, import_undo_put(view, exchange->id)));
}

static void on_file_to_delete(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *view = file_view(exchange, results, err);

	(void)count;
	if (view != NULL)
		following_show(exchange, "import_delete", "import_delete", view);
}

static void file_page(struct exchange *exchange, exchange_done_fn *done)
{
	struct page *page = page_new(exchange, IMPORTS_ONE);

	if (page == NULL)
		return;
	add(page, imports_file_sql, &page->values[0]);
	add(page, imports_duplicates_sql, &page->values[0]);
	ask(exchange, done);
}

void imports_file_page(struct exchange *exchange)
{
	file_page(exchange, on_file);
}

void import_undo_page(struct exchange *exchange)
{
	file_page(exchange, on_file_to_undo);
}

void import_delete_page(struct exchange *exchange)
{
	file_page(exchange, on_file_to_delete);
}
