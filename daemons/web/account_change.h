/* account_change.h: accounts made, changed and deleted: by hsctl, or by an admin's page.
 *
 * Each change is one transaction with its entry in the audit trail. A new password, disabling and
 * deleting end the account's sessions; another role counts from the next request on. A new password
 * and enabling clear the account's waits (throttle.h). */
#ifndef WEB_ACCOUNT_CHANGE_H
#define WEB_ACCOUNT_CHANGE_H

#include <jansson.h>

#include "common/account.h"
#include "common/db_pool.h"
#include "common/error.h"

enum account_verb {
	ACCOUNT_CREATE,		/* with role and password_hash */
	ACCOUNT_PASSWORD,	/* with password_hash */
	ACCOUNT_ROLE,		/* with role */
	ACCOUNT_DISABLE,
	ACCOUNT_ENABLE,
	ACCOUNT_DELETE
};

struct account_change {
	enum account_verb verb;
	const char *name;
	enum hs_role role;
	const char *password_hash;	/* password.h; NULL where there is none */
	bool force;			/* even if no admin is left who can sign in */
	const char *actor;		/* the account that does it; "hsctl" */
	const char *address;		/* from where; NULL: the control socket */
};

/* account: as it is now, or was (deleted): {"name","role","is_disabled","created_at",
 * "signed_in_at"}; borrowed. Errors: HS_EXISTS, HS_NOT_FOUND, HS_LAST_ADMIN, the pool's. */
typedef void account_changed_fn(void *arg, const json_t *account, const struct hs_error *err);

/* Borrows change until it returns. On failure done is not called.
 * Errors: HS_BAD_ARGUMENT (name, hash), hs_db_pool_submit's. */
bool account_change(struct hs_db_pool *pool, const struct account_change *change,
    account_changed_fn *done, void *arg, struct hs_error *err);

enum { ACCOUNTS_LISTED = 5000 };

/* $1: idle seconds. Rows for account_json, by name, at most ACCOUNTS_LISTED. */
extern const char account_list_sql[];
/* The members above, and "sessions". */
json_t *account_json(const PGresult *result, int row);

#endif
