/* test_timezone.c: what the clocks of a zone show, in its table and beyond, and files that are none.
 *
 * The zones are made here, so that no tzdata is needed; where there is some, it is tried, too. */
#include "daemons/extractor/timezone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/harness.h"
#include "tests/unit/zones.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define HOUR 3600

static const struct { int year, month, day, weekday; } days[] = {
	{ 1970, 1, 1, 4 }, { 2000, 2, 29, 2 }, { 1900, 2, 28, 3 }, { 1900, 3, 1, 4 },
	{ 2100, 3, 1, 1 }, { 2026, 11, 25, 3 }, { 1969, 12, 31, 3 }, { 1600, 1, 1, 6 },
	{ 9999, 12, 31, 5 },
};

static void test_days(void)
{
	for (size_t i = 0; i < HS_COUNT(days); i++) {
		struct zone_day day = zone_day_of(zone_days(days[i].year, days[i].month,
		    days[i].day));
		char row[32];

		snprintf(row, sizeof row, "%d-%d-%d", days[i].year, days[i].month, days[i].day);
		expect_int(row, day.year, days[i].year);
		expect_int(row, day.month, days[i].month);
		expect_int(row, day.day, days[i].day);
		expect_int(row, day.weekday, days[i].weekday);
	}
}

/* Each day is the one after the day before, for eight centuries. */
static void test_every_day(void)
{
	int64_t number = zone_days(1600, 1, 1), last = zone_days(2400, 12, 31);
	struct zone_day before = zone_day_of(number - 1);

	for (; number <= last; number++) {
		struct zone_day day = zone_day_of(number);
		bool is_first = day.day == 1;
		bool holds = day.weekday == (before.weekday + 1) % 7 &&
		    zone_days(day.year, day.month, day.day) == number &&
		    (is_first ? before.day == zone_month_days(before.year, before.month) :
			day.day == before.day + 1 && day.month == before.month);

		if (!expect_true("the day after", holds))
			break;
		before = day;
	}
}

static const struct {
	const char *rule, *instant;
	int offset;
} offsets[] = {
	{ "UTC0", "2026-11-25T00:00:00Z", 0 },
	{ "JST-9", "2026-07-01T00:00:00Z", 9 * HOUR },
	{ "<-03>3", "2026-07-01T00:00:00Z", -3 * HOUR },
	{ "<+0545>-5:45", "2026-07-01T00:00:00Z", 5 * HOUR + 45 * 60 },
	{ BERLIN, "2026-03-29T00:59:59Z", HOUR },
	{ BERLIN, "2026-03-29T01:00:00Z", 2 * HOUR },
	{ BERLIN, "2026-10-25T00:59:59Z", 2 * HOUR },
	{ BERLIN, "2026-10-25T01:00:00Z", HOUR },
	{ BERLIN, "2027-01-01T00:00:00Z", HOUR },
	{ BERLIN, "2426-07-01T00:00:00Z", 2 * HOUR },
	{ NEW_YORK, "2026-03-08T06:59:59Z", -5 * HOUR },
	{ NEW_YORK, "2026-03-08T07:00:00Z", -4 * HOUR },
	{ NEW_YORK, "2026-11-01T05:59:59Z", -4 * HOUR },
	{ NEW_YORK, "2026-11-01T06:00:00Z", -5 * HOUR },
	/* summer is over the new year, and half an hour long */
	{ LORD_HOWE, "2026-01-01T00:00:00Z", 11 * HOUR },
	{ LORD_HOWE, "2026-04-04T14:59:59Z", 11 * HOUR },
	{ LORD_HOWE, "2026-04-04T15:00:00Z", 10 * HOUR + 1800 },
	{ LORD_HOWE, "2026-10-03T15:29:59Z", 10 * HOUR + 1800 },
	{ LORD_HOWE, "2026-10-03T15:30:00Z", 11 * HOUR },
	/* Dublin counts winter as the exception */
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00Z", 0 },
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-06-01T00:00:00Z", HOUR },
	/* days before midnight and days after, as in Nuuk and Gaza */
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -2 * HOUR },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -HOUR },
	{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 2 * HOUR },
	{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 3 * HOUR },
	/* the three kinds of dates; a summer that never ends */
	{ "AAA0BBB,J60/0,J61/0", "2024-03-01T00:00:00Z", HOUR },
	{ "AAA0BBB,J60/0,J61/0", "2024-02-29T23:59:59Z", 0 },
	{ "AAA0BBB,59/0,60/0", "2024-02-29T00:00:00Z", HOUR },
	{ "AAA0BBB,59/0,60/0", "2023-02-28T23:59:59Z", 0 },
	{ "XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -4 * HOUR },
	{ "XXX3EDT4,0/0,J365/23", "2026-07-01T03:00:00Z", -4 * HOUR },
};

