/* test_convert.c: each conversion reads what feeds are seen to write, and refuses the rest. */
#include "daemons/extractor/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/date.h"
#include "common/decimal.h"
#include "common/text.h"
#include "tests/unit/harness.h"

/* A result, or why there is none. */
struct sample {
	const char *name, *parameter, *in, *want;	/* want NULL: null, or refused with code */
	enum hs_error_code code;
};

static char out[CONVERT_OUT_BYTES];

/* Converts; false when the row could not be tried. */
static bool convert(const struct sample *sample, bool *ret_done, bool *ret_null,
    struct hs_error *err)
{
	const struct convert_row *row = convert_find(sample->name, strlen(sample->name));
	size_t length = strlen(sample->in);
	char *copy;

	if (!expect_true(sample->name, row != NULL) ||
	    !expect_done(sample->name, convert_check_parameter(row, sample->parameter, err), err))
		return false;
	/* on the heap and without a NUL, so that a reader past the end is caught */
	if ((copy = malloc(length + (length == 0))) == NULL)
		abort();
	memcpy(copy, sample->in, length);
	*ret_done = convert_apply(row, sample->parameter, copy, length, out, sizeof out, ret_null, err);
	free(copy);
	return true;
}

static void try_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct hs_error err = HS_ERROR_INIT;
		bool done, is_null = false;
		char row[128];

		snprintf(row, sizeof row, "%s \"%s\"", samples[i].name, samples[i].in);
		if (!convert(&samples[i], &done, &is_null, &err))
			continue;
		if (samples[i].code != HS_OK) {
			expect_true(row, !done);
			expect_code(row, &err, samples[i].code);
			expect_contains(row, err.message, samples[i].name);
			continue;
		}
		if (!expect_done(row, done, &err))
			continue;
		expect_int(row, is_null, samples[i].want == NULL);
		expect_text(row, out, samples[i].want == NULL ? "" : samples[i].want);
	}
}

