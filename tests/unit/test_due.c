/* test_due.c: what is done about a source, by what the database keeps and what time it is. */
#include "daemons/extractor/due.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/harness.h"
#include "tests/unit/zones.h"

#define DAILY "0 4 * * *"
#define NOON "2026-11-25T12:00:00Z"

static const struct {
	const char *name;
	bool is_there, is_disabled;
	const char *schedule, *was;		/* was NULL: the same */
	const char *last, *next, *now;
	int spread, jitter;
	bool is_first_look;
	enum due_action want;
	const char *want_next, *want_begins;
} rows[] = {
	{ "a source never seen", .schedule = DAILY, .now = NOON, .want = DUE_SETTLE,
	    .want_next = "2026-11-26T04:00:00Z" },
	{ "an interval never seen", .schedule = "@every 6h", .now = NOON, .want = DUE_SETTLE,
	    .want_next = "2026-11-25T18:00:00Z" },
	{ "seen, and not settled", true, .schedule = DAILY, .now = NOON, .want = DUE_SETTLE,
	    .want_next = "2026-11-26T04:00:00Z" },
	{ "its time is to come", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = NOON, .want = DUE_REST, .want_begins = "2026-11-26T04:00:00Z" },
	{ "its time has come", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:00Z", .want = DUE_RUN, .want_next = "2026-11-27T04:00:00Z" },
	{ "a little late", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:30Z", .want = DUE_RUN, .want_next = "2026-11-27T04:00:00Z" },
	{ "late", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:31Z", .want = DUE_CATCH_UP,
	    .want_next = "2026-11-27T04:00:00Z" },
	{ "nobody was there", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:02Z", .is_first_look = true, .want = DUE_CATCH_UP,
	    .want_next = "2026-11-27T04:00:00Z" },
	{ "just in time", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:01Z", .is_first_look = true, .want = DUE_RUN,
	    .want_next = "2026-11-27T04:00:00Z" },
	{ "its run died, and was due now", true, .schedule = DAILY,
	    .last = "2026-11-26T04:00:00Z", .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:00Z", .want = DUE_CATCH_UP,
	    .want_next = "2026-11-27T04:00:00Z" },
	{ "many were missed", true, .schedule = DAILY, .next = "2026-11-01T04:00:00Z",
	    .now = NOON, .is_first_look = true, .want = DUE_CATCH_UP,
	    .want_next = "2026-11-26T04:00:00Z" },
	{ "many intervals were missed", true, .schedule = "@every 6h",
	    .next = "2026-11-01T04:00:00Z", .now = NOON, .is_first_look = true,
	    .want = DUE_CATCH_UP, .want_next = "2026-11-25T18:00:00Z" },
	{ "an interval in time keeps step", true, .schedule = "@every 6h",
	    .next = "2026-11-25T11:59:58Z", .now = NOON, .want = DUE_RUN,
	    .want_next = "2026-11-25T17:59:58Z" },
	{ "a second", true, .schedule = "@every 1s", .next = "2026-11-25T11:59:59Z", .now = NOON,
	    .want = DUE_RUN, .want_next = "2026-11-25T12:00:01Z" },
	{ "disabled", true, .is_disabled = true, .schedule = DAILY,
	    .next = "2026-11-01T04:00:00Z", .now = NOON, .want = DUE_REST },
	{ "disabled and never settled", true, .is_disabled = true, .schedule = DAILY, .now = NOON,
	    .want = DUE_REST },
	{ "another schedule begins anew, and makes nothing up", true, .schedule = DAILY,
	    .was = "@every 6h", .next = "2026-11-01T04:00:00Z", .now = NOON, .want = DUE_SETTLE,
	    .want_next = "2026-11-26T04:00:00Z" },
	/* jitter: the time stays, the run begins later */
	{ "its share of the jitter", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:00Z", .spread = 1000, .jitter = 299, .want = DUE_REST,
	    .want_begins = "2026-11-26T04:01:40Z" },
	{ "and then it runs", true, .schedule = DAILY, .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:01:40Z", .spread = 1000, .jitter = 299, .want = DUE_RUN,
	    .want_next = "2026-11-27T04:00:00Z", .want_begins = "2026-11-27T04:01:40Z" },
	{ "jitter longer than the schedule leaves no time out", true, .schedule = "* * * * *",
	    .next = "2026-11-26T04:00:00Z", .now = "2026-11-26T04:01:40Z", .spread = 1000,
	    .jitter = 299, .want = DUE_RUN, .want_next = "2026-11-26T04:01:00Z" },
	{ "jitter, and some were missed", true, .schedule = "* * * * *",
	    .next = "2026-11-26T04:00:00Z", .now = "2026-11-26T04:11:40Z", .spread = 1000,
	    .jitter = 299, .want = DUE_CATCH_UP, .want_next = "2026-11-26T04:11:00Z" },
	{ "an interval has none", true, .schedule = "@every 6h", .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-26T04:00:00Z", .spread = 1000, .jitter = 299, .want = DUE_RUN,
	    .want_next = "2026-11-26T10:00:00Z" },
	/* clocks */
	{ "the clock was put back a little: not twice", true, .schedule = DAILY,
	    .last = "2026-11-25T04:00:00Z", .next = "2026-11-26T04:00:00Z",
	    .now = "2026-11-25T03:59:00Z", .want = DUE_REST,
	    .want_begins = "2026-11-26T04:00:00Z" },
	{ "the clock was in another century", true, .schedule = DAILY,
	    .last = "2099-11-25T04:00:00Z", .next = "2099-11-26T04:00:00Z", .now = NOON,
	    .want = DUE_SETTLE, .want_next = "2026-11-26T04:00:00Z" },
	{ "an interval, and the clock was in another century", true, .schedule = "@every 6h",
	    .last = "2099-11-25T04:00:00Z", .next = "2099-11-25T10:00:00Z", .now = NOON,
	    .want = DUE_SETTLE, .want_next = "2026-11-25T18:00:00Z" },
	{ "an interval that began anew keeps its time", true, .schedule = "@every 6h",
	    .last = "2026-11-20T00:00:00Z", .next = "2026-11-25T17:59:00Z", .now = NOON,
	    .want = DUE_REST, .want_begins = "2026-11-25T17:59:00Z" },
	{ "an interval, and the clock was put back", true, .schedule = "@every 6h",
	    .last = "2026-11-25T12:00:10Z", .next = "2026-11-25T18:00:10Z", .now = NOON,
	    .want = DUE_REST, .want_begins = "2026-11-25T18:00:10Z" },
};

static bool read_time(const char *text, int64_t *ret)
{
	if (text != NULL)
		*ret = zones_instant(text);
	return text != NULL;
}

static const char *shown(int64_t instant, char buf[ZONES_TEXT_BYTES])
{
	return instant == 0 ? "none" : zones_text(instant, buf);
}

static void test_rows(void)
{
	struct zone *zone = zones_of_rule("UTC0");

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct due_row row = {
			.is_there = rows[i].is_there, .is_enabled = !rows[i].is_disabled,
			.schedule = rows[i].was != NULL ? rows[i].was : rows[i].schedule,
			.zone_name = "UTC", .spread = rows[i].spread,
		};
		char got[ZONES_TEXT_BYTES], want[ZONES_TEXT_BYTES];
		struct hs_error err = HS_ERROR_INIT;
		struct due_plan plan;
		struct cron cron;

		row.has_last = read_time(rows[i].last, &row.last);
		row.has_next = read_time(rows[i].next, &row.next);
		if (!expect_done(rows[i].name, cron_parse(rows[i].schedule, &cron, &err), &err))
			continue;
		plan = due_decide(&row, &(struct due_asked){ .cron = &cron, .zone = zone,
		    .schedule = rows[i].schedule, .zone_name = "UTC",
		    .jitter_seconds = rows[i].jitter, .now = zones_instant(rows[i].now),
		    .is_first_look = rows[i].is_first_look });
		expect_int(rows[i].name, plan.action, rows[i].want);
		if (rows[i].want_next != NULL)
			expect_text(rows[i].name, shown(plan.next, got),
			    shown(zones_instant(rows[i].want_next), want));
		if (rows[i].want == DUE_REST || rows[i].want_begins != NULL)
			expect_text(rows[i].name, shown(plan.begins, got), rows[i].want_begins == NULL ?
			    "none" : shown(zones_instant(rows[i].want_begins), want));
	}
	zone_free(zone);
}

/* A year of a source that is looked at now and then, and is away now and then: each time is
 * taken at most once, in order, none early, and none left out while somebody looks. */
static void test_a_year(void)
{
	static const char *const schedules[] = { "*/20 2-4 * * *", "@hourly", "@every 90m", DAILY };
	struct zone *zone = zones_of_rule("CET-1CEST,M3.5.0,M10.5.0/3");
	unsigned chance = 12345;

	for (size_t i = 0; i < HS_COUNT(schedules); i++) {
		struct due_row row = { .is_there = true, .is_enabled = true,
			.schedule = schedules[i], .zone_name = "Berlin", .spread = 77777 };
		int64_t now = zones_instant("2026-01-01T00:00:00Z"), latest = 0, runs = 0, late = 0;
		int64_t end = zones_instant("2027-01-01T00:00:00Z");
		bool is_first_look = true;
		struct cron cron;
		struct hs_error err = HS_ERROR_INIT;

		if (!expect_done(schedules[i], cron_parse(schedules[i], &cron, &err), &err))
			continue;
		while (now < end) {
			const struct due_asked asked = { .cron = &cron, .zone = zone,
				.schedule = schedules[i], .zone_name = "Berlin",
				.jitter_seconds = 600, .now = now, .is_first_look = is_first_look };
			struct due_plan plan = due_decide(&row, &asked);

			chance = chance * 1103515245 + 12345;
			is_first_look = false;
			if (plan.action == DUE_REST) {
				if (!expect_true(schedules[i], plan.begins > now))
					break;
				/* at the time, or, being away, half a day and more later */
				is_first_look = chance >> 16 & 1 && chance >> 17 & 1 && chance >> 18 & 1;
				now = is_first_look ? now + 13 * 3600 : plan.begins;
				continue;
			}
			if (plan.action != DUE_SETTLE) {
				expect_true(schedules[i], row.next > latest && row.next <= now);
				latest = row.next;
				runs++;
				late += plan.action == DUE_CATCH_UP;
				row.has_last = true;
				row.last = row.next;
			}
			row.has_next = true;
			row.next = plan.next;
		}
		expect_true(schedules[i], runs > 100 && late > 2 && runs > 2 * late);
	}
	zone_free(zone);
}

static const struct hs_case cases[] = {
	{ "what is done", test_rows },
	{ "a year", test_a_year },
};

int main(void)
{
	return hs_run_suite("due", cases, HS_COUNT(cases));
}
