/* compare.h: the handler of players side by side. */
#ifndef WEB_COMPARE_H
#define WEB_COMPARE_H

#include "daemons/web/exchange.h"

/* GET /compare */
void compare_page(struct exchange *exchange);

#endif
