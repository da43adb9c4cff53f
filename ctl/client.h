/* client.h: one command, sent to the supervisor, until its result. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "ctl/args.h"
#include "ctl/output.h"

enum { CLIENT_SILENCE_SECONDS = 30 };	/* commands that only look answer within this */

/* Sends the request over fd (takes it), shows what comes, and returns hsctl's exit status.
 * SIGINT and SIGTERM detach: the daemon goes on, 128 + signal is returned. */
int client_run(int fd, const struct request *request, struct output *output);

#endif
