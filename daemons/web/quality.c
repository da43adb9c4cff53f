/* quality.c: the steps of a report, one after the other.
 *
 * Each step is a transaction of its own, so that none holds back vacuum for long: an import may
 * come between two of them, which the report's two versions then show. A question that takes too
 * long is missing from the report, and the report says so; without the database there is none. */
#include "daemons/web/quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/db_pool.h"
#include "common/log.h"

enum {
	STEP_BEGIN, STEP_COVERAGE, STEP_SOURCES, STEP_FIRST_KIND,
	STEPS = STEP_FIRST_KIND + QUALITY_KINDS,
	PATIENCE_MS = 130000	/* more than the database has: it is to answer for itself */
};

TAILQ_HEAD(waits, quality_wait);

struct quality {
	struct hs_db_pool *pool;
	struct hs_db_job *job;			/* NULL: it is not busy */
	size_t step;
	bool has_statements;			/* of players, file by file */
	int64_t asked_ms;
	struct quality_report *next, *kept;
	struct hs_error failure;
	int64_t rest_until_ms;
	struct waits waits;
};

static void ask(struct quality *quality);

/* ---- the end ---- */

static void tell_ended(struct quality *quality)
{
	struct quality_wait *wait;

	while ((wait = TAILQ_FIRST(&quality->waits)) != NULL) {
		TAILQ_REMOVE(&quality->waits, wait, link);
		wait->ended(wait->arg);
	}
}

static void rest(struct quality *quality)
{
	int64_t now = hs_clock_ms();
	int64_t pause = (now - quality->next->begun_ms) * QUALITY_REST_FACTOR;

	if (quality->failure.code != HS_OK && pause < QUALITY_REST_MIN_SECONDS * 1000)
		pause = QUALITY_REST_MIN_SECONDS * 1000;
	quality->rest_until_ms = now + pause;
}

static void end(struct quality *quality)
{
	struct quality_report *report = quality->next;

	report->seconds = (double)(hs_clock_ms() - report->begun_ms) / 1000;
	rest(quality);
	quality->next = NULL;
	quality_report_free(quality->kept);
	quality->kept = report;
	hs_log(HS_LOG_INFO, "the quality of the data is known", HS_INT("version", report->version),
	    HS_INT("ms", (long long)(report->seconds * 1000)));
	tell_ended(quality);
}

/* Nothing comes of it; what is kept stays. */
static void give_up(struct quality *quality, const struct hs_error *err)
{
	quality->failure = *err;
	hs_log_error(HS_LOG_WARNING, "the quality of the data could not be found out", err);
	rest(quality);
	quality_report_free(quality->next);
	quality->next = NULL;
	tell_ended(quality);
}

/* ---- a step's answer ---- */

static bool take_in(struct quality *quality, PGresult *const *results, struct hs_error *err)
{
	struct quality_report *report = quality->next;

	report->last_version = hs_db_int(results[0], 0, 0);
	switch (quality->step) {
	case STEP_BEGIN:
		report->version = report->last_version;
		snprintf(report->at, sizeof report->at, "%s", PQgetvalue(results[0], 0, 1));
		quality->has_statements = strcmp(PQgetvalue(results[0], 0, 2), "t") == 0;
		return true;
	case STEP_COVERAGE:
		return quality_report_cover(report, results[1], err);
	case STEP_SOURCES:
		return quality_report_sources(report, results[1], err);
	default:
		return quality_report_find(report, quality->step - STEP_FIRST_KIND, results[1],
		    err);
	}
}

/* A step of which the rest does not depend: what it would have told is missing. */
static bool can_miss(const struct quality *quality, const struct hs_error *err)
{
	return quality->step != STEP_BEGIN &&
	    (err->code == HS_TIMEOUT || err->code == HS_CANCELLED);
}

static void miss(struct quality *quality, const char *why)
{
	struct quality_report *report = quality->next;

	snprintf(quality->step == STEP_COVERAGE ? report->coverage_why :
	    quality->step == STEP_SOURCES ? report->sources_why :
	    report->findings[quality->step - STEP_FIRST_KIND].why, QUALITY_WHY_BYTES, "%s", why);
}

/* The next step, past those that this database cannot answer. */
static void advance(struct quality *quality)
{
	while (++quality->step < STEPS && quality->step >= STEP_FIRST_KIND &&
	    quality_kinds[quality->step - STEP_FIRST_KIND].needs_statements &&
	    !quality->has_statements)
		miss(quality, "This database does not keep what each file stated of players.");
}

