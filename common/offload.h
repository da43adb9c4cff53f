/* offload.h: work that may block, on a thread of its own; its end comes back to the event base.
 *
 * For the few things that have no asynchronous form (looking a name up, asking a server to
 * cancel). Each task has a short-lived thread, so whoever starts them bounds their number. */
#ifndef HS_OFFLOAD_H
#define HS_OFFLOAD_H

#include <stdbool.h>

#include <event2/event.h>

#include "common/error.h"

struct hs_offload;

/* The head of a caller's own struct; it has all that the thread may touch. */
struct hs_task {
	void (*work)(struct hs_task *task);	/* on the thread, all signals blocked */
	void (*done)(struct hs_task *task);	/* then, on the event loop; takes task */
	void (*drop)(struct hs_task *task);	/* instead, on either, after a free; takes task */
	struct hs_offload *home;		/* these two are ours */
	struct hs_task *next;
};

/* Gives *ret. Borrows base for its life. */
bool hs_offload_new(struct event_base *base, struct hs_offload **ret, struct hs_error *err);

/* Never waits: tasks under way finish alone and are dropped. Accepts NULL. */
void hs_offload_free(struct hs_offload *offload);

/* Takes task when it returns true; done never runs before that. Errors: HS_LIMIT. */
bool hs_offload_start(struct hs_offload *offload, struct hs_task *task, struct hs_error *err);

#endif
