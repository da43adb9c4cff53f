/* extractors_view.h: sources and runs of the extractor as template values. */
#ifndef WEB_EXTRACTORS_VIEW_H
#define WEB_EXTRACTORS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/following.h"

/* Each gives a new reference, NULL without memory. Results have the columns of extractors_sql.h. */
json_t *extractors_view_list(const struct following *frame, const PGresult *sources);

/* One source, and a page of its runs; asked (may be NULL): the dry run that was asked for, whose
 * report is shown too. */
json_t *extractors_view_source(const struct following *frame, const PGresult *source,
    const PGresult *total, const PGresult *runs, int64_t page, const PGresult *asked);

json_t *extractors_view_run(const struct following *frame, const PGresult *run);

#endif
