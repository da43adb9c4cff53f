/* launch.c: lays out all that a new process needs before spawn.c forks. */
#include "daemons/supervisor/launch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/text.h"
#include "daemons/supervisor/supervisor.h"

enum { OWN_VARIABLES = 2 };

/* Our environment, in which the settings are, and two variables about descriptors. The caller
 * frees the list, not its texts. */
static const char **environment_with(const char *control, const char *listen)
{
	const char **list;
	size_t count = 0, n = 0;

	while (environ[count] != NULL)
		count++;
	if ((list = calloc(count + OWN_VARIABLES + 1, sizeof *list)) == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "HS_CONTROL_FD=", 14) != 0 &&
		    strncmp(environ[i], "HS_LISTEN_FDS=", 14) != 0)
			list[n++] = environ[i];
	if (control[0] != '\0')
		list[n++] = control;
	if (listen[0] != '\0')
		list[n++] = listen;
	return list;
}

static bool add_listeners(const struct listeners *listeners, struct spawn *into, char *text,
    size_t size, struct hs_error *err)
{
	size_t at;

	if (!hs_format(text, size, err, "HS_LISTEN_FDS="))
		return false;
	at = strlen(text);
	for (size_t i = 0; i < listeners->count; i++) {
		if (!hs_format(text + at, size - at, err, "%s%d", i == 0 ? "" : ",", listeners->fds[i]))
			return false;
		at += strlen(text + at);
		into->fds[into->fd_count++] = listeners->fds[i];
	}
	return true;
}

static bool launch_on(struct supervisor *supervisor, const struct launch *what, int channel,
    pid_t *ret_pid, struct hs_error *err)
{
	char path[PATH_MAX], control[32] = "", listen[LISTEN_MAX * 12] = "";
	const char *argv[HS_COUNT(what->words) + 1] = { path };
	struct spawn birth = { .path = path, .argv = argv, .identity = &supervisor->identity,
		.death_signal = what->death_signal };
	bool done;

	if (!hs_format(path, sizeof path, err, "%s/%s", supervisor->programs, what->program) ||
	    (what->listens && !add_listeners(&supervisor->listeners, &birth, listen, sizeof listen, err)))
		return false;
	for (size_t i = 0; i < HS_COUNT(what->words) && what->words[i] != NULL; i++)
		argv[i + 1] = what->words[i];
	if (channel >= 0) {
		snprintf(control, sizeof control, "HS_CONTROL_FD=%d", channel);
		birth.fds[birth.fd_count++] = channel;
	}
	if ((birth.environment = environment_with(control, listen)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start %s", what->program);
	done = spawn(&birth, ret_pid, err);
	free((void *)(uintptr_t)birth.environment);
	return done;
}

bool launch(struct supervisor *supervisor, const struct launch *what, pid_t *ret_pid,
    struct hs_error *err)
{
	return launch_on(supervisor, what, -1, ret_pid, err);
}

bool launch_with_channel(struct supervisor *supervisor, const struct launch *what, pid_t *ret_pid,
    int *ret_fd, struct hs_error *err)
{
	int ends[2];
	bool done;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return hs_error_errno(err, "", "cannot make a control channel");
	done = launch_on(supervisor, what, ends[1], ret_pid, err);
	close(ends[1]);
	if (!done) {
		close(ends[0]);
		return false;
	}
	*ret_fd = ends[0];
	return true;
}
