/* json_private.h: what the files of the JSON reader share; no others include it. */
#ifndef HS_JSON_PRIVATE_H
#define HS_JSON_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_stream.h"

enum { START_BYTES = 4, MAX_UTF8 = 4 };

/* What must come next, outside of tokens. */
enum expect {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,	/* behind '[' */
	EXPECT_KEY_OR_END,	/* behind '{' */
	EXPECT_KEY,		/* behind ',' in an object */
	EXPECT_COLON,
	EXPECT_COMMA,		/* or the container's end */
	EXPECT_NOTHING		/* behind the whole */
};

enum token { TOKEN_NONE, TOKEN_STRING, TOKEN_NUMBER, TOKEN_LITERAL, TOKEN_STRAY };

enum number { NUMBER_MINUS, NUMBER_ZERO, NUMBER_WHOLE, NUMBER_POINT, NUMBER_FRACTION, NUMBER_E,
	NUMBER_SIGN, NUMBER_EXPONENT, NUMBER_OVER };

/* Bytes that grow; a container's as written, or a token's. */
struct gathered {
	char *bytes;
	size_t length, room;
};

struct place {
	uint64_t offset, line, column;
};

/* A character of several bytes, which may come in several pieces. */
struct character {
	unsigned need;		/* bytes still to come */
	unsigned char low, high;	/* what the next one may be */
	unsigned length;
	char bytes[MAX_UTF8];
};

struct hs_json_stream {
	hs_json_fn *handler;
	void *arg;
	size_t max_token;

	char start[START_BYTES];	/* held back until the encoding is known */
	size_t start_length;
	bool has_started;

	const char *piece;	/* what is being read, and the offset of its first byte */
	uint64_t base;
	uint64_t line, column;	/* of the next character */

	enum expect expect;
	unsigned depth;
	char stack[HS_JSON_MAX_DEPTH];	/* '{' or '[' */

	enum token token;
	struct place token_at;
	bool is_key;		/* of a string */
	bool is_cut;
	bool is_gathered;	/* its first bytes are in text */
	struct gathered text;
	struct character character;
	unsigned escape;	/* in a string: 1 behind '\', then 2 to 5 for hexadecimal digits */
	unsigned code, high;	/* of \uXXXX, and the first of a pair that waits for its second */
	struct place escape_at;
	enum number number;
	const char *literal;	/* what is still to come of it */
	enum hs_json_kind literal_kind;

	struct place bound_at;
	uint64_t bound_end;	/* 0: no bound */
	unsigned bound_depth;
	bool is_muted;		/* it was too big: its depth is bound_depth */

	bool has_capture;
	unsigned capture_depth;
	const char *capture_from;	/* in the piece */
	struct gathered captured;

	bool has_fault;
	struct hs_json_fault fault;
};

/* json_stream.c. The first fault of the text; always false. */
bool hs_json_fail(struct hs_json_stream *stream, enum hs_error_code code, const struct place *at,
    struct hs_error *err, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A byte of the piece, as a place; its line and column are the stream's. */
uint64_t hs_json_offset(const struct hs_json_stream *stream, const char *at);
struct place hs_json_place(const struct hs_json_stream *stream, const char *at);
bool hs_json_gather(struct gathered *to, const char *bytes, size_t length, struct hs_error *err);
/* A whole token, whose last byte stands before end. */
bool hs_json_emit(struct hs_json_stream *stream, enum hs_json_kind kind, const char *text,
    size_t length, const char *end, struct hs_error *err);
void hs_json_value_is_over(struct hs_json_stream *stream);
/* What must come next, in words. */
const char *hs_json_expected(const struct hs_json_stream *stream);
/* Something, quoted in shown, that cannot stand here; always false. */
bool hs_json_refuse(struct hs_json_stream *stream, const char *shown, const struct place *at,
    struct hs_error *err);

/* json_token.c. Tokens begin at a byte, which is taken; but a stray character is not. */
void hs_json_begin_token(struct hs_json_stream *stream, enum token token, const char *at);
void hs_json_begin_string(struct hs_json_stream *stream, const char *at, bool is_key);
/* False when no value begins so. */
bool hs_json_begin_value(struct hs_json_stream *stream, const char *at);
/* Each reads its token as far as it goes, and returns where it stopped; NULL with *err.
 * A number's bytes from `from` on are not gathered yet. */
const char *hs_json_take_string(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err);
const char *hs_json_take_number(struct hs_json_stream *stream, const char *from, const char *at,
    const char *end, struct hs_error *err);
const char *hs_json_take_literal(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err);
const char *hs_json_take_stray(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err);
/* Only the end of the text tells that a number at its top is over. */
bool hs_json_number_can_end(enum number number);
bool hs_json_end_number(struct hs_json_stream *stream, const char *from, const char *at,
    struct hs_error *err);
bool hs_json_bad_utf8(struct hs_json_stream *stream, const struct place *at, unsigned char byte,
    struct hs_error *err);

#endif
