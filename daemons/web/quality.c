/* quality.c: the steps of a report, one after the other.
 *
 * Each step is a transaction of its own, so that none holds back vacuum for long: an import may come
 * between two of them, which the report's two versions then show. A question that takes too long is
 * missing from the report, and the report says so; without the database there is no new report. */
#include "daemons/web/quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/db_pool.h"
#include "common/log.h"
#include "daemons/web/season.h"

enum {
	STEP_SEASONS, STEP_COVERAGE, STEP_SOURCES, STEP_FIRST_KIND,
	STEPS = STEP_FIRST_KIND + QUALITY_KINDS,
	PATIENCE_MS = 130000	/* more than the database has: it is to answer for itself */
};

TAILQ_HEAD(waits, quality_wait);

struct quality {
	struct hs_db_pool *pool;
	struct hs_db_job *job;			/* NULL: it is not busy */
	size_t step;
	int64_t asked_ms;
	struct quality_report *next, *kept;
	struct evbuffer *ids, *years, *yearless;	/* of seasons: "{1,2,3}" */
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

static void drain(struct evbuffer *list)
{
	if (evbuffer_drain(list, evbuffer_get_length(list)) != 0)
		hs_panic("a list of seasons cannot be emptied");
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

static bool put(struct evbuffer *list, long long number)
{
	return evbuffer_add_printf(list, "%s%lld", evbuffer_get_length(list) == 0 ? "{" : ",",
	    number) > 0;
}

static bool close_list(struct evbuffer *list)
{
	const char *end = evbuffer_get_length(list) == 0 ? "{}" : "}";

	return evbuffer_add(list, end, strlen(end) + 1) == 0 && evbuffer_pullup(list, -1) != NULL;
}

static bool read_seasons(struct quality *quality, const PGresult *rows, struct hs_error *err)
{
	bool done = true;

	drain(quality->ids);
	drain(quality->years);
	drain(quality->yearless);
	for (int row = 0; done && row < PQntuples(rows); row++) {
		int year = season_year(hs_db_text(rows, row, 1));
		long long id = hs_db_int(rows, row, 0);

		done = year == 0 ? put(quality->yearless, id) :
		    put(quality->ids, id) && put(quality->years, year);
	}
	return (done && close_list(quality->ids) && close_list(quality->years) &&
	    close_list(quality->yearless)) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for the years of seasons");
}

static bool take_in(struct quality *quality, const PGresult *head, const PGresult *rows,
    struct hs_error *err)
{
	struct quality_report *report = quality->next;

	report->last_version = hs_db_int(head, 0, 0);
	switch (quality->step) {
	case STEP_SEASONS:
		report->version = report->last_version;
		snprintf(report->at, sizeof report->at, "%s", PQgetvalue(head, 0, 1));
		return read_seasons(quality, rows, err);
	case STEP_COVERAGE:
		return quality_report_cover(report, rows, err);
	case STEP_SOURCES:
		return quality_report_sources(report, rows, err);
	default:
		return quality_report_find(report, quality->step - STEP_FIRST_KIND, rows, err);
	}
}

/* A step of which the rest does not depend: what it would have told is missing. */
static bool can_miss(const struct quality *quality, const struct hs_error *err)
{
	return quality->step != STEP_SEASONS && (err->code == HS_TIMEOUT ||
	    err->code == HS_CANCELLED || err->code == HS_TOO_LONG);
}

static void miss(struct quality *quality, const struct hs_error *err)
{
	struct quality_report *report = quality->next;
	char *why = quality->step == STEP_COVERAGE ? report->coverage_why :
	    quality->step == STEP_SOURCES ? report->sources_why :
	    report->findings[quality->step - STEP_FIRST_KIND].why;

	hs_log_error(HS_LOG_WARNING, "a question of the data's quality has no answer", err);
	if (err->code == HS_TOO_LONG)
		snprintf(why, QUALITY_WHY_BYTES, "There are too many seasons to ask about.");
	else
		snprintf(why, QUALITY_WHY_BYTES,
		    "The database did not answer within " QUALITY_STEP_SECONDS " seconds.");
}

static void next_step(struct quality *quality)
{
	struct quality_progress progress;

	quality_look(quality, &progress);
	hs_log(HS_LOG_DEBUG, "asked of the data's quality", HS_STR("what", progress.doing),
	    HS_INT("ms", hs_clock_ms() - quality->asked_ms));
	if (++quality->step == STEPS)
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
	if (err == NULL && !take_in(quality, results[0], results[1], &full))
		err = &full;
	if (err != NULL && !can_miss(quality, err)) {
		give_up(quality, err);
		return;
	}
	if (err != NULL)
		miss(quality, err);
	next_step(quality);
}

/* ---- a step's question ---- */

static const char *text_in(struct evbuffer *list)
{
	return (const char *)evbuffer_pullup(list, -1);
}

static struct hs_db_statement statement_of(struct quality *quality, const char *values[2])
{
	static const char *const first[] = {
		[STEP_SEASONS] = quality_seasons_sql, [STEP_COVERAGE] = quality_coverage_sql,
		[STEP_SOURCES] = quality_sources_sql,
	};
	const struct quality_kind *kind;

	if (quality->step < STEP_FIRST_KIND)
		return (struct hs_db_statement){ .sql = first[quality->step] };
	kind = &quality_kinds[quality->step - STEP_FIRST_KIND];
	values[0] = text_in(kind->needs == QUALITY_NEEDS_YEARLESS ? quality->yearless :
	    quality->ids);
	values[1] = text_in(quality->years);
	return (struct hs_db_statement){ .sql = kind->sql, .values = values,
	    .count = kind->needs == QUALITY_NEEDS_YEARS ? 2 :
	    kind->needs == QUALITY_NEEDS_YEARLESS ? 1 : 0 };
}

static void ask(struct quality *quality)
{
	const char *values[2];
	const struct hs_db_statement statements[] = {
		{ .sql = quality_begin_sql }, statement_of(quality, values),
	};
	struct hs_error err = HS_ERROR_INIT;

	quality->asked_ms = hs_clock_ms();
	if (hs_db_pool_submit(quality->pool, statements, HS_COUNT(statements),
		PATIENCE_MS, on_answer, quality, &quality->job, &err))
		return;
	if (!can_miss(quality, &err)) {
		give_up(quality, &err);
		return;
	}
	miss(quality, &err);
	next_step(quality);
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
	quality->step = STEP_SEASONS;
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
		[STEP_SEASONS] = "seasons", [STEP_COVERAGE] = "coverage", [STEP_SOURCES] = "sources",
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
	quality->ids = evbuffer_new();
	quality->years = evbuffer_new();
	quality->yearless = evbuffer_new();
	if (quality->ids == NULL || quality->years == NULL || quality->yearless == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for the quality of the data");
	else if (hs_db_pool_new(base, settings, HS_DB_READER, "hsd-web quality", 1,
		&quality->pool, err)) {
		*ret = quality;
		return true;
	}
	quality_free(quality);
	return false;
}

void quality_free(struct quality *quality)
{
	if (quality == NULL)
		return;
	hs_db_pool_free(quality->pool);
	quality_report_free(quality->next);
	quality_report_free(quality->kept);
	if (quality->ids != NULL)
		evbuffer_free(quality->ids);
	if (quality->years != NULL)
		evbuffer_free(quality->years);
	if (quality->yearless != NULL)
		evbuffer_free(quality->yearless);
	free(quality);
}