static const struct sample numbers[] = {
	{ "number", NULL, "195", "195", HS_OK },
	{ "number", NULL, " 195\u00a0", "195", HS_OK },
	{ "number", NULL, "23.0", "23", HS_OK },
	{ "number", NULL, "+3", "3", HS_OK },
	{ "number", NULL, "-0.50", "-0.5", HS_OK },
	{ "number", NULL, ".381", "0.381", HS_OK },
	{ "number", NULL, "-.5", "-0.5", HS_OK },
	{ "number", NULL, "5.", "5", HS_OK },
	{ "number", NULL, "007", "7", HS_OK },
	{ "number", NULL, "000", "0", HS_OK },
	{ "number", NULL, "1.5e1", "15", HS_OK },
	{ "number", NULL, "16.992948717948718", "16.992948717948718", HS_OK },
	{ "number", NULL, "", NULL, HS_OK },
	{ "number", NULL, " \u200b", NULL, HS_OK },
	{ "number", NULL, "--", NULL, HS_BAD_NUMBER },
	{ "number", NULL, ".", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "+", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "+-3", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "1,234", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "12 5", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "195 lbs", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "0x10", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "inf", NULL, HS_BAD_NUMBER },
	{ "number", NULL, "1e999999999", NULL, HS_OUT_OF_RANGE },
	{ "decimal_comma", NULL, "12,5", "12.5", HS_OK },
	{ "decimal_comma", NULL, "1.234,5", "1234.5", HS_OK },
	{ "decimal_comma", NULL, "-1.234.567", "-1234567", HS_OK },
	{ "decimal_comma", NULL, "12", "12", HS_OK },
	{ "decimal_comma", NULL, "12.5", NULL, HS_BAD_NUMBER },
	{ "decimal_comma", NULL, "1,2,3", NULL, HS_BAD_NUMBER },
	{ "decimal_comma", NULL, "1,234.5", NULL, HS_BAD_NUMBER },
	{ "decimal_comma", NULL, ".123", NULL, HS_BAD_NUMBER },
	{ "decimal_comma", NULL, "1234.567", NULL, HS_BAD_NUMBER },
	{ "thousands_comma", NULL, "1,234.5", "1234.5", HS_OK },
	{ "thousands_comma", NULL, "12,345,678", "12345678", HS_OK },
	{ "thousands_comma", NULL, "12.25", "12.25", HS_OK },
	{ "thousands_comma", NULL, "12,5", NULL, HS_BAD_NUMBER },
	{ "thousands_comma", NULL, "1,23,456", NULL, HS_BAD_NUMBER },
	{ "whole", NULL, "23.0", "23", HS_OK },
	{ "whole", NULL, "-4.00", "-4", HS_OK },
	{ "whole", NULL, "2.3e1", "23", HS_OK },
	{ "whole", NULL, "23.5", NULL, HS_BAD_NUMBER },
	{ "whole", NULL, "23.0000000000000001", NULL, HS_BAD_NUMBER },
	{ "round", NULL, "190.5", "191", HS_OK },
	{ "round", NULL, "-190.5", "-191", HS_OK },
	{ "round", "1", "16.992948717948718", "17", HS_OK },
	{ "round", "2", "25.435", "25.44", HS_OK },
	{ "round", "6", "1.2345675", "1.234568", HS_OK },
	{ "multiply", "0.1", "1905", "190.5", HS_OK },
	{ "multiply", "-2", "1.5", "-3", HS_OK },
	{ "multiply", "123456789012345678901234567890", "1e20", NULL, HS_OUT_OF_RANGE },
	{ "inches_to_cm", NULL, "1e29", "254000000000000000000000000000", HS_OK },
	{ "number_with_unit", NULL, "140 lbs", "140", HS_OK },
	{ "number_with_unit", NULL, "204cm", "204", HS_OK },
	{ "number_with_unit", "lbs", "140 LBS.", "140", HS_OK },
	{ "number_with_unit", "lbs", "140", "140", HS_OK },
	{ "number_with_unit", "lbs", "64 kg", NULL, HS_BAD_NUMBER },
	{ "number_with_unit", NULL, "140 lbs (64 kg)", NULL, HS_BAD_NUMBER },
	{ "number_with_unit", NULL, "6-3", NULL, HS_BAD_NUMBER },
	{ "number_with_unit", NULL, "lbs", NULL, HS_BAD_NUMBER },
	{ "strip_percent", NULL, "33.3%", "33.3", HS_OK },
	{ "strip_percent", NULL, "33,3 %", "33.3", HS_OK },
	{ "strip_percent", NULL, "0%", "0", HS_OK },
	{ "strip_percent", NULL, "38", "38", HS_OK },
	{ "strip_percent", NULL, "%", NULL, HS_BAD_NUMBER },
	{ "strip_percent", NULL, "1,2,3%", NULL, HS_BAD_NUMBER },
	{ "strip_percent", NULL, "5%%", NULL, HS_BAD_NUMBER },
	{ "fraction_to_percent", NULL, "0.438000", "43.8", HS_OK },
	{ "fraction_to_percent", NULL, "1", "100", HS_OK },
	{ "fraction_to_percent", NULL, "0", "0", HS_OK },
	{ "fraction_to_percent", "1", "0.43785", "43.8", HS_OK },
	{ "fraction_to_percent", NULL, "0.333333333333", "33.33", HS_OK },
	{ "fraction_to_percent", NULL, "43.8", NULL, HS_OUT_OF_RANGE },
	{ "fraction_to_percent", NULL, "-0.1", NULL, HS_OUT_OF_RANGE },
};

static void test_numbers(void)
{
	try_samples(numbers, HS_COUNT(numbers));
}

