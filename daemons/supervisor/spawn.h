/* spawn.h: the birth of a process: as whom it runs, what it inherits, what it dies with. */
#ifndef SUPERVISOR_SPAWN_H
#define SUPERVISOR_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"
#include "daemons/supervisor/identity.h"

enum { SPAWN_FDS = 66 };

struct spawn {
	const char *path;
	const char *const *argv;	/* ends with NULL */
	const char *const *environment;	/* ends with NULL */
	const struct identity *identity;
	int fds[SPAWN_FDS];		/* inherited under their numbers; all others are closed */
	size_t fd_count;
	int death_signal;		/* when the supervisor dies */
};

/* Starts it, with standard input from /dev/null and our standard error for both outputs.
 * A program that cannot be executed ends with status 126 after one line on standard error.
 * Borrows all. Errors: HS_LIMIT, HS_NO_MEMORY, HS_IO (fork). */
bool spawn(const struct spawn *what, pid_t *ret_pid, struct hs_error *err);

/* "exit status 1", "killed by signal 9 (Killed)", from wait's status. Returns buf. */
const char *spawn_end_text(int status, char *buf, size_t size);

#endif
