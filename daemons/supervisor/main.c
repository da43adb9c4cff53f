/* main.c: hsd-supervisor: starts PostgreSQL, importer, extractor and web server, keeps them
 * running, and hands operators' commands to them.
 *
 * Trusts its settings once they are checked, and nothing that comes over a socket. Reads all
 * of its configuration before it starts anything: a bad value is one line and exit 78.
 * Afterwards it never ends because something else did; SIGTERM ends all of it, in order. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/home.h"
#include "common/log.h"
#include "daemons/supervisor/cluster.h"
#include "daemons/supervisor/inherit.h"
#include "daemons/supervisor/logbook.h"
#include "daemons/supervisor/notify.h"
#include "daemons/supervisor/place.h"
#include "daemons/supervisor/route.h"
#include "daemons/supervisor/server.h"
#include "daemons/supervisor/supervisor.h"

enum { SIGNAL_COUNT = 4, BIND_TRIES = 30, BIND_PAUSE_MS = 100, EXTEND_EVERY_MS = 10000 };

static const char help[] =
    "usage: hsd-supervisor [--check | --help | --version]\n"
    "\n"
    "Runs HoopScout: a PostgreSQL of its own unless POSTGRES_HOST names one, the importer,\n"
    "the extractor and the web server. It stays in the foreground and logs to standard error; SIGTERM and SIGINT\n"
    "stop all of it, SIGHUP reloads the settings. Operators talk to it with hsctl.\n"
    "\n"
    "  --check    read and check the settings, say what is wrong, and end (78 if anything is)\n"
    "\n"
    "Settings come from hoopscout.conf and the environment: see hoopscout.conf(5).\n";

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct supervisor *supervisor = arg;
	int status;
	pid_t pid;

	(void)what;
	switch (number) {
	case SIGCHLD:
		/* as PID 1 we inherit orphans that nobody else would take away */
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			supervisor_reap(supervisor, pid, status);
		supervisor_advance(supervisor);
		break;
	case SIGHUP:
		if (supervisor->phase == PHASE_RUNNING)
			route_reload(supervisor, NULL);
		break;
	default:
		supervisor_stop(supervisor);
		break;
	}
}

static bool watch_signals(struct supervisor *supervisor, struct event *events[SIGNAL_COUNT],
    struct hs_error *err)
{
	static const int numbers[SIGNAL_COUNT] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		events[i] = evsignal_new(supervisor->base, numbers[i], on_signal, supervisor);
		if (events[i] == NULL || event_add(events[i], NULL) != 0)
			return hs_error_set(err, HS_NO_MEMORY, "", "cannot watch for signals");
	}
	return true;
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	notify_send("WATCHDOG=1");
}

/* A database may have much to recover, a daemon much to finish: whoever waits is told that it goes
 * on. */
static void on_extend(evutil_socket_t fd, short what, void *arg)
{
	const struct supervisor *supervisor = arg;

	(void)fd;
	(void)what;
	if (supervisor->said == NULL || supervisor->phase == PHASE_STOPPING)
		notify_send("EXTEND_TIMEOUT_USEC=30000000");	/* three turns of it */
}

static struct event *every(struct supervisor *supervisor, int ms, event_callback_fn call)
{
	struct timeval pause = { ms / 1000, ms % 1000 * 1000 };
	struct event *event;

	if (ms == 0)
		return NULL;
	event = event_new(supervisor->base, -1, EV_PERSIST, call, supervisor);
	if (event == NULL || event_add(event, &pause) != 0)
		hs_panic("no timer for the service manager");
	return event;
}

/* Whether there are any from the service manager: they are all that is served on. */
static bool inherit_sockets(struct supervisor *supervisor, struct hs_error *err)
{
	const struct hs_settings *settings = supervisor->settings;
	bool is_set = hs_setting_origin(settings, HS_SET_LISTEN) != HS_FROM_DEFAULT;
	struct listeners *listeners = &supervisor->listeners;

	if (!inherit_listeners(listeners, err))
		return false;
	if (listeners->count > 0 && !hs_setting_has(settings, HS_SET_DAEMONS, "web")) {
		hs_log(HS_LOG_WARNING, "sockets were handed over for a web server that "
		    "HOOPSCOUT_DAEMONS does not name");
		listen_close(listeners);
	} else if (listeners->count > 0) {
		hs_log(is_set ? HS_LOG_WARNING : HS_LOG_INFO,
		    "the service manager has bound the sockets: HOOPSCOUT_LISTEN is not used",
		    HS_STR("url", listeners->urls[0]), HS_INT("sockets", listeners->count));
	}
	return true;
}

