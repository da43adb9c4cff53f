/* convert.c: the table of conversions, and what all of them have in common.
 *
 * Trusts nothing: the text comes from a stranger's feed, the parameter from a person's mapping.
 * What every conversion may rely on (UTF-8, trimmed, not blank, bounded) is settled here. */
#include "daemons/extractor/convert.h"

#include <string.h>

#include "common/text.h"
#include "daemons/extractor/convert_private.h"

enum { MOST_PLACES = 6, SHOWN_BYTES = 80 };

/* Sorted by name. */
static const struct convert_row rows[] = {
	{ "after", CONVERT_NEEDS_TEXT, .apply = convert_after,
	    .help = "what stands behind the first TEXT, trimmed: \"7/12\" with \"/\" is \"12\"; "
	    "null when TEXT is not there" },
	{ "before", CONVERT_NEEDS_TEXT, .apply = convert_before,
	    .help = "what stands in front of the first TEXT, trimmed: \"7/12\" with \"/\" is \"7\"; "
	    "all of it when TEXT is not there" },
	{ "clock_to_minutes", CONVERT_MAY_HAVE_PLACES, 2, .apply = convert_clock_to_minutes,
	    .help = "\"27:20\" (minutes and seconds), \"1:02:03\" or \"PT27M20.00S\" is 27.33 minutes" },
	{ "country", CONVERT_MAY_HAVE_KEEP, .apply = convert_country,
	    .help = "the country's English name, from a name or a code of ISO 3166, the IOC or FIBA; "
	    "an unknown one is an error, or stays as it is with \"keep\"" },
	{ "date", CONVERT_NEEDS_DATE_FORMAT, .apply = convert_date,
	    .help = "a date written after FORMAT: \"June 24, 1968\" with \"%B %d, %Y\" is 1968-06-24" },
	{ "decimal_comma", CONVERT_TAKES_NOTHING, .apply = convert_decimal_comma,
	    .help = "\"12,5\" is 12.5, \"1.234,5\" is 1234.5" },
	{ "epoch_milliseconds", CONVERT_TAKES_NOTHING, .apply = convert_epoch_milliseconds,
	    .help = "the date, in UTC, of so many milliseconds since 1970" },
	{ "epoch_seconds", CONVERT_TAKES_NOTHING, .apply = convert_epoch_seconds,
	    .help = "the date, in UTC, of so many seconds since 1970; they may be negative" },
	{ "feet_inches_to_cm", CONVERT_MAY_HAVE_PLACES, 0, .apply = convert_feet_inches_to_cm,
	    .help = "\"6-3\", \"6'3\", \"6 ft 3 in\" and their like are 191" },
	{ "feet_to_cm", CONVERT_MAY_HAVE_PLACES, 0, "30.48", convert_by_factor,
	    "6.5 is 198" },
	{ "first_name", CONVERT_TAKES_NOTHING, .apply = convert_first_name,
	    .help = "of \"LAST, FIRST\" what stands behind the comma, else the first word; "
	    "null when there is only one word" },
	{ "fraction_to_percent", CONVERT_MAY_HAVE_PLACES, 2, .apply = convert_fraction_to_percent,
	    .help = "0.438 is 43.8; more than 1 is an error" },
	{ "inches_to_cm", CONVERT_MAY_HAVE_PLACES, 0, "2.54", convert_by_factor,
	    "75 is 191" },
	{ "iso_date", CONVERT_TAKES_NOTHING, .apply = convert_iso_date,
	    .help = "the date of \"1999-06-23\", \"1999-06-23T00:00:00Z\" or \"19990623\"" },
	{ "last_name", CONVERT_TAKES_NOTHING, .apply = convert_last_name,
	    .help = "of \"LAST, FIRST\" what stands before the comma, else all but the first word; "
	    "null when there is only one word" },
	{ "lower", CONVERT_TAKES_NOTHING, .apply = convert_lower, .help = "in small letters" },
	{ "metres_to_cm", CONVERT_MAY_HAVE_PLACES, 0, "100", convert_by_factor,
	    "1.91 is 191" },
	{ "millimetres_to_cm", CONVERT_MAY_HAVE_PLACES, 0, "0.1", convert_by_factor,
	    "1905 is 191" },
	{ "multiply", CONVERT_NEEDS_NUMBER, .apply = convert_multiply,
	    .help = "times NUMBER, exactly" },
	{ "name_order", CONVERT_TAKES_NOTHING, .apply = convert_name_order,
	    .help = "\"LAST, FIRST\" is \"FIRST LAST\"; without a comma it stays" },
	{ "number", CONVERT_TAKES_NOTHING, .apply = convert_number,
	    .help = "a number, also one in quotes: \"195\", \"+3\", \".381\"" },
	{ "number_with_unit", CONVERT_MAY_HAVE_TEXT, .apply = convert_number_with_unit,
	    .help = "\"140 lbs\" is 140; with TEXT (\"lbs\") another unit is an error" },
	{ "pounds_to_kg", CONVERT_MAY_HAVE_PLACES, 0, "0.45359237", convert_by_factor,
	    "270 is 122" },
	{ "round", CONVERT_MAY_HAVE_PLACES, 0, .apply = convert_round,
	    .help = "rounded half away from zero" },
	{ "seconds_to_minutes", CONVERT_MAY_HAVE_PLACES, 2, .apply = convert_seconds_to_minutes,
	    .help = "1640 is 27.33" },
	{ "single_spaces", CONVERT_TAKES_NOTHING, .apply = convert_single_spaces,
	    .help = "every run of white space is one blank" },
	{ "strip_percent", CONVERT_TAKES_NOTHING, .apply = convert_strip_percent,
	    .help = "\"33.3%\" is 33.3" },
	{ "thousands_comma", CONVERT_TAKES_NOTHING, .apply = convert_thousands_comma,
	    .help = "\"1,234.5\" is 1234.5" },
	{ "title_case", CONVERT_TAKES_NOTHING, .apply = convert_title_case,
	    .help = "words all in capitals as names are written: \"O'NEAL\" is \"O'Neal\", \"III\" stays" },
	{ "trim", CONVERT_TAKES_NOTHING, .apply = convert_trim,
	    .help = "without white space at both ends" },
	{ "upper", CONVERT_TAKES_NOTHING, .apply = convert_upper, .help = "in capitals" },
	{ "whole", CONVERT_TAKES_NOTHING, .apply = convert_whole,
	    .help = "a whole number: \"23.0\" is 23; 23.5 is an error" },
};

