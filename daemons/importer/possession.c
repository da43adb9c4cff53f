/* possession.c: one file in hand, from its opening in incoming to the shelf.
 *
 * Order: hash -> lock on the content -> known already? -> validate and stage -> merge, and
 * the file's row, in one transaction -> commit -> move. Killed anywhere, the next one finds
 * the file and, by its checksum, how far we came.
 * What is wrong with the file ends in failed; every error here is someone else's fault, and
 * leaves the file where it is. */
#include "daemons/importer/possession.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/problems.h"
#include "daemons/importer/load.h"
#include "daemons/importer/merge.h"
#include "daemons/importer/merge_sql.h"
#include "daemons/importer/runs.h"
#include "daemons/importer/shelve.h"

struct ball {
	const struct possession *by;
	struct report *report;
	int dir, fd;
	double began;		/* monotonic */
	struct digest digest;
	struct load *load;
	bool is_large;
};

static bool open_ball(struct ball *ball, struct hs_error *err)
{
	const char *incoming = hs_setting_text(ball->by->settings, HS_SET_INCOMING_DIR);
	struct place_facts facts;

	if (!hs_dir_open(incoming, &ball->dir, err) ||
	    !place_open(ball->dir, ball->by->name, &ball->fd, &facts, err))
		return false;
	if (!place_same_file(&facts, &ball->by->facts))
		return hs_error_set(
		    err, HS_NOT_FOUND, ball->by->name, "another file has this name now");
	return true;
}

static bool is_unchanged(const struct ball *ball, const struct stat *before, struct hs_error *err)
{
	struct place_facts was, now;
	struct stat info;

	if (fstat(ball->fd, &info) != 0)
		return hs_error_errno(err, ball->by->name, "cannot look at the file");
	place_facts_of(before, &was);
	place_facts_of(&info, &now);
	return place_same_content(&was, &now) || hs_error_set(err, HS_FILE_CHANGED, ball->by->name,
						     "the file changed while it was read");
}

static bool hash_ball(struct ball *ball, struct hs_error *err)
{
	struct stat before;

	if (fstat(ball->fd, &before) != 0)
		return hs_error_errno(err, ball->by->name, "cannot look at the file");
	if (!digest_file(ball->fd, ball->by->progress, &ball->digest, err) ||
	    !is_unchanged(ball, &before, err))
		return false;
	ball->report->size_bytes = (int64_t)before.st_size;
	digest_text(&ball->digest, ball->report->sha256);
	return true;
}

static void note_duration(struct ball *ball)
{
	ball->report->duration_ms = (int64_t)((hs_clock_seconds() - ball->began) * 1000);
}

/* The last steps of every outcome: the move, and its record. A file that someone else has moved
 * or replaced since it was recorded needs no move. */
static bool shelve_ball(struct ball *ball, struct hs_error *err)
{
	if (shelve(ball->by->settings, ball->by->name, &ball->by->facts, ball->report, err))
		return runs_store_file(ball->by->db, ball->report->file_id, ball->report->stored_as,
		    err);
	if (err->code != HS_NOT_FOUND)
		return false;
	hs_log_error(HS_LOG_WARNING, "cannot shelve a file that is done with", err);
	return true;
}

/* --- known already ------------------------------------------------------------------ */

/* It was committed under this name and never moved, or under a name that is there no more:
 * we died in between, or cannot move it. With its own file still there, it is a duplicate of that
 * one. */
static bool is_unfinished(const struct ball *ball, const struct report *known)
{
	struct place_facts facts;

	if (known->stored_as[0] != '\0')
		return false;
	return strcmp(known->name, ball->report->name) == 0 ||
	    !place_look(ball->dir, known->name, &facts, NULL);
}

/* It was done with, and then its import, or that of which it is a duplicate, was undone: it only
 * lacks its move, and does not come back by itself. Once it lies in archive, whoever puts it into
 * incoming again means to import it. */
static bool lacks_its_move(const struct ball *ball, const struct report *unshelved)
{
	return unshelved->file_id > 0 && (unshelved->status == REPORT_DUPLICATE ||
	    (unshelved->status == REPORT_UNDONE && is_unfinished(ball, unshelved)));
}

static void become(struct report *report, struct report *other)
{
	int64_t duration_ms = report->duration_ms;

	report_done(report);
	*report = *other;
	other->problems = NULL;
	if (report->duration_ms == 0)
		report->duration_ms = duration_ms;
}

