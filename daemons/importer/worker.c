/* worker.c: the thread that does one file at a time.
 *
 * Trusts the loop to give one job at a time. Job and news lie in one slot each, guarded by a
 * mutex; an eventfd wakes the loop. The thread sees no event base and no command; signals
 * are blocked in it. A database that is away fails the job at hand, temporarily, and is
 * connected to anew with the next one. */
#include "daemons/importer/worker.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/log.h"
#include "common/text.h"
#include "common/user.h"
#include "daemons/importer/countries.h"
#include "daemons/importer/discard.h"
#include "daemons/importer/lost.h"
#include "daemons/importer/merge_sql.h"
#include "daemons/importer/recover.h"
#include "daemons/importer/shelve.h"
#include "daemons/importer/undo.h"

/* Progress is passed on five times a second at most. */
#define PROGRESS_PAUSE_SECONDS 0.2

enum { END_SECONDS = 3, USER_BYTES = JOB_ACCOUNT_BYTES };

struct worker {
	const struct hs_settings *settings;
	const struct worker_events *events;
	void *arg;
	struct event *wake;		/* of the loop */
	int wake_fd;
	pthread_t thread;
	bool is_running, is_busy;	/* the loop's own */

	pthread_mutex_t lock;		/* guards all from here to the atomics */
	pthread_cond_t given;
	bool has_job, has_news, has_progress, must_end;
	struct job job;
	struct news news;
	struct worker_progress progress;
	bool has_database;
	struct hs_error database_error;

	atomic_bool must_stop;

	/* Asking a server to cancel waits for it, so that has a thread of its own. */
	pthread_t canceller;
	bool has_canceller;		/* the loop's own */
	pthread_mutex_t cancel_lock;	/* never taken by the loop */
	struct hs_db *cancellable;	/* db, while it may be cancelled */

	struct hs_db *db;		/* the thread's own, from here on */
	bool session_is_new;		/* opened by a possession, and not prepared */
	bool is_recovered;		/* nothing is left half-done, as far as we know */
	bool has_countries;		/* nationalities are settled by our table */
	struct lost_server server;	/* of the session before */
	int64_t run;			/* 0: none is open */
	int64_t late_run;		/* could not be closed: the database was away */
	struct progress teller;
	double told_at;
	enum progress_stage told_stage;
	int64_t total_bytes;
};

static void wake_loop(struct worker *worker)
{
	const uint64_t one = 1;

	if (write(worker->wake_fd, &one, sizeof one) != (ssize_t)sizeof one && errno != EAGAIN)
		hs_panic("cannot wake the event loop: %s", strerror(errno));
}

/* --- on the thread ------------------------------------------------------------------ */

static void tell(void *arg, enum progress_stage stage, int64_t bytes, int64_t records)
{
	struct worker *worker = arg;
	double now = hs_clock_seconds();

	if (stage == worker->told_stage && now - worker->told_at < PROGRESS_PAUSE_SECONDS)
		return;
	worker->told_at = now;
	worker->told_stage = stage;
	pthread_mutex_lock(&worker->lock);
	worker->progress.stage = stage;
	worker->progress.bytes = bytes;
	worker->progress.total_bytes = worker->total_bytes;
	worker->progress.records = records;
	worker->progress.about = NULL;
	worker->has_progress = true;
	pthread_mutex_unlock(&worker->lock);
	wake_loop(worker);
}

static bool must_stop(void *arg)
{
	struct worker *worker = arg;

	return atomic_load(&worker->must_stop);
}

static void note_database(struct worker *worker, bool usable, const struct hs_error *why)
{
	pthread_mutex_lock(&worker->lock);
	worker->has_database = usable;
	if (!usable)
		worker->database_error = *why;
	pthread_mutex_unlock(&worker->lock);
	pthread_mutex_lock(&worker->cancel_lock);
	worker->cancellable = worker->db;
	pthread_mutex_unlock(&worker->cancel_lock);
}

static bool connect_once(struct worker *worker, struct hs_error *err)
{
	if (worker->db != NULL)
		return hs_db_reconnect(worker->db, err);
	return hs_db_connect(worker->settings, HS_DB_WRITER, "hsd-importer", &worker->db, err);
}

/* A run that a failover lost goes on as another one. */
static bool check_run(struct worker *worker, struct hs_error *err)
{
	bool known = true;

	if (worker->run > 0 && !runs_is_known(worker->db, worker->run, &known, err))
		return false;
	if (!known)
		worker->run = 0;
	return true;
}

/* What the server has lost is put back; a move may then lack its record, as after our death. */
static bool check_server(struct worker *worker, struct hs_error *err)
{
	struct lost_server before = worker->server;
	int64_t back;

	if (!lost_put_back(worker->db, worker->settings, &worker->teller, &worker->server, &back,
		err))
		return false;
	if (before.timeline != worker->server.timeline || before.system != worker->server.system)
		worker->is_recovered = worker->has_countries = false;
	return true;
}

