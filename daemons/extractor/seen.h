/* seen.h: which player-seasons a run has had already, to drop what a source repeats.
 *
 * Of each a keyed 64-bit hash is kept: among two million, the chance that two different ones are
 * taken for one is one in nine million. */
#ifndef HS_EXTRACTOR_SEEN_H
#define HS_EXTRACTOR_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum { SEEN_MAX = 2000000 };

struct seen;

/* NULL without memory. */
struct seen *seen_new(void);
/* Accepts NULL. */
void seen_free(struct seen *seen);

/* Notes the texts, none of which is NULL, and says whether they were noted before.
 * Errors: HS_NO_MEMORY; HS_TOO_BIG, when SEEN_MAX are noted. */
bool seen_add(struct seen *seen, const char *const *texts, size_t count, bool *ret_is_repeated,
    struct hs_error *err);

#endif
