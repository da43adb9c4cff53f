/* main.c: hsd-importer: from a file in incoming to rows in the database.
 *
 * One thread runs the event loop: commands, inotify, timers, never a wait. The other does one
 * file at a time. Trusts its folders' files with nothing: every one is validated strictly,
 * and is imported whole or not at all. Killed at any point, nothing is lost and nothing is
 * imported twice. A database that is away, a full disk: files stay in incoming and are tried
 * again.
 *
 * The walk of a file: watch.c and scan.c (names) -> intake.c (when) -> play.c (who is
 * next) -> worker.c (the other thread) -> possession.c (one file): digest.c -> load.c
 * (validator, copy_row.c) -> merge.c -> runs.c -> shelve.c. */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/room.h"
#include "daemons/importer/identity.h"
#include "daemons/importer/importer.h"
#include "daemons/importer/shelve.h"

/* Of the time to stop, what is left for rolling back and saying goodbye. */
#define STOP_RESERVE 0.25

enum {
	POOL_CONNECTIONS = 2,
	WAITING_SHOWN = 20,
	MMAP_FROM_BYTES = 256 << 10
};

static void on_name(void *arg, const char *name)
{
	scan_told(arg, name, false);
}

static void on_scan(void *arg)
{
	scan_folder(arg);
}

static void on_scan_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	scan_folder(arg);
}

static void on_look_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	play_next(arg);
}

static void on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct importer *importer = arg;

	(void)fd, (void)what;
	hs_log(HS_LOG_WARNING, "giving up the file in hand: the time to stop is over",
	    HS_STR("file", importer->playing));
	worker_cancel(importer->worker);
}

static void on_news(void *arg, struct news *news)
{
	play_news(arg, news);
}

static void on_progress(void *arg, const struct worker_progress *progress)
{
	play_progress(arg, progress);
}

static const struct watch_events watch_events = { .on_name = on_name, .on_scan = on_scan };
static const struct worker_events worker_events = { .on_news = on_news,
	.on_progress = on_progress };

static void importer_free(void *app)
{
	struct importer *importer = app;

	if (importer->worker != NULL)
		worker_cancel(importer->worker);
	if (!worker_free(importer->worker)) {
		hs_log(HS_LOG_WARNING, "the work in hand does not end: the process ends under it");
		return;
	}
	identity_dismiss(importer);
	watch_free(importer->watch);
	intake_free(importer->intake);
	hs_db_pool_free(importer->pool);
	if (importer->scan_timer != NULL)
		event_free(importer->scan_timer);
	if (importer->look_timer != NULL)
		event_free(importer->look_timer);
	if (importer->stop_timer != NULL)
		event_free(importer->stop_timer);
	for (struct follower *next, *at = importer->followers; at != NULL; at = next) {
		next = at->next;
		free(at);
	}
	for (struct errand *next, *at = importer->errands; at != NULL; at = next) {
		next = at->next;
		free(at);
	}
	report_done(&importer->last);
	json_decref(importer->untold);
	json_decref(importer->ignored);
	hs_settings_free(importer->settings);
	free(importer);
}

/* A new connection may be one to another server, of which the worker shall hear though nothing is
 * to be imported. */
static void on_connected(void *arg)
{
	struct importer *importer = arg;

	if (importer->is_stopping)
		return;
	importer->wants_catch_up = true;
	play_next(importer);
}

