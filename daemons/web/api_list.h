/* api_list.h: a part of a list over /api/v1: its page and per_page, and the answer. */
#ifndef WEB_API_LIST_H
#define WEB_API_LIST_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/exchange.h"

enum { API_LIST_PER_PAGE = 50, API_LIST_MOST_PER_PAGE = 200, API_LIST_NUMBER_BYTES = 24 };

/* Which part is asked for; first and count are page and per_page as SQL's offset and limit. */
struct api_list {
	long long page, per_page, most_page;
	char first[API_LIST_NUMBER_BYTES], count[API_LIST_NUMBER_BYTES];
};

/* Reads the query string, which may have nothing but page (1..most_page) and per_page. It is the
 * exchange's work, and freed with it. NULL after having answered why not. */
const struct api_list *api_list_new(struct exchange *exchange, long long most_page);

/* {"total","page","per_page",name: rows}; total is a statement's only row, since a page beyond the
 * last one has no rows to tell it. Takes rows; NULL without memory, or when rows is NULL. */
json_t *api_list_json(const struct exchange *exchange, const char *name, json_t *rows,
    const PGresult *total);

#endif
