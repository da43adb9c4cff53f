/* help.h: what --help prints, from the table of commands. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

#include "common/commands.h"

/* topic: "" for all, a group ("import"), or a command's words. */
void help_print(FILE *to, const char *topic);

/* "hsctl import list [--limit N]" into buf. */
void help_usage(const struct hs_command *row, char *buf, size_t size);

#endif
