/* inherit.h: the HTTP sockets that a service manager has bound before it started us (systemd's
 * socket activation: LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES). */
#ifndef SUPERVISOR_INHERIT_H
#define SUPERVISOR_INHERIT_H

#include "common/error.h"
#include "daemons/supervisor/listen.h"

/* Takes them all, or none; count 0 when there are none for this process. Each must be a listening
 * stream socket, of TCP or Unix. What told of them is taken out of the environment.
 * Errors: HS_BAD_SETTING (says which of them, and what is wrong with it). */
bool inherit_listeners(struct listeners *ret, struct hs_error *err);

#endif
