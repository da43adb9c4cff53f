/* convert_number.c: conversions of numbers, in the ways that feeds write them.
 *
 * A text that could be read in two ways is refused: "1,234" is a number only to a mapping that
 * says what the comma is. */
#include "daemons/extractor/convert_private.h"

#include <string.h>

#include "common/text.h"

enum { NUMBER_BYTES = 128 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number as people write it, as JSON has it: ".5" and "+5." too. False when it is none. */
static bool to_json_number(const char *text, size_t length, char buf[NUMBER_BYTES],
    size_t *ret_length)
{
	size_t at = 0, to = 0;

	if (length > NUMBER_BYTES - 4)
		return false;
	if (length > 0 && (text[0] == '-' || text[0] == '+')) {
		if (text[at++] == '-')
			buf[to++] = '-';
		if (at == length || (!is_digit(text[at]) && text[at] != '.'))
			return false;
	}
	while (at + 1 < length && text[at] == '0' && is_digit(text[at + 1]))
		at++;
	if (at + 1 < length && text[at] == '.' && is_digit(text[at + 1]))
		buf[to++] = '0';
	while (at < length && is_digit(text[at]))
		buf[to++] = text[at++];
	if (at > 0 && at + 1 == length && text[at] == '.')
		at++;
	memcpy(buf + to, text + at, length - at);
	*ret_length = to + length - at;
	return true;
}

bool convert_read_number(const struct convert_call *call, const char *text, size_t length,
    struct exact *ret, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	char json[NUMBER_BYTES];
	size_t json_length;

	if (!to_json_number(text, length, json, &json_length))
		return convert_refuse(call, HS_BAD_NUMBER, "a number is expected", err);
	if (exact_parse(json, json_length, ret, &why))
		return true;
	if (why.code == HS_OUT_OF_RANGE)
		return convert_refuse(call, why.code, why.message, err);
	return convert_refuse(call, HS_BAD_NUMBER, "a number is expected", err);
}

bool convert_give_number(const struct convert_call *call, struct exact number,
    struct hs_error *err)
{
	char text[EXACT_TEXT_BYTES];

