/* sign_in.h: /sign-in and /sign-out. */
#ifndef WEB_SIGN_IN_H
#define WEB_SIGN_IN_H

#include "daemons/web/exchange.h"

void sign_in_page(struct exchange *exchange);
void sign_in_post(struct exchange *exchange);

/* Field "everywhere": all sessions of the account end, not this one alone. */
void sign_out_post(struct exchange *exchange);

#endif
