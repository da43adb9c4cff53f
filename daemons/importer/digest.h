/* digest.h: the SHA-256 of a file's content, in one go or while it is read for something else. */
#ifndef IMPORTER_DIGEST_H
#define IMPORTER_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "common/error.h"
#include "daemons/importer/progress.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_BYTES = 2 * DIGEST_BYTES + 1 };

struct digest {
	unsigned char bytes[DIGEST_BYTES];
};

/* Running: new, any number of adds, end. free accepts NULL. Errors: HS_NO_MEMORY. */
bool digest_new(EVP_MD_CTX **ret, struct hs_error *err);
bool digest_add(EVP_MD_CTX *running, const void *bytes, size_t length, struct hs_error *err);
bool digest_end(EVP_MD_CTX *running, struct digest *ret, struct hs_error *err);
void digest_free(EVP_MD_CTX *running);

/* All of a file, from its beginning to its end. Errors: HS_IO, HS_CANCELLED, HS_NO_MEMORY. */
bool digest_file(int fd, const struct progress *progress, struct digest *ret, struct hs_error *err);

bool digest_equal(const struct digest *a, const struct digest *b);

/* As 64 hexadecimal digits. Returns buf. */
const char *digest_text(const struct digest *digest, char buf[DIGEST_TEXT_BYTES]);

/* The first eight bytes as a number: the key of the advisory lock on this content. */
int64_t digest_key(const struct digest *digest);

#endif