static bool make_parts(struct importer *importer, struct hs_error *err)
{
	const struct hs_settings *settings = importer->settings;

	importer->intake = intake_new((double)hs_setting_int(settings, HS_SET_EMPTY_FILE_SECONDS));
	importer->scan_timer = evtimer_new(importer->base, on_scan_timer, importer);
	importer->look_timer = evtimer_new(importer->base, on_look_timer, importer);
	importer->stop_timer = evtimer_new(importer->base, on_stop_timer, importer);
	if (importer->intake == NULL || importer->scan_timer == NULL ||
	    importer->look_timer == NULL || importer->stop_timer == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start");
	return shelve_make_folders(settings, err) &&
	       hs_db_pool_new(importer->base, settings, HS_DB_WRITER, "hsd-importer: questions",
		   POOL_CONNECTIONS, &importer->pool, err) &&
	       worker_new(
		   importer->base, settings, &worker_events, importer, &importer->worker, err) &&
	       watch_new(importer->base, hs_setting_text(settings, HS_SET_INCOMING_DIR),
		   &watch_events, importer, &importer->watch, err);
}

static bool importer_start(struct hs_child *child, void **ret_app, struct hs_error *err)
{
	struct importer *importer = calloc(1, sizeof *importer);

	if (importer == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start");
	/* a lease that is broken while we probe sends this; see place.c */
	signal(SIGIO, SIG_IGN);
	/* large blocks go back to the system when freed, small ones come from one arena */
	mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES);
	mallopt(M_ARENA_MAX, 2);
	importer->child = child;
	importer->base = hs_child_base(child);
	if (!hs_settings_load(NULL, &importer->settings, err) || !make_parts(importer, err)) {
		importer_free(importer);
		return false;
	}
	*ret_app = importer;
	importer->wants_catch_up = true;
	hs_child_ready(child);
	hs_db_pool_watch(importer->pool, on_connected, importer);
	scan_folder(importer);
	return true;
}

static void importer_stop(void *app)
{
	struct importer *importer = app;
	double seconds =
	    (double)hs_setting_int(hs_child_settings(importer->child), HS_SET_STOP_SECONDS);
	double patience = seconds * (1 - STOP_RESERVE);
	struct timeval wait = { .tv_sec = (time_t)patience,
		.tv_usec = (suseconds_t)((patience - (double)(time_t)patience) * 1e6) };

	importer->is_stopping = true;
	event_del(importer->scan_timer);
	event_del(importer->look_timer);
	if (event_add(importer->stop_timer, &wait) != 0)
		worker_cancel(importer->worker);
	play_dismiss(importer);
	identity_dismiss(importer);
	play_next(importer);
}

static bool importer_reload(void *app, struct hs_error *err)
{
	struct importer *importer = app;
	const struct hs_settings *settings = hs_child_settings(importer->child);

	(void)err;
	intake_set_empty_seconds(importer->intake,
	    (double)hs_setting_int(settings, HS_SET_EMPTY_FILE_SECONDS));
	scan_folder(importer);
	return true;
}

/* "rooms": of the three folders, since we live by them: should one hang, so do we, and nobody
 * else. */
static json_t *rooms_json(const struct hs_settings *settings)
{
	return json_pack("[o, o, o]",
	    hs_room_json("incoming", hs_setting_text(settings, HS_SET_INCOMING_DIR)),
	    hs_room_json("archive", hs_setting_text(settings, HS_SET_ARCHIVE_DIR)),
	    hs_room_json("failed", hs_setting_text(settings, HS_SET_FAILED_DIR)));
}

static json_t *importer_status(void *app)
{
	struct importer *importer = app;
	const char *problem = watch_problem(importer->watch);
	struct hs_error why;
	bool has_database = worker_database(importer->worker, &why);

	return json_pack("{s:b, s:s?, s:o, s:o, s:I, s:f, s:o, s:o, s:I, s:o, s:s?}", "watching",
	    problem == NULL,
	    "watch_problem", problem, "importing", play_importing(importer),
	    "waiting", intake_waiting(importer->intake, WAITING_SHOWN, hs_clock_seconds()),
	    "waiting_total", (json_int_t)(intake_count(importer->intake) -
		(importer->playing[0] != '\0')), "oldest_seconds",
	    intake_oldest(importer->intake, hs_clock_seconds()),
	    "last_file", importer->has_last ? report_json(&importer->last) : json_null(),
	    "totals", report_totals_json(&importer->ever, 0), "last_at",
	    (json_int_t)importer->last_at, "rooms", rooms_json(importer->settings),
	    "database_problem", has_database ? NULL : why.message);
}

static const struct hs_child_spec spec = {
	.process = HS_PROC_IMPORTER,
	.help = "Imports the snapshots that are dropped into the incoming folder: validates each "
		"strictly, merges it into the database in one transaction, and moves it to archive "
		"or failed.",
	.start = importer_start,
	.stop = importer_stop,
	.reload = importer_reload,
	.status = importer_status,
	.free = importer_free,
	.takes_requests = true,
	.handlers = importer_handlers,
};

int main(int argc, char **argv)
{
	struct hs_child_spec whole = spec;

	whole.handler_count = importer_handler_count;
	return hs_child_run(&whole, argc, argv);
}
