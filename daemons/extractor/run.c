/* run.c: one run, from the order to its end in the database.
 *
 * begin (store.c: a row, so that nobody else runs this source) -> fetch (fetch.c: the body in a
 * nameless file) -> snapshot (normalize.c, on a thread) -> end (store.c). Whatever fails or is
 * cancelled goes straight to end, and leaves no file behind. */
#include "daemons/extractor/run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/extractor/extractor.h"
#include "daemons/extractor/normalize.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/url.h"

enum { TICK_MS = 250, SEEN_EVERY_MS = 60000, FILE_NAME_BYTES = 128 };

/* What the thread has; the run looks only at its progress until it is done. */
struct work {
	struct hs_task task;		/* the first member */
	struct run *run;		/* NULL: nobody waits for it any more */
	int fd;
	struct normalize_options options;
	unsigned char known_digest[NORMALIZE_DIGEST_BYTES];
	char *folder, *file_name, *source_name, *fallback_source_name;
	struct normalize_progress progress;
	struct normalize_result result;
	bool is_done;
	struct hs_error err;
};

struct run {
	struct extractor *extractor;
	struct run *next;
	struct hs_call *call;
	char *source, *url, *shown_url, *source_name, *fallback_source_name;
	char *folder;			/* NULL: a dry run */
	char *file_name;
	bool to_incoming;		/* only then the answers are remembered */
	enum store_trigger trigger;
	int64_t due;			/* 0: it is not scheduled */
	int64_t number;			/* in the database; 0: not yet */
	int64_t began_ms, seen_ms;
	bool is_cancelled;
	struct event *tick;

	struct fetch *fetch;
	struct fetch_progress fetched;
	struct work *work;
	bool has_known_digest;
	unsigned char known_digest[NORMALIZE_DIGEST_BYTES];
	char *etag, *last_modified;	/* asked with, then answered */
	uint64_t bytes;
	json_t *result;			/* what the call will hear */
};

/* ---- what a run is ---- */

static void run_free(struct run *run)
{
	if (run == NULL)
		return;
	if (run->work != NULL) {
		run->work->run = NULL;
		atomic_store(&run->work->progress.is_cancelled, true);
	}
	fetch_cancel(run->fetch);
	if (run->tick != NULL)
		event_free(run->tick);
	free(run->source);
	free(run->url);
	free(run->shown_url);
	free(run->source_name);
	free(run->fallback_source_name);
	free(run->folder);
	free(run->file_name);
	free(run->etag);
	free(run->last_modified);
	json_decref(run->result);
	free(run);
}

static void unlink_run(struct run *run)
{
	struct run **at = &run->extractor->runs;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
}

static struct run *find_run(const struct extractor *extractor, const char *source)
{
	struct run *run = extractor->runs;

	while (run != NULL && strcmp(run->source, source) != 0)
		run = run->next;
	return run;
}

static const char *stage_of(const struct run *run)
{
	static const char *const phases[] = {
		[FETCH_WAITING] = "waiting", [FETCH_ROBOTS] = "asking",
		[FETCH_ASKING] = "asking", [FETCH_RECEIVING] = "fetching",
	};

	if (run->work != NULL)
		return "checking";
	return run->fetch != NULL ? phases[run->fetched.phase] : "beginning";
}

static json_t *progress_json(const struct run *run)
{
	unsigned long long records =
	    run->work != NULL ? atomic_load(&run->work->progress.records) : 0;

	return json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:f}", "file", run->source, "run",
	    (json_int_t)run->number, "stage", stage_of(run), "bytes",
	    (json_int_t)(run->work != NULL ? run->bytes : run->fetched.bytes), "total",
	    (json_int_t)run->fetched.total_bytes, "records", (json_int_t)records, "seconds",
	    (double)(hs_clock_ms() - run->began_ms) / 1000);
}

static void set_tick(struct run *run)
{
	const struct timeval wait = { .tv_usec = TICK_MS * 1000 };

	if (event_add(run->tick, &wait) != 0)
		hs_panic("no timer for a run");
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;

	(void)fd, (void)what;
	if (run->call != NULL)
		hs_call_event(run->call, "progress", progress_json(run));
	if (run->number != 0 && hs_clock_ms() - run->seen_ms > SEEN_EVERY_MS) {
		run->seen_ms = hs_clock_ms();
		store_seen(run->extractor->pool, run->number);
	}
	set_tick(run);
}

/* ---- the end ---- */

static void finish(struct run *run)
{
	struct extractor *extractor = run->extractor;

	if (run->call != NULL)
		hs_call_result(run->call, json_incref(run->result));
	unlink_run(run);
	run_free(run);
	if (extractor->is_stopping && extractor->runs == NULL)
		hs_child_stopped(extractor->child);
}