const struct convert_row *convert_find(const char *name, size_t length)
{
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct convert_row *convert_at(size_t index)
{
	return index < HS_COUNT(rows) ? &rows[index] : NULL;
}

static bool is_places(const char *parameter)
{
	return parameter[0] >= '0' && parameter[0] <= '0' + MOST_PLACES && parameter[1] == '\0';
}

static bool check_given(const struct convert_row *row, const char *parameter, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	struct exact number;

	switch (row->parameter) {
	case CONVERT_TAKES_NOTHING:
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "%s takes nothing, but has \"%s\"",
		    row->name, parameter);
	case CONVERT_MAY_HAVE_PLACES:
		return is_places(parameter) ||
		    hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "%s takes the number of decimals, 0 to %d, not \"%s\"", row->name, MOST_PLACES,
		    parameter);
	case CONVERT_NEEDS_NUMBER:
		return exact_parse(parameter, strlen(parameter), &number, &why) ||
		    hs_error_set(err, HS_BAD_ARGUMENT, "", "%s needs a number, not \"%s\"",
		    row->name, parameter);
	case CONVERT_MAY_HAVE_KEEP:
		return strcmp(parameter, "keep") == 0 ||
		    hs_error_set(err, HS_BAD_ARGUMENT, "", "%s takes \"keep\" or nothing, not \"%s\"",
		    row->name, parameter);
	case CONVERT_NEEDS_DATE_FORMAT:
		return convert_date_format_is_right(parameter, err);
	case CONVERT_NEEDS_TEXT:
	case CONVERT_MAY_HAVE_TEXT:
		return parameter[0] != '\0' ||
		    hs_error_set(err, HS_BAD_ARGUMENT, "", "%s has an empty text to look for",
		    row->name);
	}
	hs_panic("convert: %s has no kind of parameter", row->name);
}

