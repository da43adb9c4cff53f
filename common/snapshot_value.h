/* snapshot_value.h: one value against its field's row: what it is, or what is wrong. */
#ifndef HS_SNAPSHOT_VALUE_H
#define HS_SNAPSHOT_VALUE_H

#include <stdbool.h>

#include "common/fields.h"
#include "common/json_stream.h"
#include "common/snapshot.h"

/* The empty value: absent, or null. */
extern const struct hs_value hs_value_none;

/* Checks a value that is not the beginning of an object or array that the row allows.
 * latest bounds a DATE. text in *ret borrows the event's. Errors: HS_WRONG_TYPE, HS_BLANK,
 * HS_TOO_LONG, HS_BAD_DATE, HS_NOT_INTEGER, HS_OUT_OF_RANGE, each a whole sentence. */
bool hs_value_check(const struct hs_field_row *row, const struct hs_json_event *event,
    struct hs_date latest, struct hs_value *ret, struct hs_error *err);

/* A row allows that object or array as its value. */
bool hs_value_may_be(const struct hs_field_row *row, const struct hs_json_event *event);

/* What the field wants, as the end of a sentence: "write a number from 100 to 272, or null". */
const char *hs_value_wanted(const struct hs_field_row *row, struct hs_date latest, char *buf,
    size_t size);

enum { HS_SHOWN_BYTES = 200 };

/* A text in quotes, shortened, without control characters. Returns buf. */
const char *hs_shown_text(const char *text, size_t length, char buf[HS_SHOWN_BYTES]);

/* Any value as a message shows it: "198" (a text), 23.5, true, an object. Returns buf. */
const char *hs_shown_value(const struct hs_json_event *event, char buf[HS_SHOWN_BYTES]);

/* PostgreSQL's numeric, and so jsonb, holds this JSON number. */
bool hs_number_fits_numeric(const char *text, size_t length);

#endif
