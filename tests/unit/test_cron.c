/* test_cron.c: expressions and the times they mean, and what is refused. */
#include "daemons/extractor/cron.h"
#include "daemons/extractor/cron_words.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"
#include "tests/unit/zones.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define TOKYO "JST-9"
#define UTC "UTC0"

enum { MOST_TIMES = 5 };

static const struct {
	const char *text, *zone, *after, *want[MOST_TIMES];
} times[] = {
	/* the fields */
	{ "* * * * *", UTC, "2026-11-25T12:00:00Z",
	    { "2026-11-25T12:01:00Z", "2026-11-25T12:02:00Z" } },
	{ "* * * * *", UTC, "2026-11-25T12:00:59Z", { "2026-11-25T12:01:00Z" } },
	{ "* * * * *", UTC, "2026-11-25T11:59:59Z", { "2026-11-25T12:00:00Z" } },
	{ "30 4 * * *", UTC, "2026-11-25T04:29:59Z",
	    { "2026-11-25T04:30:00Z", "2026-11-26T04:30:00Z" } },
	{ "30 4 * * *", UTC, "2026-11-25T04:30:00Z", { "2026-11-26T04:30:00Z" } },
	{ "  5\t4  *   * * ", UTC, "2026-11-25T00:00:00Z", { "2026-11-25T04:05:00Z" } },
	{ "*/15 * * * *", UTC, "2026-11-25T12:01:00Z", { "2026-11-25T12:15:00Z",
	    "2026-11-25T12:30:00Z", "2026-11-25T12:45:00Z", "2026-11-25T13:00:00Z" } },
	{ "*/25 * * * *", UTC, "2026-11-25T12:01:00Z", { "2026-11-25T12:25:00Z",
	    "2026-11-25T12:50:00Z", "2026-11-25T13:00:00Z" } },
	{ "5-20/5 9 * * *", UTC, "2026-11-25T09:05:00Z", { "2026-11-25T09:10:00Z",
	    "2026-11-25T09:15:00Z", "2026-11-25T09:20:00Z", "2026-11-26T09:05:00Z" } },
	{ "0 8,12,20 * * *", UTC, "2026-11-25T08:00:00Z", { "2026-11-25T12:00:00Z",
	    "2026-11-25T20:00:00Z", "2026-11-26T08:00:00Z" } },
	{ "0 22-23,0-1 * * *", UTC, "2026-11-25T22:00:00Z", { "2026-11-25T23:00:00Z",
	    "2026-11-26T00:00:00Z", "2026-11-26T01:00:00Z", "2026-11-26T22:00:00Z" } },
	{ "0 */6 * * *", UTC, "2026-12-31T18:00:00Z", { "2027-01-01T00:00:00Z" } },
	{ "59 23 31 12 *", UTC, "2026-12-31T23:59:00Z", { "2027-12-31T23:59:00Z" } },
	{ "0 0 1 jan,JUL *", UTC, "2026-01-01T00:00:00Z",
	    { "2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z" } },
	{ "0 0 1 Nov-dec *", UTC, "2026-01-01T00:00:00Z",
	    { "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "2027-11-01T00:00:00Z" } },
	/* days of the week: 25 November 2026 is a Wednesday */
	{ "0 6 * * mon-fri", UTC, "2026-11-27T06:00:00Z", { "2026-11-30T06:00:00Z" } },
	{ "0 6 * * 0", UTC, "2026-11-25T00:00:00Z", { "2026-11-29T06:00:00Z" } },
	{ "0 6 * * 7", UTC, "2026-11-25T00:00:00Z", { "2026-11-29T06:00:00Z" } },
	{ "0 6 * * SUN", UTC, "2026-11-25T00:00:00Z", { "2026-11-29T06:00:00Z" } },
	{ "0 6 * * 5-7", UTC, "2026-11-25T00:00:00Z", { "2026-11-27T06:00:00Z",
	    "2026-11-28T06:00:00Z", "2026-11-29T06:00:00Z", "2026-12-04T06:00:00Z" } },
	{ "0 6 * * fri-sun", UTC, "2026-11-28T06:00:00Z",
	    { "2026-11-29T06:00:00Z", "2026-12-04T06:00:00Z" } },
	{ "0 6 * * sun-mon", UTC, "2026-11-25T06:00:00Z",
	    { "2026-11-29T06:00:00Z", "2026-11-30T06:00:00Z", "2026-12-06T06:00:00Z" } },
	{ "0 6 * * */2", UTC, "2026-11-25T00:00:00Z",
	    { "2026-11-26T06:00:00Z", "2026-11-28T06:00:00Z", "2026-11-29T06:00:00Z" } },
	/* either day, when both are given; both, when one begins with a star */
	{ "0 0 13 * fri", UTC, "2026-11-01T00:00:00Z", { "2026-11-06T00:00:00Z",
	    "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z" } },
	{ "0 0 12 * fri", UTC, "2026-11-07T00:00:00Z",
	    { "2026-11-12T00:00:00Z", "2026-11-13T00:00:00Z" } },
	{ "0 0 */10 * fri", UTC, "2026-09-01T00:00:00Z",
	    { "2026-09-11T00:00:00Z", "2026-12-11T00:00:00Z" } },
	{ "0 0 30 2 mon", UTC, "2026-01-01T00:00:00Z", { "2026-02-02T00:00:00Z" } },
	/* months' ends and leap years */
	{ "0 0 31 * *", UTC, "2026-01-31T00:00:00Z",
	    { "2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z" } },
	{ "0 0 29 2 *", UTC, "2026-01-01T00:00:00Z",
	    { "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z" } },
	{ "0 0 29 2 *", UTC, "2096-02-29T00:00:00Z", { "2104-02-29T00:00:00Z" } },
	{ "0 0 29 2 */7", UTC, "2026-01-01T00:00:00Z",
	    { "2032-02-29T00:00:00Z", "2060-02-29T00:00:00Z", "2088-02-29T00:00:00Z",
	    "2128-02-29T00:00:00Z" } },
	{ "0 0 28-31 2 *", UTC, "2027-02-28T00:00:00Z",
	    { "2028-02-28T00:00:00Z", "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z" } },
	/* nicknames */
	{ "@hourly", UTC, "2026-12-31T23:00:00Z", { "2027-01-01T00:00:00Z" } },
	{ "@daily", UTC, "2026-02-28T00:00:00Z", { "2026-03-01T00:00:00Z" } },
	{ "@midnight", TOKYO, "2026-02-28T00:00:00Z", { "2026-03-01T00:00:00+09:00" } },
	{ "@weekly", UTC, "2026-11-25T00:00:00Z", { "2026-11-29T00:00:00Z" } },
	{ "@monthly", UTC, "2026-12-01T00:00:00Z", { "2027-01-01T00:00:00Z" } },
	{ "@yearly", UTC, "2026-01-01T00:00:00Z", { "2027-01-01T00:00:00Z" } },
	{ " @Annually ", UTC, "2026-01-01T00:00:00Z", { "2027-01-01T00:00:00Z" } },
	/* zones */
	{ "0 4 * * *", TOKYO, "2026-11-25T00:00:00Z", { "2026-11-26T04:00:00+09:00" } },
	{ "0 23 31 12 *", NEW_YORK, "2026-12-31T00:00:00Z", { "2026-12-31T23:00:00-05:00" } },
	{ "0 0 1 1 *", LORD_HOWE, "2026-12-01T00:00:00Z", { "2027-01-01T00:00:00+11:00" } },
	/* a gap: the calendar's times come at its end, once */
	{ "30 2 * * *", BERLIN, "2026-03-28T00:00:00Z", { "2026-03-28T02:30:00+01:00",
	    "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00" } },
	{ "30 2 * * *", BERLIN, "2026-03-29T01:00:00Z", { "2026-03-30T02:30:00+02:00" } },
	{ "*/20 2-3 * * *", BERLIN, "2026-03-29T00:00:00Z", { "2026-03-29T03:00:00+02:00",
	    "2026-03-29T03:20:00+02:00", "2026-03-29T03:40:00+02:00" } },
	{ "0 */2 * * *", BERLIN, "2026-03-28T23:00:00Z",
	    { "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00" } },
	{ "30 2 8 3 *", NEW_YORK, "2026-03-01T00:00:00Z",
	    { "2026-03-08T03:00:00-04:00", "2027-03-08T02:30:00-05:00" } },
	{ "15 2 * * *", LORD_HOWE, "2026-10-03T00:00:00Z",
	    { "2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00" } },
	/* a fold: once, the first time */
	{ "30 2 * * *", BERLIN, "2026-10-24T12:00:00Z",
	    { "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00" } },
	{ "30 2 * * *", BERLIN, "2026-10-25T01:15:00Z", { "2026-10-26T02:30:00+01:00" } },
	{ "*/30 1-3 * * *", BERLIN, "2026-10-25T01:30:00+02:00", { "2026-10-25T02:00:00+02:00",
	    "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00" } },
	{ "30 1 * * *", NEW_YORK, "2026-10-31T12:00:00Z",
	    { "2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00" } },
	{ "45 1 * * *", LORD_HOWE, "2026-04-04T00:00:00Z",
	    { "2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30" } },
	/* what is due in every hour goes on by the clock */
	{ "30 * * * *", BERLIN, "2026-03-29T01:00:00+01:00",
	    { "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00" } },
	{ "*/30 * * * *", BERLIN, "2026-03-29T01:30:00+01:00",
	    { "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00" } },
	{ "@hourly", BERLIN, "2026-10-25T01:00:00+02:00", { "2026-10-25T02:00:00+02:00",
	    "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00" } },
	{ "45 0-23 * * *", LORD_HOWE, "2026-04-05T01:00:00+11:00", { "2026-04-05T01:45:00+11:00",
	    "2026-04-05T01:45:00+10:30", "2026-04-05T02:45:00+10:30" } },
	{ "15 * * * *", LORD_HOWE, "2026-10-04T01:00:00+10:30",
	    { "2026-10-04T01:15:00+10:30", "2026-10-04T03:15:00+11:00" } },
	{ "0 * * * *", NEW_YORK, "2026-11-01T01:00:00-04:00",
	    { "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00" } },
};

static void test_times(void)
{
	for (size_t i = 0; i < HS_COUNT(times); i++) {
		struct zone *zone = zones_of_rule(times[i].zone);
		int64_t at = zones_instant(times[i].after);
		struct hs_error err = HS_ERROR_INIT;
		struct cron cron;
		char row[128];

		snprintf(row, sizeof row, "%s in %s after %s", times[i].text, times[i].zone,
		    times[i].after);
		if (expect_done(row, cron_parse(times[i].text, &cron, &err), &err)) {
			for (size_t n = 0; n < MOST_TIMES && times[i].want[n] != NULL; n++) {
				char got[ZONES_TEXT_BYTES], want[ZONES_TEXT_BYTES];

				at = cron_next(&cron, zone, 0, at);
				expect_text(row, zones_text(at, got),
				    zones_text(zones_instant(times[i].want[n]), want));
			}
		}
		zone_free(zone);
	}
}

static const struct { const char *text; int64_t seconds; } spans[] = {
	{ "@every 6h", 21600 }, { "@every 1d12h", 129600 }, { "@every 90m", 5400 },
	{ "@every 1s", 1 }, { "@EVERY  2w", 1209600 }, { "@every 1h30m15s ", 5415 },
	{ "@every 366d", 31622400 }, { "@every 9999s", 9999 },
};

static void test_every(void)
{
	struct zone *zone = zones_of_rule(BERLIN);

	for (size_t i = 0; i < HS_COUNT(spans); i++) {
		int64_t last = zones_instant("2026-03-28T20:00:00Z"), step = spans[i].seconds;
		struct hs_error err = HS_ERROR_INIT;
		const char *row = spans[i].text;
		struct cron cron;

		if (!expect_done(row, cron_parse(row, &cron, &err), &err))
			continue;
		expect_int(row, cron_next(&cron, zone, last, last), last + step);
		expect_int(row, cron_next(&cron, zone, last, last + step - 1), last + step);
		expect_int(row, cron_next(&cron, zone, last, last + step), last + 2 * step);
		/* many were missed: the next keeps step */
		expect_int(row, cron_next(&cron, zone, last, last + 7 * step + step / 2),
		    last + 8 * step);
		/* the clock was put back */
		expect_int(row, cron_next(&cron, zone, last, last - 5 * step), last + step);
	}
	zone_free(zone);
}

static const struct { const char *text, *says; } refused[] = {
	{ "", "0 fields instead of five" },
	{ "   ", "0 fields instead of five" },
	{ "0 4 * *", "4 fields instead of five" },
	{ "0 0 4 * * *", "6 fields instead of five" },
	{ "daily", "the minute, daily: this cannot be read" },
	{ "60 * * * *", "the minute, 60: out of range; allowed is * or 0 to 59" },
	{ "-1 * * * *", "the minute, -1" },
	{ "0 24 * * *", "the hour, 24: out of range; allowed is * or 0 to 23" },
	{ "0 0 0 * *", "the day of the month, 0: out of range; allowed is * or 1 to 31" },
	{ "0 0 32 * *", "the day of the month, 32" },
	{ "0 0 * 0 *", "the month, 0" },
	{ "0 0 * 13 *", "the month, 13: out of range; allowed is * or 1 to 12" },
	{ "0 0 * * 8", "the day of the week, 8: out of range; allowed is * or 0 to 7" },
	{ "0 0 * mon *", "the month, mon" },
	{ "0 0 * * jan", "the day of the week, jan" },
	{ "0 0 * * monday", "the day of the week, monday" },
	{ "0 0 L * *", "the day of the month, L" },
	{ "0 0 ? * *", "the day of the month, ?" },
	{ "0 0 * * 1#2", "the day of the week, 1#2" },
	{ "5/10 * * * *", "a step needs a range" },
	{ "*/0 * * * *", "the step is 0" },
	{ "*/60 * * * *", "longer than the field" },
	{ "*/x * * * *", "the step is no number" },
	{ "*5 * * * *", "cannot be read" },
	{ "10-5 * * * *", "ends before it begins" },
	{ "0 0 * * fri-mon", "ends before it begins" },
	{ "1- * * * *", "something is missing" },
	{ "1,,2 * * * *", "something is missing" },
	{ ",1 * * * *", "something is missing" },
	{ "1, * * * *", "something is missing" },
	{ "1-2-3 * * * *", "cannot be read" },
	{ "99999999999 * * * *", "the minute" },
	{ "0 0 30 2 *", "never due" },
	{ "0 0 31 4,6,9,11 *", "never due" },
	{ "0 0 30-31 feb *", "never due" },
	{ "@reboot", "there is no @reboot" },
	{ "@daily 5", "there is no @daily" },
	{ "@fortnightly", "there is no @fortnightly" },
	{ "@every", "say how long" },
	{ "@every 6", "say how long" },
	{ "@every h", "say how long" },
	{ "@every 6h6h", "say how long" },
	{ "@every 30m6h", "say how long" },
	{ "@every 1d 12h", "say how long" },
	{ "@every 1.5h", "say how long" },
	{ "@every -6h", "say how long" },
	{ "@every 0s", "1s to 366d" },
	{ "@every 367d", "1s to 366d" },
	{ "@every 99999h", "say how long" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < HS_COUNT(refused); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct cron cron;

		if (expect_true(refused[i].text, !cron_parse(refused[i].text, &cron, &err))) {
			expect_code(refused[i].text, &err, HS_BAD_ARGUMENT);
			expect_contains(refused[i].text, err.message, refused[i].says);
		}
	}
}

static void test_too_long(void)
{
	char text[CRON_TEXT_BYTES + 1], item[128];
	struct hs_error err = HS_ERROR_INIT;
	struct cron cron;

	memset(text, '1', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	expect_true("a long text", !cron_parse(text, &cron, &err));
	expect_contains("a long text", err.message, "256 bytes");
	snprintf(item, sizeof item, "%0*d * * * *", 100, 7);
	expect_true("a long item", !cron_parse(item, &cron, &err));
	expect_contains("a long item", err.message, "too long");
}

/* By every minute of two years, slowly: an expression is due exactly when its minute is in it. */
static void test_by_the_minute(void)
{
	static const char *const texts[] = { "*/7 3,14 * * *", "5 * 1,15 * mon", "0 0 31 * *",
		"59 23 * 2,12 sat-sun", "1-59/29 */5 */3 */2 */2" };
	int64_t begin = zones_instant("2027-06-01T00:00:00Z");
	int64_t end = zones_instant("2029-06-01T00:00:00Z");
	struct zone *zone = zones_of_rule(UTC);

	for (size_t i = 0; i < HS_COUNT(texts); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct cron cron;
		int64_t next;

		if (!expect_done(texts[i], cron_parse(texts[i], &cron, &err), &err))
			continue;
		next = cron_next(&cron, zone, 0, begin - 1);
		for (int64_t at = begin; at < end; at += 60) {
			struct zone_day day = zone_day_of(at / 86400);
			bool is_day = cron.days >> day.day & 1;
			bool is_weekday = cron.weekdays >> day.weekday & 1;
			bool is_due = (cron.minutes >> at / 60 % 60 & 1) != 0 &&
			    (cron.hours >> at / 3600 % 24 & 1) != 0 &&
			    (cron.months >> day.month & 1) != 0 &&
			    (cron.is_either_day ? is_day || is_weekday : is_day && is_weekday);

			if (!expect_int(texts[i], is_due, at == next))
				break;
			if (is_due)
				next = cron_next(&cron, zone, 0, at);
		}
	}
	zone_free(zone);
}

static const struct { const char *text, *want; } words[] = {
	{ "30 4 * * *", "every day at 04:30" },
	{ "30 4,16 * * *", "every day at 04:30, 16:30" },
	{ "30 4 * * mon-fri", "at 04:30, Monday to Friday" },
	{ "0 6 * * 0", "at 06:00, Sunday" },
	{ "0 6 * * 5-7", "at 06:00, Friday to Sunday" },
	{ "0 6 * * 6,0", "at 06:00, Saturday, Sunday" },
	{ "0 6 * * mon,wed,fri", "at 06:00, Monday, Wednesday, Friday" },
	{ "@daily", "every day at 00:00" },
	{ "@weekly", "at 00:00, Sunday" },
	{ "@monthly", "at 00:00, on day 1 of the month" },
	{ "@yearly", "at 00:00, on day 1 of the month, in January" },
	{ "@hourly", "every hour" },
	{ "* * * * *", "every minute" },
	{ "*/15 * * * *", "every 15 minutes" },
	{ "*/15 * * * sat,sun", "every 15 minutes, Saturday, Sunday" },
	{ "5 * * * *", "every hour at minute 5" },
	{ "*/25 * * * *", "every hour at minutes 0, 25, 50" },
	{ "0 */2 * * *", "every 2 hours" },
	{ "0 */6 * * *", "every day at 00:00, 06:00, 12:00, 18:00" },
	{ "30 */2 * * *", "at minute 30 of hours 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22" },
	{ "*/10 9-17 * * 1-5", "every 10 minutes of hours 9 to 17, Monday to Friday" },
	{ "0 0 13 * fri", "at 00:00, on day 13 of the month, and on each Friday" },
	{ "0 0 13 1-3,6 *", "at 00:00, on day 13 of the month, in January to March, June" },
	{ "0 0 1-7 * */7", "at 00:00, on days 1 to 7 of the month, if that is a Sunday" },
	{ "@every 1d12h", "every 1 day and 12 hours" },
	{ "@every 1h", "every hour" },
	{ "@every 90s", "every 1 minute and 30 seconds" },
	{ "@every 2w", "every 2 weeks" },
};

static void test_words(void)
{
	for (size_t i = 0; i < HS_COUNT(words); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char buf[CRON_WORDS_BYTES];
		struct cron cron;

		if (expect_done(words[i].text, cron_parse(words[i].text, &cron, &err), &err))
			expect_text(words[i].text, cron_words(&cron, buf), words[i].want);
	}
}

/* Whatever the sets are, it ends in its place. */
static void test_longest_words(void)
{
	const struct cron odd = { .minutes = 0x555555555555555, .hours = 0x555554,
		.days = 0x55555554, .months = 0x1554, .weekdays = 0x2a };
	char buf[CRON_WORDS_BYTES + 1];

	memset(buf, '#', sizeof buf);
	cron_words(&odd, buf);
	expect_true("the end", memchr(buf, '\0', CRON_WORDS_BYTES) != NULL);
	expect_int("beyond", buf[CRON_WORDS_BYTES], '#');
}

static const struct hs_case cases[] = {
	{ "next times", test_times },
	{ "@every", test_every },
	{ "what is refused", test_refused },
	{ "what is too long", test_too_long },
	{ "minute by minute", test_by_the_minute },
	{ "words", test_words },
	{ "longest words", test_longest_words },
};

int main(void)
{
	return hs_run_suite("cron", cases, HS_COUNT(cases));
}
