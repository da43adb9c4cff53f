/* route.c: passes commands on to the daemons that own them, and answers the supervisor's own.
 *
 * The command table says whose a command is, what it takes and who may give it; nothing is
 * repeated here but the handlers. A daemon answers under an id of ours; the client sees his. */
#include "daemons/supervisor/route.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/commands.h"
#include "common/log.h"
#include "common/settings_json.h"
#include "daemons/supervisor/logbook.h"
#include "daemons/supervisor/notify.h"
#include "daemons/supervisor/server.h"
#include "daemons/supervisor/status.h"
#include "daemons/supervisor/supervisor.h"

/* Someone who waits until a daemon is up, or stopped. */
struct waiter {
	struct waiter *next;
	struct call *call;
	struct service *service;
	bool wants_up;
};

/* One reload under way: each daemon answers for itself. */
struct reload {
	struct supervisor *supervisor;
	struct call *call;	/* NULL: a signal asked */
	unsigned pending;
	json_t *reloaded, *refused;
};

struct reload_ask {
	struct reload *reload;
	const char *name;
};

static struct service *service_of(struct supervisor *supervisor, enum hs_process process)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (strcmp(supervisor->services[i].name, hs_process_name(process)) == 0)
			return &supervisor->services[i];
	return NULL;
}

static struct service *service_named(struct supervisor *supervisor, const json_t *args)
{
	enum hs_process process;

	if (!hs_process_parse(json_string_value(json_object_get(args, "daemon")), &process))
		hs_panic("a checked command names no daemon");
	return service_of(supervisor, process);
}

/* ---- start, stop, restart ---- */

static void answer_state(struct call *call, const struct service *service)
{
	call_result(call, json_pack("{s:s, s:s, s:o}", "daemon", service->name, "state",
	    policy_state_name(service->policy.state), "pid",
	    service->pid != 0 ? json_integer(service->pid) : json_null()));
}

/* Why it will not be as the waiter wished; false when it may still be. */
static bool is_hopeless(const struct waiter *waiter, struct hs_error *ret)
{
	const struct service *service = waiter->service;

	if (waiter->wants_up != service->wanted) {
		hs_error_set(ret, HS_CANCELLED, "", "%s was told otherwise in the meantime",
		    service->name);
		return true;
	}
	if (service->policy.state != POLICY_WAITING && service->policy.state != POLICY_FAILED)
		return false;
	hs_error_set(ret, HS_NOT_RUNNING, "", "%s did not come up: %s; it is tried again in %lld s",
	    service->name, service->last_exit,
	    (long long)(service_next_try_ms(service) + 999) / 1000);
	return true;
}

/* True when the waiter has been answered. */
static bool settle(const struct waiter *waiter)
{
	enum policy_state wish = waiter->wants_up ? POLICY_UP : POLICY_STOPPED;
	struct hs_error err = HS_ERROR_INIT;

	if (waiter->service->policy.state == wish)
		answer_state(waiter->call, waiter->service);
	else if (is_hopeless(waiter, &err))
		call_error(waiter->call, &err);
	else
		return false;
	return true;
}

void route_look(struct supervisor *supervisor)
{
	struct waiter **at = &supervisor->routes.waiters;

	while (*at != NULL) {
		struct waiter *waiter = *at;

		if (settle(waiter)) {
			*at = waiter->next;
			free(waiter);
		} else {
			at = &waiter->next;
		}
	}
}

static void wait_for(struct supervisor *supervisor, struct call *call, struct service *service,
    bool wants_up)
{
	struct waiter *waiter = malloc(sizeof *waiter);
	struct hs_error err = HS_ERROR_INIT;

	if (waiter == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to wait for %s", service->name);
		call_error(call, &err);
		return;
	}
	*waiter = (struct waiter){ supervisor->routes.waiters, call, service, wants_up };
	supervisor->routes.waiters = waiter;
	supervisor_advance(supervisor);
}

static void start_daemon(struct supervisor *supervisor, struct call *call, json_t *args)
{
	struct service *service = service_named(supervisor, args);

	service->wanted = true;
	if (!keeping_holds(supervisor))		/* else it starts as soon as it may */
		service_tell(service, POLICY_START);
	wait_for(supervisor, call, service, true);
}

static void stop_daemon(struct supervisor *supervisor, struct call *call, json_t *args)
{
	struct service *service = service_named(supervisor, args);

	service->wanted = false;
	service_tell(service, POLICY_STOP);
	wait_for(supervisor, call, service, false);
}

static void restart_daemon(struct supervisor *supervisor, struct call *call, json_t *args)
{
	struct service *service = service_named(supervisor, args);

	service->wanted = true;
	if (!keeping_holds(supervisor))
		service_tell(service, POLICY_RESTART);
	wait_for(supervisor, call, service, true);
}

/* ---- reload ---- */

