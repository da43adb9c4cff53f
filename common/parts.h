/* parts.h: hidden files in the making, and what died processes left of them.
 *
 * Who writes such a file keeps it locked (flock): that is how the living are known from the dead. */
#ifndef HS_PARTS_H
#define HS_PARTS_H

#include <stdbool.h>

#include "common/error.h"

/* What the name of a hidden file in the making ends with. */
#define HS_PART_SUFFIX ".part"

/* Removes the files in dir whose names begin with prefix and end with HS_PART_SUFFIX, and that nobody
 * has locked; says in the log what went, and what would not. what names their maker there: "a run".
 * Errors: HS_IO and its like, when the folder cannot be read. */
bool hs_parts_sweep(int dir, const char *prefix, const char *what, struct hs_error *err);

#endif
