/* backup_folders.h: copies incoming, archive and failed into a backup while an importer moves files
 * about. */
#ifndef SUPERVISOR_BACKUP_FOLDERS_H
#define SUPERVISOR_BACKUP_FOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/backup_file.h"
#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

enum backup_folder { FOLDER_INCOMING, FOLDER_ARCHIVE, FOLDER_FAILED, FOLDER_COUNT };

/* "incoming", and the setting of its path. */
const char *backup_folder_name(enum backup_folder folder);
enum hs_setting backup_folder_setting(enum backup_folder folder);

/* Whether a backup takes files of this name: not those that begin with a dot or are still being
 * written (.part, .tmp). */
bool backup_takes(const char *name);

struct backup_folders {
	const struct hs_settings *settings;
	struct hs_db *then, *now; /* in the dump's snapshot, and outside of it */
	void *before; /* names, as "archive/NAME", from before the snapshot */
	void *seen; /* names that were looked at, and written ones */
	struct hs_backup_writer *writer;
	bool (*on_bytes)(void *arg, int64_t bytes, struct hs_error *err);
	void (*on_file)(void *arg, const char *name);
	void *arg;
	int64_t bytes; /* of the files that list saw */
	int64_t files[FOLDER_COUNT]; /* written */
	json_t *left_out; /* [{"file":...,"message":...}]: most 100 */
	char *chunk;
};

/* To be called before the snapshot is taken: notes what is there. The caller has zeroed it and set
 * settings. */
bool backup_folders_list(struct backup_folders *folders, struct hs_error *err);

/* Writes what the folders hold; all members are set. Errors: HS_FILE_CHANGED, HS_IO, those of the
 * writer. */
bool backup_folders_copy(struct backup_folders *folders, struct hs_error *err);

void backup_folders_done(struct backup_folders *folders);

#endif
