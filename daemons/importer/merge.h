/* merge.h: from the staged rows to the entities, inside the import's transaction. */
#ifndef IMPORTER_MERGE_H
#define IMPORTER_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "common/error.h"
#include "daemons/importer/progress.h"

struct merge_job {
	const char *source_name;
	const char *snapshot_date;	/* YYYY-MM-DD */
	int64_t file_id;
	int64_t records;		/* staged */
	bool has_extras;		/* a record with metadata or a payload */
	bool roster_in_parts;
};

struct merge_counts {
	/* Player-seasons; together: records. updated: its figures are others, or its player's columns. */
	int64_t created, updated, unchanged, stale;
	int64_t new_competitions, new_seasons, new_teams, new_players;
	bool changed;		/* something that a search or a page can see */
	bool large;		/* worth a vacuum */
};

/* Merges, and raises the data version when something changed. The caller began the
 * transaction, filled the stage tables, has MERGE_LOCK since before the file got its number,
 * and commits.
 * Errors: as hs_db_run; HS_CANCELLED. */
bool merge_run(struct hs_db *db, const struct merge_job *job, const struct progress *progress,
    struct merge_counts *ret, struct hs_error *err);

/* Makes the answers that searches have kept old, when the caller's transaction commits. */
bool merge_raise_version(struct hs_db *db, int64_t new_players, struct hs_error *err);

#endif
