/* charset.c: a state that moves forward only: the start, ASCII so far, then UTF-8 or Latin-1 for good. */
#include "daemons/extractor/charset.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

enum { CHUNK_BYTES = 4096, MAX_NAME_BYTES = 40 };

/* 0x80 to 0x9f of Windows-1252; 0: nothing is there. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
	0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
	0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

static const struct {
	const char *bytes;
	size_t length;
	const char *what;
} refused_starts[] = {
	{ "\xff\xfe\0\0", 4, "UTF-32" },
	{ "\0\0\xfe\xff", 4, "UTF-32" },
	{ "\xff\xfe", 2, "UTF-16" },
	{ "\xfe\xff", 2, "UTF-16" },
	{ "\x1f\x8b", 2, "a gzip file that is not declared as one (Content-Encoding: gzip)" },
	{ "PK\x03\x04", 4, "a zip file" },
};

/* The charset parameter of a Content-Type; false when there is none. */
static bool find_name(const char *content_type, char name[MAX_NAME_BYTES + 1])
{
	const char *at = content_type;
	size_t length;

	while ((at = strchr(at, ';')) != NULL) {
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "charset=", 8) != 0)
			continue;
		at += 8;
		at += *at == '"' || *at == '\'';
		length = strcspn(at, "\"'; \t");
		if (length > MAX_NAME_BYTES)
			length = MAX_NAME_BYTES;
		memcpy(name, at, length);
		name[length] = '\0';
		return length > 0;
	}
	return false;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool charset_begin(struct charset *charset, const char *content_type, struct hs_error *err)
{
	static const char *const utf8[] = { "utf-8", "utf8", "us-ascii", "ascii", "binary" };
	static const char *const latin1[] = { "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1",
		"latin-1", "windows-1252", "cp1252" };
	char name[MAX_NAME_BYTES + 1];

	*charset = (struct charset){ .state = CHARSET_START };
	if (content_type == NULL || !find_name(content_type, name) ||
	    is_one_of(name, utf8, HS_COUNT(utf8)))
		return true;
	charset->is_called_latin1 = is_one_of(name, latin1, HS_COUNT(latin1));
	return charset->is_called_latin1 || hs_error_set(err, HS_BAD_ENCODING, "",
	    "the feed is encoded in %s: only UTF-8 and Latin-1 are read", name);
}

static bool convert(const unsigned char *bytes, size_t length, charset_sink *sink, void *arg,
    struct hs_error *err)
{
	char out[CHUNK_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned c = bytes[i];

		if (c >= 0x80 && c < 0xa0 && (c = windows_1252[c - 0x80]) == 0)
			return hs_error_set(err, HS_BAD_ENCODING, "",
			    "the feed is said to be Latin-1, but has the byte 0x%02x, which means "
			    "nothing there", bytes[i]);
		if (c < 0x80) {
			out[used++] = (char)c;
		} else if (c < 0x800) {
			out[used++] = (char)(0xc0 | c >> 6);
			out[used++] = (char)(0x80 | (c & 0x3f));
		} else {
			out[used++] = (char)(0xe0 | c >> 12);
			out[used++] = (char)(0x80 | (c >> 6 & 0x3f));
			out[used++] = (char)(0x80 | (c & 0x3f));
		}
		if (used + 3 > sizeof out || i + 1 == length) {
			if (!sink(arg, out, used, err))
				return false;
			used = 0;
		}
	}
	return true;
}

/* How many bytes the UTF-8 character has that begins so; 1 when none does. */
static size_t character_bytes(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* Settles the encoding by the first character beyond ASCII, which is held. */
static bool leave_ascii(struct charset *charset, charset_sink *sink, void *arg, struct hs_error *err)
{
	size_t length = charset->held_length;

	charset->held_length = 0;
	if (hs_utf8_valid_prefix((const char *)charset->held, length) == length) {
		charset->state = CHARSET_UTF8;
		return sink(arg, (const char *)charset->held, length, err);
	}
	charset->state = CHARSET_LATIN1;
	return convert(charset->held, length, sink, arg, err);
}

/* Takes bytes up to where the encoding is settled; *ret_taken says how many. */
static bool push_ascii(struct charset *charset, const char *bytes, size_t length,
    size_t *ret_taken, charset_sink *sink, void *arg, struct hs_error *err)
{
	size_t plain = 0, taken;

	while (charset->held_length == 0 && plain < length && (unsigned char)bytes[plain] < 0x80)
		plain++;
	if (plain > 0 && !sink(arg, bytes, plain, err))
		return false;
	for (taken = plain; taken < length; taken++) {
		charset->held[charset->held_length++] = (unsigned char)bytes[taken];
		if (charset->held_length == character_bytes(charset->held[0])) {
			*ret_taken = taken + 1;
			return leave_ascii(charset, sink, arg, err);
		}
	}
	*ret_taken = length;
	return true;
}

/* What comes behind the start. */
static bool push_settled(struct charset *charset, const char *bytes, size_t length,
    charset_sink *sink, void *arg, struct hs_error *err)
{
	size_t taken = 0;

	if (charset->state == CHARSET_ASCII &&
	    !push_ascii(charset, bytes, length, &taken, sink, arg, err))
		return false;
	if (taken == length)
		return true;
	if (charset->state == CHARSET_LATIN1)
		return convert((const unsigned char *)bytes + taken, length - taken, sink, arg, err);
	return sink(arg, bytes + taken, length - taken, err);
}

/* Judges the first bytes; there are fewer than four of them only if that is all there is. */
static bool leave_start(struct charset *charset, charset_sink *sink, void *arg, struct hs_error *err)
{
	unsigned char start[sizeof charset->held];
	size_t length = charset->held_length, skip = 0;

	memcpy(start, charset->held, sizeof start);
	charset->held_length = 0;
	charset->state = charset->is_called_latin1 ? CHARSET_ASCII : CHARSET_UTF8;
	for (size_t i = 0; i < HS_COUNT(refused_starts); i++) {
		if (length >= refused_starts[i].length &&
		    memcmp(start, refused_starts[i].bytes, refused_starts[i].length) == 0)
			return hs_error_set(err, HS_BAD_ENCODING, "",
			    "the feed is %s: only UTF-8 is read", refused_starts[i].what);
	}
	if (length >= 2 && (start[0] == 0) != (start[1] == 0))
		return hs_error_set(err, HS_BAD_ENCODING, "",
		    "the feed is UTF-16 or UTF-32: only UTF-8 is read");
	if (length >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0) {
		charset->state = CHARSET_UTF8;
		skip = 3;
	}
	return push_settled(charset, (const char *)start + skip, length - skip, sink, arg, err);
}

bool charset_push(struct charset *charset, const char *bytes, size_t length, charset_sink *sink,
    void *arg, struct hs_error *err)
{
	if (charset->state == CHARSET_START) {
		while (length > 0 && charset->held_length < sizeof charset->held) {
			charset->held[charset->held_length++] = (unsigned char)*bytes++;
			length--;
		}
		if (charset->held_length < sizeof charset->held)
			return true;
		if (!leave_start(charset, sink, arg, err))
			return false;
	}
	return length == 0 || push_settled(charset, bytes, length, sink, arg, err);
}

bool charset_end(struct charset *charset, charset_sink *sink, void *arg, struct hs_error *err)
{
	if (charset->state == CHARSET_START && !leave_start(charset, sink, arg, err))
		return false;
	/* half a character at the end: that was none */
	return charset->held_length == 0 || leave_ascii(charset, sink, arg, err);
}
