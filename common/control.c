/* control.c: lines of JSON over a stream socket, on libevent's bufferevents.
 *
 * Trusts nobody at the other end: a line has a size limit and a deadline, what is not an
 * object or repeats a key ends the link, and what the peer does not take is bounded.
 * A link fails once: on_closed is called a single time, never from inside a call of ours,
 * and nothing is called after it. Nothing here logs. */
#include "common/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/util.h>

#include "common/text.h"

enum { CONNECT_SECONDS = 5 };

enum link_state {
	LINK_OPEN,	/* messages go both ways; the timer is the current line's deadline */
	LINK_FAILED,	/* the owner is to be told; the timer does it */
	LINK_FINISHING,	/* only what was sent goes out; the timer ends it */
	LINK_GONE	/* the owner has let go while we are in his handler */
};

struct hs_link {
	enum link_state state;
	bool in_handler;
	bool peer_takes_nothing;	/* it closed its side; what it sent before is still read */
	size_t scanned;			/* bytes of input known to hold no newline */
	struct bufferevent *stream;
	struct event *timer;
	const struct hs_link_events *events;
	void *arg;
	struct hs_error why;
};

static const struct timeval line_time = { .tv_sec = HS_LINE_SECONDS };
static const struct timeval at_once = { .tv_sec = 0 };

static void destroy(struct hs_link *link)
{
	if (link->timer != NULL)
		event_free(link->timer);
	if (link->stream != NULL)
		bufferevent_free(link->stream);
	free(link);
}

/* Nothing more is read or written; the owner hears of link->why from the event loop. */
static void fail_later(struct hs_link *link)
{
	if (link->state != LINK_OPEN)
		return;
	link->state = LINK_FAILED;
	bufferevent_disable(link->stream, EV_READ | EV_WRITE);
	if (event_add(link->timer, &at_once) != 0)
		hs_panic("no timer for a control link");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct hs_link *link = arg;

	(void)fd;
	(void)what;
	switch (link->state) {
	case LINK_OPEN:
		hs_error_set(&link->why, HS_TIMEOUT, "",
		    "a line was not finished within %d seconds", (int)HS_LINE_SECONDS);
		fail_later(link);
		break;
	case LINK_FAILED:
		link->events->on_closed(link->arg, link,
		    link->why.code == HS_OK ? NULL : &link->why);
		break;
	case LINK_FINISHING:
		destroy(link);
		break;
	case LINK_GONE:
		break;
	}
}

/* Takes line. False when the link is no longer open after it. */
static bool deliver(struct hs_link *link, char *line, size_t length)
{
	json_error_t json_err;
	json_t *message = json_loadb(line, length, JSON_REJECT_DUPLICATES, &json_err);

	free(line);
	if (!json_is_object(message)) {
		hs_error_set(&link->why, HS_PROTOCOL, "", "a line is not one JSON object: %s",
		    message == NULL ? json_err.text : "it is another kind of value");
		json_decref(message);
		fail_later(link);
		return false;
	}
	link->in_handler = true;
	link->events->on_message(link->arg, link, message);
	link->in_handler = false;
	json_decref(message);
	return link->state == LINK_OPEN;
}

/* The next whole line, without its newline; the caller frees it. NULL: none yet. */
static char *take_line(struct hs_link *link, struct evbuffer *input, size_t *ret_length)
{
	struct evbuffer_ptr from, end;
	size_t newline_bytes = 0;

	if (evbuffer_ptr_set(input, &from, link->scanned, EVBUFFER_PTR_SET) != 0)
		hs_panic("a control link has lost its place");
	end = evbuffer_search_eol(input, &from, &newline_bytes, EVBUFFER_EOL_LF);
	if (end.pos < 0) {
		link->scanned = evbuffer_get_length(input);
		return NULL;
	}
	link->scanned = 0;
	return evbuffer_readln(input, ret_length, EVBUFFER_EOL_LF);
}

static void keep_deadline(struct hs_link *link, size_t left, bool is_new_line)
{
	if (left == 0)
		event_del(link->timer);
	else if ((is_new_line || !event_pending(link->timer, EV_TIMEOUT, NULL)) &&
	    event_add(link->timer, &line_time) != 0)
		hs_panic("no timer for a control link");
}

static void on_readable(struct bufferevent *stream, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct hs_link *link = arg;
	bool took_one = false;
	size_t length;
	char *line;

	if (link->state != LINK_OPEN)
		return;
	while ((line = take_line(link, input, &length)) != NULL) {
		took_one = true;
		if (!deliver(link, line, length))
			break;
	}
	if (link->state == LINK_GONE) {
		destroy(link);
		return;
	}
	if (link->state != LINK_OPEN)
		return;
	keep_deadline(link, evbuffer_get_length(input), took_one);
	if (evbuffer_get_length(input) >= HS_LINE_BYTES) {
		hs_error_set(&link->why, HS_TOO_LONG, "", "a line has more than %d bytes",
		    (int)HS_LINE_BYTES);
		fail_later(link);
	}
}

