/* run.c: one run, from the order to its end in the database.
 *
 * begin (store.c: a row, so that nobody else runs this source) -> for each step of the walk (walk.c:
 * joins, then pages) fetch (fetch.c: the body in a nameless file) and work (work.c: pipeline.c on a
 * thread) -> finish (the snapshot in its place) -> end (store.c). Whatever fails or is cancelled
 * goes straight to end, and leaves no file behind. */
#include "daemons/extractor/run.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/extractor.h"
#include "daemons/extractor/fetch_settings.h"
#include "daemons/extractor/pipeline.h"
#include "daemons/extractor/run_place.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/url.h"
#include "daemons/extractor/walk.h"
#include "daemons/extractor/work.h"

enum {
	TICK_MS = 250,
	SEEN_EVERY_MS = 2000,
	NOTE_BYTES = FETCH_WHY_BYTES + 80
};

struct run {
	struct extractor *extractor;
	struct run *next;
	struct hs_call *call;
	char *source, *url, *shown_url, *source_name, *fallback_source_name;
	char *folder;			/* NULL: a dry run */
	char *file_name;
	char *answer_key;		/* what the answers are remembered by */
	bool to_incoming;		/* only then the answers are remembered */
	enum store_trigger trigger;
	int64_t due;			/* 0: it is not scheduled */
	int64_t number;			/* in the database; 0: not yet */
	int64_t began_ms, seen_ms;
	bool is_cancelled;
	struct event *tick;

	struct fetch_settings *settings;	/* a share: those it began with */
	struct fetch *fetch;
	struct fetch_progress fetched;
	struct mapping *mapping;	/* until there is work, which takes it */
	struct walk *walk;
	struct work *work;
	bool is_working;		/* a step of it is under way */
	char *link;			/* the page's header Link, when it names a next one */
	char *found_at;			/* the page's URL after redirects; has its secrets */
	char *etag, *last_modified;	/* asked with, then answered */
	uint64_t bytes;			/* of all answers so far, and of one that failed */
	json_t *result;			/* what the call will hear */
};

/* ---- what a run is ---- */

static void run_free(struct run *run)
{
	if (run == NULL)
		return;
	work_free(run->work);
	fetch_cancel(run->fetch);
	fetch_settings_drop(run->settings);
	walk_free(run->walk);
	mapping_free(run->mapping);
	if (run->tick != NULL)
		event_free(run->tick);
	free(run->source);
	free(run->url);
	free(run->shown_url);
	free(run->source_name);
	free(run->fallback_source_name);
	free(run->folder);
	free(run->file_name);
	free(run->answer_key);
	free(run->link);
	free(run->found_at);
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
		[FETCH_WAITING] = "waiting", [FETCH_PAUSING] = "waiting", [FETCH_ROBOTS] = "asking",
		[FETCH_ASKING] = "asking", [FETCH_RECEIVING] = "fetching",
	};

	if (run->is_working)
		return "checking";
	return run->fetch != NULL ? phases[run->fetched.phase] : "beginning";
}

/* What it waits for, when that is worth a word; NULL: nothing. */
static const char *note_of(const struct run *run, char buf[NOTE_BYTES])
{
	const struct fetch_progress *fetched = &run->fetched;
	unsigned seconds = (fetched->wait_ms + 999) / 1000;

	if (run->is_working || run->fetch == NULL)
		return NULL;
	if (fetched->phase == FETCH_PAUSING)
		snprintf(buf, NOTE_BYTES, "waiting %u s before try %u of %u: %s", seconds,
		    fetched->attempt, fetched->attempts, fetched->why);
	else if (fetched->phase == FETCH_WAITING && seconds > 1)
		snprintf(buf, NOTE_BYTES, "waiting %u s for its turn at the host", seconds);
	else
		return NULL;
	return buf;
}

