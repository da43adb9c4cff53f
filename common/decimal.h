/* decimal.h: decimal numbers as decimals. A JSON number's text is never turned
 * into a double: its range and its rounding are settled on the digits. */
#ifndef HS_DECIMAL_H
#define HS_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* value = (negative ? -1 : 1) * 0.DIGITS * 10^point; digits borrow the text and
 * have neither leading nor trailing zeros (length 0 is zero). A '.' may stand
 * among them and is skipped by every function here. point is clamped to
 * +-1,000,000,000, far beyond anything that is compared or rounded. */
struct hs_decimal {
	const char *digits;
	size_t length;
	int64_t point;
	bool negative;
};

/* Reads a number of RFC 8259's grammar, whole: "-0.5", "23.0", "2.30e1".
 * False when the text is not one. Borrows text for as long as *ret is used. */
bool hs_decimal_parse(const char *text, size_t length, struct hs_decimal *ret);

/* No digit after the point: 23, 23.0, 2.30e1 are whole. */
bool hs_decimal_is_whole(const struct hs_decimal *number);

/* -1, 0, 1 as number <, =, > bound; exact whatever the number's length. */
int hs_decimal_compare(const struct hs_decimal *number, int64_t bound);

/* number * 10^places, rounded half away from zero: 25.435 with 2 is 2544.
 * False when it does not fit an int64. */
bool hs_decimal_round(const struct hs_decimal *number, int places, int64_t *ret);

/* The same, rounded up (towards +infinity) or down: what a threshold needs.
 * 19.996 with 2 is 2000 up and 1999 down. */
bool hs_decimal_ceil(const struct hs_decimal *number, int places, int64_t *ret);
bool hs_decimal_floor(const struct hs_decimal *number, int places, int64_t *ret);

/* Hundredths as people write them, without trailing zeros: 2544 is "25.44",
 * 2300 is "23", -5 is "-0.05". Returns buf, which needs 24 bytes. */
const char *hs_hundredths_text(int64_t hundredths, char *buf, size_t size);

#endif
