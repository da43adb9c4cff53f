/* upload_task.h: takes an upload from its socket into incoming, on a thread of its own, so that a
 * slow disk holds up nobody else. A form's first part is the proof (csrf.h): before that is there
 * and right, nothing is written. The parts named "file" are snapshots; one after the other gets its
 * name when it is whole. A program's body is one snapshot, whose name has been checked; so has the
 * right to send it. */
#ifndef WEB_UPLOAD_TASK_H
#define WEB_UPLOAD_TASK_H

#include <event2/buffer.h>

#include "common/error.h"
#include "common/offload.h"
#include "daemons/web/multipart.h"
#include "daemons/web/token.h"
#include "daemons/web/upload_file.h"
#include "daemons/web/upload_room.h"

enum {
	UPLOAD_FILES_MOST = 100,	/* in one form */
	UPLOAD_SILENCE_SECONDS = 60,	/* of the client */
	UPLOAD_STOP_SILENCE_SECONDS = 3	/* the same while hsd-web stops */
};

struct upload_task;

struct upload_order {
	int fd;				/* of the client; copied */
	struct evbuffer *begun;		/* what has come already; drained */
	int64_t bytes;			/* of the body, those included */
	bool client_waits;		/* for "100 Continue", as curl does */
	const char *boundary, *proof, *folder;
	const char *name;		/* the body is this one snapshot; NULL: it is a form */
	struct upload_room *room;	/* held by the task too */
};

/* What came of it: some files, and an error when not all of it was taken.
 * Errors: HS_NOT_ALLOWED (the proof), HS_BAD_ARGUMENT (the form, a name), HS_DISK_FULL, HS_TIMEOUT
 * (the client was silent, for less time while hsd-web stops), HS_CANCELLED (it left), others of the machine. */
struct upload_outcome {
	struct upload_result files[UPLOAD_FILES_MOST];
	size_t count;
	struct hs_error err;
};

/* done hears on the event loop, once, unless it was cancelled; outcome is borrowed until it
 * returns. *ret lives until then. Errors: HS_LIMIT, HS_NO_MEMORY. */
bool upload_task_start(struct hs_offload *offload, const struct upload_order *order,
    void (*done)(void *arg, const struct upload_outcome *outcome), void *arg,
    struct upload_task **ret, struct hs_error *err);

/* Nobody waits any more: it ends soon, and leaves no half of a file. Takes task. */
void upload_task_cancel(struct upload_task *task);

#endif
