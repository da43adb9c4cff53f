/* test_control.c: lines over a socketpair: whole, split, too long, too slow, broken off. */
#include "common/control.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/harness.h"

enum { HEARD_BYTES = 4096, WAIT_MS = 3000 };

enum reply { REPLY_NONE, REPLY_FREE, REPLY_FINISH };

/* One end with a link, the other a plain descriptor; and all that the link's owner heard. */
struct pair {
	struct event_base *base;
	struct hs_link *link;
	int peer;
	enum reply reply;		/* what the owner does in on_message */
	char heard[HEARD_BYTES];	/* the messages' "n", each with a blank */
	int messages, closings;
	struct hs_error why;
	bool calls_are_forbidden;	/* set while we are inside hs_link_send */
};

static void on_message(void *arg, struct hs_link *link, json_t *message)
{
	struct pair *pair = arg;
	struct hs_error err = HS_ERROR_INIT;
	size_t length = strlen(pair->heard);

	pair->messages++;
	snprintf(pair->heard + length, sizeof pair->heard - length, "%lld ",
	    (long long)json_integer_value(json_object_get(message, "n")));
	if (pair->reply == REPLY_FREE)
		hs_link_free(link);
	if (pair->reply == REPLY_FINISH) {
		expect_done("send", hs_link_send(link, hs_message_result(7, NULL), &err), &err);
		hs_link_finish(link);
	}
	if (pair->reply != REPLY_NONE)
		pair->link = NULL;
}

static void on_closed(void *arg, struct hs_link *link, const struct hs_error *why)
{
	struct pair *pair = arg;

	expect_true("never from inside a call", !pair->calls_are_forbidden);
	pair->closings++;
	pair->why = (struct hs_error)HS_ERROR_INIT;
	if (why != NULL)
		pair->why = *why;
	hs_link_free(link);
	pair->link = NULL;
}

static const struct hs_link_events events = { on_message, on_closed };

static void pair_open(struct pair *pair, enum reply reply)
{
	struct hs_error err = HS_ERROR_INIT;
	int fds[2];

	memset(pair, 0, sizeof *pair);
	pair->reply = reply;
	pair->base = event_base_new();
	expect_int("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pair->peer = fds[1];
	expect_done("link", hs_link_new(pair->base, fds[0], &events, pair, &pair->link, &err),
	    &err);
}

static void pair_close(struct pair *pair)
{
	hs_link_free(pair->link);
	if (pair->peer >= 0)
		close(pair->peer);
	event_base_free(pair->base);
}

static void turn(struct pair *pair)
{
	event_base_loop(pair->base, EVLOOP_NONBLOCK);
}

/* Turns the loop until so many messages or a closing came, or it has taken too long. */
static void turn_until(struct pair *pair, int messages, int closings, int wait_ms)
{
	for (int waited = 0; waited < wait_ms; waited++) {
		turn(pair);
		if (pair->messages >= messages && pair->closings >= closings)
			return;
		usleep(1000);
	}
}

static void say(struct pair *pair, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t sent = send(pair->peer, at, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			at += sent;
			length -= (size_t)sent;
		}
		turn(pair);
		if (sent < 0 && pair->link == NULL)
			return;
	}
}

static void say_text(struct pair *pair, const char *text)
{
	say(pair, text, strlen(text));
}

static void test_split_anywhere(void)
{
	static const char lines[] = "{\"n\":1}\n{\"n\":2}\r\n{\"n\":3,\"s\":\"a\\nb\"}\n";
	struct pair pair;

	for (size_t first = 0; first <= strlen(lines); first++) {
		pair_open(&pair, REPLY_NONE);
		say(&pair, lines, first);
		say_text(&pair, lines + first);
		turn_until(&pair, 3, 0, WAIT_MS);
		expect_text("split in two", pair.heard, "1 2 3 ");
		expect_int("still open", pair.closings, 0);
		pair_close(&pair);
	}
	pair_open(&pair, REPLY_NONE);
	for (size_t i = 0; i < strlen(lines); i++)
		say(&pair, lines + i, 1);
	turn_until(&pair, 3, 0, WAIT_MS);
	expect_text("byte by byte", pair.heard, "1 2 3 ");
	pair_close(&pair);
}

static const struct {
	const char *line;
	size_t length;
} bad_lines[] = {
	{ "\n", 1 },
	{ "[]\n", 3 },
	{ "1\n", 2 },
	{ "\"text\"\n", 7 },
	{ "null\n", 5 },
	{ "{\n", 2 },
	{ "{} {}\n", 6 },
	{ "{\"a\":1,\"a\":2}\n", 14 },
	{ "{\"a\":\"\xff\"}\n", 10 },
	{ "{\"a\":\"\\u0000\"}\n", 15 },
	{ "{\"a\":\0}\n", 8 },
};

