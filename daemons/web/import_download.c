/* import_download.c: from a row to the bytes that it is about.
 *
 * Trusts import_place.c to open the right file or none. A piece is read when the client has taken
 * the last one. It is hashed as it is read, and the last piece goes only when it is the file that
 * was imported: what ends too early, or turns out to be another file, cuts the connection, so that
 * nobody takes it for the whole; one of a single piece is refused by a page. */
#include "daemons/web/import_download.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/db.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"
#include "daemons/web/disposition.h"
#include "daemons/web/import_place.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { NUMBER_BYTES = 24, DIGEST_BYTES = 32, DIGEST_TEXT_BYTES = 2 * DIGEST_BYTES + 1 };

struct download {
	struct web *web;
	bool is_errors;			/* what is wanted */
	int fd;
	int64_t left;			/* to be read */
	EVP_MD_CTX *hash;		/* of what was */
	char sha256[DIGEST_TEXT_BYTES];	/* as it was imported */
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
	EVP_MD_CTX_free(download->hash);
	download->web->downloads--;
	free(download);
}

static struct download *download_new(struct web *web, bool is_errors)
{
	struct download *download = calloc(1, sizeof *download);

	if (download == NULL)
		return NULL;
	download->web = web;
	download->is_errors = is_errors;
	download->fd = -1;
	web->downloads++;
	if ((download->piece = evbuffer_new()) != NULL &&
	    (download->hash = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestInit_ex(download->hash, EVP_sha256(), NULL) == 1)
		return download;
	download_free(download);
	return NULL;
}

/* ---- the file ---- */

static bool is_imported_one(struct download *download, struct hs_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[DIGEST_TEXT_BYTES];

	if (EVP_DigestFinal_ex(download->hash, digest, NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to hash a download");
	return strcmp(hs_hex_text(digest, DIGEST_BYTES, text), download->sha256) == 0 ||
	    hs_error_set(err, HS_NOT_FOUND, download->file_name,
		"Another file lies there now: its checksum is not that of the imported one.");
}

/* The next piece of the file; the last one only of the file that was imported. */
static bool read_piece(struct download *download, struct hs_error *err)
{
	size_t wanted = sizeof download->buffer, length;

	if ((int64_t)wanted > download->left)
		wanted = (size_t)download->left;
	if (!hs_file_read(download->fd, download->buffer, wanted, &length, err))
		return false;
	if (length < wanted)
		return hs_error_set(err, HS_FILE_CHANGED, download->file_name,
		    "the file became shorter while it was sent");
	if (EVP_DigestUpdate(download->hash, download->buffer, length) != 1 ||
	    evbuffer_add(download->piece, download->buffer, length) != 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a download");
	download->left -= (int64_t)length;
	return download->left > 0 || is_imported_one(download, err);
}

static void on_sent(struct exchange *exchange)
{
	struct download *download = exchange->work;
	struct hs_error err = HS_ERROR_INIT;

	if (download == NULL)
		return;
	if (download->left == 0) {
		exchange_end(exchange);
	} else if (read_piece(download, &err)) {
		exchange_send(exchange, download->piece, on_sent);
	} else {
		hs_log_error(HS_LOG_WARNING, "a download is cut off", &err);
		exchange_cut(exchange);
	}
}

static void send_file(struct exchange *exchange, const PGresult *file)
{
	struct download *download = exchange->work;
	struct hs_error err = HS_ERROR_INIT;
	int64_t bytes;

	snprintf(download->sha256, sizeof download->sha256, "%s",
	    hs_db_text(file, 0, FILE_SHA256));
	if (!import_place_open(exchange->web, file, &download->fd, &download->left, &err)) {
		reply_problem(exchange, HTTP_NOTFOUND, err.message, NULL);
		return;
	}
	bytes = download->left;
	if (!read_piece(download, &err)) {
		if (err.code == HS_NOT_FOUND)
			reply_problem(exchange, HTTP_NOTFOUND, err.message, NULL);
		else
			reply_error(exchange, &err);
		return;
	}
	exchange->reply.status = HTTP_OK;
	exchange->reply.type = "application/json";
	exchange->reply.file_name = download->file_name;
	exchange->reply.body_bytes = bytes;
	exchange_begin(exchange);
	if (exchange->method == EVHTTP_REQ_HEAD || bytes == 0)
		exchange_end(exchange);
	else
		exchange_send(exchange, download->piece, on_sent);
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
	if ((download = download_new(web, is_errors)) == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a download");
		reply_error(exchange, &err);
		return;
	}
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
