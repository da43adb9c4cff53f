/* refusals.h: all that is wrong with a query string, so that an asker mends it in one go. */
#ifndef WEB_REFUSALS_H
#define WEB_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum { REFUSALS_MOST = 20 };	/* that are kept; the rest is counted */

struct refusals {
	struct hs_error *list[REFUSALS_MOST];	/* in the query's order, each once */
	size_t count, total;
};

/* Adds a copy of what was refused. False without memory. */
bool refusals_add(struct refusals *refusals, const struct hs_error *refused);

/* Of a parameter the first message, or NULL. */
const char *refusals_of(const struct refusals *refusals, const char *parameter);

void refusals_done(struct refusals *refusals);

#endif
