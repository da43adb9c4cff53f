/* server.c: accepts, refuses, hands over to routes.c, and sends what comes back.
 *
 * Trusts no byte of a request. What could be read in two ways (two lengths, a transfer
 * encoding, a body where none is expected, no Host) is answered 400 and the connection
 * closed, so that nothing can hide behind it. When descriptors run out it stops accepting
 * for a moment instead of spinning; when all connections are taken, until one is free. */
#include "daemons/web/answers.h"
#include "daemons/web/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemons/web/connections.h"
#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/base_path.h"
#include "daemons/web/disposition.h"
#include "daemons/web/exchange.h"
#include "daemons/web/fields.h"
#include "daemons/web/guard.h"
#include "daemons/web/replicas.h"
#include "daemons/web/reply.h"
#include "daemons/web/routes.h"
#include "daemons/web/traffic.h"

enum { MAX_LISTENERS = 32 };

struct server {
	struct web *web;
	struct evhttp *http, *https;
	bool speaks_tls;
	struct connections *connections;
	struct evconnlistener *listeners[MAX_LISTENERS];
	size_t listener_count;
	struct event *accept_again;
	bool pausing;			/* descriptors ran out */
	bool full;			/* all connections are taken */
	bool stopping;
	bool ending;			/* server_free is at work */
	struct event *stop_check;
	void (*on_stopped)(void *arg);
	void *on_stopped_arg;
	unsigned long long requests;
	size_t in_hand;
	TAILQ_HEAD(, exchange) exchanges;
};

/* The one that accepts: evhttp takes the listeners' argument for itself, and so a
 * listener's error callback cannot be told whose it is. */
static struct server *accepting;

/* Accepting, or not. */

static void settle_listeners(struct server *server)
{
	bool accept = !server->pausing && !server->full && !server->stopping;

	for (size_t i = 0; i < server->listener_count; i++) {
		if (accept)
			evconnlistener_enable(server->listeners[i]);
		else
			evconnlistener_disable(server->listeners[i]);
	}
}

static void on_connections_change(void *arg, size_t open)
{
	struct server *server = arg;
	size_t most = (size_t)hs_setting_int(hs_child_settings(server->web->child),
	    HS_SET_WEB_MAX_CONNECTIONS);
	bool full = open >= most;

	if (full == server->full || server->stopping || server->ending)
		return;
	if (full)
		hs_log(HS_LOG_WARNING, "all connections are taken; new ones wait",
		    HS_INT("connections", open), HS_INT("limit", most));
	connections_set_idle_seconds(server->connections,
	    full ? WEB_IDLE_SECONDS_WHEN_FULL : WEB_IDLE_SECONDS);
	server->full = full;
	settle_listeners(server);
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	static const struct timeval pause = { .tv_usec = WEB_ACCEPT_PAUSE_MS * 1000 };
	struct server *server = accepting;
	struct hs_error err = HS_ERROR_INIT;

	(void)listener;
	(void)arg;
	if (server->pausing)
		return;
	hs_error_errno(&err, "accept", "cannot accept a connection");
	hs_log_error(HS_LOG_WARNING, "no new connections for a moment", &err);
	if (event_add(server->accept_again, &pause) != 0)
		hs_panic("cannot add a timer");
	server->pausing = true;
	settle_listeners(server);
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd;
	(void)what;
	server->pausing = false;
	settle_listeners(server);
}

/* Requests that must not be understood. */

static bool is_token(const char *name)
{
	if (name[0] == '\0')
		return false;
	for (; *name != '\0'; name++) {
		bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		    (*name >= '0' && *name <= '9');

		if (!plain && strchr("!#$%&'*+-.^_`|~", *name) == NULL)
			return false;
	}
	return true;
}

static bool is_length(const char *text)
{
	return text[0] != '\0' && strlen(text) <= 10 && text[strspn(text, "0123456789")] == '\0';
}

