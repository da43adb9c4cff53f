/* worker.h: the thread that does one file at a time, so that the event loop never waits.
 *
 * The loop gives it a job and hears of its end, and of progress, through the event base. All of
 * the importer's writing happens on this thread's one connection. */
#ifndef IMPORTER_WORKER_H
#define IMPORTER_WORKER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/importer/place.h"
#include "daemons/importer/possession.h"
#include "daemons/importer/progress.h"
#include "daemons/importer/report.h"
#include "daemons/importer/runs.h"

struct worker;

enum { JOB_ACCOUNT_BYTES = 129 };

enum job_kind {
	JOB_CATCH_UP,		/* connect, and finish what was left half-done */
	JOB_FILE,		/* import one; opens a run when none is open */
	JOB_END_RUN,		/* close the run */
	JOB_BRING_BACK,		/* move a file from failed into incoming */
	JOB_UNDO,		/* put all back as if a file had not been imported */
	JOB_DELETE		/* delete a file from failed */
};

struct job {
	enum job_kind kind;
	char name[NAME_MAX + 1];
	struct place_facts facts;	/* of FILE */
	bool may_be_cut;		/* of FILE: see possession.h */
	size_t max_record_bytes;	/* of FILE */
	enum run_trigger trigger;	/* of FILE and END_RUN */
	int64_t file_id;		/* of UNDO; of BRING_BACK and DELETE: the one meant, or 0 */
	bool is_preview;		/* of UNDO */
	int64_t if_version;		/* of UNDO: see undo.h */
	long long uid;			/* of UNDO and DELETE: for whom; -1: not known */
	char account[JOB_ACCOUNT_BYTES];	/* of them, when it came by the database; else "" */
	bool even_empty;		/* of END_RUN: make a run when none was opened */
};

/* How a job ended. */
struct news {
	struct job job;
	bool done;			/* of all but FILE; else err */
	enum possession_end end;	/* of FILE */
	bool is_large;			/* of FILE and UNDO: the tables want a vacuum */
	struct report report;		/* of FILE */
	json_t *result;			/* of UNDO (see undo.h) and DELETE: for who asked, or NULL */
	json_t *run;			/* of END_RUN: its row, or NULL */
	char name[NAME_MAX + 1];	/* of BRING_BACK: its name in incoming */
	struct hs_error err;
};

struct worker_progress {
	enum progress_stage stage;
	int64_t bytes, total_bytes, records;	/* undoing: parts done, parts */
	const char *about;			/* undoing: a constant; else NULL */
};

struct worker_events {
	/* News is borrowed until the call returns. */
	void (*on_news)(void *arg, struct news *news);
	void (*on_progress)(void *arg, const struct worker_progress *progress);
};

/* Starts the thread. Borrows base, settings and events for its life. Gives *ret. */
bool worker_new(struct event_base *base, const struct hs_settings *settings,
    const struct worker_events *events, void *arg, struct worker **ret, struct hs_error *err);

/* Ends the thread, whose job should have ended or been cancelled. False when it does not end
 * within some seconds: it still uses the worker and the settings, which must stay. Accepts NULL. */
bool worker_free(struct worker *worker);

/* One job at a time: the next after the news of the last. */
void worker_give(struct worker *worker, const struct job *job);
bool worker_is_busy(const struct worker *worker);

/* Whether the last work met a database that answers; else why not. */
bool worker_database(struct worker *worker, struct hs_error *ret_why);

/* Gives up what it does: the file stays in incoming. Waits for the server to take the cancel in. */
void worker_cancel(struct worker *worker);

#endif