static const struct sample units[] = {
	{ "inches_to_cm", NULL, "75", "191", HS_OK },		/* 190.5: half goes up */
	{ "inches_to_cm", "1", "75", "190.5", HS_OK },
	{ "inches_to_cm", NULL, "84", "213", HS_OK },
	{ "inches_to_cm", NULL, "84 in", NULL, HS_BAD_NUMBER },
	{ "feet_to_cm", NULL, "6.5", "198", HS_OK },
	{ "metres_to_cm", NULL, "1.91", "191", HS_OK },
	{ "metres_to_cm", NULL, "1.905", "191", HS_OK },
	{ "millimetres_to_cm", NULL, "1905", "191", HS_OK },
	{ "pounds_to_kg", NULL, "270", "122", HS_OK },
	{ "pounds_to_kg", NULL, "140", "64", HS_OK },
	{ "pounds_to_kg", "2", "195", "88.45", HS_OK },
	{ "feet_inches_to_cm", NULL, "6-3", "191", HS_OK },
	{ "feet_inches_to_cm", NULL, "6-9", "206", HS_OK },
	{ "feet_inches_to_cm", NULL, "6' 4\"", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6'4", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6' 4''", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6\u20324\u2033", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6\u20194\u201d", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6ft 4in", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6 ft. 4 in.", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6 Feet, 4 Inches", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6 foot and 4 inches", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6'", "183", HS_OK },
	{ "feet_inches_to_cm", NULL, "6' 0\"", "183", HS_OK },
	{ "feet_inches_to_cm", NULL, "6-04", "193", HS_OK },
	{ "feet_inches_to_cm", NULL, "6-4.5", "194", HS_OK },
	{ "feet_inches_to_cm", "1", "6-4.5", "194.3", HS_OK },
	{ "feet_inches_to_cm", NULL, "6.5'", "198", HS_OK },
	{ "feet_inches_to_cm", NULL, "6.5-3", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "6-12", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "6", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "6-", "183", HS_OK },
	{ "feet_inches_to_cm", NULL, "-6-3", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "6-3 x", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "198 cm", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "1.93", NULL, HS_BAD_NUMBER },
	{ "feet_inches_to_cm", NULL, "0-0", "0", HS_OK },
	{ "clock_to_minutes", NULL, "27:20", "27.33", HS_OK },
	{ "clock_to_minutes", "1", "27:20", "27.3", HS_OK },
	{ "clock_to_minutes", "1", "27:03", "27.1", HS_OK },	/* 27.05 */
	{ "clock_to_minutes", NULL, "05:06", "5.1", HS_OK },
	{ "clock_to_minutes", NULL, "0:00", "0", HS_OK },
	{ "clock_to_minutes", NULL, "1190:30", "1190.5", HS_OK },
	{ "clock_to_minutes", NULL, "1:02:03", "62.05", HS_OK },
	{ "clock_to_minutes", NULL, "34.000000:12", "34.2", HS_OK },
	{ "clock_to_minutes", NULL, "27:20.5", "27.34", HS_OK },
	{ "clock_to_minutes", NULL, "PT27M20.00S", "27.33", HS_OK },
	{ "clock_to_minutes", NULL, "PT1H2M", "62", HS_OK },
	{ "clock_to_minutes", NULL, "PT45S", "0.75", HS_OK },
	{ "clock_to_minutes", NULL, "PT", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "PT20S27M", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "PT27", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "27", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "27:60", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "27:", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, ":27", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "1:1:1:1", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "27.5:20", NULL, HS_BAD_NUMBER },
	{ "clock_to_minutes", NULL, "DNP", NULL, HS_BAD_NUMBER },
	{ "seconds_to_minutes", NULL, "1640", "27.33", HS_OK },
	{ "seconds_to_minutes", "0", "90", "2", HS_OK },
};

static void test_units(void)
{
	try_samples(units, HS_COUNT(units));
}

