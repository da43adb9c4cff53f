/* room.h: how much room a folder's file system has. */
#ifndef HS_ROOM_H
#define HS_ROOM_H

#include <stdbool.h>

#include <jansson.h>

#include "common/error.h"

struct hs_room {
	long long free_bytes, total_bytes;	/* free: for who is not root */
	long long free_files, total_files;	/* inodes; total 0: the file system does not count them */
	unsigned long long device;
	bool tells_events;			/* inotify hears of what other machines write */
	char kind[24];				/* "ext4", "nfs" ...; "" when we know no name for it */
};

/* Looks at the file system of path; waits as long as that takes, for ever on a dead NFS.
 * Errors: HS_NOT_FOUND, HS_NO_PERMISSION, HS_IO. */
bool hs_room_look(const char *path, struct hs_room *ret, struct hs_error *err);

/* {"name","path","free_bytes","total_bytes","free_files","total_files","kind"}, or with "problem"
 * in the place of the figures; a new reference. */
json_t *hs_room_json(const char *name, const char *path);

#endif
