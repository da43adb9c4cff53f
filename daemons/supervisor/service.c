/* service.c: carries out what policy.c decides about one process.
 *
 * Trusts a daemon no further than its channel's limits: what it says is passed on or
 * measured against the questions it was asked. A process that does not end in time is killed;
 * one that cannot be started counts as one that died. Process and channel end together: when
 * one of them does, the other is not waited for without end. */
#include "daemons/supervisor/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/supervisor/launch.h"
#include "daemons/supervisor/status.h"
#include "daemons/supervisor/supervisor.h"

enum {
	KILL_GRACE_MS = 5000,	/* a daemon keeps HOOPSCOUT_STOP_SECONDS itself, and ends then */
	LAST_WORDS_MS = 1000,
	LAST_WORDS_BYTES = 150
};

/* A question that a daemon was asked. */
struct ask {
	struct ask *next;
	struct service *service;
	json_int_t id;
	struct event *deadline;		/* NULL: none */
	service_answer_fn *answered;
	void *arg;
};

/* ---- questions ---- */

static void ask_free(struct ask *ask)
{
	struct ask **at = &ask->service->asks;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	if (ask->deadline != NULL)
		event_free(ask->deadline);
	free(ask);
}

/* Ends a question, with its answer or with why there is none. */
static void ask_end(struct ask *ask, json_t *message, const struct hs_error *why)
{
	service_answer_fn *answered = ask->answered;
	void *arg = ask->arg;

	ask_free(ask);
	answered(arg, message, true, why);
}

static void on_ask_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct ask *ask = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)fd;
	(void)what;
	hs_error_set(&err, HS_TIMEOUT, "", "%s does not answer", ask->service->name);
	ask_end(ask, NULL, &err);
}

static void end_all_asks(struct service *service)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_NOT_RUNNING, "",
	    "%s ended before it had answered; what it was at is taken up again when it is back",
	    service->name);
	while (service->asks != NULL)
		ask_end(service->asks, NULL, &err);
}

/* Takes args. */
static json_t *request_of(const struct ask *ask, const char *cmd, json_t *args, long long uid)
{
	json_t *request = hs_message_request(ask->id, cmd, args);

	if (uid >= 0 && request != NULL)
		json_object_set_new(request, "uid", json_integer(uid));
	return request;
}

bool service_ask(struct service *service, const char *cmd, json_t *args, long long uid,
    int deadline_ms, service_answer_fn *answered, void *arg, struct hs_error *err)
{
	struct timeval patience = { deadline_ms / 1000, deadline_ms % 1000 * 1000 };
	struct ask *ask;

	if (service->link == NULL || service->policy.state != POLICY_UP) {
		json_decref(args);
		return hs_error_set(err, HS_NOT_RUNNING, "", "%s is not up: it is %s",
		    service->name, policy_state_name(service->policy.state));
	}
	if ((ask = calloc(1, sizeof *ask)) == NULL) {
		json_decref(args);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a command");
	}
	*ask = (struct ask){ .next = service->asks, .service = service, .id = ++service->last_id,
		.answered = answered, .arg = arg };
	service->asks = ask;
	if (deadline_ms > 0 &&
	    ((ask->deadline = evtimer_new(service->home->base, on_ask_deadline, ask)) == NULL ||
		event_add(ask->deadline, &patience) != 0)) {
		ask_free(ask);
		json_decref(args);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a timer");
	}
	if (hs_link_send(service->link, request_of(ask, cmd, args, uid), err))
		return true;
	ask_free(ask);
	return false;
}

/* What a daemon says unasked: that it can work, or why it cannot, or that it wants to know how all
 * stand. */
static void hear(struct service *service, const char *event, const json_t *error)
{
	struct hs_error why = HS_ERROR_INIT;

	if (error != NULL) {
		hs_message_to_error(error, &why);
		snprintf(service->last_words, sizeof service->last_words, "%.*s",
		    hs_utf8_cut(why.message, LAST_WORDS_BYTES), why.message);
	} else if (event != NULL && strcmp(event, "ready") == 0) {
		service_tell(service, POLICY_READY);
		supervisor_advance(service->home);
	} else if (event != NULL && strcmp(event, "house") == 0) {
		status_tell(service->home, service);
	}
}

