/* cron_words.c: pure; of what cron.c made of a schedule, so that all its spellings sound alike. */
#include "daemons/extractor/cron_words.h"

#include <stdarg.h>
#include <stdio.h>

enum { MINUTES = 60, HOURS = 24, MOST_TIMES = 6 };

static const char *const weekdays[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
	"Friday", "Saturday" };
static const char *const months[] = { "", "January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December" };

struct line {
	char *buf;
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct line *line, const char *format, ...)
{
	size_t room = CRON_WORDS_BYTES - line->used;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(line->buf + line->used, room, format, args);
	va_end(args);
	if (wanted > 0)
		line->used += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

static bool has(uint64_t set, int n)
{
	return (set >> n & 1) != 0;
}

static int count(uint64_t set)
{
	return __builtin_popcountll(set);
}

static uint64_t whole(int from, int to)
{
	uint64_t set = 0;

	for (int n = from; n <= to; n++)
		set |= (uint64_t)1 << n;
	return set;
}

/* By how much the members of a set are apart, from 0 and round the clock; 0: not evenly. */
static int step_of(uint64_t set, int of)
{
	int n = count(set), step = n > 0 ? of / n : 0;

	if (n < 2 || of % n != 0)
		return 0;
	for (int at = 0; at < of; at += step) {
		if (!has(set, at))
			return 0;
	}
	return step;
}

/* "1, 5 to 9, 20"; names NULL: as numbers. */
static void put_list(struct line *line, uint64_t set, int from, int to, const char *const *names)
{
	const char *between = "";

	for (int n = from; n <= to; n++) {
		int last = n;

		if (!has(set, n))
			continue;
		while (last < to && has(set, last + 1))
			last++;
		if (last < n + 2)
			last = n;	/* two are named one by one */
		put(line, "%s", between);
		if (names != NULL)
			put(line, "%s", names[n]);
		else
			put(line, "%d", n);
		if (last > n && names != NULL)
			put(line, " to %s", names[last]);
		else if (last > n)
			put(line, " to %d", last);
		between = ", ";
		n = last;
	}
}

/* Monday comes first. */
static void put_weekdays(struct line *line, unsigned set)
{
	static const char *const from_monday[] = { "", "Monday", "Tuesday", "Wednesday", "Thursday",
		"Friday", "Saturday", "Sunday" };
	uint64_t shifted = (set & ~1U) | (has(set, 0) ? 1U << 7 : 0);

	if (count(set) == 1)
		for (int n = 0; n < 7; n++)
			put(line, "%s", has(set, n) ? weekdays[n] : "");
	else
		put_list(line, shifted, 1, 7, from_monday);
}

/* ---- @every ---- */

static void put_every(struct line *line, int64_t seconds)
{
	static const struct { int64_t seconds; const char *name; } units[] = {
		{ 7 * 86400, "week" }, { 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" },
	};
	const char *between = "every ";

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		long long n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n == 0)
			continue;
		if (n == 1 && seconds == 0 && between[0] == 'e')
			put(line, "every %s", units[i].name);
		else
			put(line, "%s%lld %s%s", between, n, units[i].name, n == 1 ? "" : "s");
		between = " and ";
	}
}

/* ---- by the calendar ---- */

static void put_times(struct line *line, const struct cron *cron)
{
	const char *between = "at ";

	for (int hour = 0; hour < HOURS; hour++) {
		for (int minute = 0; minute < MINUTES; minute++) {
			if (!has(cron->hours, hour) || !has(cron->minutes, minute))
				continue;
			put(line, "%s%02d:%02d", between, hour, minute);
			between = ", ";
		}
	}
}

/* In every hour of the day. */
static void put_minutes(struct line *line, const struct cron *cron)
{
	int step = step_of(cron->minutes, MINUTES);

	if (step == 1)
		put(line, "every minute");
	else if (step > 1)
		put(line, "every %d minutes", step);
	else if (cron->minutes == 1)
		put(line, "every hour");
	else {
		put(line, "every hour at minute%s ", count(cron->minutes) == 1 ? "" : "s");
		put_list(line, cron->minutes, 0, MINUTES - 1, NULL);
	}
}

static void put_hours(struct line *line, const struct cron *cron)
{
	int step = step_of(cron->hours, HOURS), minutes = step_of(cron->minutes, MINUTES);

	if (cron->minutes == 1 && step > 1) {
		put(line, "every %d hours", step);
		return;
	}
	if (minutes == 1)
		put(line, "every minute");
	else if (minutes > 1)
		put(line, "every %d minutes", minutes);
	else {
		put(line, "at minute%s ", count(cron->minutes) == 1 ? "" : "s");
		put_list(line, cron->minutes, 0, MINUTES - 1, NULL);
	}
	put(line, " of hour%s ", count(cron->hours) == 1 ? "" : "s");
	put_list(line, cron->hours, 0, HOURS - 1, NULL);
}

static void put_days(struct line *line, const struct cron *cron)
{
	bool every_day = cron->days == whole(1, 31), every_weekday = cron->weekdays == whole(0, 6);

	if (!every_day) {
		put(line, ", on day%s ", count(cron->days) == 1 ? "" : "s");
		put_list(line, cron->days, 1, 31, NULL);
		put(line, " of the month");
	}
	if (!every_weekday && !every_day)
		put(line, cron->is_either_day ? ", and on each " : ", if that is a ");
	else if (!every_weekday)
		put(line, ", ");
	if (!every_weekday)
		put_weekdays(line, cron->weekdays);
	if (cron->months != whole(1, 12)) {
		put(line, ", in ");
		put_list(line, cron->months, 1, 12, months);
	}
}

const char *cron_words(const struct cron *cron, char buf[CRON_WORDS_BYTES])
{
	struct line line = { .buf = buf };
	bool is_daily = cron->days == whole(1, 31) && cron->weekdays == whole(0, 6);

	buf[0] = '\0';
	if (cron->every > 0) {
		put_every(&line, cron->every);
		return buf;
	}
	if (cron->hours == whole(0, HOURS - 1)) {
		put_minutes(&line, cron);
	} else if (count(cron->hours) * count(cron->minutes) <= MOST_TIMES) {
		put(&line, is_daily ? "every day " : "");
		put_times(&line, cron);
	} else {
		put_hours(&line, cron);
	}
	put_days(&line, cron);
	return buf;
}