static void reload_finish(struct reload *reload)
{
	if (reload->supervisor->said != NULL)
		notify_send("READY=1");
	if (reload->call != NULL)
		call_result(reload->call, json_pack("{s:O, s:O}",
		    "reloaded", reload->reloaded, "refused", reload->refused));
	json_decref(reload->reloaded);
	json_decref(reload->refused);
	free(reload);
}

static void reload_note(struct reload *reload, const char *name, const struct hs_error *why)
{
	if (why == NULL)
		json_array_append_new(reload->reloaded, json_string(name));
	else
		json_array_append_new(reload->refused,
		    json_pack("{s:s, s:s}", "daemon", name, "message", why->message));
}

static void on_reloaded(void *arg, json_t *message, bool is_last, const struct hs_error *why)
{
	struct reload_ask *ask = arg;
	struct reload *reload = ask->reload;
	struct hs_error refusal = HS_ERROR_INIT;

	if (!is_last)
		return;
	if (why == NULL && json_object_get(message, "error") != NULL) {
		hs_message_to_error(json_object_get(message, "error"), &refusal);
		why = &refusal;
	}
	reload_note(reload, ask->name, why);
	free(ask);
	if (--reload->pending == 0)
		reload_finish(reload);
}

static void reload_daemon(struct reload *reload, struct service *service, json_t *settings)
{
	struct reload_ask *ask = malloc(sizeof *ask);
	struct hs_error err = HS_ERROR_INIT;

	if (ask == NULL)
		hs_panic("no memory for a reload");
	*ask = (struct reload_ask){ reload, service->name };
	reload->pending++;
	if (service_ask(service, "child.reload", json_incref(settings), -1,
		(int)hs_setting_int(service->home->settings, HS_SET_STOP_SECONDS) * 1000,
		on_reloaded, ask, &err))
		return;
	reload->pending--;
	reload_note(reload, service->name, &err);
	free(ask);
}

/* One that is only starting has read the old settings, and cannot be asked yet. */
static void renew_daemon(struct reload *reload, struct service *service, json_t *settings)
{
	if (service->policy.state == POLICY_UP) {
		reload_daemon(reload, service, settings);
	} else if (service->policy.state == POLICY_STARTING) {
		service_tell(service, POLICY_RESTART);
		reload_note(reload, service->name, NULL);
	}
}

void route_reload(struct supervisor *supervisor, struct call *call)
{
	struct hs_error err = HS_ERROR_INIT;
	json_t *settings = NULL;
	struct reload *reload;

	if (!supervisor_reload(supervisor, &settings, &err)) {
		hs_log_error(HS_LOG_ERROR, "the new settings are refused; the old ones stay", &err);
		if (call != NULL)
			call_error(call, &err);
		return;
	}
	notify_reloading();
	if ((reload = calloc(1, sizeof *reload)) == NULL)
		hs_panic("no memory for a reload");
	*reload = (struct reload){ .supervisor = supervisor, .call = call,
		.reloaded = json_array(), .refused = json_array() };
	reload_note(reload, "supervisor", NULL);
	reload->pending = 1;	/* ourselves, until all have been asked */
	for (size_t i = SERVICE_POSTGRES + 1; i < SERVICE_COUNT; i++)
		renew_daemon(reload, &supervisor->services[i], settings);
	json_decref(settings);
	if (--reload->pending == 0)
		reload_finish(reload);
}

static void reload_all(struct supervisor *supervisor, struct call *call, json_t *args)
{
	(void)args;
	route_reload(supervisor, call);
}

/* ---- migrate, config, status ---- */

static void on_migrate_event(void *arg, const json_t *message)
{
	struct supervisor *supervisor = arg;

	call_event(supervisor->routes.migrate_call, json_copy((json_t *)(uintptr_t)message));
}

static void on_migrate_done(void *arg, const json_t *result, const struct hs_error *why)
{
	struct supervisor *supervisor = arg;
	struct call *call = supervisor->routes.migrate_call;

	supervisor->routes.migrate_call = NULL;
	supervisor_note_database(supervisor, result, why);
	if (why != NULL)
		call_error(call, why);
	else
		call_result(call, json_copy((json_t *)(uintptr_t)result));
	supervisor_advance(supervisor);
}

static const struct errand_events migrate_events = { .on_event = on_migrate_event,
	.on_done = on_migrate_done };

static void migrate(struct supervisor *supervisor, struct call *call, json_t *args)
{
	struct hs_error err = HS_ERROR_INIT;

	(void)args;
	if (supervisor->routes.migrate_call != NULL) {
		hs_error_set(&err, HS_BUSY, "", "a migration is under way: wait for it");
		call_error(call, &err);
	} else if (errand_start(&supervisor->routes.migrate, supervisor, TASK_MIGRATE, "now",
		&migrate_events, supervisor, &err)) {
		supervisor->routes.migrate_call = call;
	} else {
		call_error(call, &err);
	}
}

