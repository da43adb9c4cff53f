/* discard.h: deletes a file from the failed folder, when somebody asks for just that. */
#ifndef IMPORTER_DISCARD_H
#define IMPORTER_DISCARD_H

#include <stdbool.h>

#include <jansson.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

/* Deletes failed/name and its report for good, and records that and by whom in the newest row of a
 * file that failed and lies there under that name, if there is one.
 * *ret: {"file","file_id":N|null,"deleted_by"}, a new reference. Errors: as shelve_delete, and
 * HS_DB_* (then the file may be gone without a record; the log has one). */
bool discard_failed(struct hs_db *db, const struct hs_settings *settings, const char *name,
    const char *by, json_t **ret, struct hs_error *err);

#endif
