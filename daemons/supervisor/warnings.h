/* warnings.h: what an operator should know first, from a whole status. */
#ifndef SUPERVISOR_WARNINGS_H
#define SUPERVISOR_WARNINGS_H

#include <jansson.h>

/* [{"message","advice"}], the gravest first; a new reference. */
json_t *warnings_of(const json_t *status);

#endif
