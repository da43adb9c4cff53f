/* sign_in_sql.c: trusts 007_accounts.sql.
 *
 * A session begins when the statement does that makes it, and a password when its row could be
 * locked: so a session that was being made with the old one is older than the new one, and void.
 *
 * A row that is counted is locked before it is read, so that attempts at the same time see one
 * another. */
#include "daemons/web/sign_in_sql.h"

#include "daemons/web/audit.h"

/* As throttle.h says. */
#define FORGIVEN_AFTER "interval '1 hour'"

/* Follows "asked (key, delays)". */
#define THROTTLE_COUNT_ASKED \
	" held as (select key_sha256, failures, failed_at, waits_until from sign_in_throttle" \
	" where key_sha256 in (select key from asked) order by key_sha256 for update)," \
	" wait as (select coalesce(ceil(extract(epoch from max(waits_until) - now())), 0)::integer" \
	" as seconds from held where waits_until > now())," \
	" now_so_many as (select a.key, a.delays, case when h.failed_at > now() - " FORGIVEN_AFTER \
	" then least(h.failures + 1, 1000) else 1 end as failures" \
	" from asked a left join held h on h.key_sha256 = a.key)," \
	" counted as (insert into sign_in_throttle (key_sha256, failures, failed_at, waits_until)" \
	" select n.key, n.failures, now(), now() + make_interval(secs => n.delays[least(n.failures," \
	" array_length(n.delays, 1))]) from now_so_many n, wait where wait.seconds = 0" \
	" on conflict (key_sha256) do update set failures = excluded.failures," \
	" failed_at = excluded.failed_at, waits_until = excluded.waits_until)"

/* So many failures of an account, where it is not known: then networks have none free, and wait as
 * if they had failed so many times more. */
#define ATTACKED_FROM "20"
#define ATTACKED_STEPS "10"

/* So many failures since hsctl cleared an account's waits: then those of the address count again. */
#define LET_IN "3"

const char sign_in_begin_sql[] =
    "with who as (select account_id, password_hash, is_disabled from account"
    " where name = $1::text),"
    " known as (select coalesce(bool_or(p.address = $2::text), false) as place,"
    " coalesce(bool_or(p.address = $3::text), false) as device from account_address p"
    " join who using (account_id) where p.address in ($2::text, $3::text)),"
    " cleared as (select max(failed_at) as at from sign_in_throttle where key_sha256 = $9::bytea"
    " and failed_at > now() - " FORGIVEN_AFTER "),"
    " asked as (select k.kind, k.key, k.delays, k.holds from known, lateral (values"
    " ('account', $4::bytea, $10::integer[], not place and not device, false),"
    " ('address', $5::bytea, $11::integer[], true, not place and not device),"
    " ('pair', $6::bytea, $12::integer[], place and not device, true),"
    " ('network', $7::bytea, $13::integer[], not place and not device, true),"
    " ('device', $8::bytea, $14::integer[], device, true))"
    " k (kind, key, delays, counts, holds) where k.counts),"
    " held as (select key_sha256, failures, failed_at, waits_until from sign_in_throttle"
    " where key_sha256 in (select key from asked) order by key_sha256 for update),"
    " live as (select a.kind, a.key, a.holds, h.failures, h.waits_until from asked a join held h"
    " on h.key_sha256 = a.key cross join cleared c where h.failed_at > now() - " FORGIVEN_AFTER
    " and (a.kind = 'address' or c.at is null or h.failed_at > c.at)),"
    " wait as (select coalesce(ceil(extract(epoch from max(l.waits_until) - now())), 0)::integer"
    " as seconds from live l cross join cleared c where l.holds and l.waits_until > now()"
    " and not (l.kind = 'address' and c.at is not null and coalesce((select n.failures from live n"
    " where n.kind = 'network'), 0) < " LET_IN ")),"
    " now_so_many as (select a.key, a.delays, least(coalesce(l.failures, 0) + 1, 1000) as failures,"
    " case when a.kind = 'network' and (select failures from live where kind = 'account') >= "
    ATTACKED_FROM " then " ATTACKED_STEPS " else 0 end as steps"
    " from asked a left join live l on l.key = a.key),"
    " counted as (insert into sign_in_throttle (key_sha256, failures, failed_at, waits_until)"
    " select n.key, n.failures, now(), now() + make_interval(secs => n.delays[least(n.failures"
    " + n.steps, array_length(n.delays, 1))]) from now_so_many n, wait where wait.seconds = 0"
    " on conflict (key_sha256) do update set failures = excluded.failures,"
    " failed_at = excluded.failed_at, waits_until = excluded.waits_until)"
    " select wait.seconds, who.account_id, who.password_hash, who.is_disabled, known.device"
    " from wait cross join known left join who on true";

#define NEW_SESSION(token, address, seconds) \
	"insert into account_session (token_sha256, account_id, created_at, ends_at, address)" \
	" select " token "::bytea, account_id, began, began + make_interval(secs => " seconds \
	"::integer), " address "::text from done"

