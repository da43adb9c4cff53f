/* play.c: what the worker does next, which run a file belongs to, and who hears of it.
 *
 * Trusts the intake for the order and the worker for the outcome. Here, and only here, is decided
 * whether a file is done with or waits: by how the possession ended. A run takes in all
 * files that are ready one after another; a command gets a run of its own, which ends when all
 * that it found has its outcome. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/importer/importer.h"

enum { UNTOLD_SECONDS = 60, UNTOLD_KEPT = 10 };

static const char *const stage_names[] = {
	[STAGE_CHECKING] = "checking",
	[STAGE_LOADING] = "loading",
	[STAGE_MERGING] = "merging",
	[STAGE_UNDOING] = "undoing",
};

/* --- who hears ------------------------------------------------------------------------ */

void play_follow(struct importer *importer, struct hs_call *call, const char *retry,
    int64_t retry_id)
{
	struct follower *follower = calloc(1, sizeof *follower), **end = &importer->followers;
	struct hs_error err = HS_ERROR_INIT;

	if (follower == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a command");
		hs_call_error(call, &err);
		return;
	}
	follower->call = call;
	follower->since = hs_clock_seconds();
	follower->retry_id = retry_id;
	if (retry != NULL)
		snprintf(follower->retry, sizeof follower->retry, "%s", retry);
	while (*end != NULL)
		end = &(*end)->next;
	*end = follower;
}

void play_errand(struct importer *importer, struct hs_call *call, const struct job *job)
{
	struct errand *errand = calloc(1, sizeof *errand), **end = &importer->errands;
	struct hs_error err = HS_ERROR_INIT;

	if (errand == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a command");
		hs_call_error(call, &err);
		return;
	}
	errand->call = call;
	errand->job = *job;
	while (*end != NULL)
		end = &(*end)->next;
	*end = errand;
}

/* A file that is not in our failed folder may lie in another importer's. */
static void refuse_call(struct hs_call *call, const struct hs_error *err)
{
	if (err->code == HS_NOT_FOUND)
		hs_call_decline(call, err);
	else
		hs_call_error(call, err);
}

/* Ends the first errand. err NULL: with result (taken). */
static void end_errand(struct importer *importer, json_t *result, const struct hs_error *err)
{
	struct errand *errand = importer->errands;

	importer->errands = errand->next;
	importer->is_on_errand = false;
	if (err != NULL && errand->job.kind == JOB_DELETE)
		refuse_call(errand->call, err);
	else if (err != NULL)
		hs_call_error(errand->call, err);
	else
		hs_call_result(errand->call, result);
	free(errand);
}

static void tell_file(struct importer *importer, const struct report *report)
{
	for (struct follower *at = importer->followers; at != NULL; at = at->next) {
		report_add(&at->totals, report);
		hs_call_event(at->call, "file", json_pack("{s:o}", "file", report_json(report)));
	}
}

static json_t *progress_json(const struct importer *importer)
{
	const struct worker_progress *progress = &importer->progress;

	return json_pack("{s:s, s:I, s:I, s:I, s:s, s:I}", "file", importer->playing,
	    "bytes", (json_int_t)progress->bytes, "total", (json_int_t)progress->total_bytes,
	    "records", (json_int_t)progress->records, "stage", stage_names[progress->stage],
	    "left", (json_int_t)intake_count(importer->intake));
}

json_t *play_importing(const struct importer *importer)
{
	return importer->playing[0] != '\0' ? progress_json(importer) : json_null();
}

static void tell_errand(struct importer *importer)
{
	const struct worker_progress *progress = &importer->progress;
	char name[64];

	if (!importer->is_on_errand)
		return;
	snprintf(name, sizeof name, "file %lld", (long long)importer->errands->job.file_id);
	hs_call_event(importer->errands->call, "progress", json_pack("{s:s, s:s, s:I, s:I, s:s}",
	    "file", name, "note", progress->about, "done", (json_int_t)progress->bytes,
	    "parts", (json_int_t)progress->total_bytes, "stage", stage_names[progress->stage]));
}

void play_progress(struct importer *importer, const struct worker_progress *progress)
{
	importer->progress = *progress;
	if (progress->stage == STAGE_UNDOING) {
		tell_errand(importer);
		return;
	}
	for (struct follower *at = importer->followers; at != NULL; at = at->next)
		hs_call_event(at->call, "progress", progress_json(importer));
}

/* What failed by itself a moment ago, which whoever comes now has not heard. A new reference. */
static json_t *take_untold(struct importer *importer)
{
	json_t *files = json_array(), *one;
	double now = hs_clock_seconds();
	size_t i;

	json_array_foreach(importer->untold, i, one)
		if (now - json_number_value(json_object_get(one, "at")) < UNTOLD_SECONDS)
			json_array_append(files, json_object_get(one, "file"));
	json_decref(importer->untold);
	importer->untold = NULL;
	return files;
}

