/* text.c: bounded text, UTF-8, and the folding that makes names findable.
 *
 * Trusts nothing: every byte may come from a stranger's file. Folding is one pass: ASCII and
 * the letters of our own table are settled here, the rest is decomposed by libutf8proc, a
 * character at a time, and its pieces are looked at again. */
#include "common/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

enum { MAX_PIECES = 32, UTF8_MAX = 4 };

/* Letters that Unicode does not take apart, as people write them without their marks. In lower
 * case: upper case is folded first. Sorted by code point. */
static const struct {
	int32_t point;
	char plain[4];
} plain_letters[] = {
	{ 0x00e6, "ae" },	/* æ */
	{ 0x00f0, "d" },	/* ð */
	{ 0x00f8, "o" },	/* ø */
	{ 0x00fe, "th" },	/* þ */
	{ 0x0111, "d" },	/* đ */
	{ 0x0127, "h" },	/* ħ */
	{ 0x0131, "i" },	/* ı */
	{ 0x0138, "k" },	/* ĸ */
	{ 0x0142, "l" },	/* ł */
	{ 0x014b, "n" },	/* ŋ */
	{ 0x0153, "oe" },	/* œ */
	{ 0x0167, "t" },	/* ŧ */
	{ 0x0180, "b" },	/* ƀ */
	{ 0x0183, "b" },	/* ƃ */
	{ 0x0188, "c" },	/* ƈ */
	{ 0x018c, "d" },	/* ƌ */
	{ 0x0192, "f" },	/* ƒ */
	{ 0x0195, "hv" },	/* ƕ */
	{ 0x0199, "k" },	/* ƙ */
	{ 0x019a, "l" },	/* ƚ */
	{ 0x019e, "n" },	/* ƞ */
	{ 0x01a5, "p" },	/* ƥ */
	{ 0x01ad, "t" },	/* ƭ */
	{ 0x01b4, "y" },	/* ƴ */
	{ 0x01b6, "z" },	/* ƶ */
	{ 0x01bf, "w" },	/* ƿ */
	{ 0x01dd, "e" },	/* ǝ */
	{ 0x01e5, "g" },	/* ǥ */
	{ 0x021d, "y" },	/* ȝ */
	{ 0x0221, "d" },	/* ȡ */
	{ 0x0225, "z" },	/* ȥ */
	{ 0x0234, "l" },	/* ȴ */
	{ 0x0235, "n" },	/* ȵ */
	{ 0x0236, "t" },	/* ȶ */
	{ 0x0237, "j" },	/* ȷ */
	{ 0x023c, "c" },	/* ȼ */
	{ 0x023f, "s" },	/* ȿ */
	{ 0x0240, "z" },	/* ɀ */
	{ 0x0247, "e" },	/* ɇ */
	{ 0x0249, "j" },	/* ɉ */
	{ 0x024b, "q" },	/* ɋ */
	{ 0x024d, "r" },	/* ɍ */
	{ 0x024f, "y" },	/* ɏ */
	{ 0x0253, "b" },	/* ɓ */
	{ 0x0254, "o" },	/* ɔ */
	{ 0x0256, "d" },	/* ɖ */
	{ 0x0257, "d" },	/* ɗ */
	{ 0x0259, "e" },	/* ə */
	{ 0x025b, "e" },	/* ɛ */
	{ 0x0260, "g" },	/* ɠ */
	{ 0x0261, "g" },	/* ɡ */
	{ 0x0263, "g" },	/* ɣ */
	{ 0x0268, "i" },	/* ɨ */
	{ 0x0269, "i" },	/* ɩ */
	{ 0x026a, "i" },	/* ɪ */
	{ 0x026b, "l" },	/* ɫ */
	{ 0x0271, "m" },	/* ɱ */
	{ 0x0272, "n" },	/* ɲ */
	{ 0x0275, "o" },	/* ɵ */
	{ 0x027d, "r" },	/* ɽ */
	{ 0x0288, "t" },	/* ʈ */
	{ 0x0289, "u" },	/* ʉ */
	{ 0x028b, "v" },	/* ʋ */
	{ 0x0292, "z" },	/* ʒ */
	{ 0x2c61, "l" },	/* ⱡ */
	{ 0x2c65, "a" },	/* ⱥ */
	{ 0x2c66, "t" },	/* ⱦ */
	{ 0xa7b7, "u" },	/* ꞷ */
};

