/* guard.h: who may have what a route gives, and whether a form is to be believed.
 *
 * How a page for scouts or admins is written:
 * - A row in routes.c for each method, with MAY_SCOUT or MAY_ADMIN; the same row in ROUTES of
 *   tests/integration/test_permissions.py, which fails without it. Its handler is called when the
 *   asker may, with exchange->account set; who may not has been answered. A link in everybody's
 *   masthead who may follow it is a row in masthead.c.
 * - An address of the API (/api/) is the same, but its POST takes no form: it is believed of a
 *   token (bearer.h), and of a cookie only with the header of csrf.h. exchange->account is the
 *   token's account, with what the token may as its role.
 * - The page sets exchange->reply.is_secret, so that it is kept nowhere; with a form on it,
 *   csrf_put (csrf.h) does that, and the form has {{> part/proof}} as its first child and
 *   method="post". With htmx it is the same form and hx-post; a button outside a form takes
 *   hx-include of one.
 * - The handler of the POST reads field_of (fields.h): the form is read and believed before it is
 *   called. It changes things by one statement at the primary (exchange_ask_primary), of which
 *   the entry in the trail is a part (audit.h), and ends with notice_reply (notice.h): a
 *   redirect, and a sentence on the next page. A form to be filled in again is a page with status
 *   422 instead, with a .refusal, role="alert", that says what to do. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "common/account.h"
#include "daemons/web/exchange.h"

/* The routes' column. From MAY_BY_SETTING on the handler finds in exchange->account who is signed
 * in. */
enum may {
	MAY_ALWAYS,	/* anyone, and nobody asks who it is: files, health */
	MAY_BY_SETTING,	/* anyone if HOOPSCOUT_PUBLIC_SEARCH, else who is signed in */
	MAY_ANYONE,
	MAY_SIGNED_IN,	/* any role */
	MAY_SCOUT,	/* scout or admin */
	MAY_ADMIN,
	MAY_SCRAPE	/* whoever HOOPSCOUT_METRICS_FROM names, else a scout or admin */
};

/* Calls handle when the asker may, and, of a POST, its form has been read (fields.h) and carries
 * its proof (csrf.h); else answers: 303 to /sign-in or 401, 403, 400, 429. Takes exchange. */
void guard_enter(struct exchange *exchange, enum may may,
    void (*handle)(struct exchange *exchange));

/* Whether a role suffices where somebody has to be signed in. */
bool guard_has_role(enum may may, enum hs_role role);

/* Whether an answer of this exchange must not be kept by a browser, since not everyone may see
 * it. */
bool guard_is_closed(const struct exchange *exchange);

/* The query of /sign-in that leads back to path, which must be a path of ours; "" when it is none,
 * or leads nowhere else than by itself. Gives *ret; false without memory. */
bool guard_way_back(const char *path, char **ret);

/* Whether text is a path on this server, and nothing that a browser could read otherwise. */
bool guard_is_own_path(const char *text);

#endif
