/* import_place.h: where imported files lie, as seen from this machine, which may be another one
 * than the importer's. */
#ifndef WEB_IMPORT_PLACE_H
#define WEB_IMPORT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/error.h"

struct web;

/* Opens what a row of imports_file_sql names, when it is a regular file of that size. Gives
 * *ret_fd. Errors: HS_NOT_FOUND, with a sentence for the page. */
bool import_place_open(const struct web *web, const PGresult *file, int *ret_fd, int64_t *ret_bytes,
    struct hs_error *err);

/* Puts "place" into a file's view: folder, name, whether it is here, or why not. */
bool import_place_put(const struct web *web, json_t *view, const PGresult *file);

/* {"folder","any","count","names","more"} of the snapshots that lie in incoming; a new reference,
 * NULL without memory. */
json_t *import_place_waiting(const struct web *web);

/* Whether a snapshot of that name lies there. */
bool import_place_is_waiting(const struct web *web, const char *name);

#endif