/* What stands for an apostrophe or a dot somewhere, beyond the modifier symbols (Sk). */
static const int32_t vanishing[] = {
	0x00b7,			/* middle dot: Catalan col·lectiu */
	0x02b9, 0x02ba, 0x02bb, 0x02bc, 0x02bd, 0x02be, 0x02bf, 0x02c8, 0x02ca, 0x02cb, 0x02ee,
	0x055a, 0x05f3, 0x05f4, 0x07f4, 0x07f5,
	0x2018, 0x2019, 0x201a, 0x201b, 0x2024, 0x2027, 0x2032, 0x2033, 0x2034, 0x2035,
	0x2036, 0x2037, 0x2057, 0x22c5, 0x275b, 0x275c, 0x3002,
};

bool hs_text_copy(const char *text, char **ret)
{
	return text == NULL || (*ret = strdup(text)) != NULL;
}

bool hs_format(char *buf, size_t size, struct hs_error *err, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(buf, size, format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < size)
		return true;
	return hs_error_set(err, HS_TOO_LONG, "",
	    "too long, at most %zu bytes are allowed: \"%.60s...\"",
	    size - 1, size > 0 && length >= 0 ? buf : "");
}

/* The bytes of the one character at text, of which left are there; 0 when it is not valid. */
static size_t character_length(const unsigned char *text, size_t left)
{
	unsigned char lead = text[0], low = 0x80, high = 0xbf;
	size_t length;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead == 0xe0)
		low = 0xa0;	/* shorter forms exist */
	else if (lead == 0xed)
		high = 0x9f;	/* surrogates */
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;	/* beyond U+10FFFF */
	if (length > left || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

/* The valid character at text, and how many bytes it takes. */
static int32_t read_character(const unsigned char *text, size_t *ret_length)
{
	if (text[0] < 0x80) {
		*ret_length = 1;
		return text[0];
	}
	if (text[0] < 0xe0) {
		*ret_length = 2;
		return (text[0] & 0x1f) << 6 | (text[1] & 0x3f);
	}
	if (text[0] < 0xf0) {
		*ret_length = 3;
		return (text[0] & 0x0f) << 12 | (text[1] & 0x3f) << 6 | (text[2] & 0x3f);
	}
	*ret_length = 4;
	return (text[0] & 0x07) << 18 | (text[1] & 0x3f) << 12 | (text[2] & 0x3f) << 6 |
	    (text[3] & 0x3f);
}

static size_t write_character(int32_t point, char bytes[UTF8_MAX])
{
	return (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)bytes);
}

size_t hs_utf8_valid_prefix(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t at = 0;

	while (at < length) {
		size_t step;
		uint64_t word;

		if (length - at >= sizeof word) {
			memcpy(&word, bytes + at, sizeof word);
			if ((word & 0x8080808080808080u) == 0) {
				at += sizeof word;
				continue;
			}
		}
		step = character_length(bytes + at, length - at);
		if (step == 0)
			break;
		at += step;
	}
	return at;
}

int hs_utf8_cut(const char *text, size_t most)
{
	return (int)hs_utf8_valid_prefix(text, strnlen(text, most));
}

size_t hs_utf8_count(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

const char *hs_utf8_clean(const char *text, size_t length, char *buf, size_t size)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *bytes = (const unsigned char *)text;
	size_t done = 0;

	for (size_t at = 0; at < length;) {
		size_t valid = character_length(bytes + at, length - at);
		const char *piece = valid > 0 && bytes[at] != '\0' ? text + at : replacement;
		size_t piece_length = piece == replacement ? sizeof replacement - 1 : valid;

		if (piece_length >= size - done)
			break;
		memcpy(buf + done, piece, piece_length);
		done += piece_length;
		at += valid > 0 ? valid : 1;
	}
	buf[done] = '\0';
	return buf;
}

