/* completion.h: shell completion for hsctl, from the table of commands. */
#ifndef CTL_COMPLETION_H
#define CTL_COMPLETION_H

#include <jansson.h>

#include "common/error.h"

/* {"shell": "bash", "lines": [...]}: the script for "bash" or "zsh"; the caller's. Its lines have
 * no control characters. NULL with *err. Errors: HS_BAD_ARGUMENT (another shell), HS_NO_MEMORY. */
json_t *completion_script(const char *shell, struct hs_error *err);

#endif