static void test_bad_lines(void)
{
	for (size_t i = 0; i < HS_COUNT(bad_lines); i++) {
		const char *row = bad_lines[i].line;
		struct pair pair;

		pair_open(&pair, REPLY_NONE);
		say_text(&pair, "{\"n\":1}\n");
		say(&pair, row, bad_lines[i].length);
		say_text(&pair, "{\"n\":2}\n");
		turn_until(&pair, 1, 1, WAIT_MS);
		expect_text(row, pair.heard, "1 ");
		expect_int(row, pair.closings, 1);
		expect_code(row, &pair.why, HS_PROTOCOL);
		pair_close(&pair);
	}
}

/* A line of exactly so many bytes, newline included. */
static char *line_of(size_t bytes)
{
	static const char head[] = "{\"n\":9,\"s\":\"", tail[] = "\"}\n";
	char *line = malloc(bytes + 1);

	memset(line, 'x', bytes);
	memcpy(line, head, strlen(head));
	memcpy(line + bytes - strlen(tail), tail, strlen(tail) + 1);
	return line;
}

static void test_longest_line(void)
{
	char *line = line_of(HS_LINE_BYTES);
	struct pair pair;

	pair_open(&pair, REPLY_NONE);
	say(&pair, line, HS_LINE_BYTES);
	say_text(&pair, "{\"n\":1}\n");
	turn_until(&pair, 2, 0, WAIT_MS);
	expect_text("as long as may be", pair.heard, "9 1 ");
	pair_close(&pair);
	free(line);

	line = line_of(HS_LINE_BYTES + 1);
	pair_open(&pair, REPLY_NONE);
	say(&pair, line, HS_LINE_BYTES + 1);
	turn_until(&pair, 0, 1, WAIT_MS);
	expect_int("one byte more", pair.messages, 0);
	expect_code("one byte more", &pair.why, HS_TOO_LONG);
	pair_close(&pair);
	free(line);
}

/* A byte now and then must not keep a line alive: the time counts from its first byte. */
static void test_slow_line(void)
{
	time_t started = time(NULL);
	struct pair pair;

	pair_open(&pair, REPLY_NONE);
	for (int i = 0; pair.closings == 0 && i < HS_LINE_SECONDS + 5; i++) {
		say_text(&pair, " ");
		turn_until(&pair, 1, 1, 1000);
	}
	expect_code("slow", &pair.why, HS_TIMEOUT);
	expect_true("not too soon", time(NULL) - started >= HS_LINE_SECONDS - 1);
	expect_true("not too late", time(NULL) - started <= HS_LINE_SECONDS + 3);
	pair_close(&pair);
}

static void test_closing(void)
{
	struct pair pair;

	pair_open(&pair, REPLY_NONE);
	say_text(&pair, "{\"n\":1}\n");
	close(pair.peer);
	pair.peer = -1;
	turn_until(&pair, 1, 1, WAIT_MS);
	expect_text("message before the end", pair.heard, "1 ");
	expect_int("told once", pair.closings, 1);
	expect_code("no fault", &pair.why, HS_OK);
	pair_close(&pair);

	pair_open(&pair, REPLY_NONE);
	say_text(&pair, "{\"n\":1}\n{\"n\"");
	close(pair.peer);
	pair.peer = -1;
	turn_until(&pair, 1, 1, WAIT_MS);
	expect_code("in the middle of a line", &pair.why, HS_PROTOCOL);
	pair_close(&pair);
}

/* A daemon may answer and close before it has read: its last words must arrive. */
static void test_last_words(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct pair pair;

	pair_open(&pair, REPLY_NONE);
	expect_int("last words", send(pair.peer, "{\"n\":5}\n", 8, 0), 8);
	close(pair.peer);
	pair.peer = -1;
	expect_done("send", hs_link_send(pair.link, hs_message_request(1, "status", NULL), &err),
	    &err);
	turn_until(&pair, 1, 1, WAIT_MS);
	expect_text("heard", pair.heard, "5 ");
	expect_int("told once", pair.closings, 1);
	expect_code("no fault", &pair.why, HS_OK);
	pair_close(&pair);
}

static void read_all(int fd, char *buf, size_t size)
{
	ssize_t got = recv(fd, buf, size - 1, MSG_DONTWAIT);

	buf[got > 0 ? got : 0] = '\0';
}

