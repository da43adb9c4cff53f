/* account.h: who is signed in, and by which session; see exchange->account.
 *
 * The pool of accounts asks the primary, since what a standby knows may be too old: one who was
 * disabled a moment ago must not come in. */
#ifndef WEB_ACCOUNT_H
#define WEB_ACCOUNT_H

#include <stdint.h>

#include <event2/event.h>

#include "common/account.h"
#include "common/db_pool.h"
#include "common/error.h"
#include "common/settings.h"
#include "daemons/web/token.h"

struct account {
	int64_t id;
	char name[HS_ACCOUNT_NAME_BYTES];
	enum hs_role role;
	char token[TOKEN_TEXT_BYTES];	/* of its session, a secret; "" by an API token */
	char by_token[HS_ACCOUNT_NAME_BYTES];	/* that token's name; "" by a session */
};

struct hashing;

/* What belongs to accounts in hsd-web; made in main.c. Three pools, so that nothing slow keeps
 * anybody from signing in, or from being known by his session. */
struct accounts {
	struct hs_db_pool *pool;	/* who is signed in, signing in and out; hsctl user, token */
	struct hs_db_pool *primary;	/* what else is asked of the primary; exchange_ask_primary */
	struct hs_db_pool *patient;	/* what waits for imports; exchange_ask_patient */
	struct hashing *hashing;
};

/* Gives *ret. Borrows base and settings for its life. */
bool accounts_new(struct event_base *base, const struct hs_settings *settings,
    struct accounts **ret, struct hs_error *err);

/* As hs_db_pool_use, of all three. */
void accounts_use(struct accounts *accounts, uint32_t hosts, uint32_t gone);

/* Accepts NULL. */
void accounts_free(struct accounts *accounts);

#endif
