/* session.h: sessions: a cookie with a random token here, its hash in the database.
 *
 * Under HTTPS the cookie is __Host-hoopscout, Secure (below a base path __Secure-hoopscout, of
 * that path); else hoopscout. All are HttpOnly, SameSite=Lax and of this host alone. Before signing
 * in there is a second one, for the form's proof (csrf.h); a third one carries a sentence to the
 * next page (notice.h). A fourth one stays: by it signing in knows the device (throttle.h). */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include <stdbool.h>

#include "daemons/web/account.h"
#include "daemons/web/exchange.h"

enum cookie { COOKIE_SESSION, COOKIE_BEFORE, COOKIE_NOTICE, COOKIE_DEVICE, COOKIE_COUNT };

/* The token that the cookie has; "" when there is none. */
void session_cookie(const struct exchange *exchange, enum cookie cookie,
    char ret[TOKEN_TEXT_BYTES]);

/* The same of a cookie whose values have another form: what is_one takes, shorter than size. */
void session_cookie_value(const struct exchange *exchange, enum cookie cookie,
    bool (*is_one)(const char *text, size_t length), char *ret, size_t size);

/* The reply sets the cookie, NOTICE for a minute, DEVICE for a year, the others until the browser
 * ends; value NULL: takes it away. False without memory. */
bool session_set_cookie(struct exchange *exchange, enum cookie cookie, const char *value);

/* The line alone, for tests. Returns buf. */
const char *session_cookie_line(enum cookie cookie, const char *value, bool is_https,
    const char *base, char *buf, size_t size);

/* Finds a cookie's value in a Cookie header; "" when it is not there, there twice with different
 * values, too long, or not what is_one takes (token_is_one). */
void session_find_cookie(const char *header, const char *name,
    bool (*is_one)(const char *text, size_t length), char *ret, size_t size);

/* Looks up who is signed in: then exchange->account says. Calls next, now or later; on failure next
 * hears why. */
void session_look_up(struct exchange *exchange,
    void (*next)(struct exchange *exchange, const struct hs_error *err));

/* Lifts the account out of a row: account_id, name, role. */
void session_read_account(const PGresult *result, int row, struct account *ret);

#endif