static const char *wrong_with_headers(struct evhttp_request *request, bool may_have_body)
{
	const struct evkeyval *header;
	int hosts = 0, lengths = 0;

	TAILQ_FOREACH(header, evhttp_request_get_input_headers(request), next) {
		if (!is_token(header->key))
			return "a header's name is malformed";
		if (evutil_ascii_strcasecmp(header->key, "Host") == 0)
			hosts++;
		if (evutil_ascii_strcasecmp(header->key, "Transfer-Encoding") == 0)
			return "requests with a Transfer-Encoding are not accepted";
		if (evutil_ascii_strcasecmp(header->key, "Content-Length") != 0)
			continue;
		if (++lengths > 1 || !is_length(header->value))
			return "Content-Length must be given once, in digits";
		if (!may_have_body && strspn(header->value, "0") != strlen(header->value))
			return "this method takes no body";
	}
	if (hosts > 1 || (hosts == 0 && (request->major > 1 || request->minor > 0)))
		return "exactly one Host header must be given";
	return NULL;
}

static const char *wrong_with_target(const char *target)
{
	if (target[0] != '/' || target[1] == '/')
		return "the request's target must be a path on this server";
	for (; *target != '\0'; target++) {
		if ((unsigned char)*target <= ' ' || (unsigned char)*target >= 0x7f)
			return "the request's target holds bytes that must be %-escaped";
	}
	return NULL;
}

static const char *wrong_with(const struct exchange *exchange)
{
	struct evhttp_request *request = exchange->request;
	bool may_have_body = (exchange->method &
	    (EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_PATCH)) != 0;
	const char *wrong = wrong_with_headers(request, may_have_body);

	return wrong != NULL ? wrong : wrong_with_target(evhttp_request_get_uri(request));
}

/* From request to exchange. */

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* An export is for a program as well as for a person, who is told by a page what is wrong. */
static bool wants_page(const struct exchange *exchange)
{
	const char *accept = exchange_header(exchange, "Accept");

	return accept != NULL && strcasestr(accept, "text/html") != NULL;
}

/* htmx sends HX-Request when it restores history too, and then needs the page. */
static enum exchange_form form_of(const struct exchange *exchange)
{
	if (starts_with(exchange->path, "/api/") || starts_with(exchange->path, "/health") ||
	    strcmp(exchange->path, "/metrics") == 0 ||
	    (starts_with(exchange->path, "/export.") && !wants_page(exchange)))
		return FORM_JSON;
	if (exchange_header(exchange, "HX-Request") != NULL &&
	    exchange_header(exchange, "HX-History-Restore-Request") == NULL)
		return FORM_FRAGMENT;
	return FORM_PAGE;
}

static struct exchange *exchange_new(struct server *server, struct evhttp_request *request)
{
	const char *uri = evhttp_request_get_uri(request);
	size_t length = strcspn(uri, "?#");
	struct exchange *exchange = calloc(1, sizeof *exchange);
	const char *within;

	if (exchange == NULL)
		return NULL;
	exchange->web = server->web;
	exchange->server = server;
	exchange->request = request;
	request->flags &= ~EVHTTP_PROXY_REQUEST;	/* we are no proxy, and answer as none */
	exchange->method = evhttp_request_get_command(request);
	exchange->query = uri[length] == '?' ? uri + length + 1 : "";
	exchange->base = server->web->base_path;
	within = base_path_within(exchange->base, uri);
	exchange->is_outside = within == NULL;
	exchange->path = within == NULL ? strndup(uri, length) :
					  strndup(within, length - (size_t)(within - uri));
	exchange->reply.body = evbuffer_new();
	if (exchange->path == NULL || exchange->reply.body == NULL) {
		free(exchange->path);
		free(exchange);
		return NULL;
	}
	exchange->keep_version = -1;
	exchange->route = TRAFFIC_NO_ROUTE;
	exchange->came_us = hs_clock_us();
	exchange->today = hs_date_today();
	exchange->form = form_of(exchange);
	TAILQ_INSERT_TAIL(&server->exchanges, exchange, next);
	server->in_hand++;
	return exchange;
}

