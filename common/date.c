/* date.c: calendar dates (proleptic Gregorian), and age in whole years.
 *
 * Trusts nothing in a text; a struct hs_date in an argument is one that hs_date_parse or
 * hs_date_today made. */
#include "common/date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

static const char *const month_names[] = {
	"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December",
};

enum { DATE_LENGTH = 10, FIRST_YEAR = 1 };

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

static bool has_form(const char *text, size_t length)
{
	if (length != DATE_LENGTH)
		return false;
	for (size_t i = 0; i < DATE_LENGTH; i++) {
		if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

static int two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

bool hs_date_parse(const char *text, size_t length, struct hs_date *ret, struct hs_error *err)
{
	char shown[64];
	int year, month, day, days;

	if (!has_form(text, length))
		return hs_error_set(err, HS_BAD_DATE, "",
		    "\"%s\" is not a date: write it as YYYY-MM-DD, as in 1999-02-28",
		    hs_utf8_clean(text, length, shown, sizeof shown));
	year = two_digits(text) * 100 + two_digits(text + 2);
	month = two_digits(text + 5);
	day = two_digits(text + 8);
	if (year < FIRST_YEAR)
		return hs_error_set(err, HS_BAD_DATE, "",
		    "\"%.10s\" is not on the calendar: there is no year 0", text);
	if (month < 1 || month > 12)
		return hs_error_set(err, HS_BAD_DATE, "",
		    "\"%.10s\" is not on the calendar: months go from 01 to 12", text);
	days = month_days(year, month);
	if (day < 1 || day > days)
		return hs_error_set(err, HS_BAD_DATE, "",
		    "\"%.10s\" is not on the calendar: %s %d has %d days", text,
		    month_names[month - 1], year, days);
	ret->year = (short)year;
	ret->month = (signed char)month;
	ret->day = (signed char)day;
	return true;
}

bool hs_date_is_set(struct hs_date date)
{
	return date.year != 0;
}

static int as_number(struct hs_date date)
{
	return date.year * 10000 + date.month * 100 + date.day;
}

int hs_date_compare(struct hs_date a, struct hs_date b)
{
	return as_number(a) - as_number(b);
}

struct hs_date hs_date_today(void)
{
	time_t now = time(NULL);
	struct hs_date today;
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL)
		hs_panic("the clock shows no date that can be written");
	today.year = (short)(utc.tm_year + 1900);
	today.month = (signed char)(utc.tm_mon + 1);
	today.day = (signed char)utc.tm_mday;
	return today;
}

/* Days since 1 March of the year 0: years that begin in March have their leap day last. */
static int march_days(struct hs_date date)
{
	int year = date.month > 2 ? date.year : date.year - 1;
	int month = date.month > 2 ? date.month - 3 : date.month + 9;

	return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
	    date.day - 1;
}

int hs_date_to_pg_days(struct hs_date date)
{
	static const struct hs_date epoch = { .year = 2000, .month = 1, .day = 1 };

	return march_days(date) - march_days(epoch);
}

struct hs_date hs_date_years_before(struct hs_date date, int years)
{
	int days;

	date.year = (short)(years < date.year ? date.year - years : FIRST_YEAR);
	days = month_days(date.year, date.month);
	if (date.day > days)
		date.day = (signed char)days;
	return date;
}

int hs_date_age(struct hs_date born, struct hs_date on)
{
	bool has_had_birthday = on.month > born.month ||
	    (on.month == born.month && on.day >= born.day);

	return on.year - born.year - !has_had_birthday;
}

const char *hs_date_text(struct hs_date date, char buf[HS_DATE_TEXT_BYTES])
{
	if (!hs_date_is_set(date))
		buf[0] = '\0';
	else
		snprintf(buf, HS_DATE_TEXT_BYTES, "%04u-%02u-%02u", (unsigned)date.year % 10000,
		    (unsigned)date.month % 100, (unsigned)date.day % 100);
	return buf;
}
