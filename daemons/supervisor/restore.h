/* restore.h: putting a backup into a system: `hsd-supervisor --task restore`.
 *
 * The new is made whole beside the old: files in a hidden folder within each of the three folders,
 * the database under another name, migrated and analysed. Only then the daemons stop, and the two
 * change places: the databases in one transaction, which decides; then the folders.
 * STATE_DIR/restore.json says that this is under way: whoever dies in between is followed by
 * restore_recover, which goes back before that transaction and forward after it. */
#ifndef SUPERVISOR_RESTORE_H
#define SUPERVISOR_RESTORE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/settings.h"

/* Takes a backup from uid's hsctl. replaces: also when there is something already; that is kept
 * aside. Errors: HS_EXISTS (the system is not empty: says what it has), HS_BAD_BACKUP,
 * HS_TRUNCATED, HS_MIGRATION, those of pg_restore and the database, HS_DISK_FULL; then the system
 * is as it was. */
bool restore_run(const struct hs_settings *settings, uid_t uid, bool replaces, int channel,
    struct hs_error *err);

/* Whether a restore has begun and not ended. */
bool restore_is_open(const struct hs_settings *settings);

/* Ends one that was broken off: puts all back, or finishes it, and logs which. Does nothing when
 * there is none. */
bool restore_recover(const struct hs_settings *settings, struct hs_error *err);

#endif
