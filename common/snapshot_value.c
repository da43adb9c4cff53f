/* snapshot_value.c: one value against its field's row.
 *
 * Trusts json_stream.c: texts are valid UTF-8 without NUL, numbers are numbers. Range and
 * rounding are settled on the digits (decimal.h). A refusal is a sentence with the value,
 * what is allowed, and what to do. */
#include "common/snapshot_value.h"

#include <stdio.h>
#include <string.h>

#include "common/decimal.h"
#include "common/text.h"

enum { SHOWN_CHARACTERS = 40, WANTED_BYTES = 160, NUMERIC_WHOLE = 131072, NUMERIC_SCALE = 16383 };

static const struct hs_date first_day = { .year = HS_FIRST_YEAR, .month = 1, .day = 1 };

const struct hs_value hs_value_none = { .hundredths = -1 };

/* The bytes of the first so many characters. */
static size_t prefix(const char *text, size_t length, size_t characters)
{
	size_t at = 0;

	while (at < length) {
		if (((unsigned char)text[at] & 0xc0) != 0x80 && characters-- == 0)
			break;
		at++;
	}
	return at;
}

const char *hs_shown_text(const char *text, size_t length, char buf[HS_SHOWN_BYTES])
{
	size_t shown = prefix(text, length, SHOWN_CHARACTERS);
	char clean[4 * SHOWN_CHARACTERS + 1];

	hs_utf8_clean(text, shown, clean, sizeof clean);
	for (char *c = clean; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = *c == '\t' || *c == '\n' || *c == '\r' ? ' ' : '?';
	}
	snprintf(buf, HS_SHOWN_BYTES, "\"%s%s\"", clean, shown < length ? "..." : "");
	return buf;
}

const char *hs_shown_value(const struct hs_json_event *event, char buf[HS_SHOWN_BYTES])
{
	size_t length = event->length < SHOWN_CHARACTERS ? event->length : SHOWN_CHARACTERS;

	switch (event->kind) {
	case HS_JSON_STRING:
	case HS_JSON_KEY:
		return hs_shown_text(event->text, event->length, buf);
	case HS_JSON_NUMBER:
		snprintf(buf, HS_SHOWN_BYTES, "%.*s%s", (int)length, event->text,
		    length < event->length ? "..." : "");
		return buf;
	case HS_JSON_TRUE:
		return "true";
	case HS_JSON_FALSE:
		return "false";
	case HS_JSON_NULL:
		return "null";
	case HS_JSON_OBJECT_BEGIN:
	case HS_JSON_OBJECT_END:
		return "an object";
	case HS_JSON_ARRAY_BEGIN:
	case HS_JSON_ARRAY_END:
		return "an array";
	case HS_JSON_TOO_BIG:
		break;
	}
	return "a big value";
}

bool hs_value_may_be(const struct hs_field_row *row, const struct hs_json_event *event)
{
	return (event->kind == HS_JSON_OBJECT_BEGIN && row->type == HS_FIELD_OBJECT) ||
	    (event->kind == HS_JSON_ARRAY_BEGIN && row->type == HS_FIELD_RECORDS);
}

const char *hs_value_wanted(const struct hs_field_row *row, struct hs_date latest, char *buf,
    size_t size)
{
	const char *or_null = row->required ? "" : ", or null";
	char day[HS_DATE_TEXT_BYTES];

	switch (row->type) {
	case HS_FIELD_TEXT:
		snprintf(buf, size, "write a text of %d to %d characters in double quotes%s",
		    row->min, row->max, or_null);
		break;
	case HS_FIELD_DATE:
		snprintf(buf, size, "write a date from %d-01-01 to %s as \"YYYY-MM-DD\"%s",
		    HS_FIRST_YEAR, hs_date_text(latest, day), or_null);
		break;
	case HS_FIELD_INTEGER:
		snprintf(buf, size, "write a whole number from %d to %d%s", row->min, row->max,
		    or_null);
		break;
	case HS_FIELD_NUMBER:
		snprintf(buf, size, "write a number from %d to %d%s", row->min, row->max, or_null);
		break;
	case HS_FIELD_OBJECT:
		snprintf(buf, size, "write an object in braces%s", or_null);
		break;
	case HS_FIELD_RECORDS:
		snprintf(buf, size, "write an array of records in brackets");
		break;
	}
	return buf;
}

static bool wrong_type(const struct hs_field_row *row, const struct hs_json_event *event,
    struct hs_date latest, struct hs_error *err)
{
	char shown[HS_SHOWN_BYTES], wanted[WANTED_BYTES];
	bool is_number = row->type == HS_FIELD_NUMBER || row->type == HS_FIELD_INTEGER;
	const char *what = "";

	if (event->kind == HS_JSON_STRING)
		what = is_number ? ", a text: take away the quotes and" : ", a text:";
	else if (event->kind == HS_JSON_NUMBER)
		what = ", a number:";
	else if (event->kind == HS_JSON_NULL)
		what = ", but it must have a value:";
	else
		what = ":";
	return hs_error_set(err, HS_WRONG_TYPE, "", "%s is %s%s %s", row->name,
	    hs_shown_value(event, shown), what, hs_value_wanted(row, latest, wanted, sizeof wanted));
}

static bool check_text(const struct hs_field_row *row, const struct hs_json_event *event,
    struct hs_value *value, struct hs_error *err)
{
	const char *text = event->text;
	size_t length = event->length, characters;
	char shown[HS_SHOWN_BYTES];

