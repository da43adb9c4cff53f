/* json_token.c: strings, numbers, true, false and null, and characters that stand where
 * none may.
 *
 * Trusts no byte. Runs of plain ASCII in strings go by a table; a token that lies in one piece
 * and has no escapes is handed on where it stands, all others are gathered in a buffer. */
#include "common/json_private.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"

/* The token reaches beyond its bound: what fits is kept, to the end of a character. */
static bool cut_token(struct hs_json_stream *stream, const char *bytes, size_t left,
    struct hs_error *err)
{
	struct gathered *text = &stream->text;
	bool is_inside = ((unsigned char)bytes[left] & 0xc0) == 0x80;

	stream->is_cut = true;
	if (!hs_json_gather(text, bytes, left, err))
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
	return hs_json_gather(&stream->text, bytes, length, err);
}

bool hs_json_bad_utf8(struct hs_json_stream *stream, const struct place *at, unsigned char byte,
    struct hs_error *err)
{
	return hs_json_fail(stream, HS_BAD_UTF8, at, err,
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
	struct place place = hs_json_place(stream, at);
	unsigned char byte = (unsigned char)*at;

	if (character->need == 0) {
		if (!character_begin(character, byte)) {
			hs_json_bad_utf8(stream, &place, byte, err);
			return NULL;
		}
		at++;
	}
	while (character->need > 0 && at < end) {
		byte = (unsigned char)*at;
		if (!character_next(character, byte)) {
			place.offset = hs_json_offset(stream, at) - character->length;
			hs_json_bad_utf8(stream, &place, (unsigned char)character->bytes[0], err);
			return NULL;
		}
		at++;
	}
	if (character->need == 0)
		stream->column++;
	return at;
}

const char *hs_json_take_stray(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	char shown[16];

	if ((at = take_character(stream, at, end, err)) == NULL)
		return NULL;
	if (stream->character.need > 0)
		return at;
	snprintf(shown, sizeof shown, "\"%.*s\"", (int)stream->character.length,
	    stream->character.bytes);
	hs_json_refuse(stream, shown, &stream->token_at, err);
	return NULL;
}

void hs_json_begin_token(struct hs_json_stream *stream, enum token token, const char *at)
{
	stream->token = token;
	stream->token_at = hs_json_place(stream, at);
	stream->is_cut = false;
	stream->is_gathered = false;
	stream->text.length = 0;
}

void hs_json_begin_string(struct hs_json_stream *stream, const char *at, bool is_key)
{
	hs_json_begin_token(stream, TOKEN_STRING, at);
	stream->is_key = is_key;
	stream->column++;
}

/* The first byte of a value; false when there is no such value. */
bool hs_json_begin_value(struct hs_json_stream *stream, const char *at)
{
	static const struct {
		const char *text;
		enum hs_json_kind kind;
	} literals[] = {
		{ "true", HS_JSON_TRUE }, { "false", HS_JSON_FALSE }, { "null", HS_JSON_NULL },
	};

	if ((*at >= '0' && *at <= '9') || *at == '-') {
		hs_json_begin_token(stream, TOKEN_NUMBER, at);
		stream->number = *at == '-' ? NUMBER_MINUS : *at == '0' ? NUMBER_ZERO :
		    NUMBER_WHOLE;
		stream->column++;
		return true;
	}
	for (size_t i = 0; i < HS_COUNT(literals); i++) {
		if (*at != literals[i].text[0])
			continue;
		hs_json_begin_token(stream, TOKEN_LITERAL, at);
		stream->literal = literals[i].text + 1;
		stream->literal_kind = literals[i].kind;
		stream->column++;
		return true;
	}
	return false;
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
	if (!hs_json_emit(stream, is_key ? HS_JSON_KEY : HS_JSON_STRING, text, length, at + 1, err))
		return false;
	hs_json_value_is_over(stream);
	if (is_key)
		stream->expect = EXPECT_COLON;
	return true;
}

static bool lone_surrogate(struct hs_json_stream *stream, struct hs_error *err)
{
	return hs_json_fail(stream, HS_BAD_CHARACTER, &stream->escape_at, err,
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
		return hs_json_fail(stream, HS_NUL, &stream->escape_at, err,
		    "\\u0000: the database keeps no text with a NUL in it; take it out");
	return put_character(stream, code, err);
}

/* One byte behind a '\'. */
static bool take_escape(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
	struct place place = hs_json_place(stream, at);
	const char *name;
	int digit;

	if (stream->escape > 1) {
		if ((digit = hs_hex_digit(*at)) < 0)
			return hs_json_fail(stream, HS_BAD_JSON, &place, err,
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
		return hs_json_fail(stream, HS_BAD_JSON, &stream->escape_at, err,
		    "no such escape: a \\ stands before one of \" \\ / b f n r t u only");
	stream->column++;
	return put_character(stream, (unsigned char)codes[name - names], err);
}

/* A byte of a string that does not stand for itself. */
static bool take_special(struct hs_json_stream *stream, const char *at, struct hs_error *err)
{
	struct place place = hs_json_place(stream, at);
	unsigned char byte = (unsigned char)*at;

	if (byte == '\\') {
		if (stream->high == 0)
			stream->escape_at = place;
		stream->escape = 1;
		stream->column++;
		return true;
	}
	if (byte == '\0')
		return hs_json_fail(stream, HS_NUL, &place, err,
		    "a NUL byte: a snapshot is text, and holds none");
	return hs_json_fail(stream, HS_BAD_JSON, &place, err,
	    byte == '\n' || byte == '\r' ?
	    "a line ends inside a string: close the string, or write the line's end as \\n" :
	    "a control character (0x%02x) inside a string: write it as \\u%04x", byte, byte);
}

/* A string from at, as far as it goes. */
const char *hs_json_take_string(struct hs_json_stream *stream, const char *at, const char *end,
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

bool hs_json_end_number(struct hs_json_stream *stream, const char *from, const char *at,
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
	if (!hs_json_emit(stream, HS_JSON_NUMBER, text, length, at, err))
		return false;
	hs_json_value_is_over(stream);
	return true;
}

bool hs_json_number_can_end(enum number number)
{
	return number == NUMBER_ZERO || number == NUMBER_WHOLE || number == NUMBER_FRACTION ||
	    number == NUMBER_EXPONENT;
}

/* A number, whose text is gathered from `from`, read on from at. */
const char *hs_json_take_number(struct hs_json_stream *stream, const char *from, const char *at,
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
	place = hs_json_place(stream, at);
	if (stream->number == NUMBER_ZERO && *at >= '0' && *at <= '9') {
		hs_json_fail(stream, HS_BAD_JSON, &stream->token_at, err,
		    "a number does not begin with a 0 and another digit: take away the 0");
		return NULL;
	}
	if (!hs_json_number_can_end(stream->number)) {
		hs_json_fail(stream, HS_BAD_JSON, &place, err,
		    "a digit of the number must stand here");
		return NULL;
	}
	return hs_json_end_number(stream, from, at, err) ? at : NULL;
}

const char *hs_json_take_literal(struct hs_json_stream *stream, const char *at, const char *end,
    struct hs_error *err)
{
	while (at < end && *stream->literal != '\0') {
		if (*at != *stream->literal) {
			hs_json_fail(stream, HS_BAD_JSON, &stream->token_at, err,
			    "found a word where %s must stand; JSON knows true, false and null, "
			    "all other text is in double quotes", hs_json_expected(stream));
			return NULL;
		}
		stream->literal++;
		stream->column++;
		at++;
	}
	if (*stream->literal != '\0')
		return at;
	if (!hs_json_emit(stream, stream->literal_kind, NULL, 0, at, err))
		return NULL;
	hs_json_value_is_over(stream);
	return at;
}
