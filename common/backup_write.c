/* backup_write.c: writes a backup, member by member, through libarchive.
 *
 * Trusts its caller's names. GNU's tar format: names are bytes as they are, sizes have no limit.
 * What cannot be written (the disk is full, the reader has gone) ends it with that error. */
#include "common/backup_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "common/backup_sums.h"
#include "common/file.h"

enum { CHUNK_BYTES = 256 << 10, OWN_MODE = 0600 };

struct hs_backup_writer {
	int fd;
	struct archive *archive;
	EVP_MD_CTX *digest;
	struct hs_backup_sums sums;
	struct hs_error why; /* of the first write that failed */
	int64_t bytes;
	bool is_given_up;
	char *chunk;
};

/* A failure is kept in why, which all who write look at: libarchive, told of it, leaks a buffer. */
static la_ssize_t on_write(struct archive *archive, void *arg, const void *bytes, size_t length)
{
	struct hs_backup_writer *writer = arg;

	(void)archive;
	if (!writer->is_given_up && writer->why.code == HS_OK &&
	    hs_file_write_all(writer->fd, bytes, length, &writer->why))
		writer->bytes += (int64_t)length;
	return (la_ssize_t)length;
}

static bool fail(const struct hs_backup_writer *writer, struct hs_error *err)
{
	const char *words = archive_error_string(writer->archive);

	if (writer->why.code != HS_OK) {
		*err = writer->why;
		return false;
	}
	return hs_error_set(
	    err, HS_IO, "", "cannot write the backup: %s", words != NULL ? words : "no memory");
}

bool hs_backup_writer_new(int fd, struct hs_backup_writer **ret, struct hs_error *err)
{
	struct hs_backup_writer *writer = calloc(1, sizeof *writer);

	if (writer == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to write a backup");
	writer->fd = fd;
	writer->archive = archive_write_new();
	writer->digest = EVP_MD_CTX_new();
	writer->chunk = malloc(CHUNK_BYTES);
	if (writer->archive == NULL || writer->digest == NULL || writer->chunk == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory to write a backup");
	} else if (hs_backup_sums_open(&writer->sums, err)) {
		if (archive_write_set_format_gnutar(writer->archive) == ARCHIVE_OK &&
		    archive_write_open(writer->archive, writer, NULL, on_write, NULL) ==
			ARCHIVE_OK) {
			*ret = writer;
			return true;
		}
		fail(writer, err);
	}
	hs_backup_writer_free(writer);
	return false;
}

void hs_backup_writer_free(struct hs_backup_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->archive != NULL) {
		writer->is_given_up = true; /* libarchive would write an end */
		archive_write_free(writer->archive);
	}
	EVP_MD_CTX_free(writer->digest);
	hs_backup_sums_close(&writer->sums);
	free(writer->chunk);
	free(writer);
}

static bool write_header(
    struct hs_backup_writer *writer, const struct hs_backup_member *member, struct hs_error *err)
{
	struct archive_entry *entry = archive_entry_new();
	bool done;

	if (entry == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to write a backup");
	archive_entry_copy_pathname(entry, member->name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, member->mode & 0777);
	archive_entry_set_size(entry, member->size);
	archive_entry_set_mtime(entry, member->changed_at, 0);
	done = (archive_write_header(writer->archive, entry) == ARCHIVE_OK &&
		   writer->why.code == HS_OK) ||
	    fail(writer, err);
	archive_entry_free(entry);
	return done;
}

static bool write_data(
    struct hs_backup_writer *writer, const void *bytes, size_t length, struct hs_error *err)
{
	return (archive_write_data(writer->archive, bytes, length) == (la_ssize_t)length &&
		   writer->why.code == HS_OK) ||
	    fail(writer, err);
}

/* A member's bytes, in chunks, as next gives them. */
static bool copy_bytes(struct hs_backup_writer *writer, const struct hs_backup_member *member,
    int fd, bool (*on_bytes)(void *arg, int64_t bytes, struct hs_error *err), void *arg,
    struct hs_error *err)
{
	for (int64_t left = member->size; left > 0;) {
		size_t wanted = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES, got;

		if (!hs_file_read(fd, writer->chunk, wanted, &got, err)) {
			hs_error_at(err, member->name);
			return false;
		}
		if (got == 0)
			return hs_error_set(err, HS_FILE_CHANGED, member->name,
			    "it became shorter while it was copied: try again");
		if (EVP_DigestUpdate(writer->digest, writer->chunk, got) != 1)
			return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
		if (!write_data(writer, writer->chunk, got, err))
			return false;
		left -= (int64_t)got;
		if (on_bytes != NULL && !on_bytes(arg, (int64_t)got, err))
			return false;
	}
	return true;
}

static bool add_sum(struct hs_backup_writer *writer, const char *name, unsigned char *ret_sha256,
    struct hs_error *err)
{
	unsigned char sha256[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(writer->digest, sha256, NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	if (ret_sha256 != NULL)
		memcpy(ret_sha256, sha256, HS_SHA256_BYTES);
	return hs_backup_sums_add(&writer->sums, name, 0, sha256, err);
}

bool hs_backup_add_text(struct hs_backup_writer *writer, const char *name, const char *text,
    size_t length, struct hs_error *err)
{
	struct hs_backup_member member = {
		.size = (int64_t)length, .mode = OWN_MODE, .changed_at = time(NULL)
	};

	strncpy(member.name, name, sizeof member.name - 1);
	if (EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(writer->digest, text, length) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	return write_header(writer, &member, err) && write_data(writer, text, length, err) &&
	    add_sum(writer, name, NULL, err);
}

bool hs_backup_add_file(struct hs_backup_writer *writer, const struct hs_backup_member *member,
    int fd, bool (*on_bytes)(void *arg, int64_t bytes, struct hs_error *err), void *arg,
    unsigned char *ret_sha256, struct hs_error *err)
{
	if (EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	return write_header(writer, member, err) &&
	    copy_bytes(writer, member, fd, on_bytes, arg, err) &&
	    add_sum(writer, member->name, ret_sha256, err);
}

static bool write_sums(struct hs_backup_writer *writer, struct hs_error *err)
{
	struct hs_backup_member member = { .name = HS_BACKUP_SUMS,
		.size = writer->sums.bytes,
		.mode = OWN_MODE,
		.changed_at = time(NULL) };
	char line[HS_SUMS_LINE_BYTES];
	size_t length;
	int64_t ignored;

	if (!write_header(writer, &member, err) || !hs_backup_sums_rewind(&writer->sums, err))
		return false;
	for (;;) {
		if (!hs_backup_sums_next(&writer->sums, line, &length, &ignored, err))
			return false;
		if (length == 0)
			return true;
		if (!write_data(writer, line, length, err))
			return false;
	}
}

bool hs_backup_finish(
    struct hs_backup_writer *writer, int64_t *ret_members, int64_t *ret_bytes, struct hs_error *err)
{
	if (!write_sums(writer, err))
		return false;
	if (archive_write_close(writer->archive) != ARCHIVE_OK || writer->why.code != HS_OK)
		return fail(writer, err);
	*ret_members = writer->sums.count;
	*ret_bytes = writer->bytes;
	return true;
}
