/* search_form.h: the form's controls, filled from the search, as template values. */
#ifndef WEB_SEARCH_FORM_H
#define WEB_SEARCH_FORM_H

#include <jansson.h>

#include "daemons/web/catalog.h"
#include "daemons/web/search_query.h"

/* refusals: what is wrong with the search, said at the fields; NULL: nothing. A new reference; NULL
 * without memory. */
json_t *search_form_new(const struct search_query *query, const struct catalog *catalog,
    const struct refusals *refusals);

#endif
