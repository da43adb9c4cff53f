/* account_commands.c: what hsctl can ask of accounts.
 *
 * Trusts the supervisor to have let in only who may operate, and the arguments' types, which the
 * skeleton has checked. A password comes as its hash. */
#include "daemons/web/account_commands.h"

#include <stdio.h>

#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/account_change.h"
#include "daemons/web/audit.h"
#include "daemons/web/web.h"

enum { QUESTION_MS = 15000, AUDIT_DEFAULT = 50, NUMBER_BYTES = 24 };

/* ---- changes ---- */

static void on_changed(void *arg, const json_t *account, const struct hs_error *err)
{
	struct hs_call *call = arg;

	if (err != NULL)
		hs_call_error(call, err);
	else
		hs_call_result(call, json_pack("{s:o}", "account",
		    json_deep_copy(account)));
}

static void change(struct web *web, struct hs_call *call, const json_t *args,
    enum account_verb verb)
{
	const char *role = json_string_value(json_object_get(args, "role"));
	struct account_change wanted = {
		.verb = verb, .actor = "hsctl",
		.name = json_string_value(json_object_get(args, "name")),
		.password_hash = json_string_value(json_object_get(args, "password_hash")),
		.force = json_is_true(json_object_get(args, "force")),
		.role = HS_ROLE_VIEWER,
	};
	struct hs_error err = HS_ERROR_INIT;

	if (role != NULL && !hs_role_parse(role, &wanted.role))
		hs_panic("a checked command has the role %s", role);
	if (!account_change(web->accounts->pool, &wanted, on_changed, call, &err))
		hs_call_error(call, &err);
}

static void run_create(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, ACCOUNT_CREATE);
}

static void run_password(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, ACCOUNT_PASSWORD);
}

static void run_role(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, ACCOUNT_ROLE);
}

static void run_disable(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, ACCOUNT_DISABLE);
}

static void run_enable(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, ACCOUNT_ENABLE);
}

static void run_delete(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, ACCOUNT_DELETE);
}

/* ---- lists ---- */

static void answer_list(struct hs_call *call, const char *name, const PGresult *result,
    json_t *(*row_json)(const PGresult *result, int row))
{
	json_t *list = json_array();

	for (int row = 0; row < PQntuples(result); row++)
		json_array_append_new(list, row_json(result, row));
	hs_call_result(call, json_pack("{s:o}", name, list));
}

static void list_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		hs_call_error(arg, err);
	else
		answer_list(arg, "accounts", results[0], account_json);
}

static void audit_done(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		hs_call_error(arg, err);
	else
		answer_list(arg, "entries", results[0], audit_json);
}

static void ask(struct web *web, struct hs_call *call, const char *sql, long long number,
    hs_db_done_fn *done)
{
	char text[NUMBER_BYTES];
	const char *const values[] = { text };
	const struct hs_db_statement statement = { .sql = sql, .values = values, .count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	snprintf(text, sizeof text, "%lld", number);
	if (!hs_db_pool_submit(web->accounts->pool, &statement, 1, QUESTION_MS, done, call, NULL,
		&err))
		hs_call_error(call, &err);
}

static void run_list(void *app, struct hs_call *call, const json_t *args)
{
	struct web *web = app;

	(void)args;
	ask(web, call, account_list_sql, hs_setting_int(hs_child_settings(web->child),
	    HS_SET_SESSION_IDLE_SECONDS), list_done);
}

static void run_audit(void *app, struct hs_call *call, const json_t *args)
{
	const json_t *limit = json_object_get(args, "limit");

	ask(app, call, audit_list_sql,
	    json_is_integer(limit) ? (long long)json_integer_value(limit) : AUDIT_DEFAULT,
	    audit_done);
}

const struct hs_child_handler account_handlers[] = {
	{ HS_CMD_USER_CREATE, run_create },
	{ HS_CMD_USER_LIST, run_list },
	{ HS_CMD_USER_PASSWORD, run_password },
	{ HS_CMD_USER_ROLE, run_role },
	{ HS_CMD_USER_DISABLE, run_disable },
	{ HS_CMD_USER_ENABLE, run_enable },
	{ HS_CMD_USER_DELETE, run_delete },
	{ HS_CMD_USER_AUDIT, run_audit },
};
const size_t account_handler_count = HS_COUNT(account_handlers);
