/* child.c: the life of a daemon, from settings to exit status, the same for all of them.
 *
 * Trusts the supervisor at the other end of the control channel, but checks what it says
 * against the command table. The channel's end means that the supervisor is dead: then we
 * go at once, since whatever a daemon does is safe to break off, and the next supervisor wants
 * our place. A daemon that cannot start says why and ends; the supervisor starts it anew. */
#include "common/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/command_queue.h"
#include "common/control.h"
#include "common/log.h"
#include "common/number.h"

enum { MAX_LISTENERS = 64, CHILD_SIGNALS = 3 };

struct hs_call {
	struct hs_child *child;
	json_int_t id;
	struct hs_request *request;	/* who asked by the database; NULL: the supervisor */
	long long uid;			/* -1: not told */
	struct hs_call *next, **self;	/* all that are under way */
};

struct hs_child {
	const struct hs_child_spec *spec;
	char program[32];
	struct event_base *base;
	struct hs_settings *settings;
	struct hs_link *link;		/* to the supervisor; NULL when started by hand */
	struct event *signals[CHILD_SIGNALS];
	struct event *deadline;
	int listeners[MAX_LISTENERS];
	bool are_tls[MAX_LISTENERS];
	size_t listener_count;
	struct hs_call *calls;
	struct hs_command_queue *queue;	/* NULL: no requests come by the database */
	hs_child_house_fn *house_told;	/* who waits to hear how all stand; NULL: nobody */
	void *house_arg;
	struct event *house_timer;
	void *app;
	bool stopping;
	bool stopped;			/* the daemon has finished; its requests may not have */
	bool ended;			/* nothing is begun any more; last words still go out */
	int status;
};

/* ---- telling the supervisor ---- */

/* Takes message. To a supervisor that is not there, anything is said. */
static bool try_to_say(struct hs_child *child, json_t *message, struct hs_error *err)
{
	if (child->link == NULL) {
		json_decref(message);
		return true;
	}
	if (hs_link_send(child->link, message, err))
		return true;
	hs_log_error(HS_LOG_WARNING, "cannot answer the supervisor", err);
	return false;
}

static void say(struct hs_child *child, json_t *message)
{
	struct hs_error err = HS_ERROR_INIT;

	try_to_say(child, message, &err);
}

static struct hs_call *call_new(struct hs_child *child, json_int_t id, const json_t *uid)
{
	struct hs_call *call = malloc(sizeof *call);

	if (call == NULL)
		return NULL;
	*call = (struct hs_call){ .child = child, .id = id,
		.uid = json_is_integer(uid) ? json_integer_value(uid) : -1, .next = child->calls,
		.self = &child->calls };
	if (call->next != NULL)
		call->next->self = &call->next;
	child->calls = call;
	return call;
}

static void call_free(struct hs_call *call)
{
	*call->self = call->next;
	if (call->next != NULL)
		call->next->self = call->self;
	free(call);
}

long long hs_call_uid(const struct hs_call *call)
{
	return call->uid;
}

const char *hs_call_account(const struct hs_call *call)
{
	return call->request != NULL ? hs_request_asker(call->request) : NULL;
}

void hs_call_event(struct hs_call *call, const char *event, json_t *body)
{
	if (call->request != NULL)
		hs_request_event(call->request, event, body);
	else
		say(call->child, hs_message_event(call->id, event, body));
}

/* One that cannot be sent is replaced by the reason: whoever asked waits for an end. */
void hs_call_result(struct hs_call *call, json_t *result)
{
	struct hs_error err = HS_ERROR_INIT;

	if (call->request != NULL)
		hs_request_result(call->request, result);
	else if (!try_to_say(call->child, hs_message_result(call->id, result), &err))
		say(call->child, hs_message_error(call->id, &err));
	call_free(call);
}

void hs_call_error(struct hs_call *call, const struct hs_error *error)
{
	if (call->request != NULL)
		hs_request_error(call->request, error);
	else
		say(call->child, hs_message_error(call->id, error));
	call_free(call);
}

