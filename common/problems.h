/* problems.h: all that is wrong with a snapshot, each with its place.
 *
 * The first HS_PROBLEMS_KEPT are kept, all are counted. The JSON made here is the
 * one that FILE.errors.json, import_file.problems and hsctl show. */
#ifndef HS_PROBLEMS_H
#define HS_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/error.h"

enum { HS_PROBLEMS_KEPT = 100, HS_PROBLEMS_ALIKE = 5, HS_POINTER_BYTES = 1024 };

struct hs_problem {
	enum hs_error_code code;
	uint64_t line;		/* from 1 */
	uint64_t column;	/* characters, from 1 */
	char *pointer;		/* JSON Pointer, "" for the whole; a long one is cut with "..." */
	char *message;		/* a sentence: the value, what is allowed */
	/* Where they are folded: how often this was said, and how often the like of it; else 1 and 0. */
	uint64_t count, others;
	char *excerpt;		/* the line around the place, see excerpt.h; NULL: none */
	uint64_t excerpt_column;	/* the place in it: characters, from 1 */
};

struct hs_problems;

/* NULL without memory. */
struct hs_problems *hs_problems_new(void);
/* Keeps the first most (at least one) instead of HS_PROBLEMS_KEPT. */
struct hs_problems *hs_problems_new_for(size_t most);
/* From now on what is said in the same words of the same place in another record is one problem
 * with a count, at the first place; of the like (code and place, numbers aside) at most
 * HS_PROBLEMS_ALIKE are kept, and the rest is counted with them. */
void hs_problems_fold(struct hs_problems *problems);
void hs_problems_free(struct hs_problems *problems);

/* Counts it, and keeps it while there is room (or memory: a problem that cannot be kept still counts). */
void hs_problems_add(struct hs_problems *problems, enum hs_error_code code, const char *pointer,
    uint64_t line, uint64_t column, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Whether a problem of that place may be kept, or folded; if not, it need only be counted. */
bool hs_problems_would_keep(const struct hs_problems *problems, uint64_t line, uint64_t column);

/* All that were found; those kept; the n-th kept, in the order of the file (borrowed). */
uint64_t hs_problems_total(const struct hs_problems *problems);
size_t hs_problems_kept(const struct hs_problems *problems);
const struct hs_problem *hs_problems_at(const struct hs_problems *problems, size_t n);

/* The same, for excerpt.c. */
struct hs_problem *hs_problems_edit(struct hs_problems *problems, size_t n);

/* [{"code":"unknown_field","pointer":"/records/17/colour","line":19,"column":4,"message":"...",
 * "excerpt":"...","excerpt_column":4}], the last two where there is one; a new
 * reference, NULL without memory. */
json_t *hs_problems_json(const struct hs_problems *problems);

#endif