static void on_written(struct bufferevent *stream, void *arg)
{
	struct hs_link *link = arg;

	(void)stream;
	if (link->state == LINK_FINISHING)
		destroy(link);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	int reason = EVUTIL_SOCKET_ERROR();
	struct hs_link *link = arg;
	bool peer_left = (what & BEV_EVENT_EOF) != 0 || reason == EPIPE || reason == ECONNRESET;

	if (link->state == LINK_FINISHING) {
		destroy(link);
		return;
	}
	if (link->state != LINK_OPEN)
		return;
	if ((what & BEV_EVENT_WRITING) != 0 && peer_left) {
		/* its last words may still wait to be read: the end comes from there */
		link->peer_takes_nothing = true;
		bufferevent_disable(stream, EV_WRITE);
		return;
	}
	if (!peer_left) {
		errno = reason;
		hs_error_errno(&link->why, "", "the connection broke");
	} else if (evbuffer_get_length(input) > 0) {
		hs_error_set(&link->why, HS_PROTOCOL, "",
		    "the peer closed in the middle of a line");
	}
	fail_later(link);
}

bool hs_link_new(struct event_base *base, int fd, const struct hs_link_events *events, void *arg,
    struct hs_link **ret, struct hs_error *err)
{
	struct hs_link *link = calloc(1, sizeof *link);

	if (link == NULL) {
		close(fd);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a control link");
	}
	link->events = events;
	link->arg = arg;
	if (evutil_make_socket_nonblocking(fd) != 0) {
		hs_error_errno(err, "", "cannot use a control connection");
		close(fd);
		free(link);
		return false;
	}
	link->timer = evtimer_new(base, on_timer, link);
	link->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (link->stream == NULL)
		close(fd);
	if (link->timer == NULL || link->stream == NULL) {
		destroy(link);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a control link");
	}
	bufferevent_setwatermark(link->stream, EV_READ, 0, HS_LINE_BYTES);
	bufferevent_setcb(link->stream, on_readable, on_written, on_event, link);
	if (bufferevent_enable(link->stream, EV_READ | EV_WRITE) != 0) {
		destroy(link);
		return hs_error_set(err, HS_IO, "", "cannot watch a control connection");
	}
	*ret = link;
	return true;
}

void hs_link_free(struct hs_link *link)
{
	if (link == NULL)
		return;
	if (link->in_handler) {
		link->state = LINK_GONE;
		return;
	}
	destroy(link);
}

void hs_link_finish(struct hs_link *link)
{
	bool has_work = link->state == LINK_OPEN && !link->peer_takes_nothing &&
	    evbuffer_get_length(bufferevent_get_output(link->stream)) > 0;

	if (!has_work) {
		hs_link_free(link);
		return;
	}
	link->state = LINK_FINISHING;
	bufferevent_disable(link->stream, EV_READ);
	if (event_add(link->timer, &line_time) != 0)
		hs_panic("no timer for a control link");
}

