/* routes.h: which handler answers which request: one row a path. */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "daemons/web/exchange.h"

/* Finds the row and calls its guard and its handler; answers 404 and 405 itself. Takes exchange. */
void routes_handle(struct exchange *exchange);

/* The path of row number route, as the table has it; NULL beyond the last. */
const char *routes_path(int route);

#endif