/* What a new session must have: our settings, and the lock of the run under way. */
static bool prepare_session(struct worker *worker, struct hs_error *err)
{
	if (!hs_db_script(worker->db, merge_session, err) || !check_server(worker, err) ||
	    !check_run(worker, err) ||
	    !runs_mark_interrupted(worker->db, worker->run, err) ||
	    (worker->run > 0 && !runs_hold(worker->db, worker->run, err)))
		return false;
	worker->session_is_new = false;
	return true;
}

/* What was left half-done: by an importer that died, or by ourselves when a move or its record
 * failed. */
static bool catch_up(struct worker *worker, struct hs_error *err)
{
	json_t *run = NULL;

	if (!worker->is_recovered && !recover_shelved(worker->db, worker->settings, err))
		return false;
	worker->is_recovered = true;
	if (!worker->has_countries && !countries_refresh(worker->db, err))
		return false;
	worker->has_countries = true;
	if (worker->late_run == 0)
		return true;
	if (!runs_close(worker->db, worker->late_run, &run, err))
		return false;
	json_decref(run);
	worker->late_run = 0;
	return true;
}

static void drop_session(struct worker *worker)
{
	pthread_mutex_lock(&worker->cancel_lock);
	worker->cancellable = NULL;
	pthread_mutex_unlock(&worker->cancel_lock);
	hs_db_free(worker->db);
	worker->db = NULL;
}

static bool is_alive(struct worker *worker)
{
	struct hs_error ignored = HS_ERROR_INIT;

	return worker->db != NULL && !worker->session_is_new &&
	    hs_db_exec(worker->db, "select 1", NULL, &ignored);
}

/* A session that answers: the old one, or a new one. One half prepared is dropped. */
static bool have_database(struct worker *worker, struct hs_error *err)
{
	bool usable =
	    is_alive(worker) || (connect_once(worker, err) && prepare_session(worker, err));

	if (!usable)
		drop_session(worker);
	usable = usable && catch_up(worker, err);
	note_database(worker, usable, err);
	return usable;
}

static bool have_run(struct worker *worker, enum run_trigger trigger, struct hs_error *err)
{
	return worker->run > 0 || runs_open(worker->db, trigger, &worker->run, err);
}

static void do_file(struct worker *worker, const struct job *job, struct news *news)
{
	struct possession possession = { .settings = worker->settings, .progress = &worker->teller,
		.name = job->name, .facts = job->facts, .may_be_cut = job->may_be_cut,
		.max_record_bytes = job->max_record_bytes };

	worker->total_bytes = job->facts.size_bytes;
	worker->told_at = 0;
	if (!have_database(worker, &news->err) || !have_run(worker, job->trigger, &news->err)) {
		report_init(&news->report, job->name);
		news->report.size_bytes = job->facts.size_bytes;
		news->end = POSSESSION_KEPT;
		return;
	}
	possession.db = worker->db;
	possession.run = worker->run;
	possession.session_is_new = &worker->session_is_new;
	news->end = possession_play(&possession, &news->report, &news->is_large, &news->err);
	if (news->end == POSSESSION_KEPT && news->err.code == HS_DB_AWAY)
		note_database(worker, false, &news->err);
	/* committed, but its move or the record of it failed */
	if (news->end == POSSESSION_KEPT && news->report.file_id > 0)
		worker->is_recovered = false;
	malloc_trim(0);
}

static void end_run(struct worker *worker, const struct job *job, struct news *news)
{
	news->done = true;
	if (worker->run == 0 && !job->even_empty)
		return;
	news->done = have_database(worker, &news->err) &&
	    have_run(worker, job->trigger, &news->err) &&
	    runs_close(worker->db, worker->run, &news->run, &news->err);
	if (!news->done)
		worker->late_run = worker->run;
	worker->run = 0;
}

static bool tell_undo(void *arg, const char *about, int done, int parts, struct hs_error *err)
{
	struct worker *worker = arg;

	pthread_mutex_lock(&worker->lock);
	worker->progress = (struct worker_progress){ .stage = STAGE_UNDOING, .bytes = done,
		.total_bytes = parts, .about = about };
	worker->has_progress = true;
	pthread_mutex_unlock(&worker->lock);
	wake_loop(worker);
	return progress_goes_on(&worker->teller, err);
}

/* The name of who gave a command; asking for it may take its time. */
static void name_user(const struct job *job, char *buf, size_t size)
{
	if (job->account[0] != '\0')
		snprintf(buf, size, "%s", job->account);
	else if (job->uid < 0)
		snprintf(buf, size, "hsctl");
	else if (!hs_user_name(job->uid, buf, size))
		snprintf(buf, size, "user %lld", (long long)job->uid);
}

