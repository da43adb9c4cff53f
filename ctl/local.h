/* local.h: the commands that hsctl answers itself, without any daemon. */
#ifndef CTL_LOCAL_H
#define CTL_LOCAL_H

#include "ctl/args.h"
#include "ctl/output.h"

/* Runs a command whose owner is HS_PROC_CTL; returns hsctl's exit status. */
int local_run(const struct request *request, struct output *output);

/* `config` when no supervisor can be asked: reads the settings as it would. */
int local_config(struct output *output);

#endif
