/* backup.h: making a backup of a running system: `hsd-supervisor --task backup`.
 *
 * What is guaranteed, with imports going on: the database is that of one moment, T. Of each
 * snapshot that was in incoming, archive or failed at T, or came before its folder was copied, the
 * backup has the file: where the database of T knows what became of it, in archive or failed; else
 * in incoming, so that the restored system imports it (or recognises it by its checksum). No file
 * is in neither the folders nor the database, and none that the database lacks stands in archive as
 * if it had been imported. */
#ifndef SUPERVISOR_BACKUP_H
#define SUPERVISOR_BACKUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/settings.h"

/* Streams a backup to uid's hsctl. Says over channel: stream, size, progress, and the result.
 * Errors: those of the database, of pg_dump, HS_CANCELLED (hsctl has gone), HS_MIGRATION (there are
 * no tables). */
bool backup_run(const struct hs_settings *settings, uid_t uid, int channel, struct hs_error *err);

/* An unnamed file in the state folder, for what must be whole before it goes on. */
bool backup_spool(const struct hs_settings *settings, int *ret_fd, struct hs_error *err);

#endif
