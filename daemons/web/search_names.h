/* search_names.h: what the competitions and teams of a query are called, which has only their ids. */
#ifndef WEB_SEARCH_NAMES_H
#define WEB_SEARCH_NAMES_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "daemons/web/search_query.h"
#include "daemons/web/sql.h"

/* Makes the statement that asks for them; false when the query names none. */
bool search_names_sql(const struct search_query *query, struct sql *sql);

/* The name of an item of a parameter: "Los Angeles Lakers" for "nba-stats:LAL"; the item's own
 * id ("LAL") when there is no such, or names is NULL. Borrowed from names or item. */
const char *search_names_of(const PGresult *names, enum search_param param, const char *item);

#endif
