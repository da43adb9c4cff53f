/* store_schedule.c: statements about extractor_source.
 *
 * Trusts the schema (005_extractor.sql). Each change holds only if the row is still as it was
 * read, so that of several machines one wins. */
#include "daemons/extractor/store_schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

enum { QUESTION_MS = 15000, NUMBER_BYTES = 24 };

enum { COLUMN_NOW, COLUMN_SOURCE, COLUMN_ENABLED, COLUMN_SCHEDULE, COLUMN_ZONE, COLUMN_SPREAD,
	COLUMN_LAST, COLUMN_NEXT };

const char store_schedule_rows[] =
    "select (extract(epoch from n.now) * 1000)::bigint, s.source, s.is_enabled, s.schedule,"
    " s.time_zone, s.spread, extract(epoch from s.last_due_at)::bigint,"
    " extract(epoch from s.next_due_at)::bigint"
    " from (select clock_timestamp() as now) n left join extractor_source s on true";

static const char settle_source[] =
    "insert into extractor_source as s (source, schedule, time_zone, next_due_at)"
    " values ($1::text, $2::text, $3::text, to_timestamp($4::bigint))"
    " on conflict (source) do update set schedule = excluded.schedule,"
    " time_zone = excluded.time_zone, next_due_at = excluded.next_due_at"
    " where extract(epoch from s.next_due_at)::bigint is not distinct from $5::bigint";

static const char skip_due[] =
    "update extractor_source set last_due_at = next_due_at, next_due_at = to_timestamp($3::bigint)"
    " where source = $1::text and extract(epoch from next_due_at)::bigint = $2::bigint";

static const char switch_source[] =
    "insert into extractor_source as s (source, is_enabled) values ($1::text, $2::boolean)"
    " on conflict (source) do update set is_enabled = excluded.is_enabled, next_due_at = null";

int64_t store_schedule_now_ms(const PGresult *result)
{
	return hs_db_int(result, 0, COLUMN_NOW);
}

static bool read_time(const PGresult *result, int row, int column, int64_t *ret)
{
	if (hs_db_text(result, row, column) == NULL)
		return false;
	*ret = hs_db_int(result, row, column);
	return true;
}

struct due_row store_schedule_row(const PGresult *result, const char *source)
{
	struct due_row found = { .is_enabled = true };

	for (int row = 0; row < PQntuples(result); row++) {
		const char *name = hs_db_text(result, row, COLUMN_SOURCE);

		if (name == NULL || strcmp(name, source) != 0)
			continue;
		found.is_there = true;
		found.is_enabled = strcmp(hs_db_text(result, row, COLUMN_ENABLED), "t") == 0;
		found.schedule = hs_db_text(result, row, COLUMN_SCHEDULE);
		found.zone_name = hs_db_text(result, row, COLUMN_ZONE);
		found.spread = hs_db_int(result, row, COLUMN_SPREAD);
		found.has_last = read_time(result, row, COLUMN_LAST, &found.last);
		found.has_next = read_time(result, row, COLUMN_NEXT, &found.next);
	}
	return found;
}

bool store_schedule_look(struct hs_db_pool *pool, hs_db_done_fn *done, void *arg,
    struct hs_error *err)
{
	const struct hs_db_statement statement = { .sql = store_schedule_rows, .often = true };

	return hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, done, arg, NULL, err);
}

/* ---- changes whose end somebody may hear ---- */

struct change {
	store_done_fn *done;	/* may be NULL */
	void *arg;
};

static void on_changed(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct change *change = arg;

	(void)results, (void)count;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "cannot write down when a source is due", err);
	if (change->done != NULL)
		change->done(change->arg, err);
	free(change);
}

static bool submit(struct hs_db_pool *pool, const char *sql, const char *const *values,
    size_t value_count, store_done_fn *done, void *arg, struct hs_error *err)
{
	const struct hs_db_statement statement = { .sql = sql, .values = values,
		.count = value_count };
	struct change *change = malloc(sizeof *change);

	if (change == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a schedule");
	*change = (struct change){ done, arg };
	if (hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, on_changed, change, NULL, err))
		return true;
	free(change);
	return false;
}

static const char *time_text(int64_t instant, char buf[NUMBER_BYTES])
{
	snprintf(buf, NUMBER_BYTES, "%lld", (long long)instant);
	return buf;
}

bool store_schedule_settle(struct hs_db_pool *pool, const char *source, const char *schedule,
    const char *zone_name, const struct due_row *row, int64_t next, store_done_fn *done, void *arg,
    struct hs_error *err)
{
	char at[NUMBER_BYTES], before[NUMBER_BYTES];
	const char *const values[] = { source, schedule, zone_name, time_text(next, at),
		row->has_next ? time_text(row->next, before) : NULL };

	return submit(pool, settle_source, values, HS_COUNT(values), done, arg, err);
}

bool store_schedule_skip(struct hs_db_pool *pool, const char *source, int64_t due, int64_t next,
    struct hs_error *err)
{
	char at[NUMBER_BYTES], after[NUMBER_BYTES];
	const char *const values[] = { source, time_text(due, at), time_text(next, after) };

	return submit(pool, skip_due, values, HS_COUNT(values), NULL, NULL, err);
}

bool store_schedule_switch(struct hs_db_pool *pool, const char *source, bool is_enabled,
    hs_db_done_fn *done, void *arg, struct hs_error *err)
{
	const char *const values[] = { source, is_enabled ? "t" : "f" };
	const struct hs_db_statement statement = { .sql = switch_source, .values = values,
		.count = HS_COUNT(values) };

	return hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, done, arg, NULL, err);
}
