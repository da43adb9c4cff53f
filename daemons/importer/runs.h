/* runs.h: ImportRuns and ImportFiles: what the importer remembers of its work, in the database.
 *
 * A run belongs to the session that opened it, by an advisory lock: a run whose lock is free while
 * it says "running" has lost its importer. */
#ifndef IMPORTER_RUNS_H
#define IMPORTER_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/db.h"
#include "common/error.h"
#include "common/snapshot.h"
#include "daemons/importer/digest.h"
#include "daemons/importer/merge.h"
#include "daemons/importer/report.h"

enum run_trigger { RUN_WATCH, RUN_COMMAND, RUN_START, RUN_ADMIN };

/* Whether somebody asked for the run, and waits for what becomes of it. */
static inline bool run_is_asked_for(enum run_trigger trigger)
{
	return trigger == RUN_COMMAND || trigger == RUN_ADMIN;
}

bool runs_open(struct hs_db *db, enum run_trigger trigger, int64_t *ret_run, struct hs_error *err);

/* After a reconnection: takes the run's lock again. */
bool runs_hold(struct hs_db *db, int64_t run, struct hs_error *err);

/* Whether the database knows a run; a failover may have lost it. */
bool runs_is_known(struct hs_db *db, int64_t run, bool *ret, struct hs_error *err);

/* Ends a run. Gives its row as JSON in *ret (a new reference). */
bool runs_close(struct hs_db *db, int64_t run, json_t **ret, struct hs_error *err);

/* Marks runs whose importer died; own (0: none) is left alone. */
bool runs_mark_interrupted(struct hs_db *db, int64_t own, struct hs_error *err);

/* What is selected from import_run r for runs_row_json. */
#define RUNS_COLUMNS \
	"r.run_id, r.trigger, r.status," \
	" to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')," \
	" to_char(r.finished_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
enum { RUNS_COLUMN_COUNT = 5 };
/* A new reference, NULL without memory. */
json_t *runs_row_json(const PGresult *result, int row);

/* The lock on a content, for the session: whoever has it may import it. *ret false: another
 * importer has it. */
bool runs_lock_content(
    struct hs_db *db, const struct digest *digest, bool *ret, struct hs_error *err);
/* Never fails: a broken session has lost the lock already. */
void runs_unlock_content(struct hs_db *db, const struct digest *digest);

/* What is known of a content under that name: *ret_imported is filled when it was imported
 * under any name, *ret_unshelved when a duplicate or a failure of this name, or a file of any
 * name whose import is undone, was recorded but never moved (we died in between, or could not). One
 * that was written (changed_ns, since 1970) after the undoing is another one. file_id 0 says that
 * there is none. The caller calls report_done on both. */
bool runs_find(struct hs_db *db, const struct digest *digest, const char *name, int64_t changed_ns,
    struct report *ret_imported, struct report *ret_unshelved, struct hs_error *err);

/* Inserts the row of a file, from the report; head (may be NULL) gives metadata and payload.
 * Fills report->file_id and run_id. seconds: how long ago its work began. */
bool runs_insert_file(struct hs_db *db, int64_t run, const struct hs_snapshot_head *head,
    double seconds, struct report *report, struct hs_error *err);

/* Puts the counts of a merge into the row, and into the report. */
bool runs_count_file(struct hs_db *db, const struct merge_counts *counts, struct report *report,
    struct hs_error *err);

/* The file has been moved: under which name. */
bool runs_store_file(struct hs_db *db, int64_t file, const char *stored_as, struct hs_error *err);

#endif
