/* value.h: a JSON value as a tree, its numbers as text, and the pointers that find things in it.
 *
 * A tree lies in an arena, which is bounded and goes as a whole. Texts end in NUL, and hold none:
 * json_stream.h lets none through. */
#ifndef HS_EXTRACTOR_VALUE_H
#define HS_EXTRACTOR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/json_stream.h"

/* ---- memory that is given back all at once ---- */

struct arena;

/* Holds at most max_bytes. NULL without memory. */
struct arena *arena_new(size_t max_bytes);
/* Accepts NULL. */
void arena_free(struct arena *arena);
/* Forgets all that was taken, and keeps some memory for the next. */
void arena_reset(struct arena *arena);
size_t arena_bytes(const struct arena *arena);

/* Zeroed memory for any type. NULL with *err: HS_NO_MEMORY; HS_RECORD_TOO_BIG, when the arena
 * would hold more than its bound. */
void *arena_take(struct arena *arena, size_t bytes, struct hs_error *err);
/* A copy, with a NUL behind it. */
char *arena_text(struct arena *arena, const char *text, size_t length, struct hs_error *err);

/* ---- the tree ---- */

enum value_kind {
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_NUMBER,	/* text: as written */
	VALUE_TEXT,
	VALUE_ARRAY,
	VALUE_OBJECT
};

struct value_index;

struct value {
	enum value_kind kind;
	uint32_t count;			/* items or members */
	const char *key;		/* of a member */
	union {
		const char *text;	/* of a number or text */
		struct value_index *index;	/* of an array or object; NULL: it has none */
	};
	struct value *first, *last;	/* of an array or object */
	struct value *next;		/* beside it */
};

/* "true", "12.50", the text itself; NULL for null. Not for arrays and objects. */
const char *value_text(const struct value *value);
bool value_is_container(const struct value *value);

/* Puts an item, or with key a member, into a container. Keeps key and text, which are the arena's
 * or live as long. NULL with *err as arena_take. */
struct value *value_add(struct arena *arena, struct value *container, enum value_kind kind,
    const char *key, const char *text, struct hs_error *err);

/* Builds a tree of a stream's events. Zeros are one that has nothing yet; stack is of the open
 * containers. */
struct value_builder {
	struct arena *arena;
	struct value *root;		/* once something was told */
	const char *key;
	unsigned depth;
	struct value *stack[HS_JSON_MAX_DEPTH];
};

void value_builder_start(struct value_builder *builder, struct arena *arena);
/* Takes the next event of one value. *ret_done: it is whole. Errors: as arena_take, HS_TOO_LONG
 * for a text that the stream cut. A big container gets an index, which is made when value_at first
 * looks into it, of what room the arena then has. */
bool value_builder_take(struct value_builder *builder, const struct hs_json_event *event,
    bool *ret_done, struct hs_error *err);

/* The value as JSON, without white space, in the arena; *ret_length without its NUL. */
bool value_write(const struct value *value, struct arena *arena, char **ret, size_t *ret_length,
    struct hs_error *err);

/* ---- JSON Pointers (RFC 6901) ---- */

enum { VALUE_MAX_TOKENS = 32 };

struct value_token {
	const char *text;		/* with ~0 and ~1 undone */
	size_t length;
	uint64_t index;			/* UINT64_MAX: no index of an array */
};

struct value_pointer {
	const char *text;		/* as written */
	size_t count;
	struct value_token *tokens;
};

/* Parses a pointer; all of it lies in the arena.
 * Errors: HS_BAD_ARGUMENT (where: ""), those of arena_take. */
bool value_pointer_parse(const char *text, struct arena *arena, struct value_pointer *ret,
    struct hs_error *err);

/* What it points at, or NULL. Of members with one key, the last counts. */
const struct value *value_at(const struct value *value, const struct value_pointer *pointer);

/* Adds "/" and a token to a pointer's text, cut with "..." where it does not fit. Returns buf. */
char *value_pointer_append(char *buf, size_t size, const char *token);

#endif