static const struct sample dates[] = {
	{ "date", "%B %d, %Y", "June 24, 1968", "1968-06-24", HS_OK },
	{ "date", "%B %d, %Y", "january 9,1965", "1965-01-09", HS_OK },
	{ "date", "%b %d, %Y", "Sept. 12, 1980", NULL, HS_BAD_DATE },
	{ "date", "%b %d, %Y", "Sep. 12, 1980", "1980-09-12", HS_OK },
	{ "date", "%b %d, %Y", "May 1, 1980", "1980-05-01", HS_OK },
	{ "date", "%m/%d/%Y", "12/30/1984", "1984-12-30", HS_OK },
	{ "date", "%m/%d/%Y", "1/2/1984", "1984-01-02", HS_OK },
	{ "date", "%m/%d/%Y", "30/12/1984", NULL, HS_BAD_DATE },
	{ "date", "%m/%d/%Y", "1/2/84", NULL, HS_BAD_DATE },
	{ "date", "%d.%m.%Y", "24.06.1968", "1968-06-24", HS_OK },
	{ "date", "%d.%m.%Y", "24.06.1968 ", "1968-06-24", HS_OK },
	{ "date", "%d.%m.%Y", "24.06.19681", NULL, HS_BAD_DATE },
	{ "date", "%A, %d %B %Y", "Friday, 14 June 1968", "1968-06-14", HS_OK },
	{ "date", "%d %b %Y %I:%M %p", "14 Jun 1968 9:30 pm", "1968-06-14", HS_OK },
	{ "date", "%Y%%%m%%%d", "1968%06%24", "1968-06-24", HS_OK },
	{ "date", "%m/%d/%y", "6/24/68", "1968-06-24", HS_OK },	/* 2068 is to come */
	{ "date", "%m/%d/%y", "6/24/03", "2003-06-24", HS_OK },
	{ "date", "%d.%m.%Y", "29.02.1900", NULL, HS_BAD_DATE },
	{ "date", "%d.%m.%Y", "0.1.2000", NULL, HS_BAD_DATE },
	{ "date", "%d.%m.%Y", "1.13.2000", NULL, HS_BAD_DATE },
	{ "date", "%d.%m.%Y", "1.1.0000", NULL, HS_BAD_DATE },
	{ "date", "%B %d, %Y", "Juni 24, 1968", NULL, HS_BAD_DATE },
	{ "date", "%B %d, %Y", "1968-06-24", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "1999-06-23", "1999-06-23", HS_OK },
	{ "iso_date", NULL, "1999-06-23T00:00:00", "1999-06-23", HS_OK },
	{ "iso_date", NULL, "1999-06-23T23:00:00.000Z", "1999-06-23", HS_OK },
	{ "iso_date", NULL, "1999-06-23 18:45:00+02:00", "1999-06-23", HS_OK },
	{ "iso_date", NULL, "19990623", "1999-06-23", HS_OK },
	{ "iso_date", NULL, "1999-06-23x", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "1999-06-23Tnoon", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "1999-6-23", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "1999-06", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "1999-02-30", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "0000-00-00", NULL, HS_BAD_DATE },
	{ "iso_date", NULL, "0001-01-01T00:00:00", "0001-01-01", HS_OK },
	{ "iso_date", NULL, "03/04/1999", NULL, HS_BAD_DATE },
	{ "epoch_seconds", NULL, "0", "1970-01-01", HS_OK },
	{ "epoch_seconds", NULL, "930096000", "1999-06-23", HS_OK },
	{ "epoch_seconds", NULL, "-1", "1969-12-31", HS_OK },
	{ "epoch_seconds", NULL, "-0.5", "1969-12-31", HS_OK },
	{ "epoch_seconds", NULL, "86399.9", "1970-01-01", HS_OK },
	{ "epoch_seconds", NULL, "-47952000", "1968-06-25", HS_OK },
	{ "epoch_seconds", NULL, "-62135596800", "0001-01-01", HS_OK },
	{ "epoch_seconds", NULL, "253402300799", "9999-12-31", HS_OK },
	{ "epoch_seconds", NULL, "253402300800", NULL, HS_OUT_OF_RANGE },
	{ "epoch_seconds", NULL, "930096000000", NULL, HS_OUT_OF_RANGE },
	{ "epoch_seconds", NULL, "yesterday", NULL, HS_BAD_NUMBER },
	{ "epoch_milliseconds", NULL, "930096000000", "1999-06-23", HS_OK },
	{ "epoch_milliseconds", NULL, "930095999999", "1999-06-22", HS_OK },
	{ "epoch_milliseconds", NULL, "-1", "1969-12-31", HS_OK },
	{ "epoch_milliseconds", NULL, "1e20", NULL, HS_OUT_OF_RANGE },
};

static void test_dates(void)
{
	try_samples(dates, HS_COUNT(dates));
}

/* A year of two digits: tomorrow's date is a hundred years old, today's is not. */
static void test_short_years(void)
{
	static const char form[] = "%d.%m.%y";

	for (int days = 0; days < 2; days++) {
		struct hs_error err = HS_ERROR_INIT;
		struct sample sample = { "date", form, NULL, NULL, HS_OK };
		time_t when = time(NULL) + days * 86400;
		struct tm utc;
		char in[32], want[32];
		bool done, is_null = true;

		if (!expect_true(form, gmtime_r(&when, &utc) != NULL))
			return;
		snprintf(in, sizeof in, "%d.%d.%02d", utc.tm_mday, utc.tm_mon + 1, utc.tm_year % 100);
		utc.tm_year -= days * 100;
		strftime(want, sizeof want, "%Y-%m-%d", &utc);
		sample.in = in;
		if (convert(&sample, &done, &is_null, &err) && expect_done(in, done, &err))
			expect_text(in, out, want);
	}
}

