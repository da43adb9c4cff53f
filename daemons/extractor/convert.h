/* convert.h: the conversions that a mapping may name: from a feed's way of writing a value to
 * the snapshot's. "6-3" is 191, "June 24, 1968" is 1968-06-24, "O'NEAL, SHAQUILLE" is
 * "Shaquille O'Neal".
 *
 * Each takes a text and gives a text; numbers are decimal digits, are computed exactly and
 * rounded once, half away from zero. Blank text is null for every conversion: nothing is known.
 * Each refusal is a sentence with the value and what was expected. Nothing here allocates. */
#ifndef HS_EXTRACTOR_CONVERT_H
#define HS_EXTRACTOR_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* The longest text that is converted, and a buffer that every result fits, with its NUL. */
enum { CONVERT_MAX_TEXT = 4096, CONVERT_OUT_BYTES = 3 * CONVERT_MAX_TEXT + 1 };
/* The longest parameter. */
enum { CONVERT_MAX_PARAMETER = 200 };

enum convert_parameter {
	CONVERT_TAKES_NOTHING,
	CONVERT_MAY_HAVE_PLACES,	/* "0" to "6": digits after the point; else default_places */
	CONVERT_NEEDS_NUMBER,		/* as JSON has it */
	CONVERT_NEEDS_TEXT,		/* any text but "" */
	CONVERT_MAY_HAVE_TEXT,
	CONVERT_NEEDS_DATE_FORMAT,	/* "%B %d, %Y" */
	CONVERT_MAY_HAVE_KEEP		/* "keep" */
};

struct convert_call;

struct convert_row {
	const char *name;		/* "inches_to_cm" */
	enum convert_parameter parameter;
	int default_places;		/* of CONVERT_MAY_HAVE_PLACES */
	const char *factor;		/* of a change of units; NULL: of another kind */
	bool (*apply)(struct convert_call *call, struct hs_error *err);
	const char *help;		/* a line for the manual: what is taken, what is given */
};

/* The row of that name, or NULL. */
const struct convert_row *convert_find(const char *name, size_t length);

/* All rows, by name: for messages and the manual. NULL behind the last. */
const struct convert_row *convert_at(size_t index);

/* Whether the row may have this parameter; NULL is none. A JSON number is passed as written.
 * Errors: HS_BAD_ARGUMENT, with what is allowed. */
bool convert_check_parameter(const struct convert_row *row, const char *parameter,
    struct hs_error *err);

/* Converts in, which need not end in NUL, into out, which gets one and is not in. parameter has
 * passed the check. *is_null: the text says that nothing is known, and out is "".
 * Errors: HS_BAD_NUMBER, HS_BAD_DATE, HS_OUT_OF_RANGE, HS_BAD_ARGUMENT (not what the conversion
 * takes), HS_BAD_UTF8, HS_TOO_LONG (in, or out does not hold it). *is_null is untouched then, out
 * holds nothing of use, and where is "": the caller knows the pointer. */
bool convert_apply(const struct convert_row *row, const char *parameter, const char *in,
    size_t length, char *out, size_t size, bool *is_null, struct hs_error *err);

#endif
