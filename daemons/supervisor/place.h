/* place.h: the state folder and the folders of snapshots: there, ours, and locked. */
#ifndef SUPERVISOR_PLACE_H
#define SUPERVISOR_PLACE_H

#include <stdbool.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/supervisor/identity.h"

/* Makes what is missing, owned by the daemons' user. Errors: HS_NO_PERMISSION (says whose it must
 * be), HS_DISK_FULL, HS_IO. */
bool place_make(const struct hs_settings *settings, const struct identity *identity,
    struct hs_error *err);

/* Whether the daemons' user can use what we hand him: our programs, the state folder, the files
 * in HOOPSCOUT_DATA_DIR. Errors: HS_NO_PERMISSION (says which path, and what to do). */
bool place_check(const struct hs_settings *settings, const struct identity *identity,
    const char *programs, struct hs_error *err);

/* One supervisor a state folder: *ret_fd holds the lock as long as it is open.
 * Errors: HS_BUSY (another has it), HS_IO. */
bool place_lock(const struct hs_settings *settings, int *ret_fd, struct hs_error *err);

#endif