static void on_end_written(void *arg, const struct hs_error *err)
{
	struct run *run = arg;

	if (err != NULL)
		hs_log_error(HS_LOG_ERROR, "cannot write down how a run ended", err);
	finish(run);
}

static json_t *error_json(const struct hs_error *err)
{
	return err == NULL ? json_null() : json_pack("{s:s, s:s, s:s}", "code",
	    hs_error_name(err->code), "message", err->message, "where", err->where);
}

static void log_end(const struct run *run, const char *status, const struct store_end *end,
    const struct hs_error *err)
{
	if (err != NULL) {
		hs_log_error(HS_LOG_ERROR, "a run failed", err);
		return;
	}
	hs_log(HS_LOG_INFO, "a run ended", HS_STR("source", run->source), HS_STR("status", status),
	    HS_STR("file", end->file), HS_INT("bytes", end->bytes), HS_INT("records", end->records),
	    HS_INT("problems", end->problem_total), HS_INT("run", run->number));
}

/* result NULL: there was nothing to make a snapshot of. */
static void end_run(struct run *run, const char *status, const struct normalize_result *result,
    const struct hs_error *why)
{
	struct hs_error err = HS_ERROR_INIT;
	bool remembers = run->to_incoming && result != NULL && result->path[0] != '\0';
	json_t *error = error_json(why);
	const struct store_end end = {
		.run = run->number, .source = run->source, .status = status, .bytes = run->bytes,
		.is_due_again = run->extractor->is_stopping && strcmp(status, "cancelled") == 0 &&
		    run->trigger == STORE_BY_SCHEDULE,
		.records = result != NULL ? result->records : 0,
		.problem_total = result != NULL ? result->problem_total : 0,
		.file = result != NULL && result->path[0] != '\0' ? result->path : NULL,
		.source_name = result != NULL ? result->source_name : NULL,
		.snapshot_date = result != NULL ? result->snapshot_date : NULL,
		.error = why != NULL ? error : NULL,
		.problems = result != NULL ? result->problems : NULL,
		.url = remembers ? run->url : NULL, .etag = run->etag,
		.last_modified = run->last_modified,
		.digest = result != NULL ? result->digest : NULL,
	};

	event_del(run->tick);
	log_end(run, status, &end, why);
	run->result = json_pack("{s:I, s:s, s:s, s:s, s:f, s:s, s:I, s:I, s:s?, s:s?, s:s?, s:O, s:I,"
	    " s:O?}", "run", (json_int_t)run->number, "source", run->source, "trigger",
	    store_trigger_name(run->trigger), "status", status, "seconds",
	    (double)(hs_clock_ms() - run->began_ms) / 1000, "url", run->shown_url, "bytes",
	    (json_int_t)end.bytes, "records", (json_int_t)end.records, "file", end.file,
	    "source_name", end.source_name, "snapshot_date", end.snapshot_date, "error", error,
	    "problem_total", (json_int_t)end.problem_total, "problems", end.problems);
	json_decref(error);
	if (run->result == NULL)
		hs_panic("no memory for the end of a run");
	if (!store_end(run->extractor->pool, &end, on_end_written, run, &err)) {
		hs_log_error(HS_LOG_ERROR, "cannot write down how a run ended", &err);
		finish(run);
	}
}

static void end_with_error(struct run *run, const struct hs_error *err)
{
	if (run->is_cancelled)
		end_run(run, "cancelled", NULL, NULL);
	else
		end_run(run, "failed", NULL, err);
}

/* ---- the snapshot ---- */

static void work_free(struct work *work)
{
	if (work->fd >= 0)
		close(work->fd);
	normalize_done(&work->result);
	free(work->folder);
	free(work->file_name);
	free(work->source_name);
	free(work->fallback_source_name);
	free(work);
}

static void work_do(struct hs_task *task)
{
	struct work *work = (struct work *)task;

	work->is_done = normalize_feed(work->fd, &work->options, &work->progress, &work->result,
	    &work->err);
}

static void work_drop(struct hs_task *task)
{
	work_free((struct work *)task);
}

static void work_done(struct hs_task *task)
{
	struct work *work = (struct work *)task;
	struct run *run = work->run;
	const struct normalize_result *result = &work->result;

	if (run == NULL) {
		work_free(work);
		return;
	}
	run->work = NULL;
	if (!work->is_done)
		end_with_error(run, &work->err);
	else if (result->is_unchanged)
		end_run(run, "unchanged", NULL, NULL);
	else if (result->problem_total > 0)
		end_run(run, "failed", result, NULL);
	else
		end_run(run, run->folder == NULL ? "checked" : "emitted", result, NULL);
	work_free(work);
}

static bool copy_text(const char *text, char **ret)
{
	return text == NULL || (*ret = strdup(text)) != NULL;
}