/* Unicode's White_Space. */
static bool is_space(int32_t point)
{
	if (point < 0x80)
		return point == ' ' || (point >= '\t' && point <= '\r');
	return point == 0x85 || point == 0xa0 || point == 0x1680 ||
	    (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
	    point == 0x202f || point == 0x205f || point == 0x3000;
}

/* Format characters, and letters and marks that show nothing. */
static bool is_invisible(int32_t point)
{
	if (point < 0x80)
		return false;
	return point == 0x034f || point == 0x115f || point == 0x1160 || point == 0x17b4 ||
	    point == 0x17b5 || (point >= 0x180b && point <= 0x180f) || point == 0x2065 ||
	    point == 0x2800 || point == 0x3164 || point == 0xffa0 ||
	    (point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xfff0 && point <= 0xfff8) ||
	    (point >= 0xe0000 && point <= 0xe0fff) ||
	    utf8proc_category(point) == UTF8PROC_CATEGORY_CF;
}

/* The bytes of white space at the start of the span; 0 when there is none, or no valid
 * character. */
static size_t leading_space(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t step;

	if (length == 0 || (step = character_length(bytes, length)) == 0 ||
	    !is_space(read_character(bytes, &step)))
		return 0;
	return step;
}

static size_t trailing_space(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t back = 1;

	while (back < UTF8_MAX && back < length && (bytes[length - back] & 0xc0) == 0x80)
		back++;
	if (length == 0 || leading_space(text + length - back, back) != back)
		return 0;
	return back;
}

void hs_text_trim(const char **text, size_t *length)
{
	size_t step;

	while ((step = leading_space(*text, *length)) > 0) {
		*text += step;
		*length -= step;
	}
	while ((step = trailing_space(*text, *length)) > 0)
		*length -= step;
}

bool hs_text_is_blank(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t at = 0; at < length;) {
		size_t step = character_length(bytes + at, length - at);
		int32_t point;

		if (step == 0)
			return false;
		point = read_character(bytes + at, &step);
		if (!is_space(point) && !is_invisible(point))
			return false;
		at += step;
	}
	return true;
}

/* What a character becomes in a folded name. */
enum fold { FOLD_VANISH, FOLD_BLANK, FOLD_KEEP };

static enum fold classify_ascii(int32_t point)
{
	if (point == '\'' || point == '`' || point == '.')
		return FOLD_VANISH;
	if (point == '-' || is_space(point))
		return FOLD_BLANK;
	return point < 0x20 || point == 0x7f ? FOLD_VANISH : FOLD_KEEP;
}

static bool is_vanishing(int32_t point)
{
	for (size_t i = 0; i < HS_COUNT(vanishing); i++) {
		if (vanishing[i] == point)
			return true;
	}
	return false;
}

static enum fold classify(int32_t point)
{
	if (point < 0x80)
		return classify_ascii(point);
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
		/* the saltillo, upper and lower case, is an apostrophe */
		return point == 0xa78b || point == 0xa78c ? FOLD_VANISH : FOLD_KEEP;
	case UTF8PROC_CATEGORY_PD:
		return FOLD_BLANK;
	case UTF8PROC_CATEGORY_SK:	/* accents that stand alone: ´ ¨ ˙ */
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
		return is_space(point) ? FOLD_BLANK : FOLD_VANISH;
	default:
		break;
	}
	/* hyphen bullet, minus, and Katakana's middle dots, which part a name from the next */
	if (is_space(point) || point == 0x2043 || point == 0x2212 || point == 0x30fb ||
	    point == 0xff65)
		return FOLD_BLANK;
	return is_vanishing(point) || is_invisible(point) ? FOLD_VANISH : FOLD_KEEP;
}

