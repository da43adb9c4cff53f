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
#include "daemons/extractor/emit.h"
#include "daemons/extractor/faults.h"
#include "daemons/extractor/mapping.h"
#include "daemons/extractor/origins.h"
#include "daemons/extractor/parse.h"
#include "daemons/extractor/usage.h"

enum { COLLECT_NAMED = 20 };	/* repeated records that are named */

struct collect;

struct collect_options {
	const struct mapping *mapping;	/* kept */
	struct hs_date today;
	bool with_payload;
	size_t max_record_bytes;
	struct origins *origins;	/* kept; where each record that is written is noted */
};

/* Error: HS_NO_MEMORY. */
bool collect_new(const struct collect_options *options, struct collect **ret,
    struct hs_error *err);
/* Accepts NULL. */
void collect_free(struct collect *collect);

/* A page begins: number is from 1, or 0 when there is but one. */
void collect_page(struct collect *collect, uint64_t number);

/* Takes a record, and writes what it becomes. base gives the scope but its levels and arena.
 * What is wrong with the record is a problem, not an error; false is for all else:
 * HS_NO_MEMORY, HS_TOO_BIG, and the errors of emit.h. */
bool collect_record(struct collect *collect, const struct parse_record *record,
    const struct expression_scope *base, struct emit *emit, struct hs_error *err);

/* Writes the groups, after the last record. joins are those of the records' scopes. */
bool collect_finish(struct collect *collect, const struct joins *joins, struct emit *emit,
    struct hs_error *err);

/* What could not be mapped; borrowed, and more may be added. */
struct faults *collect_faults(struct collect *collect);
uint64_t collect_left_out(const struct collect *collect);
uint64_t collect_skipped(const struct collect *collect);
uint64_t collect_repeated(const struct collect *collect);
/* [{"pointer","page","record","line","full_name","season","team_name"}], the first COLLECT_NAMED; a
 * new reference, NULL when there are none. */
json_t *collect_repeated_first(const struct collect *collect);
/* Adds sentences about all records together to *list, which may be NULL until there is one.
 * Error: HS_NO_MEMORY. */
bool collect_warnings(const struct collect *collect, json_t **list, struct hs_error *err);
/* The mapped fields, and which the records have. Borrowed. */
const struct usage *collect_usage(const struct collect *collect);

#endif
