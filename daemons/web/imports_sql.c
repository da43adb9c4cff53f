/* imports_sql.c: trusts imports_query.c to have checked sort and choices; what a visitor wrote goes
 * in as values. */
#include "daemons/web/imports_sql.h"

#include <string.h>

#include "common/hex.h"

#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')"

#define RUN_ROWS                                                                                   \
	"select r.run_id, r.trigger, r.status, " UTC("r.started_at") " as started, " UTC(          \
	    "r.finished_at") " as finished, extract(epoch from coalesce(r.finished_at, now())"     \
			     " - r.started_at)::float8 as seconds, t.* from import_run r cross "   \
			     "join lateral (select"                                                \
			     " count(*) as files, count(*) filter (where f.status = 'imported') "  \
			     "as imported,"                                                        \
			     " count(*) filter (where f.status = 'duplicate') as duplicate,"       \
			     " count(*) filter (where f.status = 'failed') as failed, "            \
			     "coalesce(sum(f.records), 0) as"                                      \
			     " records, coalesce(sum(f.created), 0) as created, "                  \
			     "coalesce(sum(f.updated), 0) as updated,"                             \
			     " coalesce(sum(f.unchanged), 0) as unchanged, "                       \
			     "coalesce(sum(f.stale), 0) as stale"                                  \
			     " from import_file f where f.run_id = r.run_id) t "

#define FILE_COLUMNS                                                                               \
	"select f.file_id, f.run_id, f.name, f.status, f.source_name,"                             \
	" to_char(f.snapshot_date, 'YYYY-MM-DD'), f.size_bytes, f.records, f.created, f.updated,"  \
	" f.unchanged, f.stale, f.problem_total, r.trigger, " UTC(                                 \
	    "f.finished_at") ", extract(epoch"                                                     \
			     " from f.finished_at - f.started_at)::float8, f.stored_as, "          \
			     "encode(f.sha256, 'hex'),"                                            \
			     " f.duplicate_of"

#define FILE_TABLES " from import_file f join import_run r on r.run_id = f.run_id"

const char imports_run_sql[] = RUN_ROWS "where r.run_id = $1::integer";

const char imports_file_sql[] = FILE_COLUMNS ", f.new_players, f.new_teams, f.new_competitions,"
    " f.new_seasons, " UTC("f.started_at") ", f.problems, f.has_statements,"
    " " UTC("f.undone_at") ", f.undone_by, " UTC("f.deleted_at") ", f.deleted_by, d.name, "
    UTC("d.finished_at") ", d.status" FILE_TABLES
    " left join import_file d on d.file_id = f.duplicate_of where f.file_id = $1::integer";

const char imports_duplicates_sql[] = "select file_id, name, " UTC(
    "finished_at") " from import_file where duplicate_of = $1::integer and sha256 = (select sha256 "
		   "from import_file"
		   " where file_id = $1::integer) order by file_id desc limit 20";

const char imports_sources_sql[] =
    "select distinct source_name from import_file where source_name is not null order by 1"
    " limit 200";

const char imports_moving_sql[] =
    "select count(*) > 0, coalesce(sum((select count(*) from import_file f"
    " where f.run_id = r.run_id)), 0), (select count(*) from command_request where owner = "
    "'importer'"
    " and status in ('waiting', 'running') and (status = 'running' or asked_at > now() -"
    " interval '1 hour')) from import_run r where r.status = 'running'";

/* ---- filters ---- */

static void put_days(const struct imports_query *query, const char *column, struct sql *sql)
{
	if (query->from[0] != '\0') {
		sql_put_all(sql, " and ", column, " >= (", NULL);
		sql_date(sql, query->from);
		sql_put(sql, ")::timestamp at time zone 'UTC'");
	}
	if (query->to[0] != '\0') {
		sql_put_all(sql, " and ", column, " < (", NULL);
		sql_date(sql, query->to);
		sql_put(sql, " + 1)::timestamp at time zone 'UTC'");
	}
}