static void next_step(struct quality *quality)
{
	struct quality_progress progress;

	quality_look(quality, &progress);
	hs_log(HS_LOG_DEBUG, "asked of the data's quality", HS_STR("what", progress.doing),
	    HS_INT("ms", hs_clock_ms() - quality->asked_ms));
	advance(quality);
	if (quality->step == STEPS)
		end(quality);
	else
		ask(quality);
}

static void on_answer(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct quality *quality = arg;
	struct hs_error full = HS_ERROR_INIT;

	(void)count;
	quality->job = NULL;
	if (err == NULL && !take_in(quality, results, &full))
		err = &full;
	if (err != NULL && !can_miss(quality, err)) {
		give_up(quality, err);
		return;
	}
	if (err != NULL) {
		hs_log_error(HS_LOG_WARNING, "a question of the data's quality has no answer", err);
		miss(quality, "The database did not answer within " QUALITY_STEP_SECONDS
		    " seconds.");
	}
	next_step(quality);
}

/* ---- a step's question ---- */

static const char *sql_of(const struct quality *quality)
{
	static const char *const first[] = {
		[STEP_COVERAGE] = quality_coverage_sql, [STEP_SOURCES] = quality_sources_sql,
	};

	return quality->step < STEP_FIRST_KIND ? first[quality->step] :
	    quality_kinds[quality->step - STEP_FIRST_KIND].sql;
}

static void ask(struct quality *quality)
{
	const bool is_first = quality->step == STEP_BEGIN;
	const struct hs_db_statement statements[] = {
		{ .sql = quality_begin_sql }, { .sql = is_first ? NULL : sql_of(quality) },
	};
	const size_t count = is_first ? 1 : HS_COUNT(statements);
	struct hs_error err = HS_ERROR_INIT;

	quality->asked_ms = hs_clock_ms();
	if (hs_db_pool_submit(quality->pool, statements, count,
		PATIENCE_MS, on_answer, quality, &quality->job, &err))
		return;
	give_up(quality, &err);
}

void quality_begin(struct quality *quality)
{
	if (quality->next != NULL)
		return;
	if ((quality->next = quality_report_new()) == NULL) {
		hs_error_set(&quality->failure, HS_NO_MEMORY, "", "no memory");
		return;
	}
	quality->failure = (struct hs_error)HS_ERROR_INIT;
	quality->next->begun_ms = hs_clock_ms();
	quality->step = STEP_BEGIN;
	ask(quality);
}

void quality_visit(struct quality *quality, int64_t version)
{
	const struct quality_report *kept = quality->kept;
	int64_t now = hs_clock_ms();

	if (now < quality->rest_until_ms)
		return;
	if (kept == NULL || kept->version != version || kept->last_version != version ||
	    now - kept->begun_ms > QUALITY_KEEP_SECONDS * 1000LL)
		quality_begin(quality);
}

void quality_await(struct quality *quality, struct quality_wait *wait)
{
	TAILQ_INSERT_TAIL(&quality->waits, wait, link);
}

/* ---- what there is ---- */

const struct quality_report *quality_kept(const struct quality *quality)
{
	return quality->kept;
}

void quality_look(const struct quality *quality, struct quality_progress *ret)
{
	static const char *const first[] = {
		[STEP_BEGIN] = "version", [STEP_COVERAGE] = "coverage", [STEP_SOURCES] = "sources",
	};

	*ret = (struct quality_progress){ .is_busy = quality->next != NULL, .done = quality->step,
		.steps = STEPS, .failure = quality->failure, .doing = "" };
	if (ret->is_busy)
		ret->doing = quality->step < STEP_FIRST_KIND ? first[quality->step] :
		    quality_kinds[quality->step - STEP_FIRST_KIND].name;
}

/* ---- life ---- */

bool quality_new(struct event_base *base, const struct hs_settings *settings, struct quality **ret,
    struct hs_error *err)
{
	struct quality *quality = calloc(1, sizeof *quality);

	if (quality == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the quality of the data");
	TAILQ_INIT(&quality->waits);
	if (hs_db_pool_new(base, settings, HS_DB_READER, "hsd-web quality", 1, &quality->pool,
		err)) {
		*ret = quality;
		return true;
	}
	quality_free(quality);
	return false;
}

void quality_use(struct quality *quality, uint32_t hosts, uint32_t gone)
{
	hs_db_pool_use(quality->pool, hosts, gone);
}

void quality_free(struct quality *quality)
{
	if (quality == NULL)
		return;
	hs_db_pool_free(quality->pool);
	quality_report_free(quality->next);
	quality_report_free(quality->kept);
	free(quality);
}
