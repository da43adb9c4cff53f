/* charset.h: what a server sends, as UTF-8, byte by byte as it comes.
 *
 * JSON is UTF-8, so that is what a body is taken for, whatever it is called. Only one that is called
 * Latin-1 (or Windows-1252, as which all of its kind are read) and whose first letter beyond ASCII is
 * not UTF-8 is converted: servers call much Latin-1 that is not. A UTF-8 byte order mark is taken
 * off. UTF-16 and UTF-32, other names of encodings, and files packed with gzip or zip are refused by name.
 * Whether UTF-8 is valid is left to those who read it. */
#ifndef HS_EXTRACTOR_CHARSET_H
#define HS_EXTRACTOR_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct charset {
	enum { CHARSET_START, CHARSET_ASCII, CHARSET_UTF8, CHARSET_LATIN1 } state;
	bool is_called_latin1;
	unsigned char held[4];		/* too few to judge by */
	size_t held_length;
};

/* Where the text goes; false has filled *err. */
typedef bool charset_sink(void *arg, const char *bytes, size_t length, struct hs_error *err);

/* Starts a body, with the value of Content-Type or NULL. Error: HS_BAD_ENCODING. */
bool charset_begin(struct charset *charset, const char *content_type, struct hs_error *err);

/* Errors: HS_BAD_ENCODING, and the sink's. */
bool charset_push(struct charset *charset, const char *bytes, size_t length, charset_sink *sink,
    void *arg, struct hs_error *err);

/* The body is over: what was held goes out. */
bool charset_end(struct charset *charset, charset_sink *sink, void *arg, struct hs_error *err);

#endif
