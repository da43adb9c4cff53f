/* transfer.h: the bytes of a backup, between hsctl's file and the supervisor's task. */
#ifndef CTL_TRANSFER_H
#define CTL_TRANSFER_H

#include <stdbool.h>

#include "ctl/args.h"
#include "ctl/output.h"

/* Backup and restore. */
bool transfer_is_for(enum hs_command_id command);

/* What can be known before anything is asked for: the file is not there (backup), or there
 * (restore); a restore that replaces asks on the terminal. Errors: HS_EXISTS, HS_NOT_FOUND,
 * HS_BAD_ARGUMENT, HS_CANCELLED (the answer was no). */
bool transfer_check(const struct request *request, struct hs_error *err);

/* client_run for these commands. A backup is written to FILE.part, flushed, and renamed when it is
 * whole; whatever goes wrong, no half file is left. */
int transfer_run(int fd, const struct request *request, struct output *output);

#endif
