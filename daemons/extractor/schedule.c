/* schedule.c: wakes, looks what is due, starts it, and sleeps until the next.
 *
 * Trusts the database's clock alone: machines that share it agree on the time. While the database
 * is away nothing is started; when it is back, what was due is made up. A run that cannot be
 * started now (the source is busy, or has no URL) lets its time go. */
#include "daemons/extractor/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "daemons/extractor/cron.h"
#include "daemons/extractor/cron_words.h"
#include "daemons/extractor/due.h"
#include "daemons/extractor/extractor.h"
#include "daemons/extractor/run.h"
#include "daemons/extractor/store_schedule.h"
#include "daemons/extractor/timezone.h"

enum {
	LONGEST_MS = 60000,
	AGAIN_MS = 1000,		/* to see what became of a time that was settled */
	RETRY_MS = 5000,		/* the database is away */
	TIME_BYTES = 32
};

struct schedule {
	struct extractor *extractor;
	struct event *wake;
	bool is_looking, is_stopped;
	bool is_woken;			/* while it looked: what it sees is old */
	bool has_looked;		/* since it is on */
	bool is_away;			/* the database: told once */
	json_t *complaints;		/* what is wrong with whose schedule: told once, too */
	bool has_next;
	int64_t next;			/* of all sources, with the jitter */
	char *next_source;
	struct store_forgetting forgetting;
};

static const struct hs_settings *settings_of(const struct extractor *extractor)
{
	return hs_child_settings(extractor->child);
}

static bool is_on(const struct schedule *schedule)
{
	return !schedule->is_stopped &&
	    hs_setting_bool(settings_of(schedule->extractor), HS_SET_SCHEDULER_ENABLED);
}

/* ---- a source's schedule ---- */

struct timetable {
	struct cron cron;
	struct zone *zone;
	const char *zone_name;
};

static bool has_schedule(const struct source *source)
{
	return source->schedule != NULL && source->schedule[0] != '\0';
}

static const char *zone_name_of(const struct hs_settings *settings, const struct source *source)
{
	return source->timezone != NULL && source->timezone[0] != '\0' ? source->timezone :
	    hs_setting_text(settings, HS_SET_SCHEDULER_TIMEZONE);
}

static bool timetable_read(const struct hs_settings *settings, const struct source *source,
    struct timetable *ret, struct hs_error *err)
{
	const char *zone_name = zone_name_of(settings, source);

	if (!cron_parse(source->schedule, &ret->cron, err) ||
	    !zone_load(zone_name, &ret->zone, err))
		return false;
	ret->zone_name = zone_name;
	return true;
}

static bool name_setting(enum hs_setting id, struct hs_error *err)
{
	const char *name = hs_setting_rows[id].name;
	struct hs_error why = *err;

	return hs_error_set(err, HS_BAD_SETTING, name, "%s: %s", name, why.message);
}

bool schedule_check(const struct hs_settings *settings, struct hs_error *err)
{
	const char *text = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_JSON_SCHEDULE);
	struct zone *zone;
	struct cron cron;

	if (text[0] != '\0' && !cron_parse(text, &cron, err))
		return name_setting(HS_SET_EXTRACTOR_PUBLIC_JSON_SCHEDULE, err);
	if (!zone_load(hs_setting_text(settings, HS_SET_SCHEDULER_TIMEZONE), &zone, err))
		return name_setting(HS_SET_SCHEDULER_TIMEZONE, err);
	zone_free(zone);
	return true;
}

static struct due_plan plan_of(const struct hs_settings *settings, const struct source *source,
    const struct timetable *table, const struct due_row *row, int64_t now, bool is_first_look)
{
	const struct due_asked asked = {
		.cron = &table->cron, .zone = table->zone, .schedule = source->schedule,
		.zone_name = table->zone_name, .now = now, .is_first_look = is_first_look,
		.jitter_seconds = hs_setting_int(settings, HS_SET_SCHEDULER_JITTER_SECONDS),
	};

	return due_decide(row, &asked);
}

/* ---- sleeping ---- */

static void sleep_ms(struct schedule *schedule, int64_t ms)
{
	const struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (event_add(schedule->wake, &wait) != 0)
		hs_panic("no timer for the scheduler");
}

static void forget_next(struct schedule *schedule)
{
	free(schedule->next_source);
	schedule->next_source = NULL;
	schedule->has_next = false;
}

/* The earliest is what status shows. */
static void note_next(struct schedule *schedule, const char *source, int64_t begins)
{
	if (schedule->has_next && schedule->next <= begins)
		return;
	forget_next(schedule);
	schedule->next_source = strdup(source);
	schedule->has_next = schedule->next_source != NULL;
	schedule->next = begins;
}

/* ---- acting ---- */