void hs_call_decline(struct hs_call *call, const struct hs_error *error)
{
	if (call->request == NULL) {
		hs_call_error(call, error);
		return;
	}
	hs_request_decline(call->request, error);
	call_free(call);
}

bool hs_call_is_by_web(const struct hs_call *call)
{
	return call->request != NULL;
}

/* ---- what the supervisor says ---- */

static void answer_status(struct hs_child *child, struct hs_call *call)
{
	json_t *status = child->spec->status == NULL ? NULL : child->spec->status(child->app);

	if (status == NULL)
		status = json_object();
	if (child->queue != NULL)
		json_object_set_new(status, "queue", hs_command_queue_status(child->queue));
	hs_call_result(call, status);
}

static bool take_environment(const json_t *settings, struct hs_error *err)
{
	json_t *object = (json_t *)(uintptr_t)settings;	/* jansson's iteration wants it */
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		if (!json_is_string(value) || setenv(name, json_string_value(value), 1) != 0)
			return hs_error_set(err, HS_PROTOCOL, name,
			    "the supervisor sent no usable setting");
	}
	return true;
}

/* New settings replace the old ones, in their place: database pools and others borrow them. A
 * daemon that refuses the new ones keeps the old, and its state. */
static bool reload(struct hs_child *child, struct hs_error *err)
{
	struct hs_settings *other = NULL;
	enum hs_log_level level;
	bool is_taken;

	if (!hs_settings_load(NULL, &other, err))
		return false;
	hs_settings_swap(child->settings, other);
	is_taken = child->spec->reload == NULL || child->spec->reload(child->app, err);
	if (!is_taken)
		hs_settings_swap(child->settings, other);
	hs_settings_free(other);
	if (!is_taken)
		return false;
	if (hs_log_level_parse(hs_setting_text(child->settings, HS_SET_LOG_LEVEL), &level))
		hs_log_set_level(level);
	hs_log(HS_LOG_INFO, "reloaded");
	return true;
}

static void answer_reload(struct hs_child *child, struct hs_call *call, const json_t *args)
{
	struct hs_error err = HS_ERROR_INIT;

	if (take_environment(json_object_get(args, "settings"), &err) && reload(child, &err)) {
		hs_call_result(call, NULL);
		return;
	}
	hs_log_error(HS_LOG_ERROR, "the new settings are refused; the old ones stay", &err);
	hs_call_error(call, &err);
}

/* ---- how all stand ---- */

static void tell_house(struct hs_child *child, const json_t *house)
{
	hs_child_house_fn *told = child->house_told;

	if (told == NULL)
		return;		/* it came too late */
	child->house_told = NULL;
	event_del(child->house_timer);
	told(child->house_arg, house);
}

static void on_house_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tell_house(arg, NULL);
}

void hs_child_ask_house(struct hs_child *child, hs_child_house_fn *told, void *arg)
{
	const struct timeval patience = { .tv_sec = HS_HOUSE_MS / 1000,
		.tv_usec = HS_HOUSE_MS % 1000 * 1000 }, at_once = { 0 };

	if (child->house_told != NULL)
		hs_panic("%s asks for the house twice at once", child->program);
	if (child->house_timer == NULL &&
	    (child->house_timer = evtimer_new(child->base, on_house_timer, child)) == NULL)
		hs_panic("no memory for a timer");
	child->house_told = told;
	child->house_arg = arg;
	if (event_add(child->house_timer, child->link != NULL ? &patience : &at_once) != 0)
		hs_panic("no timer for the house");
	if (child->link != NULL)
		say(child, hs_message_event(0, "house", NULL));
}

/* Of a command whose args have been checked; false: this daemon has no handler for it. */
static bool run_handler(struct hs_child *child, struct hs_call *call, enum hs_command_id command,
    const json_t *args)
{
	const struct hs_child_spec *spec = child->spec;

	for (size_t i = 0; i < spec->handler_count; i++) {
		if (spec->handlers[i].command == command) {
			spec->handlers[i].run(child->app, call, args);
			return true;
		}
	}
	return false;
}

