/* origins.h: where in the feed each record of the snapshot came from.
 *
 * What the importer's validator says of a snapshot has the snapshot's places, and nobody has seen
 * that snapshot. The places of the feed are noted as records are written, in a piece of memory and
 * then in a file without a name, and are looked up when something was wrong. */
#ifndef HS_EXTRACTOR_ORIGINS_H
#define HS_EXTRACTOR_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "daemons/extractor/faults.h"
#include "daemons/extractor/parse.h"

struct origins;

/* NULL without memory. */
struct origins *origins_new(void);
/* Accepts NULL. */
void origins_free(struct origins *origins);

/* Notes the next record of the snapshot. Errors: HS_DISK_FULL, HS_IO. */
bool origins_add(struct origins *origins, const struct feed_place *place, struct hs_error *err);

/* A record that is looked for: number is the snapshot's, from 0. */
struct origin {
	uint64_t number;
	struct feed_place place;	/* all unknown when there is no such record */
	char pointer[PARSE_PLACE_BYTES];	/* the place's */
};

/* Finds all of them in one pass, and sorts them by their numbers. Nothing is added after that.
 * Error: HS_IO. */
bool origins_find(struct origins *origins, struct origin *wanted, size_t count,
    struct hs_error *err);

/* Of those, the one of that number, or NULL. */
const struct origin *origins_at(const struct origin *found, size_t count, uint64_t number);

#endif
