/* cron.c: expressions into sets of minutes, hours and days, and the next time that is in all.
 *
 * Trusts no text. What it accepts is due some day: cron_next finds it within 41 years (29
 * February on one day of the week is the rarest), and a search that does not is a broken promise. */
#include "daemons/extractor/cron.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	DAY = 86400,
	DAY_MINUTES = 24 * 60,
	FIELDS = 5,
	WORD_BYTES = 64,
	MOST_DAYS = 41 * 366
};

#define ALL_HOURS ((1u << 24) - 1)

static const char blanks[] = " \t";

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
	"sep", "oct", "nov", "dec", NULL };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

static const struct field {
	const char *name, *allowed;
	int min, max;
	const char *const *words;	/* of min and those after it */
} fields[FIELDS] = {
	{ "minute", "0 to 59", 0, 59, NULL },
	{ "hour", "0 to 23", 0, 23, NULL },
	{ "day of the month", "1 to 31", 1, 31, NULL },
	{ "month", "1 to 12, or jan to dec", 1, 12, month_names },
	{ "day of the week", "0 to 7 (0 and 7 are Sunday), or sun to sat", 0, 7, day_names },
};

static const struct { const char *name, *fields; } nicknames[] = {
	{ "@hourly", "0 * * * *" },
	{ "@daily", "0 0 * * *" },
	{ "@midnight", "0 0 * * *" },
	{ "@weekly", "0 0 * * 0" },
	{ "@monthly", "0 0 1 * *" },
	{ "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
};

/* ---- one field ---- */

static bool refuse(struct hs_error *err, const struct field *field, const char *item,
    const char *why)
{
	return hs_error_set(err, HS_BAD_ARGUMENT, "", "the %s, %.64s: %s; allowed is * or %s, in"
	    " lists (1,2), ranges (1-5) and steps (*/2, 1-5/2)", field->name, item, why,
	    field->allowed);
}

static bool take_digits(const char **text, int *ret)
{
	int value = 0, digits = 0;

	while (**text >= '0' && **text <= '9') {
		if (++digits > 4)
			return false;
		value = 10 * value + (*(*text)++ - '0');
	}
	if (digits > 0)
		*ret = value;
	return digits > 0;
}

static bool take_value(const char **text, const struct field *field, int *ret)
{
	for (int i = 0; field->words != NULL && field->words[i] != NULL; i++) {
		size_t length = strlen(field->words[i]);

		if (strncasecmp(*text, field->words[i], length) == 0) {
			*text += length;
			*ret = field->min + i;
			return true;
		}
	}
	return take_digits(text, ret);
}

/* From low to high; a value alone is both. is_range says whether a step may follow. */
static bool take_range(const char **text, const struct field *field, int *low, int *high,
    bool *is_range)
{
	*is_range = true;
	if (**text == '*') {
		(*text)++;
		*low = field->min;
		*high = field->max;
		return true;
	}
	if (!take_value(text, field, low))
		return false;
	*high = *low;
	*is_range = **text == '-';
	if (!*is_range)
		return true;
	(*text)++;
	if (!take_value(text, field, high))
		return false;
	/* fri-sun ends with the Sunday after */
	if (field->words == day_names && *high == 0 && *low > 0)
		*high = 7;
	return true;
}

static bool read_item(const char *item, const struct field *field, uint64_t *set,
    struct hs_error *err)
{
	const char *text = item;
	int low, high, step = 1;
	bool is_range;

	if (!take_range(&text, field, &low, &high, &is_range))
		return refuse(err, field, item, text[0] == '\0' ? "something is missing" :
		    "this cannot be read");
	if (low < field->min || high > field->max || low > field->max || high < field->min)
		return refuse(err, field, item, "out of range");
	if (low > high)
		return refuse(err, field, item, "the range ends before it begins: write two");
	if (text[0] == '/') {
		text++;
		if (!is_range)
			return refuse(err, field, item, "a step needs a range or * before it");
		if (!take_digits(&text, &step))
			return refuse(err, field, item, "the step is no number");
		if (step < 1 || step > field->max)
			return refuse(err, field, item, "the step is 0, or longer than the field");
	}
	if (text[0] != '\0')
		return refuse(err, field, item, "this cannot be read");
	for (int value = low; value <= high; value += step)
		*set |= UINT64_C(1) << value;
	return true;
}

static bool read_field(const char *word, size_t length, const struct field *field, uint64_t *ret,
    struct hs_error *err)
{
	const char *end = word + length;
	uint64_t set = 0;

	for (;;) {
		size_t item_length = strcspn(word, ", \t");
		char item[WORD_BYTES];

		if (item_length >= sizeof item)
			return refuse(err, field, word, "this is too long");
		memcpy(item, word, item_length);
		item[item_length] = '\0';
		if (!read_item(item, field, &set, err))
			return false;
		word += item_length;
		if (word == end)
			break;
		word++;
	}
	*ret = set;
	return true;
}

/* ---- five of them ---- */

/* Whether any year has one of the days. */
static bool has_a_day(const struct cron *cron)
{
	enum { LEAP_YEAR = 2000 };

	for (int month = 1; month <= 12; month++) {
		for (int day = 1; day <= zone_month_days(LEAP_YEAR, month); day++) {
			if ((cron->months >> month & 1) != 0 && (cron->days >> day & 1) != 0)
				return true;
		}
	}
	return cron->is_either_day;
}

static bool read_fields(const char *text, struct cron *ret, struct hs_error *err)
{
	uint64_t sets[FIELDS] = { 0 };
	bool is_star[FIELDS] = { false };
	const char *at = text;
	size_t count = 0;

	for (at += strspn(at, blanks); at[0] != '\0'; at += strspn(at, blanks)) {
		size_t length = strcspn(at, blanks);

		if (count < FIELDS) {
			is_star[count] = at[0] == '*';
			if (!read_field(at, length, &fields[count], &sets[count], err))
				return false;
		}
		count++;
		at += length;
	}
	if (count != FIELDS)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "%.64s has %zu field%s instead of five:"
		    " minute, hour, day of the month, month, day of the week; or say @daily, or"
		    " @every 6h", text, count, count == 1 ? "" : "s");
	*ret = (struct cron){
		.minutes = sets[0], .hours = (uint32_t)sets[1], .days = (uint32_t)sets[2],
		.months = (uint16_t)sets[3],
		.weekdays = (uint8_t)((sets[4] | sets[4] >> 7) & 0x7f),
		.is_either_day = !is_star[2] && !is_star[4],
	};
	return has_a_day(ret) || hs_error_set(err, HS_BAD_ARGUMENT, "", "%.64s is never due: its"
	    " months have no such day of the month", text);
}

