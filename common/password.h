/* password.h: what a password must be, and its scrypt hash.
 *
 * A hash is "$scrypt$ln=15,r=8,p=3$SALT$HASH" (base64): what it was made with stands in it, so
 * that it can be judged after the parameters have grown. Text is brought into one Unicode form
 * (NFC) first: keyboards differ. Hashing takes 32 MB and about a quarter of a second: not on an
 * event loop. All of it is safe in any thread. */
#ifndef HS_PASSWORD_H
#define HS_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum {
	HS_PASSWORD_MIN_CHARACTERS = 12,
	HS_PASSWORD_MAX_BYTES = 1024,
	HS_PASSWORD_HASH_BYTES = 128	/* of its text, with the NUL */
};

/* 12 characters to 1024 bytes of UTF-8, no control characters. Errors: HS_BAD_ARGUMENT, whose
 * message never shows the password. */
bool hs_password_check(const char *password, size_t length, struct hs_error *err);

/* A new hash, with a salt of its own. Errors: HS_BAD_ARGUMENT (hs_password_check's), HS_NO_MEMORY,
 * HS_IO (no random bytes). */
bool hs_password_hash(const char *password, size_t length, char ret[HS_PASSWORD_HASH_BYTES],
    struct hs_error *err);

/* Whether a password, any bytes, is the one of hash. *ret_weak: hash was made with less than a
 * new one would be. hash NULL: takes as long, and is wrong.
 * Errors: HS_BAD_ARGUMENT (hash is none), HS_NO_MEMORY. */
bool hs_password_verify(const char *password, size_t length, const char *hash, bool *ret_right,
    bool *ret_weak, struct hs_error *err);

/* Whether text has the form of a hash, with bounded parameters. */
bool hs_password_is_hash(const char *text);

#endif