static json_t *progress_json(const struct run *run)
{
	char note[NOTE_BYTES];
	/* of several pages nobody knows how much they will be */
	uint64_t pages = run->walk != NULL ? walk_pages(run->walk) : 0;
	uint64_t total = run->fetch != NULL && pages == 0 ? run->fetched.total_bytes : 0;
	uint64_t fetched = run->fetch != NULL ? run->fetched.bytes : 0;

	return json_pack("{s:s, s:I, s:s, s:s?, s:I, s:I, s:I, s:I, s:f}", "file", run->source, "run",
	    (json_int_t)run->number, "stage", stage_of(run), "note", note_of(run, note), "bytes",
	    (json_int_t)(run->bytes + fetched), "total", (json_int_t)total, "pages",
	    (json_int_t)pages, "records",
	    (json_int_t)(run->work != NULL ? work_records(run->work) : 0), "seconds",
	    (double)(hs_clock_ms() - run->began_ms) / 1000);
}

static void set_tick(struct run *run)
{
	const struct timeval wait = { .tv_usec = TICK_MS * 1000 };

	if (event_add(run->tick, &wait) != 0)
		hs_panic("no timer for a run");
}

static void tell_it_is_alive(struct run *run)
{
	json_t *progress;

	if (run->number == 0 || hs_clock_ms() - run->seen_ms < SEEN_EVERY_MS)
		return;
	run->seen_ms = hs_clock_ms();
	progress = progress_json(run);
	store_seen(run->extractor->pool, run->number, progress);
	json_decref(progress);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;

	(void)fd, (void)what;
	if (run->call != NULL)
		hs_call_event(run->call, "progress", progress_json(run));
	tell_it_is_alive(run);
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
		hs_log_error_of(HS_LOG_ERROR, "cannot write down how a run ended", err,
		    HS_STR("source", run->source), HS_INT("run", run->number));
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
		hs_log_error_of(HS_LOG_ERROR, "a run failed", err, HS_STR("source", run->source),
		    HS_INT("run", run->number));
		return;
	}
	hs_log(HS_LOG_INFO, "a run ended", HS_STR("source", run->source), HS_STR("status", status),
	    HS_STR("file", end->file), HS_INT("bytes", end->bytes), HS_INT("records", end->records),
	    HS_INT("problems", end->problem_total), HS_INT("run", run->number));
}

static json_t *given(json_t *value)
{
	return value != NULL ? json_incref(value) : json_array();
}

/* What became of the source's records that are not in the snapshot, and what looks odd. */
static json_t *report_json(const struct pipeline_result *result)
{
	if (result == NULL)
		return json_null();
	return json_pack("{s:I, s:I, s:o, s:I, s:o, s:o, s:I, s:o, s:o}", "skipped",
	    (json_int_t)result->skipped, "left_out", (json_int_t)result->left_out,
	    "left_out_problems", given(result->left_out_problems), "repeated",
	    (json_int_t)result->repeated, "repeated_first", given(result->repeated_first),
	    "warnings", given(result->warnings), "mapped", (json_int_t)result->mapped,
	    "empty_fields", given(result->empty_fields), "fields", given(result->fields));
}

static json_t *result_json(const struct run *run, const struct store_end *end)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:f, s:s, s:I, s:I, s:I, s:s?, s:s?, s:s?, s:O,"
	    " s:I, s:O?, s:O}", "run", (json_int_t)run->number, "source", run->source, "trigger",
	    store_trigger_name(run->trigger), "status", end->status, "seconds",
	    (double)(hs_clock_ms() - run->began_ms) / 1000, "url", run->shown_url, "pages",
	    (json_int_t)end->pages, "bytes", (json_int_t)end->bytes, "records",
	    (json_int_t)end->records, "file", end->file, "source_name", end->source_name,
	    "snapshot_date", end->snapshot_date, "error", end->error, "problem_total",
	    (json_int_t)end->problem_total, "problems", end->problems, "report", end->report);
}

static void count_end(struct run *run, const char *status)
{
	json_t *ended = run->extractor->ended, *of = json_object_get(ended, run->source);
	json_int_t before = json_integer_value(json_object_get(of, status));

	if (of == NULL) {
		json_object_set_new(ended, run->source, json_object());
		of = json_object_get(ended, run->source);
	}
	if (json_object_set_new(of, status, json_integer(before + 1)) != 0)
		hs_log(HS_LOG_WARNING, "a run is not counted: there is no memory",
		    HS_STR("source", run->source));
}