static void begin(struct schedule *schedule, const struct source *source,
    const struct due_row *row, const struct due_plan *plan)
{
	const struct store_due due = { row->next, plan->next };
	const struct run_options options = {
		.source = source, .due = &due,
		.trigger = plan->action == DUE_RUN ? STORE_BY_SCHEDULE : STORE_CATCH_UP,
	};
	struct hs_error err = HS_ERROR_INIT;

	/* the answer we look at may be older than what was done about it */
	if (run_is_for(schedule->extractor, source->name, row->next) ||
	    run_start(schedule->extractor, &options, NULL, &err))
		return;
	hs_log_error_of(err.code == HS_BUSY ? HS_LOG_INFO : HS_LOG_WARNING,
	    "a source does not run when it is due", &err, HS_STR("source", source->name));
	/* a lack of memory or connections may pass, and the time is kept */
	if ((err.code == HS_BUSY || !err.temporary) &&
	    !store_schedule_skip(schedule->extractor->pool, source->name, due.at, due.next, &err))
		hs_log_error(HS_LOG_WARNING, "cannot write down when a source is due", &err);
}

static const char *time_text(int64_t instant, char buf[TIME_BYTES])
{
	time_t when = (time_t)instant;
	struct tm utc;

	if (gmtime_r(&when, &utc) == NULL ||
	    strftime(buf, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(buf, TIME_BYTES, "%lld", (long long)instant);
	return buf;
}

static void settle(struct schedule *schedule, const struct source *source,
    const struct timetable *table, const struct due_row *row, int64_t next)
{
	struct hs_error err = HS_ERROR_INIT;
	char when[TIME_BYTES];

	hs_log(HS_LOG_INFO, "a source has a schedule", HS_STR("source", source->name),
	    HS_STR("schedule", source->schedule), HS_STR("time_zone", table->zone_name),
	    HS_STR("next", time_text(next, when)));
	if (!store_schedule_settle(schedule->extractor->pool, source->name, source->schedule,
		table->zone_name, row, next, NULL, NULL, &err))
		hs_log_error(HS_LOG_WARNING, "cannot write down when a source is due", &err);
}

static void complain(struct schedule *schedule, const char *source, struct hs_error *err)
{
	const json_t *told = json_object_get(schedule->complaints, source);

	if (json_is_string(told) && strcmp(json_string_value(told), err->message) == 0)
		return;
	json_object_set_new(schedule->complaints, source, json_string(err->message));
	hs_error_at(err, source);
	hs_log_error(HS_LOG_WARNING, "a source's schedule cannot be read", err);
}

/* Returns how long it may sleep for this source's sake. */
static int64_t look_at(struct schedule *schedule, const struct source *source,
    const PGresult *rows, int64_t now_ms)
{
	const struct hs_settings *settings = settings_of(schedule->extractor);
	struct due_row row = store_schedule_row(rows, source->name);
	struct timetable table = { .zone = NULL };
	struct hs_error err = HS_ERROR_INIT;
	int64_t wait_ms = LONGEST_MS;
	struct due_plan plan;

	if (!has_schedule(source))
		return wait_ms;
	if (!timetable_read(settings, source, &table, &err)) {
		complain(schedule, source->name, &err);
		return wait_ms;
	}
	json_object_del(schedule->complaints, source->name);
	plan = plan_of(settings, source, &table, &row, now_ms / 1000, !schedule->has_looked);
	if (plan.begins != 0) {
		note_next(schedule, source->name, plan.begins);
		wait_ms = plan.begins * 1000 - now_ms;
	}
	switch (plan.action) {
	case DUE_REST:
		break;
	case DUE_SETTLE:
		settle(schedule, source, &table, &row, plan.next);
		wait_ms = AGAIN_MS;
		break;
	case DUE_RUN:
	case DUE_CATCH_UP:
		begin(schedule, source, &row, &plan);
		wait_ms = AGAIN_MS;
		break;
	}
	zone_free(table.zone);
	return wait_ms > 0 ? wait_ms : 0;
}

/* ---- looking ---- */

static int64_t look_at_all(struct schedule *schedule, const PGresult *rows)
{
	int64_t now_ms = store_schedule_now_ms(rows), wait_ms = LONGEST_MS;
	struct source source;

	forget_next(schedule);
	sources_refresh(schedule->extractor->sources, settings_of(schedule->extractor));
	for (size_t n = 0; source_at(schedule->extractor->sources, n, &source); n++) {
		int64_t its_ms = look_at(schedule, &source, rows, now_ms);

		if (its_ms < wait_ms)
			wait_ms = its_ms;
	}
	schedule->has_looked = true;
	return wait_ms;
}

static void on_looked(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct schedule *schedule = arg;

	(void)count;
	schedule->is_looking = false;
	if (schedule->is_woken || !is_on(schedule)) {
		schedule->is_woken = false;
		schedule_wake(schedule);
		return;
	}
	if (err == NULL) {
		schedule->is_away = false;
		sleep_ms(schedule, look_at_all(schedule, results[0]));
		return;
	}
	if (!schedule->is_away)
		hs_log_error(HS_LOG_WARNING, "cannot see which sources are due", err);
	schedule->is_away = true;
	sleep_ms(schedule, RETRY_MS);
}

/* It looks in any case: what keeps that from being written down need not keep us from looking. */
static void on_forgotten(void *arg, const struct hs_error *why)
{
	struct schedule *schedule = arg;
	struct hs_error err = HS_ERROR_INIT;

	if (why != NULL && !schedule->is_away)
		hs_log_error(HS_LOG_WARNING, "cannot write down which runs were lost", why);
	if (!store_schedule_look(schedule->extractor->pool, on_looked, schedule, &err))
		on_looked(schedule, NULL, 0, &err);
}

/* First, what other machines ran and did not end may be due again. */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct schedule *schedule = arg;
	json_t *ours;

	(void)fd, (void)what;
	if (!is_on(schedule)) {
		forget_next(schedule);
		schedule->has_looked = false;
		return;
	}
	ours = run_progress_all(schedule->extractor);
	schedule->is_looking = true;
	store_forget_unseen(schedule->extractor->pool, ours, on_forgotten, schedule,
	    &schedule->forgetting);
	json_decref(ours);
}

void schedule_free(struct schedule *schedule)
{
	if (schedule == NULL)
		return;
	if (schedule->wake != NULL)
		event_free(schedule->wake);
	json_decref(schedule->complaints);
	free(schedule->next_source);
	free(schedule);
}

bool schedule_new(struct extractor *extractor, struct schedule **ret, struct hs_error *err)
{
	struct schedule *schedule = calloc(1, sizeof *schedule);

	if (schedule == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the scheduler");
	schedule->extractor = extractor;
	schedule->complaints = json_object();
	schedule->wake = evtimer_new(extractor->base, on_wake, schedule);
	if (schedule->complaints == NULL || schedule->wake == NULL) {
		schedule_free(schedule);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the scheduler");
	}
	*ret = schedule;
	return true;
}

void schedule_wake(struct schedule *schedule)
{
	if (schedule->is_stopped)
		return;
	if (schedule->is_looking)
		schedule->is_woken = true;
	else
		sleep_ms(schedule, 0);
}

void schedule_stop(struct schedule *schedule)
{
	schedule->is_stopped = true;
	event_del(schedule->wake);
}

/* ---- telling ---- */

static json_t *time_json(bool is_known, int64_t instant)
{
	char when[TIME_BYTES];

	return is_known ? json_string(time_text(instant, when)) : json_null();
}

json_t *schedule_status(const struct schedule *schedule)
{
	return json_pack("{s:b, s:s?, s:o}", "enabled", is_on(schedule), "next_source",
	    schedule->has_next ? schedule->next_source : NULL, "next_run_at",
	    time_json(schedule->has_next, schedule->next));
}

/* When it will run, as far as that can be told now. */
static json_t *next_run_json(const struct extractor *extractor, const struct source *source,
    const struct timetable *table, const struct due_row *row, int64_t now)
{
	const struct hs_settings *settings = settings_of(extractor);
	struct due_plan plan;

	if (!hs_setting_bool(settings, HS_SET_SCHEDULER_ENABLED))
		return json_null();
	plan = plan_of(settings, source, table, row, now, false);
	return time_json(plan.begins != 0, plan.begins);
}

json_t *schedule_json(const struct extractor *extractor, const struct source *source,
    const PGresult *rows)
{
	struct due_row row = store_schedule_row(rows, source->name);
	struct timetable table = { .zone = NULL };
	struct hs_error err = HS_ERROR_INIT;
	bool is_good = has_schedule(source) &&
	    timetable_read(settings_of(extractor), source, &table, &err);
	json_t *found = json_pack("{s:b, s:s?, s:s?, s:s?, s:o, s:o}", "enabled", row.is_enabled,
	    "schedule", has_schedule(source) ? source->schedule : NULL,
	    "time_zone", is_good && table.cron.every == 0 ? table.zone_name : NULL,
	    "schedule_problem", has_schedule(source) && !is_good ? err.message : NULL,
	    "last_due_at", time_json(row.has_last, row.last), "next_run_at", is_good ?
	    next_run_json(extractor, source, &table, &row, store_schedule_now_ms(rows) / 1000) :
	    json_null());

	zone_free(table.zone);
	return found;
}

json_t *schedule_about(const struct hs_settings *settings, const struct source *source)
{
	struct timetable table = { .zone = NULL };
	struct hs_error err = HS_ERROR_INIT;
	char words[CRON_WORDS_BYTES];
	bool is_good = has_schedule(source) && timetable_read(settings, source, &table, &err);
	bool is_by_clock = is_good && table.cron.every == 0;
	json_t *found = json_pack("{s:s?, s:s?, s:s?, s:s?, s:I, s:b}", "schedule",
	    has_schedule(source) ? source->schedule : NULL, "schedule_words",
	    is_good ? cron_words(&table.cron, words) : NULL, "time_zone",
	    is_by_clock ? table.zone_name : NULL, "schedule_problem",
	    has_schedule(source) && !is_good ? err.message : NULL, "jitter_seconds", is_by_clock ?
	    (json_int_t)hs_setting_int(settings, HS_SET_SCHEDULER_JITTER_SECONDS) : 0,
	    "is_scheduler_on", (int)hs_setting_bool(settings, HS_SET_SCHEDULER_ENABLED));

	zone_free(table.zone);
	return found;
}
