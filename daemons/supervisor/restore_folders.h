/* restore_folders.h: the files of a restore: written in a hidden folder within each folder, then
 * put in its place.
 *
 * Within, since each may be a mounted volume of its own, which cannot be renamed. What was there
 * goes to FOLDER/before-restore-STAMP. Each step can be done again after a crash. */
#ifndef SUPERVISOR_RESTORE_FOLDERS_H
#define SUPERVISOR_RESTORE_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/backup_file.h"
#include "common/error.h"
#include "common/settings.h"

/* Of one member that is being written. */
struct restore_file {
	int fd;
	struct hs_backup_member member;
};

/* Makes the hidden folders. */
bool restore_stage(const struct hs_settings *settings, const char *stamp, struct hs_error *err);

/* Creates a file of the backup in them. Errors: HS_EXISTS (twice in the backup), HS_DISK_FULL,
 * HS_IO. */
bool restore_file_begin(const struct hs_settings *settings, const char *stamp,
    const struct hs_backup_member *member, struct restore_file *ret, struct hs_error *err);
/* Gives it its rights and its time, and closes it. */
bool restore_file_end(struct restore_file *file, struct hs_error *err);

/* Makes sure that all of it is on the disk. */
bool restore_sync(const struct hs_settings *settings, const char *stamp, struct hs_error *err);

/* Says in words what the folders hold ("2 files in incoming"); "" when nothing. */
bool restore_describe_folders(
    const struct hs_settings *settings, char *buf, size_t size, struct hs_error *err);

/* The old aside, the new in its place; goes on where an earlier call was broken off. */
bool restore_place(const struct hs_settings *settings, const char *stamp, struct hs_error *err);

/* Removes what was staged and not placed. */
bool restore_unstage(const struct hs_settings *settings, const char *stamp, struct hs_error *err);

#endif
