/* extractors_report.h: what a run of the extractor tells of its records, as template values. */
#ifndef WEB_EXTRACTORS_REPORT_H
#define WEB_EXTRACTORS_REPORT_H

#include <stdbool.h>

#include <jansson.h>
#include <libpq-fe.h>

/* Puts "counts", "fields", "empty_fields", "left_out_problems", "repeated_first", "warnings",
 * "problems" and what tells whether there are any; run has the columns of one run alone. What is
 * not as this version of hsd-extractor writes it is left out. False without memory. */
bool extractors_report_put(json_t *view, const PGresult *run, int row);

#endif
