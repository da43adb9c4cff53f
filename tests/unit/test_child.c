/* test_child.c: a daemon's life, as its supervisor sees it over the control channel.
 *
 * The daemon is a fork of this program that runs hs_child_run; the test speaks to it in
 * plain lines, and waits for its exit status. */
#include "common/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/control.h"
#include "tests/unit/harness.h"

enum { ANSWER_MS = 10000, LINE_BYTES = 4096 };

/* What the daemon under test does; set before the fork. */
static struct {
	bool refuses_start, finishes_in_start, fails_in_start, never_stops, refuses_reload;
} habits;

struct app {
	struct hs_child *child;
	int reloads;
	struct hs_call *kept;	/* answered when we stop */
};

struct daemon {
	pid_t pid;
	int channel;	/* -1: started by hand */
	char rest[LINE_BYTES];
	size_t rest_length;
};

/* ---- the daemon ---- */

static bool app_start(struct hs_child *child, void **ret_app, struct hs_error *err)
{
	static const struct hs_error broken = { .code = HS_IO, .message = "the ball is flat" };
	struct app *app;

	if (habits.refuses_start)
		return hs_error_set(err, HS_IO, "arena", "the doors are locked");
	if ((app = calloc(1, sizeof *app)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory");
	app->child = child;
	*ret_app = app;
	if (habits.fails_in_start)
		hs_child_fail(child, &broken);
	else
		hs_child_ready(child);
	if (habits.finishes_in_start)
		hs_child_stopped(child);
	return true;
}

static void app_stop(void *arg)
{
	struct app *app = arg;

	if (app->kept != NULL)
		hs_call_result(app->kept, json_pack("{s:b}", "late", 1));
	app->kept = NULL;
	if (!habits.never_stops)
		hs_child_stopped(app->child);
}

static bool app_reload(void *arg, struct hs_error *err)
{
	struct app *app = arg;

	if (habits.refuses_reload)
		return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_SEARCH_SECONDS",
		    "not during a game");
	app->reloads++;
	return true;
}

static json_t *app_status(void *arg)
{
	struct app *app = arg;
	const int *fds;

	return json_pack("{s:i, s:I, s:I}", "reloads", app->reloads, "search_seconds",
	    (json_int_t)hs_setting_int(hs_child_settings(app->child), HS_SET_SEARCH_SECONDS),
	    "listeners", (json_int_t)hs_child_listeners(app->child, &fds));
}

/* The longest list does not fit in a line. */
static void run_list(void *arg, struct hs_call *call, const json_t *args)
{
	static const char too_much[HS_LINE_BYTES];
	json_int_t limit = json_integer_value(json_object_get(args, "limit"));

	(void)arg;
	hs_call_event(call, "progress", json_pack("{s:i}", "points", 2));
	if (limit < 200)
		hs_call_result(call, json_pack("{s:I}", "limit", limit));
	else
		hs_call_result(call, json_pack("{s:s%}", "runs", too_much, sizeof too_much));
}

static void run_now(void *arg, struct hs_call *call, const json_t *args)
{
	struct app *app = arg;

	(void)args;
	app->kept = call;
}

static const struct hs_child_handler handlers[] = {
	{ HS_CMD_IMPORT_LIST, run_list },
	{ HS_CMD_IMPORT_NOW, run_now },
};

static const struct hs_child_spec spec = {
	.process = HS_PROC_IMPORTER,
	.help = "For a test.",
	.start = app_start,
	.stop = app_stop,
	.reload = app_reload,
	.status = app_status,
	.free = free,
	.handlers = handlers,
	.handler_count = HS_COUNT(handlers),
};

/* ---- the test's side ---- */

static void start_with(struct daemon *daemon, bool supervised, const char *word)
{
	char program[] = "hsd-importer", copy[32] = "", fd[16];
	char *argv[] = { program, copy, NULL };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		hs_panic("no socketpair");
	fflush(NULL);
	*daemon = (struct daemon){ .pid = fork(), .channel = ends[0] };
	if (daemon->pid == 0) {
		close(ends[0]);
		snprintf(fd, sizeof fd, "%d", ends[1]);
		if (supervised)
			setenv("HS_CONTROL_FD", fd, 1);
		if (word != NULL)
			snprintf(copy, sizeof copy, "%s", word);
		exit(hs_child_run(&spec, word != NULL ? 2 : 1, argv));
	}
	close(ends[1]);
}

static void start(struct daemon *daemon)
{
	start_with(daemon, true, NULL);
}

static void say(struct daemon *daemon, const char *line)
{
	char whole[LINE_BYTES];
	int length = snprintf(whole, sizeof whole, "%s\n", line);

	if (write(daemon->channel, whole, (size_t)length) != length)
		expect_true(line, !"sent");
}

/* The daemon's next line; "" at its end or when none comes. */
static const char *hear(struct daemon *daemon, char line[LINE_BYTES])
{
	struct pollfd one = { .fd = daemon->channel, .events = POLLIN };
	char *end;

	while ((end = memchr(daemon->rest, '\n', daemon->rest_length)) == NULL) {
		ssize_t length;

		if (poll(&one, 1, ANSWER_MS) <= 0 || (length = read(daemon->channel, daemon->rest +
		    daemon->rest_length, sizeof daemon->rest - daemon->rest_length)) <= 0)
			return "";
		daemon->rest_length += (size_t)length;
	}
	*end = '\0';
	memcpy(line, daemon->rest, (size_t)(end - daemon->rest) + 1);
	daemon->rest_length -= (size_t)(end + 1 - daemon->rest);
	memmove(daemon->rest, end + 1, daemon->rest_length);
	return line;
}

static void expect_line(struct daemon *daemon, const char *want)
{
	char line[LINE_BYTES];

	expect_text(want, hear(daemon, line), want);
}

/* The answer to child.status. */
static void expect_status(struct daemon *daemon, int id, int reloads, int search_seconds,
    int listeners)
{
	char want[LINE_BYTES];

	snprintf(want, sizeof want, "{\"id\":%d,\"result\":{\"reloads\":%d,\"search_seconds\":%d,"
	    "\"listeners\":%d}}", id, reloads, search_seconds, listeners);
	expect_line(daemon, want);
}

/* The exit status, -1 when a signal ended it. */
static int end_status(struct daemon *daemon)
{
	int status;

	while (waitpid(daemon->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -2;
	if (daemon->channel >= 0)
		close(daemon->channel);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char ready[] = "{\"event\":\"ready\"}";

static void begin_quietly(void)
{
	memset(&habits, 0, sizeof habits);
	setenv("HOOPSCOUT_CONF", "/dev/null", 1);
	setenv("HOOPSCOUT_STATE_DIR", hs_scratch_dir(), 1);
	setenv("HOOPSCOUT_LOG_LEVEL", "error", 1);
	setenv("HOOPSCOUT_STOP_SECONDS", "5", 1);
	unsetenv("HOOPSCOUT_SEARCH_SECONDS");
	unsetenv("HS_LISTEN_FDS");
}

/* ---- the cases ---- */

static void test_commands(void)
{
	struct daemon daemon;

	begin_quietly();
	start(&daemon);
	expect_line(&daemon, ready);
	say(&daemon, "{\"id\":1,\"cmd\":\"child.status\"}");
	expect_status(&daemon, 1, 0, 10, 0);
	say(&daemon, "{\"id\":2,\"cmd\":\"import.list\",\"args\":{\"limit\":7}}");
	expect_line(&daemon, "{\"id\":2,\"event\":\"progress\",\"points\":2}");
	expect_line(&daemon, "{\"id\":2,\"result\":{\"limit\":7}}");
	say(&daemon, "{\"id\":3,\"cmd\":\"import.list\",\"args\":{\"limit\":0}}");
	expect_line(&daemon, "{\"id\":3,\"error\":{\"code\":\"bad_argument\",\"message\":"
	    "\"limit must lie between 1 and 200, not 0\",\"where\":\"limit\"}}");
	say(&daemon, "{\"id\":4,\"cmd\":\"import.show\",\"args\":{\"run\":1}}");
	expect_line(&daemon, "{\"id\":4,\"error\":{\"code\":\"unknown_command\",\"message\":"
	    "\"hsd-importer does not know the command import.show\"}}");
	say(&daemon, "{\"id\":6,\"cmd\":\"import.list\",\"args\":{\"limit\":200}}");
	expect_line(&daemon, "{\"id\":6,\"event\":\"progress\",\"points\":2}");
	expect_contains("a result that is too long", hear(&daemon, (char[LINE_BYTES]){ "" }),
	    "{\"id\":6,\"error\":{\"code\":\"too_long\",");
	say(&daemon, "{\"id\":5,\"cmd\":\"dunk\"}");
	expect_line(&daemon, "{\"id\":5,\"error\":{\"code\":\"unknown_command\",\"message\":"
	    "\"hsd-importer does not know the command dunk\"}}");
	kill(daemon.pid, SIGTERM);
	expect_int("status", end_status(&daemon), 0);
}

static void test_answer_while_stopping(void)
{
	struct daemon daemon;

	begin_quietly();
	start(&daemon);
	expect_line(&daemon, ready);
	say(&daemon, "{\"id\":1,\"cmd\":\"import.now\"}");
	say(&daemon, "{\"id\":2,\"cmd\":\"child.status\"}");
	expect_status(&daemon, 2, 0, 10, 0);
	kill(daemon.pid, SIGTERM);
	expect_line(&daemon, "{\"id\":1,\"result\":{\"late\":true}}");
	expect_int("status", end_status(&daemon), 0);
}

static void test_reload(void)
{
	struct daemon daemon;

	begin_quietly();
	start(&daemon);
	expect_line(&daemon, ready);
	say(&daemon, "{\"id\":1,\"cmd\":\"child.reload\",\"args\":{\"settings\":"
	    "{\"HOOPSCOUT_SEARCH_SECONDS\":\"33\"}}}");
	expect_line(&daemon, "{\"id\":1,\"result\":{}}");
	say(&daemon, "{\"id\":2,\"cmd\":\"child.status\"}");
	expect_status(&daemon, 2, 1, 33, 0);
	/* a bad one changes nothing */
	say(&daemon, "{\"id\":3,\"cmd\":\"child.reload\",\"args\":{\"settings\":"
	    "{\"HOOPSCOUT_SEARCH_SECONDS\":\"soon\"}}}");
	if (expect_true("refused", hear(&daemon, (char[LINE_BYTES]){ "" })[0] != '\0')) {
		say(&daemon, "{\"id\":4,\"cmd\":\"child.status\"}");
		expect_status(&daemon, 4, 1, 33, 0);
	}
	kill(daemon.pid, SIGTERM);
	expect_int("status", end_status(&daemon), 0);
}

static void test_reload_refused_by_the_daemon(void)
{
	struct daemon daemon;

	begin_quietly();
	habits.refuses_reload = true;
	start(&daemon);
	expect_line(&daemon, ready);
	say(&daemon, "{\"id\":1,\"cmd\":\"child.reload\",\"args\":{\"settings\":"
	    "{\"HOOPSCOUT_SEARCH_SECONDS\":\"33\"}}}");
	expect_line(&daemon, "{\"id\":1,\"error\":{\"code\":\"bad_setting\",\"message\":"
	    "\"not during a game\",\"where\":\"HOOPSCOUT_SEARCH_SECONDS\"}}");
	say(&daemon, "{\"id\":2,\"cmd\":\"child.status\"}");
	expect_status(&daemon, 2, 0, 10, 0);
	kill(daemon.pid, SIGHUP);	/* refused as well, and survived */
	say(&daemon, "{\"id\":3,\"cmd\":\"child.status\"}");
	expect_status(&daemon, 3, 0, 10, 0);
	kill(daemon.pid, SIGINT);
	expect_int("status", end_status(&daemon), 0);
}

static void test_ends_with_its_supervisor(void)
{
	struct daemon daemon;

	begin_quietly();
	start(&daemon);
	expect_line(&daemon, ready);
	close(daemon.channel);
	daemon.channel = -1;
	expect_int("status", end_status(&daemon), 1);
}

static void test_stop_deadline(void)
{
	struct daemon daemon;

	begin_quietly();
	setenv("HOOPSCOUT_STOP_SECONDS", "1", 1);
	habits.never_stops = true;
	start(&daemon);
	expect_line(&daemon, ready);
	kill(daemon.pid, SIGTERM);
	/* what comes now is refused, not forgotten; the signal may still be on its way */
	say(&daemon, "{\"id\":1,\"cmd\":\"child.status\"}");
	expect_contains("answered", hear(&daemon, (char[LINE_BYTES]){ "" }), "{\"id\":1,");
	expect_int("status", end_status(&daemon), 1);
}

static void test_last_words(void)
{
	struct daemon daemon;

	begin_quietly();
	habits.refuses_start = true;
	start(&daemon);
	expect_line(&daemon,
	    "{\"error\":{\"code\":\"io_error\",\"message\":\"the doors are locked\","
	    "\"where\":\"arena\"}}");
	expect_int("cannot start", end_status(&daemon), 1);

	begin_quietly();
	habits.fails_in_start = true;
	start(&daemon);
	expect_line(
	    &daemon, "{\"error\":{\"code\":\"io_error\",\"message\":\"the ball is flat\"}}");
	expect_int("cannot go on", end_status(&daemon), 1);

	begin_quietly();
	habits.finishes_in_start = true;
	start(&daemon);
	expect_line(&daemon, ready);
	expect_int("finished at once", end_status(&daemon), 0);
}

static void test_bad_settings(void)
{
	struct daemon daemon;

	begin_quietly();
	setenv("HOOPSCOUT_SEARCH_SECONDS", "-3", 1);
	start_with(&daemon, false, NULL);
	expect_int("status", end_status(&daemon), 78);
}

static void test_listeners(void)
{
	int ends[2] = { -1, -1 };
	struct daemon daemon;
	char list[32];

	begin_quietly();
	if (!expect_true("sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0))
		return;
	snprintf(list, sizeof list, "%d,%d", ends[0], ends[1]);
	setenv("HS_LISTEN_FDS", list, 1);
	start(&daemon);
	expect_line(&daemon, ready);
	say(&daemon, "{\"id\":1,\"cmd\":\"child.status\"}");
	expect_status(&daemon, 1, 0, 10, 2);
	kill(daemon.pid, SIGTERM);
	expect_int("status", end_status(&daemon), 0);
	close(ends[0]);
	close(ends[1]);

	setenv("HS_LISTEN_FDS", "900", 1);
	start_with(&daemon, false, NULL);
	expect_int("nothing was handed down", end_status(&daemon), 1);
	setenv("HS_LISTEN_FDS", "3,,4", 1);
	start_with(&daemon, false, NULL);
	expect_int("not a list", end_status(&daemon), 1);
}

static void test_words(void)
{
	static const struct {
		const char *word;
		int want;
	} rows[] = { { "--version", 0 }, { "--help", 0 }, { "--fast", 64 } };
	struct daemon daemon;

	begin_quietly();
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		start_with(&daemon, false, rows[i].word);
		expect_int(rows[i].word, end_status(&daemon), rows[i].want);
	}
}

static void test_by_hand(void)
{
	struct daemon daemon;

	begin_quietly();
	habits.finishes_in_start = true;
	start_with(&daemon, false, NULL);
	expect_int("without a supervisor", end_status(&daemon), 0);
}

static const struct hs_case cases[] = {
	{ "commands", test_commands },
	{ "answer while stopping", test_answer_while_stopping },
	{ "reload", test_reload },
	{ "reload refused by the daemon", test_reload_refused_by_the_daemon },
	{ "ends with its supervisor", test_ends_with_its_supervisor },
	{ "stop deadline", test_stop_deadline },
	{ "last words", test_last_words },
	{ "bad settings", test_bad_settings },
	{ "listeners", test_listeners },
	{ "words", test_words },
	{ "by hand", test_by_hand },
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return hs_run_suite("child", cases, HS_COUNT(cases));
}
