/* upload_file.h: one snapshot on its way into incoming: nobody sees it before it is whole and on
 * the disk.
 *
 * Until then it is a hidden file, locked by who writes it; one that is not locked was left by a
 * process that died, and goes with the next upload. For one thread at a time. */
#ifndef WEB_UPLOAD_FILE_H
#define WEB_UPLOAD_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum { UPLOAD_NAME_MAX = 200, UPLOAD_DIGEST_BYTES = 65 };

struct upload_file;

/* What the importer was given. */
struct upload_result {
	char name[NAME_MAX + 1];		/* in incoming; a taken one has got a number */
	char sha256[UPLOAD_DIGEST_BYTES];
	int64_t bytes;
};

/* The name that a file from elsewhere gets here: without folders; it ends in .json, does not begin
 * with a dot, and has at most UPLOAD_NAME_MAX bytes. ret has UPLOAD_NAME_MAX + 1. Errors:
 * HS_BAD_ARGUMENT. */
bool upload_file_name(const char *file_name, char ret[UPLOAD_NAME_MAX + 1], struct hs_error *err);

/* Removes what died processes left in a folder. */
void upload_file_sweep(int dir);

/* Borrows dir for its life. Gives *ret. Errors: HS_IO, HS_NO_PERMISSION, HS_DISK_FULL ... */
bool upload_file_new(int dir, const char *name, struct upload_file **ret, struct hs_error *err);

bool upload_file_write(struct upload_file *file, const char *bytes, size_t length,
    struct hs_error *err);

/* Gives it its name. Takes file, even on failure. Errors also: HS_BAD_ARGUMENT (it is empty). */
bool upload_file_finish(struct upload_file *file, struct upload_result *ret, struct hs_error *err);

/* Nothing of it stays. Accepts NULL. */
void upload_file_free(struct upload_file *file);

#endif
