/* group.h: many records of a feed that make one: single games, and their season.
 *
 * What a group needs is kept in memory, bounded for all of them together; not its records. */
#ifndef HS_EXTRACTOR_GROUP_H
#define HS_EXTRACTOR_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "daemons/extractor/faults.h"
#include "daemons/extractor/mapping.h"

enum { GROUPS_MAX_BYTES = 16 << 20 };

struct groups;

/* Keeps the mapping; NULL without memory. */
struct groups *groups_new(const struct mapping *mapping);
/* Accepts NULL. */
void groups_free(struct groups *groups);

/* Adds a record to its group; place is where it is. A record that fails changes nothing;
 * *ret_field is then the field that it is about, or HS_FIELD_COUNT.
 * Errors: those of expression.h; HS_TOO_BIG, when there are too many groups. */
bool groups_add(struct groups *groups, const struct expression_scope *scope,
    const struct feed_place *place, enum hs_field *ret_field, struct hs_error *err);

/* Whether no record has had a value for the n-th expression of the group: then it parts nothing. */
bool groups_lack_key(const struct groups *groups, size_t n);

/* A group's fields, texts or NULL, and the place of its first record. They live until it returns.
 * false ends it with *err. */
typedef bool groups_fn(void *arg, const char *const *fields, const struct feed_place *place,
    struct hs_error *err);

/* Told of a group of which that field cannot be had, with the reason; false ends it with *err. */
typedef bool groups_fault_fn(void *arg, const struct feed_place *place, enum hs_field field,
    const struct hs_error *why, struct hs_error *err);

/* All groups, in the order of their first records. joins are those of the records' scopes. */
bool groups_finish(struct groups *groups, const struct joins *joins, groups_fn *on_group,
    groups_fault_fn *on_fault, void *arg, struct hs_error *err);

#endif