/* result NULL: there was nothing to make a snapshot of. */
static void end_run(struct run *run, const char *status, const struct pipeline_result *result,
    const struct hs_error *why)
{
	struct hs_error err = HS_ERROR_INIT;
	bool has_file = result != NULL && result->path[0] != '\0';
	bool is_made = result != NULL && !result->is_unchanged;
	/* an answer of the same content may have another ETag */
	bool remembers = run->to_incoming && result != NULL && (has_file || result->is_unchanged);
	json_t *error = error_json(why), *report = report_json(is_made ? result : NULL);
	const struct store_end end = {
		.run = run->number, .source = run->source, .status = status,
		.is_due_again = run->extractor->is_stopping && strcmp(status, "cancelled") == 0 &&
		    run->trigger == STORE_BY_SCHEDULE,
		.pages = walk_pages(run->walk), .bytes = run->bytes,
		.records = result != NULL ? result->records : 0,
		.problem_total = result != NULL ? result->problem_total : 0,
		.file = has_file ? result->path : NULL,
		.source_name = is_made ? result->source_name : NULL,
		.snapshot_date = is_made ? result->snapshot_date : NULL,
		.error = error, .problems = result != NULL ? result->problems : NULL,
		.report = report, .answer_key = remembers ? run->answer_key : NULL,
		.etag = walk_is_one(run->walk) ? run->etag : NULL,
		.last_modified = walk_is_one(run->walk) ? run->last_modified : NULL,
		.digest = result != NULL ? result->digest : NULL,
	};

	event_del(run->tick);
	log_end(run, status, &end, why);
	count_end(run, status);
	run->result = result_json(run, &end);
	if (run->result == NULL)
		hs_panic("no memory for the end of a run");
	if (!store_end(run->extractor->pool, &end, on_end_written, run, &err)) {
		hs_log_error_of(HS_LOG_ERROR, "cannot write down how a run ended", &err,
		    HS_STR("source", run->source), HS_INT("run", run->number));
		finish(run);
	}
	json_decref(error);
	json_decref(report);
}

static void end_with_error(struct run *run, const struct hs_error *err)
{
	if (run->is_cancelled)
		end_run(run, "cancelled", NULL, NULL);
	else
		end_run(run, "failed", NULL, err);
}

/* ---- the steps ---- */

static void next_step(struct run *run);

static void end_finished(struct run *run)
{
	const struct pipeline_result *result = work_result(run->work);

	if (result->is_unchanged)
		end_run(run, "unchanged", result, NULL);
	else if (result->problem_total > 0 || result->why.code != HS_OK)
		end_run(run, "failed", result, result->why.code != HS_OK ? &result->why : NULL);
	else
		end_run(run, run->folder == NULL ? "checked" : "emitted", result, NULL);
}

/* What failed, and in which of several bodies. */
static void name_step(const struct run *run, const struct walk_step *step,
    const struct hs_error *error, struct hs_error *ret)
{
	*ret = *error;
	if (step->kind == WALK_JOIN)
		hs_error_set(ret, error->code, error->where, "in the feed of the join %.100s: %s",
		    work_mapping(run->work)->joins[step->number].name, error->message);
	else if (step->kind == WALK_PAGE && !walk_is_one(run->walk))
		hs_error_set(ret, error->code, error->where, "on page %llu: %s",
		    (unsigned long long)walk_pages(run->walk) + 1, error->message);
}

