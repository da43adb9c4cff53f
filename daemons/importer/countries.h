/* countries.h: gives each nationality in the database the country that it means.
 *
 * label.country follows from label.name by common/country.h, and so by this program's table.
 * New labels get theirs in the import that brings them, old ones when an importer starts
 * whose table says otherwise. */
#ifndef IMPORTER_COUNTRIES_H
#define IMPORTER_COUNTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "common/error.h"

/* Settles the labels from that id on, in the caller's transaction. */
bool countries_settle(struct hs_db *db, int64_t first_label, struct hs_error *err);

/* Looks at all labels; when some have another country than they should, settles them in a
 * transaction of its own, which raises the data version, and says so in the log. */
bool countries_refresh(struct hs_db *db, struct hs_error *err);

#endif