	hs_text_trim(&text, &length);
	if (hs_text_is_blank(text, length)) {
		if (!row->required)
			return true;
		return hs_error_set(err, HS_BLANK, "",
		    "%s is blank: write a text of %d to %d characters", row->name, row->min,
		    row->max);
	}
	characters = length > (size_t)row->max ? hs_utf8_count(text, length) : length;
	if (characters > (size_t)row->max || event->is_cut)
		return hs_error_set(err, HS_TOO_LONG, "",
		    "%s has %s%zu characters, at most %d are allowed: shorten %s", row->name,
		    event->is_cut ? "more than " : "", characters, row->max,
		    hs_shown_text(text, length, shown));
	value->text = text;
	value->length = length;
	return true;
}

static bool check_date(const struct hs_field_row *row, const struct hs_json_event *event,
    struct hs_date latest, struct hs_value *value, struct hs_error *err)
{
	static const char mark[] = "not on the calendar: ";
	const char *or_null = row->required ? "" : ", or null", *reason;
	char shown[HS_SHOWN_BYTES], wanted[WANTED_BYTES];
	struct hs_error why = HS_ERROR_INIT;
	struct hs_date date;

	if (!hs_date_parse(event->text, event->length, &date, &why)) {
		hs_shown_text(event->text, event->length, shown);
		reason = strstr(why.message, mark);
		if (reason == NULL)
			return hs_error_set(err, HS_BAD_DATE, "",
			    "%s is %s, which is not a date: write it as YYYY-MM-DD, as in "
			    "1999-02-28%s", row->name, shown, or_null);
		return hs_error_set(err, HS_BAD_DATE, "",
		    "%s is %s: %s; write a date of the calendar as YYYY-MM-DD%s", row->name, shown,
		    reason + sizeof mark - 1, or_null);
	}
	if (hs_date_compare(date, first_day) < 0 || hs_date_compare(date, latest) > 0)
		return hs_error_set(err, HS_OUT_OF_RANGE, "", "%s is %s, too %s: %s", row->name,
		    hs_shown_text(event->text, event->length, shown),
		    hs_date_compare(date, latest) > 0 ? "late" : "early",
		    hs_value_wanted(row, latest, wanted, sizeof wanted));
	value->date = date;
	return true;
}

static bool check_number(const struct hs_field_row *row, const struct hs_json_event *event,
    struct hs_value *value, struct hs_error *err)
{
	static const struct hs_date no_date = { 0 };
	enum hs_error_code code = HS_OK;
	char shown[HS_SHOWN_BYTES], wanted[WANTED_BYTES];
	struct hs_decimal number;
	int64_t hundredths = 0;

	if (event->is_cut || !hs_decimal_parse(event->text, event->length, &number) ||
	    hs_decimal_compare(&number, row->min) < 0 || hs_decimal_compare(&number, row->max) > 0 ||
	    !hs_decimal_round(&number, 2, &hundredths))
		code = HS_OUT_OF_RANGE;
	else if (row->type == HS_FIELD_INTEGER && !hs_decimal_is_whole(&number))
		code = HS_NOT_INTEGER;
	if (code != HS_OK)
		return hs_error_set(err, code, "", "%s is %s: %s", row->name,
		    hs_shown_value(event, shown),
		    hs_value_wanted(row, no_date, wanted, sizeof wanted));
	value->hundredths = (int)hundredths;
	return true;
}

bool hs_value_check(const struct hs_field_row *row, const struct hs_json_event *event,
    struct hs_date latest, struct hs_value *ret, struct hs_error *err)
{
	struct hs_value value = hs_value_none;
	bool is_good = false;

	if (event->kind == HS_JSON_NULL && !row->required)
		is_good = true;
	else if (row->type == HS_FIELD_TEXT && event->kind == HS_JSON_STRING)
		is_good = check_text(row, event, &value, err);
	else if (row->type == HS_FIELD_DATE && event->kind == HS_JSON_STRING)
		is_good = check_date(row, event, latest, &value, err);
	else if ((row->type == HS_FIELD_NUMBER || row->type == HS_FIELD_INTEGER) &&
	    event->kind == HS_JSON_NUMBER)
		is_good = check_number(row, event, &value, err);
	else
		wrong_type(row, event, latest, err);
	if (is_good)
		*ret = value;
	return is_good;
}

/* A JSON number's exponent, as far as it matters. */
static int64_t exponent_of(const char *text, size_t length)
{
	static const int64_t far = 1000000000;
	bool is_negative = length > 0 && *text == '-';
	int64_t exponent = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] >= '0' && text[i] <= '9' && exponent < far)
			exponent = exponent * 10 + (text[i] - '0');
	}
	return is_negative ? -exponent : exponent;
}

bool hs_number_fits_numeric(const char *text, size_t length)
{
	const char *point = memchr(text, '.', length), *end = text + length, *e = text;
	int64_t scale = 0, exponent = 0;
	struct hs_decimal number;

	while (e < end && *e != 'e' && *e != 'E')
		e++;
	if (point != NULL)
		scale = e - point - 1;
	if (e < end)
		exponent = exponent_of(e + 1, (size_t)(end - e - 1));
	return hs_decimal_parse(text, length, &number) && exponent < INT32_MAX / 2 &&
	    number.point <= NUMERIC_WHOLE && scale - exponent <= NUMERIC_SCALE;
}
