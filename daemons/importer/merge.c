/* merge.c: from the staged rows to the entities: walks the table in merge_sql.c.
 *
 * Trusts the stage tables, which load.c filled from validated records. Any failure is the
 * database's; the caller rolls back, and nothing of the file is left. */
#include "daemons/importer/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/number.h"
#include "daemons/importer/countries.h"
#include "daemons/importer/merge_sql.h"

#define SLOW_STEP_SECONDS 0.25

enum {
	LARGE_ROWS = 5000,
	REBUILD_MAX_ROWS = 1000000,	/* searches of an empty database wait some seconds */
	NUMBER_BYTES = 24
};

struct merge {
	struct hs_db *db;
	const struct merge_job *job;
	int64_t source_id, last_player, new_label, hot, moved, known, near, changes;
	int64_t linked, more_players;
	int64_t same;		/* records that are written nowhere but as restated */
	struct merge_counts counts;
};

static bool has_work(const struct merge *merge, enum merge_when when)
{
	const struct merge_counts *counts = &merge->counts;

	switch (when) {
	case MERGE_ALWAYS:
		return true;
	case MERGE_ROSTERS:
		return merge->job->roster_in_parts;
	case MERGE_HOT:
		return merge->hot > 0;
	case MERGE_CREATED:
		return counts->created > 0;
	case MERGE_UPDATED:
		return counts->updated > 0;
	case MERGE_MOVED:
		return counts->updated + merge->moved > 0;
	case MERGE_STALE:
		return counts->stale > 0;
	case MERGE_KNOWN:
		return merge->known > 0;
	case MERGE_RESTATED:
		return merge->moved > 0;
	case MERGE_SAME:
		return merge->same > 0;
	case MERGE_PARTED:
		return merge->near > 0;
	case MERGE_BEST:
		return counts->created + counts->updated + merge->hot > 0;
	case MERGE_LINKED:
		return merge->linked > 0;
	case MERGE_REBUILD:
		return merge->last_player == 0 && counts->created >= LARGE_ROWS &&
		    counts->created <= REBUILD_MAX_ROWS;
	}
	return true;
}

static const char *number_text(int64_t number, char buf[NUMBER_BYTES])
{
	snprintf(buf, NUMBER_BYTES, "%lld", (long long)number);
	return buf;
}

static const char *value_text(
    const struct merge *merge, enum merge_value value, char buf[NUMBER_BYTES])
{
	switch (value) {
	case MERGE_SOURCE_NAME:
		return merge->job->source_name;
	case MERGE_SOURCE:
		return number_text(merge->source_id, buf);
	case MERGE_DATE:
		return merge->job->snapshot_date;
	case MERGE_FILE:
		return number_text(merge->job->file_id, buf);
	case MERGE_LAST_PLAYER:
		return number_text(merge->last_player, buf);
	case MERGE_HAS_EXTRAS:
		return merge->job->has_extras ? "true" : "false";
	case MERGE_END:
		break;
	}
	return NULL;
}

static int64_t rows_affected(const PGresult *result)
{
	/* "" for statements that count none */
	return strtoll(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10);
}

static void note_classes(struct merge *merge, const PGresult *result)
{
	struct merge_counts *counts = &merge->counts;

	counts->created = hs_db_int(result, 0, 0);
	counts->updated = hs_db_int(result, 0, 1);
	merge->moved = hs_db_int(result, 0, 2);
	counts->stale = hs_db_int(result, 0, 3);
	merge->changes += counts->created + counts->updated + merge->moved;
	merge->same = merge->job->records - counts->created - counts->updated - merge->moved -
	    counts->stale;
	counts->updated += hs_db_int(result, 0, 4);
	counts->unchanged = merge->job->records - counts->created - counts->updated - counts->stale;
}

