/* quality_view.h: a report as template values, and as the JSON of the API and of hsctl. */
#ifndef WEB_QUALITY_VIEW_H
#define WEB_QUALITY_VIEW_H

#include <stdint.h>

#include <jansson.h>

#include "daemons/web/quality.h"
#include "daemons/web/quality_query.h"

/* Of fewer known, in percent, a field is marked. */
enum { QUALITY_LOW_PERCENT = 50 };

struct quality_shown {
	const struct quality_report *report;	/* NULL: nothing is known yet */
	struct quality_progress progress;
	int64_t newest;				/* version of the data */
	struct quality_query query;
};

/* A new reference; NULL without memory. */
json_t *quality_view_page(const struct quality_shown *shown);
json_t *quality_view_api(const struct quality_shown *shown);

/* What the page says of itself alone: as of when it is, and whether a newer one is on its way;
 * as a fragment, for a page that waits for that one. */
json_t *quality_view_state(const struct quality_shown *shown, bool is_fragment);

struct quality_slice {
	const struct quality_coverage **rows;	/* of this page; for the caller to free */
	size_t count, total;
};

/* The rows of coverage that a query shows, in its order. False without memory. */
bool quality_slice(const struct quality_report *report, const struct quality_query *query,
    struct quality_slice *ret);

/* Hundredths of what is known of all fields. */
int64_t quality_mean(const struct quality_coverage *row);

#endif
