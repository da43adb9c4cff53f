/* upload_room.c: trusts its callers to give back what they took, and the file system to count what is
 * written as used. What is counted twice for a moment (written, and not given back yet) errs on the
 * side of the disk. */
#include "daemons/web/upload_room.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/statvfs.h>

struct upload_room {
	atomic_int holders;
	atomic_bool is_stopping;
	pthread_mutex_t lock;	/* of promised, and over each look at the disk */
	uint64_t promised;
};

struct upload_room *upload_room_new(void)
{
	struct upload_room *room = calloc(1, sizeof *room);

	if (room == NULL)
		return NULL;
	atomic_init(&room->holders, 1);
	atomic_init(&room->is_stopping, false);
	pthread_mutex_init(&room->lock, NULL);
	return room;
}

struct upload_room *upload_room_hold(struct upload_room *room)
{
	atomic_fetch_add(&room->holders, 1);
	return room;
}

void upload_room_release(struct upload_room *room)
{
	if (room == NULL || atomic_fetch_sub(&room->holders, 1) > 1)
		return;
	pthread_mutex_destroy(&room->lock);
	free(room);
}

bool upload_room_take(struct upload_room *room, int dir, const char *folder, int64_t bytes,
    struct hs_error *err)
{
	struct statvfs info;
	bool done = false;

	pthread_mutex_lock(&room->lock);
	if (fstatvfs(dir, &info) != 0)
		hs_error_errno(err, folder, "cannot look at the disk");
	else if ((uint64_t)info.f_bavail * info.f_frsize <
	    room->promised + (uint64_t)bytes + UPLOAD_SPARE_BYTES)
		hs_error_set(err, HS_DISK_FULL, folder, "There is not enough room on the disk for an "
		    "upload of this size%s.", room->promised > 0 ?
		    " beside those that are under way" : "");
	else
		done = true;
	if (done)
		room->promised += (uint64_t)bytes;
	pthread_mutex_unlock(&room->lock);
	return done;
}

void upload_room_give(struct upload_room *room, int64_t bytes)
{
	pthread_mutex_lock(&room->lock);
	room->promised -= (uint64_t)bytes;
	pthread_mutex_unlock(&room->lock);
}

void upload_room_stop(struct upload_room *room)
{
	atomic_store(&room->is_stopping, true);
}

bool upload_room_is_stopping(const struct upload_room *room)
{
	return atomic_load(&room->is_stopping);
}