static void exchange_free(struct exchange *exchange)
{
	TAILQ_REMOVE(&exchange->server->exchanges, exchange, next);
	exchange->server->in_hand--;
	if (exchange->reply.status != 0 && !exchange->server->ending)
		traffic_count(exchange->web->traffic, exchange->route, exchange->method,
		    exchange->has_left ? TRAFFIC_LEFT : exchange->reply.status,
		    hs_clock_us() - exchange->came_us);
	answers_forget(exchange);
	if (exchange->job != NULL)
		hs_db_job_cancel(exchange->job);
	exchange_drop_beside(exchange);
	if (exchange->work != NULL)
		exchange->work_free(exchange->work);
	evbuffer_free(exchange->reply.body);
	free(exchange->reply.push_url);
	free(exchange->reply.way_on);
	for (size_t i = 0; i < HS_COUNT(exchange->reply.cookies); i++)
		free(exchange->reply.cookies[i]);
	free(exchange->reply.leave_to);
	free(exchange->account);
	fields_free(exchange->fields);
	free(exchange->keep_key);
	free(exchange->path);
	free(exchange);
}

static void say_where_it_is(struct exchange *exchange)
{
	char detail[320];

	snprintf(detail, sizeof detail, "Nothing has this address: HoopScout is served below %s/ "
	    "(HOOPSCOUT_BASE_PATH).", exchange->base);
	reply_problem(exchange, HTTP_NOTFOUND, detail, NULL);
}

/* From "/scout" to "/scout/": links of the page would lead elsewhere. */
static void lead_into_base(struct exchange *exchange)
{
	char *path = NULL;

	if (asprintf(&path, "/%s%s", exchange->query[0] != '\0' ? "?" : "", exchange->query) < 0)
		path = NULL;
	reply_see_other(exchange, path);
	free(path);
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct server *server = arg;
	struct exchange *exchange = exchange_new(server, request);
	const char *wrong;

	server->requests++;
	if (exchange == NULL) {
		evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	exchange->connection = connections_work(server->connections, request, exchange);
	if ((wrong = wrong_with(exchange)) != NULL) {
		exchange->reply.close = true;
		reply_problem(exchange, HTTP_BADREQUEST, wrong, NULL);
		return;
	}
	if (exchange->is_outside)
		say_where_it_is(exchange);
	else if (exchange->path[0] == '\0')
		lead_into_base(exchange);
	else
		routes_handle(exchange);
}

/* Its connection is closed: evhttp has let go of the request, which is freed so. */
static void exchange_forget(struct exchange *exchange)
{
	evhttp_send_reply_end(exchange->request);
	exchange_free(exchange);
}

/* The client left: its query is cancelled; what evhttp still wants sent goes nowhere. */
static void on_client_left(void *arg, void *work, bool is_closed)
{
	const struct server *server = arg;
	struct exchange *exchange = work;

	if (server->ending)
		return;
	exchange->has_left = true;
	if (exchange->streaming) {
		if (is_closed)
			exchange_forget(exchange);
		else
			exchange_cut(exchange);
		return;
	}
	exchange->reply.status = HTTP_SERVUNAVAIL;
	exchange->reply.close = true;
	exchange_answer(exchange);
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(exchange->request), name);
}

/* Queries. */

static void on_results(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct exchange *exchange = arg;

	exchange->job = NULL;
	exchange->done(exchange, results, count, err);
}

/* With the database away a search waits for its return, but not for long. */
static int patience_ms(const struct exchange *exchange, const struct hs_db_pool *pool)
{
	const struct web *web = exchange->web;
	int seconds = (int)hs_setting_int(hs_child_settings(web->child), HS_SET_SEARCH_SECONDS);
	struct hs_db_pool_state state;

	if (exchange->patience_ms > 0)
		return exchange->patience_ms;
	hs_db_pool_look(pool, &state);
	return state.usable || seconds < 3 ? seconds * 1000 : 3000;
}

void exchange_ask(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done)
{
	struct hs_db_pool *pool = replicas_pool(exchange);
	struct hs_error err = HS_ERROR_INIT;

	exchange->done = done;
	if (!hs_db_pool_submit(pool, statements, count, patience_ms(exchange, pool), on_results,
		 exchange, &exchange->job, &err))
		reply_error(exchange, &err);
}

