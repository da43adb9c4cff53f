/* expression.h: what a mapping says of one value: where it is, and what becomes of it.
 *
 * Compiled once from the mapping's JSON, with all its mistakes; then evaluated for each record.
 * The language is described in hoopscout-mapping(5). */
#ifndef HS_EXTRACTOR_EXPRESSION_H
#define HS_EXTRACTOR_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/error.h"
#include "common/problems.h"
#include "daemons/extractor/convert.h"
#include "daemons/extractor/exact.h"
#include "daemons/extractor/value.h"

enum expression_kind {
	EXPRESSION_AT,		/* "at", "parent": a pointer into a level */
	EXPRESSION_KEY,
	EXPRESSION_DOCUMENT,
	EXPRESSION_WITH,
	EXPRESSION_CONSTANT,
	EXPRESSION_FIRST,
	EXPRESSION_CONCAT,
	EXPRESSION_LIST,
	EXPRESSION_LOOKUP,
	EXPRESSION_SUM,
	EXPRESSION_DIFFERENCE,
	EXPRESSION_QUOTIENT,
	EXPRESSION_PERCENT,
	EXPRESSION_WHEN,
	EXPRESSION_MEAN,	/* these three over a group */
	EXPRESSION_TOTAL,
	EXPRESSION_COUNT
};

enum expression_otherwise { EXPRESSION_FAIL, EXPRESSION_NULL, EXPRESSION_KEEP };

/* Texts to compare with; one of them may be null. */
struct expression_list {
	const char **texts;
	size_t count;
	bool has_null;
};

struct expression_step {
	const struct convert_row *row;
	const char *parameter;	/* or NULL */
};

struct expression_pair {
	const char *from, *to;
};

enum condition_kind { CONDITION_IN, CONDITION_NOT_IN, CONDITION_BELOW, CONDITION_ABOVE };

struct condition {
	enum condition_kind kind;
	const struct expression *of;
	struct expression_list list;
	int64_t bound;
};

struct expression {
	enum expression_kind kind;
	struct value_pointer pointer;	/* AT, LIST, and a list's items */
	bool has_pointer;		/* a list's items are looked into */
	unsigned up;			/* levels out */
	size_t slot;			/* DOCUMENT, WITH, LOOKUP's join, a group's figure */
	size_t column;			/* LOOKUP: what is taken of the row */
	const char *text;		/* CONSTANT; CONCAT's and LIST's separator */
	struct value_pointer list;
	const struct expression **parts;
	size_t part_count;		/* WHEN: then, else */
	const struct condition *condition;
	int places;
	bool has_figures;		/* it, or a part of it, is over a group */
	bool has_record;		/* it, or a part of it not over a group, reads the feed */

	struct expression_list null_if;
	const struct expression_step *steps;
	size_t step_count;
	const struct expression_pair *table;	/* sorted by from */
	size_t table_count;
	bool has_table;
	enum expression_otherwise otherwise;
	const char *fallback;		/* "default", or NULL */
};

/* ---- compiling ---- */

enum { EXPRESSION_MAX_SLOTS = 64, EXPRESSION_MAX_DEPTH = 16, EXPRESSION_MAX_COLUMNS = 16 };

/* A join as expressions see it. */
struct expression_join {
	const char *name;
	struct value_pointer columns[EXPRESSION_MAX_COLUMNS];	/* what lookups want of a row */
	size_t column_count;
};

/* What is found while a mapping's expressions are compiled; kept by the mapping. */
struct expression_slots {
	struct value_pointer document[EXPRESSION_MAX_SLOTS];
	size_t document_count;
	const char *with[EXPRESSION_MAX_SLOTS];
	size_t with_count;
	struct expression_join *joins;
	size_t join_count;
	const struct expression *figures[EXPRESSION_MAX_SLOTS];	/* over a group */
	size_t figure_count;
};

/* What an expression may have where it stands. */
struct expression_place {
	bool may_read_record, may_read_document, may_lookup, may_have_figures;
	unsigned levels;		/* of each; the record's own not counted */
};

struct expression_compiler {
	struct arena *arena;
	struct expression_slots *slots;
	struct hs_problems *mistakes;
	struct expression_place place;
	unsigned depth;
	bool is_in_figure;
	bool is_out_of_memory;		/* what was compiled is not whole */
};

/* Compiles it; pointer is where it stands in the mapping. NULL after a mistake was added, or
 * is_out_of_memory was set. All lies in the compiler's arena. */
const struct expression *expression_compile(struct expression_compiler *compiler,
    const json_t *json, const char *pointer);
const struct condition *condition_compile(struct expression_compiler *compiler, const json_t *json,
    const char *pointer);

/* ---- for people ---- */

/* The pointer inside the record, or innermost item, where its value is looked for; NULL when it is
 * looked for in several places, or elsewhere. Borrowed. */
const char *expression_pointer(const struct expression *expression);

/* Where its value comes from: "/height", "/first, /last", "document /season", "bios /name, /id";
 * what does not fit ends in "...". Returns buf. */
const char *expression_sources(const struct expression *expression,
    const struct expression_slots *slots, char *buf, size_t size);

struct expression_scope;

enum { EXPRESSION_MAX_FOUND = 64 };

/* Notes in found, a bit for each, which of the places that it comes from have a value in this
 * scope; those from the 65th on count as found. True when all have had one by now. */
bool expression_look(const struct expression *expression, const struct expression_scope *scope,
    uint64_t *found);

/* Those places, as expression_sources writes them, that were not found; of alternatives (first)
 * none, where one was. Returns buf. */
const char *expression_missing(const struct expression *expression,
    const struct expression_slots *slots, uint64_t found, char *buf, size_t size);

/* ---- evaluating ---- */

/* What an expression is evaluated in. */
struct expression_level {
	const struct value *value;
	const char *key;		/* or NULL */
};

struct expression_scope {
	struct arena *arena;		/* for results */
	const struct expression_level *levels;	/* the record, then the items of each */
	size_t level_count;
	const char *const *document;	/* texts or NULL, by slot */
	const char *const *with;
	const struct joins *joins;
	const char *const *figures;	/* of the group; NULL: not yet known */
};

/* *ret: a text, trimmed, never blank, in the arena or as old as what it came from; NULL is null.
 * Errors: those of convert.h and exact.h, HS_WRONG_TYPE (an array or object where a value should
 * be), HS_BAD_ARGUMENT (not in the table). where is the pointer in the innermost item, if the
 * value stands there. */
bool expression_evaluate(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err);

/* The value at a pointer, as written; NULL for null. Error: HS_WRONG_TYPE, an array or object. */
bool expression_text_at(const struct value *value, const struct value_pointer *pointer,
    const char **ret, struct hs_error *err);

/* Whether the condition holds. */
bool condition_holds(const struct condition *condition, const struct expression_scope *scope,
    bool *ret, struct hs_error *err);

#endif
