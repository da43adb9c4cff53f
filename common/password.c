/* password.c: scrypt through OpenSSL.
 *
 * Trusts no hash that comes in: its parameters are bounded before any memory is taken. Copies of a
 * password are wiped; comparisons take the same time wherever the difference is. */
#include "common/password.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <utf8proc.h>

#include "common/number.h"
#include "common/text.h"

enum {
	SALT_BYTES = 16, KEY_BYTES = 32,
	TEXT_BYTES = 48,	/* base64 of either */
	LOG2_N = 15, R = 8, P = 3,
	LOG2_N_MOST = 20, R_MOST = 16, P_MOST = 16
};

static const uint64_t most_memory = 300u << 20;

struct scrypt {
	unsigned log2_n, r, p;
	unsigned char salt[SALT_BYTES], key[KEY_BYTES];
};

static bool refuse(struct hs_error *err, const char *why)
{
	return hs_error_set(err, HS_BAD_ARGUMENT, "password", "%s", why);
}

bool hs_password_check(const char *password, size_t length, struct hs_error *err)
{
	size_t characters;

	if (length > HS_PASSWORD_MAX_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "password",
		    "the password is longer than %d bytes", (int)HS_PASSWORD_MAX_BYTES);
	if (hs_utf8_valid_prefix(password, length) != length)
		return refuse(err, "the password is not valid UTF-8");
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)password[i] < ' ' || password[i] == 0x7f)
			return refuse(err, "the password holds a control character");
	}
	if ((characters = hs_utf8_count(password, length)) < HS_PASSWORD_MIN_CHARACTERS)
		return hs_error_set(err, HS_BAD_ARGUMENT, "password",
		    "the password has %zu characters: at least %d are needed", characters,
		    (int)HS_PASSWORD_MIN_CHARACTERS);
	return true;
}

/* ---- scrypt ---- */