/* Takes fd when it returns true. */
static bool start_work(struct run *run, int fd, struct hs_error *err)
{
	const struct hs_settings *settings = hs_child_settings(run->extractor->child);
	struct work *work = calloc(1, sizeof *work);

	if (work == NULL || !copy_text(run->folder, &work->folder) ||
	    !copy_text(run->file_name, &work->file_name) ||
	    !copy_text(run->source_name, &work->source_name) ||
	    !copy_text(run->fallback_source_name, &work->fallback_source_name)) {
		if (work != NULL) {
			work->fd = -1;
			work_free(work);
		}
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a snapshot");
	}
	work->task = (struct hs_task){ .work = work_do, .done = work_done, .drop = work_drop };
	work->run = run;
	work->fd = fd;
	memcpy(work->known_digest, run->known_digest, sizeof work->known_digest);
	work->options = (struct normalize_options){
		.folder = work->folder, .file_name = work->file_name,
		.source_name = work->source_name,
		.fallback_source_name = work->fallback_source_name, .today = hs_date_today(),
		.with_payload = hs_setting_bool(settings, HS_SET_EXTRACTOR_INCLUDE_RAW_PAYLOAD),
		.max_record_bytes = (size_t)hs_setting_int(settings, HS_SET_MAX_RECORD_BYTES),
		.known_digest = run->has_known_digest ? work->known_digest : NULL,
	};
	if (!hs_offload_start(run->extractor->offload, &work->task, err)) {
		work->fd = -1;
		work_free(work);
		return false;
	}
	run->work = work;
	return true;
}

/* ---- the fetch ---- */

/* What a server said is sent to the database, which takes nothing but UTF-8. */
static void keep_header(const char *value, char **ret)
{
	free(*ret);
	*ret = value != NULL && hs_utf8_valid_prefix(value, strlen(value)) == strlen(value) ?
	    strdup(value) : NULL;
}

static void on_fetched(void *arg, const struct fetch_result *result, const struct hs_error *error)
{
	struct hs_error err = HS_ERROR_INIT;
	struct run *run = arg;

	run->fetch = NULL;
	if (error != NULL) {
		end_with_error(run, error);
		return;
	}
	if (result->is_unchanged) {
		end_run(run, "unchanged", NULL, NULL);
		return;
	}
	run->bytes = result->bytes;
	keep_header(result->etag, &run->etag);
	keep_header(result->last_modified, &run->last_modified);
	if (!start_work(run, result->fd, &err)) {
		close(result->fd);
		end_with_error(run, &err);
	}
}

static void on_fetch_progress(void *arg, const struct fetch_progress *progress)
{
	struct run *run = arg;

	run->fetched = *progress;
}

static void log_not_begun(const struct run *run, const struct hs_error *why)
{
	if (why->code == HS_BUSY)
		hs_log(HS_LOG_INFO, "a source does not run when it is due", HS_STR("source", run->source),
		    HS_STR("why", why->message));
	else
		hs_log_error(HS_LOG_ERROR, "a source cannot run when it is due", why);
}

static void on_begun(void *arg, const struct store_begun *begun, const struct hs_error *why)
{
	struct hs_error err = HS_ERROR_INIT;
	struct run *run = arg;

	if (why != NULL) {
		/* nothing began: there is no row to end */
		if (run->call != NULL)
			hs_call_error(run->call, why);
		else
			log_not_begun(run, why);
		run->call = NULL;
		finish(run);
		return;
	}
	run->number = begun->run;
	run->seen_ms = hs_clock_ms();
	if (run->is_cancelled) {
		end_run(run, "cancelled", NULL, NULL);
		return;
	}
	if (run->to_incoming) {
		keep_header(begun->etag, &run->etag);
		keep_header(begun->last_modified, &run->last_modified);
		run->has_known_digest = begun->has_digest;
		memcpy(run->known_digest, begun->digest, sizeof run->known_digest);
	}
	const struct fetch_request request = { .url = run->url, .etag = run->etag,
		.last_modified = run->last_modified };
	if (!fetch_start(run->extractor->fetcher, &request, on_fetched, on_fetch_progress, run,
		&run->fetch, &err))
		end_with_error(run, &err);
}

/* ---- the order ---- */

static bool is_folder(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool default_name(const struct run *run, char *buf, size_t size, struct hs_error *err)
{
	time_t now = time(NULL);
	char when[32];
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL || strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc) == 0)
		return hs_error_set(err, HS_IO, "", "the clock cannot be read");
	return hs_format(buf, size, err, "%s-%s.json", run->source, when);
}

