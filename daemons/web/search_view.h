/* search_view.h: the rows found, as template values and as the API's JSON. */
#ifndef WEB_SEARCH_VIEW_H
#define WEB_SEARCH_VIEW_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/search_advice.h"
#include "daemons/web/search_query.h"

/* What came of a search; borrowed. */
struct search_found {
	const PGresult *page;			/* columns: search_sql.h */
	int64_t total;
	const PGresult *names;			/* search_names.h; NULL: none were asked for */
	const struct search_advice *advice;	/* NULL: somebody was found */
	const char *incoming;			/* the folder for snapshots */
};

/* For the templates: total, chips, advice, heads, rows, pager. A new reference; NULL without
 * memory. */
json_t *search_view_new(const struct search_query *query, const struct search_found *found);

/* What the form cannot hold itself, since it is not swapped with the results: its order and the
 * length of its pages. A new reference; NULL without memory. */
json_t *search_view_kept(const struct search_query *query);

/* {"total","page","per_page","players"}, as design section 8 has it.
 * A new reference; NULL without memory. */
json_t *search_view_api(const struct search_query *query, const PGresult *page,
    int64_t total);

/* One of its players: a row of search_sql.h. A new reference; NULL without memory. */
json_t *search_view_player(const PGresult *page, int row);

#endif