static void test_rules(void)
{
	for (size_t i = 0; i < HS_COUNT(offsets); i++) {
		struct zone *zone = zones_of_rule(offsets[i].rule);
		int64_t instant = zones_instant(offsets[i].instant);
		struct zone_span span = zone_look(zone, instant);
		char row[96];

		snprintf(row, sizeof row, "%s at %s", offsets[i].rule, offsets[i].instant);
		expect_int(row, span.offset, offsets[i].offset);
		expect_true(row, span.from <= instant && instant < span.until);
		zone_free(zone);
	}
}

static void test_table(void)
{
	/* half an hour, then nothing, then the rule: the table ends in winter */
	const struct zones_change changes[] = {
		{ zones_instant("1900-01-01T00:00:00Z"), 1800 },
		{ zones_instant("1950-01-01T00:00:00Z"), 0 },
		{ zones_instant("1980-12-01T00:00:00Z"), HOUR },
	};
	unsigned char file[ZONES_FILE_BYTES];
	size_t length = zones_file(-53, changes, HS_COUNT(changes), BERLIN, file);
	struct hs_error err = HS_ERROR_INIT;
	struct zone *zone;

	if (!expect_done("a table", zone_read(file, length, &zone, &err), &err))
		return;
	expect_int("before it", zone_look(zone, changes[0].at - 1).offset, -53);
	expect_int("its first", zone_look(zone, changes[0].at).offset, 1800);
	expect_int("its second", zone_look(zone, changes[1].at).offset, 0);
	expect_int("until", zone_look(zone, changes[1].at).until, changes[2].at);
	expect_int("its last", zone_look(zone, changes[2].at).offset, HOUR);
	expect_int("from", zone_look(zone, changes[2].at).from, changes[2].at);
	expect_int("the rule begins", zone_look(zone, changes[2].at).until,
	    zones_instant("1981-03-29T01:00:00Z"));
	expect_int("the rule", zone_look(zone, zones_instant("1981-07-01T00:00:00Z")).offset,
	    2 * HOUR);
	zone_free(zone);
}

static const struct {
	const char *rule, *wall, *want;
} walls[] = {
	{ "UTC0", "2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z" },
	{ BERLIN, "2026-07-01T12:00:00Z", "2026-07-01T12:00:00+02:00" },
	/* a gap: its end */
	{ BERLIN, "2026-03-29T01:59:59Z", "2026-03-29T01:59:59+01:00" },
	{ BERLIN, "2026-03-29T02:00:00Z", "2026-03-29T03:00:00+02:00" },
	{ BERLIN, "2026-03-29T02:59:59Z", "2026-03-29T03:00:00+02:00" },
	{ BERLIN, "2026-03-29T03:00:00Z", "2026-03-29T03:00:00+02:00" },
	{ BERLIN, "2026-03-29T03:00:01Z", "2026-03-29T03:00:01+02:00" },
	/* a fold: the first of both */
	{ BERLIN, "2026-10-25T02:00:00Z", "2026-10-25T02:00:00+02:00" },
	{ BERLIN, "2026-10-25T02:59:59Z", "2026-10-25T02:59:59+02:00" },
	{ BERLIN, "2026-10-25T03:00:00Z", "2026-10-25T03:00:00+01:00" },
	{ LORD_HOWE, "2026-10-04T02:15:00Z", "2026-10-04T02:30:00+11:00" },
	{ LORD_HOWE, "2026-04-05T01:45:00Z", "2026-04-05T01:45:00+11:00" },
	{ LORD_HOWE, "2026-04-05T02:00:00Z", "2026-04-05T02:00:00+10:30" },
};