static void on_worked(void *arg, const struct hs_error *error)
{
	struct hs_error err = HS_ERROR_INIT;
	struct run *run = arg;
	struct walk_step step;
	bool done = true;

	run->is_working = false;
	walk_step(run->walk, &step);
	if (error != NULL) {
		name_step(run, &step, error, &err);
		end_with_error(run, &err);
		return;
	}
	if (step.kind == WALK_END) {
		end_finished(run);	/* cancelled too late: it is in its place */
		return;
	}
	if (run->is_cancelled) {
		end_run(run, "cancelled", NULL, NULL);
		return;
	}
	if (step.kind == WALK_JOIN)
		walk_joined(run->walk);
	else
		done = walk_paged(run->walk, work_latest_page(run->work), run->link, run->found_at,
		    &err);
	if (done)
		next_step(run);
	else
		end_with_error(run, &err);
}

/* Takes fd when it returns true. */
static bool start_work(struct run *run, int fd, struct hs_error *err)
{
	struct walk_step step;

	walk_step(run->walk, &step);
	if (step.kind == WALK_END)
		run->is_working = work_finish(run->work, err);
	else if (step.kind == WALK_JOIN)
		run->is_working = work_join(run->work, step.number, fd, err);
	else
		run->is_working = work_page(run->work, step.number, fd, err);
	return run->is_working;
}

/* What a server said is sent to the database, which takes nothing but UTF-8. */
static void keep_header(const char *value, char **ret)
{
	free(*ret);
	*ret = value != NULL && hs_utf8_valid_prefix(value, strlen(value)) == strlen(value) ?
	    strdup(value) : NULL;
}

static bool keep_text(const char *value, char **ret, struct hs_error *err)
{
	free(*ret);
	*ret = value != NULL ? strdup(value) : NULL;
	return value == NULL || *ret != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a URL");
}

static void on_fetched(void *arg, const struct fetch_result *result, const struct hs_error *error)
{
	struct hs_error err = HS_ERROR_INIT;
	struct run *run = arg;

	if (error != NULL)
		run->bytes += fetch_received(run->fetch);
	run->fetch = NULL;
	if (error != NULL) {
		end_with_error(run, error);
		return;
	}
	if (result->is_unchanged) {
		end_run(run, "unchanged", NULL, NULL);
		return;
	}
	run->bytes += result->bytes;
	keep_header(result->etag, &run->etag);
	keep_header(result->last_modified, &run->last_modified);
	if (keep_text(result->next_url, &run->link, &err) &&
	    keep_text(result->url, &run->found_at, &err) && start_work(run, result->fd, &err))
		return;
	close(result->fd);
	end_with_error(run, &err);
}

static void on_fetch_progress(void *arg, const struct fetch_progress *progress)
{
	struct run *run = arg;

	run->fetched = *progress;
}

/* The mapping's headers, those whose values the environment has too. */
static bool fill_headers(const struct mapping *mapping, struct fetch_header *headers, size_t *count,
    struct hs_error *err)
{
	*count = 0;
	for (size_t i = 0; mapping != NULL && i < mapping->header_count; i++) {
		const struct mapping_header *header = &mapping->headers[i];
		const char *value = header->value != NULL ? header->value : getenv(header->env);

		if (value == NULL)
			return hs_error_set(err, HS_BAD_ARGUMENT, "/headers",
			    "the mapping's header %.100s wants the environment variable %.100s, which "
			    "is not set: set it where HoopScout is started", header->name,
			    header->env);
		headers[(*count)++] = (struct fetch_header){ header->name, value };
	}
	return true;
}

/* Keys are for the server that the mapping's own URL names, or its first one: not for that of a join
 * elsewhere, nor for what --url names. */
static bool is_at_home(const struct run *run, const char *text)
{
	const struct mapping *mapping = work_mapping(run->work);
	struct url home = { .text = NULL }, url = { .text = NULL };
	struct hs_error ignored = HS_ERROR_INIT;
	bool is_home = mapping != NULL && mapping->header_count > 0 &&
	    url_parse(mapping->url_count > 0 ? mapping->urls[0].url : run->url, NULL, &home,
		&ignored) &&
	    url_parse(text, NULL, &url, &ignored) && url_is_same_origin(&home, &url);

	url_done(&home);
	url_done(&url);
	return is_home;
}

