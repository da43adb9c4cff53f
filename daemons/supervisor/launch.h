/* launch.h: starting one of our own programs: its path, its environment, its channel. */
#ifndef SUPERVISOR_LAUNCH_H
#define SUPERVISOR_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "daemons/supervisor/spawn.h"

struct supervisor;

struct launch {
	const char *program;		/* "hsd-web", in the folder of our programs */
	const char *words[4];		/* the command line after it; ends with NULL */
	bool listens;			/* gets the HTTP sockets */
	int death_signal;
};

/* Starts it with a control channel; our end goes to *ret_fd, the caller's to close. */
bool launch(struct supervisor *supervisor, const struct launch *what, pid_t *ret_pid,
    int *ret_fd, struct hs_error *err);

#endif
