/* load.h: one file into the staging tables: validated and copied in one reading, and hashed once
 * more, so that what was checked is what digest.h knew it by.
 *
 * While the database takes in one piece, the next is parsed. What is wrong with the file
 * becomes problems; errors are what is wrong with the machine, or a file that changed. */
#ifndef IMPORTER_LOAD_H
#define IMPORTER_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/db.h"
#include "common/error.h"
#include "common/problems.h"
#include "common/snapshot.h"
#include "daemons/importer/digest.h"
#include "daemons/importer/progress.h"

struct load;

/* Borrows db and progress until load_free. Gives *ret. Errors: HS_NO_MEMORY. */
bool load_new(struct hs_db *db, size_t max_record_bytes, const struct progress *progress,
    struct load **ret, struct hs_error *err);
void load_free(struct load *load);

/* Reads fd from its beginning, inside the caller's transaction. Afterwards either there are
 * problems (and nothing is worth keeping in the transaction), or the stage tables are filled.
 * Errors: HS_FILE_CHANGED (the content is not the expected one), HS_IO, HS_DB_*, HS_CANCELLED. */
bool load_file(struct load *load, int fd, const struct digest *expected, struct hs_error *err);

/* Borrowed; none after success. */
const struct hs_problems *load_problems(const struct load *load);
/* Adds the lines in question to the problems, from the file that was loaded. */
void load_add_excerpts(struct load *load, int fd);
const struct hs_snapshot_head *load_head(const struct load *load);
/* Some record has metadata or a payload; the roster went out in several parts. */
bool load_has_extras(const struct load *load);
bool load_roster_in_parts(const struct load *load);

#endif
