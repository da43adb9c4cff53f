/* supervisor.c: the order of things: what starts after what, and stops before what.
 *
 * PostgreSQL first, then the database is made ready, then importer, extractor and web; each when
 * the one before is ready. When the database cannot be made ready, the daemons start all
 * the same (they cope, and can say why) and it is tried again. Nothing here waits. */
#include "daemons/supervisor/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemons/supervisor/notify.h"
#include "daemons/supervisor/route.h"
#include "daemons/supervisor/server.h"

enum { PREPARE_FIRST_PAUSE_S = 1, PREPARE_LAST_PAUSE_S = 30, HURRY_AFTER_MS = 1000 };

/* ---- making the database ready ---- */

/* Errors that only a server which is there can give. */
static bool is_answer(const struct hs_error *why)
{
	return why == NULL || why->code == HS_MIGRATION || why->code == HS_DB_REFUSED ||
	    why->code == HS_DB_ERROR || why->code == HS_DB_CONFLICT;
}

void supervisor_note_database(struct supervisor *supervisor, const json_t *result,
    const struct hs_error *why)
{
	const char *latest = json_string_value(json_object_get(result, "latest"));

	supervisor->database_answers = is_answer(why);
	if (supervisor->private_postgres && supervisor->database_answers)
		service_tell(&supervisor->services[SERVICE_POSTGRES], POLICY_READY);
	if (why != NULL) {
		supervisor->database_error = *why;
		return;
	}
	supervisor->database_error = (struct hs_error)HS_ERROR_INIT;
	supervisor->database_ready = true;
	supervisor->prepare_failures = 0;
	event_del(supervisor->prepare_timer);
	snprintf(supervisor->migration, sizeof supervisor->migration, "%.120s",
	    latest != NULL ? latest : "");
}

static void try_again_later(struct supervisor *supervisor)
{
	struct timeval pause = { .tv_sec = PREPARE_FIRST_PAUSE_S };

	for (int i = 0; i < supervisor->prepare_failures; i++) {
		if (pause.tv_sec < PREPARE_LAST_PAUSE_S)
			pause.tv_sec *= 2;
	}
	if (pause.tv_sec > PREPARE_LAST_PAUSE_S)
		pause.tv_sec = PREPARE_LAST_PAUSE_S;
	supervisor->prepare_failures++;
	if (event_add(supervisor->prepare_timer, &pause) != 0)
		hs_panic("no timer for the database");
}

static void on_prepared(void *arg, const json_t *result, const struct hs_error *why)
{
	struct supervisor *supervisor = arg;
	bool is_news = why != NULL && strcmp(why->message, supervisor->database_error.message) != 0;

	supervisor->prepare_tried = true;
	supervisor_note_database(supervisor, result, why);
	if (why != NULL) {
		hs_log_error(is_news ? HS_LOG_ERROR : HS_LOG_DEBUG,
		    "the database is not ready: it is tried again", why);
		try_again_later(supervisor);
	} else {
		keeping_look(supervisor);	/* it has put right what was broken off */
	}
	supervisor_advance(supervisor);
}

static const struct errand_events prepare_events = { .on_done = on_prepared };

static void prepare(struct supervisor *supervisor)
{
	struct hs_error err = HS_ERROR_INIT;

	if (errand_start(&supervisor->prepare, supervisor, TASK_PREPARE, "now", &prepare_events,
		supervisor, &err))
		return;
	hs_log_error(HS_LOG_ERROR, "cannot prepare the database", &err);
	supervisor->prepare_tried = true;
	supervisor->database_error = err;
	try_again_later(supervisor);
}

static void on_prepare_timer(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *supervisor = arg;

	(void)fd;
	(void)what;
	supervisor_advance(supervisor);		/* the pause is over, nothing more */
}

/* ---- the beginning and the end ---- */

bool supervisor_begin(struct supervisor *supervisor, struct hs_error *err)
{
	static const struct {
		const char *name;
		bool is_postgres;
	} rows[SERVICE_COUNT] = {
		[SERVICE_POSTGRES] = { "postgres", true },
		[SERVICE_IMPORTER] = { "importer", false },
		[SERVICE_EXTRACTOR] = { "extractor", false },
		[SERVICE_WEB] = { "web", false },
	};

	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		struct service *service = &supervisor->services[i];

		if (!service_init(service, supervisor, rows[i].name, rows[i].is_postgres, err))
			return false;
		service->wanted = rows[i].is_postgres ? supervisor->private_postgres
		    : hs_setting_has(supervisor->settings, HS_SET_DAEMONS, rows[i].name);
	}
	keeping_look(supervisor);
	supervisor->prepare_timer = evtimer_new(supervisor->base, on_prepare_timer, supervisor);
	return supervisor->prepare_timer != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a timer");
}

