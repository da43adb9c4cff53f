/* server.h: HTTP on the sockets that the supervisor handed down.
 *
 * evhttp reads and writes; what it lets through and should not (features.md, "Traps") is
 * refused here, before any handler sees it. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "daemons/web/web.h"

enum {
	WEB_MAX_HEADER_BYTES = 16384,
	WEB_MAX_BODY_BYTES = 1 << 20,
	WEB_ACCEPT_PAUSE_MS = 200	/* when descriptors have run out */
};

struct server_state {
	size_t connections;
	size_t in_hand;		/* requests that are not answered yet */
	unsigned long long requests;
};

/* Starts to accept. Borrows web for its life. Gives *ret. */
bool server_new(struct web *web, struct server **ret, struct hs_error *err);

/* Takes no new connection and no new request; calls on_stopped when what is in hand is done. */
void server_stop(struct server *server, void (*on_stopped)(void *arg), void *arg);

/* Accepts NULL. Requests in hand are dropped. */
void server_free(struct server *server);

/* Whether an address for HTTPS is open. */
bool server_speaks_tls(const struct server *server);

void server_look(const struct server *server, struct server_state *ret);

#endif
