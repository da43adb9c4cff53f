/* imports_api.c: asks the primary, as the pages do: who has asked for an import wants to see it.
 *
 * Trusts the columns of imports_sql.c, and nothing of the query string. */
#include "daemons/web/imports_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/exchange.h"
#include "daemons/web/figures.h"
#include "daemons/web/imports_query.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

enum { NUMBER_BYTES = 24, TIME_BYTES = 32 };

/* ---- values ---- */

static json_t *number_value(const PGresult *result, int row, int column)
{
	return hs_db_text(result, row, column) == NULL ? json_null() :
	    json_integer((json_int_t)hs_db_int(result, row, column));
}

/* "2026-11-25 02:43:20" as "2026-11-25T02:43:20Z". */
static json_t *time_value(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);
	char time[TIME_BYTES], *blank;

	if (text == NULL)
		return json_null();
	snprintf(time, sizeof time, "%sZ", text);
	if ((blank = strchr(time, ' ')) != NULL)
		*blank = 'T';
	return json_string(time);
}

static json_t *seconds_value(const PGresult *result, int row, int column)
{
	return json_real(strtod(hs_db_text(result, row, column), NULL));
}

/* ---- rows ---- */

static json_t *run_json(const PGresult *result, int row)
{
	static const struct { const char *key; int column; } counts[] = {
		{ "files", RUN_FILES }, { "imported", RUN_IMPORTED },
		{ "duplicate", RUN_DUPLICATE }, { "failed", RUN_FAILED },
		{ "records", RUN_RECORDS }, { "created", RUN_CREATED },
		{ "updated", RUN_UPDATED }, { "unchanged", RUN_UNCHANGED }, { "stale", RUN_STALE },
	};
	json_t *run = json_object();
	bool done = view_put(run, "id", number_value(result, row, RUN_ID)) &&
	    view_put(run, "trigger", text_json(result, row, RUN_TRIGGER)) &&
	    view_put(run, "status", text_json(result, row, RUN_STATUS)) &&
	    view_put(run, "started_at", time_value(result, row, RUN_STARTED)) &&
	    view_put(run, "finished_at", time_value(result, row, RUN_FINISHED)) &&
	    view_put(run, "seconds", seconds_value(result, row, RUN_SECONDS));

	for (size_t i = 0; done && i < HS_COUNT(counts); i++)
		done = view_put(run, counts[i].key, number_value(result, row, counts[i].column));
	return view_or_nothing(run, done);
}

static json_t *file_json(const PGresult *result, int row)
{
	static const struct { const char *key; int column; } counts[] = {
		{ "size_bytes", FILE_SIZE }, { "records", FILE_RECORDS },
		{ "created", FILE_CREATED }, { "updated", FILE_UPDATED },
		{ "unchanged", FILE_UNCHANGED }, { "stale", FILE_STALE },
		{ "problem_total", FILE_PROBLEMS }, { "duplicate_of", FILE_DUPLICATE_OF },
	};
	json_t *file = json_object();
	bool done = view_put(file, "id", number_value(result, row, FILE_ID)) &&
	    view_put(file, "run", number_value(result, row, FILE_RUN)) &&
	    view_put(file, "name", text_json(result, row, FILE_NAME)) &&
	    view_put(file, "status", text_json(result, row, FILE_STATUS)) &&
	    view_put(file, "source_name", text_json(result, row, FILE_SOURCE)) &&
	    view_put(file, "snapshot_date", text_json(result, row, FILE_SNAPSHOT)) &&
	    view_put(file, "trigger", text_json(result, row, FILE_TRIGGER)) &&
	    view_put(file, "finished_at", time_value(result, row, FILE_FINISHED)) &&
	    view_put(file, "seconds", seconds_value(result, row, FILE_SECONDS)) &&
	    view_put(file, "stored_as", text_json(result, row, FILE_STORED_AS)) &&
	    view_put(file, "sha256", text_json(result, row, FILE_SHA256));

	for (size_t i = 0; done && i < HS_COUNT(counts); i++)
		done = view_put(file, counts[i].key, number_value(result, row, counts[i].column));
	return view_or_nothing(file, done);
}

/* ---- lists ---- */

struct list {
	struct imports_query query;
	struct sql total, rows;
};

static void list_free(void *work)
{
	struct list *list = work;

	sql_done(&list->total);
	sql_done(&list->rows);
	free(list);
}

