/* status.c: gathers what the supervisor knows, and what each daemon says of itself.
 *
 * A daemon that does not answer within a second is shown without its part: a status that
 * hangs is of no use to an operator who asks why something hangs. */
#include "daemons/supervisor/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/room.h"
#include "daemons/supervisor/server.h"
#include "daemons/supervisor/supervisor.h"
#include "daemons/supervisor/warnings.h"

enum { ANSWER_MS = 1000 };

/* One status under way. */
struct gathering {
	struct supervisor *supervisor;
	struct call *call;		/* NULL: a daemon asks */
	struct service *asker;
	unsigned pending;
	json_t *details[SERVICE_COUNT];		/* NULL: none came */
	json_t *figures;		/* the database's; NULL: not asked */
};

struct gathering_ask {
	struct gathering *gathering;
	size_t service;
};

static json_t *text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static double seconds_since(int64_t then_ms)
{
	return (double)(hs_clock_ms() - then_ms) / 1000.0;
}

/* What the daemons say of their connections, when one says that they do not work. */
static const char *complaint(json_t *const details[SERVICE_COUNT])
{
	const json_t *web = json_object_get(details[SERVICE_WEB], "database");
	const json_t *importer = json_object_get(details[SERVICE_IMPORTER], "database_problem");

	return json_is_false(json_object_get(web, "usable"))
	    ? json_string_value(json_object_get(web, "message")) : json_string_value(importer);
}

/* Why the database is not as it should be; NULL when it is. */
static const char *database_problem(const struct supervisor *supervisor,
    json_t *const details[SERVICE_COUNT])
{
	const struct service *postgres = &supervisor->services[SERVICE_POSTGRES];

	if (supervisor->database_ready)
		return complaint(details);
	if (supervisor->private_postgres && !policy_is_alive(postgres->policy.state) &&
	    postgres->last_exit[0] != '\0')
		return postgres->last_exit;
	return supervisor->database_error.code != HS_OK ? supervisor->database_error.message : NULL;
}

static const char *database_state(const struct supervisor *supervisor, const char *problem)
{
	if (supervisor->database_ready)
		return problem == NULL ? "up" : "away";
	if (supervisor->database_error.code == HS_MIGRATION && supervisor->database_answers)
		return "up";
	return problem == NULL ? "starting" : "away";
}

static json_t *database_json(const struct supervisor *supervisor,
    json_t *const details[SERVICE_COUNT])
{
	const char *problem = database_problem(supervisor, details);
	json_t *hosts = json_object_get(json_object_get(details[SERVICE_WEB], "database"), "hosts");

	return json_pack("{s:s, s:s, s:o, s:o, s:O*}", "kind",
	    supervisor->private_postgres ? "private" : "external", "state",
	    database_state(supervisor, problem), "message", text_or_null(problem), "migration",
	    text_or_null(supervisor->migration), "hosts", hosts);
}

static json_t *service_json(const struct service *service, json_t *detail)
{
	int64_t next = service_next_try_ms(service);
	bool is_alive = service->pid != 0;

	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:O?}", "name", service->name,
	    "state", policy_state_name(service->policy.state), "pid",
	    is_alive ? json_integer(service->pid) : json_null(), "uptime_seconds",
	    service->policy.state == POLICY_UP ? json_real(seconds_since(service->policy.since_ms))
					       : json_null(),
	    "restarts", (json_int_t)service->policy.restarts, "last_exit",
	    text_or_null(service->last_exit), "next_try_seconds",
	    next < 0 ? json_null() : json_real((double)next / 1000.0), "detail", detail);
}

static json_t *listen_json(const struct listeners *listeners)
{
	json_t *list = json_array();

	for (size_t i = 0; i < listeners->count; i++)
		json_array_append_new(list, json_string(listeners->urls[i]));
	return list;
}

/* Nothing hangs on whether it hears it. */
static void on_told(void *arg, json_t *message, bool is_last, const struct hs_error *why)
{
	(void)arg;
	(void)message;
	(void)is_last;
	(void)why;
}

