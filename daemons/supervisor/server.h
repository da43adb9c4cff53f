/* server.h: the control socket: who may speak, and how much; route.h has what is answered. */
#ifndef SUPERVISOR_SERVER_H
#define SUPERVISOR_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/error.h"

struct supervisor;
struct control_server;

enum { SERVER_CLIENTS = 64, SERVER_CLIENTS_PER_USER = 32, SERVER_CALLS_PER_CLIENT = 16 };

/* One command of a client that is under way. The client may leave in the meantime: then what
 * is said to it goes nowhere, and the work goes on. */
struct call;

/* Binds the socket and listens. Gives *ret. Errors: those of listen_unix. */
bool server_open(struct supervisor *supervisor, struct control_server **ret, struct hs_error *err);

/* Puts out all clients, and removes the socket while it is still ours. Accepts NULL. */
void server_close(struct control_server *server);

/* Whether somebody still listens, and how many bytes he has not taken yet. */
bool call_is_heard(const struct call *call);
size_t call_backlog(const struct call *call);

/* Passes an event on; takes message, an object whose id is set here. */
void call_event(struct call *call, json_t *message);
/* End a call; both take call, and result (an object). */
void call_result(struct call *call, json_t *result);
void call_error(struct call *call, const struct hs_error *error);
/* Ends it with a daemon's answer, result or error, under the client's id. Borrows message. */
void call_answer(struct call *call, const json_t *message);

#endif
