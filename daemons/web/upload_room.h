/* upload_room.h: what the uploads that are under way share: the disk's room, of which each promises
 * itself what it has not written yet, and word that hsd-web stops. For any thread. */
#ifndef WEB_UPLOAD_ROOM_H
#define WEB_UPLOAD_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum { UPLOAD_SPARE_BYTES = 64 << 20 };	/* of the disk, which uploads leave free */

struct upload_room;

/* NULL: no memory. It lives as long as somebody holds it: who made it, and each task. */
struct upload_room *upload_room_new(void);
struct upload_room *upload_room_hold(struct upload_room *room);
/* Accepts NULL. */
void upload_room_release(struct upload_room *room);

/* Promises so many bytes of the disk that dir is on, if that leaves the spare ones and what others
 * were promised; folder names it in errors. Errors: HS_DISK_FULL, HS_IO. */
bool upload_room_take(struct upload_room *room, int dir, const char *folder, int64_t bytes,
    struct hs_error *err);

/* Of what was promised, so many bytes are written, or never will be. */
void upload_room_give(struct upload_room *room, int64_t bytes);

void upload_room_stop(struct upload_room *room);
bool upload_room_is_stopping(const struct upload_room *room);

#endif
