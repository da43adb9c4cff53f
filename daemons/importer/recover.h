/* recover.h: what an importer that died between a move and its record left behind. */
#ifndef IMPORTER_RECOVER_H
#define IMPORTER_RECOVER_H

#include <stdbool.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

/* Files that were committed and moved, but whose row does not say where to: those that are found
 * by name and content in archive or failed, and no more in incoming, get their stored_as. */
bool recover_shelved(struct hs_db *db, const struct hs_settings *settings, struct hs_error *err);

#endif
