/* discard.h: deletes a file from the failed folder, when somebody asks for just that. */
#ifndef IMPORTER_DISCARD_H
#define IMPORTER_DISCARD_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"
#include "daemons/importer/shelve.h"

/* Deletes a file of failed and its report for good, and records that and by whom: in the row of
 * file_id, which it must still be (wanted.h); or, when that is 0, in the newest row of a file that
 * failed and lies there under that name, if there is one. wish->wanted is filled here.
 * *ret: {"file","file_id":N|null,"deleted_by"}, a new reference. Errors: as wanted_find and
 * shelve_delete, and HS_DB_*: the file is there then. */
bool discard_failed(struct hs_db *db, const struct hs_settings *settings, struct shelve_wish *wish,
    int64_t file_id, const char *by, json_t **ret, struct hs_error *err);

#endif