static void log_undone(const struct job *job, const char *by, const json_t *result)
{
	const json_t *counts = json_object_get(result, "counts");

	hs_log(HS_LOG_INFO, "undid an import",
	    HS_STR("file", json_string_value(json_object_get(result, "name"))),
	    HS_INT("file_id", job->file_id), HS_STR("by", by),
	    HS_INT("put_back", json_integer_value(json_object_get(counts, "put_back"))),
	    HS_INT("removed", json_integer_value(json_object_get(counts, "removed"))));
}

static void do_undo(struct worker *worker, const struct job *job, struct news *news)
{
	char by[USER_BYTES];
	const struct undo_job undo = { .file_id = job->file_id, .is_preview = job->is_preview,
		.if_version = job->if_version, .by = by, .goes_on = tell_undo, .arg = worker };

	name_user(job, by, sizeof by);
	news->done = have_database(worker, &news->err) &&
	    undo_run(worker->db, &undo, &news->result, &news->is_large, &news->err);
	if (!news->done && news->err.code == HS_DB_AWAY)
		note_database(worker, false, &news->err);
	if (news->done && !job->is_preview)
		log_undone(job, by, news->result);
	malloc_trim(0);
}

static void do_delete(struct worker *worker, const struct job *job, struct news *news)
{
	struct shelve_wish wish = { .name = job->name, .must_stop = must_stop, .arg = worker };
	char by[USER_BYTES];

	name_user(job, by, sizeof by);
	news->done = have_database(worker, &news->err) && discard_failed(worker->db,
	    worker->settings, &wish, job->file_id, by, &news->result, &news->err);
}

/* By its name alone it is brought back without the database too. */
static void bring_back(struct worker *worker, const struct job *job, struct news *news)
{
	struct shelve_wish wish = { .name = job->name, .must_stop = must_stop, .arg = worker };

	news->done = (job->file_id == 0 || (have_database(worker, &news->err) &&
	    wanted_find(worker->db, job->file_id, job->name, &wish.wanted, &news->err))) &&
	    shelve_bring_back(worker->settings, &wish, news->name, &news->err);
}

static void do_job(struct worker *worker, const struct job *job, struct news *news)
{
	switch (job->kind) {
	case JOB_CATCH_UP:
		news->done = have_database(worker, &news->err);
		break;
	case JOB_FILE:
		do_file(worker, job, news);
		break;
	case JOB_END_RUN:
		end_run(worker, job, news);
		break;
	case JOB_BRING_BACK:
		bring_back(worker, job, news);
		break;
	case JOB_UNDO:
		do_undo(worker, job, news);
		break;
	case JOB_DELETE:
		do_delete(worker, job, news);
		break;
	}
}

/* Waits for a job; false when there will be none. */
static bool next_job(struct worker *worker, struct job *ret)
{
	bool has_job;

	pthread_mutex_lock(&worker->lock);
	while (!worker->has_job && !worker->must_end)
		pthread_cond_wait(&worker->given, &worker->lock);
	has_job = worker->has_job;
	worker->has_job = false;
	*ret = worker->job;
	pthread_mutex_unlock(&worker->lock);
	return has_job;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct news *news = calloc(1, sizeof *news);
	struct job job;

	if (news == NULL)
		hs_panic("no memory for the worker");
	while (next_job(worker, &job)) {
		memset(news, 0, sizeof *news);
		news->job = job;
		do_job(worker, &job, news);
		pthread_mutex_lock(&worker->lock);
		worker->news = *news;
		worker->has_news = true;
		worker->has_progress = false;
		pthread_mutex_unlock(&worker->lock);
		wake_loop(worker);
	}
	free(news);
	return NULL;
}

/* --- on the loop -------------------------------------------------------------------- */

static void take_progress(struct worker *worker)
{
	struct worker_progress progress;
	bool has_progress;

	pthread_mutex_lock(&worker->lock);
	has_progress = worker->has_progress;
	worker->has_progress = false;
	progress = worker->progress;
	pthread_mutex_unlock(&worker->lock);
	if (has_progress)
		worker->events->on_progress(worker->arg, &progress);
}

static void take_news(struct worker *worker)
{
	bool has_news;

	pthread_mutex_lock(&worker->lock);
	has_news = worker->has_news;
	worker->has_news = false;
	pthread_mutex_unlock(&worker->lock);
	if (!has_news)
		return;
	worker->is_busy = false;
	/* the thread waits for its next job, so the slot is ours */
	struct news news = worker->news;
	worker->events->on_news(worker->arg, &news);
	report_done(&news.report);
	json_decref(news.result);
	json_decref(news.run);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	uint64_t count;

	(void)what;
	if (read((int)fd, &count, sizeof count) < 0 && errno != EAGAIN)
		hs_log(HS_LOG_WARNING, "cannot read the worker's bell",
		    HS_STR("error", strerror(errno)));
	take_progress(worker);
	take_news(worker);
}

