/* command_queue_sql.c: trusts 008_command_request.sql.
 *
 * Several daemons look at the same time: each skips the rows that another has in hand. */
#include "common/command_queue_sql.h"

/* As command_queue.h and the schema have it. */
#define LOST_AFTER "interval '5 minutes'"
#define LATE_AFTER "interval '1 hour'"

/* Younger ones are about to be taken. */
#define TOLD_AFTER "interval '5 seconds'"

/* They were told at once; who has not taken it by then does not run. */
#define DECLINED_AFTER "interval '5 seconds'"

#define DECLINED_BY(host) "coalesce(error -> 'declined', '[]') ? " host

#define END_AS(status, code, message) \
	"update command_request r set status = '" status "', finished_at = now(), error =" \
	" jsonb_build_object('code', '" code "', 'where', '', 'message', '" message "')"

const char hs_queue_listen_sql[] = "listen command_request";

const char hs_queue_look_sql[] =
    "with ours as (select value::bigint as request_id from jsonb_array_elements_text($3::jsonb)),"
    " seen as (update command_request set seen_at = now() where status = 'running'"
    " and request_id in (select request_id from ours)),"
    " dead as (select request_id from command_request where status = 'running'"
    " and request_id not in (select request_id from ours)"
    " and ((owner = $1::text and host = $2::text) or seen_at < now() - " LOST_AFTER ")"
    " for update skip locked),"
    " lost as (" END_AS("lost", "cancelled", "its process ended before it did: look what was done,"
	" and ask again") " from dead where r.request_id = dead.request_id"
    " returning r.request_id, r.command, r.host, r.asked_by),"
    " old as (select request_id from command_request where status = 'waiting'"
    " and asked_at < now() - " LATE_AFTER " for update skip locked),"
    " late as (" END_AS("cancelled", "timeout", "nobody took it within an hour: is its daemon"
	" running?") " from old where r.request_id = old.request_id),"
    " nobodys as (select request_id from command_request where status = 'waiting'"
    " and error is not null and seen_at < now() - " DECLINED_AFTER " for update skip locked),"
    " declined as (update command_request r set status = 'failed', finished_at = now()"
    " from nobodys where r.request_id = nobodys.request_id),"
    " next as (select request_id from command_request where status = 'waiting' and owner = $1::text"
    " and (for_host is null or for_host = $2::text) and asked_at >= now() - " LATE_AFTER
    " and not " DECLINED_BY("$2::text")
    " order by request_id limit $4::bigint for update skip locked),"
    " taken as (update command_request r set status = 'running', host = $2::text, taken_at = now(),"
    " seen_at = now() from next where r.request_id = next.request_id"
    " returning r.request_id, r.command, r.args, r.asked_by),"
    " left_over as (select owner, count(*) as number, min(asked_at) as oldest from command_request"
    " where status = 'waiting' and (asked_at < now() - " TOLD_AFTER " or error is not null)"
    " and request_id not in (select request_id from nobodys) and asked_at >= now() - "
    LATE_AFTER " and request_id not in (select request_id from next) group by owner)"
    " select kind, number, text, more, who from ("
    " select 'taken' as kind, request_id as number, command as text, args::text as more,"
    " asked_by as who from taken"
    " union all select 'lost', request_id, command, host, asked_by from lost"
    " union all select 'waiting', number, owner,"
    " extract(epoch from now() - oldest)::bigint::text, null from left_over) found"
    " order by kind, number";

const char hs_queue_progress_sql[] =
    "update command_request set progress = $2::jsonb, seen_at = now()"
    " where request_id = $1::bigint and status = 'running'";

const char hs_queue_end_sql[] =
    "update command_request set status = $3::text, result = $4::jsonb,"
    " error = case when $3::text = 'waiting' then error else $5::jsonb end,"
    " progress = coalesce($6::jsonb, progress),"
    " finished_at = case when $3::text <> 'waiting' then now() end,"
    " seen_at = case when $3::text <> 'waiting' then now() end,"
    " taken_at = case when $3::text <> 'waiting' then taken_at end,"
    " host = case when $3::text <> 'waiting' then host end"
    " where request_id = $1::bigint and host = $2::text and status in ('running', 'lost')";

/* The error of a request that waits is what those have said who have declined it. */
const char hs_queue_decline_sql[] =
    "with put as (update command_request set status = 'waiting', host = null, taken_at = null,"
    " seen_at = now(), progress = null, error = $3::jsonb || jsonb_build_object("
    "'message', coalesce((error ->> 'message') || '; ', '') || 'on ' || $2::text || ': '"
    " || ($3::jsonb ->> 'message'),"
    " 'declined', coalesce(error -> 'declined', '[]') || to_jsonb($2::text))"
    " where request_id = $1::bigint and host = $2::text and status in ('running', 'lost')"
    " returning owner) select pg_notify('command_request', owner) from put";
