/* search_view.h: the rows found, as template values and as the API's JSON. */
#ifndef WEB_SEARCH_VIEW_H
#define WEB_SEARCH_VIEW_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/search_query.h"

/* For the templates: total, chips, heads, rows, pager. A new reference; NULL without memory. */
json_t *search_view_new(const struct search_query *query, const PGresult *page,
    int64_t total);

/* {"total","page","per_page","players"}, as design section 8 has it.
 * A new reference; NULL without memory. */
json_t *search_view_api(const struct search_query *query, const PGresult *page,
    int64_t total);

#endif
