/* identity.h: as whom our processes run.
 *
 * Started as root, everything but the supervisor runs as HOOPSCOUT_USER; otherwise all
 * run as whoever started us. */
#ifndef SUPERVISOR_IDENTITY_H
#define SUPERVISOR_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/settings.h"

enum { IDENTITY_GROUPS = 64, IDENTITY_NAME_BYTES = 64, IDENTITY_HOME_BYTES = 256 };

struct identity {
	bool changes;		/* we are root, and they are not */
	uid_t uid;
	gid_t gid;
	gid_t groups[IDENTITY_GROUPS];
	size_t group_count;
	char name[IDENTITY_NAME_BYTES];
	char home[IDENTITY_HOME_BYTES];
};

/* Errors: HS_BAD_SETTING (no such user, root itself, too many groups). */
bool identity_find(const struct hs_settings *settings, struct identity *ret, struct hs_error *err);

/* Acts as that user on files (him), and as ourselves again: what root would do in his folders
 * could be led elsewhere by him. Errors: HS_NO_PERMISSION. */
bool identity_act(const struct identity *identity, bool as_him, struct hs_error *err);

/* Becomes that user for good. Async-signal-safe, for between fork and exec; false with errno. */
bool identity_take(const struct identity *identity);

#endif