static bool start_fetch(struct run *run, const struct walk_step *step, struct hs_error *err)
{
	struct fetch_header headers[MAPPING_MAX_HEADERS];
	struct fetch_request request = { .url = step->url, .headers = headers,
		.settings = run->settings };

	if (is_at_home(run, step->url) &&
	    !fill_headers(work_mapping(run->work), headers, &request.header_count, err))
		return false;
	if (walk_is_one(run->walk)) {
		request.etag = run->etag;
		request.last_modified = run->last_modified;
	}
	memset(&run->fetched, 0, sizeof run->fetched);
	return fetch_start(run->extractor->fetcher, &request, on_fetched, on_fetch_progress, run,
	    &run->fetch, err);
}

static void next_step(struct run *run)
{
	struct hs_error err = HS_ERROR_INIT;
	struct walk_step step;

	walk_step(run->walk, &step);
	if (step.kind == WALK_END ? !start_work(run, -1, &err) : !start_fetch(run, &step, &err))
		end_with_error(run, &err);
}

static void log_not_begun(const struct run *run, const struct hs_error *why)
{
	if (why->code == HS_BUSY)
		hs_log(HS_LOG_INFO, "a source does not run when it is due", HS_STR("source", run->source),
		    HS_STR("why", why->message));
	else
		hs_log_error_of(HS_LOG_ERROR, "a source cannot run when it is due", why,
		    HS_STR("source", run->source));
}

static bool prepare_work(struct run *run, const unsigned char *known_digest, struct hs_error *err)
{
	const struct hs_settings *settings = hs_child_settings(run->extractor->child);
	const struct pipeline_options options = {
		.folder = run->folder, .file_name = run->file_name,
		.source_name = run->source_name,
		.fallback_source_name = run->fallback_source_name, .today = hs_date_today(),
		.with_payload = hs_setting_bool(settings, HS_SET_EXTRACTOR_INCLUDE_RAW_PAYLOAD),
		.max_record_bytes = (size_t)hs_setting_int(settings, HS_SET_MAX_RECORD_BYTES),
		.known_digest = known_digest,
	};
	struct mapping *mapping = run->mapping;

	run->mapping = NULL;
	return work_new(run->extractor->offload, &options, mapping, on_worked, run, &run->work, err);
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
	if (run->to_incoming) {
		keep_header(begun->etag, &run->etag);
		keep_header(begun->last_modified, &run->last_modified);
	}
	if (run->is_cancelled)
		end_run(run, "cancelled", NULL, NULL);
	else if (prepare_work(run, run->to_incoming && begun->has_digest ? begun->digest : NULL, &err))
		next_step(run);
	else
		end_with_error(run, &err);
}

/* ---- the order ---- */

/* By what the answers are remembered: another mapping, name or payload makes another snapshot of
 * the same answer. */
