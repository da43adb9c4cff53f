/* guard.h: who may have what a route gives, and whether a form is to be believed. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "daemons/web/exchange.h"

/* The routes' column. From MAY_BY_SETTING on the handler finds in exchange->account who is signed in. */
enum may {
	MAY_ALWAYS,	/* anyone, and nobody asks who it is: files, health */
	MAY_BY_SETTING,	/* anyone if HOOPSCOUT_PUBLIC_SEARCH, else who is signed in */
	MAY_ANYONE,
	MAY_SIGNED_IN,	/* any role */
	MAY_SCOUT,	/* scout or admin */
	MAY_ADMIN
};

/* Calls handle when the asker may, and, of a POST, its form has been read (fields.h) and carries
 * its proof (csrf.h); else answers: 303 to /sign-in or 401, 403, 400. Takes exchange. */
void guard_enter(struct exchange *exchange, enum may may,
    void (*handle)(struct exchange *exchange));

/* Whether an answer of this exchange must not be kept by a browser, since not everyone may see it. */
bool guard_is_closed(const struct exchange *exchange);

/* The query of /sign-in that leads back to path, which must be a path of ours; "" when it is none,
 * or leads nowhere else than by itself. Gives *ret; false without memory. */
bool guard_way_back(const char *path, char **ret);

/* Whether text is a path on this server, and nothing that a browser could read otherwise. */
bool guard_is_own_path(const char *text);

#endif
