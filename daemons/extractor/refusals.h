/* refusals.h: what the importer's validator refuses of a snapshot, said of the feed that it came
 * from: its records, its lines. */
#ifndef HS_EXTRACTOR_REFUSALS_H
#define HS_EXTRACTOR_REFUSALS_H

#include <stdbool.h>

#include "common/error.h"
#include "common/problems.h"
#include "daemons/extractor/faults.h"
#include "daemons/extractor/origins.h"

/* Adds the problems to the faults. has_mapping: the snapshot's fields are not the feed's.
 * Errors: HS_IO, HS_NO_MEMORY. */
bool refusals_tell(const struct hs_problems *problems, struct origins *origins, bool has_mapping,
    struct faults *faults, struct hs_error *err);

#endif
