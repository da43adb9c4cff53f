/* search.h: the handlers of the search: its page, and its API. */
#ifndef WEB_SEARCH_H
#define WEB_SEARCH_H

#include "daemons/web/exchange.h"

/* GET /: the whole page, or for htmx the results alone. */
void search_page(struct exchange *exchange);

/* GET /api/v1/players: the same search as JSON. */
void search_api(struct exchange *exchange);

#endif
