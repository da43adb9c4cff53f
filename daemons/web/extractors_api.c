/* extractors_api.c: the same sources as the page of extractors has: those that hsd-extractor tells
 * of, those that ran, and those that have a schedule.
 *
 * Addresses that were fetched stay here: they may hold secrets. */
#include "daemons/web/extractors_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/asking.h"
#include "daemons/web/exchange.h"
#include "daemons/web/extractors_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"
#include "daemons/web/values.h"

/* ---- the list ---- */

struct member { const char *key; int column; bool is_number; };

static bool put_members(json_t *object, const struct member *members, size_t count,
    const PGresult *result, int row)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = hs_db_text(result, row, members[i].column);
		json_t *value = text == NULL ? json_null() : !members[i].is_number ?
		    json_string(text) : json_integer((json_int_t)hs_db_int(result, row,
			members[i].column));

		if (!view_put(object, members[i].key, value))
			return false;
	}
	return true;
}

static json_t *run_json(const PGresult *result, int row)
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

	if (hs_db_text(result, row, XAPI_RUN) == NULL)
		return json_null();
	run = json_object();
	return view_or_nothing(run, put_members(run, members, HS_COUNT(members), result, row));
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
	    put_members(source, members, HS_COUNT(members), result, row) &&
	    view_put(source, "is_enabled",
		json_boolean(strcmp(hs_db_text(result, row, XAPI_ENABLED), "t") == 0)) &&
	    view_put(source, "latest_run", run_json(result, row)));
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

/* ---- a run ---- */

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
