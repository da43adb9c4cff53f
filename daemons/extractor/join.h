/* join.h: the lists in which a mapping's expressions look things up by a key.
 *
 * Of each row only what lookups ask for is kept, in memory; all of them together are bounded. */
#ifndef HS_EXTRACTOR_JOIN_H
#define HS_EXTRACTOR_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "daemons/extractor/mapping.h"
#include "daemons/extractor/parse.h"

enum { JOINS_MAX_BYTES = 16 << 20 };

struct joins;

/* Keeps the mapping; NULL without memory. */
struct joins *joins_new(const struct mapping *mapping);
/* Accepts NULL. */
void joins_free(struct joins *joins);

/* Reads the rows of the n-th join from a feed, beside those that it has; of two with one key the
 * later is taken, and one without a key is none. options' arg is not used for rows.
 * Errors: those of parse.h and expression.h; HS_TOO_BIG, when there is too much to keep. */
bool joins_read(struct joins *joins, size_t n, int fd, const struct parse_options *options,
    struct hs_error *err);

/* What that column of the key's row says; NULL when it is null, or there is none. Borrowed. */
const char *joins_find(const struct joins *joins, size_t n, const char *key, size_t column);

#endif
