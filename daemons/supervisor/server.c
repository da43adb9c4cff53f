/* server.c: accepts clients on the control socket, and keeps their calls.
 *
 * The socket's mode lets in the daemons' user and group; SO_PEERCRED tells who came. Clients
 * are counted, for each user too, and so are the calls of each: one who floods us meets
 * a clear refusal, and others are still heard. */
#include "daemons/supervisor/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/control.h"
#include "common/log.h"
#include "daemons/supervisor/listen.h"
#include "daemons/supervisor/route.h"
#include "daemons/supervisor/supervisor.h"

struct client {
	struct client *next;
	struct control_server *server;
	struct hs_link *link;
	struct caller who;
	struct call *calls;
	unsigned call_count;
};

struct call {
	struct call *next;
	struct client *client;		/* NULL once it has left */
	json_int_t id;
};

struct control_server {
	struct supervisor *supervisor;
	struct event *accept_event;
	struct event *pause;	/* runs while nobody is accepted */
	int fd;
	struct stat place;	/* of the socket's file, to know it again */
	struct client *clients;
	unsigned client_count;
};

/* ---- calls ---- */

/* Takes message. To one who has left, anything is sent. */
static bool send_to(struct client *client, json_t *message, struct hs_error *err)
{
	if (client == NULL) {
		json_decref(message);
		return true;
	}
	if (hs_link_send(client->link, message, err))
		return true;
	if (err->code == HS_TOO_LONG)
		hs_log_error(HS_LOG_ERROR, "an answer is too long for the control protocol", err);
	return false;
}

static void call_free(struct call *call)
{
	struct call **at;

	if (call->client != NULL) {
		for (at = &call->client->calls; *at != call;)
			at = &(*at)->next;
		*at = call->next;
		call->client->call_count--;
	}
	free(call);
}

/* The same message under the client's id; NULL without memory. Takes message. */
static json_t *address(const struct call *call, json_t *message)
{
	if (message != NULL && json_object_set_new(message, "id", json_integer(call->id)) == 0)
		return message;
	json_decref(message);
	return NULL;
}

/* The last message of a call; one that cannot be sent is replaced by the reason. Takes both. */
static void finish(struct call *call, json_t *message)
{
	struct hs_error err = HS_ERROR_INIT;

	if (!send_to(call->client, message, &err))
		send_to(call->client, hs_message_error(call->id, &err), &err);
	call_free(call);
}

bool call_is_heard(const struct call *call)
{
	return call->client != NULL;
}

size_t call_backlog(const struct call *call)
{
	return call->client != NULL ? hs_link_backlog(call->client->link) : 0;
}

void call_event(struct call *call, json_t *message)
{
	struct hs_error err = HS_ERROR_INIT;

	send_to(call->client, address(call, message), &err);
}

void call_result(struct call *call, json_t *result)
{
	finish(call, hs_message_result(call->id, result));
}

void call_error(struct call *call, const struct hs_error *error)
{
	finish(call, hs_message_error(call->id, error));
}

void call_answer(struct call *call, const json_t *message)
{
	finish(call, address(call, json_copy((json_t *)(uintptr_t)message)));
}

/* ---- clients ---- */

static void client_free(struct client *client)
{
	struct client **at = &client->server->clients;

	for (struct call *call = client->calls; call != NULL; call = call->next)
		call->client = NULL;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->server->client_count--;
	free(client);
}

static void refuse(struct client *client, json_int_t id, enum hs_error_code code, const char *why)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, code, "", "%s", why);
	send_to(client, hs_message_error(id, &err), &err);
}

static void on_message(void *arg, struct hs_link *link, json_t *message)
{
	struct client *client = arg;
	json_t *id = json_object_get(message, "id");
	const char *cmd = json_string_value(json_object_get(message, "cmd"));
	struct call *call;

	(void)link;
	if (!json_is_integer(id) || json_integer_value(id) == 0 || cmd == NULL) {
		refuse(client, json_integer_value(id), HS_PROTOCOL,
		    "a request needs an id (a number but 0) and a cmd (text)");
		return;
	}
	if (client->call_count == SERVER_CALLS_PER_CLIENT) {
		refuse(client, json_integer_value(id), HS_LIMIT,
		    "too many commands at once on one connection: wait for an answer first");
		return;
	}
	if ((call = calloc(1, sizeof *call)) == NULL) {
		refuse(client, json_integer_value(id), HS_NO_MEMORY, "no memory for a command");
		return;
	}
	*call = (struct call){ .next = client->calls, .client = client,
		.id = json_integer_value(id) };
	client->calls = call;
	client->call_count++;
	route_request(client->server->supervisor, call, &client->who, cmd,
	    json_object_get(message, "args"));
}