void supervisor_end(struct supervisor *supervisor)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		service_done(&supervisor->services[i]);
	errand_cancel(&supervisor->prepare);
	figures_end(supervisor);
	errand_cancel(&supervisor->keeping.errand);
	if (supervisor->prepare_timer != NULL)
		event_free(supervisor->prepare_timer);
}

void supervisor_reap(struct supervisor *supervisor, pid_t pid, int status)
{
	bool is_known = errand_reap(&supervisor->prepare, pid, status) ||
	    errand_reap(&supervisor->figures.errand, pid, status) ||
	    errand_reap(&supervisor->routes.migrate, pid, status) ||
	    keeping_reap(supervisor, pid, status);

	for (size_t i = 0; !is_known && i < SERVICE_COUNT; i++)
		is_known = service_reap(&supervisor->services[i], pid, status);
}

/* ---- forward ---- */

/* Whether there is a postgres that could answer. */
static bool advance_postgres(struct supervisor *supervisor)
{
	struct service *postgres = &supervisor->services[SERVICE_POSTGRES];

	if (postgres->policy.state == POLICY_STOPPED)
		service_tell(postgres, POLICY_START);
	if (policy_is_alive(postgres->policy.state))
		return true;
	/* it died: what was known of it holds no more */
	supervisor->database_ready = supervisor->database_answers = false;
	supervisor->prepare_tried = true;
	errand_cancel(&supervisor->prepare);
	event_del(supervisor->prepare_timer);
	return false;
}

/* Makes the database ready whenever it begins anew. */
static void advance_database(struct supervisor *supervisor)
{
	if (supervisor->private_postgres && !advance_postgres(supervisor))
		return;
	if (!supervisor->database_ready && supervisor->prepare.pid == 0 &&
	    !event_pending(supervisor->prepare_timer, EV_TIMEOUT, NULL))
		prepare(supervisor);
}

/* Whether what comes after it need not wait for it any more. */
static bool has_had_its_chance(const struct service *service)
{
	return !service->wanted || service->policy.state == POLICY_UP || service->policy.deaths > 0;
}

/* Ready is: nobody need wait any longer. A daemon that cannot be kept up is no reason to end the
 * others, which a service manager that waits in vain would do. */
static void say_how_it_is(struct supervisor *supervisor)
{
	const char *words = supervisor->database_ready ? "all daemons are up"
	    : "all daemons are up; the database is not ready";
	enum hs_log_level level = HS_LOG_INFO;
	char message[160];

	for (size_t i = SERVICE_POSTGRES + 1; i < SERVICE_COUNT; i++) {
		const struct service *service = &supervisor->services[i];

		if (!has_had_its_chance(service))
			return;
		if (service->wanted && service->policy.state != POLICY_UP) {
			words = "not all daemons are up: 'hsctl status' says why";
			level = HS_LOG_WARNING;
		}
	}
	if (supervisor->said == words)
		return;
	snprintf(message, sizeof message, "%sSTATUS=%s",
	    supervisor->said == NULL ? "READY=1\n" : "", words);
	notify_send(message);
	supervisor->said = words;
	hs_log(level, words,
	    HS_STR("url", supervisor->listeners.count > 0 ? supervisor->listeners.urls[0] : NULL),
	    HS_STR("incoming", hs_setting_text(supervisor->settings, HS_SET_INCOMING_DIR)));
}

/* Stops the daemons, last started first, for as long as a restore needs it; PostgreSQL stays. */
static void advance_hold(struct supervisor *supervisor)
{
	for (size_t i = SERVICE_COUNT; i > SERVICE_POSTGRES + 1; i--) {
		struct service *service = &supervisor->services[i - 1];

		if (service->policy.state == POLICY_STOPPED)
			continue;
		service_tell(service, POLICY_STOP);
		if (service->policy.state != POLICY_STOPPED)
			return;
	}
	keeping_is_still(supervisor);
}

static void advance_start(struct supervisor *supervisor)
{
	bool may_start = supervisor->database_ready || supervisor->prepare_tried;

	if (supervisor->keeping.holds) {
		advance_hold(supervisor);
		return;
	}
	advance_database(supervisor);
	may_start = may_start && !keeping_holds(supervisor);
	for (size_t i = SERVICE_POSTGRES + 1; may_start && i < SERVICE_COUNT; i++) {
		struct service *service = &supervisor->services[i];

		if (service->wanted && service->policy.state == POLICY_STOPPED)
			service_tell(service, POLICY_START);
		may_start = has_had_its_chance(service);
	}
	say_how_it_is(supervisor);
}