bool convert_check_parameter(const struct convert_row *row, const char *parameter,
    struct hs_error *err)
{
	static const char *const needed[] = {
		[CONVERT_NEEDS_NUMBER] = "a number",
		[CONVERT_NEEDS_TEXT] = "a text to look for",
		[CONVERT_NEEDS_DATE_FORMAT] = "a format, such as \"%m/%d/%Y\"",
		[CONVERT_MAY_HAVE_KEEP] = NULL,
	};

	if (parameter == NULL) {
		return needed[row->parameter] == NULL ||
		    hs_error_set(err, HS_BAD_ARGUMENT, "", "%s needs %s", row->name,
		    needed[row->parameter]);
	}
	if (strlen(parameter) > CONVERT_MAX_PARAMETER) {
		return hs_error_set(err, HS_TOO_LONG, "", "%s: \"%.40s...\" is too long, at most %d "
		    "bytes are allowed", row->name, parameter, CONVERT_MAX_PARAMETER);
	}
	if (hs_utf8_valid_prefix(parameter, strlen(parameter)) != strlen(parameter))
		return hs_error_set(err, HS_BAD_UTF8, "", "%s: \"%s\" is not UTF-8", row->name, parameter);
	return check_given(row, parameter, err);
}

int convert_places(const struct convert_call *call)
{
	return call->parameter == NULL ? call->row->default_places : call->parameter[0] - '0';
}

bool convert_give(const struct convert_call *call, const char *text, size_t length,
    struct hs_error *err)
{
	if (length >= call->size) {
		return hs_error_set(err, HS_TOO_LONG, "", "%s: the result has %zu bytes, room is for %zu",
		    call->row->name, length, call->size - 1);
	}
	memcpy(call->out, text, length);
	call->out[length] = '\0';
	return true;
}

bool convert_refuse(const struct convert_call *call, enum hs_error_code code, const char *expected,
    struct hs_error *err)
{
	char shown[SHOWN_BYTES];

	return hs_error_set(err, code, "", "%s cannot take \"%s%s\": %s", call->row->name,
	    hs_utf8_clean(call->in, call->length, shown, sizeof shown),
	    call->length >= sizeof shown ? "..." : "", expected);
}

bool convert_apply(const struct convert_row *row, const char *parameter, const char *in,
    size_t length, char *out, size_t size, bool *is_null, struct hs_error *err)
{
	struct convert_call call = { .row = row, .parameter = parameter, .out = out, .size = size };
	struct hs_error why = HS_ERROR_INIT;

	if (size == 0)
		hs_panic("convert: no room for a result");
	if (length > CONVERT_MAX_TEXT) {
		return hs_error_set(err, HS_TOO_LONG, "", "%s: a text of %zu bytes is too long, at most "
		    "%d are allowed", row->name, length, CONVERT_MAX_TEXT);
	}
	if (hs_utf8_valid_prefix(in, length) != length)
		return hs_error_set(err, HS_BAD_UTF8, "", "%s: the text is not UTF-8", row->name);
	if (hs_text_is_blank(in, length)) {
		out[0] = '\0';
		*is_null = true;
		return true;
	}
	hs_text_trim(&in, &length);
	call.in = in;
	call.length = length;
	if (!row->apply(&call, &why)) {
		/* a sentence of exact.h knows neither the conversion nor its text */
		if (strncmp(why.message, row->name, strlen(row->name)) != 0)
			return convert_refuse(&call, why.code, why.message, err);
		*err = why;
		return false;
	}
	if (call.is_null)
		out[0] = '\0';
	*is_null = call.is_null;
	return true;
}
