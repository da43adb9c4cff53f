/* convert_date.c: dates in the ways that feeds write them, as YYYY-MM-DD.
 *
 * A date is read after a format of the mapping's, so that 03/04/1999 is never a guess. Month
 * names are English whatever the machine's language is. What a day is follows the feed: the
 * date as written, whatever time and zone stand behind it; an epoch is taken in UTC. */
#include "daemons/extractor/convert_private.h"

#include <string.h>
#include <time.h>

#include "common/date.h"
#include "common/text.h"

enum { SHORT_NAME = 3, SECONDS_A_DAY = 86400 };

static const char *const months[] = {
	"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December", NULL
};
static const char *const weekdays[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", NULL
};
static const char *const half_days[] = { "AM", "PM", NULL };

/* What a directive reads: digits, or one of some names. */
enum part { PART_YEAR, PART_MONTH, PART_DAY, PART_OTHER, PART_COUNT };

static const struct directive {
	char letter;
	enum part part;
	int least_digits, most_digits;
	const char *const *names;	/* NULL: digits */
} directives[] = {
	{ 'Y', PART_YEAR, 4, 4, NULL },
	{ 'y', PART_YEAR, 2, 2, NULL },
	{ 'm', PART_MONTH, 1, 2, NULL },
	{ 'B', PART_MONTH, 0, 0, months },
	{ 'b', PART_MONTH, 0, 0, months },
	{ 'd', PART_DAY, 1, 2, NULL },
	{ 'e', PART_DAY, 1, 2, NULL },
	{ 'A', PART_OTHER, 0, 0, weekdays },
	{ 'a', PART_OTHER, 0, 0, weekdays },
	{ 'H', PART_OTHER, 1, 2, NULL },
	{ 'I', PART_OTHER, 1, 2, NULL },
	{ 'M', PART_OTHER, 1, 2, NULL },
	{ 'S', PART_OTHER, 1, 2, NULL },
	{ 'p', PART_OTHER, 0, 0, half_days },
};

static const struct directive *find_directive(char letter)
{
	for (size_t i = 0; i < HS_COUNT(directives); i++) {
		if (directives[i].letter == letter)
			return &directives[i];
	}
	return NULL;
}

bool convert_date_format_is_right(const char *format, struct hs_error *err)
{
	int seen[PART_COUNT] = { 0 };

	for (const char *at = format; *at != '\0'; at++) {
		const struct directive *directive;

		if (*at != '%' || *++at == '%')
			continue;
		directive = *at == '\0' ? NULL : find_directive(*at);
		if (directive == NULL) {
			return hs_error_set(err, HS_BAD_ARGUMENT, "",
			    "date: \"%s\" has %%%.1s, but only %%Y %%y %%m %%B %%b %%d %%e, "
			    "%%A %%a %%H %%I %%M %%S %%p and %%%% are known", format, at);
		}
		seen[directive->part]++;
	}
	if (seen[PART_YEAR] != 1 || seen[PART_MONTH] != 1 || seen[PART_DAY] != 1) {
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "date: \"%s\" must have one year, one month and one day, as \"%%m/%%d/%%Y\" has",
		    format);
	}
	return true;
}

struct reading {
	const char *text;
	size_t length;
	int parts[PART_COUNT];
	bool has_short_year;
};

static void advance(struct reading *reading, size_t bytes)
{
	reading->text += bytes;
	reading->length -= bytes;
}

static bool read_digits(struct reading *reading, const struct directive *directive)
{
	int value = 0, count = 0;

	while (count < directive->most_digits && reading->length > 0 && *reading->text >= '0' &&
	    *reading->text <= '9') {
		value = value * 10 + (*reading->text - '0');
		advance(reading, 1);
		count++;
	}
	reading->parts[directive->part] = value;
	if (directive->part == PART_YEAR)
		reading->has_short_year = directive->most_digits == 2;
	return count >= directive->least_digits;
}

/* The whole name or its first three letters, with or without a dot. */
static bool read_name(struct reading *reading, const struct directive *directive)
{
	for (int i = 0; directive->names[i] != NULL; i++) {
		const char *name = directive->names[i];
		size_t whole = strlen(name), got = 0;

		if (reading->length >= whole && strncasecmp(reading->text, name, whole) == 0)
			got = whole;
		else if (reading->length >= SHORT_NAME && whole > SHORT_NAME &&
		    strncasecmp(reading->text, name, SHORT_NAME) == 0)
			got = SHORT_NAME;
		if (got == 0)
			continue;
		reading->parts[directive->part] = i + 1;
		advance(reading, got);
		if (got == SHORT_NAME && reading->length > 0 && *reading->text == '.')
			advance(reading, 1);
		return true;
	}
	return false;
}

static void skip_spaces(struct reading *reading)
{
	while (reading->length > 0) {
		size_t bytes;

		if (!convert_is_space(convert_character(reading->text, &bytes)))
			return;
		advance(reading, bytes);
	}
}

