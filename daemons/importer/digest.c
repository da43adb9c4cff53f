/* digest.c: the SHA-256 of a file's content.
 *
 * Trusts nothing about the file: it may shrink or grow while it is read; the caller
 * compares. Failures to read are temporary. */
#include "daemons/importer/digest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/hex.h"

enum { READ_BYTES = 256 << 10 };

static bool no_digest(struct hs_error *err)
{
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory to compute a SHA-256");
}

bool digest_new(EVP_MD_CTX **ret, struct hs_error *err)
{
	EVP_MD_CTX *running = EVP_MD_CTX_new();

	if (running == NULL)
		return no_digest(err);
	if (EVP_DigestInit_ex(running, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(running);
		return no_digest(err);
	}
	*ret = running;
	return true;
}

bool digest_add(EVP_MD_CTX *running, const void *bytes, size_t length, struct hs_error *err)
{
	return EVP_DigestUpdate(running, bytes, length) == 1 || no_digest(err);
}

bool digest_end(EVP_MD_CTX *running, struct digest *ret, struct hs_error *err)
{
	return EVP_DigestFinal_ex(running, ret->bytes, NULL) == 1 || no_digest(err);
}

void digest_free(EVP_MD_CTX *running)
{
	EVP_MD_CTX_free(running);
}

static bool add_all(int fd, EVP_MD_CTX *running, char *buf, const struct progress *progress,
    struct hs_error *err)
{
	int64_t total = 0;
	size_t length;

	do {
		if (!progress_goes_on(progress, err) ||
		    !hs_file_read(fd, buf, READ_BYTES, &length, err) ||
		    !digest_add(running, buf, length, err))
			return false;
		total += (int64_t)length;
		progress_tell(progress, STAGE_CHECKING, total, 0);
	} while (length > 0);
	return true;
}

bool digest_file(int fd, const struct progress *progress, struct digest *ret, struct hs_error *err)
{
	EVP_MD_CTX *running = NULL;
	char *buf = malloc(READ_BYTES);
	bool done = false;

	if (buf == NULL) {
		no_digest(err);
		goto out;
	}
	if (lseek(fd, 0, SEEK_SET) < 0) {
		hs_error_errno(err, "", "cannot read the file from its beginning");
		goto out;
	}
	done = digest_new(&running, err) && add_all(fd, running, buf, progress, err) &&
	    digest_end(running, ret, err);
out:
	digest_free(running);
	free(buf);
	return done;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

const char *digest_text(const struct digest *digest, char buf[DIGEST_TEXT_BYTES])
{
	return hs_hex_text(digest->bytes, DIGEST_BYTES, buf);
}

int64_t digest_key(const struct digest *digest)
{
	int64_t key;

	memcpy(&key, digest->bytes, sizeof key);
	return key;
}
