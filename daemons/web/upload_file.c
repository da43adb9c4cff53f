/* upload_file.c: trusts file.h to publish whole files only, under names that are free. */
#include "daemons/web/upload_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/parts.h"

#define PART_PREFIX ".upload-"

enum { FILE_MODE = 0640, RANDOM_BYTES = 12, DIGEST_BYTES = 32 };

struct upload_file {
	int dir, fd;
	char part[64];
	char name[UPLOAD_NAME_MAX + 1];
	int64_t bytes;
	EVP_MD_CTX *hash;
};

/* ---- names ---- */

bool upload_file_name(const char *file_name, char ret[UPLOAD_NAME_MAX + 1], struct hs_error *err)
{
	static const char ending[] = ".json";
	const char *slash = strrchr(file_name, '/'), *name = slash != NULL ? slash + 1 : file_name;
	size_t length = strlen(name);

	if (length < sizeof ending || strcmp(name + length - strlen(ending), ending) != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "'%.200s' is not the name of a snapshot: they end in .json", name);
	if (name[0] == '.')
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "'%.200s' begins with a dot: the importer passes over such files", name);
	if (length > UPLOAD_NAME_MAX)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "the name '%.60s...' has more than %d bytes", name, (int)UPLOAD_NAME_MAX);
	memcpy(ret, name, length + 1);
	return true;
}

void upload_file_sweep(int dir)
{
	struct hs_error err = HS_ERROR_INIT;

	if (!hs_parts_sweep(dir, PART_PREFIX, "an upload", &err))
		hs_log_error(HS_LOG_INFO, "cannot look for what uploads left behind", &err);
}

/* ---- a file ---- */

/* Locked before anybody can take it for one that was left: one that was swept in between is made
 * anew. */
static bool open_part(struct upload_file *file, struct hs_error *err)
{
	unsigned char random[RANDOM_BYTES];
	char digits[2 * RANDOM_BYTES + 1];

	for (int tries = 0; tries < 5; tries++) {
		struct stat info;

		if (RAND_bytes(random, sizeof random) != 1)
			return hs_error_set(err, HS_NO_MEMORY, "", "no random bytes for a name");
		snprintf(file->part, sizeof file->part, PART_PREFIX "%s" HS_PART_SUFFIX,
		    hs_hex_text(random, sizeof random, digits));
		file->fd = openat(file->dir, file->part,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
		if (file->fd < 0)
			return hs_error_errno(
			    err, file->name, "cannot write into the incoming folder");
		if (flock(file->fd, LOCK_EX | LOCK_NB) == 0 && fstat(file->fd, &info) == 0 &&
		    info.st_nlink > 0)
			return true;
		close(file->fd);
		file->fd = -1;
	}
	return hs_error_set(err, HS_BUSY, file->name, "cannot keep a file in the incoming folder");
}

bool upload_file_new(int dir, const char *name, struct upload_file **ret, struct hs_error *err)
{
	struct upload_file *file = calloc(1, sizeof *file);

	if (file == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an upload");
	file->dir = dir;
	file->fd = -1;
	snprintf(file->name, sizeof file->name, "%s", name);
	if ((file->hash = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(file->hash, EVP_sha256(), NULL) != 1)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for an upload");
	else if (open_part(file, err)) {
		*ret = file;
		return true;
	}
	upload_file_free(file);
	return false;
}

bool upload_file_write(struct upload_file *file, const char *bytes, size_t length,
    struct hs_error *err)
{
	if (EVP_DigestUpdate(file->hash, bytes, length) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot hash an upload");
	if (!hs_file_write_all(file->fd, bytes, length, err))
		return false;
	file->bytes += (int64_t)length;
	return true;
}

bool upload_file_finish(struct upload_file *file, struct upload_result *ret, struct hs_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct hs_error why = HS_ERROR_INIT;
	bool done = false;

	if (file->bytes == 0)
		hs_error_set(err, HS_BAD_ARGUMENT, "file", "'%s' is empty", file->name);
	else if (EVP_DigestFinal_ex(file->hash, digest, NULL) != 1)
		hs_error_set(err, HS_NO_MEMORY, "", "cannot hash an upload");
	else if (!(done = hs_file_publish_new(file->dir, file->part, file->name, &file->fd,
		       ret->name, sizeof ret->name, &why)))
		*err = why;
	if (done && why.code != HS_OK)
		hs_log_error(HS_LOG_WARNING, "an upload came in, but a power cut may lose it", &why);
	if (done) {
		hs_hex_text(digest, DIGEST_BYTES, ret->sha256);
		ret->bytes = file->bytes;
	}
	upload_file_free(file);
	return done;
}

void upload_file_free(struct upload_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0) {
		unlinkat(file->dir, file->part, 0);
		close(file->fd);
	}
	EVP_MD_CTX_free(file->hash);
	free(file);
}
