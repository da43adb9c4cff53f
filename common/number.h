/* number.h: whole numbers and sizes from text; the whole text, in range, or an error. */
#ifndef HS_NUMBER_H
#define HS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Decimal digits with an optional '-', nothing else: no blanks, no '+', no
 * leading zeros beyond "0". what names the value in the message ("page").
 * Errors: HS_BAD_NUMBER, HS_OUT_OF_RANGE (both say what is allowed). */
bool hs_parse_int(const char *text, long long min, long long max, const char *what,
    long long *ret, struct hs_error *err);

/* A size with an optional suffix K, M or G (1024-based): "16M". */
bool hs_parse_size(const char *text, long long min, long long max, const char *what,
    long long *ret, struct hs_error *err);

/* A size for people: "854 B", "39.1 MB" (decimal units). Returns buf. */
const char *hs_size_text(long long bytes, char *buf, size_t size);

#endif