	exact_text(number, text);
	return convert_give(call, text, strlen(text), err);
}

bool convert_give_rounded(const struct convert_call *call, struct exact number,
    struct hs_error *err)
{
	return exact_round(number, convert_places(call), &number, err) &&
	    convert_give_number(call, number, err);
}

bool convert_number(struct convert_call *call, struct hs_error *err)
{
	struct exact number;

	return convert_read_number(call, call->in, call->length, &number, err) &&
	    convert_give_number(call, number, err);
}

/* Digits in groups of three. Copies them without what parts the groups, and with '.' for the
 * decimal point. False when a group is not whole: then the text means something else. */
static bool ungroup(const char *text, size_t length, char group, char point,
    char buf[NUMBER_BYTES], size_t *ret_length)
{
	size_t to = 0, since_group = 0;
	bool has_groups = false, has_point = false;

	if (length >= NUMBER_BYTES)
		return false;
	for (size_t at = 0; at < length; at++) {
		if (text[at] == group && !has_point) {
			if (since_group == 0 || since_group > 3 || (has_groups && since_group != 3))
				return false;
			has_groups = true;
			since_group = 0;
		} else if (text[at] == point && !has_point) {
			if (has_groups && since_group != 3)
				return false;
			has_point = true;
			buf[to++] = '.';
		} else if (is_digit(text[at]) || (at == 0 && strchr("+-", text[at]) != NULL)) {
			since_group += is_digit(text[at]);
			buf[to++] = text[at];
		} else {
			return false;
		}
	}
	*ret_length = to;
	return !has_groups || has_point || since_group == 3;
}

static bool read_grouped(const struct convert_call *call, char group, char point,
    const char *expected, struct hs_error *err)
{
	char plain[NUMBER_BYTES];
	size_t length;
	struct exact number;

	if (!ungroup(call->in, call->length, group, point, plain, &length))
		return convert_refuse(call, HS_BAD_NUMBER, expected, err);
	return convert_read_number(call, plain, length, &number, err) &&
	    convert_give_number(call, number, err);
}

bool convert_decimal_comma(struct convert_call *call, struct hs_error *err)
{
	return read_grouped(call, '.', ',', "a number such as \"12,5\" or \"1.234,5\" is expected", err);
}

bool convert_thousands_comma(struct convert_call *call, struct hs_error *err)
{
	return read_grouped(call, ',', '.', "a number such as \"1,234.5\" is expected", err);
}

bool convert_whole(struct convert_call *call, struct hs_error *err)
{
	struct exact number, whole;

	if (!convert_read_number(call, call->in, call->length, &number, err) ||
	    !exact_round(number, 0, &whole, err))
		return false;
	if (exact_compare(number, whole) != 0)
		return convert_refuse(call, HS_BAD_NUMBER, "a whole number is expected", err);
	return convert_give_number(call, whole, err);
}

bool convert_round(struct convert_call *call, struct hs_error *err)
{
	struct exact number;

	return convert_read_number(call, call->in, call->length, &number, err) &&
	    convert_give_rounded(call, number, err);
}

bool convert_multiply(struct convert_call *call, struct hs_error *err)
{
	struct exact number, factor;

	return convert_read_number(call, call->in, call->length, &number, err) &&
	    exact_parse(call->parameter, strlen(call->parameter), &factor, err) &&
	    exact_multiply(number, factor, &number, err) && convert_give_number(call, number, err);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* The unit is the wanted one: case and a dot at the end do not matter. */
static bool is_unit(const char *unit, size_t length, const char *wanted)
{
	if (length > 0 && unit[length - 1] == '.')
		length--;
	if (strlen(wanted) != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = unit[i], w = wanted[i];

		c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		w = w >= 'A' && w <= 'Z' ? (char)(w - 'A' + 'a') : w;
		if (c != w)
			return false;
	}
	return true;
}

bool convert_number_with_unit(struct convert_call *call, struct hs_error *err)
{
	const char *unit;
	size_t digits = 0, unit_length;
	struct exact number;

	while (digits < call->length && (is_digit(call->in[digits]) ||
	    strchr("+-.", call->in[digits]) != NULL))
		digits++;
	unit = call->in + digits;
	unit_length = call->length - digits;
	hs_text_trim(&unit, &unit_length);
	for (size_t i = 0; i < unit_length; i++) {
		if (!is_letter(unit[i]) && (unit[i] != '.' || i == 0 || i + 1 < unit_length)) {
			return convert_refuse(call, HS_BAD_NUMBER,
			    "a number and its unit, such as \"140 lbs\", are expected", err);
		}
	}
	if (unit_length > 0 && call->parameter != NULL &&
	    !is_unit(unit, unit_length, call->parameter)) {
		char expected[CONVERT_MAX_PARAMETER + 40];

		return hs_format(expected, sizeof expected, err, "the unit \"%s\" is expected",
		    call->parameter) && convert_refuse(call, HS_BAD_NUMBER, expected, err);
	}
	return convert_read_number(call, call->in, digits, &number, err) &&
	    convert_give_number(call, number, err);
}

bool convert_strip_percent(struct convert_call *call, struct hs_error *err)
{
	const char *text = call->in;
	size_t length = call->length;
	char plain[NUMBER_BYTES];
	char *comma;
	struct exact number;

	if (text[length - 1] == '%') {
		length--;
		hs_text_trim(&text, &length);
	}
	if (length >= sizeof plain)
		return convert_refuse(call, HS_BAD_NUMBER, "\"33.3%\" is expected", err);
	memcpy(plain, text, length);
	plain[length] = '\0';
	/* nothing is a thousand percent here: the comma is a decimal one */
	if ((comma = strchr(plain, ',')) != NULL)
		*comma = '.';
	return convert_read_number(call, plain, length, &number, err) &&
	    convert_give_number(call, number, err);
}

bool convert_fraction_to_percent(struct convert_call *call, struct hs_error *err)
{
	const struct exact zero = { .units = 0 }, one = { .units = 1 }, hundred = { .units = 100 };
	struct exact number;

	if (!convert_read_number(call, call->in, call->length, &number, err))
		return false;
	if (exact_compare(number, zero) < 0 || exact_compare(number, one) > 0) {
		return convert_refuse(call, HS_OUT_OF_RANGE,
		    "a fraction from 0 to 1 is expected; is it a percentage already?", err);
	}
	return exact_multiply(number, hundred, &number, err) &&
	    convert_give_rounded(call, number, err);
}