static const char *plain_letter(int32_t point)
{
	size_t low = 0, high = HS_COUNT(plain_letters);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (plain_letters[middle].point == point)
			return plain_letters[middle].plain;
		if (plain_letters[middle].point < point)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct folding {
	char *buf;
	size_t size, length;
	bool blank_due;		/* written when a letter follows */
	bool is_full;
};

static void put(struct folding *out, const char *bytes, size_t length)
{
	size_t blank = out->blank_due && out->length > 0;

	out->blank_due = false;
	if (out->is_full || length + blank >= out->size - out->length) {
		out->is_full = true;
		return;
	}
	if (blank > 0)
		out->buf[out->length++] = ' ';
	memcpy(out->buf + out->length, bytes, length);
	out->length += length;
}

/* One character that is taken apart no further. */
static void put_piece(struct folding *out, int32_t point)
{
	const char *plain;
	char bytes[UTF8_MAX];

	switch (classify(point)) {
	case FOLD_VANISH:
		return;
	case FOLD_BLANK:
		out->blank_due = true;
		return;
	case FOLD_KEEP:
		break;
	}
	plain = plain_letter(point);
	if (plain != NULL)
		put(out, plain, strlen(plain));
	else
		put(out, bytes, write_character(point, bytes));
}

static void put_beyond_ascii(struct folding *out, int32_t point, size_t length)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
	    UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
	utf8proc_int32_t pieces[MAX_PIECES];
	utf8proc_ssize_t count;
	int boundary_class = 0;
	size_t pieces_length = 0;
	char bytes[UTF8_MAX];

	if (classify(point) != FOLD_KEEP || plain_letter(point) != NULL) {
		put_piece(out, point);
		return;
	}
	count = utf8proc_decompose_char(point, pieces, MAX_PIECES, options, &boundary_class);
	for (utf8proc_ssize_t i = 0; i < count && count <= MAX_PIECES; i++)
		pieces_length += write_character(pieces[i], bytes);
	/* a ligature that is a whole sentence stays one: names keep their bound */
	if (count < 0 || count > MAX_PIECES || pieces_length > 3 * length) {
		put(out, bytes, write_character(point, bytes));
		return;
	}
	for (utf8proc_ssize_t i = 0; i < count; i++)
		put_piece(out, pieces[i]);
}

bool hs_name_fold(const char *text, size_t length, char *buf, size_t size, struct hs_error *err)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct folding out = { .buf = buf, .size = size };
	size_t step;

	for (size_t at = 0; at < length && !out.is_full; at += step) {
		unsigned char byte = bytes[at];
		char letter = (char)(byte | 0x20);

		if ((letter >= 'a' && letter <= 'z') && byte < 0x80) {
			step = 1;
			put(&out, &letter, 1);
			continue;
		}
		if ((step = character_length(bytes + at, length - at)) == 0)
			return hs_error_set(err, HS_BAD_UTF8, "",
			    "byte %zu (0x%02x) is not valid UTF-8", at + 1, byte);
		if (step == 1)
			put_piece(&out, byte);
		else
			put_beyond_ascii(&out, read_character(bytes + at, &step), step);
	}
	if (out.is_full)
		return hs_error_set(err, HS_TOO_LONG, "",
		    "the name is too long to be searched for, at most %zu bytes are allowed once "
		    "it is folded", size - 1);
	buf[out.length] = '\0';
	return true;
}

bool hs_name_fold_wanted(const char *text, size_t length, char *buf, size_t size,
    struct hs_error *err)
{
	size_t used = 0;

	if (!hs_name_fold(text, length, buf, size, err))
		return false;
	for (const char *from = buf; *from != '\0'; from++) {
		char c = *from == ',' ? ' ' : *from;

		if (c != ' ' || (used > 0 && buf[used - 1] != ' '))
			buf[used++] = c;
	}
	if (used > 0 && buf[used - 1] == ' ')
		used--;
	buf[used] = '\0';
	return true;
}
