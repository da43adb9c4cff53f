/* export.c: from the database's rows to the client's socket, no faster than that takes them.
 *
 * Trusts nothing of the query string. A piece is filled while the last one is under way; with
 * it full, the stream pauses until the client has taken the last. The client's leaving frees the
 * export, and with it the database's work. */
#include "daemons/web/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/db_stream.h"
#include "common/log.h"
#include "daemons/web/export_format.h"
#include "daemons/web/replicas.h"
#include "daemons/web/reply.h"
#include "daemons/web/search_query.h"
#include "daemons/web/search_refused.h"
#include "daemons/web/search_sql.h"
#include "daemons/web/web.h"

struct exports {
	struct hs_offload *offload;
	size_t under_way;
};

struct export {
	struct exports *all;
	struct exchange *exchange;
	const struct export_format *format;
	char file_name[64];
	struct hs_db_stream *stream;
	struct evbuffer *piece;		/* being filled */
	bool begun;			/* the head is sent */
	bool sending;			/* a piece is under way */
	bool ended;			/* no more rows come */
	int64_t rows;
};

static void export_free(void *work)
{
	struct export *export = work;

	hs_db_stream_free(export->stream);
	if (export->piece != NULL)
		evbuffer_free(export->piece);
	export->all->under_way--;
	free(export);
}

static void fail(struct export *export, const struct hs_error *err)
{
	struct exchange *exchange = export->exchange;

	if (!export->begun) {
		exchange->reply.file_name = NULL;
		reply_error(exchange, err);
		return;
	}
	hs_log_error(HS_LOG_WARNING, "an export is cut off", err);
	exchange_cut(exchange);
}

static void fail_without_memory(struct export *export)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_NO_MEMORY, "", "no memory for an export");
	fail(export, &err);
}

static void begin(struct export *export)
{
	struct reply *reply = &export->exchange->reply;

	export->begun = true;
	reply->status = HTTP_OK;
	reply->type = export->format->type;
	reply->file_name = export->file_name;
	exchange_begin(export->exchange);
}

static void on_sent(struct exchange *exchange);

static void send_piece(struct export *export)
{
	export->sending = true;
	exchange_send(export->exchange, export->piece, on_sent);
}

/* The client has taken a piece: the next one, or the end. */
static void on_sent(struct exchange *exchange)
{
	struct export *export = exchange->work;
	size_t length;

	if (export == NULL)
		return;
	export->sending = false;
	length = evbuffer_get_length(export->piece);
	if (export->ended && length == 0) {
		exchange_end(exchange);
		return;
	}
	if (export->ended || length >= EXPORT_PIECE_BYTES)
		send_piece(export);
	if (!export->ended)
		hs_db_stream_resume(export->stream);
}

static void on_row(void *arg, const PGresult *row)
{
	struct export *export = arg;

	if (!export->begun)
		begin(export);
	if ((export->rows == 0 && !export->format->begin(export->piece)) ||
	    !export->format->row(export->piece, row, export->rows)) {
		fail_without_memory(export);
		return;
	}
	export->rows++;
	if (evbuffer_get_length(export->piece) < EXPORT_PIECE_BYTES)
		return;
	if (export->sending)
		hs_db_stream_pause(export->stream);
	else
		send_piece(export);
}

static void on_end(void *arg, const struct hs_error *err)
{
	struct export *export = arg;

	if (err != NULL) {
		fail(export, err);
		return;
	}
	if (!export->begun)
		begin(export);
	if ((export->rows == 0 && !export->format->begin(export->piece)) ||
	    !export->format->end(export->piece, export->rows)) {
		fail_without_memory(export);
		return;
	}
	export->ended = true;
	if (export->sending)
		return;
	if (evbuffer_get_length(export->piece) > 0)
		send_piece(export);
	else
		exchange_end(export->exchange);
}

