/* faults.h: what is wrong with the records of a run, each with its place in the feed.
 *
 * A source that changes its ways makes the same mistake in every record. What is said in the same
 * words of the same field is one row, with the first place and how often it was said; of one field
 * and one kind of mistake, at most FAULTS_ALIKE rows are kept, and the rest is counted. */
#ifndef HS_EXTRACTOR_FAULTS_H
#define HS_EXTRACTOR_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/error.h"
#include "common/fields.h"
#include "common/problems.h"

enum { FAULTS_KEPT = 100, FAULTS_ALIKE = HS_PROBLEMS_ALIKE };

/* Where something stands in a feed; 0 is not known. */
struct feed_place {
	const char *pointer;		/* from the top of its page */
	uint64_t page;			/* from 1; 0: the feed is one */
	uint64_t record;		/* of its page, from 1 */
	uint64_t line, column;		/* from 1, where the record begins */
};

struct faults;

/* NULL without memory. */
struct faults *faults_new(void);
/* Accepts NULL. */
void faults_free(struct faults *faults);

/* Adds one. field: HS_FIELD_COUNT when it is of none; inside is a pointer behind the place's, and
 * may be "". What memory does not hold is counted. */
void faults_add(struct faults *faults, const struct feed_place *place, const char *inside,
    enum hs_field field, enum hs_error_code code, const char *message);

/* The same of a problem that was folded: said count times, and others times the like of it. */
void faults_add_folded(struct faults *faults, const struct feed_place *place, const char *inside,
    enum hs_field field, const struct hs_problem *problem, const char *message);

/* Counts so many more, of which nothing else is known. */
void faults_count(struct faults *faults, uint64_t count);

uint64_t faults_total(const struct faults *faults);

/* [{"code","pointer","message","field" or null,"page","record","line","column","count","others"}],
 * in the order of the feed. count: how often it was added; others: how many more had
 * another value that was wrong in this way. A new reference; NULL without memory. */
json_t *faults_json(const struct faults *faults);

#endif
