/* token_commands.c: what hsctl can ask of the API's tokens.
 *
 * Trusts the supervisor to have let in only who may operate, and the arguments' types, which the
 * skeleton has checked. A secret is in our memory only until the database has its hash. */
#include "daemons/web/token_commands.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "common/text.h"
#include "daemons/web/account.h"
#include "daemons/web/api_token.h"
#include "daemons/web/web.h"

enum { QUESTION_MS = 15000 };

/* ---- make ---- */

struct making {
	struct hs_call *call;
	char name[HS_ACCOUNT_NAME_BYTES];
	char account[HS_ACCOUNT_NAME_BYTES];
	enum hs_role role;
	char secret[API_TOKEN_TEXT_BYTES];
};

static void making_free(struct making *making)
{
	OPENSSL_cleanse(making, sizeof *making);
	free(making);
}

static void on_made(void *arg, PGresult *const *results, size_t count, const struct hs_error *why)
{
	struct making *making = arg;
	struct hs_error err = HS_ERROR_INIT;
	json_t *token;

	(void)count;
	if (api_token_made(results, why, making->name, making->account, making->role, &token, &err))
		hs_call_result(making->call, json_pack("{s:s, s:o}", "secret", making->secret,
		    "token", token));
	else
		hs_call_error(making->call, &err);
	making_free(making);
}

/* Copies what the answer needs. */
static bool making_new(struct hs_call *call, const struct api_token_wish *wish,
    struct making **ret, struct hs_error *err)
{
	struct making *making;

	if (!api_token_check_name(wish->name, err) || !hs_account_check_name(wish->account, err))
		return false;
	if ((making = calloc(1, sizeof *making)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a token");
	making->call = call;
	making->role = wish->role;
	if (!hs_format(making->name, sizeof making->name, err, "%s", wish->name) ||
	    !hs_format(making->account, sizeof making->account, err, "%s", wish->account)) {
		making_free(making);
		return false;
	}
	if (!api_token_new(making->secret)) {
		making_free(making);
		return hs_error_set(err, HS_NO_MEMORY, "", "no random bytes for a token");
	}
	*ret = making;
	return true;
}

void token_run_create(void *app, struct hs_call *call, const json_t *args)
{
	struct web *web = app;
	const char *role = json_string_value(json_object_get(args, "role"));
	const json_t *days = json_object_get(args, "days");
	struct api_token_wish wish = {
		.name = json_string_value(json_object_get(args, "name")),
		.account = json_string_value(json_object_get(args, "account")),
		.role = HS_ROLE_VIEWER, .actor = "hsctl",
		.days = days != NULL ? (int)json_integer_value(days) : API_TOKEN_DAYS,
	};
	struct hs_error err = HS_ERROR_INIT;
	struct making *making = NULL;

	if (role != NULL && !hs_role_parse(role, &wish.role))
		hs_panic("a checked command has the role %s", role);
	if (making_new(call, &wish, &making, &err)) {
		wish.secret = making->secret;
		if (api_token_make(web->accounts->pool, &wish, on_made, making, &err))
			return;
		making_free(making);
	}
	err.where[0] = '\0';	/* the sentence says it */
	hs_call_error(call, &err);
}

/* ---- look, revoke ---- */

static void on_list(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	json_t *list;

	(void)count;
	if (err != NULL) {
		hs_call_error(arg, err);
		return;
	}
	list = json_array();
	for (int row = 0; row < PQntuples(results[0]); row++)
		json_array_append_new(list, api_token_json(results[0], row));
	hs_call_result(arg, json_pack("{s:o}", "tokens", list));
}

void token_run_list(void *app, struct hs_call *call, const json_t *args)
{
	static const struct hs_db_statement statement = { .sql = api_token_list_sql };
	struct web *web = app;
	struct hs_error err = HS_ERROR_INIT;

	(void)args;
	if (!hs_db_pool_submit(web->accounts->pool, &statement, 1, QUESTION_MS, on_list, call, NULL,
		&err))
		hs_call_error(call, &err);
}

static void on_revoked(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *why)
{
	struct hs_error err = HS_ERROR_INIT;

	(void)count;
	if (why == NULL && PQntuples(results[0]) == 1) {
		hs_call_result(arg, json_pack("{s:o}", "token", api_token_json(results[0], 0)));
		return;
	}
	if (why == NULL)
		hs_error_set(&err, HS_NOT_FOUND, "", "no token of that name or number could be "
		    "revoked: hsctl token list shows them");
	hs_call_error(arg, why != NULL ? why : &err);
}

void token_run_revoke(void *app, struct hs_call *call, const json_t *args)
{
	struct web *web = app;
	const char *const values[] = { json_string_value(json_object_get(args, "token")), "hsctl",
		NULL };
	const struct hs_db_statement statement = { .sql = api_token_revoke_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	if (!hs_db_pool_submit(web->accounts->pool, &statement, 1, QUESTION_MS, on_revoked, call,
		NULL, &err))
		hs_call_error(call, &err);
}