static void refuse_unknown(struct hs_child *child, struct hs_call *call, const char *name)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_UNKNOWN_COMMAND, "", "%s does not know the command %.64s",
	    child->program, name);
	hs_call_error(call, &err);
}

static void dispatch(struct hs_child *child, struct hs_call *call, const char *name,
    const json_t *args)
{
	struct hs_error err = HS_ERROR_INIT;
	enum hs_command_id command;

	if (strcmp(name, "child.status") == 0) {
		answer_status(child, call);
		return;
	}
	if (strcmp(name, "child.reload") == 0) {
		answer_reload(child, call, args);
		return;
	}
	if (strcmp(name, "child.house") == 0) {
		tell_house(child, args);
		hs_call_result(call, NULL);
		return;
	}
	if (hs_command_find(name, &command)) {
		if (!hs_command_check(command, args, &err)) {
			hs_call_error(call, &err);
			return;
		}
		if (run_handler(child, call, command, args))
			return;
	}
	refuse_unknown(child, call, name);
}

/* ---- what the database says ---- */

static void on_request(void *arg, struct hs_request *request, enum hs_command_id command,
    const json_t *args)
{
	struct hs_child *child = arg;
	struct hs_error err = HS_ERROR_INIT;
	struct hs_call *call = call_new(child, 0, NULL);

	if (call == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "%s has no memory for a command",
		    child->program);
		hs_request_error(request, &err);
		return;
	}
	call->request = request;
	if (!run_handler(child, call, command, args))
		refuse_unknown(child, call, hs_commands[command].id);
}

static void on_message(void *arg, struct hs_link *link, json_t *message)
{
	struct hs_child *child = arg;
	json_int_t id = json_integer_value(json_object_get(message, "id"));
	const char *name = json_string_value(json_object_get(message, "cmd"));
	struct hs_error err = HS_ERROR_INIT;
	struct hs_call *call;

	(void)link;
	if (name == NULL) {
		hs_log(HS_LOG_WARNING, "the supervisor sent a message without a command");
		return;
	}
	if (child->stopping || child->ended || 
	    (call = call_new(child, id, json_object_get(message, "uid"))) == NULL) {
		bool leaves = child->stopping || child->ended;

		hs_error_set(&err, leaves ? HS_NOT_RUNNING : HS_NO_MEMORY, "",
		    leaves ? "%s is stopping" : "%s has no memory for a command", child->program);
		say(child, hs_message_error(id, &err));
		return;
	}
	dispatch(child, call, name, json_object_get(message, "args"));
}

/* Leaves the loop, or does not enter it. */
static void end_loop(struct hs_child *child, int status)
{
	child->status = status;
	child->ended = true;
	event_base_loopbreak(child->base);
}

static void on_closed(void *arg, struct hs_link *link, const struct hs_error *why)
{
	struct hs_child *child = arg;

	hs_link_free(link);
	child->link = NULL;
	if (why != NULL)
		hs_log_error(HS_LOG_ERROR, "the control channel broke", why);
	else
		hs_log(HS_LOG_WARNING, "the supervisor is gone: ending too");
	end_loop(child, child->stopping ? child->status : EXIT_FAILURE);
}

static const struct hs_link_events link_events = { .on_message = on_message,
	.on_closed = on_closed };

/* ---- signals and the end ---- */

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct hs_child *child = arg;

	(void)fd;
	(void)what;
	hs_log(HS_LOG_WARNING, "not finished in time: ending all the same",
	    HS_INT("seconds", hs_setting_int(child->settings, HS_SET_STOP_SECONDS)));
	end_loop(child, EXIT_FAILURE);
}

static void begin_stop(struct hs_child *child)
{
	struct timeval patience = {
		.tv_sec = (time_t)hs_setting_int(child->settings, HS_SET_STOP_SECONDS) };

	if (child->stopping || child->ended)
		return;
	child->stopping = true;
	hs_log(HS_LOG_INFO, "stopping");
	if (child->queue != NULL)
		hs_command_queue_stop(child->queue);
	if (event_add(child->deadline, &patience) != 0)
		hs_panic("no timer for the stop deadline");
	child->spec->stop(child->app);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct hs_child *child = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)what;
	if (number != SIGHUP)
		begin_stop(child);
	else if (!child->stopping && !child->ended && !reload(child, &err))
		hs_log_error(HS_LOG_ERROR, "the new settings are refused; the old ones stay", &err);
}