static void config(struct supervisor *supervisor, struct call *call, json_t *args)
{
	(void)args;
	call_result(call, hs_settings_json(supervisor->settings));
}

static void backup(struct supervisor *supervisor, struct call *call, json_t *args)
{
	keeping_backup(supervisor, call, supervisor->routes.caller, args);
}

static void restore(struct supervisor *supervisor, struct call *call, json_t *args)
{
	keeping_restore(supervisor, call, supervisor->routes.caller, args);
}

static void status(struct supervisor *supervisor, struct call *call, json_t *args)
{
	(void)args;
	status_answer(supervisor, call);
}

static void logs(struct supervisor *supervisor, struct call *call, json_t *args)
{
	logbook_answer(supervisor->logbook, call, args);
}

static const struct {
	enum hs_command_id command;
	void (*run)(struct supervisor *supervisor, struct call *call, json_t *args);
} own_commands[] = {
	{ HS_CMD_STATUS, status },
	{ HS_CMD_LOGS, logs },
	{ HS_CMD_START, start_daemon },
	{ HS_CMD_STOP, stop_daemon },
	{ HS_CMD_RESTART, restart_daemon },
	{ HS_CMD_RELOAD, reload_all },
	{ HS_CMD_MIGRATE, migrate },
	{ HS_CMD_BACKUP, backup },
	{ HS_CMD_RESTORE, restore },
	{ HS_CMD_CONFIG, config },
};

/* ---- the way ---- */

/* Root, whoever runs us or the daemons, and members of the daemons' group. */
static bool may_operate(const struct supervisor *supervisor, const struct caller *caller)
{
	return caller->uid == 0 || caller->uid == geteuid() ||
	    caller->uid == supervisor->identity.uid || caller->is_member;
}

static void on_relayed(void *arg, json_t *message, bool is_last, const struct hs_error *why)
{
	struct call *call = arg;

	if (why != NULL)
		call_error(call, why);
	else if (is_last)
		call_answer(call, message);
	else
		call_event(call, json_copy(message));
}

static bool relay(struct supervisor *supervisor, struct call *call, const struct caller *caller,
    const struct hs_command *row, json_t *args, struct hs_error *err)
{
	struct service *service = service_of(supervisor, row->owner);

	if (service == NULL)
		return hs_error_set(err, HS_UNKNOWN_COMMAND, "",
		    "'%s' is answered by hsctl itself", row->words);
	return service_ask(service, row->id, json_incref(args), caller->uid, 0, on_relayed, call, err);
}

static bool answer(struct supervisor *supervisor, struct call *call, const struct caller *caller,
    enum hs_command_id command, json_t *args, struct hs_error *err)
{
	const struct hs_command *row = &hs_commands[command];

	if (row->owner != HS_PROC_SUPERVISOR)
		return relay(supervisor, call, caller, row, args, err);
	for (size_t i = 0; i < HS_COUNT(own_commands); i++) {
		if (own_commands[i].command != command)
			continue;
		supervisor->routes.caller = caller->uid;
		own_commands[i].run(supervisor, call, args);
		return true;
	}
	hs_panic("nobody answers %s", row->id);
}

void route_request(struct supervisor *supervisor, struct call *call, const struct caller *caller,
    const char *cmd, json_t *args)
{
	struct hs_error err = HS_ERROR_INIT;
	enum hs_command_id command;
	bool done = false;

	if (!hs_command_find(cmd, &command))
		hs_error_set(&err, HS_UNKNOWN_COMMAND, "",
		    "there is no command %.64s: see hsctl --help", cmd);
	else if (supervisor->phase == PHASE_STOPPING && command != HS_CMD_STATUS)
		hs_error_set(&err, HS_NOT_RUNNING, "", "HoopScout is stopping");
	else if (hs_commands[command].needs == HS_MAY_OPERATE && !may_operate(supervisor, caller))
		hs_error_set(&err, HS_NOT_ALLOWED, "",
		    "user %u may look, but not give this command: it takes root or a member of "
		    "%s's group",
		    (unsigned)caller->uid, supervisor->identity.name);
	else if (hs_command_check(command, args, &err))
		done = answer(supervisor, call, caller, command, args, &err);
	if (!done)
		call_error(call, &err);
}

void route_end(struct supervisor *supervisor)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_NOT_RUNNING, "", "HoopScout stops");
	while (supervisor->routes.waiters != NULL) {
		struct waiter *waiter = supervisor->routes.waiters;

		supervisor->routes.waiters = waiter->next;
		call_error(waiter->call, &err);
		free(waiter);
	}
	keeping_end(supervisor, &err);
	errand_cancel(&supervisor->routes.migrate);
	if (supervisor->routes.migrate_call != NULL)
		call_error(supervisor->routes.migrate_call, &err);
	supervisor->routes.migrate_call = NULL;
}
