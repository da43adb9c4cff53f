/* exact.c: sums, differences, quotients and means of decimal numbers, exactly.
 *
 * A number is a whole number of 128 bits and how many of its digits stand after the point. A
 * number that is read has at most EXACT_MAX_DIGITS digits, so there is room to multiply by 100,
 * to add up millions of them, and to bring two to the same places; every step checks that. */
#include "daemons/extractor/exact.h"

#include <stdio.h>
#include <string.h>

#include "common/decimal.h"

static bool too_large(struct hs_error *err)
{
	return hs_error_set(err, HS_OUT_OF_RANGE, "",
	    "the figure has more digits than can be computed with");
}

/* Makes *units 10^places times as large; false, and untouched, when that does not fit. */
static bool scale(exact_units *units, int places)
{
	exact_units scaled = *units;

	for (; places > 0; places--) {
		if (__builtin_mul_overflow(scaled, 10, &scaled))
			return false;
	}
	*units = scaled;
	return true;
}

/* Without zeros at the end of what stands after the point. */
static struct exact shorten(struct exact number)
{
	while (number.places > 0 && number.units % 10 == 0) {
		number.units /= 10;
		number.places--;
	}
	return number;
}

bool exact_parse(const char *text, size_t length, struct exact *ret, struct hs_error *err)
{
	struct hs_decimal decimal;
	struct exact number = { .units = 0 };
	int64_t digits = 0;

	if (!hs_decimal_parse(text, length, &decimal)) {
		return hs_error_set(err, HS_BAD_NUMBER, "", "\"%.*s\" is not a number",
		    (int)(length < 60 ? length : 60), text);
	}
	if (decimal.length > EXACT_MAX_DIGITS + 1 || decimal.point > EXACT_MAX_DIGITS ||
	    decimal.point < -EXACT_MAX_PLACES)
		return too_large(err);
	for (size_t i = 0; i < decimal.length; i++) {
		if (decimal.digits[i] == '.')
			continue;
		number.units = number.units * 10 + (decimal.digits[i] - '0');
		digits++;
	}
	if (digits > EXACT_MAX_DIGITS || digits - decimal.point > EXACT_MAX_PLACES)
		return too_large(err);
	if (digits > decimal.point)
		number.places = (int)(digits - decimal.point);
	else if (!scale(&number.units, (int)(decimal.point - digits)))
		return too_large(err);
	if (decimal.negative)
		number.units = -number.units;
	*ret = number;
	return true;
}

bool exact_is_zero(struct exact number)
{
	return number.units == 0;
}

int exact_compare(struct exact a, struct exact b)
{
	int shared = a.places > b.places ? a.places : b.places;

	/* one that does not fit is the greater in size: the other has at least as many places */
	if (!scale(&a.units, shared - a.places))
		return a.units < 0 ? -1 : 1;
	if (!scale(&b.units, shared - b.places))
		return b.units < 0 ? 1 : -1;
	return (a.units > b.units) - (a.units < b.units);
}

bool exact_add(struct exact a, struct exact b, struct exact *ret, struct hs_error *err)
{
	struct exact sum = { .places = a.places > b.places ? a.places : b.places };

	if (!scale(&a.units, sum.places - a.places) || !scale(&b.units, sum.places - b.places) ||
	    __builtin_add_overflow(a.units, b.units, &sum.units))
		return too_large(err);
	*ret = shorten(sum);
	return true;
}

bool exact_subtract(struct exact a, struct exact b, struct exact *ret, struct hs_error *err)
{
	if (__builtin_sub_overflow((exact_units)0, b.units, &b.units))
		return too_large(err);
	return exact_add(a, b, ret, err);
}

bool exact_multiply(struct exact a, struct exact b, struct exact *ret, struct hs_error *err)
{
	struct exact product;

	a = shorten(a);
	b = shorten(b);
	product.places = a.places + b.places;
	if (__builtin_mul_overflow(a.units, b.units, &product.units))
		return too_large(err);
	product = shorten(product);
	if (product.places > EXACT_MAX_PLACES)
		return too_large(err);
	*ret = product;
	return true;
}

/* top / bottom to the nearest whole number, half away from zero. */
static bool nearest(exact_units top, exact_units bottom, exact_units *ret)
{
	exact_units quotient = top / bottom, rest = top % bottom;
	bool is_negative = (rest < 0) != (bottom < 0);

	if (rest < 0)
		rest = -rest;
	if (bottom < 0 && __builtin_sub_overflow((exact_units)0, bottom, &bottom))
		return false;
	if (rest != 0 && rest >= bottom - rest)
		quotient += is_negative ? -1 : 1;
	*ret = quotient;
	return true;
}

bool exact_divide(struct exact a, struct exact b, int places, struct exact *ret,
    struct hs_error *err)
{
	struct exact quotient = { .places = places };
	int shift;

	if (exact_is_zero(b))
		hs_panic("exact: division by zero");
	a = shorten(a);
	b = shorten(b);
	shift = places + b.places - a.places;
	if ((shift > 0 && !scale(&a.units, shift)) || (shift < 0 && !scale(&b.units, -shift)) ||
	    !nearest(a.units, b.units, &quotient.units))
		return too_large(err);
	*ret = shorten(quotient);
	return true;
}

