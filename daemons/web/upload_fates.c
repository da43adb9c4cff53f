/* upload_fates.c: looks into incoming first, then asks the database: the importer writes the row
 * before it moves the file, so one that does not lie there any more has its row.
 *
 * Trusts nothing of the query string. */
#include "daemons/web/upload_fates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/hex.h"
#include "daemons/web/import_place.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/imports_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/upload.h"
#include "daemons/web/upload_task.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { DIGEST_DIGITS = 16, LONG_URL_BYTES = 8000 };

static const char path[] = "/admin/imports/uploads";

/* ---- the address ---- */

static char *url_new(const struct upload_result *files, size_t count, bool with_names)
{
	struct evbuffer *out = evbuffer_new();
	char value[DIGEST_DIGITS + NAME_MAX + 2], *url = NULL;
	bool done = out != NULL && evbuffer_add_printf(out, "%s?", path) > 0;

	for (size_t i = 0; done && i < count; i++) {
		snprintf(value, sizeof value, "%.*s%s%s", DIGEST_DIGITS, files[i].sha256,
		    with_names ? ":" : "", with_names ? files[i].name : "");
		done = query_string_add(out, strlen(path) + 1, "f", value);
	}
	if (done && evbuffer_add(out, "", 1) == 0)
		url = strdup((const char *)evbuffer_pullup(out, -1));
	if (out != NULL)
		evbuffer_free(out);
	return url;
}

char *upload_fates_url(const struct upload_result *files, size_t count)
{
	char *url = url_new(files, count, true);

	if (url == NULL || strlen(url) <= LONG_URL_BYTES)
		return url;
	free(url);
	return url_new(files, count, false);
}

/* ---- the page ---- */

struct page {
	char *digests[UPLOAD_FILES_MOST], *names[UPLOAD_FILES_MOST];
	bool is_waiting[UPLOAD_FILES_MOST];
	size_t count;
	struct sql sql;
	char self[EXCHANGE_URL_BYTES];
};

static void page_free(void *work)
{
	struct page *page = work;

	for (size_t i = 0; i < page->count; i++) {
		free(page->digests[i]);
		free(page->names[i]);
	}
	sql_done(&page->sql);
	free(page);
}

static bool on_pair(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct page *page = arg;
	unsigned char digest[DIGEST_DIGITS / 2];
	size_t at = page->count;

	if (strcmp(name, "f") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "this page has no parameter '%.60s': leave it out", name);
	if (at == UPLOAD_FILES_MOST)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "at most %d files can be followed",
		    (int)UPLOAD_FILES_MOST);
	if (!hs_hex_bytes(value, sizeof digest, digest) ||
	    (value[DIGEST_DIGITS] != '\0' && value[DIGEST_DIGITS] != ':'))
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "f begins with %d digits of a checksum", (int)DIGEST_DIGITS);
	page->digests[at] = strndup(value, DIGEST_DIGITS);
	page->names[at] = strdup(value[DIGEST_DIGITS] == ':' ? value + DIGEST_DIGITS + 1 : "");
	page->count++;
	return (page->digests[at] != NULL && page->names[at] != NULL) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a page");
}

/* Waiting in incoming, or in the hands of a run; done, with its row; or neither. */
static json_t *fate_new(const struct page *page, size_t i, const PGresult *rows, bool is_running)
{
	bool is_known = (int)i < PQntuples(rows) && !PQgetisnull(rows, (int)i, FILE_ID);
	bool is_done = is_known && !page->is_waiting[i];
	json_t *view = is_done ? imports_view_file_row(rows, (int)i) : json_object();

	return view_or_nothing(view, view != NULL &&
	    view_put(view, "is_done", json_boolean(is_done)) &&
	    (is_done || (view_put(view, "name", json_string(page->names[i][0] != '\0' ?
		page->names[i] : "a file")) &&
		view_put(view, "status", json_string(!page->is_waiting[i] ? "not found" :
		is_running ? "importing" : "waiting")))));
}

static bool put_fates(json_t *view, const struct page *page, PGresult *const *results)
{
	bool is_running = strcmp(hs_db_text(results[1], 0, 0), "t") == 0;
	json_t *list = json_array();
	bool done = list != NULL;
	size_t waiting = 0;

	for (size_t i = 0; done && i < page->count; i++) {
		done = json_array_append_new(list, fate_new(page, i, results[0], is_running)) == 0;
		waiting += page->is_waiting[i];
	}
	return view_put(view, "rows", view_or_nothing(list, done)) &&
	    view_put(view, "is_moving", json_boolean(waiting > 0)) &&
	    view_put(view, "moving_text", json_sprintf("%zu of %zu files are done.",
		page->count - waiting, page->count));
}

static void on_rows(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct page *page = exchange->work;
	struct following frame = { .self = page->self };
	json_t *view = json_object();

	(void)count;
	if (err != NULL) {
		json_decref(view);
		reply_error(exchange, err);
		return;
	}
	frame.moving = results[1];
	view = view_or_nothing(view, view != NULL &&
	    imports_view_frame(view, &frame, "Uploaded snapshots") &&
	    put_fates(view, page, results));
	exchange->reply.is_secret = true;
	reply_page(exchange, HTTP_OK,
	    exchange->form == FORM_FRAGMENT ? "imports/uploads" : "imports_uploads", view);
}

void uploads_page(struct exchange *exchange)
{
	struct page *page = calloc(1, sizeof *page);
	struct hs_db_statement statements[2] = { { .sql = NULL }, { .sql = imports_moving_sql } };
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a page");
		reply_error(exchange, &err);
		return;
	}
	sql_init(&page->sql);
	exchange->work = page;
	exchange->work_free = page_free;
	snprintf(page->self, sizeof page->self, "%s?%s", path, exchange->query);
	if (!query_string_read(exchange->query, on_pair, page, &err)) {
		reply_error(exchange, &err);
		return;
	}
	for (size_t i = 0; i < page->count; i++)
		page->is_waiting[i] = import_place_is_waiting(exchange->web, page->names[i]);
	imports_sql_fates(page->digests, page->names, page->count, &page->sql);
	if (!sql_finish(&page->sql, &statements[0], &err) ||
	    !exchange_ask_primary(exchange, statements, HS_COUNT(statements), on_rows, &err))
		reply_error(exchange, &err);
}
