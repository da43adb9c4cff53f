/* spawn.c: fork and exec; between the two only calls that are safe after a signal.
 *
 * Whatever the new process needs to know is laid out before the fork. It gives up all
 * rights that it could gain back (no_new_privs), leads a session of its own, so that a
 * terminal's Ctrl-C reaches the supervisor alone, and dies with the supervisor. */
#include "daemons/supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_CANNOT_RUN = 126, FDS_TRIED = 65536 };

static void complain(const char *path, const char *what)
{
	const char *why = strerrordesc_np(errno);
	const char *const parts[] = { "hsd-supervisor: ", what, " ", path, ": ", why, "\n" };

	for (size_t i = 0; i < HS_COUNT(parts); i++)
		if (parts[i] == NULL || write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
			break;
	_exit(EXIT_CANNOT_RUN);
}

static void default_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &plain, NULL);	/* KILL and STOP refuse, which is fine */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool is_inherited(const struct spawn *what, int fd)
{
	for (size_t i = 0; i < what->fd_count; i++)
		if (what->fds[i] == fd)
			return true;
	return false;
}

/* Old kernels have no close_range, and some sandboxes forbid it. */
static void close_from(int first)
{
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
	for (int fd = first; fd < FDS_TRIED; fd++)
		close(fd);
}

static bool arrange_fds(const struct spawn *what, int null)
{
	int highest = STDERR_FILENO;

	if (dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return false;
	for (size_t i = 0; i < what->fd_count; i++) {
		if (fcntl(what->fds[i], F_SETFD, 0) != 0)
			return false;
		if (what->fds[i] > highest)
			highest = what->fds[i];
	}
	for (int fd = STDERR_FILENO + 1; fd <= highest; fd++)
		if (!is_inherited(what, fd))
			close(fd);
	close_from(highest + 1);
	return true;
}

static void become(const struct spawn *what, pid_t parent, int null)
{
	default_signals();
	setsid();
	umask(027);
	if (!arrange_fds(what, null))
		complain(what->path, "cannot arrange the descriptors of");
	if (!identity_take(what->identity))
		complain(what->path, "cannot change to HOOPSCOUT_USER for");
	/* after the change of user, which would clear it; then the parent may be gone already */
	if (prctl(PR_SET_PDEATHSIG, what->death_signal) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		complain(what->path, "cannot bind the life of");
	if (getppid() != parent)
		_exit(EXIT_CANNOT_RUN);
	execve(what->path, (char *const *)what->argv, (char *const *)what->environment);
	complain(what->path, "cannot run");
}

bool spawn(const struct spawn *what, pid_t *ret_pid, struct hs_error *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	if (null < 0)
		return hs_error_errno(err, "/dev/null", "cannot open it");
	fflush(NULL);
	/* a signal meant for the child shall not run our handlers in it, which share our pipes */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(what, parent, null);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(null);
	if (pid < 0)
		return hs_error_errno(err, what->path, "cannot start a process");
	*ret_pid = pid;
	return true;
}

const char *spawn_end_text(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
	return buf;
}
