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

/* One supervisor a state folder: *ret_fd holds the lock as long as it is open.
 * Errors: HS_BUSY (another has it), HS_IO. */
bool place_lock(const struct hs_settings *settings, int *ret_fd, struct hs_error *err);

#endif