/* Last started, first stopped; each when the one after it has ended. */
static void advance_stop(struct supervisor *supervisor)
{
	for (size_t i = SERVICE_COUNT; i > 0; i--) {
		struct service *service = &supervisor->services[i - 1];

		if (service->policy.state == POLICY_STOPPED)
			continue;
		service_tell(service, POLICY_STOP);	/* a restart under way ends there, too */
		if (service->policy.state != POLICY_STOPPED)
			return;
	}
	event_base_loopbreak(supervisor->base);
}

/* Whoever connects is refused at once while no web server is wanted, and does not wait for one.
 * Over a restart or a death the sockets stay. Those of a service manager stay in any case: it has
 * them open too, and we would not get them back. */
static void close_unwanted(struct supervisor *supervisor)
{
	const struct service *web = &supervisor->services[SERVICE_WEB];

	if (web->wanted || web->policy.state != POLICY_STOPPED ||
	    supervisor->listeners.count == 0 || supervisor->listeners.are_inherited)
		return;
	listen_close(&supervisor->listeners);
	hs_log(HS_LOG_INFO, "the addresses are closed until the web server is started");
}

void supervisor_advance(struct supervisor *supervisor)
{
	close_unwanted(supervisor);
	if (supervisor->phase == PHASE_STOPPING)
		advance_stop(supervisor);
	else
		advance_start(supervisor);
	route_look(supervisor);
}

void supervisor_stop(struct supervisor *supervisor)
{
	if (supervisor->phase == PHASE_STOPPING) {
		/* whoever asks again does not want to wait; a wrapper may pass one wish on twice */
		if (hs_clock_ms() - supervisor->stopping_since_ms < HURRY_AFTER_MS)
			return;
		for (size_t i = 0; i < SERVICE_COUNT; i++)
			service_hurry(&supervisor->services[i]);
		return;
	}
	supervisor->phase = PHASE_STOPPING;
	supervisor->stopping_since_ms = hs_clock_ms();
	supervisor->stop_by_ms = supervisor->stopping_since_ms +
	    hs_setting_int(supervisor->settings, HS_SET_STOP_SECONDS) * 1000;
	hs_log(HS_LOG_INFO, "stopping all of it");
	notify_send("STOPPING=1");
	route_end(supervisor);
	errand_cancel(&supervisor->prepare);
	event_del(supervisor->prepare_timer);
	supervisor_advance(supervisor);
}

/* ---- reload ---- */

static void warn_of_restarts(const struct supervisor *supervisor, const struct hs_settings *after)
{
	for (int id = 0; id < HS_SETTING_COUNT; id++) {
		const char *old = hs_setting_text(supervisor->settings, (enum hs_setting)id);

		if (hs_setting_rows[id].needs_restart &&
		    strcmp(old, hs_setting_text(after, (enum hs_setting)id)) != 0)
			hs_log(HS_LOG_WARNING,
			    "this setting takes effect only when HoopScout is started anew",
			    HS_STR("setting", hs_setting_rows[id].name));
	}
}

/* What a reload must leave as it was: sockets, folders and the like are in use. */
static bool keep_fixed(const struct hs_settings *before, struct hs_settings *after,
    struct hs_error *err)
{
	for (int i = 0; i < HS_SETTING_COUNT; i++) {
		enum hs_setting id = (enum hs_setting)i;

		if (hs_setting_rows[id].needs_restart &&
		    !hs_settings_override(after, id, hs_setting_text(before, id), err))
			return false;
	}
	return true;
}

static json_t *settings_message(const struct hs_settings *settings)
{
	json_t *values = json_object();

	for (int id = 0; id < HS_SETTING_COUNT; id++)
		if (json_object_set_new(values, hs_setting_rows[id].name,
			json_string(hs_setting_text(settings, (enum hs_setting)id))) != 0)
			hs_panic("no memory for a reload");
	return json_pack("{s:o}", "settings", values);
}

bool supervisor_reload(struct supervisor *supervisor, json_t **ret_settings, struct hs_error *err)
{
	struct hs_settings *fresh = NULL;
	enum hs_log_level level;

	if (!hs_settings_load(NULL, &fresh, err))
		return false;
	warn_of_restarts(supervisor, fresh);
	if (!keep_fixed(supervisor->settings, fresh, err) || !hs_settings_export(fresh, err)) {
		hs_settings_free(fresh);
		return false;
	}
	hs_settings_free(supervisor->settings);
	supervisor->settings = fresh;
	if (hs_log_level_parse(hs_setting_text(fresh, HS_SET_LOG_LEVEL), &level))
		hs_log_set_level(level);
	*ret_settings = settings_message(fresh);
	return true;
}
