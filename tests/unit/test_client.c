/* test_client.c: one request over a socketpair, with a server that says all sorts of things.
 *
 * The server's lines are written before the client starts: they wait in the socket. */
#include "ctl/client.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/outcome.h"
#include "tests/unit/harness.h"

struct talk {
	char *out, *err;	/* what was shown */
	char asked[512];	/* what the server got */
	int status;
};

static void talk_done(struct talk *talk)
{
	free(talk->out);
	free(talk->err);
}

/* says: the server's bytes; hangs_up: it closes its end after them. */
static void talk_run(struct talk *talk, enum hs_command_id command, json_t *args,
    const char *says, bool hangs_up)
{
	struct request request = { .command = command, .args = args };
	size_t out_size, err_size;
	struct output output;
	FILE *out = open_memstream(&talk->out, &out_size);
	FILE *err = open_memstream(&talk->err, &err_size);
	ssize_t got;
	int fds[2];

	expect_int("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	expect_int("says", send(fds[1], says, strlen(says), 0), (long long)strlen(says));
	if (hangs_up)
		close(fds[1]);
	output_init(&output, OUTPUT_JSON, out, err);
	talk->status = client_run(fds[0], &request, NULL, &output);
	got = hangs_up ? 0 : recv(fds[1], talk->asked, sizeof talk->asked - 1, MSG_DONTWAIT);
	talk->asked[got > 0 ? got : 0] = '\0';
	if (!hangs_up)
		close(fds[1]);
	fclose(out);
	fclose(err);
	request_done(&request);
}

static const struct {
	const char *name;
	enum hs_command_id command;
	const char *says;
	bool hangs_up;
	int status;
	const char *shown;	/* a part of stdout */
} talks[] = {
	{ "a result", HS_CMD_VERSION, "{\"id\":1,\"result\":{\"a\":1}}\n", false, 0,
	    "{\"result\":{\"a\":1}}\n" },
	{ "a result, then the end", HS_CMD_VERSION, "{\"id\":1,\"result\":{\"a\":1}}\n", true, 0,
	    "{\"result\":{\"a\":1}}\n" },
	{ "events first", HS_CMD_MIGRATE,
	    "{\"id\":1,\"event\":\"step\",\"name\":\"001\"}\n{\"id\":1,\"event\":\"of_tomorrow\"}\n"
	    "{\"id\":1,\"result\":{}}\n", false, 0,
	    "{\"event\":\"step\",\"name\":\"001\"}\n{\"event\":\"of_tomorrow\"}\n"
	    "{\"result\":{}}\n" },
	{ "failed files", HS_CMD_IMPORT_NOW, "{\"id\":1,\"result\":{\"totals\":{\"failed\":1}}}\n",
	    false, 1, "" },
	{ "an error", HS_CMD_IMPORT_SHOW,
	    "{\"id\":1,\"error\":{\"code\":\"not_found\",\"message\":\"no run 7\"}}\n", false, 1,
	    "{\"error\":{\"code\":\"not_found\",\"message\":\"no run 7\"}}\n" },
	{ "not allowed", HS_CMD_STOP,
	    "{\"id\":1,\"error\":{\"code\":\"not_allowed\",\"message\":\"m\"}}\n", false, 77, "" },
	{ "whom it needs is not running", HS_CMD_IMPORT_NOW,
	    "{\"id\":1,\"error\":{\"code\":\"not_running\",\"message\":\"m\"}}\n", false, 69, "" },
	{ "what it starts does not come up", HS_CMD_START,
	    "{\"id\":1,\"error\":{\"code\":\"not_running\",\"message\":\"m\"}}\n", false, 1, "" },
	{ "an error before the request", HS_CMD_STATUS,
	    "{\"error\":{\"code\":\"busy\",\"message\":\"too many connections\"}}\n", true, 1,
	    "too many connections" },
	{ "nothing", HS_CMD_STATUS, "", true, 69, "before it had answered" },
	{ "half a line", HS_CMD_STATUS, "{\"id\":1,", true, 69, "middle of a line" },
	{ "events, then nothing", HS_CMD_IMPORT_NOW,
	    "{\"id\":1,\"event\":\"progress\"}\n", true, 69, "before it had answered" },
	{ "no JSON", HS_CMD_STATUS, "hello\n", false, 69, "not one JSON object" },
	{ "another id", HS_CMD_STATUS, "{\"id\":2,\"result\":{}}\n", false, 1, "another request" },
	{ "no id", HS_CMD_STATUS, "{\"result\":{}}\n", false, 1, "another request" },
	{ "neither nor", HS_CMD_STATUS, "{\"id\":1}\n", false, 1, "neither event" },
	{ "a result that is no object", HS_CMD_STATUS, "{\"id\":1,\"result\":3}\n", false, 1,
	    "neither event" },
};

static void test_talks(void)
{
	for (size_t i = 0; i < HS_COUNT(talks); i++) {
		struct talk talk;

		talk_run(&talk, talks[i].command, json_object(), talks[i].says, talks[i].hangs_up);
		expect_int(talks[i].name, talk.status, talks[i].status);
		expect_contains(talks[i].name, talk.out, talks[i].shown);
		talk_done(&talk);
	}
}

static void test_request(void)
{
	struct talk talk;

	talk_run(&talk, HS_CMD_START, json_pack("{s:s}", "daemon", "web"),
	    "{\"id\":1,\"event\":\"x\"}\n{\"id\":1,\"result\":{\"state\":\"up\"}}\n", false);
	expect_text("as the protocol has it", talk.asked,
	    "{\"id\":1,\"cmd\":\"start\",\"args\":{\"daemon\":\"web\"}}\n");
	talk_done(&talk);
}

/* Sends us a signal in a moment. */
static pid_t signal_soon(int number)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(100000);
		kill(getppid(), number);
		_exit(0);
	}
	return pid;
}

static const struct {
	int signal;
	enum hs_command_id command;
	const char *note;	/* "" for none */
} signals[] = {
	{ SIGINT, HS_CMD_IMPORT_NOW, "detached; the import goes on: see hsctl import list" },
	{ SIGTERM, HS_CMD_IMPORT_NOW, "detached; the import goes on: see hsctl import list" },
	{ SIGINT, HS_CMD_MIGRATE, "detached; the work goes on: see hsctl status" },
	{ SIGINT, HS_CMD_STATUS, "" },
};

static void test_detaching(void)
{
	for (size_t i = 0; i < HS_COUNT(signals); i++) {
		const char *row = hs_commands[signals[i].command].words;
		pid_t pid = signal_soon(signals[i].signal);
		struct talk talk;

		talk_run(&talk, signals[i].command, json_object(), "", false);
		expect_int(row, talk.status, 128 + signals[i].signal);
		expect_contains(row, talk.out, signals[i].note);
		if (signals[i].note[0] == '\0')
			expect_text(row, talk.out, "");
		else
			expect_contains(row, talk.out, "{\"event\":\"detached\"");
		waitpid(pid, NULL, 0);
		talk_done(&talk);
	}
}

static const struct hs_case cases[] = {
	{ "what servers say", test_talks },
	{ "the request", test_request },
	{ "detaching", test_detaching },
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return hs_run_suite("client", cases, HS_COUNT(cases));
}
