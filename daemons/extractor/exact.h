/* exact.h: sums, differences, quotients and means of decimal numbers, exactly.
 *
 * A feed's figures are never doubles: 0.1 + 0.2 is 0.3 here. A quotient is rounded once, half
 * away from zero, to the places that are asked for. What does not fit (about 30 digits) is an
 * error, never a wrong figure. Nothing here allocates. */
#ifndef HS_EXTRACTOR_EXACT_H
#define HS_EXTRACTOR_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

__extension__ typedef __int128 exact_units;

/* The most digits after the point that a number may have, and that may be asked for; the most
 * digits of a number that is read. A text with its NUL fits EXACT_TEXT_BYTES. */
enum { EXACT_MAX_PLACES = 30, EXACT_MAX_DIGITS = 30, EXACT_TEXT_BYTES = 48 };

/* units / 10^places; { 0, 0 } is zero. */
struct exact {
	exact_units units;
	int places;
};

/* Reads a number as JSON has them: "-0.5", "23.0", "2.30e1".
 * Errors: HS_BAD_NUMBER, HS_OUT_OF_RANGE (more digits than are kept). */
bool exact_parse(const char *text, size_t length, struct exact *ret, struct hs_error *err);

bool exact_is_zero(struct exact number);
/* <0, 0, >0 as a <, =, > b. */
int exact_compare(struct exact a, struct exact b);

/* Errors of all of them: HS_OUT_OF_RANGE (the result does not fit); *ret may be a or b. */
bool exact_add(struct exact a, struct exact b, struct exact *ret, struct hs_error *err);
bool exact_subtract(struct exact a, struct exact b, struct exact *ret, struct hs_error *err);
bool exact_multiply(struct exact a, struct exact b, struct exact *ret, struct hs_error *err);
bool exact_round(struct exact number, int places, struct exact *ret, struct hs_error *err);

/* a / b to so many places, 0 to EXACT_MAX_PLACES. b must not be zero: ask first. */
bool exact_divide(struct exact a, struct exact b, int places, struct exact *ret,
    struct hs_error *err);

/* As JSON has it, without trailing zeros: "20.4", "23", "-0.5". Returns buf. */
const char *exact_text(struct exact number, char buf[EXACT_TEXT_BYTES]);

/* The same on texts, as a mapping's expressions need them. A NULL text is null, and makes the
 * result null; so does a count of nothing (per game of no games, a percentage of no attempts).
 * *ret_null says so, and buf is "" then. Errors: those above; the text is in the sentence. */
bool exact_text_sum(const char *const *texts, size_t count, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err);
bool exact_text_difference(const char *a, const char *b, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err);
bool exact_text_product(const char *a, const char *b, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err);
bool exact_text_quotient(const char *a, const char *b, int places, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err);
/* 100 * made / attempted. Errors: HS_OUT_OF_RANGE too when more were made than attempted, or
 * either is negative. */
bool exact_text_percent(const char *made, const char *attempted, int places,
    char buf[EXACT_TEXT_BYTES], bool *ret_null, struct hs_error *err);
bool exact_text_round(const char *number, int places, char buf[EXACT_TEXT_BYTES], bool *ret_null,
    struct hs_error *err);

/* A mean over many rows, one at a time. { 0 } is a mean of nothing. */
struct exact_mean {
	struct exact sum;
	uint64_t count;
};

/* A NULL text is a row that says nothing: it is not counted. */
bool exact_mean_add(struct exact_mean *mean, const char *text, struct hs_error *err);
bool exact_mean_text(const struct exact_mean *mean, int places, char buf[EXACT_TEXT_BYTES],
    bool *ret_null, struct hs_error *err);

#endif
