/* extractors_api.c: the database has what ran and what has a schedule; mappings are files on the
 * extractor's machine, so one that did neither yet is not in the list, but can be run.
 *
 * Addresses that were fetched stay here: they may hold secrets. */
#include "daemons/web/extractors_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/asking.h"
#include "daemons/web/exchange.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"
#include "daemons/web/values.h"

#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

enum column { NAME, ENABLED, SCHEDULE, ZONE, LAST_DUE, NEXT_DUE, RUN, TRIGGER, STATUS, STARTED,
	FINISHED, SOURCE, SNAPSHOT, PAGES, BYTES, RECORDS, PROBLEMS, ERROR };

static const char list_sql[] =
    "with recursive ran (name) as ((select source from extractor_run order by source limit 1)"
    " union all select (select r.source from extractor_run r where r.source > k.name"
    " order by r.source limit 1) from ran k where k.name is not null),"
    " known as (select name from ran where name is not null"
    " union select source from extractor_source)"
    " select k.name, coalesce(s.is_enabled, true), s.schedule, s.time_zone, "
    UTC("s.last_due_at") ", " UTC("s.next_due_at") ", r.run_id, r.trigger, r.status, "
    UTC("r.started_at") ", " UTC("r.finished_at") ", r.source_name, to_char(r.snapshot_date, 'YYYY-MM-DD'), r.pages,"
    " r.bytes, r.records, r.problem_total, r.error ->> 'message' from known k"
    " left join extractor_source s on s.source = k.name"
    " left join lateral (select * from extractor_run e where"
    " e.source = k.name order by e.run_id desc limit 1) r on true order by k.name limit 1000";

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
		{ "run", RUN, true }, { "trigger", TRIGGER, false }, { "status", STATUS, false },
		{ "started_at", STARTED, false }, { "finished_at", FINISHED, false },
		{ "source_name", SOURCE, false }, { "snapshot_date", SNAPSHOT, false },
		{ "pages", PAGES, true }, { "bytes", BYTES, true }, { "records", RECORDS, true },
		{ "problem_total", PROBLEMS, true }, { "error", ERROR, false },
	};
	json_t *run;

	if (hs_db_text(result, row, RUN) == NULL)
		return json_null();
	run = json_object();
	return view_or_nothing(run, put_members(run, members, HS_COUNT(members), result, row));
}

static json_t *source_json(const PGresult *result, int row)
{
	static const struct member members[] = {
		{ "name", NAME, false }, { "schedule", SCHEDULE, false },
		{ "time_zone", ZONE, false },
		{ "last_due_at", LAST_DUE, false }, { "next_due_at", NEXT_DUE, false },
	};
	json_t *source = json_object();

	return view_or_nothing(source,
	    put_members(source, members, HS_COUNT(members), result, row) &&
	    view_put(source, "is_enabled",
		json_boolean(strcmp(hs_db_text(result, row, ENABLED), "t") == 0)) &&
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
	static const struct hs_db_statement statement = { .sql = list_sql };
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