/* ---- @every ---- */

static bool read_every(const char *text, struct cron *ret, struct hs_error *err)
{
	static const struct { char letter; int seconds; } units[] = {
		{ 'w', 7 * DAY }, { 'd', DAY }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 },
	};
	const char *at = text + strspn(text, blanks);
	bool is_good = at[0] != '\0';
	size_t unit = 0;
	int64_t sum = 0;
	int number;

	while (is_good && at[0] != '\0' && strspn(at, blanks) != strlen(at)) {
		is_good = take_digits(&at, &number);
		while (is_good && unit < HS_COUNT(units) && units[unit].letter != at[0])
			unit++;
		is_good = is_good && unit < HS_COUNT(units);
		if (is_good) {
			sum += (int64_t)number * units[unit++].seconds;
			at++;
		}
	}
	if (!is_good)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "@every%.64s: say how long, in weeks,"
		    " days, hours, minutes and seconds: @every 6h, @every 1d12h", text);
	if (sum < 1 || sum > CRON_MAX_EVERY)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "@every%.64s: allowed is 1s to 366d",
		    text);
	*ret = (struct cron){ .every = sum };
	return true;
}

bool cron_parse(const char *text, struct cron *ret, struct hs_error *err)
{
	static const char every[] = "@every";
	size_t length;

	if (strlen(text) >= CRON_TEXT_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "a schedule has at most %d bytes",
		    CRON_TEXT_BYTES - 1);
	text += strspn(text, blanks);
	if (text[0] != '@')
		return read_fields(text, ret, err);
	length = strcspn(text, blanks);
	if (length == strlen(every) && strncasecmp(text, every, length) == 0)
		return read_every(text + length, ret, err);
	for (size_t i = 0; i < HS_COUNT(nicknames); i++) {
		if (length == strlen(nicknames[i].name) &&
		    strncasecmp(text, nicknames[i].name, length) == 0 &&
		    text[length + strspn(text + length, blanks)] == '\0')
			return read_fields(nicknames[i].fields, ret, err);
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, "", "there is no %.64s: allowed are @hourly, @daily,"
	    " @midnight, @weekly, @monthly, @yearly, @annually, @every 6h, and five fields", text);
}

/* ---- the next time ---- */

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

static bool is_due_on(const struct cron *cron, int64_t days)
{
	struct zone_day day = zone_day_of(days);
	bool is_day = (cron->days >> day.day & 1) != 0;
	bool is_weekday = (cron->weekdays >> day.weekday & 1) != 0;

	if ((cron->months >> day.month & 1) == 0)
		return false;
	return cron->is_either_day ? is_day || is_weekday : is_day && is_weekday;
}

/* The first minute of a day from one on; DAY_MINUTES when there is none. */
static int minute_of_day(const struct cron *cron, int from)
{
	for (int minute = from; minute < DAY_MINUTES; minute++) {
		if ((cron->hours >> minute / 60 & 1) != 0 && (cron->minutes >> minute % 60 & 1) != 0)
			return minute;
	}
	return DAY_MINUTES;
}

/* The first wall time at or after one. */
static int64_t next_wall(const struct cron *cron, int64_t wall)
{
	int64_t days = floor_divide(wall, DAY), first = days;
	int from = (int)((wall - days * DAY + 59) / 60);

	for (; days < first + MOST_DAYS; days++, from = 0) {
		int minute = is_due_on(cron, days) ? minute_of_day(cron, from) : DAY_MINUTES;

		if (minute < DAY_MINUTES)
			return days * DAY + (int64_t)minute * 60;
	}
	hs_panic("a schedule is never due");
}

/* By the clock on the wall, which may skip and repeat. */
static int64_t next_by_clock(const struct cron *cron, const struct zone *zone, int64_t after)
{
	for (int64_t instant = after + 1;;) {
		struct zone_span span = zone_look(zone, instant);
		int64_t due = next_wall(cron, instant + span.offset) - span.offset;

		if (due < span.until)
			return due;
		instant = span.until;
	}
}

/* Each time of the calendar once. */
static int64_t next_by_calendar(const struct cron *cron, const struct zone *zone, int64_t after)
{
	int64_t wall = next_wall(cron, after + zone_look(zone, after).offset);
	int64_t due = zone_first_at(zone, wall);

	while (due <= after) {
		wall = next_wall(cron, wall + 1);
		due = zone_first_at(zone, wall);
	}
	return due;
}

int64_t cron_next(const struct cron *cron, const struct zone *zone, int64_t last, int64_t after)
{
	if (cron->every > 0) {
		int64_t past = after > last ? after - last : 0;

		return last + cron->every * (past / cron->every + 1);
	}
	return cron->hours == ALL_HOURS ? next_by_clock(cron, zone, after) :
	    next_by_calendar(cron, zone, after);
}
