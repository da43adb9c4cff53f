/* connections.c: watches every HTTP connection from its acceptance to its end.
 *
 * Trusts no client. evhttp makes the connections and frees them; we hear of their birth by
 * its bevcb, of bytes by the input buffer, of their end by evhttp's close callback. A
 * connection that takes too long is shut down at the socket: evhttp then sees its end and
 * frees it in its own time. */
#include "daemons/web/connections.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

#include "common/clock.h"
#include "common/text.h"
#include "common/tls.h"
#include "daemons/web/held.h"
#include "daemons/web/linger.h"
#include "daemons/web/tls_feed.h"

enum connection_state {
	FRESH,		/* its first request is on its way */
	IDLE,		/* kept for a next one, which the client may send elsewhere as well */
	ARRIVING,
	IN_WORK,
	ANSWERING,
	STATES
};

struct connection {
	LIST_ENTRY(connection) next;
	struct connections *all;
	struct bufferevent *bev;
	SSL *ssl;			/* of bev; NULL: it is plain */
	struct tls_feed *feed;
	struct evhttp_connection *evcon;	/* NULL until adopted */
	struct event *adopt;
	struct held *held;
	enum connection_state state;
	time_t since;		/* monotonic, when the state began */
	void *work;
};

/* An evhttp whose connections are watched. */
struct gate {
	struct connections *all;
	struct hs_tls *const *tls;	/* NULL: plain */
};

struct connections {
	struct event_base *base;
	struct gate plain, secure;
	struct event *sweep;
	struct lingerers *lingerers;
	char held_base[HELD_BASE_BYTES];
	const struct connections_events *events;
	void *arg;
	size_t open;
	int limits[STATES];	/* seconds in each state */
	LIST_HEAD(, connection) list;
};

static void enter(struct connection *connection, enum connection_state state)
{
	connection->state = state;
	connection->since = (time_t)(hs_clock_ms() / 1000);
}

static void connection_free(struct connection *connection)
{
	LIST_REMOVE(connection, next);
	if (connection->adopt != NULL)
		event_free(connection->adopt);
	tls_feed_free(connection->feed);
	held_free(connection->held);
	free(connection);
}

static void forget(struct connection *connection)
{
	struct connections *all = connection->all;

	connection_free(connection);
	all->open--;
	all->events->on_change(all->arg, all->open);
}

static void on_close(struct evhttp_connection *evcon, void *arg)
{
	struct connection *connection = arg;

	(void)evcon;
	if (connection->state == IN_WORK)
		connection->all->events->on_left(connection->all->arg, connection->work,
		    true);
	else if (connection_has_body(connection))
		linger(connection->all->lingerers, bufferevent_getfd(connection->bev));
	if (connection->ssl != NULL && SSL_is_init_finished(connection->ssl)) {
		SSL_shutdown(connection->ssl);	/* that this is the end, and no cut */
		ERR_clear_error();
	}
	forget(connection);
}

/* Bytes came, and evhttp has not seen them yet: a request begins to arrive; one for an upload is held
 * back from it. */
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct connection *connection = arg;
	bool begins = connection->state == FRESH || connection->state == IDLE;

	if (info->n_added == 0)
		return;
	if (begins)
		enter(connection, ARRIVING);
	if (begins || held_is_waiting(connection->held))
		held_look(connection->held, input);
	else if (connection->state == ARRIVING)
		held_more(connection->held, input, info->n_added);
	else if (connection_has_body(connection))	/* it was answered, and will be closed */
		evbuffer_drain(input, evbuffer_get_length(input));
}

/* evhttp hands its own connection to the bufferevent's callbacks, and so shows it to us
 * before the first request; a bufferevent without callbacks was freed meanwhile. */
static void on_adopt(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;
	struct bufferevent *bev = connection->bev;
	bufferevent_data_cb on_read;
	void *evcon;

	(void)fd;
	(void)what;
	bufferevent_getcb(bev, &on_read, NULL, NULL, &evcon);
	if (on_read == NULL) {
		forget(connection);
	} else {
		connection->evcon = evcon;
		evhttp_connection_set_closecb(connection->evcon, on_close, connection);
	}
	bufferevent_decref(bev);
}