static bool ask_of(struct hs_db_pool *pool, struct exchange *exchange,
    const struct hs_db_statement *statements, size_t count, exchange_done_fn *done,
    struct hs_error *err)
{
	exchange->done = done;
	return hs_db_pool_submit(pool, statements, count, patience_ms(exchange, pool), on_results,
	    exchange, &exchange->job, err);
}

bool exchange_ask_primary(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err)
{
	return ask_of(exchange->web->accounts->primary, exchange, statements, count, done, err);
}

bool exchange_ask_account(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err)
{
	return ask_of(exchange->web->accounts->pool, exchange, statements, count, done, err);
}

bool exchange_ask_patient(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err)
{
	return ask_of(exchange->web->accounts->patient, exchange, statements, count, done, err);
}

static void on_beside(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct exchange *exchange = arg;

	exchange->beside = NULL;
	exchange->beside_done(exchange, results, count, err);
}

bool exchange_ask_beside(struct exchange *exchange, const struct hs_db_statement *statements,
    size_t count, exchange_done_fn *done, struct hs_error *err)
{
	struct hs_db_pool *pool = replicas_pool(exchange);

	exchange->beside_done = done;
	return hs_db_pool_submit(pool, statements, count, patience_ms(exchange, pool), on_beside,
	    exchange, &exchange->beside, err);
}

void exchange_drop_beside(struct exchange *exchange)
{
	if (exchange->beside != NULL)
		hs_db_job_cancel(exchange->beside);
	exchange->beside = NULL;
}

/* The answer. */

static void add_header(struct evhttp_request *request, const char *name, const char *value)
{
	if (evhttp_add_header(evhttp_request_get_output_headers(request), name, value) != 0)
		hs_log(HS_LOG_ERROR, "a header was left out", HS_STR("name", name));
}

/* Of an address of ours: where a browser finds it. */
static void add_address(struct exchange *exchange, const char *name, const char *path)
{
	char *address = path[0] == '/' ? base_path_add(exchange, path) : NULL;

	if (address != NULL || path[0] != '/')
		add_header(exchange->request, name, address != NULL ? address : path);
	else
		hs_log(HS_LOG_ERROR, "a header was left out", HS_STR("name", name));
	free(address);
}

static const struct { const char *name, *value; } usual_headers[] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
};

enum { LENGTH_UNKNOWN = -1 };

/* Whoever has come by HTTPS shall not be led away from it. */
static void add_transport_security(struct exchange *exchange)
{
	long long seconds = hs_setting_int(hs_child_settings(exchange->web->child),
	    HS_SET_HSTS_SECONDS);
	struct asker asker;
	char value[48];

	asker_of(exchange, &asker);
	if (!asker.is_https || seconds == 0)
		return;
	snprintf(value, sizeof value, "max-age=%lld", seconds);
	add_header(exchange->request, "Strict-Transport-Security", value);
}