/* An error's number, or 0; the thread gets no signals. */
static int create_thread(pthread_t *ret, void *(*run)(void *arg), void *arg)
{
	sigset_t all, old;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(ret, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return failed;
}

static bool start_thread(struct worker *worker, struct hs_error *err)
{
	int failed = create_thread(&worker->thread, work, worker);

	if (failed != 0) {
		errno = failed;
		return hs_error_errno(err, "", "cannot start the worker's thread");
	}
	worker->is_running = true;
	return true;
}

bool worker_new(struct event_base *base, const struct hs_settings *settings,
    const struct worker_events *events, void *arg, struct worker **ret, struct hs_error *err)
{
	struct worker *worker = calloc(1, sizeof *worker);

	if (worker == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the worker");
	worker->wake_fd = -1;
	worker->settings = settings;
	worker->events = events;
	worker->arg = arg;
	worker->teller = (struct progress){ .tell = tell, .must_stop = must_stop, .arg = worker };
	worker->has_database = true;	/* until the first work says otherwise */
	pthread_mutex_init(&worker->lock, NULL);
	pthread_mutex_init(&worker->cancel_lock, NULL);
	pthread_cond_init(&worker->given, NULL);
	if ((worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		hs_error_errno(err, "", "cannot make an eventfd");
		goto fail;
	}
	worker->wake = event_new(base, worker->wake_fd, EV_READ | EV_PERSIST, on_wake, worker);
	if (worker->wake == NULL || event_add(worker->wake, NULL) != 0) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for the worker's event");
		goto fail;
	}
	if (!start_thread(worker, err))
		goto fail;
	*ret = worker;
	return true;
fail:
	worker_free(worker);
	return false;
}

static bool end_thread(struct worker *worker)
{
	struct timespec until = { 0 };

	if (!worker->is_running)
		return true;
	pthread_mutex_lock(&worker->lock);
	worker->must_end = true;
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_SECONDS;
	return pthread_timedjoin_np(worker->thread, NULL, &until) == 0 &&
	    (!worker->has_canceller || pthread_timedjoin_np(worker->canceller, NULL, &until) == 0);
}

bool worker_free(struct worker *worker)
{
	if (worker == NULL)
		return true;
	if (!end_thread(worker))
		return false;
	if (worker->has_news) {
		report_done(&worker->news.report);
		json_decref(worker->news.run);
	}
	if (worker->wake != NULL)
		event_free(worker->wake);
	if (worker->wake_fd >= 0)
		close(worker->wake_fd);
	hs_db_free(worker->db);
	pthread_cond_destroy(&worker->given);
	pthread_mutex_destroy(&worker->lock);
	pthread_mutex_destroy(&worker->cancel_lock);
	free(worker);
	return true;
}

void worker_give(struct worker *worker, const struct job *job)
{
	if (worker->is_busy)
		hs_panic("a second job for a worker that is busy");
	worker->is_busy = true;
	pthread_mutex_lock(&worker->lock);
	worker->job = *job;
	worker->has_job = true;
	pthread_cond_signal(&worker->given);
	pthread_mutex_unlock(&worker->lock);
}

bool worker_is_busy(const struct worker *worker)
{
	return worker->is_busy;
}

bool worker_database(struct worker *worker, struct hs_error *ret_why)
{
	bool usable;

	pthread_mutex_lock(&worker->lock);
	usable = worker->has_database;
	if (!usable)
		*ret_why = worker->database_error;
	pthread_mutex_unlock(&worker->lock);
	return usable;
}

static void *cancel(void *arg)
{
	struct worker *worker = arg;

	pthread_mutex_lock(&worker->cancel_lock);
	if (worker->cancellable != NULL)
		hs_db_cancel(worker->cancellable);
	pthread_mutex_unlock(&worker->cancel_lock);
	return NULL;
}

void worker_cancel(struct worker *worker)
{
	int failed;

	atomic_store(&worker->must_stop, true);
	if (worker->has_canceller && pthread_tryjoin_np(worker->canceller, NULL) != 0)
		return;		/* the last one is still at it */
	failed = create_thread(&worker->canceller, cancel, worker);
	worker->has_canceller = failed == 0;
	if (failed != 0)
		hs_log(HS_LOG_WARNING, "cannot cancel what the database is at",
		    HS_STR("error", strerror(failed)));
}
