/* test_date.c: the calendar, PostgreSQL's day count, and birthdays. */
#include "common/date.h"

#include <string.h>
#include <time.h>

#include "tests/unit/harness.h"

static const struct {
	const char *text;
	enum hs_error_code want;
	const char *says;
} dates[] = {
	{ "2000-02-29", HS_OK, "" },
	{ "1900-02-29", HS_BAD_DATE, "February 1900 has 28 days" },
	{ "2024-02-29", HS_OK, "" },
	{ "2023-02-29", HS_BAD_DATE, "February 2023 has 28 days" },
	{ "2024-02-30", HS_BAD_DATE, "February 2024 has 29 days" },
	{ "2024-04-31", HS_BAD_DATE, "April 2024 has 30 days" },
	{ "2024-12-31", HS_OK, "" },
	{ "2024-12-32", HS_BAD_DATE, "December 2024 has 31 days" },
	{ "2024-00-10", HS_BAD_DATE, "months go from 01 to 12" },
	{ "2024-13-10", HS_BAD_DATE, "months go from 01 to 12" },
	{ "2024-01-00", HS_BAD_DATE, "January 2024 has 31 days" },
	{ "0001-01-01", HS_OK, "" },
	{ "9999-12-31", HS_OK, "" },
	{ "0000-01-01", HS_BAD_DATE, "no year 0" },
	{ "2001-2-03", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "20010203", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "2001-02-03T00:00:00Z", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "2001-02-03 ", HS_BAD_DATE, "YYYY-MM-DD" },
	{ " 2001-02-03", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "2001/02/03", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "2001-02-0x", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "+001-02-03", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "-001-02-03", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "03.02.2001", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "", HS_BAD_DATE, "YYYY-MM-DD" },
	{ "\xff\xff\xff\xff-02-03", HS_BAD_DATE, "YYYY-MM-DD" },
};

static void test_parse(void)
{
	for (size_t i = 0; i < HS_COUNT(dates); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *row = dates[i].text;
		struct hs_date date = { 0 };
		char buf[HS_DATE_TEXT_BYTES];

		hs_date_parse(row, strlen(row), &date, &err);
		expect_code(row, &err, dates[i].want);
		expect_contains(row, err.message, dates[i].says);
		expect_int(row, hs_date_is_set(date), dates[i].want == HS_OK);
		expect_text(row, hs_date_text(date, buf), dates[i].want == HS_OK ? row : "");
	}
}

static struct hs_date date_of(const char *text)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_date date = { 0 };

	expect_done(text, hs_date_parse(text, strlen(text), &date, &err), &err);
	return date;
}

static const struct {
	const char *text;
	int want;	/* as PostgreSQL 15 says: select date 'X' - date '2000-01-01' */
} days[] = {
	{ "2000-01-01", 0 }, { "1999-12-31", -1 }, { "2000-02-29", 59 }, { "2000-03-01", 60 },
	{ "1850-01-01", -54786 }, { "1900-02-28", -36466 }, { "1900-03-01", -36465 },
	{ "2026-11-25", 9825 }, { "0001-01-01", -730119 }, { "9999-12-31", 2921939 },
};

static void test_days(void)
{
	int last = hs_date_to_pg_days(date_of("1849-12-31"));

	for (size_t i = 0; i < HS_COUNT(days); i++)
		expect_int(days[i].text, hs_date_to_pg_days(date_of(days[i].text)), days[i].want);
	for (short year = 1850; year <= 2100; year++) {
		for (signed char month = 1; month <= 12; month++) {
			for (signed char day = 1; day <= 31; day++) {
				struct hs_date date = { .year = year, .month = month, .day = day },
				    read;
				struct hs_error err = HS_ERROR_INIT;
				char buf[HS_DATE_TEXT_BYTES];

				if (!hs_date_parse(hs_date_text(date, buf), 10, &read, &err))
					continue;
				expect_int(buf, hs_date_to_pg_days(date), ++last);
			}
		}
	}
}

static const struct {
	const char *born, *on;
	int want;
} ages[] = {
	{ "1999-02-28", "2026-02-27", 26 },
	{ "1999-02-28", "2026-02-28", 27 },
	{ "2000-02-29", "2018-02-28", 17 },
	{ "2000-02-29", "2018-03-01", 18 },
	{ "2000-02-29", "2020-02-28", 19 },
	{ "2000-02-29", "2020-02-29", 20 },
	{ "2006-12-31", "2026-12-31", 20 },
	{ "2006-12-31", "2026-12-30", 19 },
	{ "2026-11-25", "2026-11-25", 0 },
	{ "2026-11-26", "2026-11-25", -1 },
	{ "2027-11-25", "2026-11-25", -1 },
};

static void test_age(void)
{
	for (size_t i = 0; i < HS_COUNT(ages); i++)
		expect_int(ages[i].on, hs_date_age(date_of(ages[i].born), date_of(ages[i].on)),
		    ages[i].want);
}

static const struct {
	const char *date;
	int years;
	const char *want;
} befores[] = {
	{ "2026-11-25", 20, "2006-11-25" }, { "2024-02-29", 4, "2020-02-29" },
	{ "2024-02-29", 1, "2023-02-28" }, { "2000-02-29", 100, "1900-02-28" },
	{ "2026-11-25", 0, "2026-11-25" }, { "2026-11-25", 5000, "0001-11-25" },
};

static void test_before(void)
{
	for (size_t i = 0; i < HS_COUNT(befores); i++) {
		char buf[HS_DATE_TEXT_BYTES];

		expect_text(befores[i].date, hs_date_text(hs_date_years_before(
		    date_of(befores[i].date), befores[i].years), buf), befores[i].want);
	}
}

static void test_compare(void)
{
	expect_true("year", hs_date_compare(date_of("1999-12-31"), date_of("2000-01-01")) < 0);
	expect_true("month", hs_date_compare(date_of("2000-02-01"), date_of("2000-01-31")) > 0);
	expect_true("day", hs_date_compare(date_of("2000-02-01"), date_of("2000-02-02")) < 0);
	expect_int("same", hs_date_compare(date_of("2000-02-01"), date_of("2000-02-01")), 0);
}

static void test_today(void)
{
	long long before = time(NULL) / 86400;
	long long today = hs_date_to_pg_days(hs_date_today()) + 10957;
	long long after = time(NULL) / 86400;

	expect_true("today is now", before <= today && today <= after);
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "dates are on the calendar", test_parse },
		{ "days as PostgreSQL counts them", test_days },
		{ "age", test_age },
		{ "years before", test_before },
		{ "order", test_compare },
		{ "today", test_today },
	};

	return hs_run_suite("date", cases, HS_COUNT(cases));
}
