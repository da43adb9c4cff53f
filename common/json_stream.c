/* json_stream.c: a JSON reader that is pushed: what must come next, containers, and where
 * a piece ends; json_token.c reads the tokens.
 *
 * Trusts no byte. Nothing depends on how the text is cut into pieces: all states lie in
 * the stream. The first fault ends the reading. */
#include "common/json_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { FIRST_ROOM = 256 };

struct hs_json_stream *hs_json_stream_new(size_t max_token, hs_json_fn *handler, void *arg)
{
	struct hs_json_stream *stream = calloc(1, sizeof *stream);

	if (stream == NULL)
		return NULL;
	stream->max_token = max_token;
	stream->handler = handler;
	stream->arg = arg;
	stream->line = 1;
	stream->column = 1;
	return stream;
}

void hs_json_stream_free(struct hs_json_stream *stream)
{
	if (stream == NULL)
		return;
	free(stream->text.bytes);
	free(stream->captured.bytes);
	free(stream);
}

const struct hs_json_fault *hs_json_stream_fault(const struct hs_json_stream *stream)
{
	return stream->has_fault ? &stream->fault : NULL;
}

uint64_t hs_json_offset(const struct hs_json_stream *stream, const char *at)
{
	return stream->base + (uint64_t)(at - stream->piece);
}

struct place hs_json_place(const struct hs_json_stream *stream, const char *at)
{
	return (struct place){ .offset = hs_json_offset(stream, at), .line = stream->line,
		.column = stream->column };
}

bool hs_json_fail(struct hs_json_stream *stream, enum hs_error_code code, const struct place *at,
    struct hs_error *err, const char *format, ...)
{
	struct hs_json_fault *fault = &stream->fault;
	char raw[sizeof fault->message];
	va_list args;

	va_start(args, format);
	if (vsnprintf(raw, sizeof raw, format, args) < 0)
		raw[0] = '\0';
	va_end(args);
	hs_utf8_clean(raw, strlen(raw), fault->message, sizeof fault->message);
	fault->code = code;
	fault->offset = at->offset;
	fault->line = at->line;
	fault->column = at->column;
	stream->has_fault = true;
	return hs_error_set(err, code, "", "%s", fault->message);
}

