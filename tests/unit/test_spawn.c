/* test_spawn.c: what a new process inherits and what it does not; its end in words. */
#include "daemons/supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

enum { OUTPUT_BYTES = 4096, GIVEN_FD = 9, KEPT_FD = 61 };

static struct identity ourselves(void)
{
	return (struct identity){ .changes = false, .uid = geteuid(), .gid = getegid() };
}

static int wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Runs a shell script with descriptor GIVEN_FD as a pipe; its output comes back. */
static int run_script(const char *script, char output[OUTPUT_BYTES])
{
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "TEAM=BOS", NULL };
	const char *argv[] = { "sh", "-c", script, NULL };
	struct identity identity = ourselves();
	struct hs_error err = HS_ERROR_INIT;
	struct spawn what = { .path = "/bin/sh",
		.argv = argv,
		.environment = environment,
		.identity = &identity,
		.fds = { GIVEN_FD },
		.fd_count = 1,
		.death_signal = SIGTERM };
	size_t length = 0;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0 || dup3(ends[1], GIVEN_FD, O_CLOEXEC) < 0)
		hs_panic("no pipe");
	close(ends[1]);
	if (!expect_done(script, spawn(&what, &pid, &err), &err))
		return -1;
	close(GIVEN_FD);
	if (!expect_done(
		script, hs_file_read(ends[0], output, OUTPUT_BYTES - 1, &length, &err), &err))
		length = 0;
	output[length] = '\0';
	close(ends[0]);
	return wait_for(pid);
}

static void test_inheritance(void)
{
	static const struct {
		const char *name, *script, *want;
	} rows[] = {
		{ "environment", "echo $TEAM $HOME >&9", "BOS\n" },
		{ "standard input", "readlink /proc/$$/fd/0 >&9", "/dev/null\n" },
		/* the third is the folder that ls reads */
		{ "descriptors", "exec ls /proc/self/fd >&9", "0\n1\n2\n3\n9\n" },
		{ "umask", "umask >&9", "0027\n" },
		{ "session",
		    "read a b c d e sid rest </proc/$$/stat; [ $sid = $$ ] && echo own >&9",
		    "own\n" },
		{ "no new rights", "grep NoNewPrivs /proc/$$/status >&9", "NoNewPrivs:\t1\n" },
		/* 32 and 33 are the C library's own: whoever started us may have left them ignored,
		 * and it does not let us change that */
		{ "signals",
		    "exec sed -n '/^Sig[BIC]/{s/00000001800/00000000000/;p}' /proc/self/status >&9",
		    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:"
		    "\t0000000000000000\n" },
	};
	char output[OUTPUT_BYTES];

	signal(SIGPIPE, SIG_IGN);
	/* one that is not to be inherited, although it was left open on exec */
	if (dup2(STDERR_FILENO, KEPT_FD) < 0)
		hs_panic("no descriptor");
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		run_script(rows[i].script, output);
		expect_text(rows[i].name, output, rows[i].want);
	}
	close(KEPT_FD);
}

static void test_ends(void)
{
	char output[OUTPUT_BYTES], words[64];

	expect_text("plain", spawn_end_text(run_script("exit 0", output), words, sizeof words),
	    "exit status 0");
	expect_text("failed", spawn_end_text(run_script("exit 78", output), words, sizeof words),
	    "exit status 78");
	expect_text("killed", spawn_end_text(run_script("kill -9 $$", output), words, sizeof words),
	    "killed by signal 9 (Killed)");
}

static void test_cannot_run(void)
{
	const char *argv[] = { "nobody", NULL };
	struct identity identity = ourselves();
	struct hs_error err = HS_ERROR_INIT;
	struct spawn what = { .path = "/nonexistent/hsd-web", .argv = argv, .environment = argv + 1,
		.identity = &identity, .death_signal = SIGTERM };
	char words[64];
	pid_t pid;

	if (expect_done("forked", spawn(&what, &pid, &err), &err))
		expect_text(
		    "end", spawn_end_text(wait_for(pid), words, sizeof words), "exit status 126");
}

/* A parent that is gone before the child could be bound to it, or afterwards: no orphan is left. */
static void test_dies_with_its_parent(void)
{
	const char *argv[] = { "sleep", "30", NULL };
	struct identity identity = ourselves();
	int ends[2];
	char byte;
	pid_t parent;

	if (pipe2(ends, 0) != 0)
		hs_panic("no pipe");
	fflush(NULL);
	if ((parent = fork()) == 0) {
		struct hs_error err = HS_ERROR_INIT;
		struct spawn what = { .path = "/bin/sleep",
			.argv = argv,
			.environment = argv + 2,
			.identity = &identity,
			.fds = { ends[1] },
			.fd_count = 1,
			.death_signal = SIGKILL };
		pid_t pid;

		_exit(spawn(&what, &pid, &err) ? 0 : 1);
	}
	close(ends[1]);
	expect_int("parent", wait_for(parent), 0);
	/* the pipe's end tells that nobody holds it; alarm ends a test that waits in vain */
	alarm(20);
	expect_int("orphan", read(ends[0], &byte, 1), 0);
	alarm(0);
	close(ends[0]);
}

static void test_takes_another_identity(void)
{
	struct identity nobody = { .changes = true, .uid = 65534, .gid = 65534, .groups = { 65534 },
		.group_count = 1 };
	static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	const char *argv[] = { "sh", "-c", "[ \"$(id -u):$(id -g):$(id -G)\" = 65534:65534:65534 ]",
		NULL };
	struct hs_error err = HS_ERROR_INIT;
	struct spawn what = { .path = "/bin/sh", .argv = argv, .environment = environment,
		.identity = &nobody, .death_signal = SIGTERM };
	pid_t pid;

	if (geteuid() != 0) {
		hs_skip("only root can become another");
		return;
	}
	if (expect_done("spawn", spawn(&what, &pid, &err), &err))
		expect_int("nobody", wait_for(pid), 0);
}

static const struct hs_case cases[] = {
	{ "inheritance", test_inheritance },
	{ "ends", test_ends },
	{ "cannot run", test_cannot_run },
	{ "dies with its parent", test_dies_with_its_parent },
	{ "takes another identity", test_takes_another_identity },
};

int main(void)
{
	return hs_run_suite("spawn", cases, HS_COUNT(cases));
}
