/* api_token.c: trusts 010_tokens.sql, and callers to have asked who may. */
#include "daemons/web/api_token.h"

#include <stdio.h>
#include <string.h>

#include "daemons/web/audit.h"

enum { QUESTION_MS = 15000, NUMBER_BYTES = 24 };

#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#define LEAST_ROLE \
	"case when 'viewer' in (t.role, a.role) then 'viewer'" \
	" when 'scout' in (t.role, a.role) then 'scout' else 'admin' end"

#define STATE \
	"case when t.revoked_at is not null then 'revoked'" \
	" when t.expires_at <= now() then 'expired'" \
	" when a.is_disabled then 'disabled' else 'active' end"

#define COLUMNS \
	"t.token_id, t.name, a.name, t.role, " LEAST_ROLE ", " STATE ", " UTC("t.created_at") "," \
	" t.created_by, " UTC("t.expires_at") ", " UTC("t.last_used_at") ", " UTC("t.revoked_at")

#define IS_GOOD "t.token_sha256 = $1::bytea and t.revoked_at is null and t.expires_at > now()"

static const char make_sql[] =
    "with who as (select account_id, name, role, is_disabled from account where name = $2::text),"
    " may as (select account_id from who where $3::text in ('viewer', role) or role = 'admin'),"
    " done as (insert into api_token (name, account_id, role, token_sha256, expires_at, created_by)"
    " select $1::text, account_id, $3::text, $4::bytea, now() + make_interval(days => $5::integer),"
    " $6::text from may on conflict (name) where revoked_at is null do nothing returning *),"
    " old as (delete from api_token where token_id in (select token_id from api_token"
    " where revoked_at is not null order by revoked_at desc offset 1000)),"
    AUDIT_LOGGED("token-create", "$6::text", "$7::text", "done.name",
	"done.role || ' of ' || $2::text", "done")
    " select a.role, d.* from (select 1) one left join who a on true left join lateral"
    " (select " COLUMNS " from done t) d on true";

const char api_token_revoke_sql[] =
    "with done as (update api_token set revoked_at = now() where revoked_at is null"
    " and (name = $1::text or token_id::text = $1::text) returning *),"
    AUDIT_LOGGED("token-revoke", "$2::text", "$3::text", "done.name", "null", "done")
    " select " COLUMNS " from done t join account a using (account_id)";

const char api_token_list_sql[] =
    "select " COLUMNS " from api_token t join account a using (account_id)"
    " order by t.revoked_at is not null, t.name, t.token_id desc limit 2000";

#define MINUTE(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD HH24:MI')"

const char api_token_own_sql[] =
    "select t.token_id, t.name, t.role, " LEAST_ROLE ", " STATE ", " MINUTE("t.created_at") ","
    " t.created_by, " MINUTE("t.expires_at") ", " MINUTE("t.last_used_at")
    " from api_token t join account a using (account_id)"
    " where t.account_id = $1::bigint and t.revoked_at is null"
    " order by t.expires_at <= now(), t.name limit 200";

const char api_token_revoke_own_sql[] =
    "with done as (update api_token set revoked_at = now() where revoked_at is null"
    " and token_id = $1::bigint and account_id = $2::bigint returning name),"
    AUDIT_LOGGED("token-revoke", "$3::text", "$4::text", "done.name", "null", "done")
    " select name from done";

const char api_token_look_up_sql[] =
    "with seen as (update api_token t set last_used_at = now() where " IS_GOOD
    " and (t.last_used_at is null or t.last_used_at < now() - interval '1 minute'))"
    " select a.account_id, a.name, a.role, t.role, t.name from api_token t"
    " join account a using (account_id) where " IS_GOOD " and not a.is_disabled";

/* ---- a secret ---- */

bool api_token_new(char ret[API_TOKEN_TEXT_BYTES])
{
	char random[TOKEN_TEXT_BYTES];

	if (!token_new(random))
		return false;
	memcpy(ret, API_TOKEN_PREFIX, strlen(API_TOKEN_PREFIX));
	memcpy(ret + strlen(API_TOKEN_PREFIX), random, sizeof random);
	return true;
}

bool api_token_is_one(const char *text)
{
	const size_t length = strlen(API_TOKEN_PREFIX);

	return strncmp(text, API_TOKEN_PREFIX, length) == 0 &&
	    token_is_one(text + length, strlen(text + length));
}

bool api_token_check_name(const char *name, struct hs_error *err)
{
	struct hs_error ignored = HS_ERROR_INIT;

	return (hs_account_check_name(name, &ignored) &&
	    strspn(name, "0123456789") != strlen(name)) || hs_error_set(err, HS_BAD_ARGUMENT,
		"name", "'%.80s' cannot be a token's name: it has 1 to %d of a-z, 0-9 and . _ @ -, "
		"begins with a letter or digit, and is not digits alone", name,
		(int)HS_ACCOUNT_NAME_BYTES - 1);
}

/* ---- making one ---- */

bool api_token_make(struct hs_db_pool *pool, const struct api_token_wish *wish,
    hs_db_done_fn *done, void *arg, struct hs_error *err)
{
	char digest[TOKEN_DIGEST_BYTES], days[NUMBER_BYTES];
	const char *const values[] = { wish->name, wish->account, hs_role_name(wish->role), digest,
		days, wish->actor, wish->address };
	const struct hs_db_statement statement = { .sql = make_sql, .values = values,
		.count = HS_COUNT(values) };

	if (!api_token_check_name(wish->name, err))
		return false;
	snprintf(days, sizeof days, "%d", wish->days);
	if (!token_digest(wish->secret, digest))
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a token");
	return hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, done, arg, NULL, err);
}

static json_t *members(const PGresult *result, int row, int at)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?}", "id",
	    (json_int_t)hs_db_int(result, row, at), "name", hs_db_text(result, row, at + 1),
	    "account", hs_db_text(result, row, at + 2), "role", hs_db_text(result, row, at + 3),
	    "allows", hs_db_text(result, row, at + 4), "state", hs_db_text(result, row, at + 5),
	    "created_at", hs_db_text(result, row, at + 6), "created_by",
	    hs_db_text(result, row, at + 7), "expires_at", hs_db_text(result, row, at + 8),
	    "last_used_at", hs_db_text(result, row, at + 9), "revoked_at",
	    hs_db_text(result, row, at + 10));
}

json_t *api_token_json(const PGresult *result, int row)
{
	return members(result, row, 0);
}

bool api_token_made(PGresult *const *results, const struct hs_error *why, const char *name,
    const char *account, enum hs_role role, json_t **ret, struct hs_error *err)
{
	const char *has;
	enum hs_role most;
	json_t *token;

	if (why != NULL) {
		*err = *why;
		return false;
	}
	if ((has = hs_db_text(results[0], 0, 0)) == NULL)
		return hs_error_set(err, HS_NOT_FOUND, "",
		    "there is no account %.64s: hsctl user list shows them", account);
	if (hs_db_text(results[0], 0, 1) != NULL) {
		token = members(results[0], 0, 1);
		return (token != NULL && (*ret = token) != NULL) ||
		    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a token");
	}
	if (hs_role_parse(has, &most) && most < role)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "%.64s is a %s: a token of that "
		    "account cannot be %s", account, has, hs_role_name(role));
	return hs_error_set(err, HS_EXISTS, "",
	    "there is a token %.64s already: take another name, or revoke it first", name);
}
