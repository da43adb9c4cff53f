/* convert_units.c: conversions of length, weight and time.
 *
 * A height in feet and inches is read by its marks, so that all the ways of writing one are one
 * reader: a number, a mark for feet, a number, perhaps a mark for inches. */
#include "daemons/extractor/convert_private.h"

#include <string.h>

#include "common/text.h"

enum { INCHES_A_FOOT = 12, SECONDS_A_MINUTE = 60, MINUTES_AN_HOUR = 60 };

bool convert_by_factor(struct convert_call *call, struct hs_error *err)
{
	struct exact number, factor;

	return convert_read_number(call, call->in, call->length, &number, err) &&
	    exact_parse(call->row->factor, strlen(call->row->factor), &factor, err) &&
	    exact_multiply(number, factor, &number, err) && convert_give_rounded(call, number, err);
}

/* What is left to read of a text. */
struct cursor {
	const char *text;
	size_t length;
};

static void skip_bytes(struct cursor *cursor, size_t count)
{
	cursor->text += count;
	cursor->length -= count;
}

static bool take(struct cursor *cursor, const char *word)
{
	size_t length = strlen(word);

	if (cursor->length < length || strncasecmp(cursor->text, word, length) != 0)
		return false;
	skip_bytes(cursor, length);
	return true;
}

/* The first of the words that is there; the longer ones stand first. NULL ends them. */
static bool take_any(struct cursor *cursor, const char *const *words)
{
	hs_text_trim(&cursor->text, &cursor->length);
	for (; *words != NULL; words++) {
		if (take(cursor, *words)) {
			hs_text_trim(&cursor->text, &cursor->length);
			return true;
		}
	}
	return false;
}

/* The digits (and a point) that come next; 0 when there are none. */
static size_t number_length(const struct cursor *cursor)
{
	size_t length = 0;

	while (length < cursor->length &&
	    ((cursor->text[length] >= '0' && cursor->text[length] <= '9') ||
	    cursor->text[length] == '.'))
		length++;
	return length;
}

static bool take_number(struct cursor *cursor, struct exact *ret)
{
	struct hs_error ignored = HS_ERROR_INIT;
	size_t length;

	while (cursor->length > 1 && cursor->text[0] == '0' && cursor->text[1] >= '0' &&
	    cursor->text[1] <= '9')
		skip_bytes(cursor, 1);	/* "05" */
	length = number_length(cursor);
	/* "6.5." has two points: exact_parse refuses it */
	if (length == 0 || !exact_parse(cursor->text, length, ret, &ignored))
		return false;
	skip_bytes(cursor, length);
	return true;
}

static const char *const feet_marks[] = {
	"feet", "foot", "ft.", "ft", "-", "'", "\u2032", "\u2019", "\u2018", "\u2010", "\u2011",
	"\u2013", "\u00b4", "`", NULL
};
static const char *const inch_marks[] = {
	"inches", "inch", "in.", "in", "''", "\"", "\u2033", "\u201d", "\u201c", "\u2032\u2032",
	"\u2019\u2019", NULL
};

/* Feet and inches as one number of inches; false when it is not written so. */
static bool read_height(struct cursor cursor, struct exact *ret)
{
	const struct exact foot = { .units = INCHES_A_FOOT };
	struct exact feet, inches = { .units = 0 }, whole;
	struct hs_error ignored = HS_ERROR_INIT;

	if (!take_number(&cursor, &feet) || !take_any(&cursor, feet_marks))
		return false;
	take_any(&cursor, (const char *const[]){ "and", ",", NULL });
	if (cursor.length > 0) {
		if (!take_number(&cursor, &inches))
			return false;
		take_any(&cursor, inch_marks);
		/* "6-3" and "6.5'" are heights, "6.5-3" is not */
		if (cursor.length > 0 || !exact_round(feet, 0, &whole, &ignored) ||
		    exact_compare(feet, whole) != 0)
			return false;
	}
	return exact_compare(inches, foot) < 0 && exact_multiply(feet, foot, &feet, &ignored) &&
	    exact_add(feet, inches, ret, &ignored);
}

bool convert_feet_inches_to_cm(struct convert_call *call, struct hs_error *err)
{
	const struct exact cm_an_inch = { .units = 254, .places = 2 };
	struct exact inches;

	if (!read_height((struct cursor){ call->in, call->length }, &inches)) {
		return convert_refuse(call, HS_BAD_NUMBER,
		    "feet and inches (under 12) such as 6-9, 6' 9\" or 6 ft 9 in are expected",
		    err);
	}
	return exact_multiply(inches, cm_an_inch, &inches, err) &&
	    convert_give_rounded(call, inches, err);
}

/* "27:20", "1:02:03", and "34.000000:12" as one source has it: whole seconds or parts of them. */
static bool read_clock(struct cursor cursor, struct exact *ret)
{
	const struct exact sixty = { .units = SECONDS_A_MINUTE };
	struct exact total = { .units = 0 }, part, whole;
	struct hs_error ignored = HS_ERROR_INIT;
	int parts = 0;

	do {
		if (!take_number(&cursor, &part) || ++parts > 3 ||
		    (parts > 1 && exact_compare(part, sixty) >= 0) ||
		    !exact_multiply(total, sixty, &total, &ignored) ||
		    !exact_add(total, part, &total, &ignored) ||
		    !exact_round(part, 0, &whole, &ignored) ||
		    (cursor.length > 0 && exact_compare(part, whole) != 0))
			return false;
	} while (take(&cursor, ":"));
	*ret = total;
	return parts > 1 && cursor.length == 0;
}

/* "PT27M20.00S", "PT1H2M": the time part of an ISO 8601 duration, in seconds. */
static bool read_duration(struct cursor cursor, struct exact *ret)
{
	static const struct { const char *mark; int seconds; } units[] = {
		{ "H", SECONDS_A_MINUTE * MINUTES_AN_HOUR }, { "M", SECONDS_A_MINUTE }, { "S", 1 },
	};
	struct exact total = { .units = 0 }, part;
	struct hs_error ignored = HS_ERROR_INIT;
	size_t next = 0;

	if (!take(&cursor, "PT") || cursor.length == 0)
		return false;
	while (cursor.length > 0) {
		if (!take_number(&cursor, &part))
			return false;
		while (next < HS_COUNT(units) && !take(&cursor, units[next].mark))
			next++;
		if (next == HS_COUNT(units) ||
		    !exact_multiply(part, (struct exact){ .units = units[next].seconds }, &part, &ignored) ||
		    !exact_add(total, part, &total, &ignored))
			return false;
		next++;
	}
	*ret = total;
	return true;
}

static bool give_minutes(const struct convert_call *call, struct exact seconds,
    struct hs_error *err)
{
	const struct exact minute = { .units = SECONDS_A_MINUTE };

	return exact_divide(seconds, minute, convert_places(call), &seconds, err) &&
	    convert_give_number(call, seconds, err);
}

bool convert_clock_to_minutes(struct convert_call *call, struct hs_error *err)
{
	const struct cursor cursor = { call->in, call->length };
	struct exact seconds;

	if (!read_clock(cursor, &seconds) && !read_duration(cursor, &seconds)) {
		return convert_refuse(call, HS_BAD_NUMBER,
		    "minutes and seconds such as \"27:20\" or \"PT27M20.00S\" are expected", err);
	}
	return give_minutes(call, seconds, err);
}

bool convert_seconds_to_minutes(struct convert_call *call, struct hs_error *err)
{
	struct exact seconds;

	return convert_read_number(call, call->in, call->length, &seconds, err) &&
	    give_minutes(call, seconds, err);
}
