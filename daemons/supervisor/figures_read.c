/* figures_read.c: the questions to the database.
 *
 * Trusts its rows. Large tables are not counted but estimated, as PostgreSQL does for its own plans;
 * then the answer says so. */
#include "daemons/supervisor/figures_read.h"

#include <string.h>

/* More rows than these are estimated. */
#define COUNTED "200000"
#define ROWS_OF(table) "(select case when reltuples > " COUNTED " then reltuples::bigint else" \
	" (select count(*) from " table ") end from pg_class where oid = '" table "'::regclass)"

static const char house_sql[] =
    "select current_setting('server_version'), pg_database_size(current_database()),"
    " pg_is_in_recovery(), " ROWS_OF("player") ", " ROWS_OF("player_season") ","
    " (select max(reltuples) > " COUNTED " from pg_class"
    " where oid in ('player'::regclass, 'player_season'::regclass)),"
    " (select count(*) from (select status, finished_at from import_file order by file_id desc"
    " limit 1000) latest where status = 'failed' and finished_at > now() - interval '1 day')";

static const char last_sql[] =
    "select to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), name"
    " from import_file where status = 'imported' order by file_id desc limit 1";

/* Of each source its latest run that says something of the source. */
static const char failing_sql[] =
    "with recursive one as (select min(source) as source from extractor_run union all"
    " select (select min(source) from extractor_run r where r.source > one.source)"
    " from one where one.source is not null)"
    " select one.source, to_char(latest.finished_at at time zone 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), coalesce(latest.error->>'message', 'it has problems')"
    " from one, lateral (select status, finished_at, error from extractor_run r"
    " where r.source = one.source and status not in ('running', 'checked', 'cancelled')"
    " order by run_id desc limit 1) latest where latest.status = 'failed' limit 20";

static bool is_true(const PGresult *result, int column)
{
	const char *text = hs_db_text(result, 0, column);

	return text != NULL && strcmp(text, "t") == 0;
}

static json_t *failing_json(const PGresult *result)
{
	json_t *list = json_array();

	for (int row = 0; row < PQntuples(result); row++)
		json_array_append_new(list, json_pack("{s:s, s:s?, s:s}", "source",
		    hs_db_text(result, row, 0), "at", hs_db_text(result, row, 1), "message",
		    hs_db_text(result, row, 2)));
	return list;
}

bool figures_read(struct hs_db *db, json_t **ret, struct hs_error *err)
{
	PGresult *house = NULL, *last = NULL, *failing = NULL;
	json_t *figures = NULL;

	if (hs_db_run(db, house_sql, NULL, 0, &house, err) &&
	    hs_db_run(db, last_sql, NULL, 0, &last, err) &&
	    hs_db_run(db, failing_sql, NULL, 0, &failing, err)) {
		figures = json_pack("{s:s, s:I, s:b, s:I, s:I, s:b, s:I, s:o, s:o}", "version",
		    hs_db_text(house, 0, 0), "size_bytes", (json_int_t)hs_db_int(house, 0, 1),
		    "is_standby", is_true(house, 2), "players", (json_int_t)hs_db_int(house, 0, 3),
		    "player_seasons", (json_int_t)hs_db_int(house, 0, 4), "is_estimate",
		    is_true(house, 5), "failed_files", (json_int_t)hs_db_int(house, 0, 6),
		    "last_import", PQntuples(last) == 0 ? json_null() : json_pack("{s:s, s:s}", "at",
			hs_db_text(last, 0, 0), "name", hs_db_text(last, 0, 1)),
		    "sources_failing", failing_json(failing));
		if (figures == NULL)
			hs_error_set(err, HS_NO_MEMORY, "", "no memory for the database's figures");
	}
	PQclear(house);
	PQclear(last);
	PQclear(failing);
	*ret = figures;
	return figures != NULL;
}