static const struct sample names[] = {
	{ "name_order", NULL, "LEE, SABEN", "SABEN LEE", HS_OK },
	{ "name_order", NULL, "BAKER II , ROBERT", "ROBERT BAKER II", HS_OK },
	{ "name_order", NULL, "Talen Horton Tucker", "Talen Horton Tucker", HS_OK },
	{ "name_order", NULL, "Walt Frazier, Jr.", "Walt Frazier, Jr.", HS_OK },
	{ "name_order", NULL, "PORTER, KEVIN, JR.", "KEVIN PORTER JR.", HS_OK },
	{ "name_order", NULL, "PORTER, Jr., KEVIN", "KEVIN PORTER Jr.", HS_OK },
	{ "name_order", NULL, "LEE,", "LEE", HS_OK },
	{ "name_order", NULL, ", SABEN", "SABEN", HS_OK },
	{ "name_order", NULL, ",", NULL, HS_OK },
	{ "name_order", NULL, "A, B, C", NULL, HS_BAD_ARGUMENT },
	{ "name_order", NULL, "A, B, C, D", NULL, HS_BAD_ARGUMENT },
	{ "first_name", NULL, "LEE, SABEN", "SABEN", HS_OK },
	{ "first_name", NULL, "GILGEOUS-ALEXANDER, SHAI", "SHAI", HS_OK },
	{ "first_name", NULL, "DE LA CRUZ, JUAN CARLOS", "JUAN CARLOS", HS_OK },
	{ "first_name", NULL, "Talen Horton Tucker", "Talen", HS_OK },
	{ "first_name", NULL, "Ömer\u00a0Aşık", "Ömer", HS_OK },
	{ "first_name", NULL, "Walt Frazier, Jr.", "Walt", HS_OK },
	{ "first_name", NULL, "Nenê", NULL, HS_OK },
	{ "first_name", NULL, "LEE,", NULL, HS_OK },
	{ "last_name", NULL, "BAKER II , ROBERT", "BAKER II", HS_OK },
	{ "last_name", NULL, "PORTER, KEVIN, JR.", "PORTER JR.", HS_OK },
	{ "last_name", NULL, "Talen Horton Tucker", "Horton Tucker", HS_OK },
	{ "last_name", NULL, "Ömer \u00a0Aşık", "Aşık", HS_OK },
	{ "last_name", NULL, "Nenê", NULL, HS_OK },
	{ "last_name", NULL, ", SABEN", NULL, HS_OK },
	{ "title_case", NULL, "SABEN LEE", "Saben Lee", HS_OK },
	{ "title_case", NULL, "SHAQUILLE O'NEAL", "Shaquille O'Neal", HS_OK },
	{ "title_case", NULL, "SHAQUILLE O\u2019NEAL", "Shaquille O\u2019Neal", HS_OK },
	{ "title_case", NULL, "A'JA WILSON", "A'ja Wilson", HS_OK },
	{ "title_case", NULL, "DE'AARON FOX", "De'Aaron Fox", HS_OK },
	{ "title_case", NULL, "JAVALE MCGEE", "Javale McGee", HS_OK },
	{ "title_case", NULL, "DAVID MCCORMACK", "David McCormack", HS_OK },
	{ "title_case", NULL, "BO MCDONALD-SMITH", "Bo McDonald-Smith", HS_OK },
	{ "title_case", NULL, "SHAI GILGEOUS-ALEXANDER", "Shai Gilgeous-Alexander", HS_OK },
	{ "title_case", NULL, "JUAN DE LA CRUZ", "Juan de la Cruz", HS_OK },
	{ "title_case", NULL, "DE LA CRUZ, JUAN", "De la Cruz, Juan", HS_OK },
	{ "title_case", NULL, "ROBERT BAKER II", "Robert Baker II", HS_OK },
	{ "title_case", NULL, "KEVIN PORTER JR.", "Kevin Porter Jr.", HS_OK },
	{ "title_case", NULL, "J.R. SMITH", "J.R. Smith", HS_OK },
	{ "title_case", NULL, "TJ SHORTS", "TJ Shorts", HS_OK },
	{ "title_case", NULL, "AJ MITCHELL", "AJ Mitchell", HS_OK },
	{ "title_case", NULL, "NIKOLA JOKIĆ", "Nikola Jokić", HS_OK },
	{ "title_case", NULL, "ÁLEX ABRINES", "Álex Abrines", HS_OK },
	{ "title_case", NULL, "ZˇIZˇIC", "Zˇizˇic", HS_OK },
	{ "title_case", NULL, "Z\u030cIZ\u030cIC\u0301", "Z\u030ciz\u030cic\u0301", HS_OK },
	{ "title_case", NULL, "LeBron James", "LeBron James", HS_OK },
	{ "title_case", NULL, "Sasha VEZENKOV", "Sasha Vezenkov", HS_OK },
	{ "title_case", NULL, "BOGDAN  \u00a0BOGDANOVIC", "Bogdan  \u00a0Bogdanovic", HS_OK },
	{ "title_case", NULL, "姚明", "姚明", HS_OK },
	{ "title_case", NULL, "МИЛОШ ТЕОДОСИЋ", "Милош Теодосић", HS_OK },
	{ "title_case", NULL, "-", "-", HS_OK },
};