static struct bufferevent *secure_bufferevent(struct event_base *base, const struct hs_tls *tls)
{
	SSL *ssl = hs_tls_session(tls);
	struct bufferevent *bev = ssl == NULL ? NULL : bufferevent_openssl_socket_new(base, -1, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL)
		SSL_free(ssl);
	return bev;
}

/* evhttp asks for the bufferevent of a connection that it has just accepted. On failure
 * it makes one itself, and the connection goes uncounted. */
static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
	const struct gate *gate = arg;
	struct connections *all = gate->all;
	struct connection *connection = calloc(1, sizeof *connection);
	struct bufferevent *bev = NULL;

	if (connection == NULL)
		return NULL;
	connection->all = all;
	if ((connection->held = held_new(all->held_base)) == NULL ||
	    (connection->adopt = event_new(base, -1, 0, on_adopt, connection)) == NULL)
		goto fail;
	if ((bev = gate->tls == NULL ? bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE) :
				       secure_bufferevent(base, *gate->tls)) == NULL)
		goto fail;
	connection->bev = bev;
	connection->ssl = gate->tls == NULL ? NULL : bufferevent_openssl_get_ssl(bev);
	if (evbuffer_add_cb(bufferevent_get_input(bev), on_input, connection) == NULL)
		goto fail;
	enter(connection, FRESH);
	LIST_INSERT_HEAD(&all->list, connection, next);
	bufferevent_incref(bev);
	event_active(connection->adopt, EV_TIMEOUT, 0);
	all->open++;
	all->events->on_change(all->arg, all->open);
	return bev;
fail:
	if (bev != NULL)
		bufferevent_free(bev);
	if (connection->adopt != NULL)
		event_free(connection->adopt);
	held_free(connection->held);
	free(connection);
	return NULL;
}

