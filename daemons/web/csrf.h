/* csrf.h: that a form was posted by a page of ours, at its user's wish.
 *
 * Two checks: what the browser says of the request's origin, and a proof in the form that only a
 * page of ours could have written, since it follows from a secret in a cookie: the session's, or before
 * signing in that of a cookie which the form's page has set. */
#ifndef WEB_CSRF_H
#define WEB_CSRF_H

#include <stdbool.h>

#include "daemons/web/exchange.h"
#include "daemons/web/token.h"

/* The field of each form that is posted. */
#define CSRF_FIELD "proof"

/* The proof for a form on the page that is answered. False without memory or random bytes. */
bool csrf_offer(struct exchange *exchange, char ret[TOKEN_PROOF_BYTES]);

/* Whether the posted form (fields.h) may be believed. */
bool csrf_check(const struct exchange *exchange);

/* What the headers say, each NULL when it was not sent: Sec-Fetch-Site decides, else Origin. */
bool csrf_is_own_origin(const char *fetch_site, const char *origin, const char *host);

#endif