static void test_names(void)
{
	try_samples(names, HS_COUNT(names));
}

static const struct sample texts[] = {
	{ "trim", NULL, "\u00a0 a b\t", "a b", HS_OK },
	{ "trim", NULL, " ", NULL, HS_OK },
	{ "single_spaces", NULL, " a \u00a0 b\tc", "a b c", HS_OK },
	{ "lower", NULL, "ÖMER", "ömer", HS_OK },
	{ "upper", NULL, "doncić", "DONCIĆ", HS_OK },
	{ "before", "/", "7/12", "7", HS_OK },
	{ "before", "/", "7 / 12 / 3", "7", HS_OK },
	{ "before", "/", "7", "7", HS_OK },
	{ "before", "/", "/7", NULL, HS_OK },
	{ "before", " (", "140 lbs (64 kg)", "140 lbs", HS_OK },
	{ "after", "/", "7/12", "12", HS_OK },
	{ "after", "/", "7", NULL, HS_OK },
	{ "after", "/", "7/", NULL, HS_OK },
	{ "after", "of", "7 of 12", "12", HS_OK },
	{ "country", NULL, "USA", "United States", HS_OK },
	{ "country", NULL, "us", "United States", HS_OK },
	{ "country", NULL, "GRE", "Greece", HS_OK },		/* IOC */
	{ "country", NULL, "GRC", "Greece", HS_OK },
	{ "country", NULL, "United States of America", "United States", HS_OK },
	{ "country", NULL, "Atlantis", NULL, HS_BAD_ARGUMENT },
	{ "country", "keep", "Atlantis", "Atlantis", HS_OK },
	{ "country", "keep", "SRB", "Serbia", HS_OK },
};

static void test_texts(void)
{
	try_samples(texts, HS_COUNT(texts));
}

static const struct {
	const char *name, *parameter;
	bool is_right;
} parameters[] = {
	{ "trim", NULL, true }, { "trim", "", false }, { "trim", "1", false },
	{ "round", NULL, true }, { "round", "0", true }, { "round", "6", true },
	{ "round", "7", false }, { "round", "-1", false }, { "round", "", false },
	{ "round", "1.0", false }, { "round", "10", false },
	{ "multiply", NULL, false }, { "multiply", "", false }, { "multiply", "0.1", true },
	{ "multiply", "x", false }, { "multiply", "1e99", false },
	{ "before", NULL, false }, { "before", "", false }, { "before", "/", true },
	{ "before", "\xff", false },
	{ "number_with_unit", NULL, true }, { "number_with_unit", "lbs", true },
	{ "number_with_unit", "", false },
	{ "country", NULL, true }, { "country", "keep", true }, { "country", "drop", false },
	{ "date", NULL, false }, { "date", "", false }, { "date", "%Y", false },
	{ "date", "%Y-%m-%d", true }, { "date", "%Y-%m-%d%", false }, { "date", "%Y-%m-%d %Y", false },
	{ "date", "%Y-%B-%m-%d", false }, { "date", "%Y-%m-%d %H:%M:%S", true },
	{ "date", "%Q %Y-%m-%d", false }, { "date", "%Y-%m-%%d", false },
};

