/* control.h: the control protocol: JSON objects, one a line, in both directions.
 *
 *   {"id":1,"cmd":"import.now","args":{}}
 *   {"id":1,"event":"progress","file":"nba.json","bytes":524288,"total":2240441}
 *   {"id":1,"result":{...}}     or     {"id":1,"error":{"code":"...","message":"..."}}
 *
 * One protocol for hsctl to supervisor (a Unix socket) and supervisor to child (a
 * socketpair). A request gets any number of events and exactly one result or error.
 * A child also tells the supervisor {"event":"ready"} without an id.
 * Here are the lines and their limits; commands.h has the commands. */
#ifndef HS_CONTROL_H
#define HS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/error.h"

enum {
	HS_LINE_BYTES = 1 << 20,	/* one line, its newline included */
	HS_LINE_SECONDS = 10,		/* from a line's first byte to its last */
	HS_LINK_BACKLOG_BYTES = 8 << 20	/* not yet taken by the peer: more and it is closed */
};

struct hs_link;

struct hs_link_events {
	/* One message; borrowed until the call returns. The handler may free the link. */
	void (*on_message)(void *arg, struct hs_link *link, json_t *message);
	/* The peer closed (why NULL), or broke the rules or the connection (why says it).
	 * Comes from the event loop, never from inside hs_link_send. The handler frees the
	 * link; nothing more is called. */
	void (*on_closed)(void *arg, struct hs_link *link, const struct hs_error *why);
};

/* Speaks the protocol on a connected stream socket. Takes fd, even on failure. Keeps events
 * and arg. Gives *ret. */
bool hs_link_new(struct event_base *base, int fd, const struct hs_link_events *events, void *arg,
    struct hs_link **ret, struct hs_error *err);

/* Closes without waiting; what was not yet sent is lost. Accepts NULL. The descriptor is
 * closed by the event loop's next turn (or with its base). */
void hs_link_free(struct hs_link *link);

/* Closes once everything sent so far has gone out (bounded by HS_LINE_SECONDS); takes the
 * link, and calls nothing more. */
void hs_link_finish(struct hs_link *link);

/* Sends a message. Takes it; NULL is HS_NO_MEMORY, so that the makers below need no check.
 * To a peer that has left it does nothing, and is true: on_closed is under way.
 * Errors: HS_TOO_LONG (over HS_LINE_BYTES; the link stays usable), HS_BUSY (backlog;
 * on_closed follows). */
bool hs_link_send(struct hs_link *link, json_t *message, struct hs_error *err);

/* Bytes that were sent and that the peer has not taken yet. */
size_t hs_link_backlog(const struct hs_link *link);

/* Messages; each a new reference, NULL without memory. body (taken, may be NULL) is an object
 * whose members are merged into an event, or is the result itself. id 0 leaves the id out. */
json_t *hs_message_request(json_int_t id, const char *cmd, json_t *args);
json_t *hs_message_event(json_int_t id, const char *event, json_t *body);
json_t *hs_message_result(json_int_t id, json_t *result);
json_t *hs_message_error(json_int_t id, const struct hs_error *error);

/* An error object ({"code","message","where"}) back into an error; unknown codes become
 * HS_PROTOCOL. */
void hs_message_to_error(const json_t *object, struct hs_error *ret);

/* Connects to a Unix socket, waiting at most 5 seconds. The caller's *ret_fd.
 * Errors: HS_NOT_RUNNING (no socket, refused), HS_TIMEOUT, HS_NO_PERMISSION, HS_TOO_LONG (path). */
bool hs_control_connect(const char *path, int *ret_fd, struct hs_error *err);

#endif
