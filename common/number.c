/* number.c: whole numbers and sizes from text, on the digits themselves.
 *
 * Trusts nothing in the text, which may come from a user or a stranger: it is bounded and
 * cleaned before it stands in a message. */
#include "common/number.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { SHOWN_BYTES = 61 };	/* of the offending value */

/* The powers of 1024 that a size may be given in; the largest first. */
static const struct {
	char letter, small;
	long long bytes;
} units[] = {
	{ 'G', 'g', 1LL << 30 },
	{ 'M', 'm', 1LL << 20 },
	{ 'K', 'k', 1LL << 10 },
};

/* How far the text is a number; *ret_fits tells whether it fits a long long. 0: it is none. */
static size_t read_digits(const char *text, long long *ret, bool *ret_fits)
{
	bool negative = text[0] == '-', fits = true;
	size_t start = negative ? 1 : 0, at = start;
	long long value = 0;

	for (; text[at] >= '0' && text[at] <= '9'; at++) {
		int digit = text[at] - '0';

		/* counted downwards: the most negative has no positive twin */
		if (__builtin_mul_overflow(value, 10LL, &value) ||
		    __builtin_sub_overflow(value, (long long)digit, &value)) {
			fits = false;
			value = 0;
		}
	}
	if (at == start || (text[start] == '0' && (at > start + 1 || negative)))
		return 0;
	if (!negative && value == LLONG_MIN)
		fits = false;
	*ret_fits = fits;
	*ret = negative || !fits ? value : -value;
	return at;
}

static bool refuse_int(const char *text, long long min, long long max, const char *what,
    enum hs_error_code code, struct hs_error *err)
{
	char shown[SHOWN_BYTES];

	hs_utf8_clean(text, strlen(text), shown, sizeof shown);
	if (max == LLONG_MAX && min == LLONG_MIN)
		return hs_error_set(err, code, "", "%s must be a whole number, not \"%s\"", what,
		    shown);
	if (max == LLONG_MAX)
		return hs_error_set(err, code, "",
		    "%s must be a whole number of at least %lld, not \"%s\"", what, min, shown);
	return hs_error_set(err, code, "",
	    "%s must be a whole number from %lld to %lld, not \"%s\"",
	    what, min, max, shown);
}

bool hs_parse_int(const char *text, long long min, long long max, const char *what,
    long long *ret, struct hs_error *err)
{
	long long value;
	bool fits;
	size_t length = read_digits(text, &value, &fits);

	if (length == 0 || text[length] != '\0')
		return refuse_int(text, min, max, what, HS_BAD_NUMBER, err);
	if (!fits || value < min || value > max)
		return refuse_int(text, min, max, what, HS_OUT_OF_RANGE, err);
	*ret = value;
	return true;
}

/* A size as hs_parse_size reads it: 16777216 is "16M". */
static const char *bound_text(long long bytes, char *buf, size_t size)
{
	for (size_t i = 0; i < HS_COUNT(units); i++) {
		if (bytes != 0 && bytes % units[i].bytes == 0) {
			snprintf(buf, size, "%lld%c", bytes / units[i].bytes, units[i].letter);
			return buf;
		}
	}
	snprintf(buf, size, "%lld", bytes);
	return buf;
}

static bool refuse_size(const char *text, long long min, long long max, const char *what,
    enum hs_error_code code, struct hs_error *err)
{
	char shown[SHOWN_BYTES], low[32], high[32];

	return hs_error_set(err, code, "",
	    "%s must be a size from %s to %s (bytes, or with K, M or G after the number), "
	    "not \"%s\"",
	    what, bound_text(min, low, sizeof low), bound_text(max, high, sizeof high),
	    hs_utf8_clean(text, strlen(text), shown, sizeof shown));
}

bool hs_parse_size(const char *text, long long min, long long max, const char *what,
    long long *ret, struct hs_error *err)
{
	long long value, factor = 1;
	bool fits;
	size_t length = read_digits(text, &value, &fits);

	if (length == 0)
		return refuse_size(text, min, max, what, HS_BAD_NUMBER, err);
	for (size_t i = 0; i < HS_COUNT(units) && factor == 1; i++) {
		if (text[length] == units[i].letter || text[length] == units[i].small)
			factor = units[i].bytes;
	}
	if (text[length + (factor > 1)] != '\0')
		return refuse_size(text, min, max, what, HS_BAD_NUMBER, err);
	if (!fits || __builtin_mul_overflow(value, factor, &value) || value < min || value > max)
		return refuse_size(text, min, max, what, HS_OUT_OF_RANGE, err);
	*ret = value;
	return true;
}

const char *hs_size_text(long long bytes, char *buf, size_t size)
{
	static const char *const names[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	const char *sign = bytes < 0 ? "-" : "";
	unsigned long long magnitude, tenths, unit_bytes = 1000;
	size_t unit = 0;

	if (bytes > -1000 && bytes < 1000) {
		snprintf(buf, size, "%lld B", bytes);
		return buf;
	}
	magnitude = bytes < 0 ? 0ULL - (unsigned long long)bytes : (unsigned long long)bytes;
	tenths = (magnitude + unit_bytes / 20) / (unit_bytes / 10);
	while (tenths >= 10000 && unit + 1 < HS_COUNT(names)) {
		unit_bytes *= 1000;
		unit++;
		tenths = (magnitude + unit_bytes / 20) / (unit_bytes / 10);
	}
	snprintf(buf, size, "%s%llu.%llu %s", sign, tenths / 10, tenths % 10, names[unit]);
	return buf;
}
