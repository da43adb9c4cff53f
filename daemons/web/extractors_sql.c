/* extractors_sql.c: trusts 005_extractor.sql and 012_extractor_sources.sql. Constants only. */
#include "daemons/web/extractors_sql.h"

#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')"

#define RUN_COLUMNS \
	"r.run_id, r.source, r.trigger, r.status, " UTC("r.started_at") ", " \
	UTC("r.finished_at") ", extract(epoch from coalesce(r.finished_at, now()) - r.started_at)" \
	"::float8, r.pages, r.bytes, r.records, r.problem_total, r.error, r.progress"

/* A request that nobody took within an hour is none any more. */
#define OPEN_REQUEST \
	"q.owner = 'extractor' and q.status in ('waiting', 'running') and (q.status = 'running'" \
	" or q.asked_at > now() - interval '1 hour')"

/* Sources that ran; those that are known, of several hosts the one that runs it by itself, else the
 * latest that spoke; and the names of those that are asked for. */
#define NAMED(names) \
	"with recursive ran (source) as ((select source from extractor_run order by source limit 1)" \
	" union all select (select r.source from extractor_run r where r.source > n.source" \
	" order by r.source limit 1) from ran n where n.source is not null)," \
	" known as (select distinct on (source) *, told_at < now() - interval '3 hours' as is_silent" \
	" from extractor_known order by source, (is_scheduler_on and told_at > now() -" \
	" interval '3 hours') desc, told_at desc)," \
	" names as (" names ")"

#define LATEST_RUN \
	" left join known k on k.source = n.source" \
	" left join extractor_source s on s.source = n.source" \
	" left join lateral (select * from extractor_run l where l.source = n.source" \
	" order by l.run_id desc limit 1) r on true"

/* @every is not spread. */
#define NEXT_DUE(format) \
	" case when k.is_scheduler_on and k.problem is null and coalesce(s.is_enabled, true)" \
	" and s.schedule = k.schedule then " format("(s.next_due_at + make_interval(secs =>" \
	" s.spread % (k.jitter_seconds + 1)))") " end"

#define SOURCES(names) \
	NAMED(names) " select n.source, k.about, k.url_host, k.schedule, k.schedule_words, k.time_zone," \
	" k.is_scheduler_on, k.problem, split_part(k.host, ':', 1), " UTC("k.told_at") "," \
	" coalesce(k.is_silent, false), coalesce(s.is_enabled, true)," \
	NEXT_DUE(UTC) ", r.run_id, (select count(*)" \
	" from command_request q where " OPEN_REQUEST " and q.args ->> 'name' = n.source), " \
	RUN_COLUMNS " from names n" LATEST_RUN " order by (k.source is null), n.source limit 1000"

#define ALL_NAMES \
	"select source from known union select source from extractor_source" \
	" union select source from ran where source is not null"

const char extractors_sources_sql[] = SOURCES(ALL_NAMES);

const char extractors_source_sql[] =
    SOURCES("select $1::text as source where exists (select from known where source = $1::text)"
	" or exists (select from extractor_source where source = $1::text)"
	" or exists (select from extractor_run where source = $1::text)");

#define UTC_JSON(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#define API_RUN \
	"r.run_id, r.trigger, r.status, " UTC_JSON("r.started_at") ", " UTC_JSON("r.finished_at") "," \
	" r.source_name, to_char(r.snapshot_date, 'YYYY-MM-DD'), r.pages, r.bytes, r.records," \
	" r.problem_total, r.error ->> 'message'"

/* Of what no extractor tells of there is what the database has. */
const char extractors_api_sql[] =
    NAMED(ALL_NAMES) " select n.source, k.about, k.url_host, case when k.source is null"
    " then s.schedule else k.schedule end, case when k.source is null then s.time_zone"
    " else k.time_zone end, coalesce(s.is_enabled, true), " UTC_JSON("s.last_due_at") ","
    NEXT_DUE(UTC_JSON) ", k.problem, split_part(k.host, ':', 1), " UTC_JSON("k.told_at") ","
    " " API_RUN " from names n" LATEST_RUN
    " order by n.source limit 1000";

const char extractors_api_runs_sql[] =
    "select " API_RUN " from extractor_run r where r.source = $1::text"
    " order by r.run_id desc limit $2::bigint offset $3::bigint";

const char extractors_api_run_sql[] =
    "select " API_RUN ", r.source, r.problems, r.report from extractor_run r"
    " where r.run_id = $1::bigint";

const char extractors_total_sql[] =
    "select count(*) from extractor_run where source = $1::text";

const char extractors_runs_sql[] = "select " RUN_COLUMNS " from extractor_run r"
    " where r.source = $1::text order by r.run_id desc limit 50 offset $2::bigint";

/* Its file has been moved from incoming by then: the name is what they have in common. */
#define ONE_RUN(which) \
	"select " RUN_COLUMNS ", r.url, r.file, r.source_name, to_char(r.snapshot_date," \
	" 'YYYY-MM-DD'), r.problems, r.report, split_part(r.host, ':', 1), f.file_id, f.status" \
	" from extractor_run r left join lateral (select file_id, status from import_file" \
	" where name = substring(r.file from '[^/]*$') and started_at >= r.started_at" \
	" order by file_id limit 1) f on r.file is not null where r.run_id = " which

const char extractors_run_sql[] = ONE_RUN("$1::bigint");

const char extractors_asked_run_sql[] = ONE_RUN("(select (result ->> 'run')::bigint"
    " from command_request where request_id = $1::bigint and command = 'extractor.run'"
    " and args ->> 'name' = $2::text and args ->> 'dry-run' = 'true'"
    " and jsonb_typeof(result -> 'run') = 'number')");

const char extractors_moving_sql[] =
    "select (select count(*) from extractor_run where status = 'running'"
    " and seen_at > now() - interval '5 minutes' and ($1::text is null or source = $1::text)),"
    " (select count(*) from command_request q where " OPEN_REQUEST
    " and ($1::text is null or q.args ->> 'name' = $1::text))";

const char extractors_run_moving_sql[] =
    "select count(*), 0 from extractor_run where run_id = $1::bigint and status = 'running'"
    " and seen_at > now() - interval '5 minutes'";
