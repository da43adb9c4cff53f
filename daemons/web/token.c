/* token.c: OpenSSL does the work; fails when it has no memory or no random bytes. */
#include "daemons/web/token.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "common/hex.h"

enum { RANDOM_BYTES = 32, SHA256_BYTES = 32 };

bool token_new(char ret[TOKEN_TEXT_BYTES])
{
	unsigned char random[RANDOM_BYTES], text[48];

	if (RAND_bytes(random, sizeof random) != 1)
		return false;
	EVP_EncodeBlock(text, random, sizeof random);	/* 43 characters and '=' */
	for (size_t i = 0; i < TOKEN_TEXT_BYTES - 1; i++)
		ret[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : (char)text[i];
	ret[TOKEN_TEXT_BYTES - 1] = '\0';
	OPENSSL_cleanse(random, sizeof random);
	OPENSSL_cleanse(text, sizeof text);
	return true;
}

bool token_is_one(const char *text, size_t length)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return length == TOKEN_TEXT_BYTES - 1 && strspn(text, letters) >= length;
}

bool token_digest(const char *text, char ret[TOKEN_DIGEST_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	ret[0] = '\\';
	ret[1] = 'x';
	hs_hex_text(digest, sizeof digest, ret + 2);
	return true;
}

bool token_prove(const char *token, const char *purpose, char ret[TOKEN_PROOF_BYTES])
{
	unsigned char proof[SHA256_BYTES];
	unsigned length = sizeof proof;

	if (HMAC(EVP_sha256(), token, (int)strlen(token), (const unsigned char *)purpose,
		strlen(purpose), proof, &length) == NULL)
		return false;
	hs_hex_text(proof, sizeof proof, ret);
	return true;
}

bool token_is_same(const char *left, const char *right)
{
	size_t length = strlen(left);

	return strlen(right) == length && CRYPTO_memcmp(left, right, length) == 0;
}
