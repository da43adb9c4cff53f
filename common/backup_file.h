/* backup_file.h: the file that `hsctl backup` makes: a tar archive, with sums that any sha256sum
 * checks.
 *
 *   MANIFEST.json     what it is: format, versions, migrations, settings (secrets masked)
 *   database.dump     pg_dump's custom format
 *   incoming/NAME ... archive/NAME ... failed/NAME ...
 *   SHA256SUMS        a line for each member before it, in their order; the last member
 *
 * It can be read without us: tar xf FILE; sha256sum -c SHA256SUMS; pg_restore database.dump.
 * SHA256SUMS comes last, so a file that was cut off has none; and every byte of it is checked
 * against what was read. Memory does not grow with the number or the size of members. Nothing here
 * logs; one thread uses a writer or a reading. */
#ifndef HS_BACKUP_FILE_H
#define HS_BACKUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <jansson.h>

#include "common/error.h"

#define HS_BACKUP_MANIFEST "MANIFEST.json"
#define HS_BACKUP_DATABASE "database.dump"
#define HS_BACKUP_SUMS "SHA256SUMS"

/* format_version in the manifest: a reader refuses a higher one. */
enum { HS_BACKUP_FORMAT = 1, HS_BACKUP_NAME_BYTES = 300, HS_SHA256_BYTES = 32 };

struct hs_backup_member {
	char name[HS_BACKUP_NAME_BYTES]; /* "archive/nba.json" */
	int64_t size;
	mode_t mode; /* of rights only */
	time_t changed_at;
	int64_t at; /* reading: where its header begins in the file */
};

/* ---- writing ---- */

struct hs_backup_writer;

/* Writes to fd, which is borrowed until it is freed. Gives *ret. Errors: HS_NO_MEMORY, HS_IO. */
bool hs_backup_writer_new(int fd, struct hs_backup_writer **ret, struct hs_error *err);

/* Leaves a half file half. Accepts NULL. */
void hs_backup_writer_free(struct hs_backup_writer *writer);

/* One member from memory. Errors: HS_DISK_FULL, HS_IO. */
bool hs_backup_add_text(struct hs_backup_writer *writer, const char *name, const char *text,
    size_t length, struct hs_error *err);

/* One member: the next member->size bytes of fd. on_bytes, which may be NULL, hears how far it is;
 * when it returns false, *err is filled, and that is the end. ret_sha256 may be NULL. Errors:
 * HS_FILE_CHANGED (fd has fewer bytes), HS_DISK_FULL, HS_IO. */
bool hs_backup_add_file(struct hs_backup_writer *writer, const struct hs_backup_member *member,
    int fd, bool (*on_bytes)(void *arg, int64_t bytes, struct hs_error *err), void *arg,
    unsigned char *ret_sha256, struct hs_error *err);

/* Writes the sums and the end. ret_members counts all but SHA256SUMS; ret_bytes is the file's size.
 */
bool hs_backup_finish(struct hs_backup_writer *writer, int64_t *ret_members, int64_t *ret_bytes,
    struct hs_error *err);

/* ---- reading ---- */

struct hs_backup_reader {
	/* The manifest, before all else; borrowed. */
	bool (*on_manifest)(void *arg, const json_t *manifest, struct hs_error *err);
	/* A member begins (not the manifest, not the sums); its name is one that we write, and
	 * holds no path. */
	bool (*on_member)(void *arg, const struct hs_backup_member *member, struct hs_error *err);
	/* Its bytes. */
	bool (*on_bytes)(void *arg, const void *bytes, size_t length, struct hs_error *err);
	/* It is whole, as far as tar can say. */
	bool (*on_end)(void *arg, struct hs_error *err);
	/* So many bytes of the file are read. */
	void (*on_progress)(void *arg, int64_t bytes);
};

struct hs_backup_counts {
	int64_t members; /* all but SHA256SUMS */
	int64_t bytes; /* of the file */
};

/* Reads all of fd and checks all of it; each of the functions may be NULL. Only when it returns
 * true is what was told known to be what was written. Errors: HS_BAD_BACKUP (not ours, of a newer
 * format, damaged: names the member and the offset), HS_TRUNCATED, HS_IO, HS_NO_MEMORY, and those
 * of the functions. */
bool hs_backup_read(int fd, const struct hs_backup_reader *reader, void *arg,
    struct hs_backup_counts *ret, struct hs_error *err);

#endif