static bool shelve_duplicate(struct ball *ball, const struct report *imported,
    struct report *unshelved, struct hs_error *err)
{
	struct report *report = ball->report;

	if (lacks_its_move(ball, unshelved)) {
		become(report, unshelved);
		return shelve_ball(ball, err);
	}
	report->status = REPORT_DUPLICATE;
	report->duplicate_of = imported->file_id;
	snprintf(report->duplicate_name, sizeof report->duplicate_name, "%s", imported->name);
	snprintf(report->source_name, sizeof report->source_name, "%s", imported->source_name);
	snprintf(
	    report->snapshot_date, sizeof report->snapshot_date, "%s", imported->snapshot_date);
	note_duration(ball);
	return runs_insert_file(ball->by->db, ball->by->run, NULL,
		   hs_clock_seconds() - ball->began, report, err) &&
	       shelve_ball(ball, err);
}

/* --- wrong -------------------------------------------------------------------------- */

/* The problems that a file shows which is still being written. */
static bool looks_cut(const struct hs_problems *problems)
{
	for (size_t i = 0; i < hs_problems_kept(problems); i++) {
		enum hs_error_code code = hs_problems_at(problems, i)->code;

		if (code == HS_TRUNCATED || code == HS_EMPTY_FILE || code == HS_NUL)
			return true;
	}
	return false;
}

static void note_head(struct ball *ball)
{
	const struct hs_snapshot_head *head = load_head(ball->load);
	struct report *report = ball->report;

	report->records = (int64_t)head->records;
	if (head->source_name != NULL)
		snprintf(report->source_name, sizeof report->source_name, "%s", head->source_name);
	if (hs_date_is_set(head->snapshot_date))
		hs_date_text(head->snapshot_date, report->snapshot_date);
}

static bool shelve_failed(struct ball *ball, struct report *unshelved, struct hs_error *err)
{
	const struct hs_problems *problems = load_problems(ball->load);
	struct report *report = ball->report;

	if (ball->by->may_be_cut && looks_cut(problems))
		return hs_error_set(err, HS_FILE_CHANGED, ball->by->name,
		    "the file looks incomplete (%s); it may still be written",
		    hs_problems_at(problems, 0)->message);
	report->status = REPORT_FAILED;
	note_head(ball);
	report->problem_total = (int64_t)hs_problems_total(problems);
	load_add_excerpts(ball->load, ball->fd);
	if ((report->problems = hs_problems_json(problems)) == NULL)
		return hs_error_set(
		    err, HS_NO_MEMORY, ball->by->name, "no memory for the problems");
	note_duration(ball);
	if (unshelved->file_id > 0 && unshelved->status == REPORT_FAILED) {
		report->file_id = unshelved->file_id;
		report->run_id = unshelved->run_id;
	} else if (!runs_insert_file(ball->by->db, ball->by->run, NULL,
		       hs_clock_seconds() - ball->began, report, err)) {
		return false;
	}
	return shelve_ball(ball, err);
}

/* --- right -------------------------------------------------------------------------- */

/* In the transaction, with the stage tables filled. */
static bool merge_ball(struct ball *ball, struct hs_error *err)
{
	const struct possession *by = ball->by;
	struct report *report = ball->report;
	struct merge_counts counts;
	struct merge_job job = { .has_extras = load_has_extras(ball->load),
		.roster_in_parts = load_roster_in_parts(ball->load) };

	report->status = REPORT_IMPORTED;
	note_head(ball);
	progress_tell(by->progress, STAGE_MERGING, report->size_bytes, report->records);
	if (!hs_db_exec(by->db, MERGE_LOCK, NULL, err) ||
	    !runs_insert_file(by->db, by->run, load_head(ball->load),
		hs_clock_seconds() - ball->began, report, err))
		return false;
	job.source_name = report->source_name;
	job.snapshot_date = report->snapshot_date;
	job.file_id = report->file_id;
	job.records = report->records;
	if (!merge_run(by->db, &job, by->progress, &counts, err) ||
	    !runs_count_file(by->db, &counts, report, err))
		return false;
	ball->is_large = counts.large;
	return true;
}

