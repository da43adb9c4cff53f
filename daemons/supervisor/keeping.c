/* keeping.c: starts backups and restores, passes on what they say, and holds the daemons for a
 * restore.
 *
 * Trusts its tasks, which are ours. One that dies leaves what restore.c clears up when the database
 * is next made ready; until then no daemon starts. */
#include "daemons/supervisor/keeping.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "daemons/supervisor/restore.h"
#include "daemons/supervisor/server.h"
#include "daemons/supervisor/supervisor.h"

void keeping_look(struct supervisor *supervisor)
{
	supervisor->keeping.is_unfinished =
	    supervisor->keeping.call == NULL && restore_is_open(supervisor->settings);
}

static void on_event(void *arg, const json_t *message)
{
	struct supervisor *supervisor = arg;
	struct keeping *keeping = &supervisor->keeping;
	const char *event = json_string_value(json_object_get(message, "event"));
	const char *stage = json_string_value(json_object_get(message, "stage"));

	if (stage != NULL)
		snprintf(keeping->stage, sizeof keeping->stage, "%.15s", stage);
	if (event != NULL && strcmp(event, "hold") == 0) {
		hs_log(HS_LOG_INFO, "the daemons stop for a restore");
		snprintf(keeping->stage, sizeof keeping->stage, "replacing");
		keeping->holds = true;
		supervisor_advance(supervisor);
		return;
	}
	call_event(keeping->call, json_copy((json_t *)(uintptr_t)message));
}

/* After a restore the database is another one, or has to be cleared up: it is made ready anew. */
static void look_again(struct supervisor *supervisor)
{
	keeping_look(supervisor);
	supervisor->database_ready = supervisor->prepare_tried = false;
	event_del(supervisor->prepare_timer);
}

static void on_done(void *arg, const json_t *result, const struct hs_error *why)
{
	struct supervisor *supervisor = arg;
	struct keeping *keeping = &supervisor->keeping;
	struct call *call = keeping->call;

	keeping->call = NULL;
	keeping->holds = false;
	if (why != NULL) {
		hs_log_error(
		    HS_LOG_ERROR, keeping->restores ? "a restore failed" : "a backup failed", why);
		call_error(call, why);
	} else {
		hs_log(
		    HS_LOG_INFO, keeping->restores ? "a backup was restored" : "a backup was made");
		call_result(call, json_copy((json_t *)(uintptr_t)result));
	}
	if (keeping->restores)
		look_again(supervisor);
	supervisor_advance(supervisor);
}

static void start(
    struct supervisor *supervisor, struct call *call, enum task task, const char *argument)
{
	static const struct errand_events backup_events = { on_event, on_done, "the backup" };
	static const struct errand_events restore_events = { on_event, on_done, "the restore" };
	struct keeping *keeping = &supervisor->keeping;
	bool restores = task == TASK_RESTORE;
	struct hs_error err = HS_ERROR_INIT;

	if (keeping->call != NULL) {
		hs_error_set(&err, HS_BUSY, "", "a %s is under way: wait for it",
		    keeping->restores ? "restore" : "backup");
	} else if (errand_start(&keeping->errand, supervisor, task, argument,
		       restores ? &restore_events : &backup_events, supervisor, &err)) {
		hs_log(HS_LOG_INFO, restores ? "a restore begins" : "a backup begins");
		keeping->call = call;
		keeping->restores = restores;
		keeping->has_said_held = false;
		keeping->stage[0] = '\0';
		return;
	}
	call_error(call, &err);
}

void keeping_backup(struct supervisor *supervisor, struct call *call, uid_t uid, json_t *args)
{
	char argument[32];

	(void)args;
	snprintf(argument, sizeof argument, "%u", (unsigned)uid);
	start(supervisor, call, TASK_BACKUP, argument);
}

void keeping_restore(struct supervisor *supervisor, struct call *call, uid_t uid, json_t *args)
{
	char argument[32];

	snprintf(argument, sizeof argument, "%u%s", (unsigned)uid,
	    json_is_true(json_object_get(args, "replace")) ? " replace" : "");
	start(supervisor, call, TASK_RESTORE, argument);
}

bool keeping_reap(struct supervisor *supervisor, pid_t pid, int status)
{
	return errand_reap(&supervisor->keeping.errand, pid, status);
}

bool keeping_holds(const struct supervisor *supervisor)
{
	return supervisor->keeping.holds || supervisor->keeping.is_unfinished;
}

void keeping_is_still(struct supervisor *supervisor)
{
	struct keeping *keeping = &supervisor->keeping;
	struct hs_error err = HS_ERROR_INIT;

	if (!keeping->holds || keeping->has_said_held || keeping->errand.link == NULL)
		return;
	keeping->has_said_held = true;
	if (!hs_link_send(keeping->errand.link, hs_message_event(0, "held", NULL), &err))
		hs_log_error(HS_LOG_ERROR, "cannot tell the restore to go on", &err);
}

json_t *keeping_json(const struct supervisor *supervisor)
{
	const struct keeping *keeping = &supervisor->keeping;

	if (keeping->is_unfinished)
		return json_pack("{s:s, s:s}", "work", "restore", "stage", "broken off");
	if (keeping->call == NULL)
		return json_null();
	return json_pack("{s:s, s:s}", "work", keeping->restores ? "restore" : "backup", "stage",
	    keeping->stage[0] != '\0' ? keeping->stage : "starting");
}

void keeping_end(struct supervisor *supervisor, const struct hs_error *why)
{
	struct keeping *keeping = &supervisor->keeping;

	errand_cancel(&keeping->errand);
	if (keeping->call != NULL)
		call_error(keeping->call, why);
	keeping->call = NULL;
	keeping->holds = false;
}