static void on_message(void *arg, struct hs_link *link, json_t *message)
{
	struct service *service = arg;
	json_int_t id = json_integer_value(json_object_get(message, "id"));
	const char *event = json_string_value(json_object_get(message, "event"));
	struct ask *ask = service->asks;

	(void)link;
	if (id == 0) {
		hear(service, event, json_object_get(message, "error"));
		return;
	}
	while (ask != NULL && ask->id != id)
		ask = ask->next;
	if (ask == NULL)
		return;		/* an answer that came after its deadline */
	if (event != NULL)
		ask->answered(ask->arg, message, false, NULL);
	else
		ask_end(ask, message, NULL);
}

/* The process has ended, and all that it said is read. */
static void note_end(struct service *service)
{
	bool expected = service->policy.state == POLICY_STOPPING;
	char end[64];

	service->has_ended = false;
	snprintf(service->last_exit, sizeof service->last_exit, "%s%s%s",
	    spawn_end_text(service->end_status, end, sizeof end),
	    service->last_words[0] != '\0' ? ": " : "", service->last_words);
	hs_log(expected ? HS_LOG_INFO : HS_LOG_ERROR,
	    expected ? "a process has ended" : "a process died: it is started anew",
	    HS_STR("name", service->name), HS_STR("end", service->last_exit));
	service_tell(service, POLICY_EXIT);
}

static void set_timer(struct service *service, int64_t due_ms)
{
	int64_t wait = due_ms - hs_clock_ms();
	struct timeval patience = { 0 };

	if (due_ms < 0) {
		event_del(service->timer);
		return;
	}
	if (wait > 0)
		patience = (struct timeval){ wait / 1000, wait % 1000 * 1000 };
	if (event_add(service->timer, &patience) != 0)
		hs_panic("no timer for %s", service->name);
}

static void on_closed(void *arg, struct hs_link *link, const struct hs_error *why)
{
	struct service *service = arg;

	hs_link_free(link);
	service->link = NULL;
	end_all_asks(service);
	if (service->has_ended) {
		note_end(service);
		supervisor_advance(service->home);
	} else if (why != NULL) {
		hs_log_error(HS_LOG_ERROR, "a daemon broke the control channel: ending it", why);
		kill(service->pid, SIGKILL);
	} else if (!service->is_postgres && service->policy.state != POLICY_STOPPING) {
		set_timer(service, hs_clock_ms() + KILL_GRACE_MS);	/* it is about to end */
	}
}

static const struct hs_link_events link_events = { .on_message = on_message,
	.on_closed = on_closed };

/* ---- starting and ending ---- */

static bool start_process(struct service *service, struct hs_error *err)
{
	struct supervisor *home = service->home;
	char program[32];
	bool listens = service == &home->services[SERVICE_WEB];
	struct launch what = { .program = program, .listens = listens,
		.death_signal = SIGTERM };
	int channel;

	if (service->is_postgres)
		what = (struct launch){ .program = "hsd-supervisor",
			.words = { "--task", task_name(TASK_POSTGRES), home->admin },
			.death_signal = SIGINT };
	snprintf(program, sizeof program, "hsd-%s", service->name);
	service->last_words[0] = '\0';
	if (listens && home->listeners.count == 0 &&	/* it had been stopped by command */
	    !listen_open(home->settings, &home->identity, &home->listeners, err))
		return false;
	if (!launch(home, &what, &service->pid, &channel, err))
		return false;
	return hs_link_new(home->base, channel, &link_events, service, &service->link, err);
}

/* When all of it stops, the daemons share one deadline; postgres, which comes last, has its own. */
static int64_t kill_due_ms(const struct service *service)
{
	const struct supervisor *home = service->home;
	int64_t due_ms =
	    hs_clock_ms() + hs_setting_int(home->settings, HS_SET_STOP_SECONDS) * 1000;

	if (home->phase == PHASE_STOPPING && !service->is_postgres && home->stop_by_ms < due_ms)
		due_ms = home->stop_by_ms;
	return due_ms + KILL_GRACE_MS;
}

static void terminate(struct service *service)
{
	hs_log(HS_LOG_INFO, "ending a process", HS_STR("name", service->name),
	    HS_INT("pid", service->pid));
	service->is_killed = false;
	if (service->pid != 0)
		kill(service->pid, service->is_postgres ? SIGINT : SIGTERM);
	set_timer(service, kill_due_ms(service));
}