/* Takes house. */
static void deliver(const struct gathering *gathering, json_t *house)
{
	struct hs_error ignored = HS_ERROR_INIT;

	if (gathering->call != NULL)
		call_result(gathering->call, house);
	else
		service_ask(gathering->asker, "child.house", house, -1, ANSWER_MS, on_told, NULL,
		    &ignored);
}

static void finish(struct gathering *gathering)
{
	struct supervisor *supervisor = gathering->supervisor;
	const char *url = NULL;
	json_t *daemons = json_array(), *status;

	for (size_t i = 0; url == NULL && i < supervisor->listeners.count; i++)
		if (strncmp(supervisor->listeners.urls[i], "http", 4) == 0)
			url = supervisor->listeners.urls[i];
	for (size_t i = SERVICE_POSTGRES + 1; i < SERVICE_COUNT; i++)
		if (supervisor->services[i].wanted || supervisor->services[i].policy.started_before)
			json_array_append_new(daemons,
			    service_json(&supervisor->services[i], gathering->details[i]));
	status = json_pack("{s:s, s:I, s:f, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:O*}",
	    "version", PACKAGE_VERSION, "pid", (json_int_t)getpid(), "uptime_seconds",
	    seconds_since(supervisor->started_ms), "state_dir",
	    hs_setting_text(supervisor->settings, HS_SET_STATE_DIR), "listen",
	    listen_json(&supervisor->listeners), "url", text_or_null(url), "incoming",
	    hs_setting_text(supervisor->settings, HS_SET_INCOMING_DIR), "database",
	    database_json(supervisor, gathering->details), "work", keeping_json(supervisor),
	    "daemons", daemons, "room",
	    hs_room_json("state", hs_setting_text(supervisor->settings, HS_SET_STATE_DIR)),
	    "figures", gathering->figures);
	if (status != NULL)
		json_object_set_new(status, "warnings", warnings_of(status));
	deliver(gathering, status);
	json_decref(gathering->figures);
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		json_decref(gathering->details[i]);
	free(gathering);
}

static void on_detail(void *arg, json_t *message, bool is_last, const struct hs_error *why)
{
	struct gathering_ask *ask = arg;
	struct gathering *gathering = ask->gathering;

	if (!is_last)
		return;
	if (why == NULL)
		gathering->details[ask->service] = json_incref(json_object_get(message, "result"));
	free(ask);
	if (--gathering->pending == 0)
		finish(gathering);
}

static void ask_for_detail(struct gathering *gathering, size_t i)
{
	struct gathering_ask *ask = malloc(sizeof *ask);
	struct hs_error err = HS_ERROR_INIT;

	if (ask == NULL)
		return;
	*ask = (struct gathering_ask){ gathering, i };
	if (service_ask(&gathering->supervisor->services[i], "child.status", NULL, -1,
		ANSWER_MS, on_detail, ask, &err))
		gathering->pending++;
	else
		free(ask);
}

static void on_figures(void *arg, json_t *figures)
{
	struct gathering *gathering = arg;

	gathering->figures = json_incref(figures);
	if (--gathering->pending == 0)
		finish(gathering);
}

static void gather(struct supervisor *supervisor, struct call *call, struct service *asker)
{
	struct gathering *gathering = calloc(1, sizeof *gathering);
	struct hs_error err = HS_ERROR_INIT;

	if (gathering == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a status");
		if (call != NULL)
			call_error(call, &err);
		return;
	}
	*gathering = (struct gathering){ .supervisor = supervisor, .call = call, .asker = asker };
	for (size_t i = SERVICE_POSTGRES + 1; i < SERVICE_COUNT; i++) {
		if (&supervisor->services[i] != asker)
			ask_for_detail(gathering, i);
	}
	if (call != NULL && supervisor->phase == PHASE_RUNNING) {
		gathering->pending++;
		figures_ask(supervisor, on_figures, gathering);
	}
	if (gathering->pending == 0)
		finish(gathering);
}

void status_answer(struct supervisor *supervisor, struct call *call)
{
	gather(supervisor, call, NULL);
}

void status_tell(struct supervisor *supervisor, struct service *asker)
{
	gather(supervisor, NULL, asker);
}