static void test_walls(void)
{
	for (size_t i = 0; i < HS_COUNT(walls); i++) {
		struct zone *zone = zones_of_rule(walls[i].rule);
		char got[ZONES_TEXT_BYTES], want[ZONES_TEXT_BYTES], row[96];

		snprintf(row, sizeof row, "%s at %s", walls[i].rule, walls[i].wall);
		expect_text(row, zones_text(zone_first_at(zone, zones_instant(walls[i].wall)), got),
		    zones_text(zones_instant(walls[i].want), want));
		zone_free(zone);
	}
}

/* Apia left out a day, and Kwajalein had one twice. */
static void test_whole_days(void)
{
	const struct zones_change skips[] = { { zones_instant("2011-12-30T10:00:00Z"), 14 * HOUR } };
	const struct zones_change repeats[] = { { zones_instant("1969-09-30T13:00:00Z"),
	    -12 * HOUR } };
	unsigned char file[ZONES_FILE_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	char got[ZONES_TEXT_BYTES];
	struct zone *zone;
	size_t length = zones_file(-10 * HOUR, skips, 1, "<+14>-14", file);

	if (!expect_done("a day less", zone_read(file, length, &zone, &err), &err))
		return;
	expect_text("a day less", zones_text(zone_first_at(zone,
	    zones_instant("2011-12-30T12:00:00Z")), got), "2011-12-30T10:00:00Z");
	zone_free(zone);
	length = zones_file(11 * HOUR, repeats, 1, "<-12>12", file);
	if (!expect_done("a day more", zone_read(file, length, &zone, &err), &err))
		return;
	expect_text("a day more", zones_text(zone_first_at(zone,
	    zones_instant("1969-09-30T12:00:00Z")), got), "1969-09-30T01:00:00Z");
	expect_text("a day more, and on", zones_text(zone_first_at(zone,
	    zones_instant("1969-10-01T12:00:00Z")), got), "1969-10-02T00:00:00Z");
	zone_free(zone);
}

static const char *const bad_rules[] = {
	"C1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-25", "CET-1CEST,M13.5.0,M10.5.0/3",
	"CET-1CEST,M3.6.0,M10.5.0/3", "CET-1CEST,M3.5.7,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/168",
	"CET-1CEST,J0,J365", "CET-1CEST,0,366", "CET-1CEST,M3.5.0,M10.5.0/3,", "<CET-1", "CET-1:60",
	"CET-1 CEST,M3.5.0,M10.5.0/3",
};

static void test_bad_files(void)
{
	const struct zones_change change = { 0, HOUR };
	const struct zones_change wild = { 0, 27 * HOUR };
	const struct zones_change twice[] = { { 5, HOUR }, { 5, 0 } };
	unsigned char file[ZONES_FILE_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	struct zone *zone = NULL;
	size_t length;

	for (size_t i = 0; i < HS_COUNT(bad_rules); i++) {
		length = zones_file(0, NULL, 0, bad_rules[i], file);
		if (!expect_true(bad_rules[i], !zone_read(file, length, &zone, &err)))
			zone_free(zone);
		else
			expect_contains(bad_rules[i], err.message, "the rule at its end");
	}
	/* cut off anywhere, it is refused */
	length = zones_file(0, &change, 1, BERLIN, file);
	for (size_t cut = 0; cut < length; cut++) {
		char *part = malloc(cut + 1);

		if (part == NULL)
			hs_panic("no memory");
		memcpy(part, file, cut);
		if (!expect_true("cut off", !zone_read(part, cut, &zone, &err)))
			zone_free(zone);
		free(part);
	}
	length = zones_file(0, &wild, 1, BERLIN, file);
	expect_true("27 hours", !zone_read(file, length, &zone, &err));
	expect_contains("27 hours", err.message, "26 hours");
	length = zones_file(0, twice, 2, BERLIN, file);
	expect_true("out of order", !zone_read(file, length, &zone, &err));
	expect_contains("out of order", err.message, "in order");
	length = zones_file(0, &change, 1, BERLIN, file);
	file[4] = '\0';
	expect_true("the first version", !zone_read(file, length, &zone, &err));
	expect_contains("the first version", err.message, "first version");
}

/* Whatever byte of a file is changed, nothing goes wild. */
static void test_damaged_files(void)
{
	const struct zones_change changes[] = { { 0, HOUR }, { 86400, 0 } };
	unsigned char file[ZONES_FILE_BYTES];
	size_t length = zones_file(0, changes, HS_COUNT(changes), BERLIN, file), good = 0;

	for (size_t at = 0; at < length; at++) {
		for (int bit = 0; bit < 8; bit++) {
			struct hs_error err = HS_ERROR_INIT;
			struct zone *zone;

			file[at] ^= (unsigned char)(1 << bit);
			if (zone_read(file, length, &zone, &err)) {
				struct zone_span span = zone_look(zone, 1774746000);

				expect_true("a span", span.from <= 1774746000 &&
				    span.until > 1774746000);
				zone_first_at(zone, 1774746000);
				zone_free(zone);
				good++;
			}
			file[at] ^= (unsigned char)(1 << bit);
		}
	}
	expect_true("some are still good", good > 0);
}

static const char *const bad_names[] = {
	"", "/etc/passwd", "../../etc/passwd", "Europe/../Europe/Berlin", "Europe/Berlin/",
	"Europe//Berlin", "./UTC", "Europe/Berl\xc3\xadn", "Europe", "no/such/zone", "zone.tab",
	"utc0 ", "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static void test_names(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct zone *zone;

	for (size_t i = 0; i < HS_COUNT(bad_names); i++) {
		if (!expect_true(bad_names[i], !zone_load(bad_names[i], &zone, &err)))
			zone_free(zone);
		else
			expect_code(bad_names[i], &err, HS_BAD_ARGUMENT);
	}
	if (!expect_done("UTC", zone_load("UTC", &zone, &err), &err))
		return;
	expect_int("UTC", zone_look(zone, 0).offset, 0);
	zone_free(zone);
}

static const struct { const char *zone, *instant; int offset; } known[] = {
	{ "Europe/Berlin", "1893-01-01T00:00:00Z", 53 * 60 + 28 },
	{ "Europe/Berlin", "1945-07-01T00:00:00Z", 3 * HOUR },	/* midsummer time */
	{ "Europe/Berlin", "2026-07-01T00:00:00Z", 2 * HOUR },
	{ "Europe/Berlin", "2060-07-01T00:00:00Z", 2 * HOUR },
	{ "America/New_York", "1942-03-01T00:00:00Z", -4 * HOUR },	/* war time */
	{ "America/New_York", "2050-12-01T00:00:00Z", -5 * HOUR },
	{ "Australia/Lord_Howe", "2040-06-01T00:00:00Z", 10 * HOUR + 1800 },
	{ "Asia/Kathmandu", "2026-01-01T00:00:00Z", 5 * HOUR + 45 * 60 },
	{ "Pacific/Apia", "2011-12-30T09:59:59Z", -10 * HOUR },
	{ "Pacific/Apia", "2011-12-30T10:00:00Z", 14 * HOUR },
};

static void test_tzdata(void)
{
	for (size_t i = 0; i < HS_COUNT(known); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct zone *zone;
		char row[96];

		if (access("/usr/share/zoneinfo/Europe/Berlin", F_OK) != 0) {
			hs_skip("there is no tzdata on this machine");
			return;
		}
		snprintf(row, sizeof row, "%s at %s", known[i].zone, known[i].instant);
		if (!expect_done(row, zone_load(known[i].zone, &zone, &err), &err))
			continue;
		expect_int(row, zone_look(zone, zones_instant(known[i].instant)).offset,
		    known[i].offset);
		zone_free(zone);
	}
}

static const struct hs_case cases[] = {
	{ "days and their numbers", test_days },
	{ "every day", test_every_day },
	{ "rules", test_rules },
	{ "a table, and the rule after it", test_table },
	{ "wall times, in gaps and folds", test_walls },
	{ "days left out and repeated", test_whole_days },
	{ "bad files", test_bad_files },
	{ "damaged files", test_damaged_files },
	{ "names", test_names },
	{ "the system's zones", test_tzdata },
};

int main(void)
{
	return hs_run_suite("timezone", cases, HS_COUNT(cases));
}
