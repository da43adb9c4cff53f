/* account_change.c: trusts 007_accounts.sql, and callers to have asked who may.
 *
 * All rows that matter are locked first, in one order: two who disable each other at the same
 * time do not both succeed. A session that was being made at the same time is not seen here: after
 * another password it is void (session.c), and enabling an account ends those of before. */
#include "daemons/web/account_change.h"

#include <stdlib.h>
#include <string.h>

#include "common/password.h"
#include "daemons/web/audit.h"

enum { QUESTION_MS = 15000, NAMES_COLUMN = 1 };

#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#define ACCOUNT_COLUMNS(a) \
	a ".name, " a ".role, " a ".is_disabled, " UTC(a ".created_at") ", " UTC(a ".signed_in_at")

#define INPUT \
	"with input as (select $1::text as name, $2::boolean as force, $3::text as actor," \
	" $4::text as address, $5::text as role, $6::text as hash),"

/* Rows of "target": the account, when it may be taken away from the admins. */
#define TARGET(or_else) \
	" locked as (select account_id, name, role, is_disabled from account" \
	" where name = $1::text or (role = 'admin' and not is_disabled)" \
	" order by account_id for update)," \
	" target as (select l.account_id from locked l, input i where l.name = i.name and (i.force" \
	" or l.role <> 'admin' or l.is_disabled" or_else \
	" or (select count(*) from locked where role = 'admin' and not is_disabled) > 1)),"

#define SESSIONS_END \
	" ended as (delete from account_session where account_id in (select account_id from done)),"

/* Whoever is meant to get in must not wait for what strangers have failed; throttle.h. */
#define CLEARED \
	" cleared as (insert into sign_in_throttle (key_sha256, failures, failed_at, waits_until)" \
	" select sha256(convert_to('cleared ' || name || ' ', 'UTF8')), 0, clock_timestamp(), now()" \
	" from done on conflict (key_sha256) do update set failed_at = excluded.failed_at),"

#define LOGGED(action, detail) \
	AUDIT_LOGGED(action, "i.actor", "i.address", "done.name", detail, "done, input i")

#define ANSWER \
	" select exists (select from account a where a.name = input.name), " \
	ACCOUNT_COLUMNS("done") " from input left join done on true"

#define FORCED "case when i.force then 'forced' end"

static const char *const statements[] = {
	[ACCOUNT_CREATE] = INPUT " done as (insert into account (name, role, password_hash)"
	    " select name, role, hash from input on conflict (name) do nothing returning *),"
	    LOGGED("account-create", "done.role") ANSWER,
	[ACCOUNT_PASSWORD] = INPUT " done as (update account a set password_hash = i.hash,"
	    " password_set_at = clock_timestamp() from input i where a.name = i.name returning a.*),"
	    SESSIONS_END CLEARED LOGGED("account-password", "null") ANSWER,
	[ACCOUNT_ROLE] = INPUT TARGET(" or i.role = 'admin'") " done as (update account a"
	    " set role = i.role from target t, input i where a.account_id = t.account_id"
	    " returning a.*)," LOGGED("account-role", "done.role") ANSWER,
	[ACCOUNT_DISABLE] = INPUT TARGET("") " done as (update account a set is_disabled = true"
	    " from target t where a.account_id = t.account_id returning a.*),"
	    SESSIONS_END LOGGED("account-disable", FORCED) ANSWER,
	[ACCOUNT_ENABLE] = INPUT " done as (update account a set is_disabled = false from input i,"
	    " account b where a.name = i.name and b.account_id = a.account_id"
	    " returning a.*, b.is_disabled as was_disabled),"
	    " ended as (delete from account_session where account_id in (select account_id from done"
	    " where was_disabled))," CLEARED LOGGED("account-enable", "null") ANSWER,
	[ACCOUNT_DELETE] = INPUT TARGET("") " done as (delete from account a using target t"
	    " where a.account_id = t.account_id returning a.*)," LOGGED("account-delete", FORCED) ANSWER,
};

const char account_list_sql[] =
    "select true, " ACCOUNT_COLUMNS("a") ", (select count(*) from account_session s"
    " where s.account_id = a.account_id and s.ends_at > now()"
    " and s.created_at >= a.password_set_at"
    " and s.seen_at > now() - make_interval(secs => $1::integer))"
    " from account a order by a.name limit 5000";

static json_t *members(const PGresult *result, int row)
{
	int at = NAMES_COLUMN;

	return json_pack("{s:s, s:s, s:b, s:s, s:s?}", "name", hs_db_text(result, row, at), "role",
	    hs_db_text(result, row, at + 1), "is_disabled",
	    strcmp(hs_db_text(result, row, at + 2), "t") == 0, "created_at",
	    hs_db_text(result, row, at + 3), "signed_in_at", hs_db_text(result, row, at + 4));
}

json_t *account_json(const PGresult *result, int row)
{
	json_t *account = members(result, row);

	json_object_set_new(account, "sessions", json_integer(hs_db_int(result, row, 6)));
	return account;
}

/* ---- a change ---- */

struct question {
	account_changed_fn *done;
	void *arg;
	enum account_verb verb;
	char name[HS_ACCOUNT_NAME_BYTES];
};

/* Nothing was done: why. */
static void explain(const struct question *question, bool is_known, struct hs_error *err)
{
	if (question->verb == ACCOUNT_CREATE)
		hs_error_set(err, HS_EXISTS, "", "there is an account %s already",
		    question->name);
	else if (!is_known)
		hs_error_set(err, HS_NOT_FOUND, "",
		    "there is no account %s: hsctl user list shows them", question->name);
	else
		hs_error_set(err, HS_LAST_ADMIN, "", "%s is the last admin who can sign in: "
		    "make another one first, or say --force", question->name);
}

static void on_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *why)
{
	struct question *question = arg;
	struct hs_error err = HS_ERROR_INIT;
	json_t *account = NULL;

	(void)count;
	if (why != NULL)
		err = *why;
	else if (hs_db_text(results[0], 0, NAMES_COLUMN) == NULL)
		explain(question, strcmp(hs_db_text(results[0], 0, 0), "t") == 0, &err);
	else if ((account = members(results[0], 0)) == NULL)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for an account");
	question->done(question->arg, account, err.code != HS_OK ? &err : NULL);
	json_decref(account);
	free(question);
}

bool account_change(struct hs_db_pool *pool, const struct account_change *change,
    account_changed_fn *done, void *arg, struct hs_error *err)
{
	bool needs_hash = change->verb == ACCOUNT_CREATE || change->verb == ACCOUNT_PASSWORD;
	const char *const values[] = { change->name, change->force ? "true" : "false",
		change->actor, change->address, hs_role_name(change->role),
		change->password_hash };
	const struct hs_db_statement statement = { .sql = statements[change->verb],
		.values = values, .count = HS_COUNT(values) };
	struct question *question;

	if (!hs_account_check_name(change->name, err))
		return false;
	if (needs_hash && (change->password_hash == NULL ||
		!hs_password_is_hash(change->password_hash)))
		return hs_error_set(err, HS_BAD_ARGUMENT, "password_hash",
		    "the hash of a password is missing or none: are hsctl and hsd-web of one "
		    "version?");
	if ((question = calloc(1, sizeof *question)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a question");
	*question = (struct question){ .done = done, .arg = arg, .verb = change->verb };
	strcpy(question->name, change->name);
	if (hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, on_done, question, NULL, err))
		return true;
	free(question);
	return false;
}
