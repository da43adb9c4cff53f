/* sign_in_sql.c: trusts 007_accounts.sql.
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

const char sign_in_begin_sql[] =
    "with who as (select account_id, password_hash, is_disabled from account"
    " where name = $1::text),"
    " known as (select exists (select from account_address p join who using (account_id)"
    " where p.address = $2::text) as is_known),"
    " asked as (select k.key, k.delays from known, lateral (values"
    " ($3::bytea, $6::integer[], not is_known), ($4::bytea, $7::integer[], true),"
    " ($5::bytea, $8::integer[], is_known)) k (key, delays, counts) where k.counts),"
    THROTTLE_COUNT_ASKED
    " select wait.seconds, who.account_id, who.password_hash, who.is_disabled"
    " from wait left join who on true";

#define NEW_SESSION(token, address, seconds) \
	"insert into account_session (token_sha256, account_id, ends_at, address)" \
	" select " token "::bytea, account_id, now() + make_interval(secs => " seconds "::integer), " \
	address "::text from done"

/* One attempt less; the pair's are over. */
#define TAKE_BACK(keys) \
	"update sign_in_throttle set failures = greatest(failures - 1, 0)," \
	" waits_until = case when failures <= 1 then now() else waits_until end" \
	" where key_sha256 in (" keys ") and exists (select from done)"

const char sign_in_end_sql[] =
    "with done as (update account set signed_in_at = now(),"
    " password_hash = coalesce($3::text, password_hash) where account_id = $1::bigint"
    " and password_hash = $2::text and not is_disabled returning account_id, name, role),"
    " before as (delete from account_session where token_sha256 = $5::bytea),"
    " over as (delete from account_session where token_sha256 in"
    " (select token_sha256 from account_session where ends_at < now() limit 100)),"
    " too_many as (delete from account_session where token_sha256 in"
    " (select token_sha256 from account_session where account_id = $1::bigint"
    " order by created_at desc offset 49)),"
    " made as (" NEW_SESSION("$4", "$6", "$8") "),"
    " place as (insert into account_address (account_id, address)"
    " select account_id, $7::text from done on conflict (account_id, address)"
    " do update set signed_in_at = now()),"
    " old_places as (delete from account_address where (account_id, address) in"
    " (select account_id, address from account_address where account_id = $1::bigint"
    " and address <> $7::text order by signed_in_at desc offset 49)),"
    " back as (" TAKE_BACK("$9::bytea, $10::bytea") "),"
    " over_with as (delete from sign_in_throttle where key_sha256 = $11::bytea"
    " and exists (select from done)),"
    AUDIT_LOGGED("sign-in", "name", "$6::text", "name", "null", "done")
    " select account_id, name, role from done";

const char sign_in_fail_sql[] =
    "with forgiven as (delete from sign_in_throttle where key_sha256 in"
    " (select key_sha256 from sign_in_throttle where failed_at < now() - " FORGIVEN_AFTER
    " order by failed_at limit 100)),"
    " pruned as (" AUDIT_PRUNE("true") ")"
    " " AUDIT_INSERT "values ('sign-in', true, null, $2::text,"
    " (select name from account where account_id = $1::bigint), $3::text)";

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
    "with done as (update account set password_hash = $3::text, password_set_at = now()"
    " where account_id = $1::bigint and password_hash = $2::text and not is_disabled"
    " returning account_id, name, role),"
    " ended as (delete from account_session where account_id in (select account_id from done)),"
    " made as (" NEW_SESSION("$4", "$5", "$6") "),"
    " over_with as (delete from sign_in_throttle where key_sha256 = $7::bytea"
    " and exists (select from done)),"
    AUDIT_LOGGED("account-password", "name", "$5::text", "name", "null", "done")
    " select account_id, name, role from done";
