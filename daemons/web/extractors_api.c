/* extractors_api.c: the same sources as the page of extractors has: those that hsd-extractor tells
 * of, those that ran, and those that have a schedule.
 *
 * Addresses that were fetched stay here: they may hold secrets. */
#include "daemons/web/extractors_api.h"

#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/api_list.h"
#include "daemons/web/asking.h"
#include "daemons/web/exchange.h"
#include "daemons/web/extractors_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"
#include "daemons/web/values.h"

enum { NUMBER_BYTES = 24 };

/* ---- the list ---- */

struct member { const char *key; int column; bool is_number; };

/* offset: how far before its place in enum extractors_api_column each column is. */
static bool put_members(json_t *object, const struct member *members, size_t count,
    const PGresult *result, int row, int offset)
{
	for (size_t i = 0; i < count; i++) {
		int column = members[i].column - offset;
		const char *text = hs_db_text(result, row, column);
		json_t *value = text == NULL ? json_null() : !members[i].is_number ?
		    json_string(text) : json_integer((json_int_t)hs_db_int(result, row, column));

		if (!view_put(object, members[i].key, value))
			return false;
	}
	return true;
}

static json_t *run_json(const PGresult *result, int row, int offset)
{
	static const struct member members[] = {
		{ "run", XAPI_RUN, true }, { "trigger", XAPI_TRIGGER, false },
		{ "status", XAPI_STATUS, false },
		{ "started_at", XAPI_STARTED, false }, { "finished_at", XAPI_FINISHED, false },
		{ "source_name", XAPI_SOURCE, false }, { "snapshot_date", XAPI_SNAPSHOT, false },
		{ "pages", XAPI_PAGES, true }, { "bytes", XAPI_BYTES, true },
		{ "records", XAPI_RECORDS, true },
		{ "problem_total", XAPI_PROBLEMS, true }, { "error", XAPI_ERROR, false },
	};
	json_t *run;

	if (hs_db_text(result, row, XAPI_RUN - offset) == NULL)
		return json_null();
	run = json_object();
	return view_or_nothing(run, put_members(run, members, HS_COUNT(members), result, row,
	    offset));
}

static json_t *source_json(const PGresult *result, int row)
{
	static const struct member members[] = {
		{ "name", XAPI_NAME, false }, { "about", XAPI_ABOUT, false },
		{ "url_host", XAPI_URL_HOST, false }, { "schedule", XAPI_SCHEDULE, false },
		{ "time_zone", XAPI_ZONE, false }, { "last_due_at", XAPI_LAST_DUE, false },
		{ "next_due_at", XAPI_NEXT_DUE, false }, { "problem", XAPI_PROBLEM, false },
		{ "host", XAPI_HOST, false }, { "told_at", XAPI_TOLD_AT, false },
	};
	json_t *source = json_object();

	return view_or_nothing(source,
	    put_members(source, members, HS_COUNT(members), result, row, 0) &&
	    view_put(source, "is_enabled",
		json_boolean(strcmp(hs_db_text(result, row, XAPI_ENABLED), "t") == 0)) &&
	    view_put(source, "latest_run", run_json(result, row, 0)));
}

static void on_list(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *list;
	bool done;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	list = json_array();
	done = list != NULL;
	for (int row = 0; done && row < PQntuples(results[0]); row++)
		done = json_array_append_new(list, source_json(results[0], row)) == 0;
	reply_json(exchange, HTTP_OK, json_pack("{s:o}", "extractors",
	    view_or_nothing(list, done)));
}

void extractors_api_list(struct exchange *exchange)
{
	static const struct hs_db_statement statement = { .sql = extractors_api_sql };
	struct hs_error err = HS_ERROR_INIT;

	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_primary(exchange, &statement, 1, on_list, &err))
		reply_error(exchange, &err);
}

/* ---- a source's runs ---- */

static void on_runs(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *list;
	bool done;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no source of this name.", NULL);
		return;
	}
	list = json_array();
	done = list != NULL;
	for (int row = 0; done && row < PQntuples(results[2]); row++)
		done = json_array_append_new(list, run_json(results[2], row, XAPI_RUN)) == 0;
	reply_json(exchange, HTTP_OK, api_list_json(exchange, "runs", view_or_nothing(list, done),
	    results[1]));
}

void extractors_api_runs(struct exchange *exchange)
{
	const struct api_list *part = api_list_new(exchange, EXTRACTORS_MOST);
	struct hs_error err = HS_ERROR_INIT;

	if (part == NULL)
		return;

	const char *const values[] = { exchange->name, part->count, part->first };
	const struct hs_db_statement statements[] = {
		{ .sql = extractors_source_sql, .values = values, .count = 1 },
		{ .sql = extractors_total_sql, .values = values, .count = 1 },
		{ .sql = extractors_api_runs_sql, .values = values, .count = HS_COUNT(values) },
	};

	if (!exchange_ask_primary(exchange, statements, HS_COUNT(statements), on_runs, &err))
		reply_error(exchange, &err);
}

/* ---- one run's report ---- */

/* As the extractor wrote it; of another kind than it should be, it is usual. */
static json_t *document(const PGresult *result, int column, bool (*is_right)(const json_t *value),
    json_t *usual)
{
	const char *text = hs_db_text(result, 0, column);
	json_t *value = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (value != NULL && is_right(value)) {
		json_decref(usual);
		return value;
	}
	json_decref(value);
	return usual;
}

static bool is_list(const json_t *value)
{
	return json_is_array(value);
}

static bool is_object(const json_t *value)
{
	return json_is_object(value);
}

static void on_run(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *run;

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
	run = run_json(results[0], 0, XAPI_RUN);
	reply_json(exchange, HTTP_OK, view_or_nothing(run,
	    view_put(run, "source", json_string(hs_db_text(results[0], 0, XAPI_ONE_SOURCE))) &&
	    view_put(run, "problems", document(results[0], XAPI_ONE_PROBLEMS, is_list,
		json_array())) &&
	    view_put(run, "report", document(results[0], XAPI_ONE_REPORT, is_object,
		json_null()))));
}

void extractors_api_one_run(struct exchange *exchange)
{
	char number[NUMBER_BYTES];
	const char *const values[] = { number };
	const struct hs_db_statement statement = { .sql = extractors_api_run_sql, .values = values,
		.count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	snprintf(number, sizeof number, "%lld", (long long)exchange->id);
	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_primary(exchange, &statement, 1, on_run, &err))
		reply_error(exchange, &err);
}

/* ---- running one ---- */

/* *arg: 1 for dry_run=true, 0 for false, -1 while it was not given. */
static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	int *dry_run = arg;

	if (strcmp(name, "dry_run") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "there is no parameter '%.60s'. There is: dry_run", name);
	if (*dry_run >= 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "dry_run is given twice");
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "dry_run is true or false, not '%.60s'", value);
	*dry_run = strcmp(value, "true") == 0;
	return true;
}

void extractors_api_run(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;
	int dry_run = -1;

	if (!query_string_read(exchange->query, on_parameter, &dry_run, &err))
		reply_error(exchange, &err);
	else
		asking_start(exchange, HS_CMD_EXTRACTOR_RUN, dry_run == 1 ?
		    json_pack("{s:s, s:b}", "name", exchange->name, "dry-run", 1) :
		    json_pack("{s:s}", "name", exchange->name), request_api_answer);
}
