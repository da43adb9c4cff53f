/* stream.h: the way on which a task and hsctl pass a backup's bytes: a socket of its own, since the
 * control protocol is for lines. hsctl's file stays hsctl's: its rights are those of whoever
 * called. */
#ifndef SUPERVISOR_STREAM_H
#define SUPERVISOR_STREAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/settings.h"

/* Listens in STATE_DIR/run, tells it over channel ({"event":"stream","socket":PATH}) and waits
 * until uid or root connects. *ret_fd is the caller's. Errors: HS_TIMEOUT (nobody came),
 * HS_NOT_ALLOWED (someone else did), HS_IO. */
bool stream_open(
    const struct hs_settings *settings, int channel, uid_t uid, int *ret_fd, struct hs_error *err);

/* Whether the other end has gone. */
bool stream_is_over(int fd);

#endif