/* Where the snapshot goes: a folder that is there, or a file in one. */
static bool settle_place(struct run *run, const char *output_path, struct hs_error *err)
{
	const struct hs_settings *settings = hs_child_settings(run->extractor->child);
	const char *path = output_path != NULL ? output_path :
	    hs_setting_text(settings, HS_SET_INCOMING_DIR), *slash = strrchr(path, '/');
	size_t length = strlen(path);
	char name[FILE_NAME_BYTES];

	if (!default_name(run, name, sizeof name, err))
		return false;
	if (output_path == NULL || is_folder(path)) {
		run->folder = strdup(path);
		run->file_name = strdup(name);
	} else if (length > 5 && strcmp(path + length - 5, ".json") == 0 && slash != NULL &&
	    slash[1] != '.') {
		run->folder = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
		run->file_name = strdup(slash + 1);
	} else {
		return hs_error_set(err, HS_BAD_ARGUMENT, "output-path",
		    "%.200s is neither a folder that is there nor a name that ends in .json", path);
	}
	return (run->folder != NULL && run->file_name != NULL) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
}

static bool settle(struct run *run, const struct source *source, const struct run_options *options,
    struct hs_error *err)
{
	const char *url = options->url != NULL ? options->url : source->url;
	char shown[FETCH_MAX_URL_BYTES];

	if (url[0] == '\0')
		return hs_error_set(err, HS_BAD_ARGUMENT, "url",
		    "%s has no URL: set EXTRACTOR_PUBLIC_JSON_URL, or give --url", source->name);
	if (!copy_text(source->name, &run->source) || !copy_text(url, &run->url) ||
	    !copy_text(url_mask(url, shown, sizeof shown), &run->shown_url) ||
	    !copy_text(options->source_name, &run->source_name) ||
	    !copy_text(source->source_name, &run->fallback_source_name) ||
	    (run->tick = evtimer_new(run->extractor->base, on_tick, run)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	run->trigger = options->trigger;
	run->due = options->due != NULL ? options->due->at : 0;
	run->to_incoming = !options->is_dry && options->output_path == NULL;
	return options->is_dry || settle_place(run, options->output_path, err);
}

bool run_start(struct extractor *extractor, const struct run_options *options, struct hs_call *call,
    struct hs_error *err)
{
	struct source source;
	struct run *run;

	if (extractor->is_stopping)
		return hs_error_set(err, HS_NOT_RUNNING, "", "the extractor is stopping");
	if (!source_find(hs_child_settings(extractor->child), options->source, &source, err))
		return false;
	if (find_run(extractor, source.name) != NULL)
		return hs_error_set(err, HS_BUSY, source.name, "a run of %s is under way: wait for it,"
		    " or hsctl extractor cancel %s", source.name, source.name);
	if ((run = calloc(1, sizeof *run)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	run->extractor = extractor;
	run->began_ms = hs_clock_ms();
	if (!settle(run, &source, options, err) ||
	    !store_begin(extractor->pool, run->source, run->trigger, options->due, extractor->host,
		run->url, run->shown_url, on_begun, run, err)) {
		run_free(run);
		return false;
	}
	run->call = call;
	run->next = extractor->runs;
	extractor->runs = run;
	set_tick(run);
	return true;
}

/* Before it has a row, on_begun sees to it; while a thread is at work, work_done does. */
static void cancel(struct run *run)
{
	if (run->is_cancelled)
		return;
	run->is_cancelled = true;
	if (run->work != NULL) {
		atomic_store(&run->work->progress.is_cancelled, true);
	} else if (run->fetch != NULL) {
		fetch_cancel(run->fetch);
		run->fetch = NULL;
		end_run(run, "cancelled", NULL, NULL);
	}
}

bool run_cancel(struct extractor *extractor, const char *source)
{
	struct run *run = find_run(extractor, source);

	if (run == NULL)
		return false;
	cancel(run);
	return true;
}

void run_cancel_all(struct extractor *extractor)
{
	for (struct run *next, *run = extractor->runs; run != NULL; run = next) {
		next = run->next;
		cancel(run);
	}
	if (extractor->is_stopping && extractor->runs == NULL)
		hs_child_stopped(extractor->child);
}

json_t *run_progress(const struct extractor *extractor, const char *source)
{
	const struct run *run = find_run(extractor, source);

	return run != NULL ? progress_json(run) : json_null();
}

size_t run_count(const struct extractor *extractor)
{
	size_t count = 0;

	for (const struct run *run = extractor->runs; run != NULL; run = run->next)
		count++;
	return count;
}

bool run_is_for(const struct extractor *extractor, const char *source, int64_t due)
{
	const struct run *run = find_run(extractor, source);

	return run != NULL && run->due == due;
}

void run_free_all(struct extractor *extractor)
{
	for (struct run *next, *run = extractor->runs; run != NULL; run = next) {
		next = run->next;
		run_free(run);
	}
	extractor->runs = NULL;
}
