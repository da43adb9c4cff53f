/* command_queue.h: commands that come by the database, for the daemon that owns them.
 *
 * hsd-web may run on another machine than the importer and the extractor, and the control socket
 * is the operator's. So what a page asks for is a row of command_request (008_command_request.sql),
 * and the daemon that owns the command takes it and runs the handler that the socket has too;
 * events, result or error go into the row. Who may ask is hsd-web's business; here it counts
 * what a row of commands.c allows (by_web, is_local), whoever wrote the request.
 *
 * Of several daemons that see a request one takes it. It is run once or not at all: what a process
 * had in hand when it died is marked as lost by the next process of the same host, or by any daemon
 * when it was not seen for five minutes; nobody takes it again. One that waits for an hour is
 * cancelled, so that nothing happens long after somebody asked for it.
 *
 * NOTIFY tells of a request at once; since a connection can be dead without a sign, we also look
 * every 15 seconds. While the database is away the daemon goes on, and we look again with growing
 * pauses.
 * child.c makes the queue of a daemon whose spec says takes_requests. */
#ifndef HS_COMMAND_QUEUE_H
#define HS_COMMAND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/commands.h"
#include "common/error.h"
#include "common/settings.h"

enum {
	HS_HOST_BYTES = 4352,
	HS_REQUESTS_RUNNING = 100,		/* at a time, of one daemon */
	HS_REQUEST_RESULT_BYTES = 256 << 10,	/* what is longer is cut, with a note */
	HS_REQUEST_EVENT_BYTES = 64 << 10	/* the same of an event */
};

struct hs_command_queue;
struct hs_request;	/* one that is under way */

/* "machine:state folder": whose work it is that was left by a process that died. */
bool hs_host_name(const struct hs_settings *settings, char buf[HS_HOST_BYTES],
    struct hs_error *err);

/* Runs a command, which has been checked; answers now or later, by exactly one hs_request_result or
 * hs_request_error. args is borrowed until it returns. */
typedef void hs_request_run_fn(void *arg, struct hs_request *request, enum hs_command_id command,
    const json_t *args);

/* Looks for requests from the next turn of the loop on. Gives *ret. Borrows base and settings. */
bool hs_command_queue_new(struct event_base *base, const struct hs_settings *settings,
    enum hs_process owner, hs_request_run_fn *run, void *arg, struct hs_command_queue **ret,
    struct hs_error *err);

/* Nothing is written any more; runs that have no end yet must not tell one. Accepts NULL. */
void hs_command_queue_free(struct hs_command_queue *queue);

/* Takes nothing new. */
void hs_command_queue_stop(struct hs_command_queue *queue);

/* After stop: what still runs is marked as cancelled. True: all ends are written. False: done is
 * called when they are, or after two seconds. */
bool hs_command_queue_finish(struct hs_command_queue *queue, void (*done)(void *arg), void *arg);

/* {"running":n,"waiting":[{"owner","count","seconds"}],"problem"}: how many run here; what has
 * waited for more than five seconds, of all owners, and since when the oldest; why we do not know,
 * or null. A new reference. */
json_t *hs_command_queue_status(const struct hs_command_queue *queue);

/* The account that asked. */
const char *hs_request_asker(const struct hs_request *request);

/* As hs_call_event, _result and _error; the last two end the request. */
void hs_request_event(struct hs_request *request, const char *event, json_t *body);
void hs_request_result(struct hs_request *request, json_t *result);
void hs_request_error(struct hs_request *request, const struct hs_error *error);

/* Ends it here: what it is about lies on another machine, if anywhere. Another daemon of this owner
 * takes it; when none has after some seconds, it ends with the errors of all who looked. */
void hs_request_decline(struct hs_request *request, const struct hs_error *error);

/* At most most_bytes of an object: members that are too long go, and "cut" and "note" say so.
 * Takes object (NULL is an empty one); a new reference. For hs_request_result, and its test. */
json_t *hs_request_bounded(json_t *object, size_t most_bytes);

#endif
