/* csrf.h: that a form was posted by a page of ours, at its user's wish.
 *
 * Two checks: what the browser says of the request's origin, and a proof in the form that only a
 * page of ours could have written, since it follows from a secret in a cookie: the session's, or
 * before signing in that of a cookie which the form's page has set. */
#ifndef WEB_CSRF_H
#define WEB_CSRF_H

#include <stdbool.h>

#include <jansson.h>

#include "daemons/web/exchange.h"
#include "daemons/web/token.h"

/* The field of each form that is posted: part/proof in the template, csrf_put in the handler. */
#define CSRF_FIELD "proof"

/* The same of a call of the API by a script on a page of ours. */
#define CSRF_HEADER "HoopScout-Proof"

/* Sets "proof" of a page's data: what forms on the page that is answered carry. The reply is this
 * asker's alone from then on, kept nowhere. False without memory or random bytes. */
bool csrf_put(struct exchange *exchange, json_t *data);

/* Whether the posted form (fields.h) may be believed. guard.c asks before a handler is called. */
bool csrf_check(const struct exchange *exchange);

/* The same of a proof that came in some other way than as a field of fields.h. */
bool csrf_believes(const struct exchange *exchange, const char *proof);

/* The proof that such a form of this asker carries: for who reads it where the exchange is not at
 * hand. False without memory or random bytes. */
bool csrf_expect(struct exchange *exchange, char ret[TOKEN_PROOF_BYTES]);

/* What the headers say, each NULL when it was not sent: Sec-Fetch-Site decides, else Origin. */
bool csrf_is_own_origin(const char *fetch_site, const char *origin, const char *host);

#endif