bool hs_json_gather(struct gathered *to, const char *bytes, size_t length, struct hs_error *err)
{
	if (length > to->room - to->length) {
		size_t room = to->room > 0 ? to->room : FIRST_ROOM;
		char *grown;

		while (room - to->length < length) {
			if (room > SIZE_MAX / 2)
				return hs_error_set(err, HS_NO_MEMORY, "",
				    "no memory to read JSON");
			room *= 2;
		}
		if ((grown = realloc(to->bytes, room)) == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read JSON");
		to->bytes = grown;
		to->room = room;
	}
	if (length > 0)
		memcpy(to->bytes + to->length, bytes, length);
	to->length += length;
	return true;
}

void hs_json_bound(struct hs_json_stream *stream, size_t max_bytes)
{
	stream->bound_at = stream->token_at;
	stream->bound_end = stream->token_at.offset + max_bytes;
	stream->bound_depth = stream->depth - 1;
}

void hs_json_capture(struct hs_json_stream *stream)
{
	stream->has_capture = true;
	stream->capture_depth = stream->depth - 1;
	stream->capture_from = stream->piece + (stream->token_at.offset - stream->base);
	stream->captured.length = 0;
}

static bool tell(struct hs_json_stream *stream, enum hs_json_kind kind, unsigned depth,
    const char *text, size_t length, struct hs_error *err)
{
	struct hs_json_event event = { .kind = kind, .depth = depth, .text = text,
		.length = length, .is_cut = stream->is_cut, .offset = stream->token_at.offset,
		.line = stream->token_at.line, .column = stream->token_at.column };

	if (kind > HS_JSON_NUMBER || (kind < HS_JSON_KEY))
		event.is_cut = false;
	return stream->handler(stream->arg, &event, err);
}

/* Falls silent about the bounded container when it reaches beyond its bound. */
static bool check_bound(struct hs_json_stream *stream, uint64_t offset, struct hs_error *err)
{
	struct hs_json_event event = { .kind = HS_JSON_TOO_BIG, .depth = stream->bound_depth,
		.offset = stream->bound_at.offset, .line = stream->bound_at.line,
		.column = stream->bound_at.column };

	if (stream->bound_end == 0 || offset <= stream->bound_end || stream->is_muted)
		return true;
	stream->is_muted = true;
	stream->has_capture = false;
	return stream->handler(stream->arg, &event, err);
}

/* A whole token, whose last byte stands before end. */
bool hs_json_emit(struct hs_json_stream *stream, enum hs_json_kind kind, const char *text,
    size_t length, const char *end, struct hs_error *err)
{
	if (!check_bound(stream, hs_json_offset(stream, end), err))
		return false;
	return stream->is_muted || tell(stream, kind, stream->depth, text, length, err);
}

void hs_json_value_is_over(struct hs_json_stream *stream)
{
	stream->token = TOKEN_NONE;
	stream->expect = stream->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA;
}

static bool open_container(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	bool is_object = *at == '{';

	stream->token_at = hs_json_place(stream, at);
	if (stream->depth == HS_JSON_MAX_DEPTH)
		return hs_json_fail(stream, HS_TOO_DEEP, &stream->token_at, err,
		    "objects and arrays lie more than %d deep: make the structure flatter",
		    HS_JSON_MAX_DEPTH);
	if (!check_bound(stream, hs_json_offset(stream, at) + 1, err))
		return false;
	stream->stack[stream->depth++] = *at;
	stream->expect = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	stream->column++;
	return stream->is_muted || tell(stream, is_object ? HS_JSON_OBJECT_BEGIN :
	    HS_JSON_ARRAY_BEGIN, stream->depth - 1, NULL, 0, err);
}

/* The captured container up to end; in one stretch where it lies in one piece. */
static bool end_capture(struct hs_json_stream *stream, const char *end, const char **ret_text,
    size_t *ret_length, struct hs_error *err)
{
	size_t length = (size_t)(end - stream->capture_from);

	stream->has_capture = false;
	if (stream->captured.length == 0) {
		*ret_text = stream->capture_from;
		*ret_length = length;
		return true;
	}
	if (!hs_json_gather(&stream->captured, stream->capture_from, length, err))
		return false;
	*ret_text = stream->captured.bytes;
	*ret_length = stream->captured.length;
	return true;
}

static bool close_container(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	enum hs_json_kind kind = *at == '}' ? HS_JSON_OBJECT_END : HS_JSON_ARRAY_END;
	unsigned depth = stream->depth - 1;
	const char *text = NULL;
	size_t length = 0;
	bool is_muted;

	stream->token_at = hs_json_place(stream, at);
	if (!check_bound(stream, hs_json_offset(stream, at) + 1, err))
		return false;
	is_muted = stream->is_muted;
	if (stream->bound_end != 0 && stream->bound_depth == depth) {
		stream->bound_end = 0;
		stream->is_muted = false;
	}
	if (stream->has_capture && stream->capture_depth == depth &&
	    !end_capture(stream, at + 1, &text, &length, err))
		return false;
	stream->depth = depth;
	stream->column++;
	hs_json_value_is_over(stream);
	return is_muted || tell(stream, kind, depth, text, length, err);
}

const char *hs_json_expected(const struct hs_json_stream *stream)
{
	bool in_object = stream->depth > 0 && stream->stack[stream->depth - 1] == '{';

	switch (stream->expect) {
	case EXPECT_VALUE:
		return "a value";
	case EXPECT_VALUE_OR_END:
		return "a value or ]";
	case EXPECT_KEY_OR_END:
		return "a key in double quotes or }";
	case EXPECT_KEY:
		return "a key in double quotes";
	case EXPECT_COLON:
		return "a colon";
	case EXPECT_COMMA:
		return in_object ? "a comma or }" : "a comma or ]";
	case EXPECT_NOTHING:
		break;
	}
	return "nothing";
}

/* What people write who write this, and what they should. */
static const char *advice(const struct hs_json_stream *stream, char c)
{
	bool at_value = stream->expect == EXPECT_VALUE || stream->expect == EXPECT_VALUE_OR_END;

	if (c == '\'')
		return "; JSON has double quotes only";
	if (c == '/' || c == '#')
		return "; JSON has no comments";
	if ((c == '}' && stream->expect == EXPECT_KEY) ||
	    (c == ']' && stream->expect == EXPECT_VALUE))
		return "; take away the comma before it";
	if (at_value && (c == 'N' || c == 'I'))
		return "; JSON has no NaN, Infinity or None: write null";
	if (at_value && (c == 'T' || c == 'F'))
		return "; true and false are written in small letters";
	if (at_value && (c == '+' || c == '.'))
		return "; a number begins with a digit or -";
	return "";
}

/* A byte that cannot stand here; a character beyond ASCII is read to its end first. */
bool hs_json_refuse(struct hs_json_stream *stream, const char *shown, const struct place *at,
    struct hs_error *err)
{
	if (stream->expect == EXPECT_NOTHING)
		return hs_json_fail(stream, HS_TRAILING_BYTES, at, err,
		    "the JSON has ended, but %s follows: a snapshot is one object, "
		    "and nothing stands behind it", shown);
	return hs_json_fail(stream, HS_BAD_JSON, at, err, "found %s where %s must stand%s", shown,
	    hs_json_expected(stream), advice(stream, shown[0] == '"' ? shown[1] : '\0'));
}

static bool refuse_ascii(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	unsigned char c = (unsigned char)*at;
	struct place place = hs_json_place(stream, at);
	char shown[16];

	if (c == '\0')
		return hs_json_fail(stream, HS_NUL, &place, err,
		    "a NUL byte: a snapshot is text, and holds none");
	if (c < 0x20 || c == 0x7f)
		snprintf(shown, sizeof shown, "byte 0x%02x", c);
	else
		snprintf(shown, sizeof shown, "\"%c\"", c);
	return hs_json_refuse(stream, shown, &place, err);
}

/* One structural byte, or the first of a token. */
static bool take_byte(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	enum expect expect = stream->expect;
	bool at_value = expect == EXPECT_VALUE || expect == EXPECT_VALUE_OR_END;
	bool at_key = expect == EXPECT_KEY || expect == EXPECT_KEY_OR_END;
	char c = *at;

	if (c == '"' && (at_key || at_value)) {
		hs_json_begin_string(stream, at, at_key);
		return true;
	}
	if (c == ':' && expect == EXPECT_COLON) {
		stream->expect = EXPECT_VALUE;
		stream->column++;
		return true;
	}
	if (c == ',' && expect == EXPECT_COMMA) {
		stream->expect = stream->stack[stream->depth - 1] == '{' ? EXPECT_KEY :
		    EXPECT_VALUE;
		stream->column++;
		return true;
	}
	if ((c == '{' || c == '[') && at_value)
		return open_container(stream, at, err);
	if ((c == '}' && (expect == EXPECT_KEY_OR_END ||
		(expect == EXPECT_COMMA && stream->stack[stream->depth - 1] == '{'))) ||
	    (c == ']' && (expect == EXPECT_VALUE_OR_END ||
		(expect == EXPECT_COMMA && stream->stack[stream->depth - 1] == '['))))
		return close_container(stream, at, err);
	if (at_value && hs_json_begin_value(stream, at))
		return true;
	if ((unsigned char)c < 0x80)
		return refuse_ascii(stream, at, err);
	hs_json_begin_token(stream, TOKEN_STRAY, at);
	return true;
}

/* White space, and then one byte. */
static const char *take_structure(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
		if (*at == '\n') {
			stream->line++;
			stream->column = 0;
		}
		stream->column++;
		at++;
	}
	if (at == end)
		return at;
	if (!take_byte(stream, at, err))
		return NULL;
	return stream->token == TOKEN_STRAY ? at : at + 1;	/* it is read anew, as a whole */
}

