/* backup_read.c: reads a backup, and believes nothing of it before its sums are right.
 *
 * Trusts no byte: only regular members with names that we write are taken, each name is one
 * component below its folder, the manifest comes first, the sums last, and each of the sums must be
 * the one that was computed. */
#include "common/backup_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "common/backup_sums.h"
#include "common/file.h"
#include "common/number.h"

enum { CHUNK_BYTES = 256 << 10, MANIFEST_BYTES = 4 << 20 };

struct reading {
	int fd;
	const struct hs_backup_reader *reader;
	void *arg;
	struct archive *archive;
	EVP_MD_CTX *digest;
	struct hs_backup_sums sums;
	struct hs_backup_member member;
	struct hs_error why; /* of a read that failed */
	char *chunk;
	int64_t bytes;
	bool is_over; /* SHA256SUMS has been read */
};

static la_ssize_t on_read(struct archive *archive, void *arg, const void **ret_bytes)
{
	struct reading *reading = arg;
	size_t got;

	if (!hs_file_read(reading->fd, reading->chunk, CHUNK_BYTES, &got, &reading->why)) {
		archive_set_error(archive, EIO, "cannot read");
		return -1;
	}
	*ret_bytes = reading->chunk;
	reading->bytes += (int64_t)got;
	if (reading->reader->on_progress != NULL)
		reading->reader->on_progress(reading->arg, reading->bytes);
	return (la_ssize_t)got;
}

/* ---- what can be wrong ---- */

static bool not_ours(struct hs_error *err)
{
	return hs_error_set(err, HS_BAD_BACKUP, "",
	    "this is no backup of HoopScout: a tar archive whose first member "
	    "is " HS_BACKUP_MANIFEST " is one; one that was compressed must be unpacked first");
}

static bool fail(struct reading *reading, struct hs_error *err)
{
	const char *words = archive_error_string(reading->archive);
	const char *last = reading->member.name;

	if (reading->why.code != HS_OK) {
		*err = reading->why;
		return false;
	}
	if (last[0] == '\0')
		return not_ours(err);
	if (words != NULL && strstr(words, "runcated") != NULL)
		return hs_error_set(err, HS_TRUNCATED, last,
		    "the backup ends within or after %.200s, at byte %" PRId64 ": it is not whole",
		    last, reading->bytes);
	return hs_error_set(err, HS_BAD_BACKUP, last,
	    "the backup is damaged after %.200s, which begins at byte %" PRId64 ": %.100s", last,
	    reading->member.at, words != NULL ? words : "no memory");
}

static bool damaged(const struct reading *reading, struct hs_error *err, const char *what)
{
	return hs_error_set(err, HS_BAD_BACKUP, reading->member.name,
	    "the backup is damaged: %.200s, at byte %" PRId64 ", %s", reading->member.name,
	    reading->member.at, what);
}

/* ---- members ---- */

static bool is_name_in_folder(const char *name)
{
	static const char *const folders[] = { "incoming/", "archive/", "failed/" };

	for (size_t i = 0; i < HS_COUNT(folders); i++) {
		const char *rest = name + strlen(folders[i]);

		if (strncmp(name, folders[i], strlen(folders[i])) == 0)
			return rest[0] != '\0' && rest[0] != '.' && strchr(rest, '/') == NULL &&
			    strlen(rest) <= NAME_MAX;
	}
	return false;
}

static bool take_header(struct reading *reading, struct archive_entry *entry, struct hs_error *err)
{
	struct hs_backup_member *member = &reading->member;
	const char *name = archive_entry_pathname(entry);
	bool is_first = member->name[0] == '\0';

	if (name == NULL || strlen(name) >= sizeof member->name)
		return is_first
		    ? not_ours(err)
		    : damaged(reading, err, "is followed by one with an impossible name");
	if (is_first && strcmp(name, HS_BACKUP_MANIFEST) != 0)
		return not_ours(err);
	memcpy(member->name, name, strlen(name) + 1);
	member->at = archive_read_header_position(reading->archive);
	member->size = archive_entry_size(entry);
	member->mode = archive_entry_perm(entry) & 0777;
	member->changed_at = archive_entry_mtime(entry);
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL ||
	    !archive_entry_size_is_set(entry) || member->size < 0)
		return damaged(reading, err, "is no plain file");
	if (!is_first && strcmp(name, HS_BACKUP_DATABASE) != 0 &&
	    strcmp(name, HS_BACKUP_SUMS) != 0 && !is_name_in_folder(name))
		return damaged(reading, err, "has a name that no backup has");
	return true;
}

