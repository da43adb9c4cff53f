/* wanted.h: which file somebody means who names a failed one by its number.
 *
 * A name in the failed folder is taken again when the file that had it has gone: who saw one
 * file must not reach the next one of that name. */
#ifndef IMPORTER_WANTED_H
#define IMPORTER_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "common/error.h"
#include "daemons/importer/digest.h"

struct wanted {
	int64_t file_id;		/* 0: whichever has the name */
	int64_t later_id;		/* a file that failed later under its name; 0: none */
	int64_t size_bytes;		/* of its content, as of when it failed */
	char sha256[DIGEST_TEXT_BYTES];
};

/* Finds what the row of file_id says of the file that lies in failed as name, and, inside a
 * transaction, locks the row. file_id 0: asks nothing. Errors: HS_BAD_ARGUMENT (there is no such
 * file, it is not one that lies in failed under this name, or a later one with the same content
 * does), HS_DB_*. */
bool wanted_find(struct hs_db *db, int64_t file_id, const char *name, struct wanted *ret,
    struct hs_error *err);

/* Whether the open file is the one that is wanted: true when no number was given. Reads all of it.
 * Errors: HS_NOT_FOUND (another file has the name, or it was changed), HS_IO, HS_CANCELLED. */
bool wanted_is(const struct wanted *wanted, int fd, const char *name,
    const struct progress *progress, struct hs_error *err);

#endif