bool exact_round(struct exact number, int places, struct exact *ret, struct hs_error *err)
{
	if (number.places <= places) {
		*ret = shorten(number);
		return true;
	}
	return exact_divide(number, (struct exact){ .units = 1 }, places, ret, err);
}

const char *exact_text(struct exact number, char buf[EXACT_TEXT_BYTES])
{
	char digits[EXACT_TEXT_BYTES], *out = buf;
	int count = 0;
	bool is_negative;

	number = shorten(number);
	is_negative = number.units < 0;
	while (number.units != 0 || count <= number.places) {
		int digit = (int)(number.units % 10);

		digits[count++] = (char)('0' + (digit < 0 ? -digit : digit));
		number.units /= 10;
	}
	if (is_negative)
		*out++ = '-';
	while (count > 0) {
		*out++ = digits[--count];
		if (count == number.places && count > 0)
			*out++ = '.';
	}
	*out = '\0';
	return buf;
}

/* The answer of a computation on texts. */
static bool give(struct exact number, char buf[EXACT_TEXT_BYTES], bool *ret_null)
{
	exact_text(number, buf);
	*ret_null = false;
	return true;
}

static bool give_null(char buf[EXACT_TEXT_BYTES], bool *ret_null)
{
	buf[0] = '\0';
	*ret_null = true;
	return true;
}

static bool parse_text(const char *text, struct exact *ret, struct hs_error *err)
{
	return exact_parse(text, strlen(text), ret, err);
}

static bool parse_both(const char *a, const char *b, struct exact *ret_a, struct exact *ret_b,
    struct hs_error *err)
{
	return parse_text(a, ret_a, err) && parse_text(b, ret_b, err);
}

bool exact_text_sum(const char *const *texts, size_t count, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err)
{
	struct exact sum = { .units = 0 }, number;
	bool is_null = count == 0;

	for (size_t i = 0; i < count; i++) {
		if (texts[i] == NULL)
			is_null = true;
		else if (!parse_text(texts[i], &number, err) || !exact_add(sum, number, &sum, err))
			return false;
	}
	return is_null ? give_null(buf, ret_null) : give(sum, buf, ret_null);
}

bool exact_text_difference(const char *a, const char *b, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err)
{
	struct exact from, taken;

	if (a == NULL || b == NULL)
		return give_null(buf, ret_null);
	return parse_both(a, b, &from, &taken, err) && exact_subtract(from, taken, &from, err) &&
	    give(from, buf, ret_null);
}

bool exact_text_product(const char *a, const char *b, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err)
{
	struct exact left, right;

	if (a == NULL || b == NULL)
		return give_null(buf, ret_null);
	return parse_both(a, b, &left, &right, err) && exact_multiply(left, right, &left, err) &&
	    give(left, buf, ret_null);
}

bool exact_text_quotient(const char *a, const char *b, int places, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err)
{
	struct exact total, parts;

	if (a == NULL || b == NULL)
		return give_null(buf, ret_null);
	if (!parse_both(a, b, &total, &parts, err))
		return false;
	if (exact_is_zero(parts))
		return give_null(buf, ret_null);
	return exact_divide(total, parts, places, &total, err) && give(total, buf, ret_null);
}

bool exact_text_percent(const char *made, const char *attempted, int places,
    char buf[EXACT_TEXT_BYTES], bool *ret_null, struct hs_error *err)
{
	const struct exact zero = { .units = 0 }, hundred = { .units = 100 };
	struct exact in, tried;

	if (made == NULL || attempted == NULL)
		return give_null(buf, ret_null);
	if (!parse_both(made, attempted, &in, &tried, err))
		return false;
	if (exact_compare(in, zero) < 0 || exact_compare(in, tried) > 0) {
		return hs_error_set(err, HS_OUT_OF_RANGE, "",
		    "%.30s made of %.30s attempted is no percentage", made, attempted);
	}
	if (exact_is_zero(tried))
		return give_null(buf, ret_null);
	return exact_multiply(in, hundred, &in, err) && exact_divide(in, tried, places, &in, err) &&
	    give(in, buf, ret_null);
}

bool exact_text_round(const char *number, int places, char buf[EXACT_TEXT_BYTES], bool *ret_null,
    struct hs_error *err)
{
	struct exact value;

	if (number == NULL)
		return give_null(buf, ret_null);
	return parse_text(number, &value, err) && exact_round(value, places, &value, err) &&
	    give(value, buf, ret_null);
}

bool exact_mean_add(struct exact_mean *mean, const char *text, struct hs_error *err)
{
	struct exact number;

	if (text == NULL)
		return true;
	if (!parse_text(text, &number, err) || !exact_add(mean->sum, number, &mean->sum, err))
		return false;
	mean->count++;
	return true;
}

bool exact_mean_text(const struct exact_mean *mean, int places, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err)
{
	struct exact value;

	if (mean->count == 0)
		return give_null(buf, ret_null);
	return exact_divide(mean->sum, (struct exact){ .units = (exact_units)mean->count }, places,
	    &value, err) && give(value, buf, ret_null);
}