/* Reads the next piece of a member into *ret; *ret_length is 0 after the last one. */
static bool next_bytes(
    struct reading *reading, const void **ret, size_t *ret_length, struct hs_error *err)
{
	la_int64_t offset;
	int status = archive_read_data_block(reading->archive, ret, ret_length, &offset);

	if (status == ARCHIVE_EOF)
		*ret_length = 0;
	return status == ARCHIVE_EOF || status == ARCHIVE_OK || fail(reading, err);
}

/* A small member, whole; the caller frees *ret, which ends with a NUL. */
static bool read_small(struct reading *reading, char **ret, struct hs_error *err)
{
	size_t size = (size_t)reading->member.size, at = 0, length;
	const void *bytes;
	char *text;

	if (reading->member.size > MANIFEST_BYTES)
		return damaged(reading, err, "is far too big");
	if ((text = malloc(size + 1)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a backup");
	for (;;) {
		if (!next_bytes(reading, &bytes, &length, err))
			break;
		if (length == 0 || at + length > size) {
			text[at] = '\0';
			*ret = text;
			return true;
		}
		memcpy(text + at, bytes, length);
		at += length;
	}
	free(text);
	return false;
}

static bool add_sum(struct reading *reading, struct hs_error *err)
{
	unsigned char sha256[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(reading->digest, sha256, NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	return hs_backup_sums_add(
	    &reading->sums, reading->member.name, reading->member.at, sha256, err);
}

static bool check_manifest(const json_t *manifest, struct hs_error *err)
{
	const char *format = json_string_value(json_object_get(manifest, "format"));
	const json_t *version = json_object_get(manifest, "format_version");
	const char *maker = json_string_value(json_object_get(manifest, "hoopscout"));

	if (format == NULL || strcmp(format, "hoopscout-backup") != 0 || !json_is_integer(version))
		return not_ours(err);
	if (json_integer_value(version) > HS_BACKUP_FORMAT)
		return hs_error_set(err, HS_BAD_BACKUP, HS_BACKUP_MANIFEST,
		    "this backup has format %lld, made by HoopScout %.40s; this "
		    "HoopScout " PACKAGE_VERSION " reads up to format %d: use a newer one",
		    (long long)json_integer_value(version), maker != NULL ? maker : "?",
		    (int)HS_BACKUP_FORMAT);
	return true;
}

static bool take_manifest(struct reading *reading, struct hs_error *err)
{
	json_t *manifest = NULL;
	json_error_t where;
	char *text = NULL;
	bool done;

	if (!read_small(reading, &text, err))
		return false;
	manifest = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	done =
	    manifest == NULL ? damaged(reading, err, "is no JSON") : check_manifest(manifest, err);
	if (done &&
	    (EVP_DigestInit_ex(reading->digest, EVP_sha256(), NULL) != 1 ||
		EVP_DigestUpdate(reading->digest, text, strlen(text)) != 1))
		done = hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	done = done && add_sum(reading, err) &&
	    (reading->reader->on_manifest == NULL ||
		reading->reader->on_manifest(reading->arg, manifest, err));
	json_decref(manifest);
	free(text);
	return done;
}

static bool take_member(struct reading *reading, struct hs_error *err)
{
	const struct hs_backup_reader *reader = reading->reader;
	const void *bytes;
	size_t length;

	if (EVP_DigestInit_ex(reading->digest, EVP_sha256(), NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	if (reader->on_member != NULL && !reader->on_member(reading->arg, &reading->member, err))
		return false;
	for (;;) {
		if (!next_bytes(reading, &bytes, &length, err))
			return false;
		if (length == 0)
			break;
		if (EVP_DigestUpdate(reading->digest, bytes, length) != 1)
			return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
		if (reader->on_bytes != NULL && !reader->on_bytes(reading->arg, bytes, length, err))
			return false;
	}
	return add_sum(reading, err) &&
	    (reader->on_end == NULL || reader->on_end(reading->arg, err));
}

/* ---- the sums ---- */

/* Bytes of the member, as they are asked for. */
struct sums_text {
	const char *bytes;
	size_t left;
};

static bool compare_some(struct reading *reading, struct sums_text *text, const char *line,
    size_t length, bool *ret_equal, struct hs_error *err)
{
	while (length > 0) {
		const void *bytes;
		size_t some;

		if (text->left == 0) {
			if (!next_bytes(reading, &bytes, &text->left, err))
				return false;
			text->bytes = bytes;
		}
		some = text->left < length ? text->left : length;
		if (some == 0 || memcmp(text->bytes, line, some) != 0) {
			*ret_equal = false;
			return true;
		}
		text->bytes += some;
		text->left -= some;
		line += some;
		length -= some;
	}
	*ret_equal = true;
	return true;
}

static bool wrong_sum(const char *line, int64_t at, struct hs_error *err)
{
	const char *name = strstr(line, "  ");
	int length;

	name = name == NULL ? line : name + 2;
	length = (int)strcspn(name, "\n");
	return hs_error_set(err, HS_BAD_BACKUP, HS_BACKUP_SUMS,
	    "the backup is damaged: %.*s, at byte %" PRId64 ", is not what " HS_BACKUP_SUMS
	    " says of it",
	    length < 200 ? length : 200, name, at);
}

static bool take_sums(struct reading *reading, struct hs_error *err)
{
	struct sums_text text = { .left = 0 };
	char line[HS_SUMS_LINE_BYTES];
	const void *bytes;
	size_t length;
	bool is_equal;
	int64_t at = 0;

	if (!hs_backup_sums_rewind(&reading->sums, err))
		return false;
	for (;;) {
		if (!hs_backup_sums_next(&reading->sums, line, &length, &at, err))
			return false;
		if (length == 0)
			break;
		if (!compare_some(reading, &text, line, length, &is_equal, err))
			return false;
		if (!is_equal)
			return wrong_sum(line, at, err);
	}
	if (text.left == 0 && !next_bytes(reading, &bytes, &text.left, err))
		return false;
	if (text.left > 0)
		return damaged(reading, err, "names members that are not there");
	reading->is_over = true;
	return true;
}

/* ---- all of it ---- */

static bool read_member(struct reading *reading, struct archive_entry *entry, struct hs_error *err)
{
	bool is_first = reading->member.name[0] == '\0';

	if (reading->is_over)
		return damaged(reading, err, "is not the last member");
	if (!take_header(reading, entry, err))
		return false;
	if (is_first)
		return take_manifest(reading, err);
	if (strcmp(reading->member.name, HS_BACKUP_SUMS) == 0)
		return take_sums(reading, err);
	return take_member(reading, err);
}

static bool read_all(struct reading *reading, struct hs_error *err)
{
	for (;;) {
		struct archive_entry *entry;
		int status = archive_read_next_header(reading->archive, &entry);

		if (status == ARCHIVE_EOF)
			break;
		if (status != ARCHIVE_OK)
			return fail(reading, err);
		if (!read_member(reading, entry, err))
			return false;
	}
	if (reading->member.name[0] == '\0')
		return not_ours(err);
	if (!reading->is_over)
		return hs_error_set(err, HS_TRUNCATED, reading->member.name,
		    "the backup ends after %.200s, at byte %" PRId64 ", without " HS_BACKUP_SUMS
		    ": it is not whole",
		    reading->member.name, reading->bytes);
	return true;
}

static bool begin(struct reading *reading, struct hs_error *err)
{
	reading->archive = archive_read_new();
	reading->digest = EVP_MD_CTX_new();
	reading->chunk = malloc(CHUNK_BYTES);
	if (reading->archive == NULL || reading->digest == NULL || reading->chunk == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a backup");
	if (!hs_backup_sums_open(&reading->sums, err))
		return false;
	archive_read_support_format_tar(reading->archive);
	archive_read_support_format_empty(reading->archive);
	return archive_read_open(reading->archive, reading, NULL, on_read, NULL) == ARCHIVE_OK ||
	    fail(reading, err);
}

bool hs_backup_read(int fd, const struct hs_backup_reader *reader, void *arg,
    struct hs_backup_counts *ret, struct hs_error *err)
{
	struct reading reading = { .fd = fd, .reader = reader, .arg = arg };
	bool done = begin(&reading, err) && read_all(&reading, err);

	if (done)
		*ret = (struct hs_backup_counts){ reading.sums.count, reading.bytes };
	if (reading.archive != NULL)
		archive_read_free(reading.archive);
	EVP_MD_CTX_free(reading.digest);
	hs_backup_sums_close(&reading.sums);
	free(reading.chunk);
	return done;
}
