/* launch.c: lays out all that a new process needs before spawn.c forks. */
#include "daemons/supervisor/launch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/text.h"
#include "daemons/supervisor/logbook.h"
#include "daemons/supervisor/supervisor.h"

enum { VARIABLES = 6, VARIABLE_BYTES = 512 };

/* What is different in a child's environment; each is "NAME=VALUE". */
struct variables {
	char texts[VARIABLES][VARIABLE_BYTES];
	size_t count;
};

static bool add_variable(struct variables *variables, struct hs_error *err, const char *name,
    const char *value)
{
	char *text = variables->texts[variables->count++];

	return hs_format(text, VARIABLE_BYTES, err, "%s=%s", name, value);
}

static bool is_replaced(const struct variables *variables, const char *variable)
{
	size_t length = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < variables->count; i++)
		if (strncmp(variables->texts[i], variable, length) == 0)
			return true;
	/* for one process alone, and that was us */
	return strncmp(variable, "HS_CONTROL_FD=", length) == 0 ||
	    strncmp(variable, "HS_LISTEN_FDS=", length) == 0 ||
	    strncmp(variable, "HS_LOG_FD=", length) == 0 ||
	    strncmp(variable, "LISTEN_FDS=", length) == 0;
}

/* Our environment, in which the settings are, with some variables in another's place. The
 * caller frees the list, not its texts. */
static const char **environment_with(const struct variables *variables)
{
	const char **list;
	size_t count = 0, n = 0;

	while (environ[count] != NULL)
		count++;
	if ((list = calloc(count + VARIABLES + 1, sizeof *list)) == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!is_replaced(variables, environ[i]))
			list[n++] = environ[i];
	for (size_t i = 0; i < variables->count; i++)
		list[n++] = variables->texts[i];
	return list;
}

static bool add_listeners(const struct listeners *listeners, struct spawn *into,
    struct variables *variables, struct hs_error *err)
{
	char list[LISTEN_MAX * 8] = "";
	size_t at = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		if (!hs_format(list + at, sizeof list - at, err, "%s%d%s", i == 0 ? "" : ",",
			listeners->fds[i],
			strncmp(listeners->urls[i], "https:", 6) == 0 ? "s" : ""))
			return false;
		at += strlen(list + at);
		into->fds[into->fd_count++] = listeners->fds[i];
	}
	return add_variable(variables, err, "HS_LISTEN_FDS", list);
}

/* Libraries look for files in HOME: root's is closed to the daemons' user. */
static bool add_home(const struct identity *identity, struct variables *variables,
    struct hs_error *err)
{
	return !identity->changes ||
	    (add_variable(variables, err, "HOME", identity->home) &&
		add_variable(variables, err, "USER", identity->name) &&
		add_variable(variables, err, "LOGNAME", identity->name));
}

static bool launch_on(struct supervisor *supervisor, const struct launch *what, int channel,
    pid_t *ret_pid, struct hs_error *err)
{
	int log = logbook_fd(supervisor->logbook);
	char path[PATH_MAX], control[16], log_text[16];
	const char *argv[HS_COUNT(what->words) + 1] = { path };
	struct variables variables = { .count = 0 };
	struct spawn birth = { .path = path, .argv = argv, .identity = &supervisor->identity,
		.fds = { channel, log }, .fd_count = 2, .death_signal = what->death_signal };
	bool done;

	snprintf(control, sizeof control, "%d", channel);
	snprintf(log_text, sizeof log_text, "%d", log);
	if (!hs_format(path, sizeof path, err, "%s/%s", supervisor->programs, what->program) ||
	    !add_variable(&variables, err, "HS_CONTROL_FD", control) ||
	    !add_variable(&variables, err, "HS_LOG_FD", log_text) ||
	    !add_home(&supervisor->identity, &variables, err) ||
	    (what->listens && !add_listeners(&supervisor->listeners, &birth, &variables, err)))
		return false;
	for (size_t i = 0; i < HS_COUNT(what->words) && what->words[i] != NULL; i++)
		argv[i + 1] = what->words[i];
	if ((birth.environment = environment_with(&variables)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start %s", what->program);
	done = spawn(&birth, ret_pid, err);
	free((void *)(uintptr_t)birth.environment);
	return done;
}

bool launch(struct supervisor *supervisor, const struct launch *what, pid_t *ret_pid,
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
