/* connections.h: every open HTTP connection: how many, and how long each may take.
 *
 * evhttp 2.1 counts nothing, and its timeouts begin anew with every byte. Here a request
 * has WEB_ARRIVAL_SECONDS from its first byte to its last, an answer WEB_SENDING_SECONDS,
 * and while a handler works the client is watched: evhttp would not notice that it left. */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/error.h"

enum {
	WEB_ARRIVAL_SECONDS = 10,
	WEB_SENDING_SECONDS = 120,
	WEB_IDLE_SECONDS = 75,
	WEB_IDLE_SECONDS_WHEN_FULL = 5,
	WEB_HANDSHAKE_SECONDS = 10,
	WEB_FRESH_SECONDS_AT_END = 2,
	WEB_SWEEP_MS = 250
};

struct connections;
struct connection;
struct hs_tls;

struct connections_events {
	void (*on_change)(void *arg, size_t open);	/* one more, or one fewer */
	/* the client went while its request was in work; is_closed: and evhttp has noticed */
	void (*on_left)(void *arg, void *work, bool is_closed);
};

/* Hooks into http, which must be given no other bevcb. base_path is as in base_path.h. Keeps events,
 * arg and base_path. Gives *ret. */
bool connections_new(struct event_base *base, struct evhttp *http, const char *base_path,
    const struct connections_events *events, void *arg, struct connections **ret,
    struct hs_error *err);

/* The same for what http accepts, which speaks TLS: with *tls as it is at that moment. A handshake
 * has WEB_HANDSHAKE_SECONDS. tls is borrowed for its life. */
void connections_add_tls(struct connections *connections, struct evhttp *http,
    struct hs_tls *const *tls);

/* After evhttp_free, which closes them. Accepts NULL. */
void connections_free(struct connections *connections);

size_t connections_open(const struct connections *connections);

/* A request has arrived whole, and work (borrowed) is in hand until the answer begins.
 * The connection it came on, or NULL when it is none of ours. */
struct connection *connections_work(struct connections *connections,
    struct evhttp_request *request, void *work);

/* Its answer goes out now; when it has, the connection waits for the next request. */
void connection_answer(struct connection *connection, struct evhttp_request *request);

/* The body of a request for an upload (held.h), which nobody has read yet: its length, or -1; and what
 * has come of it (borrowed; drain it). All else is read from a descriptor, by the handler alone.
 * After the answer such a connection is closed. */
int64_t connection_body(struct connection *connection, struct evbuffer **ret_begun);
bool connection_has_body(const struct connection *connection);
/* That descriptor, not to be closed: the socket, or for TLS one from which the body comes in plain.
 * What has begun must be as it came. *client_waits says whether the client waits for "100 Continue",
 * and becomes false when it has been sent. Errors: HS_IO, HS_NO_MEMORY. */
bool connection_body_fd(struct connection *connection, bool *client_waits, int *ret_fd,
    struct hs_error *err);

/* Cuts it: the client sees that no answer, or no more of it, comes. The event is on_left. */
void connection_cut(struct connection *connection);

/* How long a connection may wait for a request: WEB_IDLE_SECONDS, until told otherwise. */
void connections_set_idle_seconds(struct connections *connections, int seconds);

/* We stop: nobody waits for a next request any more. A first one still has
 * WEB_FRESH_SECONDS_AT_END to come: whoever has just been accepted is not to be hung up on. */
void connections_wind_up(struct connections *connections);

/* Whether a request is on its way, in work or being answered anywhere. */
bool connections_busy(const struct connections *connections);

#endif