static bool settle_key(struct run *run, struct hs_error *err)
{
	const struct hs_settings *settings = hs_child_settings(run->extractor->child);
	char mapping[2 * MAPPING_DIGEST_BYTES + 1] = "";
	const char *name = run->source_name != NULL ? run->source_name : run->fallback_source_name;
	size_t size = strlen(run->url) + sizeof mapping + strlen(name) + 16;

	if (run->mapping != NULL)
		hs_hex_text(run->mapping->digest, MAPPING_DIGEST_BYTES, mapping);
	run->answer_key = malloc(size);
	if (run->answer_key == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	return hs_format(run->answer_key, size, err, "%s\n%s\n%s\n%d", run->url, mapping, name,
	    hs_setting_bool(settings, HS_SET_EXTRACTOR_INCLUDE_RAW_PAYLOAD));
}

static bool settle_mapping(struct run *run, const struct source *source, struct hs_error *err)
{
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error why = HS_ERROR_INIT;
	bool done;

	if (mistakes == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a mapping");
	done = source_mapping(source, mistakes, &run->mapping, &why) ||
	    hs_error_set(err, why.code, why.where, "%s; hsctl extractor check %s shows all of it",
		why.message, source->name);
	hs_problems_free(mistakes);
	return done;
}

/* What is wrong with it was said wrongly, which is not so of a mapping's or a server's. */
static bool check_url(const char *text, struct hs_error *err)
{
	struct url url = { .text = NULL };
	struct hs_error why = HS_ERROR_INIT;

	if (!url_parse(text, NULL, &url, &why))
		return hs_error_set(err, why.code == HS_BAD_URL ? HS_BAD_ARGUMENT : why.code, "url",
		    "%s", why.message);
	url_done(&url);
	return true;
}

static bool settle(struct run *run, const struct run_options *options, struct hs_error *err)
{
	const struct source *source = options->source;
	const char *url = options->url != NULL ? options->url : source->url;
	char shown[FETCH_MAX_URL_BYTES];

	if (!settle_mapping(run, source, err) ||
	    (options->url != NULL && !check_url(options->url, err)))
		return false;
	if (url[0] == '\0')
		return hs_error_set(err, HS_BAD_ARGUMENT, "url", source->path == NULL ?
		    "%s has no URL: set EXTRACTOR_PUBLIC_JSON_URL, or give --url" :
		    "the mapping of %s names no URL: give --url", source->name);
	if (!hs_text_copy(source->name, &run->source) || !hs_text_copy(url, &run->url) ||
	    !hs_text_copy(url_mask(url, shown, sizeof shown), &run->shown_url) ||
	    !hs_text_copy(options->source_name, &run->source_name) ||
	    !hs_text_copy(source->source_name, &run->fallback_source_name) ||
	    (run->tick = evtimer_new(run->extractor->base, on_tick, run)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	run->trigger = options->trigger;
	run->due = options->due != NULL ? options->due->at : 0;
	run->to_incoming = !options->is_dry && options->output_path == NULL;
	/* without a mapping the one URL is given in any case */
	return walk_new(run->mapping, options->url != NULL || run->mapping == NULL ? url : NULL,
	    &run->walk, err) && settle_key(run, err) &&
	    (options->is_dry || run_place_find(options->output_path, hs_setting_text(
		hs_child_settings(run->extractor->child), HS_SET_INCOMING_DIR), run->source,
		&run->folder, &run->file_name, err));
}

bool run_start(struct extractor *extractor, const struct run_options *options, struct hs_call *call,
    struct hs_error *err)
{
	const char *name = options->source->name;
	struct run *run;

	if (extractor->is_stopping)
		return hs_error_set(err, HS_NOT_RUNNING, "", "the extractor is stopping");
	if (find_run(extractor, name) != NULL)
		return hs_error_set(err, HS_BUSY, name, "a run of %s is under way: wait for it,"
		    " or hsctl extractor cancel %s", name, name);
	if ((run = calloc(1, sizeof *run)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	run->extractor = extractor;
	run->began_ms = hs_clock_ms();
	run->settings = fetcher_settings(extractor->fetcher);
	if (!settle(run, options, err) ||
	    !store_begin(extractor->pool, run->source, run->trigger, options->due, extractor->host,
		run->answer_key, run->shown_url, on_begun, run, err)) {
		run_free(run);
		return false;
	}
	run->call = call;
	run->next = extractor->runs;
	extractor->runs = run;
	set_tick(run);
	return true;
}

/* Before it has a row, on_begun sees to it; while a thread is at work, on_worked does. */
static void cancel(struct run *run)
{
	if (run->is_cancelled)
		return;
	run->is_cancelled = true;
	if (run->is_working) {
		work_cancel(run->work);
	} else if (run->fetch != NULL) {
		run->bytes += fetch_received(run->fetch);
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

json_t *run_progress_all(const struct extractor *extractor)
{
	json_t *all = json_array();

	for (const struct run *run = extractor->runs; run != NULL; run = run->next)
		json_array_append_new(all, progress_json(run));
	return all;
}

void run_free_all(struct extractor *extractor)
{
	for (struct run *next, *run = extractor->runs; run != NULL; run = next) {
		next = run->next;
		run_free(run);
	}
	extractor->runs = NULL;
}