/* One attempt less; the pair's are over. */
#define TAKE_BACK(keys) \
	"update sign_in_throttle set failures = greatest(failures - 1, 0)," \
	" waits_until = case when failures <= 1 then now() else waits_until end" \
	" where key_sha256 in (" keys ") and exists (select from done)"

const char sign_in_end_sql[] =
    "with done as (update account set signed_in_at = now(),"
    " password_hash = coalesce($3::text, password_hash) where account_id = $1::bigint"
    " and password_hash = $2::text and not is_disabled returning account_id, name, role,"
    " now() as began),"
    " before as (delete from account_session where token_sha256 = $5::bytea),"
    " over as (delete from account_session where token_sha256 in"
    " (select token_sha256 from account_session where ends_at < now() limit 100)),"
    " too_many as (delete from account_session where token_sha256 in"
    " (select token_sha256 from account_session where account_id = $1::bigint"
    " order by created_at desc offset 49)),"
    " made as (" NEW_SESSION("$4", "$6", "$8") "),"
    " place as (insert into account_address (account_id, address)"
    " select account_id, known from done, unnest(array[$7::text, $12::text]) known"
    " on conflict (account_id, address) do update set signed_in_at = now()),"
    " old_places as (delete from account_address where (account_id, address) in"
    " (select account_id, address from account_address where account_id = $1::bigint"
    " and address not in ($7::text, $12::text) order by signed_in_at desc offset 98)),"
    " back as (" TAKE_BACK("$9::bytea, $10::bytea") "),"
    " over_with as (delete from sign_in_throttle where key_sha256 in ($11::bytea, $13::bytea,"
    " $14::bytea) and exists (select from done)),"
    AUDIT_LOGGED("sign-in", "name", "$6::text", "name", "null", "done")
    " select account_id, name, role from done";

const char sign_in_fail_sql[] =
    "with forgiven as (delete from sign_in_throttle where key_sha256 in"
    " (select key_sha256 from sign_in_throttle where failed_at < now() - " FORGIVEN_AFTER
    " order by failed_at limit 100)),"
    " pruned as (" AUDIT_PRUNE("true") ")"
    " " AUDIT_INSERT "values ('sign-in', true, null, $2::text,"
    " (select name from account where account_id = $1::bigint), $3::text)";

const char token_fail_sql[] =
    "with asked as (select $1::bytea as key, $2::integer[] as delays)," THROTTLE_COUNT_ASKED ","
    " known as (select name, case when revoked_at is not null then 'revoked'"
    " when expires_at <= now() then 'expired' else 'account disabled' end as why"
    " from api_token where token_sha256 = $3::bytea),"
    " forgiven as (delete from sign_in_throttle where key_sha256 in"
    " (select key_sha256 from sign_in_throttle where failed_at < now() - " FORGIVEN_AFTER
    " and key_sha256 <> $1::bytea order by failed_at limit 100)),"
    " logged as (" AUDIT_INSERT "select 'token', true, null, $4::text, (select name from known),"
    " coalesce((select why from known), 'unknown token') from wait where wait.seconds = 0),"
    " pruned as (" AUDIT_PRUNE("true") ")"
    " select seconds from wait";

const char sign_out_sql[] =
    "with ended as (delete from account_session where account_id = $1::bigint"
    " and ($3::boolean or token_sha256 = $2::bytea))"
    " " AUDIT_INSERT "select case when $3::boolean then 'sign-out-everywhere' else 'sign-out' end,"
    " false, name, $4::text, name, null from account where account_id = $1::bigint";

const char sign_in_sessions_sql[] =
    "select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),"
    " to_char(seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), address,"
    " token_sha256 = $2::bytea from account_session where account_id = $1::bigint"
    " and ends_at > now() and seen_at > now() - make_interval(secs => $3::integer)"
    " order by token_sha256 = $2::bytea desc, seen_at desc limit 50";

const char own_password_begin_sql[] =
    "with asked as (select $2::bytea as key, $3::integer[] as delays)," THROTTLE_COUNT_ASKED
    " select wait.seconds, a.password_hash from wait, account a"
    " where a.account_id = $1::bigint";

const char own_password_end_sql[] =
    "with done as (update account set password_hash = $3::text,"
    " password_set_at = clock_timestamp() where account_id = $1::bigint"
    " and password_hash = $2::text and not is_disabled"
    " returning account_id, name, role, password_set_at as began),"
    " ended as (delete from account_session where account_id in (select account_id from done)),"
    " made as (" NEW_SESSION("$4", "$5", "$6") "),"
    " over_with as (delete from sign_in_throttle where key_sha256 = $7::bytea"
    " and exists (select from done)),"
    AUDIT_LOGGED("account-password", "name", "$5::text", "name", "null", "done")
    " select account_id, name, role from done";