static void keep_untold(struct importer *importer, const struct report *report)
{
	if (importer->followers != NULL || report->status != REPORT_FAILED)
		return;
	if (importer->untold == NULL)
		importer->untold = json_array();
	if (json_array_size(importer->untold) >= UNTOLD_KEPT)
		json_array_remove(importer->untold, 0);
	json_array_append_new(importer->untold, json_pack("{s:f, s:o}", "at", hs_clock_seconds(),
	    "file", report_json(report)));
}

static json_t *run_result(struct importer *importer, const struct follower *follower, json_t *run)
{
	json_t *result = json_pack("{s:O?, s:o, s:o}", "run", run, "totals",
	    report_totals_json(&follower->totals, hs_clock_seconds() - follower->since),
	    "failed_before", take_untold(importer));

	scan_tell_ignored(importer, result);
	return result;
}

/* Those whose run it was get its result and are followers no longer. run may be NULL. */
static void tell_run(struct importer *importer, json_t *run)
{
	for (struct follower *follower, **at = &importer->followers; (follower = *at) != NULL;) {
		if (!follower->in_run) {
			at = &follower->next;
			continue;
		}
		*at = follower->next;
		hs_call_result(follower->call, run_result(importer, follower, run));
		free(follower);
	}
}

static void refuse(struct importer *importer, struct follower *follower, const struct hs_error *err)
{
	struct follower **at = &importer->followers;

	while (*at != follower)
		at = &(*at)->next;
	*at = follower->next;
	refuse_call(follower->call, err);
	free(follower);
}

/* All but the one that is under way, which ends by itself. */
static void dismiss_errands(struct importer *importer, const struct hs_error *err)
{
	struct errand **first = importer->is_on_errand ? &importer->errands->next :
							 &importer->errands;

	while (*first != NULL) {
		struct errand *errand = *first;

		*first = errand->next;
		hs_call_error(errand->call, err);
		free(errand);
	}
}

void play_dismiss(struct importer *importer)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_CANCELLED, "",
	    "the importer is stopping; files that are not finished stay in incoming");
	while (importer->followers != NULL)
		refuse(importer, importer->followers, &err);
	dismiss_errands(importer, &err);
}

/* --- what comes next ------------------------------------------------------------------ */

static void give(struct importer *importer, const struct job *job)
{
	struct report named;

	importer->playing[0] = '\0';
	if (job->kind == JOB_FILE) {
		report_init(&named, job->name);
		memcpy(importer->playing, named.name, sizeof importer->playing);
		importer->progress =
		    (struct worker_progress){ .total_bytes = job->facts.size_bytes };
	}
	worker_give(importer->worker, job);
}

static void end_run(struct importer *importer)
{
	const struct job job = { .kind = JOB_END_RUN, .trigger = importer->trigger,
		.even_empty = run_is_asked_for(importer->trigger) && !importer->is_stopping };

	give(importer, &job);
}

static void give_file(struct importer *importer, const struct intake_pick *pick)
{
	struct job job = { .kind = JOB_FILE, .facts = pick->facts, .may_be_cut = pick->may_be_cut,
		.max_record_bytes = (size_t)hs_setting_int(hs_child_settings(importer->child),
		    HS_SET_MAX_RECORD_BYTES) };

	if (!importer->in_run)
		importer->trigger = pick->is_first_scan ? RUN_START : RUN_WATCH;
	importer->in_run = true;
	memcpy(job.name, pick->name, sizeof job.name);
	job.trigger = importer->trigger;
	give(importer, &job);
}

/* A command's file that lies in failed comes first. */
static bool bring_back(struct importer *importer)
{
	struct job job = { .kind = JOB_BRING_BACK };

	for (struct follower *at = importer->followers; at != NULL; at = at->next) {
		if (at->retry[0] == '\0')
			continue;
		memcpy(job.name, at->retry, sizeof job.name);
		job.file_id = at->retry_id;
		give(importer, &job);
		return true;
	}
	return false;
}

/* Commands that are not yet in a run get one: that of another command, or, once the run under way
 * has ended, a new one. False while they wait for that end. */
static bool join_run(struct importer *importer)
{
	for (struct follower *at = importer->followers; at != NULL; at = at->next) {
		if (at->in_run)
			continue;
		if (importer->in_run && !run_is_asked_for(importer->trigger)) {
			end_run(importer);
			return false;
		}
		if (!importer->in_run)
			importer->trigger = hs_call_is_by_web(at->call) ? RUN_ADMIN : RUN_COMMAND;
		importer->in_run = at->in_run = true;
	}
	return true;
}

/* Files that a command hurried in vain: still being written, still empty, no database. */
static void tell_given_up(struct importer *importer)
{
	struct report report;
	char name[NAME_MAX + 1], reason[HS_ERROR_MESSAGE_BYTES];
	int64_t size;

	while (intake_give_up_hurry(importer->intake, name, &size, reason)) {
		report_init(&report, name);
		report.status = REPORT_WAITING;
		report.size_bytes = size;
		memcpy(report.reason, reason, sizeof report.reason);
		tell_file(importer, &report);
	}
}

