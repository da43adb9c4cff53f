/* json_stream.h: reads JSON as it comes, in pieces of any size, and tells what it sees.
 *
 * Strict RFC 8259 in strict UTF-8, one value, containers at most HS_JSON_MAX_DEPTH deep.
 * Numbers stay text. Whether keys repeat is for the handler to say. Memory: the longest
 * string or number (cut at a bound), and a container while it is captured. */
#ifndef HS_JSON_STREAM_H
#define HS_JSON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { HS_JSON_MAX_DEPTH = 256 };

enum hs_json_kind {
	HS_JSON_OBJECT_BEGIN,
	HS_JSON_OBJECT_END,	/* text: the object as written, when it was captured */
	HS_JSON_ARRAY_BEGIN,
	HS_JSON_ARRAY_END,	/* the same */
	HS_JSON_KEY,		/* text: decoded; its value is the next event */
	HS_JSON_STRING,		/* text: decoded */
	HS_JSON_NUMBER,		/* text: as written */
	HS_JSON_TRUE,
	HS_JSON_FALSE,
	HS_JSON_NULL,
	HS_JSON_TOO_BIG		/* the container that was bounded; nothing more of it is told */
};

/* Lives until the handler returns; text does not end in NUL. */
struct hs_json_event {
	enum hs_json_kind kind;
	bool is_cut;		/* the text is longer than the bound, and has been cut */
	unsigned depth;		/* containers around it: 0 for the whole, also at its end */
	const char *text;
	size_t length;
	uint64_t offset;	/* of its first byte, from 0; of an END, the bracket's */
	uint64_t line;		/* from 1; '\n' ends a line */
	uint64_t column;	/* characters, from 1 */
};

/* Whether an event of that kind begins, or ends, an object or an array. */
static inline bool hs_json_is_begin(enum hs_json_kind kind)
{
	return kind == HS_JSON_OBJECT_BEGIN || kind == HS_JSON_ARRAY_BEGIN;
}

static inline bool hs_json_is_end(enum hs_json_kind kind)
{
	return kind == HS_JSON_OBJECT_END || kind == HS_JSON_ARRAY_END;
}

/* false ends the reading with *err. */
typedef bool hs_json_fn(void *arg, const struct hs_json_event *event, struct hs_error *err);

/* What is wrong with the text, and where: HS_BAD_ENCODING, HS_BAD_UTF8, HS_NUL,
 * HS_BAD_CHARACTER, HS_BAD_JSON, HS_TRUNCATED, HS_TRAILING_BYTES, HS_TOO_DEEP,
 * HS_EMPTY_FILE. */
struct hs_json_fault {
	enum hs_error_code code;
	uint64_t offset, line, column;
	char message[256];
};

struct hs_json_stream;

/* NULL without memory. Strings and numbers are cut at max_token bytes. Keeps arg. */
struct hs_json_stream *hs_json_stream_new(size_t max_token, hs_json_fn *handler, void *arg);
void hs_json_stream_free(struct hs_json_stream *stream);

/* Reads some bytes. false when the text is wrong (then there is a fault, and *err has its
 * code and sentence), when the handler refused, or without memory. No push after that. */
bool hs_json_push(struct hs_json_stream *stream, const void *bytes, size_t length,
    struct hs_error *err);

/* The text has ended. Like push. */
bool hs_json_finish(struct hs_json_stream *stream, struct hs_error *err);

/* NULL when nothing was wrong with the text so far. */
const struct hs_json_fault *hs_json_stream_fault(const struct hs_json_stream *stream);

/* For the handler, at an OBJECT_BEGIN or ARRAY_BEGIN; one of each at a time.
 * Bounds the container to so many bytes as written. */
void hs_json_bound(struct hs_json_stream *stream, size_t max_bytes);
/* Keeps the container as written for its END. What is captured should be bounded. */
void hs_json_capture(struct hs_json_stream *stream);

#endif