/* postgres on SIGQUIT still ends its own children; the second time is for good. */
static void kill_late(struct service *service)
{
	int sign = service->is_postgres && !service->is_killed ? SIGQUIT : SIGKILL;

	hs_log(HS_LOG_WARNING, "a process does not end: killing it", HS_STR("name", service->name),
	    HS_INT("pid", service->pid));
	service->is_killed = true;
	if (service->pid != 0)
		kill(service->pid, sign);
	set_timer(service, hs_clock_ms() + KILL_GRACE_MS);
}

static void give_up(struct service *service)
{
	snprintf(service->last_words, sizeof service->last_words,
	    "it was not ready within %lld s (HOOPSCOUT_START_SECONDS)",
	    (long long)service->policy.start_ms / 1000);
	hs_log(HS_LOG_WARNING, "a process does not become ready: killing it",
	    HS_STR("name", service->name), HS_INT("pid", service->pid),
	    HS_INT("seconds", service->policy.start_ms / 1000));
	if (service->pid != 0)
		kill(service->pid, SIGKILL);
}

void service_tell(struct service *service, enum policy_event event)
{
	struct hs_error err = HS_ERROR_INIT;

	/* a database may have much to recover, and says itself how that goes */
	service->policy.start_ms = service->is_postgres ? 0 :
	    hs_setting_int(service->home->settings, HS_SET_START_SECONDS) * 1000;
	switch (policy_step(&service->policy, event, hs_clock_ms())) {
	case POLICY_TERMINATE:
		terminate(service);
		return;
	case POLICY_SPAWN:
		if (start_process(service, &err)) {
			hs_log(HS_LOG_INFO, "started a process", HS_STR("name", service->name),
			    HS_INT("pid", service->pid));
			break;
		}
		hs_log_error(HS_LOG_ERROR, "cannot start a process", &err);
		snprintf(service->last_exit, sizeof service->last_exit, "%.*s",
		    hs_utf8_cut(err.message, 200), err.message);
		if (service->pid != 0)
			kill(service->pid, SIGKILL);	/* its end is the event */
		else
			policy_step(&service->policy, POLICY_EXIT, hs_clock_ms());
		break;
	case POLICY_KILL:
		give_up(service);
		break;
	case POLICY_NOTHING:
		break;
	}
	if (service->policy.state != POLICY_STOPPING)
		set_timer(service, service->policy.timer_ms);
}

bool service_reap(struct service *service, pid_t pid, int status)
{
	if (service->pid != pid || pid == 0)
		return false;
	service->pid = 0;
	service->has_ended = true;
	service->end_status = status;
	if (service->link == NULL)
		note_end(service);
	else	/* its end, which is on its way, is the moment */
		set_timer(service, hs_clock_ms() + LAST_WORDS_MS);
	return true;
}

void service_hurry(struct service *service)
{
	if (service->policy.state == POLICY_STOPPING)
		kill_late(service);
}

/* It has closed its channel, and lives on all the same: it can neither work nor be stopped. */
static bool is_cut_off(const struct service *service)
{
	return !service->is_postgres && service->link == NULL && service->pid != 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct service *service = arg;

	(void)fd;
	(void)what;
	if (service->has_ended) {	/* a process of its own making holds the channel */
		on_closed(service, service->link, NULL);
		return;
	}
	if (service->policy.state == POLICY_STOPPING || is_cut_off(service)) {
		kill_late(service);
		return;
	}
	service_tell(service, POLICY_TIMER);
	supervisor_advance(service->home);
}

bool service_init(struct service *service, struct supervisor *home, const char *name,
    bool is_postgres, struct hs_error *err)
{
	*service = (struct service){ .home = home, .name = name, .is_postgres = is_postgres };
	policy_init(&service->policy);
	service->timer = evtimer_new(home->base, on_timer, service);
	return service->timer != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a timer");
}

void service_done(struct service *service)
{
	if (service->timer != NULL)
		event_free(service->timer);
	hs_link_free(service->link);
	end_all_asks(service);
}

int64_t service_next_try_ms(const struct service *service)
{
	int64_t wait = service->policy.timer_ms - hs_clock_ms();

	if (service->policy.state != POLICY_WAITING && service->policy.state != POLICY_FAILED)
		return -1;
	return wait > 0 ? wait : 0;
}
