/* task.c: the supervisor's errands: making the database ready.
 *
 * Runs one errand and ends; whatever goes wrong is told in one line to the supervisor, which
 * decides whether to send us again. */
#include "daemons/supervisor/task.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/db.h"
#include "common/file.h"
#include "common/log.h"
#include "common/migrate.h"
#include "common/number.h"
#include "common/text.h"
#include "daemons/supervisor/backup.h"
#include "daemons/supervisor/cluster.h"
#include "daemons/supervisor/figures_read.h"
#include "daemons/supervisor/restore.h"
#include "daemons/supervisor/task_channel.h"

enum { PATIENCE_SECONDS = 60, TRY_PAUSE_MS = 50 };

struct errand {
	struct hs_settings *settings;
	bool is_private;	/* the database is a private cluster's */
	int answer_fd;
};

const char *task_name(enum task task)
{
	static const char *const names[TASK_COUNT] = {
		[TASK_POSTGRES] = "postgres",
		[TASK_PREPARE] = "prepare",
		[TASK_FIGURES] = "figures",
		[TASK_MIGRATE] = "migrate",
		[TASK_BACKUP] = "backup",
		[TASK_RESTORE] = "restore",
	};

	return names[task];
}

static void answer(const struct errand *errand, json_t *message)
{
	channel_say(errand->answer_fd, message);
}

static void on_step(void *arg, const char *name)
{
	hs_log(HS_LOG_INFO, "migrating", HS_STR("migration", name));
	answer(arg, hs_message_event(0, "step", json_pack("{s:s}", "name", name)));
}

/* A private server that is being made, starts, or recovers from a crash, is worth some
 * patience; an external one that is away is told at once, since the daemons wait for us. */
static bool connect_patiently(const struct errand *errand, struct hs_db **ret, struct hs_error *err)
{
	const struct timespec pause = { .tv_nsec = TRY_PAUSE_MS * 1000000L };
	int64_t deadline_ms = hs_clock_ms() + (errand->is_private ? PATIENCE_SECONDS * 1000 : 0);

	for (;;) {
		*err = (struct hs_error)HS_ERROR_INIT;
		if (errand->is_private && !cluster_is_ready(errand->settings))
			hs_error_set(err, HS_DB_AWAY, "",
			    "PostgreSQL does not take connections yet");
		else if (hs_db_connect(errand->settings, HS_DB_WRITER, "hsd-supervisor", ret, err))
			return true;
		if (err->code != HS_DB_AWAY || hs_clock_ms() >= deadline_ms)
			return false;
		nanosleep(&pause, NULL);
	}
}

/* CREATE DATABASE takes no parameters: the server itself quotes the name. */
static bool create_database(struct hs_db *db, const char *name, struct hs_error *err)
{
	PGresult *result = NULL;
	bool done = true;

	if (!hs_db_exec(db, "select format('create database %I', $1::text) where not exists "
		"(select from pg_database where datname = $1::text)", &result, err, name))
		return false;
	if (PQntuples(result) == 1) {
		hs_log(HS_LOG_INFO, "creating the database", HS_STR("database", name));
		done = hs_db_run(db, hs_db_text(result, 0, 0), NULL, 0, NULL, err);
	}
	PQclear(result);
	return done;
}

