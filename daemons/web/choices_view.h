/* choices_view.h: a list to choose from, as template values, with or without counts.
 *
 * A list of at most CHOICES_WHOLE entries is shown whole; of a larger one the CHOICES_SHOWN
 * with the most players, and what was typed finds the others. What is chosen always comes
 * first, among the entries or not: a form never loses a filter that the URL has. */
#ifndef WEB_CHOICES_VIEW_H
#define WEB_CHOICES_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "daemons/web/catalog.h"

enum { CHOICES_WHOLE = 200, CHOICES_SHOWN = 50 };

struct choices_found {
	const size_t *entries;	/* what matches, in the list's order */
	size_t count;
	const int64_t *players;	/* of each; NULL: not counted */
	bool typed;		/* something was looked for */
};

/* "teams" */
const char *choices_plural(enum search_param param);

/* What the form has before anything was counted: a small list whole, of a large one what is
 * chosen. A new reference; NULL without memory. */
json_t *choices_view_plain(const struct search_query *query, enum search_param param,
    const struct catalog *catalog);

/* What was found, and in words how much of it is shown. A new reference; NULL without memory. */
json_t *choices_view_found(const struct search_query *query, enum search_param param,
    const struct catalog *catalog, const struct choices_found *found);

/* The query's page of what was found, for programs. uncounted says why there are no counts, or is
 * NULL. A new reference; NULL without memory. */
json_t *choices_view_api(const struct search_query *query, enum search_param param,
    const struct catalog *catalog, const struct choices_found *found, const char *uncounted);

#endif
