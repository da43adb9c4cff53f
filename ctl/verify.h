/* verify.h: `hsctl backup verify`: checks a backup without any daemon. */
#ifndef CTL_VERIFY_H
#define CTL_VERIFY_H

#include "ctl/output.h"

/* path "-": standard input. Returns hsctl's exit status. */
int verify_run(const char *path, struct output *output);

#endif