/* Whether a commit that got no answer happened after all. */
static bool was_committed(struct ball *ball, struct hs_error *err)
{
	struct report imported, unshelved;
	struct hs_error again = HS_ERROR_INIT;
	bool found;

	if (err->code != HS_DB_AWAY || !hs_db_reconnect(ball->by->db, &again))
		return false;
	*ball->by->session_is_new = true;
	if (!runs_hold(ball->by->db, ball->by->run, &again) ||
	    !runs_find(
		ball->by->db, &ball->digest, ball->report->name, ball->by->facts.changed_ns,
		&imported, &unshelved, &again))
		return false;
	found = imported.file_id > 0 && imported.file_id == ball->report->file_id;
	report_done(&imported);
	report_done(&unshelved);
	return found;
}

/* *ret_failed: the file has problems, and nothing was kept of it. */
static bool import_ball(struct ball *ball, bool *ret_failed, struct hs_error *err)
{
	struct hs_db *db = ball->by->db;
	struct stat before;

	if (fstat(ball->fd, &before) != 0)
		return hs_error_errno(err, ball->by->name, "cannot look at the file");
	if (!hs_db_begin(db, err))
		return false;
	if (!load_file(ball->load, ball->fd, &ball->digest, err) ||
	    !is_unchanged(ball, &before, err))
		goto undo;
	*ret_failed = hs_problems_total(load_problems(ball->load)) > 0;
	if (*ret_failed) {
		hs_db_rollback(db);
		return true;
	}
	if (!merge_ball(ball, err) || !progress_goes_on(ball->by->progress, err))
		goto undo;
	note_duration(ball);
	if (hs_db_commit(db, err) || was_committed(ball, err))
		return true;
undo:
	hs_db_rollback(db);
	ball->report->file_id = 0;
	return false;
}

/* --- the possession ----------------------------------------------------------------- */

/* With the lock on the content. */
static bool play_locked(struct ball *ball, struct hs_error *err)
{
	const struct possession *by = ball->by;
	struct report imported = { 0 }, unshelved = { 0 };
	bool failed = false, done = false;
	struct place_facts facts;

	/* whoever had the lock before us may have moved it */
	if (!place_look(ball->dir, by->name, &facts, NULL) || !place_same_file(&facts, &by->facts))
		return hs_error_set(err, HS_NOT_FOUND, by->name, "the file was moved away");
	if (!runs_find(by->db, &ball->digest, ball->report->name, by->facts.changed_ns, &imported,
		&unshelved, err))
		return false;
	if (imported.file_id > 0 && is_unfinished(ball, &imported)) {
		become(ball->report, &imported);
		done = shelve_ball(ball, err);
	} else if (imported.file_id > 0) {
		done = shelve_duplicate(ball, &imported, &unshelved, err);
	} else if (lacks_its_move(ball, &unshelved)) {
		become(ball->report, &unshelved);
		done = shelve_ball(ball, err);
	} else if (load_new(by->db, by->max_record_bytes, by->progress, &ball->load, err) &&
	    import_ball(ball, &failed, err)) {
		done = failed ? shelve_failed(ball, &unshelved, err) : shelve_ball(ball, err);
	}
	report_done(&imported);
	report_done(&unshelved);
	return done;
}

static bool play(struct ball *ball, struct hs_error *err)
{
	struct hs_db *db = ball->by->db;
	bool locked, done;

	if (!open_ball(ball, err) || !hash_ball(ball, err) ||
	    !runs_lock_content(db, &ball->digest, &locked, err))
		return false;
	if (!locked)
		return hs_error_set(err, HS_BUSY, ball->by->name,
		    "another importer has a file of the same content in hand");
	done = play_locked(ball, err);
	runs_unlock_content(db, &ball->digest);
	return done;
}

enum possession_end possession_play(const struct possession *possession, struct report *report,
    bool *ret_large, struct hs_error *err)
{
	struct ball ball = { .by = possession, .report = report, .dir = -1, .fd = -1,
		.began = hs_clock_seconds() };
	bool done;

	report_init(report, possession->name);
	report->size_bytes = possession->facts.size_bytes;
	done = play(&ball, err);
	load_free(ball.load);
	if (ball.fd >= 0)
		close(ball.fd);
	if (ball.dir >= 0)
		close(ball.dir);
	*ret_large = ball.is_large;
	if (done)
		return POSSESSION_SHELVED;
	return err->code == HS_NOT_FOUND ? POSSESSION_GONE : POSSESSION_KEPT;
}