/* Which number a step's count goes to; NULL when only the sum of changes matters. */
static int64_t *counter(struct merge *merge, enum merge_count count)
{
	switch (count) {
	case MERGE_NEW_COMPETITIONS:
		return &merge->counts.new_competitions;
	case MERGE_NEW_SEASONS:
		return &merge->counts.new_seasons;
	case MERGE_NEW_TEAMS:
		return &merge->counts.new_teams;
	case MERGE_NEW_PLAYERS:
		return &merge->counts.new_players;
	default:
		return NULL;
	}
}

static void note_result(struct merge *merge, const struct merge_step *step, const PGresult *result)
{
	int64_t *count = counter(merge, step->count);

	switch (step->count) {
	case MERGE_NOTHING:
		return;
	case MERGE_GET_SOURCE:
		merge->source_id = hs_db_int(result, 0, 0);
		return;
	case MERGE_GET_LAST_PLAYER:
		merge->last_player = hs_db_int(result, 0, 0);
		return;
	case MERGE_GET_NEW_LABEL:
		merge->new_label = hs_db_int(result, 0, 0);
		return;
	case MERGE_GET_CLASSES:
		note_classes(merge, result);
		return;
	case MERGE_GET_MORE_PLAYERS:
		merge->more_players = hs_db_int(result, 0, 0);
		return;
	case MERGE_GET_BACK_PLAYERS:
		merge->counts.new_players += hs_db_int(result, 0, 0);
		return;
	case MERGE_KNOWN_PLAYERS:
		merge->known += rows_affected(result);
		return;
	case MERGE_NEAR:
		merge->near = rows_affected(result);
		merge->changes += merge->near;
		return;
	case MERGE_HOT_PLAYERS:
		merge->hot += rows_affected(result);
		return;
	case MERGE_LINKED_PERSONS:
		merge->linked = rows_affected(result);
		return;
	default:
		if (count != NULL)
			*count = rows_affected(result);
		merge->changes += rows_affected(result);
	}
}

static bool take_step(struct merge *merge, const struct merge_step *step, struct hs_error *err)
{
	char numbers[MERGE_VALUES][NUMBER_BYTES];
	const char *values[MERGE_VALUES];
	PGresult *result = NULL;
	size_t count = 0;

	for (; step->values[count] != MERGE_END; count++)
		values[count] = value_text(merge, step->values[count], numbers[count]);
	if (!hs_db_run(merge->db, step->sql, values, count, &result, err))
		return false;
	note_result(merge, step, result);
	PQclear(result);
	return true;
}

static void log_slow_step(const struct merge_step *step, double seconds)
{
	if (seconds >= SLOW_STEP_SECONDS)
		hs_log(HS_LOG_DEBUG, "a step of the merge took long",
		    HS_INT("step", step - merge_steps), HS_SECS("seconds", seconds),
		    HS_STR("sql", step->sql));
}

bool merge_raise_version(struct hs_db *db, int64_t new_players, struct hs_error *err)
{
	char players[NUMBER_BYTES];

	return hs_db_exec(db,
	    "with v as (update data_version set version = version + 1,"
	    " players = players + $1::bigint returning version)"
	    " select pg_notify('hoopscout_data', version::text) from v",
	    NULL, err, number_text(new_players, players));
}

bool merge_run(struct hs_db *db, const struct merge_job *job, const struct progress *progress,
    struct merge_counts *ret, struct hs_error *err)
{
	struct merge merge = { .db = db, .job = job };

	for (size_t i = 0; i < merge_step_count; i++) {
		double began = hs_clock_seconds();

		if (!has_work(&merge, merge_steps[i].when))
			continue;
		if (!progress_goes_on(progress, err) || !take_step(&merge, &merge_steps[i], err))
			return false;
		log_slow_step(&merge_steps[i], hs_clock_seconds() - began);
	}
	if (merge.new_label > 0 && !countries_settle(db, merge.new_label, err))
		return false;
	merge.counts.changed = merge.changes > 0;
	merge.counts.large = merge.changes >= LARGE_ROWS;
	if (merge.counts.changed && !merge_raise_version(db,
		merge.counts.new_players + merge.more_players, err))
		return false;
	*ret = merge.counts;
	return true;
}
