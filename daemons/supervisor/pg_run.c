/* pg_run.c: one of PostgreSQL's client programs as a child that dies with us.
 *
 * Its last words on standard error become the error's sentence. */
#include "daemons/supervisor/pg_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "common/pg_programs.h"

enum { TICK_MS = 100, WORDS_BYTES = 600, MAX_WORDS = 16 };

/* What a program said first: what comes after is what followed from it. */
struct complaint {
	char text[WORDS_BYTES];
	size_t length;
};

static bool set(const char *name, const char *value, struct hs_error *err)
{
	return setenv(name, value, 1) == 0 ||
	    hs_error_errno(err, name, "cannot prepare the environment");
}

static bool set_environment(const struct hs_settings *settings, struct hs_error *err)
{
	const char *password = hs_setting_text(settings, HS_SET_POSTGRES_PASSWORD);
	const char *host = hs_setting_text(settings, HS_SET_POSTGRES_HOST);
	char sockets[PATH_MAX];

	if (hs_settings_private_postgres(settings)) {
		if (!hs_settings_postgres_socket_dir(settings, sockets, sizeof sockets, err))
			return false;
		host = sockets;
	}
	return set("PGHOST", host, err) &&
	    set("PGPORT", hs_setting_text(settings, HS_SET_POSTGRES_PORT), err) &&
	    set("PGUSER", hs_setting_text(settings, HS_SET_POSTGRES_USER), err) &&
	    set("PGDATABASE", hs_setting_text(settings, HS_SET_POSTGRES_DB), err) &&
	    (password[0] == '\0' || set("PGPASSWORD", password, err)) &&
	    set("PGTARGETSESSIONATTRS", "read-write", err) &&
	    set("PGAPPNAME", "hsd-supervisor", err) && set("LC_MESSAGES", "C", err);
}

static bool find_program(const struct hs_settings *settings, struct hs_db *db, const char *name,
    char path[PATH_MAX], struct hs_error *err)
{
	PGresult *result = NULL;
	char dir[PATH_MAX];
	int major;

	if (!hs_db_exec(
		db, "select current_setting('server_version_num')::integer / 10000", &result, err))
		return false;
	major = (int)hs_db_int(result, 0, 0);
	PQclear(result);
	return pg_programs_find_client(hs_setting_text(settings, HS_SET_POSTGRES_BIN_DIR), name,
		   major, dir, sizeof dir, err) &&
	    hs_format(path, PATH_MAX, err, "%s/%s", dir, name);
}

/* Between fork and exec. */
static void become(const char *path, const char *const *argv, const int fds[3], pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(126);
	signal(SIGPIPE, SIG_DFL);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(126);
}

/* Reads what it says until it has ended. */
static bool hear_out(
    int fd, const struct pg_run *what, pid_t pid, struct complaint *complaint, struct hs_error *err)
{
	char bytes[512];

	for (;;) {
		struct pollfd one = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (what->may_go_on != NULL && !what->may_go_on(what->arg, err)) {
			kill(pid, SIGTERM);
			return false;
		}
		if (poll(&one, 1, TICK_MS) <= 0)
			continue;
		if ((got = read(fd, bytes, sizeof bytes)) < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		for (ssize_t i = 0; i < got && complaint->length < sizeof complaint->text - 1; i++)
			complaint->text[complaint->length++] = bytes[i] == '\n' ? ' ' : bytes[i];
	}
}

static bool tell_end(
    const char *name, int status, const struct complaint *complaint, struct hs_error *err)
{
	bool is_full = strstr(complaint->text, "No space left on device") != NULL;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (complaint->length > 0)
		return hs_error_set(err, is_full ? HS_DISK_FULL : HS_IO, "", "%s failed: %s", name,
		    complaint->text);
	return hs_error_set(err, HS_IO, "", "%s failed without a word (status %d)", name, status);
}

static bool run_child(const char *path, const struct pg_run *what, int null, struct hs_error *err)
{
	const char *argv[MAX_WORDS + 2] = { path };
	struct complaint complaint = { .length = 0 };
	pid_t parent = getpid(), pid;
	int ends[2], status;
	bool heard;

	for (size_t i = 0; what->words[i] != NULL; i++) {
		if (i == MAX_WORDS)
			hs_panic("too many words for %s", what->program);
		argv[i + 1] = what->words[i];
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return hs_error_errno(err, "", "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become(path, argv,
		    (const int[]){
			what->in < 0 ? null : what->in, what->out < 0 ? null : what->out, ends[1] },
		    parent);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return hs_error_errno(err, path, "cannot start it");
	}
	heard = hear_out(ends[0], what, pid, &complaint, err);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hs_error_errno(err, path, "cannot wait for it");
	return heard && tell_end(what->program, status, &complaint, err);
}

bool pg_run(const struct hs_settings *settings, struct hs_db *db, const struct pg_run *what,
    struct hs_error *err)
{
	char path[PATH_MAX];
	int null;
	bool done;

	if (!find_program(settings, db, what->program, path, err) ||
	    !set_environment(settings, err))
		return false;
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
		return hs_error_errno(err, "/dev/null", "cannot open it");
	done = run_child(path, what, null, err);
	close(null);
	return done;
}
