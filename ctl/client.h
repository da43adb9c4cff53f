/* client.h: one command, sent to the supervisor, until its result. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <event2/event.h>

#include "ctl/args.h"
#include "ctl/output.h"

enum { CLIENT_SILENCE_SECONDS = 30 };	/* commands that only look answer within this */

/* For commands that bring more than lines; each may be NULL. */
struct client_hooks {
	/* An event that is not for the eye: true when it was one. *ret_ok false, with *err, ends
	 * it all. */
	bool (*on_event)(void *arg, struct event_base *base, const json_t *event, bool *ret_ok,
	    struct hs_error *err);
	/* The result is there, and stands when this returns true. */
	bool (*on_result)(void *arg, const json_t *result, struct hs_error *err);
	/* An error is there: a better one may be put in its place. */
	void (*on_error)(void *arg, struct hs_error *err);
	/* All is over; events that were made are to be freed. */
	void (*on_end)(void *arg);
	const char *on_interrupt;	/* what to say at a signal, which ends the work too */
	void *arg;
};

/* Sends the request over fd (takes it), shows what comes, and returns hsctl's exit status.
 * SIGINT and SIGTERM detach: the daemon goes on, 128 + signal is returned. hooks may be NULL. */
int client_run(int fd, const struct request *request, const struct client_hooks *hooks,
    struct output *output);

#endif