static bool read_piece(struct hs_json_stream *stream, const char *piece, size_t length,
    struct hs_error *err)
{
	const char *at = piece, *end = piece + length, *from;

	stream->piece = piece;
	stream->capture_from = piece;
	while (at < end) {
		switch (stream->token) {
		case TOKEN_NONE:
			from = at;
			at = take_structure(stream, at, end, err);
			if (at == NULL)
				return false;
			if (stream->token != TOKEN_NUMBER)
				break;
			from = at - 1;	/* its first byte is taken, but not gathered */
			at = hs_json_take_number(stream, from, at, end, err);
			break;
		case TOKEN_STRING:
			at = hs_json_take_string(stream, at, end, err);
			break;
		case TOKEN_NUMBER:
			at = hs_json_take_number(stream, at, at, end, err);
			break;
		case TOKEN_LITERAL:
			at = hs_json_take_literal(stream, at, end, err);
			break;
		case TOKEN_STRAY:
			at = hs_json_take_stray(stream, at, end, err);
			break;
		}
		if (at == NULL)
			return false;
	}
	stream->base += length;
	if (!check_bound(stream, stream->base, err))
		return false;
	return !stream->has_capture || hs_json_gather(&stream->captured, stream->capture_from,
	    (size_t)(end - stream->capture_from), err);
}

