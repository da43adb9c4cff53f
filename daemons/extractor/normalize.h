/* normalize.h: one record of a feed and a mapping -> the fields of a snapshot's records.
 *
 * Pure but for memory: what a record becomes depends on it, the mapping and the scope alone. What
 * is wrong with it is an error with the place inside the record, and a sentence with the field. */
#ifndef HS_EXTRACTOR_NORMALIZE_H
#define HS_EXTRACTOR_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/date.h"
#include "common/error.h"
#include "common/fields.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/mapping.h"
#include "daemons/extractor/parse.h"

/* Told of each thing that becomes a record: the record itself, or with each what is in it. scope
 * is complete; place is its pointer in the feed. false ends it with *err. */
typedef bool normalize_item_fn(void *arg, const struct expression_scope *scope, const char *place,
    struct hs_error *err);

/* Told of what should become records and cannot: place is the pointer in the feed of the record or
 * item, why says what is wrong, and where inside it. What is beside it goes on. false ends it with
 * *err. */
typedef bool normalize_fault_fn(void *arg, const char *place, const struct hs_error *why,
    struct hs_error *err);

struct normalize_listener {
	normalize_item_fn *on_item;
	normalize_fault_fn *on_fault;
	void *arg;			/* of both */
};

/* Goes through what a record has in it. base gives the scope but its levels and arena.
 * Faults: HS_WRONG_TYPE (each points at neither an array nor an object, or an item is neither).
 * Errors: HS_CANCELLED (the reading's stop is asked before each item), and the listener's. */
bool normalize_expand(const struct mapping *mapping, const struct parse_record *record,
    const struct expression_scope *base, const struct normalize_listener *listener,
    struct hs_error *err);

/* Whether a skip rule holds. */
bool normalize_skips(const struct mapping *mapping, const struct expression_scope *scope, bool *ret,
    struct hs_error *err);

/* The fields' texts; NULL is null. Not of a mapping with a group. *ret_field: on failure, the one
 * that it is about. */
bool normalize_fields(const struct mapping *mapping, const struct expression_scope *scope,
    const char *ret[HS_FIELD_COUNT], enum hs_field *ret_field, struct hs_error *err);

/* Checks the texts by the snapshot's own rules, and makes them values; borrows the texts.
 * *ret_field as above. Errors: HS_MISSING_FIELD, HS_WRONG_TYPE, and those of hs_value_check. */
bool normalize_check(const struct mapping *mapping, const char *const texts[HS_FIELD_COUNT],
    struct hs_date today, struct emit_value ret[HS_FIELD_COUNT], enum hs_field *ret_field,
    struct hs_error *err);

/* Says of which field an error is, and where the mapping looks for it. Always false. */
bool normalize_blame(const struct mapping *mapping, enum hs_field field, struct hs_error *err);

#endif
