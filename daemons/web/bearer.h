/* bearer.h: programs that show a token (api_token.h) with each request: "Authorization: Bearer
 * hst_...".
 *
 * A token is for /api/ and /export. alone: pages and their forms are for browsers. Who sends
 * one is judged by it and by nothing else: his cookies count for nothing, whether it is good or
 * not. */
#ifndef WEB_BEARER_H
#define WEB_BEARER_H

#include <stdbool.h>

#include "daemons/web/exchange.h"

/* Of a 401 to a program: how it is let in. */
#define BEARER_CHALLENGE "Bearer realm=\"HoopScout\""

/* Whether a token came along. What a proxy before us sends with pages, for itself, is none of
 * ours. */
bool bearer_is_given(const struct exchange *exchange);

/* Looks up whose it is: then exchange->account says, with by_token set. Calls next, now or later;
 * on failure of the database next hears why. A token that is of no use has been answered: 401, or
 * 429 after too many from one address. One that is good is never kept waiting by others. Takes
 * exchange. */
void bearer_look_up(struct exchange *exchange,
    void (*next)(struct exchange *exchange, const struct hs_error *err));

#endif