static void add_headers(struct exchange *exchange, ev_ssize_t body_bytes)
{
	struct evhttp_request *request = exchange->request;
	const struct reply *reply = &exchange->reply;
	char number[32], disposition[DISPOSITION_BYTES];

	for (size_t i = 0; i < HS_COUNT(usual_headers); i++)
		add_header(request, usual_headers[i].name, usual_headers[i].value);
	add_transport_security(exchange);
	add_header(request, "Cache-Control", reply->cache != NULL && !guard_is_closed(exchange) ?
	    reply->cache : "no-store");
	if (reply->type != NULL && starts_with(reply->type, "text/html"))
		add_header(request, "Vary", "HX-Request, HX-History-Restore-Request, Cookie");
	if (reply->varies_by_encoding)
		add_header(request, "Vary", "Accept-Encoding");
	if (reply->encoding != NULL && reply->status != HTTP_NOTMODIFIED)
		add_header(request, "Content-Encoding", reply->encoding);
	for (size_t i = 0; i < HS_COUNT(reply->cookies); i++) {
		if (reply->cookies[i] != NULL)
			add_header(request, "Set-Cookie", reply->cookies[i]);
	}
	if (reply->leave_to != NULL)
		add_address(exchange, "HX-Redirect", reply->leave_to);
	if (reply->status == 401)	/* it has to say how; browsers do not know this word */
		add_header(request, "WWW-Authenticate",
		    reply->authenticate != NULL ? reply->authenticate : "Session");
	if (reply->etag[0] != '\0')
		add_header(request, "ETag", reply->etag);
	if (reply->push_url != NULL)
		add_address(exchange, reply->status == REPLY_SEE_OTHER ||
		    reply->status == REPLY_ACCEPTED ? "Location" : "HX-Push-Url",
		    reply->push_url);
	if (reply->allow != NULL)
		add_header(request, "Allow", reply->allow);
	if (reply->retry_after > 0) {
		snprintf(number, sizeof number, "%d", reply->retry_after);
		add_header(request, "Retry-After", number);
	}
	if (reply->status != HTTP_NOTMODIFIED && reply->type != NULL)
		add_header(request, "Content-Type", reply->type);
	if (reply->status != HTTP_NOTMODIFIED && body_bytes != LENGTH_UNKNOWN) {
		snprintf(number, sizeof number, "%zd", body_bytes);
		add_header(request, "Content-Length", number);
	}
	if (reply->file_name != NULL)
		add_header(request, "Content-Disposition",
		    disposition_text(reply->file_name, disposition));
	if (reply->close || exchange->server->stopping ||
	    (exchange->connection != NULL && connection_has_body(exchange->connection)))
		add_header(request, "Connection", "close");
}

void exchange_answer(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;
	struct evbuffer *body = reply->body;

	answers_keep(exchange);
	add_headers(exchange, (ev_ssize_t)evbuffer_get_length(body));
	if (exchange->method == EVHTTP_REQ_HEAD || reply->status == HTTP_NOTMODIFIED)
		body = NULL;
	if (exchange->connection != NULL)
		connection_answer(exchange->connection, exchange->request);
	evhttp_send_reply(exchange->request, reply->status, reply_reason(reply->status), body);
	exchange_free(exchange);
}

/* An answer in pieces. */

void exchange_begin(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;

	add_headers(exchange, reply->body_bytes > 0 ? (ev_ssize_t)reply->body_bytes :
						      LENGTH_UNKNOWN);
	exchange->streaming = true;
	evhttp_send_reply_start(exchange->request, reply->status, reply_reason(reply->status));
}

static void on_piece_sent(struct evhttp_connection *evcon, void *arg)
{
	struct exchange *exchange = arg;

	(void)evcon;
	exchange->on_sent(exchange);
}

void exchange_send(struct exchange *exchange, struct evbuffer *piece,
    void (*on_sent)(struct exchange *exchange))
{
	exchange->on_sent = on_sent;
	evhttp_send_reply_chunk_with_cb(exchange->request, piece, on_piece_sent, exchange);
}

void exchange_end(struct exchange *exchange)
{
	if (exchange->connection != NULL)
		connection_answer(exchange->connection, exchange->request);
	evhttp_send_reply_end(exchange->request);
	exchange_free(exchange);
}

/* What is left is freed when evhttp has seen the connection's end. */
void exchange_cut(struct exchange *exchange)
{
	if (exchange->work != NULL)
		exchange->work_free(exchange->work);
	exchange->work = NULL;
	if (exchange->connection == NULL) {
		/* an uncounted connection: all that can be done is to end it early */
		exchange_forget(exchange);
		return;
	}
	connection_cut(exchange->connection);
	/* evhttp looks at the socket only while it writes */
	if (evbuffer_add(exchange->reply.body, ".", 1) == 0)
		evhttp_send_reply_chunk(exchange->request, exchange->reply.body);
}

/* Life. */

static void on_stop_check(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd;
	(void)what;
	if (server->in_hand > 0 || connections_busy(server->connections))
		return;
	event_del(server->stop_check);
	server->on_stopped(server->on_stopped_arg);
}