void hs_child_ready(struct hs_child *child)
{
	hs_log(HS_LOG_INFO, "ready");
	say(child, hs_message_event(0, "ready", NULL));
}

static void on_queue_finished(void *arg)
{
	struct hs_child *child = arg;

	hs_log(HS_LOG_INFO, "stopped");
	end_loop(child, child->status);
}

void hs_child_stopped(struct hs_child *child)
{
	if (child->stopped)
		return;
	child->stopped = true;
	if (child->queue != NULL)
		hs_command_queue_stop(child->queue);
	if (child->queue == NULL ||
	    hs_command_queue_finish(child->queue, on_queue_finished, child))
		on_queue_finished(child);
}

void hs_child_fail(struct hs_child *child, const struct hs_error *err)
{
	hs_log_error(HS_LOG_ERROR, "cannot go on", err);
	say(child, hs_message_error(0, err));
	end_loop(child, EXIT_FAILURE);
}

struct event_base *hs_child_base(struct hs_child *child)
{
	return child->base;
}

const struct hs_settings *hs_child_settings(struct hs_child *child)
{
	return child->settings;
}

size_t hs_child_listeners(struct hs_child *child, const int **ret_fds)
{
	*ret_fds = child->listeners;
	return child->listener_count;
}

/* ---- the beginning ---- */

/* A descriptor that the supervisor left open for us; our own children shall not have it. */
bool hs_child_listens_by_tls(const struct hs_child *child, size_t n)
{
	return child->are_tls[n];
}

static bool adopt_fd(const char *text, const char *variable, int *ret, struct hs_error *err)
{
	long long fd;

	if (!hs_parse_int(text, 3, 65535, variable, &fd, err))
		return false;
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
		return hs_error_errno(err, variable, "descriptor %lld was not handed down", fd);
	*ret = (int)fd;
	return true;
}

static bool adopt_listeners(struct hs_child *child, struct hs_error *err)
{
	const char *list = getenv("HS_LISTEN_FDS");
	char copy[MAX_LISTENERS * 7], *rest = copy, *item;

	if (list == NULL || *list == '\0')
		return true;
	if (strlen(list) >= sizeof copy)
		return hs_error_set(err, HS_TOO_LONG, "HS_LISTEN_FDS", "more than %d sockets",
		    MAX_LISTENERS);
	memcpy(copy, list, strlen(list) + 1);
	while ((item = strsep(&rest, ",")) != NULL) {
		if (child->listener_count == MAX_LISTENERS)
			return hs_error_set(err, HS_TOO_LONG, "HS_LISTEN_FDS",
			    "more than %d sockets", MAX_LISTENERS);
		if (item[0] != '\0' && item[strlen(item) - 1] == 's') {
			item[strlen(item) - 1] = '\0';
			child->are_tls[child->listener_count] = true;
		}
		if (!adopt_fd(item, "HS_LISTEN_FDS", &child->listeners[child->listener_count], err))
			return false;
		child->listener_count++;
	}
	unsetenv("HS_LISTEN_FDS");
	return true;
}

/* The supervisor set this too, but before exec; and it may have died in between. */
static bool die_with_parent(struct hs_error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		return hs_error_errno(err, "", "cannot tie our life to the supervisor's");
	return true;
}

static bool join_supervisor(struct hs_child *child, struct hs_error *err)
{
	const char *text = getenv("HS_CONTROL_FD");
	int fd;

	if (text == NULL)
		return true;
	if (!adopt_fd(text, "HS_CONTROL_FD", &fd, err))
		return false;
	unsetenv("HS_CONTROL_FD");
	return hs_link_new(child->base, fd, &link_events, child, &child->link, err) &&
	    die_with_parent(err);
}

