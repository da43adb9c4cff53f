/* nearest.h: what somebody may have meant who mistyped a command or an option. */
#ifndef CTL_NEAREST_H
#define CTL_NEAREST_H

#include "common/commands.h"

enum { NEAREST_BYTES = 48 };	/* more of a word is not looked at */

/* The words of the nearest command, NULL when none is near. second may be NULL. */
const char *nearest_command(const char *first, const char *second);

/* The name (without dashes) of the nearest option of a command, those of hsctl too;
 * NULL when none is near. */
const char *nearest_option(const struct hs_command *row, const char *token);

#endif
