/* token.h: secrets of 256 random bits, what is kept of them, and what is derived from them. */
#ifndef WEB_TOKEN_H
#define WEB_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TOKEN_TEXT_BYTES = 44,		/* 43 of base64 as URLs have it, and the NUL */
	TOKEN_DIGEST_BYTES = 67,	/* "\x", 64 hexadecimal digits, and the NUL */
	TOKEN_PROOF_BYTES = 65
};

/* A new one. False when there are no random bytes. */
bool token_new(char ret[TOKEN_TEXT_BYTES]);

/* Whether text, so long, has a token's form. */
bool token_is_one(const char *text, size_t length);

/* SHA-256 of a text, as PostgreSQL reads bytea. False without memory. */
bool token_digest(const char *text, char ret[TOKEN_DIGEST_BYTES]);

/* What only who has the token can know, for one purpose: HMAC-SHA256, in hexadecimal digits.
 * False without memory. */
bool token_prove(const char *token, const char *purpose, char ret[TOKEN_PROOF_BYTES]);

/* Compares texts in a time that does not tell where they differ. */
bool token_is_same(const char *left, const char *right);

#endif