static void set_look_timer(struct importer *importer)
{
	double pause = intake_pause(importer->intake, hs_clock_seconds());
	struct timeval wait = { .tv_sec = (time_t)pause,
		.tv_usec = (suseconds_t)((pause - floor(pause)) * 1e6) + 1000 };

	if (pause < 0)
		event_del(importer->look_timer);
	else if (event_add(importer->look_timer, &wait) != 0)
		hs_panic("no timer for the next look");
}

static void choose(struct importer *importer)
{
	const struct job catch_up = { .kind = JOB_CATCH_UP };
	struct intake_pick pick;

	if (importer->wants_catch_up) {
		importer->wants_catch_up = false;
		give(importer, &catch_up);
		return;
	}
	if (importer->errands != NULL && !importer->is_stopping) {
		importer->is_on_errand = true;
		give(importer, &importer->errands->job);
		return;
	}
	if (bring_back(importer) || !join_run(importer))
		return;
	if (!importer->is_stopping && intake_pick(importer->intake, hs_clock_seconds(), &pick)) {
		give_file(importer, &pick);
		return;
	}
	if (!importer->in_run || (run_is_asked_for(importer->trigger) && !importer->is_stopping &&
				     intake_is_hurried(importer->intake)))
		return;
	end_run(importer);
}

static void stop_when_idle(struct importer *importer)
{
	if (importer->in_run)
		end_run(importer);
	else
		hs_child_stopped(importer->child);
}

void play_next(struct importer *importer)
{
	if (worker_is_busy(importer->worker))
		return;
	if (importer->is_stopping) {
		stop_when_idle(importer);
		return;
	}
	scan_due(importer);
	tell_given_up(importer);
	choose(importer);
	if (!worker_is_busy(importer->worker))
		set_look_timer(importer);
}

/* --- how it went ---------------------------------------------------------------------- */

static void keep_last(struct importer *importer, const struct report *report)
{
	report_add(&importer->ever, report);
	importer->last_at = time(NULL);
	report_done(&importer->last);
	importer->last = *report;
	json_incref(importer->last.problems);
	importer->has_last = true;
}

/* True when the folder wants a scan. */
static bool file_kept(struct importer *importer, struct news *news)
{
	struct report *report = &news->report;
	bool soon, wants_scan;

	wants_scan = intake_kept(importer->intake, &news->err, hs_clock_seconds(), &soon);
	report->status = REPORT_WAITING;
	snprintf(report->reason, sizeof report->reason, "%s", news->err.message);
	/* that another importer has it is how two share a folder */
	if (news->err.code == HS_FILE_CHANGED || news->err.code == HS_BUSY || importer->is_stopping)
		hs_log(HS_LOG_DEBUG, "a file stays in incoming", HS_STR("file", report->name),
		    HS_STR("error", report->reason));
	else
		report_log(report);
	if (!soon)
		tell_file(importer, report);
	return wants_scan;
}

static void file_news(struct importer *importer, struct news *news)
{
	bool wants_scan;

	importer->playing[0] = '\0';
	if (news->end == POSSESSION_KEPT) {
		wants_scan = file_kept(importer, news);
	} else {
		wants_scan = intake_finished(importer->intake);
		if (news->end == POSSESSION_SHELVED) {
			report_log(&news->report);
			keep_last(importer, &news->report);
			keep_untold(importer, &news->report);
			tell_file(importer, &news->report);
		}
	}
	if (news->is_large)
		vacuum_tables(importer);
	if (importer->wants_scan && intake_count(importer->intake) < INTAKE_MAX / 2)
		wants_scan = true;
	if (wants_scan)
		scan_folder(importer);
}

static void run_news(struct importer *importer, struct news *news)
{
	importer->in_run = false;
	if (!news->done)
		hs_log_error(HS_LOG_WARNING, "cannot record the end of a run now", &news->err);
	tell_run(importer, news->run);
}

static void back_news(struct importer *importer, struct news *news)
{
	struct follower *follower = importer->followers;

	while (follower != NULL && (strcmp(follower->retry, news->job.name) != 0 ||
	    follower->retry_id != news->job.file_id))
		follower = follower->next;
	if (follower == NULL)
		return;
	if (!news->done) {
		refuse(importer, follower, &news->err);
		return;
	}
	follower->retry[0] = '\0';
	scan_told(importer, news->name, true);
}

void play_news(struct importer *importer, struct news *news)
{
	switch (news->job.kind) {
	case JOB_CATCH_UP:
		importer->missed_database = !news->done;
		if (news->done)
			intake_resume(importer->intake);
		break;
	case JOB_FILE:
		file_news(importer, news);
		break;
	case JOB_END_RUN:
		run_news(importer, news);
		break;
	case JOB_BRING_BACK:
		back_news(importer, news);
		break;
	case JOB_UNDO:
	case JOB_DELETE:
		end_errand(importer, json_incref(news->result), news->done ? NULL : &news->err);
		if (news->is_large)
			vacuum_tables(importer);
		break;
	}
	play_next(importer);
}
