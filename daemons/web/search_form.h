/* search_form.h: the form's controls, filled from the search, as template values. */
#ifndef WEB_SEARCH_FORM_H
#define WEB_SEARCH_FORM_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/search_query.h"

enum { SEARCH_FORM_CHOICES = 500 };	/* listed of each kind */

/* What can be chosen: kind (a parameter's name), value, text, note. */
extern const char search_form_choices_sql[];

/* choices is what search_form_choices_sql gave. A new reference; NULL without memory. */
json_t *search_form_new(const struct search_query *query, const PGresult *choices);

#endif
