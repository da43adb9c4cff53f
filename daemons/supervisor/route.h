/* route.h: a command's way: to the daemon that owns it, or to the supervisor's own answers. */
#ifndef SUPERVISOR_ROUTE_H
#define SUPERVISOR_ROUTE_H

#include <sys/types.h>

#include <jansson.h>

#include "daemons/supervisor/errand.h"

struct call;
struct supervisor;
struct waiter;

/* What route.c keeps in the supervisor's state. */
struct routes {
	struct waiter *waiters;		/* who wait for a daemon to be up or stopped */
	struct errand migrate;
	struct call *migrate_call;	/* whose it is; NULL: none is under way */
	uid_t caller;			/* of the command that is being handled */
};

/* Who asks, as the kernel knows him. */
struct caller {
	uid_t uid;
	bool is_member;		/* of the daemons' group */
};

/* Sees to it that call gets its answer, now or later. Takes call; borrows args (may be NULL). */
void route_request(struct supervisor *supervisor, struct call *call, const struct caller *caller,
    const char *cmd, json_t *args);

/* Reloads all of it; call (taken) hears of it, or nobody (NULL) when a signal asked. */
void route_reload(struct supervisor *supervisor, struct call *call);

/* Tells those who wait for a daemon that it now is as they wished, or will not be. */
void route_look(struct supervisor *supervisor);

/* Tells those who still wait that we stop. */
void route_end(struct supervisor *supervisor);

#endif
