/* json_stream.c: a JSON reader that is pushed: a state for what must come next, a state
 * within the token, and nothing that depends on where a piece ends.
 *
 * Trusts no byte. Runs of plain ASCII in strings go by a table; a token that lies in one piece
 * and has no escapes is handed on where it stands, all others are gathered in a buffer.
 * The first fault ends the reading. */
#include "common/json_stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { START_BYTES = 4, MAX_UTF8 = 4, FIRST_ROOM = 256 };

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

static uint64_t offset_of(const struct hs_json_stream *stream, const char *at)
{
	return stream->base + (uint64_t)(at - stream->piece);
}

static struct place place_of(const struct hs_json_stream *stream, const char *at)
{
	return (struct place){ .offset = offset_of(stream, at), .line = stream->line,
		.column = stream->column };
}

static bool __attribute__((format(printf, 5, 6))) fail(struct hs_json_stream *stream,
    enum hs_error_code code, const struct place *at, struct hs_error *err, const char *format, ...)
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

static bool gather(struct gathered *to, const char *bytes, size_t length, struct hs_error *err)
{
	if (length > to->room - to->length) {
		size_t room = to->room > 0 ? to->room : FIRST_ROOM;
		char *grown;

		while (room - to->length < length) {
			if (room > SIZE_MAX / 2)
				return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read JSON");
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

/* The token reaches beyond its bound: what fits is kept, to the end of a character. */
static bool cut_token(struct hs_json_stream *stream, const char *bytes, size_t left,
    struct hs_error *err)
{
	struct gathered *text = &stream->text;
	bool is_inside = ((unsigned char)bytes[left] & 0xc0) == 0x80;

	stream->is_cut = true;
	if (!gather(text, bytes, left, err))
		return false;
	while (is_inside && text->length > 0)
		is_inside = ((unsigned char)text->bytes[--text->length] & 0xc0) == 0x80;
	return true;
}

/* A token's next bytes; what lies beyond the bound is dropped. */
static bool gather_token(struct hs_json_stream *stream, const char *bytes, size_t length,
    struct hs_error *err)
{
	size_t left = stream->max_token - stream->text.length;

	stream->is_gathered = true;
	if (stream->is_cut)
		return true;
	if (length > left)
		return cut_token(stream, bytes, left, err);
	return gather(&stream->text, bytes, length, err);
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
static bool emit(struct hs_json_stream *stream, enum hs_json_kind kind, const char *text,
    size_t length, const char *end, struct hs_error *err)
{
	if (!check_bound(stream, offset_of(stream, end), err))
		return false;
	return stream->is_muted || tell(stream, kind, stream->depth, text, length, err);
}

static void value_is_over(struct hs_json_stream *stream)
{
	stream->token = TOKEN_NONE;
	stream->expect = stream->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA;
}

static bool open_container(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	bool is_object = *at == '{';

	stream->token_at = place_of(stream, at);
	if (stream->depth == HS_JSON_MAX_DEPTH)
		return fail(stream, HS_TOO_DEEP, &stream->token_at, err,
		    "objects and arrays lie more than %d deep: make the structure flatter",
		    HS_JSON_MAX_DEPTH);
	if (!check_bound(stream, offset_of(stream, at) + 1, err))
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
	if (!gather(&stream->captured, stream->capture_from, length, err))
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

	stream->token_at = place_of(stream, at);
	if (!check_bound(stream, offset_of(stream, at) + 1, err))
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
	value_is_over(stream);
	return is_muted || tell(stream, kind, depth, text, length, err);
}

static const char *expected(const struct hs_json_stream *stream)
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
	if ((c == '}' && stream->expect == EXPECT_KEY) || (c == ']' && stream->expect == EXPECT_VALUE))
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
static bool refuse(struct hs_json_stream *stream, const char *shown, const struct place *at,
    struct hs_error *err)
{
	if (stream->expect == EXPECT_NOTHING)
		return fail(stream, HS_TRAILING_BYTES, at, err,
		    "the JSON has ended, but %s follows: a snapshot is one object, "
		    "and nothing stands behind it", shown);
	return fail(stream, HS_BAD_JSON, at, err, "found %s where %s must stand%s", shown,
	    expected(stream), advice(stream, shown[0] == '"' ? shown[1] : '\0'));
}

static bool refuse_ascii(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	unsigned char c = (unsigned char)*at;
	struct place place = place_of(stream, at);
	char shown[16];

	if (c == '\0')
		return fail(stream, HS_NUL, &place, err,
		    "a NUL byte: a snapshot is text, and holds none");
	if (c < 0x20 || c == 0x7f)
		snprintf(shown, sizeof shown, "byte 0x%02x", c);
	else
		snprintf(shown, sizeof shown, "\"%c\"", c);
	return refuse(stream, shown, &place, err);
}

static bool bad_utf8(struct hs_json_stream *stream, const struct place *at, unsigned char byte,
    struct hs_error *err)
{
	return fail(stream, HS_BAD_UTF8, at, err,
	    "not UTF-8 here (byte 0x%02x): write the file in UTF-8", byte);
}

/* The first byte of a character of several; false when there is none such. */
static bool character_begin(struct character *character, unsigned char lead)
{
	if (lead < 0xc2 || lead > 0xf4)
		return false;
	character->need = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
	character->low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	character->high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	character->length = 1;
	character->bytes[0] = (char)lead;
	return true;
}

/* A further byte of it. */
static bool character_next(struct character *character, unsigned char byte)
{
	if (byte < character->low || byte > character->high)
		return false;
	character->low = 0x80;
	character->high = 0xbf;
	character->need--;
	character->bytes[character->length++] = (char)byte;
	return true;
}

/* Reads a character beyond ASCII as far as it goes; NULL when it is wrong. Where it begins
 * is in token_at for a stray one; in a string its column is still the stream's. */
static const char *take_character(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	struct character *character = &stream->character;
	struct place place = place_of(stream, at);
	unsigned char byte = (unsigned char)*at;

	if (character->need == 0) {
		if (!character_begin(character, byte)) {
			bad_utf8(stream, &place, byte, err);
			return NULL;
		}
		at++;
	}
	while (character->need > 0 && at < end) {
		byte = (unsigned char)*at;
		if (!character_next(character, byte)) {
			place.offset = offset_of(stream, at) - character->length;
			bad_utf8(stream, &place, (unsigned char)character->bytes[0], err);
			return NULL;
		}
		at++;
	}
	if (character->need == 0)
		stream->column++;
	return at;
}

static const char *take_stray(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	char shown[16];

	if ((at = take_character(stream, at, end, err)) == NULL)
		return NULL;
	if (stream->character.need > 0)
		return at;
	snprintf(shown, sizeof shown, "\"%.*s\"", (int)stream->character.length,
	    stream->character.bytes);
	refuse(stream, shown, &stream->token_at, err);
	return NULL;
}

static void begin_token(struct hs_json_stream *stream, enum token token, const char *at)
{
	stream->token = token;
	stream->token_at = place_of(stream, at);
	stream->is_cut = false;
	stream->is_gathered = false;
	stream->text.length = 0;
}

static void begin_string(struct hs_json_stream *stream, const char *at, bool is_key)
{
	begin_token(stream, TOKEN_STRING, at);
	stream->is_key = is_key;
	stream->column++;
}

/* The first byte of a value; false when there is no such value. */
static bool begin_value(struct hs_json_stream *stream, const char *at)
{
	static const struct {
		const char *text;
		enum hs_json_kind kind;
	} literals[] = {
		{ "true", HS_JSON_TRUE }, { "false", HS_JSON_FALSE }, { "null", HS_JSON_NULL },
	};

	if ((*at >= '0' && *at <= '9') || *at == '-') {
		begin_token(stream, TOKEN_NUMBER, at);
		stream->number = *at == '-' ? NUMBER_MINUS : *at == '0' ? NUMBER_ZERO :
		    NUMBER_WHOLE;
		stream->column++;
		return true;
	}
	for (size_t i = 0; i < HS_COUNT(literals); i++) {
		if (*at != literals[i].text[0])
			continue;
		begin_token(stream, TOKEN_LITERAL, at);
		stream->literal = literals[i].text + 1;
		stream->literal_kind = literals[i].kind;
		stream->column++;
		return true;
	}
	return false;
}

/* One structural byte, or the first of a token. */
static bool take_byte(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	enum expect expect = stream->expect;
	bool at_value = expect == EXPECT_VALUE || expect == EXPECT_VALUE_OR_END;
	bool at_key = expect == EXPECT_KEY || expect == EXPECT_KEY_OR_END;
	char c = *at;

	if (c == '"' && (at_key || at_value)) {
		begin_string(stream, at, at_key);
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
	if (at_value && begin_value(stream, at))
		return true;
	if ((unsigned char)c < 0x80)
		return refuse_ascii(stream, at, err);
	begin_token(stream, TOKEN_STRAY, at);
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

/* What stands in a string as it is: all of ASCII but controls, '"' and '\'. */
static const bool plain[256] = {
	[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7f] = true,
};

static const char *skip_plain(const char *at, const char *end)
{
	while (at < end && plain[(unsigned char)*at])
		at++;
	return at;
}

static bool end_string(struct hs_json_stream *stream, const char *from, const char *at,
    struct hs_error *err)
{
	const char *text = from;
	size_t length = (size_t)(at - from);
	bool is_key = stream->is_key;

	if (stream->is_gathered || length > stream->max_token) {
		if (!gather_token(stream, from, length, err))
			return false;
		text = stream->text.bytes;
		length = stream->text.length;
	}
	stream->column++;
	if (!emit(stream, is_key ? HS_JSON_KEY : HS_JSON_STRING, text, length, at + 1, err))
		return false;
	value_is_over(stream);
	if (is_key)
		stream->expect = EXPECT_COLON;
	return true;
}

static bool lone_surrogate(struct hs_json_stream *stream, struct hs_error *err)
{
	return fail(stream, HS_BAD_CHARACTER, &stream->escape_at, err,
	    "\\u%04x is one half of a character (a surrogate) without its other half: write the "
	    "character itself", stream->high != 0 ? stream->high : stream->code);
}

/* A character that was written as an escape. */
static bool put_character(struct hs_json_stream *stream, unsigned code, struct hs_error *err)
{
	char bytes[MAX_UTF8];
	size_t length = 0;

	if (code < 0x80) {
		bytes[length++] = (char)code;
	} else if (code < 0x800) {
		bytes[length++] = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		bytes[length++] = (char)(0xe0 | code >> 12);
		bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
	} else {
		bytes[length++] = (char)(0xf0 | code >> 18);
		bytes[length++] = (char)(0x80 | (code >> 12 & 0x3f));
		bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
	}
	if (code >= 0x80)
		bytes[length++] = (char)(0x80 | (code & 0x3f));
	stream->escape = 0;
	stream->high = 0;
	return gather_token(stream, bytes, length, err);
}

/* The four digits of \uXXXX are there. */
static bool end_code(struct hs_json_stream *stream, struct hs_error *err)
{
	unsigned code = stream->code;
	bool is_low = code >= 0xdc00 && code <= 0xdfff;

	if (stream->high != 0) {
		if (!is_low)
			return lone_surrogate(stream, err);
		return put_character(stream,
		    0x10000 + ((stream->high - 0xd800) << 10) + (code - 0xdc00), err);
	}
	if (is_low)
		return lone_surrogate(stream, err);
	if (code >= 0xd800 && code <= 0xdbff) {
		stream->high = code;
		stream->escape = 0;
		return true;
	}
	if (code == 0)
		return fail(stream, HS_NUL, &stream->escape_at, err,
		    "\\u0000: the database keeps no text with a NUL in it; take it out");
	return put_character(stream, code, err);
}

static int hexadecimal(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte behind a '\'. */
static bool take_escape(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
	struct place place = place_of(stream, at);
	const char *name;
	int digit;

	if (stream->escape > 1) {
		if ((digit = hexadecimal(*at)) < 0)
			return fail(stream, HS_BAD_JSON, &place, err,
			    "\\u needs four hexadecimal digits, as in \\u00e9");
		stream->column++;
		stream->code = stream->code << 4 | (unsigned)digit;
		if (++stream->escape == 6)
			return end_code(stream, err);
		return true;
	}
	if (*at == 'u') {
		stream->escape = 2;
		stream->code = 0;
		stream->column++;
		return true;
	}
	if (stream->high != 0)
		return lone_surrogate(stream, err);
	if (*at == '\0' || (name = strchr(names, *at)) == NULL)
		return fail(stream, HS_BAD_JSON, &stream->escape_at, err,
		    "no such escape: a \\ stands before one of \" \\ / b f n r t u only");
	stream->column++;
	return put_character(stream, (unsigned char)codes[name - names], err);
}

/* A byte of a string that does not stand for itself. */
static bool take_special(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	struct place place = place_of(stream, at);
	unsigned char byte = (unsigned char)*at;

	if (byte == '\\') {
		if (stream->high == 0)
			stream->escape_at = place;
		stream->escape = 1;
		stream->column++;
		return true;
	}
	if (byte == '\0')
		return fail(stream, HS_NUL, &place, err,
		    "a NUL byte: a snapshot is text, and holds none");
	return fail(stream, HS_BAD_JSON, &place, err,
	    byte == '\n' || byte == '\r' ?
	    "a line ends inside a string: close the string, or write the line's end as \\n" :
	    "a control character (0x%02x) inside a string: write it as \\u%04x", byte, byte);
}

/* A string from at, as far as it goes. */
static const char *take_string(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	const char *from = at;

	while (at < end) {
		if (stream->escape > 0) {
			if (!take_escape(stream, at, err))
				return NULL;
			from = ++at;
			continue;
		}
		if (stream->high != 0 && *at != '\\') {
			lone_surrogate(stream, err);
			return NULL;
		}
		if (stream->character.need == 0) {
			const char *run = skip_plain(at, end);

			stream->column += (uint64_t)(run - at);
			at = run;
			if (at == end)
				break;
		}
		if (stream->character.need > 0 || (unsigned char)*at >= 0x80) {
			if ((at = take_character(stream, at, end, err)) == NULL)
				return NULL;
			continue;
		}
		if (*at == '"')
			return end_string(stream, from, at, err) ? at + 1 : NULL;
		if (!take_special(stream, at, err) ||
		    !gather_token(stream, from, (size_t)(at - from), err))
			return NULL;
		from = ++at;
	}
	return gather_token(stream, from, (size_t)(at - from), err) ? at : NULL;
}

/* What a number is behind one more byte; NUMBER_OVER when that is not part of it. */
static enum number number_next(enum number number, char c)
{
	bool is_digit = c >= '0' && c <= '9';
	bool is_e = c == 'e' || c == 'E';

	switch (number) {
	case NUMBER_MINUS:
		return !is_digit ? NUMBER_OVER : c == '0' ? NUMBER_ZERO : NUMBER_WHOLE;
	case NUMBER_WHOLE:
		if (is_digit)
			return NUMBER_WHOLE;
		/* fall through */
	case NUMBER_ZERO:
		return c == '.' ? NUMBER_POINT : is_e ? NUMBER_E : NUMBER_OVER;
	case NUMBER_POINT:
		return is_digit ? NUMBER_FRACTION : NUMBER_OVER;
	case NUMBER_FRACTION:
		return is_digit ? NUMBER_FRACTION : is_e ? NUMBER_E : NUMBER_OVER;
	case NUMBER_E:
		if (c == '+' || c == '-')
			return NUMBER_SIGN;
		/* fall through */
	case NUMBER_SIGN:
	case NUMBER_EXPONENT:
		return is_digit ? NUMBER_EXPONENT : NUMBER_OVER;
	case NUMBER_OVER:
		break;
	}
	return NUMBER_OVER;
}

static bool end_number(struct hs_json_stream *stream, const char *from, const char *at,
    struct hs_error *err)
{
	const char *text = from;
	size_t length = (size_t)(at - from);

	if (stream->is_gathered || length > stream->max_token) {
		if (!gather_token(stream, from, length, err))
			return false;
		text = stream->text.bytes;
		length = stream->text.length;
	}
	if (!emit(stream, HS_JSON_NUMBER, text, length, at, err))
		return false;
	value_is_over(stream);
	return true;
}

static bool can_end(enum number number)
{
	return number == NUMBER_ZERO || number == NUMBER_WHOLE || number == NUMBER_FRACTION ||
	    number == NUMBER_EXPONENT;
}

/* A number, whose text is gathered from `from`, read on from at. */
static const char *take_number(struct hs_json_stream *stream, const char *from, const char *at,
    const char *end, struct hs_error *err)
{
	enum number next = stream->number;
	const char *first = at;
	struct place place;

	while (at < end && (next = number_next(stream->number, *at)) != NUMBER_OVER) {
		stream->number = next;
		at++;
	}
	stream->column += (uint64_t)(at - first);
	if (at == end)
		return gather_token(stream, from, (size_t)(at - from), err) ? at : NULL;
	place = place_of(stream, at);
	if (stream->number == NUMBER_ZERO && *at >= '0' && *at <= '9') {
		fail(stream, HS_BAD_JSON, &stream->token_at, err,
		    "a number does not begin with a 0 and another digit: take away the 0");
		return NULL;
	}
	if (!can_end(stream->number)) {
		fail(stream, HS_BAD_JSON, &place, err, "a digit of the number must stand here");
		return NULL;
	}
	return end_number(stream, from, at, err) ? at : NULL;
}

static const char *take_literal(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	while (at < end && *stream->literal != '\0') {
		if (*at != *stream->literal) {
			fail(stream, HS_BAD_JSON, &stream->token_at, err,
			    "found a word where %s must stand; JSON knows true, false and null, "
			    "all other text is in double quotes", expected(stream));
			return NULL;
		}
		stream->literal++;
		stream->column++;
		at++;
	}
	if (*stream->literal != '\0')
		return at;
	if (!emit(stream, stream->literal_kind, NULL, 0, at, err))
		return NULL;
	value_is_over(stream);
	return at;
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
			at = take_number(stream, from, at, end, err);
			break;
		case TOKEN_STRING:
			at = take_string(stream, at, end, err);
			break;
		case TOKEN_NUMBER:
			at = take_number(stream, at, at, end, err);
			break;
		case TOKEN_LITERAL:
			at = take_literal(stream, at, end, err);
			break;
		case TOKEN_STRAY:
			at = take_stray(stream, at, end, err);
			break;
		}
		if (at == NULL)
			return false;
	}
	stream->base += length;
	if (!check_bound(stream, stream->base, err))
		return false;
	return !stream->has_capture || gather(&stream->captured, stream->capture_from,
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
		return fail(stream, HS_BAD_ENCODING, &top, err,
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
		return fail(stream, HS_EMPTY_FILE, at, err, "the file is empty");
	if (stream->token == TOKEN_STRAY)
		return bad_utf8(stream, &stream->token_at,
		    (unsigned char)stream->character.bytes[0], err);
	if (stream->depth == 0 && stream->token == TOKEN_NONE)
		return fail(stream, HS_TRUNCATED, at, err,
		    "the file holds nothing but white space");
	if (stream->token == TOKEN_STRING)
		return fail(stream, HS_TRUNCATED, at, err, "the file ends inside a string that began "
		    "at line %llu, column %llu: is it whole?",
		    (unsigned long long)stream->token_at.line,
		    (unsigned long long)stream->token_at.column);
	if (stream->token != TOKEN_NONE)
		return fail(stream, HS_TRUNCATED, at, err, "the file ends inside a value: is it whole?");
	return fail(stream, HS_TRUNCATED, at, err,
	    "the file ends where %s must stand: is it whole?", expected(stream));
}

bool hs_json_finish(struct hs_json_stream *stream, struct hs_error *err)
{
	struct place at;

	if (!stream->has_started && !start(stream, err))
		return false;
	stream->piece = "";
	if (stream->token == TOKEN_NUMBER && stream->depth == 0 && can_end(stream->number) &&
	    !end_number(stream, stream->piece, stream->piece, err))
		return false;
	if (stream->expect == EXPECT_NOTHING && stream->token == TOKEN_NONE)
		return true;
	at = place_of(stream, stream->piece);
	return truncated(stream, &at, err);
}
