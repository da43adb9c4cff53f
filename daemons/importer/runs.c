/* runs.c: ImportRuns and ImportFiles, in the database.
 *
 * Trusts the schema. All failures are the database's, and leave nothing half-done: each
 * statement stands alone, or in the transaction of the import. */
#include "daemons/importer/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"

enum { NUMBER_BYTES = 32 };

/* First key of our two-key advisory locks: runs are the second. */
#define RUN_LOCK "1215515245"

static const char *const trigger_names[] = {
	[RUN_WATCH] = "watch",
	[RUN_COMMAND] = "command",
	[RUN_START] = "start",
	[RUN_ADMIN] = "admin",
};

static const char *number_text(int64_t number, char buf[NUMBER_BYTES])
{
	snprintf(buf, NUMBER_BYTES, "%lld", (long long)number);
	return buf;
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

bool runs_open(struct hs_db *db, enum run_trigger trigger, int64_t *ret_run, struct hs_error *err)
{
	PGresult *result = NULL;

	/* the lock is taken in the same statement: at no time is the run without it */
	if (!hs_db_exec(db,
		"with r as (insert into import_run (trigger) values ($1::text) returning run_id)"
		" select run_id, pg_advisory_lock(" RUN_LOCK ", run_id::integer) from r",
		&result, err, trigger_names[trigger]))
		return false;
	*ret_run = hs_db_int(result, 0, 0);
	PQclear(result);
	return true;
}

bool runs_hold(struct hs_db *db, int64_t run, struct hs_error *err)
{
	char number[NUMBER_BYTES];

	return hs_db_exec(db, "select pg_advisory_lock(" RUN_LOCK ", $1::integer)", NULL, err,
	    number_text(run, number));
}

bool runs_is_known(struct hs_db *db, int64_t run, bool *ret, struct hs_error *err)
{
	char number[NUMBER_BYTES];
	PGresult *result = NULL;

	if (!hs_db_exec(db, "select from import_run where run_id = $1::bigint", &result, err,
		number_text(run, number)))
		return false;
	*ret = PQntuples(result) == 1;
	PQclear(result);
	return true;
}

bool runs_close(struct hs_db *db, int64_t run, json_t **ret, struct hs_error *err)
{
	char number[NUMBER_BYTES];
	PGresult *result = NULL;

	if (!hs_db_exec(db,
		"with r as (update import_run set status = 'done', finished_at = clock_timestamp()"
		" where run_id = $1::bigint returning *) select " RUNS_COLUMNS
		", pg_advisory_unlock(" RUN_LOCK ", r.run_id::integer) from r",
		&result, err, number_text(run, number)))
		return false;
	*ret = PQntuples(result) > 0 ? runs_row_json(result, 0) : NULL;
	PQclear(result);
	return true;
}

bool runs_mark_interrupted(struct hs_db *db, int64_t own, struct hs_error *err)
{
	char number[NUMBER_BYTES];

	/* the lock is asked for only after the rows are chosen, and only until the statement
	 * ends */
	return hs_db_exec(db, "with dead as materialized (select run_id from import_run"
		" where status = 'running' and run_id <> $1::bigint)"
		" update import_run r set status = 'interrupted', finished_at = clock_timestamp()"
		" from dead d where r.run_id = d.run_id and r.status = 'running'"
		" and pg_try_advisory_xact_lock(" RUN_LOCK ", d.run_id::integer)", NULL, err,
	    number_text(own, number));
}

json_t *runs_row_json(const PGresult *result, int row)
{
	const char *finished = hs_db_text(result, row, 4);

	return json_pack("{s:I, s:s, s:s, s:s, s:s?}", "run_id",
	    (json_int_t)hs_db_int(result, row, 0), "trigger", hs_db_text(result, row, 1), "status",
	    hs_db_text(result, row, 2), "started_at", hs_db_text(result, row, 3), "finished_at",
	    finished);
}

bool runs_lock_content(
    struct hs_db *db, const struct digest *digest, bool *ret, struct hs_error *err)
{
	char key[NUMBER_BYTES];
	PGresult *result = NULL;

	if (!hs_db_exec(db, "select pg_try_advisory_lock($1::bigint)::integer", &result, err,
		number_text(digest_key(digest), key)))
		return false;
	*ret = hs_db_int(result, 0, 0) == 1;
	PQclear(result);
	return true;
}

void runs_unlock_content(struct hs_db *db, const struct digest *digest)
{
	struct hs_error ignored = HS_ERROR_INIT;
	char key[NUMBER_BYTES];

	hs_db_exec(db, "select pg_advisory_unlock($1::bigint)", NULL, &ignored,
	    number_text(digest_key(digest), key));
}

bool runs_find(struct hs_db *db, const struct digest *digest, const char *name, int64_t changed_ns,
    struct report *ret_imported, struct report *ret_unshelved, struct hs_error *err)
{
	char sha256[DIGEST_TEXT_BYTES], changed[NUMBER_BYTES];
	PGresult *result = NULL;

	snprintf(changed, sizeof changed, "%.6f", (double)changed_ns / 1e9);
	if (!hs_db_exec(db, "select " REPORT_COLUMNS " from " REPORT_TABLES
		" where f.sha256 = decode($1::text, 'hex') and (f.status = 'imported'"
		" or (f.stored_as is null and (f.name = $2::text or f.status = 'undone')"
		" and coalesce(f.undone_at, d.undone_at, 'infinity') >= to_timestamp($3::float8)))"
		" order by f.status = 'imported', f.name = $2::text desc, f.file_id desc limit 100",
		&result, err, digest_text(digest, sha256), name, changed))
		return false;
	memset(ret_imported, 0, sizeof *ret_imported);
	memset(ret_unshelved, 0, sizeof *ret_unshelved);
	for (int row = 0; row < PQntuples(result); row++) {
		struct report found;

		report_from_row(result, row, 0, &found);
		if (found.status == REPORT_IMPORTED && ret_imported->file_id == 0)
			*ret_imported = found;
		else if (found.status != REPORT_IMPORTED && ret_unshelved->file_id == 0)
			*ret_unshelved = found;
		else
			report_done(&found);
	}
	PQclear(result);
	return true;
}

/* An object's text, which need not end in NUL, as a value of a statement. Without memory NULL and
 * false. */
static bool copy_object(const char *text, size_t length, char **ret, struct hs_error *err)
{
	if (text == NULL)
		return true;
	if ((*ret = strndup(text, length)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the snapshot's metadata");
	return true;
}

static const char insert_file[] =
    "insert into import_file (run_id, name, size_bytes, sha256, status, duplicate_of, source_name,"
    " snapshot_date, source_metadata, raw_payload, records, problem_total, problems, started_at,"
    " finished_at) values ($1::bigint, $2::text, $3::bigint, decode($4::text, 'hex'), $5::text,"
    " $6::bigint, $7::text, $8::date, $9::jsonb, $10::jsonb, $11::bigint, $12::bigint,"
    " coalesce($13::jsonb, '[]'), clock_timestamp() - make_interval(secs => $14::float8),"
    " clock_timestamp()) returning file_id";

static bool insert_row(struct hs_db *db, int64_t run, const char *metadata, const char *payload,
    double seconds, struct report *report, struct hs_error *err)
{
	char run_text[NUMBER_BYTES], size[NUMBER_BYTES], duplicate[NUMBER_BYTES];
	char records[NUMBER_BYTES], total[NUMBER_BYTES], ago[NUMBER_BYTES];
	char *problems = NULL;
	PGresult *result = NULL;
	bool done = false;

	if (report->problems != NULL &&
	    (problems = json_dumps(report->problems, JSON_COMPACT)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a file's problems");
	snprintf(ago, sizeof ago, "%.3f", seconds);
	done = hs_db_exec(db, insert_file, &result, err, number_text(run, run_text), report->name,
	    number_text(report->size_bytes, size), report->sha256,
	    report_status_name(report->status),
	    report->duplicate_of > 0 ? number_text(report->duplicate_of, duplicate) : NULL,
	    text_or_null(report->source_name), text_or_null(report->snapshot_date), metadata,
	    payload, number_text(report->records, records),
	    number_text(report->problem_total, total), problems, ago);
	if (done) {
		report->file_id = hs_db_int(result, 0, 0);
		report->run_id = run;
	}
	PQclear(result);
	free(problems);
	return done;
}

bool runs_insert_file(struct hs_db *db, int64_t run, const struct hs_snapshot_head *head,
    double seconds, struct report *report, struct hs_error *err)
{
	char *metadata = NULL, *payload = NULL;
	bool done = false;

	if (head != NULL &&
	    (!copy_object(head->source_metadata, head->source_metadata_length, &metadata, err) ||
		!copy_object(head->raw_payload, head->raw_payload_length, &payload, err)))
		goto out;
	done = insert_row(db, run, metadata, payload, seconds, report, err);
out:
	free(metadata);
	free(payload);
	return done;
}

bool runs_count_file(struct hs_db *db, const struct merge_counts *counts, struct report *report,
    struct hs_error *err)
{
	const int64_t numbers[] = { report->file_id, counts->created, counts->updated,
		counts->unchanged, counts->stale, counts->new_competitions, counts->new_seasons,
		counts->new_teams, counts->new_players };
	char texts[HS_COUNT(numbers)][NUMBER_BYTES];
	const char *values[HS_COUNT(numbers)];

	for (size_t i = 0; i < HS_COUNT(numbers); i++)
		values[i] = number_text(numbers[i], texts[i]);
	if (!hs_db_run(db, "update import_file set created = $2::bigint, updated = $3::bigint,"
		" unchanged = $4::bigint, stale = $5::bigint, new_competitions = $6::bigint,"
		" new_seasons = $7::bigint, new_teams = $8::bigint, new_players = $9::bigint,"
		" finished_at = clock_timestamp() where file_id = $1::bigint",
		values, HS_COUNT(values), NULL, err))
		return false;
	report->created = counts->created;
	report->updated = counts->updated;
	report->unchanged = counts->unchanged;
	report->stale = counts->stale;
	report->new_competitions = counts->new_competitions;
	report->new_seasons = counts->new_seasons;
	report->new_teams = counts->new_teams;
	report->new_players = counts->new_players;
	return true;
}

bool runs_store_file(struct hs_db *db, int64_t file, const char *stored_as, struct hs_error *err)
{
	char number[NUMBER_BYTES];

	return hs_db_exec(db,
	    "update import_file set stored_as = $2::text where file_id = $1::bigint", NULL, err,
	    number_text(file, number), stored_as);
}
