/* known.h: tells the database which sources there are here (extractor_known), so that pages can
 * show them that are made where no mapping lies.
 *
 * At start, on reload, when the folder of mappings changed (looked at once a minute, and at each
 * command), and every hour. While the database is away it tries again. Nothing here waits. */
#ifndef HS_EXTRACTOR_KNOWN_H
#define HS_EXTRACTOR_KNOWN_H

#include <stdbool.h>

#include "common/error.h"

struct extractor;
struct known;

/* Gives *ret, which begins to look. Keeps extractor, whose pool must end before known_free.
 * Error: HS_NO_MEMORY. */
bool known_new(struct extractor *extractor, struct known **ret, struct hs_error *err);
void known_free(struct known *known);

/* Tells what the sources are, as they were last refreshed, unless that has been told. */
void known_tell(struct known *known);

/* Nothing is told any more. */
void known_stop(struct known *known);

#endif
