/* api_token.h: tokens by which programs use the API: made, listed and revoked by hsctl.
 *
 * A token has an account's rights, at most those of its own role, and at most those that the
 * account has at that moment: one that is disabled, deleted or given a lower role takes its
 * tokens' rights along. The database has only its SHA-256. */
#ifndef WEB_API_TOKEN_H
#define WEB_API_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/account.h"
#include "common/db_pool.h"
#include "common/error.h"
#include "daemons/web/token.h"

#define API_TOKEN_PREFIX "hst_"

enum {
	API_TOKEN_TEXT_BYTES = TOKEN_TEXT_BYTES + sizeof API_TOKEN_PREFIX - 1,
	API_TOKEN_DAYS = 365		/* how long one is good for by default */
};

/* A new secret. False when there are no random bytes. */
bool api_token_new(char ret[API_TOKEN_TEXT_BYTES]);

/* Whether text has the form of one. */
bool api_token_is_one(const char *text);

/* As names of accounts, but not digits alone, which are a number. Errors: HS_BAD_ARGUMENT. */
bool api_token_check_name(const char *name, struct hs_error *err);

struct api_token_wish {
	const char *name, *account;
	enum hs_role role;
	int days;
	const char *secret;		/* api_token_new */
	const char *actor;		/* who makes it; "hsctl" */
	const char *address;		/* from where; NULL: the control socket */
};

/* Writes a token down, with its entry in the audit trail. Borrows wish until it returns. done
 * hears as of hs_db_pool_submit: ask api_token_made. Errors: HS_BAD_ARGUMENT (the name),
 * hs_db_pool_submit's. */
bool api_token_make(struct hs_db_pool *pool, const struct api_token_wish *wish,
    hs_db_done_fn *done, void *arg, struct hs_error *err);

/* What done has heard (why may be NULL), as api_token_json; gives *ret. name, account and role
 * are the wish's. Errors: HS_NOT_FOUND (the account), HS_BAD_ARGUMENT (more than the account
 * may), HS_EXISTS, HS_NO_MEMORY, else why. */
bool api_token_made(PGresult *const *results, const struct hs_error *why, const char *name,
    const char *account, enum hs_role role, json_t **ret, struct hs_error *err);

/* $1: name or number, $2: who, $3: address or null. A row for api_token_json; none when there is
 * none that could be revoked. */
extern const char api_token_revoke_sql[];

/* Rows for api_token_json: by name, what was revoked last. At most 2000. */
extern const char api_token_list_sql[];

/* Of an account's page: $1 account_id. Rows, those that are of use first: token_id, name, role,
 * allows, state, created_at, created_by, expires_at, last_used_at (null: never), by the minute; at
 * most 200. Those that are revoked are not there. */
extern const char api_token_own_sql[];

/* $1 token_id, $2 account_id, $3 who, $4 address or null. A row: its name; none when the account
 * has none that could be revoked. */
extern const char api_token_revoke_own_sql[];

/* {"id","name","account","role","allows","state","created_at","created_by","expires_at",
 * "last_used_at","revoked_at"}: allows is the role that it has at this moment, state active,
 * revoked, expired or disabled (the account is). A new reference, NULL without memory. */
json_t *api_token_json(const PGresult *result, int row);

/* Who has a token, and that it was used. $1: its SHA-256. A row: account_id, name and role of the
 * account, role and name of the token; none when it is of no use. */
extern const char api_token_look_up_sql[];

#endif