static void on_list(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct list *list = exchange->work;
	bool is_files = list->query.page_of == IMPORTS_FILES;
	json_t *rows = json_array();
	bool done = rows != NULL;

	(void)count;
	if (err != NULL) {
		json_decref(rows);
		reply_error(exchange, err);
		return;
	}
	for (int row = 0; done && row < PQntuples(results[1]); row++)
		done = json_array_append_new(rows, is_files ? file_json(results[1], row) :
							      run_json(results[1], row)) == 0;
	reply_json(exchange, HTTP_OK, json_pack("{s:I, s:I, s:I, s:o}", "total",
	    (json_int_t)hs_db_int(results[0], 0, 0), "page", (json_int_t)list->query.page,
	    "per_page", (json_int_t)list->query.per_page, is_files ? "files" : "runs",
	    view_or_nothing(rows, done)));
}

/* "request" is of pages alone, which show how one fares. */
static bool read_query(const struct exchange *exchange, enum imports_page page_of,
    struct imports_query *ret, struct hs_error *err)
{
	return imports_query_read(exchange->query, page_of, ret, err) && (ret->request == 0 ||
	    hs_error_set(err, HS_BAD_ARGUMENT, "request", "request is a parameter of pages; the API "
		"has /api/v1/requests/%lld", (long long)ret->request));
}

static void list_answer(struct exchange *exchange, enum imports_page page_of)
{
	struct list *list = calloc(1, sizeof *list);
	struct hs_db_statement statements[2];
	struct hs_error err = HS_ERROR_INIT;

	if (list == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a list");
		reply_error(exchange, &err);
		return;
	}
	sql_init(&list->total);
	sql_init(&list->rows);
	exchange->work = list;
	exchange->work_free = list_free;
	if (read_query(exchange, page_of, &list->query, &err)) {
		imports_sql_total(&list->query, &list->total);
		imports_sql_list(&list->query, &list->rows);
		if (sql_finish(&list->total, &statements[0], &err) &&
		    sql_finish(&list->rows, &statements[1], &err) &&
		    exchange_ask_primary(exchange, statements, 2, on_list, &err))
			return;
	}
	reply_error(exchange, &err);
}

void imports_api_runs(struct exchange *exchange)
{
	list_answer(exchange, IMPORTS_RUNS);
}

void imports_api_files(struct exchange *exchange)
{
	list_answer(exchange, IMPORTS_FILES);
}

/* ---- one file ---- */

/* As NAME.errors.json has them: they are ours. */
static json_t *problems_json(const PGresult *result)
{
	const char *text = hs_db_text(result, 0, FILE_PROBLEM_LIST);
	json_t *problems = text != NULL ? json_loads(text, 0, NULL) : NULL;

	return problems != NULL ? problems : json_array();
}

static void on_file(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	static const struct { const char *key; int column; } counts[] = {
		{ "new_players", FILE_NEW_PLAYERS }, { "new_teams", FILE_NEW_TEAMS },
		{ "new_competitions", FILE_NEW_COMPETITIONS }, { "new_seasons", FILE_NEW_SEASONS },
	};
	json_t *file;
	bool done;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no imported file of this number.",
		    NULL);
		return;
	}
	file = file_json(results[0], 0);
	done = view_put(file, "started_at", time_value(results[0], 0, FILE_STARTED)) &&
	    view_put(file, "problems", problems_json(results[0])) &&
	    view_put(file, "undone_at", time_value(results[0], 0, FILE_UNDONE_AT)) &&
	    view_put(file, "undone_by", text_json(results[0], 0, FILE_UNDONE_BY)) &&
	    view_put(file, "deleted_at", time_value(results[0], 0, FILE_DELETED_AT)) &&
	    view_put(file, "deleted_by", text_json(results[0], 0, FILE_DELETED_BY));
	for (size_t i = 0; done && i < HS_COUNT(counts); i++)
		done = view_put(file, counts[i].key, number_value(results[0], 0, counts[i].column));
	reply_json(exchange, HTTP_OK, view_or_nothing(file, done));
}

/* sql: of the one that has the address's number. */
static void one_answer(struct exchange *exchange, const char *sql, exchange_done_fn *done)
{
	char id[NUMBER_BYTES];
	const char *const values[] = { id };
	const struct hs_db_statement statement = { .sql = sql, .values = values, .count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	snprintf(id, sizeof id, "%lld", (long long)exchange->id);
	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_primary(exchange, &statement, 1, done, &err))
		reply_error(exchange, &err);
}

void imports_api_file(struct exchange *exchange)
{
	one_answer(exchange, imports_file_sql, on_file);
}

/* ---- one run ---- */

static void on_run(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else if (PQntuples(results[0]) == 0)
		reply_problem(exchange, HTTP_NOTFOUND, "There is no import run of this number.",
		    NULL);
	else
		reply_json(exchange, HTTP_OK, run_json(results[0], 0));
}

void imports_api_run(struct exchange *exchange)
{
	one_answer(exchange, imports_run_sql, on_run);
}