static bool ask(struct export *export, const struct search_query *query, struct hs_error *err)
{
	static const struct hs_db_stream_events events = { on_row, on_end };
	struct web *web = export->exchange->web;
	int seconds = (int)hs_setting_int(hs_child_settings(web->child), HS_SET_SEARCH_SECONDS);
	struct hs_db_statement statement;
	struct sql *sql = malloc(sizeof *sql);
	bool done;

	if (sql == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an export");
	sql_init(sql);
	search_sql_all(query, sql);
	done = sql_finish(sql, &statement, err) &&
	    hs_db_stream_new(web->base, export->all->offload, web->settings, "hsd-web exporting",
		replicas_hosts(export->exchange), &statement, EXPORT_PATIENCE * seconds * 1000,
		&events, export, &export->stream, err);
	sql_done(sql);
	free(sql);
	return done;
}

static bool refuse_pages(const struct search_query *query, struct refusals *refusals,
    struct hs_error *err)
{
	static const enum search_param refused[] = { SEARCH_PAGE, SEARCH_PER_PAGE };

	for (size_t i = 0; i < HS_COUNT(refused); i++) {
		const char *name = search_params[refused[i]].name;
		struct hs_error refusal = HS_ERROR_INIT;

		if (!query->values[refused[i]].given)
			continue;
		hs_error_set(&refusal, HS_BAD_ARGUMENT, name,
		    "An export has all rows: leave %s out.", name);
		if (!refusals_add(refusals, &refusal))
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an export");
	}
	return true;
}

static void start(struct exchange *exchange, const struct export_format *format,
    const struct search_query *query)
{
	struct export *export = calloc(1, sizeof *export);
	struct hs_error err = HS_ERROR_INIT;
	char day[HS_DATE_TEXT_BYTES];

	if (export == NULL || (export->piece = evbuffer_new()) == NULL) {
		free(export);
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for an export");
		reply_error(exchange, &err);
		return;
	}
	export->all = exchange->web->exports;
	export->all->under_way++;
	export->exchange = exchange;
	export->format = format;
	snprintf(export->file_name, sizeof export->file_name, "hoopscout-players-%s.%s",
	    hs_date_text(exchange->today, day), format->extension);
	exchange->work = export;
	exchange->work_free = export_free;
	if (exchange->method == EVHTTP_REQ_HEAD) {
		begin(export);
		exchange_end(exchange);
	} else if (!ask(export, query, &err)) {
		fail(export, &err);
	}
}

static struct search_query *take_query(struct search_query **query)
{
	struct search_query *taken = *query;

	*query = NULL;
	return taken;
}

void export_answer(struct exchange *exchange)
{
	const struct export_format *format = export_format_find(strchr(exchange->path, '.') + 1);
	struct search_query *query = NULL;
	struct refusals refusals = { 0 };
	struct hs_error err = HS_ERROR_INIT;

	if (format == NULL)
		reply_problem(exchange, HTTP_NOTFOUND,
		    "There are /export.csv, /export.json and /export.jsonl.", NULL);
	else if (!search_query_parse(exchange->query, exchange->today, &refusals, &query, &err) ||
	    !refuse_pages(query, &refusals, &err))
		reply_search_error(exchange, &err);
	else if (refusals.count > 0)
		search_refused(exchange, take_query(&query), &refusals);
	else if (exchange->web->exports->under_way >= EXPORT_MOST)
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "Too many exports are under way; please try again in a moment.", NULL);
	else
		start(exchange, format, query);
	search_query_free(query);
	refusals_done(&refusals);
}

bool exports_new(struct event_base *base, struct exports **ret, struct hs_error *err)
{
	struct exports *exports = calloc(1, sizeof *exports);

	if (exports == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for exports");
	if (!hs_offload_new(base, &exports->offload, err)) {
		free(exports);
		return false;
	}
	*ret = exports;
	return true;
}

void exports_free(struct exports *exports)
{
	if (exports == NULL)
		return;
	hs_offload_free(exports->offload);
	free(exports);
}
