/* convert_private.h: for convert*.c alone: what a conversion is given, and how it answers. */
#ifndef HS_EXTRACTOR_CONVERT_PRIVATE_H
#define HS_EXTRACTOR_CONVERT_PRIVATE_H

#include <stdint.h>

#include "daemons/extractor/convert.h"
#include "daemons/extractor/exact.h"

/* One use of a row: the text is valid UTF-8, trimmed, not blank, at most CONVERT_MAX_TEXT bytes. */
struct convert_call {
	const struct convert_row *row;
	const char *parameter;	/* NULL: none */
	const char *in;
	size_t length;
	char *out;
	size_t size;
	bool is_null;		/* set by a conversion that finds nothing */
};

/* The parameter's places, or the row's. */
int convert_places(const struct convert_call *call);

/* Answers with bytes. Errors: HS_TOO_LONG. */
bool convert_give(const struct convert_call *call, const char *text, size_t length,
    struct hs_error *err);

/* "NAME cannot read "VALUE": EXPECTED". Returns false. */
bool convert_refuse(const struct convert_call *call, enum hs_error_code code, const char *expected,
    struct hs_error *err);

/* Whether a character is white space, as hs_text_trim sees it. */
bool convert_is_space(int32_t point);

/* The character at text, which is valid UTF-8, and its bytes in *ret_bytes. */
int32_t convert_character(const char *text, size_t *ret_bytes);

/* Writes an answer a character at a time. { .call = call } is an empty one. */
struct convert_writer {
	const struct convert_call *call;
	size_t length;
};
bool convert_put(struct convert_writer *writer, int32_t point, struct hs_error *err);
bool convert_put_text(struct convert_writer *writer, const char *text, size_t length,
    struct hs_error *err);

/* Numbers: convert_number.c. Reads one as people write it (".5", "+3", "007"); errors name the
 * whole text of the call. Gives one as it is, or rounded to convert_places. */
bool convert_read_number(const struct convert_call *call, const char *text, size_t length,
    struct exact *ret, struct hs_error *err);
bool convert_give_number(const struct convert_call *call, struct exact number,
    struct hs_error *err);
bool convert_give_rounded(const struct convert_call *call, struct exact number,
    struct hs_error *err);
bool convert_number(struct convert_call *call, struct hs_error *err);
bool convert_decimal_comma(struct convert_call *call, struct hs_error *err);
bool convert_thousands_comma(struct convert_call *call, struct hs_error *err);
bool convert_whole(struct convert_call *call, struct hs_error *err);
bool convert_round(struct convert_call *call, struct hs_error *err);
bool convert_multiply(struct convert_call *call, struct hs_error *err);
bool convert_number_with_unit(struct convert_call *call, struct hs_error *err);
bool convert_strip_percent(struct convert_call *call, struct hs_error *err);
bool convert_fraction_to_percent(struct convert_call *call, struct hs_error *err);

/* Units of length, weight and time: convert_units.c. */
bool convert_by_factor(struct convert_call *call, struct hs_error *err);
bool convert_feet_inches_to_cm(struct convert_call *call, struct hs_error *err);
bool convert_clock_to_minutes(struct convert_call *call, struct hs_error *err);
bool convert_seconds_to_minutes(struct convert_call *call, struct hs_error *err);

/* Dates: convert_date.c. */
bool convert_date_format_is_right(const char *format, struct hs_error *err);
bool convert_date(struct convert_call *call, struct hs_error *err);
bool convert_iso_date(struct convert_call *call, struct hs_error *err);
bool convert_epoch_seconds(struct convert_call *call, struct hs_error *err);
bool convert_epoch_milliseconds(struct convert_call *call, struct hs_error *err);

/* Texts: convert_text.c. */
bool convert_trim(struct convert_call *call, struct hs_error *err);
bool convert_single_spaces(struct convert_call *call, struct hs_error *err);
bool convert_lower(struct convert_call *call, struct hs_error *err);
bool convert_upper(struct convert_call *call, struct hs_error *err);
bool convert_before(struct convert_call *call, struct hs_error *err);
bool convert_after(struct convert_call *call, struct hs_error *err);
bool convert_country(struct convert_call *call, struct hs_error *err);

/* People's names: convert_name.c. */
bool convert_name_order(struct convert_call *call, struct hs_error *err);
bool convert_first_name(struct convert_call *call, struct hs_error *err);
bool convert_last_name(struct convert_call *call, struct hs_error *err);
bool convert_title_case(struct convert_call *call, struct hs_error *err);

#endif