static bool append_line(struct evbuffer *output, const char *text, size_t length,
    struct hs_error *err)
{
	if (length + 1 > HS_LINE_BYTES)
		return hs_error_set(err, HS_TOO_LONG, "",
		    "a message of %zu bytes is too long: at most %d fit in a line", length,
		    (int)HS_LINE_BYTES - 1);
	if (evbuffer_expand(output, length + 1) != 0 ||
	    evbuffer_add(output, text, length) != 0 || evbuffer_add(output, "\n", 1) != 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a message");
	return true;
}

size_t hs_link_backlog(const struct hs_link *link)
{
	return evbuffer_get_length(bufferevent_get_output(link->stream));
}

bool hs_link_send(struct hs_link *link, json_t *message, struct hs_error *err)
{
	struct evbuffer *output = bufferevent_get_output(link->stream);
	char *text = message == NULL ? NULL : json_dumps(message, JSON_COMPACT);
	size_t length = text == NULL ? 0 : strlen(text);
	bool done = false;

	json_decref(message);
	if (text == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a message");
	} else if (link->state == LINK_FAILED && link->why.code == HS_BUSY) {
		*err = link->why;
	} else if (link->state != LINK_OPEN || link->peer_takes_nothing) {
		done = true;	/* nobody is left to take it, and the owner hears of that anyway */
	} else if (evbuffer_get_length(output) + length + 1 > HS_LINK_BACKLOG_BYTES) {
		hs_error_set(&link->why, HS_BUSY, "",
		    "the peer does not read: more than %d bytes wait for it",
		    (int)HS_LINK_BACKLOG_BYTES);
		*err = link->why;
		fail_later(link);
	} else {
		done = append_line(output, text, length, err);
	}
	free(text);
	return done;
}

/* {"id":id,key:value}; takes value. NULL without memory, or when value is NULL. */
static json_t *new_message(json_int_t id, const char *key, json_t *value)
{
	json_t *message = json_object();

	if (message == NULL || value == NULL ||
	    (id != 0 && json_object_set_new(message, "id", json_integer(id)) != 0) ||
	    json_object_set(message, key, value) != 0) {
		json_decref(message);
		message = NULL;
	}
	json_decref(value);
	return message;
}

json_t *hs_message_request(json_int_t id, const char *cmd, json_t *args)
{
	json_t *message = new_message(id, "cmd", json_string(cmd));

	if (args == NULL)
		args = json_object();
	if (message == NULL || args == NULL || json_object_set(message, "args", args) != 0) {
		json_decref(message);
		message = NULL;
	}
	json_decref(args);
	return message;
}

json_t *hs_message_event(json_int_t id, const char *event, json_t *body)
{
	json_t *message = new_message(id, "event", json_string(event));

	if (message != NULL && body != NULL && json_object_update_missing(message, body) != 0) {
		json_decref(message);
		message = NULL;
	}
	json_decref(body);
	return message;
}

json_t *hs_message_result(json_int_t id, json_t *result)
{
	return new_message(id, "result", result != NULL ? result : json_object());
}

/* Messages of errors may hold the bytes of any file's name. */
static json_t *clean_string(const char *text)
{
	char clean[HS_ERROR_MESSAGE_BYTES * 3 + 1];

	return json_string(hs_utf8_clean(text, strlen(text), clean, sizeof clean));
}

json_t *hs_message_error(json_int_t id, const struct hs_error *error)
{
	json_t *object = json_object();

	if (object == NULL ||
	    json_object_set_new(object, "code", json_string(hs_error_name(error->code))) != 0 ||
	    json_object_set_new(object, "message", clean_string(error->message)) != 0 ||
	    (error->where[0] != '\0' &&
		json_object_set_new(object, "where", clean_string(error->where)) != 0)) {
		json_decref(object);
		return NULL;
	}
	return new_message(id, "error", object);
}

void hs_message_to_error(const json_t *object, struct hs_error *ret)
{
	const char *name = json_string_value(json_object_get(object, "code"));
	const char *message = json_string_value(json_object_get(object, "message"));
	const char *where = json_string_value(json_object_get(object, "where"));
	enum hs_error_code code = HS_PROTOCOL;

	for (int i = HS_OK + 1; name != NULL && i < HS_ERROR_CODE_COUNT; i++) {
		if (strcmp(name, hs_error_name((enum hs_error_code)i)) == 0)
			code = (enum hs_error_code)i;
	}
	hs_error_set(ret, code, where != NULL ? where : "", "%s",
	    message != NULL ? message : "the other side sent an error without words");
}

/* On a Unix socket connect waits for room in the listener's queue as long as a send may take. */
static bool try_connect(int fd, const struct sockaddr_un *address, struct hs_error *err)
{
	static const struct timeval patience = { .tv_sec = CONNECT_SECONDS };
	int done;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
		return hs_error_errno(err, address->sun_path,
		    "cannot bound the wait for a connection");
	do {
		done = connect(fd, (const struct sockaddr *)address, sizeof *address);
	} while (done != 0 && errno == EINTR);
	if (done == 0)
		return true;
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return hs_error_set(err, HS_NOT_RUNNING, address->sun_path, "%s",
		    errno == ECONNREFUSED ? "nobody listens on the control socket"
					  : "there is no control socket");
	case EAGAIN:
		return hs_error_set(err, HS_TIMEOUT, address->sun_path,
		    "the control socket takes no connection, even after %d seconds",
		    (int)CONNECT_SECONDS);
	default:
		return hs_error_errno(err, address->sun_path,
		    "cannot connect to the control socket");
	}
}

bool hs_control_connect(const char *path, int *ret_fd, struct hs_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	int fd;

	if (length >= sizeof address.sun_path)
		return hs_error_set(err, HS_TOO_LONG, path,
		    "the control socket's path has %zu bytes; at most %zu are possible", length,
		    sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, length + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return hs_error_errno(err, path, "cannot make a socket");
	if (!try_connect(fd, &address, err)) {
		close(fd);
		return false;
	}
	*ret_fd = fd;
	return true;
}
