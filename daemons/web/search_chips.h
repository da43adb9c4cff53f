/* search_chips.h: the filters in force in words, and the addresses of the search without them. */
#ifndef WEB_SEARCH_CHIPS_H
#define WEB_SEARCH_CHIPS_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/search_advice.h"
#include "daemons/web/search_query.h"

/* The page's address of a search: "/?name=ann". A new reference; NULL without memory. */
json_t *search_address(const struct search_query *query);

/* The same without any filter, in the same order and as many to a page. */
json_t *search_address_clear(const struct search_query *query);

/* [{"text", "url"}]: each filter, or each item of it, and the search without it; where there are
 * many items, all of a parameter in one. names is of search_names.h. A new reference; NULL
 * without memory. */
json_t *search_chips_new(const struct search_query *query, const PGresult *names);

/* {"list": [{"text", "count", "url"}], "any": bool}: what to loosen, the most players first; none
 * when no single filter is to blame. null when advice is NULL. A new reference; NULL without
 * memory. */
json_t *search_advice_view(const struct search_query *query, const PGresult *names,
    const struct search_advice *advice);

#endif
