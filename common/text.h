/* text.h: bounded text, UTF-8, and the folding that makes names findable. */
#ifndef HS_TEXT_H
#define HS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* snprintf that refuses to cut: HS_TOO_LONG names what was too long. */
bool hs_format(char *buf, size_t size, struct hs_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A copy of a text that may be missing, for the caller to free; NULL stays as *ret is. false: there
 * is no memory. */
bool hs_text_copy(const char *text, char **ret);

/* The offset of the first byte that is not valid UTF-8 (overlong forms,
 * surrogates, beyond U+10FFFF, cut off), or length when all is valid. */
size_t hs_utf8_valid_prefix(const char *text, size_t length);

/* How many bytes to take of a text when at most so many fit: it ends at a character's end, also
 * where the text is not valid. For "%.*s". */
int hs_utf8_cut(const char *text, size_t most);

/* Characters (code points) in valid UTF-8. */
size_t hs_utf8_count(const char *text, size_t length);

/* Copies text into buf as valid UTF-8, each bad byte as U+FFFD, and ends it with
 * NUL, cut at a character's end. For names of files, which may be any bytes. Returns buf. */
const char *hs_utf8_clean(const char *text, size_t length, char *buf, size_t size);

/* Narrows the span to what lies between Unicode white space (U+00A0 too) at both ends. */
void hs_text_trim(const char **text, size_t *length);

/* Nothing but white space and invisible format characters (or nothing at all). */
bool hs_text_is_blank(const char *text, size_t length);

/* A folded name is at most three times as long as the name, and a byte for NUL:
 * room for 200 characters of four bytes each. */
enum { HS_FOLDED_NAME_BYTES = 2404 };

/* Folds a name for searching and for sorting: lower case, without accents, Đ Ł Ø ı
 * and their kind as plain letters, ß as ss, apostrophes and dots gone, hyphens and
 * all white space as one blank, trimmed. "O’Neal" is "oneal", "Dončić" "doncic".
 * Errors: HS_BAD_UTF8, HS_TOO_LONG (does not fit size). */
bool hs_name_fold(const char *text, size_t length, char *buf, size_t size, struct hs_error *err);

/* Folds a name that somebody looks for: the same, and a comma parts words ("Dončić, Luka"). */
bool hs_name_fold_wanted(const char *text, size_t length, char *buf, size_t size,
    struct hs_error *err);

#endif