static bool watch_signals(struct hs_child *child, struct hs_error *err)
{
	static const int numbers[CHILD_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

	signal(SIGPIPE, SIG_IGN);
	child->deadline = evtimer_new(child->base, on_deadline, child);
	for (size_t i = 0; i < CHILD_SIGNALS; i++) {
		child->signals[i] = evsignal_new(child->base, numbers[i], on_signal, child);
		if (child->signals[i] == NULL || event_add(child->signals[i], NULL) != 0)
			return hs_error_set(err, HS_NO_MEMORY, "", "cannot watch for signals");
	}
	return child->deadline != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a timer");
}

static bool begin(struct hs_child *child, struct hs_error *err)
{
	enum hs_log_level level;

	if (!hs_settings_load(NULL, &child->settings, err))
		return false;
	if (hs_log_level_parse(hs_setting_text(child->settings, HS_SET_LOG_LEVEL), &level))
		hs_log_set_level(level);
	if ((child->base = event_base_new()) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot make an event loop");
	return watch_signals(child, err) && adopt_listeners(child, err) &&
	    join_supervisor(child, err) && child->spec->start(child, &child->app, err) &&
	    (!child->spec->takes_requests || hs_command_queue_new(child->base, child->settings,
		child->spec->process, on_request, child, &child->queue, err));
}

/* What was said last still lies in the link: one turn of the loop sends it. */
static void send_last_words(struct hs_child *child)
{
	child->ended = true;
	if (child->link != NULL && event_base_loop(child->base, EVLOOP_NONBLOCK) < 0)
		hs_log(HS_LOG_WARNING, "the last words to the supervisor are lost");
}

static void end(struct hs_child *child)
{
	send_last_words(child);
	if (child->app != NULL)
		child->spec->free(child->app);
	if (child->house_timer != NULL)
		event_free(child->house_timer);
	while (child->calls != NULL)
		call_free(child->calls);
	hs_command_queue_free(child->queue);
	hs_link_free(child->link);
	for (size_t i = 0; i < CHILD_SIGNALS; i++)
		if (child->signals[i] != NULL)
			event_free(child->signals[i]);
	if (child->deadline != NULL)
		event_free(child->deadline);
	for (size_t i = 0; i < child->listener_count; i++)
		close(child->listeners[i]);
	if (child->base != NULL)
		event_base_free(child->base);
	hs_settings_free(child->settings);
}

/* True when the command line leaves something to do; else *status is the exit status. */
static bool read_words(const struct hs_child *child, int argc, char **argv, int *status)
{
	bool help = argc == 2 && strcmp(argv[1], "--help") == 0;

	*status = EXIT_SUCCESS;
	if (argc == 1)
		return true;
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", child->program, PACKAGE_VERSION);
		return false;
	}
	fprintf(help ? stdout : stderr, "%susage: %s [--help | --version]\n",
	    help ? "" : "It takes no such words.\n", child->program);
	if (help)
		printf("\n%s\n\nIt is started by hsd-supervisor, and takes its settings from the "
		    "environment or hoopscout.conf.\n", child->spec->help);
	else
		*status = EX_USAGE;
	return false;
}

int hs_child_run(const struct hs_child_spec *spec, int argc, char **argv)
{
	static struct hs_child child;	/* lives as long as the process */
	struct hs_error err = HS_ERROR_INIT;

	child.spec = spec;
	child.status = EXIT_SUCCESS;
	snprintf(child.program, sizeof child.program, "hsd-%s", hs_process_name(spec->process));
	if (!read_words(&child, argc, argv, &child.status))
		return child.status;
	hs_log_open(child.program, HS_LOG_INFO);
	hs_log_join();
	if (!begin(&child, &err)) {
		hs_log_error(HS_LOG_ERROR, "cannot start", &err);
		say(&child, hs_message_error(0, &err));
		child.status = err.code == HS_BAD_SETTING ? EX_CONFIG : EXIT_FAILURE;
	} else if (!child.ended && event_base_dispatch(child.base) < 0) {
		hs_log(HS_LOG_ERROR, "the event loop failed");
		child.status = EXIT_FAILURE;
	}
	end(&child);
	return child.status;
}
