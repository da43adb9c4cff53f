/* account_page.h: /account: who one is, where one is signed in, one's tokens (account_tokens.h),
 * another password. */
#ifndef WEB_ACCOUNT_PAGE_H
#define WEB_ACCOUNT_PAGE_H

#include "daemons/web/exchange.h"

void account_page(struct exchange *exchange);

/* Fields: current, new, again. Ends all other sessions; this one goes on under another token. */
void account_password_post(struct exchange *exchange);

#endif
