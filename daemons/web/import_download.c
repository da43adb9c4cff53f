/* import_download.c: from a row to the bytes that it is about.
 *
 * Trusts import_place.c to open the right file or none. A piece is read when the client has taken
 * the last one; a file that ends before its length is there cuts the connection, so that nobody
 * takes a part for the whole. */
#include "daemons/web/import_download.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/db.h"
#include "common/file.h"
#include "common/log.h"
#include "daemons/web/disposition.h"
#include "daemons/web/import_place.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { NUMBER_BYTES = 24 };

struct download {
	struct web *web;
	bool is_errors;			/* what is wanted */
	int fd;
	int64_t left;
	struct evbuffer *piece;
	char file_name[DISPOSITION_NAME_BYTES];
	char buffer[IMPORT_DOWNLOAD_PIECE_BYTES];
};

static void download_free(void *work)
{
	struct download *download = work;

	if (download->fd >= 0)
		close(download->fd);
	if (download->piece != NULL)
		evbuffer_free(download->piece);
	download->web->downloads--;
	free(download);
}

/* ---- the file ---- */

static void on_sent(struct exchange *exchange)
{
	struct download *download = exchange->work;
	size_t wanted = sizeof download->buffer, length;
	struct hs_error err = HS_ERROR_INIT;

	if (download == NULL)
		return;
	if (download->left == 0) {
		exchange_end(exchange);
		return;
	}
	if ((int64_t)wanted > download->left)
		wanted = (size_t)download->left;
	if (hs_file_read(download->fd, download->buffer, wanted, &length, &err) &&
	    length < wanted)
		hs_error_set(&err, HS_FILE_CHANGED, download->file_name,
		    "the file became shorter while it was sent");
	else if (err.code == HS_OK &&
	    evbuffer_add(download->piece, download->buffer, length) != 0)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a download");
	if (err.code != HS_OK) {
		hs_log_error(HS_LOG_WARNING, "a download is cut off", &err);
		exchange_cut(exchange);
		return;
	}
	download->left -= (int64_t)length;
	exchange_send(exchange, download->piece, on_sent);
}

static void send_file(struct exchange *exchange, const PGresult *file)
{
	struct download *download = exchange->work;
	struct hs_error err = HS_ERROR_INIT;

	if (!import_place_open(exchange->web, file, &download->fd, &download->left, &err)) {
		reply_problem(exchange, HTTP_NOTFOUND, err.message, NULL);
		return;
	}
	exchange->reply.status = HTTP_OK;
	exchange->reply.type = "application/json";
	exchange->reply.file_name = download->file_name;
	exchange->reply.body_bytes = download->left;
	exchange_begin(exchange);
	if (exchange->method == EVHTTP_REQ_HEAD)
		exchange_end(exchange);
	else
		on_sent(exchange);
}

/* ---- its errors ---- */

/* As NAME.errors.json beside the file has them, from the database, which is on no other machine. */
static json_t *report_of(const PGresult *file)
{
	const char *problems = hs_db_text(file, 0, FILE_PROBLEM_LIST);

	return json_pack("{s:s, s:s, s:I, s:s, s:I, s:o?}", "file", hs_db_text(file, 0, FILE_NAME),
	    "sha256", hs_db_text(file, 0, FILE_SHA256), "size_bytes",
	    (json_int_t)hs_db_int(file, 0, FILE_SIZE), "checked_at",
	    hs_db_text(file, 0, FILE_FINISHED), "problem_total",
	    (json_int_t)hs_db_int(file, 0, FILE_PROBLEMS), "problems",
	    problems != NULL ? json_loads(problems, 0, NULL) : NULL);
}

static void send_errors(struct exchange *exchange, const PGresult *file)
{
	struct download *download = exchange->work;
	size_t used = strlen(download->file_name);

	if (strcmp(hs_db_text(file, 0, FILE_STATUS), "failed") != 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "This file has no errors.", NULL);
		return;
	}
	snprintf(download->file_name + used, sizeof download->file_name - used, ".errors.json");
	exchange->reply.file_name = download->file_name;
	reply_json(exchange, HTTP_OK, report_of(file));
}

/* ---- both ---- */

static void on_file(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct download *download = exchange->work;
	const PGresult *file = results != NULL ? results[0] : NULL;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (PQntuples(file) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no imported file of this number.",
		    NULL);
		return;
	}
	snprintf(download->file_name, sizeof download->file_name, "%.780s",
	    hs_db_text(file, 0, FILE_NAME));
	if (download->is_errors)
		send_errors(exchange, file);
	else
		send_file(exchange, file);
}

static void start(struct exchange *exchange, bool is_errors)
{
	struct web *web = exchange->web;
	char id[NUMBER_BYTES];
	const char *const values[] = { id };
	const struct hs_db_statement statement = { .sql = imports_file_sql, .values = values,
		.count = 1 };
	struct hs_error err = HS_ERROR_INIT;
	struct download *download;

	if (!query_string_refuse(exchange->query, &err)) {
		reply_error(exchange, &err);
		return;
	}
	if (web->downloads >= IMPORT_DOWNLOADS_MOST) {
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "Too many files are being sent; please try again in a moment.", NULL);
		return;
	}
	download = calloc(1, sizeof *download);
	if (download == NULL || (download->piece = evbuffer_new()) == NULL) {
		free(download);
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a download");
		reply_error(exchange, &err);
		return;
	}
	download->web = web;
	download->is_errors = is_errors;
	download->fd = -1;
	web->downloads++;
	exchange->work = download;
	exchange->work_free = download_free;
	snprintf(id, sizeof id, "%lld", (long long)exchange->id);
	if (!exchange_ask_primary(exchange, &statement, 1, on_file, &err))
		reply_error(exchange, &err);
}

void import_download_file(struct exchange *exchange)
{
	start(exchange, false);
}

void import_download_errors(struct exchange *exchange)
{
	start(exchange, true);
}
