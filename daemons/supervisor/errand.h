/* errand.h: one run of a task (task.h), seen from the supervisor: it starts, tells its steps,
 * and ends with a result or an error. */
#ifndef SUPERVISOR_ERRAND_H
#define SUPERVISOR_ERRAND_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

#include "common/control.h"
#include "common/error.h"
#include "daemons/supervisor/task.h"

struct supervisor;

struct errand_events {
	/* A step; the message is borrowed. May be NULL. */
	void (*on_event)(void *arg, const json_t *message);
	/* The end, once: its result (borrowed), or NULL and why. */
	void (*on_done)(void *arg, const json_t *result, const struct hs_error *why);
	const char *work;	/* "the backup"; NULL: "preparing the database" */
};

struct errand {
	struct supervisor *home;
	const struct errand_events *events;
	void *arg;
	pid_t pid;		/* 0: none under way */
	struct hs_link *link;
	json_t *result;
	struct hs_error why;
	bool ended;		/* the process has; its last words may still be unread */
};

/* Errors: HS_BUSY (one is under way), those of spawn. */
bool errand_start(struct errand *errand, struct supervisor *home, enum task task,
    const char *argument, const struct errand_events *events, void *arg, struct hs_error *err);

/* Takes note of a process that ended; false when it was not this errand's. */
bool errand_reap(struct errand *errand, pid_t pid, int status);

/* Ends one under way without a word to its owner. */
void errand_cancel(struct errand *errand);

#endif
