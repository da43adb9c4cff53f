/* decimal.c: range and rounding of decimal numbers, on their digits.
 *
 * Trusts only its own hs_decimal_parse: the text before it may be anything, of any length,
 * with any exponent. Nothing here allocates, and nothing is ever a double. */
#include "common/decimal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const int64_t POINT_LIMIT = 1000000000;
static const int64_t EXPONENT_LIMIT = 1000000000000000;	/* beyond any text's length */

enum { INT64_DIGITS = 19 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits of an exponent, after its 'e'; stops counting at EXPONENT_LIMIT. */
static bool read_exponent(const char *text, size_t length, int64_t *ret)
{
	bool negative = length > 0 && text[0] == '-';
	size_t at = length > 0 && (text[0] == '-' || text[0] == '+');
	int64_t exponent = 0;

	if (at == length)
		return false;
	for (; at < length; at++) {
		if (!is_digit(text[at]))
			return false;
		if (exponent < EXPONENT_LIMIT)
			exponent = exponent * 10 + (text[at] - '0');
	}
	*ret = negative ? -exponent : exponent;
	return true;
}

/* Narrows the span to its significant digits: whole digits stand before the '.'. */
static void set_digits(struct hs_decimal *number, const char *digits, size_t length, int64_t whole,
    int64_t exponent)
{
	while (length > 0 && (digits[length - 1] == '0' || digits[length - 1] == '.'))
		length--;
	while (length > 0 && (*digits == '0' || *digits == '.')) {
		if (*digits == '0')
			whole--;
		digits++;
		length--;
	}
	number->digits = digits;
	number->length = length;
	if (length == 0) {
		number->point = 0;
		number->negative = false;
		return;
	}
	number->point = whole + exponent;
	if (number->point > POINT_LIMIT)
		number->point = POINT_LIMIT;
	if (number->point < -POINT_LIMIT)
		number->point = -POINT_LIMIT;
}

bool hs_decimal_parse(const char *text, size_t length, struct hs_decimal *ret)
{
	size_t start = length > 0 && text[0] == '-', at = start, whole, fraction;
	int64_t exponent = 0;
	struct hs_decimal number = { .negative = start > 0 };

	while (at < length && is_digit(text[at]))
		at++;
	whole = at - start;
	if (whole == 0 || (whole > 1 && text[start] == '0'))
		return false;
	if (at < length && text[at] == '.') {
		fraction = ++at;
		while (at < length && is_digit(text[at]))
			at++;
		if (at == fraction)
			return false;
	}
	if (at < length && ((text[at] != 'e' && text[at] != 'E') ||
	    !read_exponent(text + at + 1, length - at - 1, &exponent)))
		return false;
	set_digits(&number, text + start, at - start, (int64_t)whole, exponent);
	*ret = number;
	return true;
}

bool hs_decimal_is_whole(const struct hs_decimal *number)
{
	size_t count = number->length;

	if (count == 0)
		return true;
	if (memchr(number->digits, '.', count) != NULL)
		count--;
	return number->point > 0 && (uint64_t)number->point >= count;
}

/* What is cut off when a number is made whole. */
struct cut {
	uint64_t kept;
	int next;		/* the first digit cut off */
	bool is_exact;		/* nothing but zeros was cut off */
};

/* |number| * 10^places, cut at its point. False when that does not fit. */
static bool cut_at(const struct hs_decimal *number, int places, struct cut *ret)
{
	struct cut cut = { .kept = 0, .next = 0, .is_exact = true };
	int64_t wanted = number->point + places;
	size_t at = 0;

	if (number->length == 0) {
		*ret = cut;
		return true;
	}
	if (wanted > INT64_DIGITS)
		return false;
	for (int64_t i = 0; i < wanted; i++) {
		if (at < number->length && number->digits[at] == '.')
			at++;
		cut.kept *= 10;		/* 19 digits fit an uint64_t */
		if (at < number->length)
			cut.kept += (uint64_t)(number->digits[at++] - '0');
	}
	if (at < number->length && number->digits[at] == '.')
		at++;
	if (at < number->length) {
		cut.is_exact = false;	/* digits never end in zeros */
		if (wanted >= 0)
			cut.next = number->digits[at] - '0';
	}
	*ret = cut;
	return true;
}

int hs_decimal_compare(const struct hs_decimal *number, int64_t bound)
{
	uint64_t magnitude = bound < 0 ? 0 - (uint64_t)bound : (uint64_t)bound;
	struct cut cut;
	int farther;		/* from zero than the bound is */

	if (number->length == 0)
		return (bound < 0) - (bound > 0);
	if (number->negative != (bound < 0))
		return number->negative ? -1 : 1;
	if (!cut_at(number, 0, &cut))
		farther = 1;	/* 10^19 and more: beyond every bound */
	else if (cut.kept != magnitude)
		farther = cut.kept < magnitude ? -1 : 1;
	else
		farther = !cut.is_exact;
	return number->negative ? -farther : farther;
}

static bool with_sign(bool negative, uint64_t magnitude, int64_t *ret)
{
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	if (negative && magnitude > 0)
		*ret = -(int64_t)(magnitude - 1) - 1;
	else
		*ret = (int64_t)magnitude;
	return true;
}

bool hs_decimal_round(const struct hs_decimal *number, int places, int64_t *ret)
{
	struct cut cut;

	return cut_at(number, places, &cut) &&
	    with_sign(number->negative, cut.kept + (cut.next >= 5), ret);
}

bool hs_decimal_ceil(const struct hs_decimal *number, int places, int64_t *ret)
{
	struct cut cut;

	return cut_at(number, places, &cut) &&
	    with_sign(number->negative, cut.kept + (!cut.is_exact && !number->negative), ret);
}

bool hs_decimal_floor(const struct hs_decimal *number, int places, int64_t *ret)
{
	struct cut cut;

	return cut_at(number, places, &cut) &&
	    with_sign(number->negative, cut.kept + (!cut.is_exact && number->negative), ret);
}

const char *hs_hundredths_text(int64_t hundredths, char *buf, size_t size)
{
	const char *sign = hundredths < 0 ? "-" : "";
	uint64_t magnitude = hundredths < 0 ? 0 - (uint64_t)hundredths : (uint64_t)hundredths;
	unsigned long long whole = magnitude / 100;
	unsigned rest = (unsigned)(magnitude % 100);

	if (rest == 0)
		snprintf(buf, size, "%s%llu", sign, whole);
	else if (rest % 10 == 0)
		snprintf(buf, size, "%s%llu.%u", sign, whole, rest / 10);
	else
		snprintf(buf, size, "%s%llu.%02u", sign, whole, rest);
	return buf;
}
