/* collect.h: what becomes of a feed's records on their way from normalize.c to emit.c: those that a
 * rule skips, that are grouped, that the source repeats, and that cannot be mapped.
 *
 * Every record of the feed is written, skipped, grouped, dropped or left out, and counted. */
#ifndef HS_EXTRACTOR_COLLECT_H
#define HS_EXTRACTOR_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/date.h"
#include "common/error.h"
#include "common/problems.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/mapping.h"
#include "daemons/extractor/parse.h"

enum { COLLECT_NAMED = 20 };	/* repeated records that are named */

struct collect;

/* Keeps the mapping. Error: HS_NO_MEMORY. */
bool collect_new(const struct mapping *mapping, struct hs_date today, bool with_payload,
    struct collect **ret, struct hs_error *err);
/* Accepts NULL. */
void collect_free(struct collect *collect);

/* Takes a record, and writes what it becomes. base gives the scope but its levels and arena.
 * What is wrong with the record is a problem, not an error; false is for all else:
 * HS_NO_MEMORY, HS_TOO_BIG, and the errors of emit.h. */
bool collect_record(struct collect *collect, const struct parse_record *record,
    const struct expression_scope *base, struct emit *emit, struct hs_error *err);

/* Writes the groups, after the last record. joins are those of the records' scopes. */
bool collect_finish(struct collect *collect, const struct joins *joins, struct emit *emit,
    struct hs_error *err);

/* What could not be mapped; borrowed. */
const struct hs_problems *collect_problems(const struct collect *collect);
uint64_t collect_skipped(const struct collect *collect);
uint64_t collect_repeated(const struct collect *collect);
/* [{"pointer","full_name","season","team_name"}], the first COLLECT_NAMED; a new reference, NULL
 * when there are none. */
json_t *collect_repeated_first(const struct collect *collect);
/* Sentences about all records together; a new reference, NULL when there are none. */
json_t *collect_warnings(const struct collect *collect);

#endif
