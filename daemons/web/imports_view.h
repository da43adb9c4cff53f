/* imports_view.h: the import history as template values. */
#ifndef WEB_IMPORTS_VIEW_H
#define WEB_IMPORTS_VIEW_H

#include <stdbool.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/following.h"
#include "daemons/web/imports_query.h"

/* Each gives a new reference, NULL without memory. Results have the columns of imports_sql.h. */
json_t *imports_view_list(const struct imports_query *query, const struct following *frame,
    const PGresult *total, const PGresult *list, const PGresult *sources);
json_t *imports_view_run(const struct following *frame, const PGresult *run,
    const PGresult *total, const PGresult *files);
json_t *imports_view_file(const struct following *frame, const PGresult *file,
    const PGresult *duplicates);

/* Rows of a list: a run, a file. */
json_t *imports_view_run_row(const PGresult *result, int row);
json_t *imports_view_file_row(const PGresult *result, int row);

enum { IMPORTS_SECONDS_BYTES = 48 };

/* "48 ms", "1.4 s", "12 s", "3 min 20 s", "2 h 3 min". Returns buf. */
const char *imports_seconds_text(double seconds, char buf[IMPORTS_SECONDS_BYTES]);

/* Puts "is_moving", "request", "may_act", "self" and what the head of the page needs. */
bool imports_view_frame(json_t *view, const struct following *frame, const char *title);

#endif