static void on_closed(void *arg, struct hs_link *link, const struct hs_error *why)
{
	if (why != NULL)
		hs_log_error(HS_LOG_WARNING, "a client of the control socket is put out", why);
	client_free(arg);
	hs_link_free(link);
}

static const struct hs_link_events link_events = { .on_message = on_message,
	.on_closed = on_closed };

/* ---- the socket ---- */

static unsigned clients_of(const struct control_server *server, uid_t uid)
{
	unsigned count = 0;

	for (const struct client *client = server->clients; client != NULL; client = client->next)
		count += client->who.uid == uid;
	return count;
}

/* As the kernel has it: no name service is asked, which could take its time. */
static bool is_member(int fd, const struct ucred *peer, gid_t group)
{
	gid_t *groups = NULL;
	socklen_t size = 0;
	bool found = peer->gid == group;

	/* without room it says how much there must be, which a connection never changes */
	if (found || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 ||
	    errno != ERANGE || (groups = malloc(size)) == NULL)
		return found;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		size = 0;
	for (size_t i = 0; !found && i < size / sizeof groups[0]; i++)
		found = groups[i] == group;
	free(groups);
	return found;
}

static void admit(struct control_server *server, int fd)
{
	struct hs_error err = HS_ERROR_INIT;
	struct ucred peer;
	socklen_t size = sizeof peer;
	struct client *client;
	bool is_full;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
	    (client = calloc(1, sizeof *client)) == NULL) {
		close(fd);
		return;
	}
	is_full = server->client_count >= SERVER_CLIENTS ||
	    clients_of(server, peer.uid) >= SERVER_CLIENTS_PER_USER;
	*client = (struct client){ .next = server->clients, .server = server,
		.who = { .uid = peer.uid, .is_member = is_member(fd, &peer,
			server->supervisor->identity.gid) } };
	if (!hs_link_new(server->supervisor->base, fd, &link_events, client, &client->link, &err)) {
		hs_log_error(HS_LOG_ERROR, "cannot serve a client of the control socket", &err);
		free(client);
		return;
	}
	server->clients = client;
	server->client_count++;
	if (!is_full)
		return;
	refuse(client, 0, HS_LIMIT, "too many connections to the control socket: close some");
	hs_link_finish(client->link);
	client_free(client);
}

static void on_pause_end(evutil_socket_t fd, short what, void *arg)
{
	struct control_server *server = arg;

	(void)fd;
	(void)what;
	if (event_add(server->accept_event, NULL) != 0)
		hs_panic("cannot watch the control socket any more");
}

/* Without descriptors the connection stays in the queue: asking again at once would spin. */
static void pause_accepting(struct control_server *server)
{
	static const struct timeval a_second = { .tv_sec = 1 };

	hs_log(HS_LOG_ERROR, "cannot accept on the control socket: pausing for a second",
	    HS_STR("error", strerror(errno)));
	if (event_del(server->accept_event) != 0 || event_add(server->pause, &a_second) != 0)
		hs_panic("no timer for the control socket");
}

static void on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct control_server *server = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd >= 0)
		admit(server, fd);
	else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		pause_accepting(server);
}

bool server_open(struct supervisor *supervisor, struct control_server **ret, struct hs_error *err)
{
	const char *path = hs_setting_text(supervisor->settings, HS_SET_CONTROL_SOCKET);
	struct control_server *server = calloc(1, sizeof *server);

	if (server == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the control socket");
	server->supervisor = supervisor;
	if (!listen_unix(path, 0660, &supervisor->identity, &server->fd, &server->place, err)) {
		free(server);
		return false;
	}
	server->accept_event = event_new(supervisor->base, server->fd, EV_READ | EV_PERSIST,
	    on_connection, server);
	server->pause = evtimer_new(supervisor->base, on_pause_end, server);
	if (server->pause == NULL || server->accept_event == NULL ||
	    event_add(server->accept_event, NULL) != 0) {
		server_close(server);
		return hs_error_set(err, HS_IO, path, "cannot watch the control socket");
	}
	*ret = server;
	return true;
}

void server_close(struct control_server *server)
{
	if (server == NULL)
		return;
	listen_remove(hs_setting_text(server->supervisor->settings, HS_SET_CONTROL_SOCKET),
	    &server->place);
	while (server->clients != NULL) {
		struct client *client = server->clients;

		hs_link_free(client->link);
		while (client->calls != NULL)
			call_free(client->calls);
		client_free(client);
	}
	if (server->accept_event != NULL)
		event_free(server->accept_event);
	if (server->pause != NULL)
		event_free(server->pause);
	close(server->fd);
	free(server);
}