/* Whether the whole text is written after the format. */
static bool read_after_format(struct reading *reading, const char *format)
{
	for (const char *at = format; *at != '\0'; at++) {
		const struct directive *directive;

		if (*at == ' ') {
			skip_spaces(reading);
			continue;
		}
		if (*at != '%' || *++at == '%') {
			if (reading->length == 0 || strncasecmp(reading->text, at, 1) != 0)
				return false;
			advance(reading, 1);
			continue;
		}
		directive = find_directive(*at);
		if (directive == NULL)
			return false;
		if (!(directive->names == NULL ? read_digits : read_name)(reading, directive))
			return false;
	}
	return reading->length == 0;
}

static bool date_of(int year, int month, int day, struct hs_date *ret, struct hs_error *err)
{
	char text[HS_DATE_TEXT_BYTES];

	return hs_format(text, sizeof text, err, "%04d-%02d-%02d", year, month, day) &&
	    hs_date_parse(text, strlen(text), ret, err);
}

static bool give_date(const struct convert_call *call, int year, int month, int day,
    struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	struct hs_date date;
	char text[HS_DATE_TEXT_BYTES];

	if (!date_of(year, month, day, &date, &why))
		return convert_refuse(call, HS_BAD_DATE, why.message, err);
	hs_date_text(date, text);
	return convert_give(call, text, strlen(text), err);
}

/* A year of two digits is the latest whose date is not to come: players are born already. */
static int whole_year(int short_year, int month, int day)
{
	struct hs_date today = hs_date_today();
	int year = today.year - today.year % 100 + short_year;
	bool is_to_come = year != today.year ? year > today.year :
	    month != today.month ? month > today.month : day > today.day;

	return is_to_come ? year - 100 : year;
}

bool convert_date(struct convert_call *call, struct hs_error *err)
{
	struct reading reading = { .text = call->in, .length = call->length };
	char expected[CONVERT_MAX_PARAMETER + 64];
	int year;

	if (!read_after_format(&reading, call->parameter)) {
		return hs_format(expected, sizeof expected, err, "a date written as \"%s\" is expected",
		    call->parameter) && convert_refuse(call, HS_BAD_DATE, expected, err);
	}
	year = reading.parts[PART_YEAR];
	if (reading.has_short_year)
		year = whole_year(year, reading.parts[PART_MONTH], reading.parts[PART_DAY]);
	return give_date(call, year, reading.parts[PART_MONTH], reading.parts[PART_DAY], err);
}

/* Nothing, or a time of day behind a date: "T00:00:00", " 18:45:00.000Z", "T00:00:00+02:00". */
static bool is_time(const char *text, size_t length)
{
	if (length == 0)
		return true;
	if (length < 3 || strchr("Tt ", text[0]) == NULL || text[1] < '0' || text[1] > '9')
		return false;
	for (size_t i = 2; i < length; i++) {
		if (strchr("0123456789:.,+-Zz ", text[i]) == NULL)
			return false;
	}
	return true;
}

bool convert_iso_date(struct convert_call *call, struct hs_error *err)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y%m%d" };

	for (size_t i = 0; i < HS_COUNT(forms); i++) {
		size_t length = i == 0 ? 10 : 8;
		struct reading reading = { .text = call->in, .length = length };

		if (call->length < length || !read_after_format(&reading, forms[i]) ||
		    !is_time(call->in + length, call->length - length))
			continue;
		return give_date(call, reading.parts[PART_YEAR], reading.parts[PART_MONTH],
		    reading.parts[PART_DAY], err);
	}
	return convert_refuse(call, HS_BAD_DATE,
	    "a date such as \"1999-06-23\" or \"1999-06-23T00:00:00Z\" is expected", err);
}

/* The day of so many seconds since 1970, in UTC. */
static bool give_day(const struct convert_call *call, struct exact seconds, const char *hint,
    struct hs_error *err)
{
	/* years 1 to 9999 */
	const struct exact first = { .units = -62135596800 }, last = { .units = 253402300799 };
	struct exact floor;
	struct tm utc;
	time_t time;

	if (exact_compare(seconds, first) < 0 || exact_compare(seconds, last) > 0)
		return convert_refuse(call, HS_OUT_OF_RANGE, hint, err);
	if (!exact_round(seconds, 0, &floor, err))
		return false;
	time = (time_t)floor.units;
	if (exact_compare(floor, seconds) > 0)
		time--;
	if (gmtime_r(&time, &utc) == NULL)
		return convert_refuse(call, HS_OUT_OF_RANGE, hint, err);
	return give_date(call, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, err);
}

bool convert_epoch_seconds(struct convert_call *call, struct hs_error *err)
{
	struct exact seconds;

	return convert_read_number(call, call->in, call->length, &seconds, err) &&
	    give_day(call, seconds, "no such second from the year 1 to 9999; are these milliseconds?",
	    err);
}

bool convert_epoch_milliseconds(struct convert_call *call, struct hs_error *err)
{
	const struct exact thousandth = { .units = 1, .places = 3 };
	struct exact number;

	return convert_read_number(call, call->in, call->length, &number, err) &&
	    exact_multiply(number, thousandth, &number, err) &&
	    give_day(call, number, "no such millisecond from the year 1 to 9999", err);
}