/* A private cluster is ours: we make the database in it. */
static bool ensure_database(struct errand *errand, struct hs_error *err)
{
	char *name = strdup(hs_setting_text(errand->settings, HS_SET_POSTGRES_DB));
	struct hs_db *db = NULL;
	bool done;

	if (name == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to prepare the database");
	done = hs_settings_override(errand->settings, HS_SET_POSTGRES_DB, "postgres", err) &&
	    connect_patiently(errand, &db, err) && create_database(db, name, err) &&
	    hs_settings_override(errand->settings, HS_SET_POSTGRES_DB, name, err);
	hs_db_free(db);
	free(name);
	return done;
}

static json_t *migrations_json(const struct hs_migrations *state)
{
	return json_pack("{s:I, s:I, s:I, s:s}", "known", (json_int_t)state->known, "applied",
	    (json_int_t)state->applied, "newly", (json_int_t)state->newly, "latest", state->latest);
}

static bool bring_up_to_date(struct errand *errand, bool migrate, struct hs_error *err)
{
	struct hs_migrations state = { 0 };
	struct hs_db *db = NULL;
	char dir[4096];
	bool done;

	done = hs_format(dir, sizeof dir, err, "%s/sql",
	    hs_setting_text(errand->settings, HS_SET_DATA_DIR)) &&
	    connect_patiently(errand, &db, err) &&
	    (migrate ? hs_migrate(db, dir, on_step, errand, &state, err)
		: hs_migrate_check(db, dir, &state, err));
	hs_db_free(db);
	if (done)
		answer(errand, hs_message_result(0, migrations_json(&state)));
	return done;
}

static bool tell_figures(struct errand *errand, struct hs_error *err)
{
	struct hs_db *db = NULL;
	json_t *figures = NULL;
	bool done;

	done = hs_db_connect(errand->settings, HS_DB_READER, "hsd-supervisor", &db, err) &&
	    figures_read(db, &figures, err);
	hs_db_free(db);
	if (done)
		answer(errand, hs_message_result(0, figures));
	return done;
}

/* argument: whose hsctl it is, and what he has said: "1000", "0 replace". */
static bool keep(const struct errand *errand, bool restores, const char *argument,
    struct hs_error *err)
{
	char number[16], folder[PATH_MAX];
	long long uid;

	snprintf(number, sizeof number, "%.*s", (int)strcspn(argument, " "), argument);
	if (!hs_parse_int(number, 0, UINT32_MAX, "--task", &uid, err))
		return false;
	/* a container may have no other place that can be written */
	if (!hs_format(folder, sizeof folder, err, "%s/run",
		hs_setting_text(errand->settings, HS_SET_STATE_DIR)) ||
	    setenv("TMPDIR", folder, 1) != 0)
		return false;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);		/* whoever writes a file that we just ask about */
	if (!restores)
		return backup_run(errand->settings, (uid_t)uid, errand->answer_fd, err);
	return restore_run(errand->settings, (uid_t)uid, strstr(argument, " replace") != NULL,
	    errand->answer_fd, err);
}

static bool run(struct errand *errand, const char *name, const char *argument, struct hs_error *err)
{
	if (strcmp(name, task_name(TASK_POSTGRES)) == 0)
		return cluster_run(errand->settings, argument, err);
	errand->is_private = hs_settings_private_postgres(errand->settings);
	if (strcmp(name, task_name(TASK_PREPARE)) == 0)
		return (!errand->is_private || ensure_database(errand, err)) &&
		    restore_recover(errand->settings, err) &&
		    bring_up_to_date(errand,
			hs_setting_bool(errand->settings, HS_SET_AUTO_MIGRATE), err);
	if (strcmp(name, task_name(TASK_FIGURES)) == 0)
		return tell_figures(errand, err);
	if (strcmp(name, task_name(TASK_MIGRATE)) == 0)
		return bring_up_to_date(errand, true, err);
	if (strcmp(name, task_name(TASK_BACKUP)) == 0)
		return keep(errand, false, argument, err);
	if (strcmp(name, task_name(TASK_RESTORE)) == 0)
		return keep(errand, true, argument, err);
	return hs_error_set(err, HS_BAD_ARGUMENT, "--task", "there is no task \"%s\"", name);
}

/* Whether the supervisor listens; whatever we start or become shall not hold its channel. */
static bool find_channel(struct errand *errand)
{
	const char *text = getenv("HS_CONTROL_FD");
	struct hs_error err = HS_ERROR_INIT;
	long long fd;

	if (text == NULL || !hs_parse_int(text, 3, INT_MAX, "HS_CONTROL_FD", &fd, &err) ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
		return false;
	unsetenv("HS_CONTROL_FD");
	errand->answer_fd = (int)fd;
	return true;
}

int task_main(const char *name, const char *argument)
{
	struct errand errand = { .answer_fd = -1 };
	struct hs_error err = HS_ERROR_INIT;
	enum hs_log_level level;
	bool done;

	hs_log_join();
	if (!find_channel(&errand)) {
		hs_log(HS_LOG_ERROR,
		    "tasks are for the supervisor alone: start hsd-supervisor without --task");
		return EX_USAGE;
	}
	done = hs_settings_load(NULL, &errand.settings, &err);
	if (done && hs_log_level_parse(hs_setting_text(errand.settings, HS_SET_LOG_LEVEL), &level))
		hs_log_set_level(level);
	done = done && run(&errand, name, argument, &err);
	if (!done)
		answer(&errand, hs_message_error(0, &err));
	hs_settings_free(errand.settings);
	return done ? EXIT_SUCCESS : err.temporary ? EX_TEMPFAIL : EXIT_FAILURE;
}