static bool client_left(const struct connection *connection)
{
	struct pollfd look = { .fd = bufferevent_getfd(connection->bev), .events = POLLRDHUP };

	return poll(&look, 1, 0) > 0 &&
	    (look.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static int limit_of(const struct connection *connection)
{
	int limit = connection->all->limits[connection->state];

	if (connection->state == FRESH && connection->ssl != NULL &&
	    !SSL_is_init_finished(connection->ssl) && limit > WEB_HANDSHAKE_SECONDS)
		return WEB_HANDSHAKE_SECONDS;
	return limit;
}

static void sweep_one(struct connection *connection, time_t moment)
{
	if (connection->state == IN_WORK) {
		if (client_left(connection))
			connection->all->events->on_left(connection->all->arg, connection->work,
			    false);
	} else if (moment - connection->since >= limit_of(connection)) {
		shutdown(bufferevent_getfd(connection->bev), SHUT_RDWR);
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct connections *all = arg;
	struct connection *connection, *next;
	time_t moment = (time_t)(hs_clock_ms() / 1000);

	(void)fd;
	(void)what;
	for (connection = LIST_FIRST(&all->list); connection != NULL; connection = next) {
		next = LIST_NEXT(connection, next);
		sweep_one(connection, moment);
	}
}

static void watch(struct gate *gate, struct evhttp *http)
{
	evhttp_set_bevcb(http, on_accept, gate);
	evhttp_set_timeout(http, 2 * WEB_SENDING_SECONDS);	/* ours come first */
}

bool connections_new(struct event_base *base, struct evhttp *http, const char *base_path,
    const struct connections_events *events, void *arg, struct connections **ret,
    struct hs_error *err)
{
	static const struct timeval every = { .tv_usec = WEB_SWEEP_MS * 1000 };
	struct connections *all = calloc(1, sizeof *all);

	if (all == NULL)
		goto fail;
	if (!hs_format(all->held_base, sizeof all->held_base, err, "%s", base_path)) {
		free(all);
		return false;
	}
	all->base = base;
	all->events = events;
	all->arg = arg;
	connections_set_idle_seconds(all, WEB_IDLE_SECONDS);
	all->limits[ARRIVING] = WEB_ARRIVAL_SECONDS;
	all->limits[ANSWERING] = WEB_SENDING_SECONDS;
	LIST_INIT(&all->list);
	if ((all->lingerers = lingerers_new(base)) == NULL)
		goto fail;
	all->sweep = event_new(base, -1, EV_PERSIST, on_sweep, all);
	if (all->sweep == NULL || event_add(all->sweep, &every) != 0)
		goto fail;
	all->plain = (struct gate){ .all = all };
	watch(&all->plain, http);
	*ret = all;
	return true;
fail:
	connections_free(all);
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory to watch connections");
}

void connections_add_tls(struct connections *connections, struct evhttp *http,
    struct hs_tls *const *tls)
{
	connections->secure = (struct gate){ .all = connections, .tls = tls };
	watch(&connections->secure, http);
}

void connections_free(struct connections *connections)
{
	struct connection *connection;

	if (connections == NULL)
		return;
	while ((connection = LIST_FIRST(&connections->list)) != NULL)
		connection_free(connection);
	lingerers_free(connections->lingerers);
	if (connections->sweep != NULL)
		event_free(connections->sweep);
	free(connections);
}

size_t connections_open(const struct connections *connections)
{
	return connections->open;
}

struct connection *connections_work(struct connections *connections,
    struct evhttp_request *request, void *work)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(request);
	struct connection *connection;

	LIST_FOREACH(connection, &connections->list, next) {
		if (connection->evcon == evcon) {
			connection->work = work;
			enter(connection, IN_WORK);
			return connection;
		}
	}
	return NULL;
}

/* What was pipelined behind the request has begun to arrive. */
static void on_answered(struct evhttp_request *request, void *arg)
{
	struct connection *connection = arg;
	struct evbuffer *input = bufferevent_get_input(connection->bev);

	(void)request;
	enter(connection, evbuffer_get_length(input) > 0 ? ARRIVING : IDLE);
}

void connection_answer(struct connection *connection, struct evhttp_request *request)
{
	tls_feed_free(connection->feed);
	connection->feed = NULL;
	connection->work = NULL;
	enter(connection, ANSWERING);
	evhttp_request_set_on_complete_cb(request, on_answered, connection);
}

int64_t connection_body(struct connection *connection, struct evbuffer **ret_begun)
{
	return held_body(connection->held, ret_begun);
}

bool connection_has_body(const struct connection *connection)
{
	struct evbuffer *begun;

	return held_body(connection->held, &begun) >= 0;
}

bool connection_body_fd(struct connection *connection, bool *client_waits, int *ret_fd,
    struct hs_error *err)
{
	int fd = bufferevent_getfd(connection->bev);
	struct evbuffer *begun;
	int64_t bytes = held_body(connection->held, &begun);

	if (connection->ssl == NULL) {
		*ret_fd = fd;
		return true;
	}
	bytes -= (int64_t)evbuffer_get_length(begun);
	if (!tls_feed_new(connection->all->base, connection->ssl, fd, bytes > 0 ? bytes : 0,
		*client_waits && evbuffer_get_length(begun) == 0, &connection->feed, err))
		return false;
	*client_waits = false;
	*ret_fd = tls_feed_fd(connection->feed);
	return true;
}

void connection_cut(struct connection *connection)
{
	shutdown(bufferevent_getfd(connection->bev), SHUT_RDWR);
}

void connections_set_idle_seconds(struct connections *connections, int seconds)
{
	connections->limits[FRESH] = connections->limits[IDLE] = seconds;
}

void connections_wind_up(struct connections *connections)
{
	connections->limits[FRESH] = WEB_FRESH_SECONDS_AT_END;
	connections->limits[IDLE] = 0;
}

bool connections_busy(const struct connections *connections)
{
	const struct connection *connection;

	LIST_FOREACH(connection, &connections->list, next) {
		if (connection->state != IDLE)
			return true;
	}
	return false;
}