static void test_parameters(void)
{
	static char long_text[CONVERT_MAX_PARAMETER + 2];
	struct hs_error long_err = HS_ERROR_INIT;

	for (size_t i = 0; i < HS_COUNT(parameters); i++) {
		struct hs_error err = HS_ERROR_INIT;
		const char *name = parameters[i].name;
		const struct convert_row *row = convert_find(name, strlen(name));
		char tried[128];

		snprintf(tried, sizeof tried, "%s with %s", name,
		    parameters[i].parameter == NULL ? "nothing" : parameters[i].parameter);
		if (!expect_true(name, row != NULL))
			continue;
		expect_int(tried, convert_check_parameter(row, parameters[i].parameter, &err),
		    parameters[i].is_right);
		expect_int(tried, err.message[0] == '\0', parameters[i].is_right);
	}
	memset(long_text, 'x', sizeof long_text - 1);
	expect_true("long", !convert_check_parameter(convert_find("before", 6), long_text, &long_err));
	expect_code("long", &long_err, HS_TOO_LONG);
	long_text[CONVERT_MAX_PARAMETER] = '\0';
	expect_true("longest", convert_check_parameter(convert_find("before", 6), long_text, &long_err));
}

/* The table: sorted, found by its names and by no others, each row explained. */
static void test_table(void)
{
	const struct convert_row *row;

	for (size_t i = 0; (row = convert_at(i)) != NULL; i++) {
		expect_true(row->name, convert_find(row->name, strlen(row->name)) == row);
		expect_true(row->name, convert_find(row->name, strlen(row->name) - 1) == NULL);
		expect_true(row->name, row->help != NULL && row->help[0] != '\0');
		if (i > 0)
			expect_true(row->name, strcmp(convert_at(i - 1)->name, row->name) < 0);
	}
	expect_true("unknown", convert_find("rounded", 7) == NULL);
	expect_true("empty", convert_find("", 0) == NULL);
}

/* What every row promises of any text: blank is null, bad UTF-8 and long texts are refused,
 * and nothing is written beyond the room that is given. */
static void test_any_row(void)
{
	static char long_text[CONVERT_MAX_TEXT + 1];
	static const char *const given[] = {
		[CONVERT_NEEDS_NUMBER] = "2", [CONVERT_NEEDS_TEXT] = "/",
		[CONVERT_NEEDS_DATE_FORMAT] = "%Y-%m-%d", [CONVERT_MAY_HAVE_KEEP] = NULL,
	};
	static const char *const tried[] = {
		"1999-06-23", "6-3", "27:20", "12", "0.5", "33%", "LEE, SABEN", "7/12345", "Serbia",
		"%", ",", ".", "-", "'", "\"", "PT", "\u2032", "é", "0", "+", "1:", "a\0b",
	};
	const struct convert_row *row;

	memset(long_text, 'A', sizeof long_text);
	for (size_t i = 0; (row = convert_at(i)) != NULL; i++) {
		const char *parameter = given[row->parameter];
		struct hs_error err = HS_ERROR_INIT;
		bool is_null = false;

		expect_done(row->name,
		    convert_apply(row, parameter, "\t ", 2, out, sizeof out, &is_null, &err), &err);
		expect_true(row->name, is_null && out[0] == '\0');
		expect_true(row->name,
		    !convert_apply(row, parameter, "A\xff", 2, out, sizeof out, &is_null, &err));
		expect_code(row->name, &err, HS_BAD_UTF8);
		expect_true(row->name, !convert_apply(row, parameter, long_text, sizeof long_text, out,
		    sizeof out, &is_null, &err));
		expect_code(row->name, &err, HS_TOO_LONG);
		/* the longest: done or refused, but whole */
		convert_apply(row, parameter, long_text, CONVERT_MAX_TEXT, out, sizeof out, &is_null, &err);
		for (size_t t = 0; t < HS_COUNT(tried); t++) {
			for (size_t size = 1; size < 12; size++) {
				char *room = malloc(size);

				if (room == NULL)
					abort();
				memset(room, 'x', size);
				is_null = false;
				if (convert_apply(row, parameter, tried[t], strlen(tried[t]), room, size,
				    &is_null, &err))
					expect_true(row->name, memchr(room, '\0', size) != NULL);
				free(room);
			}
		}
	}
}