static void test_handler_lets_go(void)
{
	char answer[256];
	struct pair pair;

	pair_open(&pair, REPLY_FREE);
	say_text(&pair, "{\"n\":1}\n{\"n\":2}\n");
	turn(&pair);
	expect_text("nothing after free", pair.heard, "1 ");
	expect_int("not told", pair.closings, 0);
	pair_close(&pair);

	pair_open(&pair, REPLY_FINISH);
	say_text(&pair, "{\"n\":1}\n{\"n\":2}\n");
	for (int i = 0; i < 10; i++)
		turn(&pair);
	read_all(pair.peer, answer, sizeof answer);
	expect_text("nothing after finish", pair.heard, "1 ");
	expect_text("but what was sent", answer, "{\"id\":7,\"result\":{}}\n");
	expect_int("then closed", recv(pair.peer, answer, sizeof answer, MSG_DONTWAIT), 0);
	expect_int("not told", pair.closings, 0);
	pair_close(&pair);
}

static void test_backlog(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char *text = line_of(1 << 16);
	struct pair pair;
	int sent = 0;

	text[strlen(text) - 1] = '\0';
	pair_open(&pair, REPLY_NONE);
	pair.calls_are_forbidden = true;
	while (sent < 1000 && hs_link_send(pair.link, json_loads(text, 0, NULL), &err))
		sent++;
	expect_code("nobody reads", &err, HS_BUSY);
	expect_true("not too soon", sent >= (HS_LINK_BACKLOG_BYTES >> 16) - 1);
	expect_true("stays so", !hs_link_send(pair.link, hs_message_result(1, NULL), &err));
	pair.calls_are_forbidden = false;
	turn_until(&pair, 0, 1, WAIT_MS);
	expect_code("told by the loop", &pair.why, HS_BUSY);
	expect_int("told once", pair.closings, 1);
	pair_close(&pair);
	free(text);
}

static void test_too_long_to_send(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char *text = line_of(HS_LINE_BYTES + 1);
	char answer[64];
	struct pair pair;

	pair_open(&pair, REPLY_NONE);
	expect_true("one byte more", !hs_link_send(pair.link, json_loads(text, 0, NULL), &err));
	expect_code("one byte more", &err, HS_TOO_LONG);
	expect_true("no memory", !hs_link_send(pair.link, NULL, &err));
	expect_code("no memory", &err, HS_NO_MEMORY);
	expect_done("still usable", hs_link_send(pair.link, json_pack("{s:i}", "n", 1), &err),
	    &err);
	turn(&pair);
	read_all(pair.peer, answer, sizeof answer);
	expect_text("still usable", answer, "{\"n\":1}\n");
	pair_close(&pair);
	free(text);
}

static void expect_message(const char *want, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	expect_text(want, text, want);
	free(text);
	json_decref(message);
}

static void test_messages(void)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_message("{\"id\":1,\"cmd\":\"status\",\"args\":{}}",
	    hs_message_request(1, "status", NULL));
	expect_message("{\"id\":2,\"cmd\":\"start\",\"args\":{\"daemon\":\"web\"}}",
	    hs_message_request(2, "start", json_pack("{s:s}", "daemon", "web")));
	expect_message("{\"event\":\"ready\"}", hs_message_event(0, "ready", NULL));
	/* a body cannot pass for another event, nor for another request's */
	expect_message("{\"id\":3,\"event\":\"file\",\"a\":true}", hs_message_event(3, "file",
	    json_pack("{s:b, s:s, s:i}", "a", 1, "event", "x", "id", 9)));
	expect_message("{\"id\":4,\"result\":{}}", hs_message_result(4, NULL));
	expect_message("{\"result\":{\"n\":1}}", hs_message_result(0, json_pack("{s:i}", "n", 1)));
	hs_error_set(&err, HS_NOT_FOUND, "", "no run 7");
	expect_message("{\"id\":5,\"error\":{\"code\":\"not_found\",\"message\":\"no run 7\"}}",
	    hs_message_error(5, &err));
	hs_error_set(&err, HS_IO, "a\xff.json", "bad name a\xff.json");
	expect_message("{\"id\":6,\"error\":{\"code\":\"io_error\","
	    "\"message\":\"bad name a\xef\xbf\xbd.json\","
	    "\"where\":\"a\xef\xbf\xbd.json\"}}", hs_message_error(6, &err));
}