/* The encoding by its first bytes, when it is not UTF-8 without a mark; else NULL. */
static const char *foreign_encoding(const char *start, size_t length)
{
	unsigned char b[START_BYTES] = { 1, 1, 1, 1 };

	memcpy(b, start, length);
	if (b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf)
		return "UTF-8 with a byte order mark";
	if ((b[0] == 0 && b[1] == 0 && b[2] == 0xfe && b[3] == 0xff) ||
	    (b[0] == 0 && b[1] == 0 && b[2] == 0 && b[3] != 0 && length == START_BYTES))
		return "UTF-32 (big-endian)";
	if ((b[0] == 0xff && b[1] == 0xfe && b[2] == 0 && b[3] == 0) ||
	    (b[0] != 0 && b[1] == 0 && b[2] == 0 && b[3] == 0))
		return "UTF-32 (little-endian)";
	if ((b[0] == 0xfe && b[1] == 0xff) || (b[0] == 0 && b[1] != 0 && length > 1))
		return "UTF-16 (big-endian)";
	if ((b[0] == 0xff && b[1] == 0xfe) || (b[0] != 0 && b[1] == 0))
		return "UTF-16 (little-endian)";
	return NULL;
}

/* Reads what was held back, now that the encoding shows. */
static bool start(struct hs_json_stream *stream, struct hs_error *err)
{
	static const struct place top = { .offset = 0, .line = 1, .column = 1 };
	const char *encoding = foreign_encoding(stream->start, stream->start_length);

	stream->has_started = true;
	if (encoding != NULL)
		return hs_json_fail(stream, HS_BAD_ENCODING, &top, err,
		    "the file is %s: write it as UTF-8 without a byte order mark", encoding);
	return read_piece(stream, stream->start, stream->start_length, err);
}

bool hs_json_push(struct hs_json_stream *stream, const void *bytes, size_t length,
    struct hs_error *err)
{
	const char *piece = bytes;

	while (!stream->has_started && length > 0) {
		stream->start[stream->start_length++] = *piece++;
		length--;
		if (stream->start_length == START_BYTES && !start(stream, err))
			return false;
	}
	return length == 0 || read_piece(stream, piece, length, err);
}

static bool truncated(struct hs_json_stream *stream, const struct place *at, struct hs_error *err)
{
	if (at->offset == 0)
		return hs_json_fail(stream, HS_EMPTY_FILE, at, err, "the file is empty");
	if (stream->token == TOKEN_STRAY)
		return hs_json_bad_utf8(stream, &stream->token_at,
		    (unsigned char)stream->character.bytes[0], err);
	if (stream->depth == 0 && stream->token == TOKEN_NONE)
		return hs_json_fail(stream, HS_TRUNCATED, at, err,
		    "the file holds nothing but white space");
	if (stream->token == TOKEN_STRING)
		return hs_json_fail(stream, HS_TRUNCATED, at, err,
		    "the file ends inside a string that began at line %llu, column %llu: "
		    "is it whole?",
		    (unsigned long long)stream->token_at.line,
		    (unsigned long long)stream->token_at.column);
	if (stream->token != TOKEN_NONE)
		return hs_json_fail(stream, HS_TRUNCATED, at, err,
		    "the file ends inside a value: is it whole?");
	return hs_json_fail(stream, HS_TRUNCATED, at, err,
	    "the file ends where %s must stand: is it whole?", hs_json_expected(stream));
}

bool hs_json_finish(struct hs_json_stream *stream, struct hs_error *err)
{
	struct place at;

	if (!stream->has_started && !start(stream, err))
		return false;
	stream->piece = "";
	if (stream->token == TOKEN_NUMBER && stream->depth == 0 &&
	    hs_json_number_can_end(stream->number) &&
	    !hs_json_end_number(stream, stream->piece, stream->piece, err))
		return false;
	if (stream->expect == EXPECT_NOTHING && stream->token == TOKEN_NONE)
		return true;
	at = hs_json_place(stream, stream->piece);
	return truncated(stream, &at, err);
}