static void put_equal(const char *column, const char *value, struct sql *sql)
{
	if (value[0] == '\0')
		return;
	sql_put_all(sql, " and ", column, " = ", NULL);
	sql_text(sql, value);
}

/* Six digits or more may be a checksum's. */
static bool may_be_checksum(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if (hs_hex_digit(text[i]) < 0)
			return false;
	}
	return length >= 6 && length <= 64;
}

static void put_find(const char *text, struct sql *sql)
{
	if (text[0] == '\0')
		return;
	sql_put(sql, " and (position(lower(");
	sql_text(sql, text);
	sql_put(sql, ") in lower(f.name)) > 0");
	if (may_be_checksum(text)) {
		sql_put(sql, " or starts_with(encode(f.sha256, 'hex'), lower(");
		sql_text(sql, text);
		sql_put(sql, "))");
	}
	sql_put(sql, ")");
}

static void put_where(const struct imports_query *query, struct sql *sql)
{
	bool is_files = query->page_of == IMPORTS_FILES;

	sql_put(sql, " where true");
	put_equal(is_files ? "f.status" : "r.status", query->status, sql);
	put_equal("r.trigger", query->trigger, sql);
	put_days(query, is_files ? "f.finished_at" : "r.started_at", sql);
	if (!is_files)
		return;
	put_equal("f.source_name", query->source, sql);
	put_find(query->q, sql);
	if (query->run > 0) {
		sql_put(sql, " and f.run_id = ");
		sql_number(sql, query->run);
	}
}

/* ---- lists ---- */

static const struct { const char *key, *column; } orders[] = {
	{ "finished", "f.file_id" },
	{ "name", "lower(f.name)" },
	{ "status", "f.status" },
	{ "source", "f.source_name" },
	{ "snapshot", "f.snapshot_date" },
	{ "size", "f.size_bytes" },
	{ "started", "r.run_id" },
	{ "seconds", "seconds" },
	{ "files", "files" },
	{ "failed", "failed" },
};

static const char *order_column(const struct imports_query *query)
{
	const char *key = query->sort + (query->sort[0] == '-');
	bool is_files = query->page_of == IMPORTS_FILES;

	if (strcmp(key, "records") == 0)
		return is_files ? "f.records" : "records";
	if (strcmp(key, "problems") == 0)
		return "f.problem_total";
	for (size_t i = 0; i < HS_COUNT(orders); i++) {
		if (strcmp(orders[i].key, key) == 0)
			return orders[i].column;
	}
	return is_files ? "f.file_id" : "r.run_id";
}

void imports_sql_list(const struct imports_query *query, struct sql *sql)
{
	bool is_files = query->page_of == IMPORTS_FILES;

	sql_put(sql, is_files ? FILE_COLUMNS FILE_TABLES : RUN_ROWS);
	put_where(query, sql);
	sql_put_all(sql, " order by ", order_column(query),
	    query->sort[0] == '-' ? " desc nulls last, " : " nulls last, ",
	    is_files ? "f.file_id desc" : "r.run_id desc", " limit ", NULL);
	sql_number(sql, query->per_page);
	sql_put(sql, " offset ");
	sql_number(sql, (query->page - 1) * query->per_page);
}

void imports_sql_total(const struct imports_query *query, struct sql *sql)
{
	sql_put(sql, query->page_of == IMPORTS_FILES ? "select count(*)" FILE_TABLES :
						       "select count(*) from import_run r");
	put_where(query, sql);
}

void imports_sql_fates(char *const *digests, char *const *names, size_t count, struct sql *sql)
{
	sql_put(sql, "select l.* from unnest(");
	sql_texts(sql, digests, count);
	sql_put(sql, ", ");
	sql_texts(sql, names, count);
	sql_put(sql, ") with ordinality as w(digest, name, n) left join lateral (" FILE_COLUMNS
	    FILE_TABLES " where f.sha256 between decode(rpad(w.digest, 64, '0'), 'hex')"
	    " and decode(rpad(w.digest, 64, 'f'), 'hex')"
	    " order by (f.name = w.name) desc, f.file_id desc limit 1) l on true order by w.n");
}