static void test_errors_travel(void)
{
	for (int code = HS_OK + 1; code < HS_ERROR_CODE_COUNT; code++) {
		const char *name = hs_error_name((enum hs_error_code)code);
		struct hs_error sent = HS_ERROR_INIT, got = HS_ERROR_INIT;
		json_t *message;

		hs_error_set(&sent, (enum hs_error_code)code, "place", "words of %s", name);
		message = hs_message_error(1, &sent);
		hs_message_to_error(json_object_get(message, "error"), &got);
		expect_code(name, &got, (enum hs_error_code)code);
		expect_text(name, got.message, sent.message);
		expect_text(name, got.where, "place");
		expect_true(name, got.temporary == sent.temporary);
		json_decref(message);
	}
}

static void test_strange_errors(void)
{
	static const char *const strange[] = { "{}", "{\"code\":\"ok\",\"message\":\"m\"}",
		"{\"code\":\"of_tomorrow\",\"message\":7}", "{\"code\":[]}" };

	for (size_t i = 0; i < HS_COUNT(strange); i++) {
		json_t *object = json_loads(strange[i], 0, NULL);
		struct hs_error got = HS_ERROR_INIT;

		hs_message_to_error(object, &got);
		expect_code(strange[i], &got, HS_PROTOCOL);
		expect_true(strange[i], got.message[0] != '\0');
		json_decref(object);
	}
}

/* Binds path; returns the socket, listening or not. */
static int make_socket(const char *path, bool listens)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	expect_int(path, bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	if (listens)
		expect_int(path, listen(fd, 1), 0);
	return fd;
}

static void expect_connect(const char *row, const char *path, enum hs_error_code want)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;
	bool done = hs_control_connect(path, &fd, &err);

	expect_code(row, &err, want);
	expect_true(row, done == (want == HS_OK));
	expect_true(row, (fd >= 0) == (want == HS_OK));
	if (fd >= 0)
		close(fd);
}

static void test_connect(void)
{
	char path[107], too_long[120];
	const char *folder = hs_scratch_dir();
	int fd;

	snprintf(path, sizeof path, "%s/control.sock", folder);
	expect_connect("no socket", path, HS_NOT_RUNNING);
	fd = make_socket(path, false);
	expect_connect("nobody listens", path, HS_NOT_RUNNING);
	expect_int("listen", listen(fd, 1), 0);
	expect_connect("somebody listens", path, HS_OK);
	close(fd);
	expect_connect("left behind", path, HS_NOT_RUNNING);
	expect_connect("under a file", strcat(path, "/x"), HS_NOT_RUNNING);
	memset(too_long, 'x', sizeof too_long);
	too_long[108] = '\0';
	expect_connect("108 bytes", too_long, HS_TOO_LONG);
	too_long[107] = '\0';
	expect_connect("107 bytes", too_long, HS_NOT_RUNNING);
}

static void test_no_permission(void)
{
	char path[107];
	int fd;

	if (geteuid() == 0) {
		hs_skip("root may connect to everything");
		return;
	}
	snprintf(path, sizeof path, "%s/control.sock", hs_scratch_dir());
	fd = make_socket(path, true);
	expect_int("chmod", chmod(path, 0), 0);
	expect_connect("forbidden", path, HS_NO_PERMISSION);
	close(fd);
}

/* A supervisor that hangs has a full queue: we give up after five seconds. */
static void test_full_queue(void)
{
	char path[107];
	int listener, fds[16];
	size_t count = 0;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(path, sizeof path, "%s/control.sock", hs_scratch_dir());
	listener = make_socket(path, true);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	for (; count < HS_COUNT(fds); count++) {
		fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fds[count], (const struct sockaddr *)&address, sizeof address) != 0)
			break;
	}
	expect_connect("hangs", path, HS_TIMEOUT);
	for (size_t i = 0; i <= count && i < HS_COUNT(fds); i++)
		close(fds[i]);
	close(listener);
}

static const struct hs_case cases[] = {
	{ "lines split anywhere", test_split_anywhere },
	{ "lines that break the rules", test_bad_lines },
	{ "the longest line", test_longest_line },
	{ "a slow line", test_slow_line },
	{ "the peer closes", test_closing },
	{ "last words arrive", test_last_words },
	{ "the handler lets go", test_handler_lets_go },
	{ "a peer that does not read", test_backlog },
	{ "a message too long to send", test_too_long_to_send },
	{ "messages", test_messages },
	{ "errors travel", test_errors_travel },
	{ "strange errors", test_strange_errors },
	{ "connecting", test_connect },
	{ "connecting without permission", test_no_permission },
	{ "connecting to one that hangs", test_full_queue },
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return hs_run_suite("control", cases, HS_COUNT(cases));
}
