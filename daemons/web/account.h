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
	char token[TOKEN_TEXT_BYTES];	/* of its session, a secret */
};

struct hashing;

/* What belongs to accounts in hsd-web; made in main.c. */
struct accounts {
	struct hs_db_pool *pool;
	struct hashing *hashing;
};

/* Gives *ret. Borrows base and settings for its life. */
bool accounts_new(struct event_base *base, const struct hs_settings *settings,
    struct accounts **ret, struct hs_error *err);

/* Accepts NULL. */
void accounts_free(struct accounts *accounts);

#endif