/* Pieces of what feeds write, so that a random text is often nearly right. */
static const char *const pieces[] = {
	"0", "1", "9", "12", "1999", "00", ".", ",", "-", "+", "e", "E9", ":", "/", "%", "'", "\"",
	" ", "\u00a0", "\u2032", "\u2019", "ft", "in", "lbs", "cm", "PT", "H", "M", "S", "T", "Z",
	"January", "Jun", "MC", "O'", "DE", "LA", "II", "JR", "é", "Ö", "ß", "İ", "\u030c", "姚", "a",
};

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static bool is_one_of(const char *name, const char *const *those)
{
	for (; *those != NULL; those++) {
		if (strcmp(name, *those) == 0)
			return true;
	}
	return false;
}

/* Whatever is given, what comes out is what the row promises. */
static void check_promise(const struct convert_row *row, const char *in)
{
	static const char *const to_dates[] = {
		"date", "iso_date", "epoch_seconds", "epoch_milliseconds", NULL
	};
	static const char *const to_texts[] = {
		"after", "before", "country", "first_name", "last_name", "lower", "name_order",
		"single_spaces", "title_case", "trim", "upper", NULL
	};
	struct hs_error err = HS_ERROR_INIT;
	struct hs_decimal number;
	struct hs_date date;
	size_t length = strlen(out);

	if (is_one_of(row->name, to_dates))
		expect_true(in, hs_date_parse(out, length, &date, &err));
	else if (is_one_of(row->name, to_texts))
		expect_true(in, hs_utf8_valid_prefix(out, length) == length);
	else
		expect_true(in, hs_decimal_parse(out, length, &number));
}

static void test_random_texts(void)
{
	unsigned state = 20261125, row_count = 0;
	int done = 0;

	while (convert_at(row_count) != NULL)
		row_count++;
	for (int round = 0; round < 200000; round++) {
		static const char *const parameters_tried[] = {
			[CONVERT_NEEDS_NUMBER] = "2.54", [CONVERT_NEEDS_TEXT] = "-",
			[CONVERT_NEEDS_DATE_FORMAT] = "%d/%m/%y", [CONVERT_MAY_HAVE_KEEP] = "keep",
		};
		const struct convert_row *row = convert_at(next_random(&state) % row_count);
		struct hs_error err = HS_ERROR_INIT;
		bool is_null = false;
		char in[128] = "";
		unsigned count = 1 + next_random(&state) % 6;

		for (unsigned i = 0; i < count; i++)
			strcat(in, pieces[next_random(&state) % HS_COUNT(pieces)]);
		if (!convert_apply(row, parameters_tried[row->parameter], in, strlen(in), out, sizeof out,
		    &is_null, &err)) {
			expect_true(in, strstr(err.message, row->name) != NULL);
		} else if (!is_null) {
			done++;
			check_promise(row, in);
		}
	}
	expect_true("the pieces are often right", done > 20000);
}

/* A refusal shows the value, and what was expected instead. */
static void test_messages(void)
{
	const struct convert_row *row = convert_find("feet_inches_to_cm", 17);
	struct hs_error err = HS_ERROR_INIT;
	bool is_null = false;

	if (!expect_true("row", row != NULL))
		return;
	expect_true("6-13", !convert_apply(row, NULL, "6-13", 4, out, sizeof out, &is_null, &err));
	expect_text("6-13", err.message, "feet_inches_to_cm cannot take \"6-13\": feet and inches "
	    "(under 12) such as 6-9, 6' 9\" or 6 ft 9 in are expected");
	expect_text("6-13", err.where, "");
}

static const struct hs_case cases[] = {
	{ "numbers", test_numbers },
	{ "units", test_units },
	{ "dates", test_dates },
	{ "years of two digits", test_short_years },
	{ "names", test_names },
	{ "texts", test_texts },
	{ "parameters", test_parameters },
	{ "table", test_table },
	{ "any row", test_any_row },
	{ "random texts", test_random_texts },
	{ "messages", test_messages },
};

int main(void)
{
	return hs_run_suite("convert", cases, HS_COUNT(cases));
}