/* What is no UTF-8 stays as it is: it is no account's password. NULL without memory. */
static char *normalize(const char *password, size_t length, size_t *ret_length)
{
	utf8proc_uint8_t *text = NULL;
	utf8proc_ssize_t count = UTF8PROC_ERROR_INVALIDUTF8;
	char *copy;

	if (hs_utf8_valid_prefix(password, length) == length)
		count = utf8proc_map((const utf8proc_uint8_t *)password, (utf8proc_ssize_t)length,
		    &text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (count >= 0) {
		*ret_length = (size_t)count;
		return (char *)text;
	}
	if (count == UTF8PROC_ERROR_NOMEM || (copy = malloc(length + 1)) == NULL)
		return NULL;
	memcpy(copy, password, length);
	*ret_length = length;
	return copy;
}

static bool derive(const char *password, size_t length, const struct scrypt *scrypt,
    unsigned char key[KEY_BYTES], struct hs_error *err)
{
	size_t text_length = 0;
	char *text = normalize(password, length, &text_length);
	bool done = text != NULL && EVP_PBE_scrypt(text, text_length, scrypt->salt, SALT_BYTES,
	    UINT64_C(1) << scrypt->log2_n, scrypt->r, scrypt->p, most_memory, key, KEY_BYTES) == 1;

	if (text != NULL)
		OPENSSL_cleanse(text, text_length);
	free(text);
	return done || hs_error_set(err, HS_NO_MEMORY, "", "no memory to check a password");
}

/* ---- its text ---- */

static void write_hash(const struct scrypt *scrypt, char ret[HS_PASSWORD_HASH_BYTES])
{
	unsigned char salt[TEXT_BYTES], key[TEXT_BYTES];

	EVP_EncodeBlock(salt, scrypt->salt, SALT_BYTES);
	EVP_EncodeBlock(key, scrypt->key, KEY_BYTES);
	snprintf(ret, HS_PASSWORD_HASH_BYTES, "$scrypt$ln=%u,r=%u,p=%u$%s$%s", scrypt->log2_n,
	    scrypt->r, scrypt->p, (char *)salt, (char *)key);
}

/* "name=NUMBER" up to end; *at goes behind it. */
static bool read_number(const char **at, const char *name, char end, unsigned most, unsigned *ret)
{
	struct hs_error ignored = HS_ERROR_INIT;
	const char *stop;
	char digits[8];
	long long number;
	size_t length;

	if (strncmp(*at, name, strlen(name)) != 0 || (stop = strchr(*at, end)) == NULL)
		return false;
	*at += strlen(name);
	length = (size_t)(stop - *at);
	if (stop < *at || length >= sizeof digits)
		return false;
	memcpy(digits, *at, length);
	digits[length] = '\0';
	if (!hs_parse_int(digits, 1, most, name, &number, &ignored))
		return false;
	*ret = (unsigned)number;
	*at = stop + 1;
	return true;
}

/* Base64 of exactly so many bytes. */
static bool read_bytes(const char *text, size_t length, unsigned char *ret, size_t bytes)
{
	unsigned char out[TEXT_BYTES];
	size_t padding = (3 - bytes % 3) % 3;

	if (length != 4 * ((bytes + 2) / 3) ||
	    EVP_DecodeBlock(out, (const unsigned char *)text, (int)length) !=
		(int)(bytes + padding))
		return false;
	memcpy(ret, out, bytes);
	return true;
}

static bool read_hash(const char *text, struct scrypt *ret)
{
	static const char kind[] = "$scrypt$";
	const char *at = text + strlen(kind), *stop;
	struct scrypt scrypt;

	if (strncmp(text, kind, strlen(kind)) != 0 || strlen(text) >= HS_PASSWORD_HASH_BYTES ||
	    !read_number(&at, "ln=", ',', LOG2_N_MOST, &scrypt.log2_n) ||
	    !read_number(&at, "r=", ',', R_MOST, &scrypt.r) ||
	    !read_number(&at, "p=", '$', P_MOST, &scrypt.p) ||
	    (UINT64_C(128) * scrypt.r << scrypt.log2_n) > most_memory / 2 ||
	    (stop = strchr(at, '$')) == NULL ||
	    !read_bytes(at, (size_t)(stop - at), scrypt.salt, SALT_BYTES) ||
	    !read_bytes(stop + 1, strlen(stop + 1), scrypt.key, KEY_BYTES))
		return false;
	*ret = scrypt;
	return true;
}

bool hs_password_is_hash(const char *text)
{
	struct scrypt ignored;

	return read_hash(text, &ignored);
}

bool hs_password_hash(const char *password, size_t length, char ret[HS_PASSWORD_HASH_BYTES],
    struct hs_error *err)
{
	struct scrypt scrypt = { .log2_n = LOG2_N, .r = R, .p = P };

	if (!hs_password_check(password, length, err))
		return false;
	if (RAND_bytes(scrypt.salt, SALT_BYTES) != 1)
		return hs_error_set(err, HS_IO, "", "no random bytes for a password's salt");
	if (!derive(password, length, &scrypt, scrypt.key, err))
		return false;
	write_hash(&scrypt, ret);
	return true;
}

bool hs_password_verify(const char *password, size_t length, const char *hash, bool *ret_right,
    bool *ret_weak, struct hs_error *err)
{
	struct scrypt scrypt = { .log2_n = LOG2_N, .r = R, .p = P };
	unsigned char key[KEY_BYTES];
	bool is_same;

	if (hash != NULL && !read_hash(hash, &scrypt))
		return hs_error_set(err, HS_BAD_ARGUMENT, "password_hash",
		    "this is no hash of a password");
	if (!derive(password, length, &scrypt, key, err))
		return false;
	is_same = CRYPTO_memcmp(key, scrypt.key, KEY_BYTES) == 0;
	OPENSSL_cleanse(key, sizeof key);
	*ret_right = hash != NULL && is_same;
	*ret_weak = scrypt.log2_n < LOG2_N || scrypt.r < R || scrypt.p < P;
	return true;
}