void server_stop(struct server *server, void (*on_stopped)(void *arg), void *arg)
{
	static const struct timeval often = { .tv_usec = 20000 };

	server->stopping = true;
	server->on_stopped = on_stopped;
	server->on_stopped_arg = arg;
	connections_wind_up(server->connections);
	settle_listeners(server);
	if (event_add(server->stop_check, &often) != 0)
		hs_panic("cannot add a timer");
}

static bool listen_on(struct server *server, struct hs_error *err)
{
	const int *fds;
	size_t count = hs_child_listeners(server->web->child, &fds);

	if (count == 0)
		return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_LISTEN",
		    "no listening socket was handed down: hsd-web is started by hsd-supervisor");
	if (count > MAX_LISTENERS)
		return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_LISTEN",
		    "at most %d addresses can be listened on", MAX_LISTENERS);
	for (size_t i = 0; i < count; i++) {
		bool is_tls = hs_child_listens_by_tls(server->web->child, i);
		struct evconnlistener *listener = evconnlistener_new(server->web->base, NULL, NULL,
		    LEV_OPT_CLOSE_ON_EXEC, 0, fds[i]);

		if (is_tls && server->web->tls == NULL)
			return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_TLS_CERTIFICATE",
			    "an address is for HTTPS, and there is no certificate");
		server->speaks_tls = server->speaks_tls || is_tls;

		if (listener == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "", "cannot listen on descriptor %d",
			    fds[i]);
		evconnlistener_set_error_cb(listener, on_accept_error);
		if (evhttp_bind_listener(is_tls ? server->https : server->http, listener) == NULL) {
			evconnlistener_free(listener);
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory to listen");
		}
		server->listeners[server->listener_count++] = listener;
	}
	return true;
}

static struct evhttp *http_new(struct server *server)
{
	struct evhttp *http = evhttp_new(server->web->base);

	if (http == NULL)
		return NULL;
	evhttp_set_default_content_type(http, "text/html; charset=utf-8");
	evhttp_set_max_headers_size(http, WEB_MAX_HEADER_BYTES);
	evhttp_set_max_body_size(http, WEB_MAX_BODY_BYTES);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
	    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(http, on_request, server);
	return http;
}

/* One for each, which asks for bufferevents of its kind: evhttp does not say who listened. */
static bool set_up_http(struct server *server, struct hs_error *err)
{
	static const struct connections_events events = { on_connections_change, on_client_left };

	if ((server->http = http_new(server)) == NULL || (server->https = http_new(server)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for HTTP");
	if (!connections_new(server->web->base, server->http, server->web->base_path, &events,
		server, &server->connections, err))
		return false;
	connections_add_tls(server->connections, server->https, &server->web->tls);
	return true;
}

bool server_new(struct web *web, struct server **ret, struct hs_error *err)
{
	struct server *server = calloc(1, sizeof *server);

	if (server == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the server");
	accepting = server;
	server->web = web;
	TAILQ_INIT(&server->exchanges);
	server->accept_again = evtimer_new(web->base, on_accept_again, server);
	server->stop_check = event_new(web->base, -1, EV_PERSIST, on_stop_check, server);
	if (server->accept_again == NULL || server->stop_check == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for the server");
		goto fail;
	}
	if (!set_up_http(server, err) || !listen_on(server, err))
		goto fail;
	*ret = server;
	return true;
fail:
	server_free(server);
	return false;
}

void server_free(struct server *server)
{
	struct exchange *exchange;

	if (server == NULL)
		return;
	server->ending = true;
	while ((exchange = TAILQ_FIRST(&server->exchanges)) != NULL)
		exchange_free(exchange);
	if (server->http != NULL)
		evhttp_free(server->http);	/* with its listeners and connections */
	if (server->https != NULL)
		evhttp_free(server->https);
	connections_free(server->connections);
	if (server->accept_again != NULL)
		event_free(server->accept_again);
	if (server->stop_check != NULL)
		event_free(server->stop_check);
	free(server);
}

bool server_speaks_tls(const struct server *server)
{
	return server->speaks_tls;
}

void server_look(const struct server *server, struct server_state *ret)
{
	ret->connections = connections_open(server->connections);
	ret->in_hand = server->in_hand;
	ret->requests = server->requests;
}