/* A web server whose supervisor was killed holds its sockets for a moment longer. */
static bool bind_sockets(struct supervisor *supervisor, struct hs_error *err)
{
	const struct timespec pause = { .tv_nsec = BIND_PAUSE_MS * 1000000L };

	if (!inherit_sockets(supervisor, err))
		return false;
	if (supervisor->listeners.count > 0 ||
	    !hs_setting_has(supervisor->settings, HS_SET_DAEMONS, "web"))
		return true;
	for (int i = 0; i < BIND_TRIES; i++) {
		*err = (struct hs_error)HS_ERROR_INIT;
		if (listen_open(supervisor->settings, &supervisor->identity,
			&supervisor->listeners, err))
			return true;
		if (err->code != HS_EXISTS)
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

static bool find_ourselves(struct supervisor *supervisor, struct hs_error *err)
{
	const struct identity *them = &supervisor->identity;

	if (!hs_home_programs(supervisor->programs, sizeof supervisor->programs))
		return hs_error_errno(err, "/proc/self/exe",
		    "cannot find the folder of our programs");
	if (!identity_find(supervisor->settings, &supervisor->identity, err))
		return false;
	snprintf(supervisor->admin, sizeof supervisor->admin, "%s",
	    them->changes ? "root" : them->name);
	return true;
}

/* All that can be wrong with the settings; changes nothing. */
static bool check(struct supervisor *supervisor, struct hs_error *err)
{
	supervisor->private_postgres = hs_settings_private_postgres(supervisor->settings);
	return find_ourselves(supervisor, err) &&
	    (!supervisor->private_postgres || cluster_check(supervisor->settings, err));
}

static bool begin(struct supervisor *supervisor, int *lock, struct event *signals[SIGNAL_COUNT],
    struct hs_error *err)
{
	enum hs_log_level level;

	if (hs_log_level_parse(hs_setting_text(supervisor->settings, HS_SET_LOG_LEVEL), &level))
		hs_log_set_level(level);
	if ((supervisor->base = event_base_new()) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot make an event loop");
	return check(supervisor, err) &&
	    place_make(supervisor->settings, &supervisor->identity, err) &&
	    place_check(supervisor->settings, &supervisor->identity, supervisor->programs, err) &&
	    place_lock(supervisor->settings, lock, err) &&
	    logbook_new(supervisor->base,
		(size_t)hs_setting_int(supervisor->settings, HS_SET_LOG_BUFFER_BYTES),
		&supervisor->logbook, err) &&
	    hs_settings_export(supervisor->settings, err) && bind_sockets(supervisor, err) &&
	    watch_signals(supervisor, signals, err) && supervisor_begin(supervisor, err) &&
	    server_open(supervisor, &supervisor->control, err);
}

/* What was said last still lies in the clients' links: one turn of the loop sends it. */
static void send_last_answers(struct supervisor *supervisor)
{
	if (event_base_loop(supervisor->base, EVLOOP_NONBLOCK) < 0)
		hs_log(HS_LOG_WARNING, "the last answers on the control socket are lost");
}

static int run(struct supervisor *supervisor)
{
	struct event *signals[SIGNAL_COUNT] = { NULL }, *dog = NULL, *extend = NULL;
	struct hs_error err = HS_ERROR_INIT;
	int lock = -1, status = EXIT_SUCCESS;

	if (begin(supervisor, &lock, signals, &err)) {
		dog = every(supervisor, notify_watchdog_ms(), on_watchdog);
		extend = every(supervisor, EXTEND_EVERY_MS, on_extend);
		supervisor_advance(supervisor);
		if (event_base_dispatch(supervisor->base) < 0)
			hs_panic("the event loop failed");
		hs_log(HS_LOG_INFO, "stopped");
		logbook_end(supervisor->logbook);
		send_last_answers(supervisor);
	} else {
		hs_log_error(HS_LOG_ERROR, "cannot start", &err);
		status = err.code == HS_BAD_SETTING ? EX_CONFIG : EXIT_FAILURE;
	}
	supervisor_end(supervisor);
	server_close(supervisor->control);
	logbook_free(supervisor->logbook);
	listen_close(&supervisor->listeners);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		if (signals[i] != NULL)
			event_free(signals[i]);
	if (dog != NULL)
		event_free(dog);
	if (extend != NULL)
		event_free(extend);
	if (supervisor->base != NULL)
		event_base_free(supervisor->base);
	if (lock >= 0)
		close(lock);
	return status;
}

static int check_only(struct supervisor *supervisor)
{
	struct hs_error err = HS_ERROR_INIT;

	if (check(supervisor, &err))
		return puts("The settings are right.") < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	hs_log_error(HS_LOG_ERROR, "the settings cannot be used", &err);
	return EX_CONFIG;
}

static int usage(const char *word)
{
	fprintf(stderr, "hsd-supervisor: what is \"%s\"?\n%s", word, help);
	return EX_USAGE;
}

/* Whoever starts us may have left descriptors closed and signals blocked. */
static void settle_down(void)
{
	sigset_t none;
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(027);
}

int main(int argc, char **argv)
{
	static struct supervisor supervisor;	/* lives as long as the process */
	struct hs_error err = HS_ERROR_INIT;
	bool checks = argc == 2 && strcmp(argv[1], "--check") == 0;
	int status;

	settle_down();
	hs_log_open("hsd-supervisor", HS_LOG_INFO);
	if (argc == 4 && strcmp(argv[1], "--task") == 0)
		return task_main(argv[2], argv[3]);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("hsd-supervisor " PACKAGE_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (argc > 1 && !checks)
		return usage(argv[argc > 2 ? 2 : 1]);
	notify_begin();
	supervisor.started_ms = hs_clock_ms();
	if (!hs_settings_load(NULL, &supervisor.settings, &err)) {
		hs_log_error(HS_LOG_ERROR, "the settings cannot be used", &err);
		return EX_CONFIG;
	}
	status = checks ? check_only(&supervisor) : run(&supervisor);
	hs_settings_free(supervisor.settings);
	return status;
}
