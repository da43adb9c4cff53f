/* listen.h: the HTTP sockets, bound at the start and handed down, so that restarting hsd-web drops
 * no connection and ports below 1024 need no root in it. Only while hsd-web is not wanted are they
 * closed: nobody shall wait for an answer that does not come. */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/supervisor/identity.h"

enum { LISTEN_MAX = 64, LISTEN_URL_BYTES = 512 };

struct listeners {
	int fds[LISTEN_MAX];
	char urls[LISTEN_MAX][LISTEN_URL_BYTES];	/* "http://[::1]:80/", "https:...", "unix:/x" */
	struct stat places[LISTEN_MAX];	/* of a Unix socket's file, to know it again */
	size_t count;
	bool are_inherited;	/* inherit.h: another has bound them, and keeps them */
};

/* Binds all of HOOPSCOUT_LISTEN, or none. Errors: HS_BAD_SETTING (a name that is no
 * address), HS_EXISTS (in use), HS_NO_PERMISSION, HS_IO. */
bool listen_open(const struct hs_settings *settings, const struct identity *identity,
    struct listeners *ret, struct hs_error *err);

/* One Unix socket, with mode and the daemons' owner; a stale one, on which nobody answers, is
 * replaced. The caller's *ret_fd; its file goes to *ret_place. Errors: HS_BAD_SETTING (path),
 * HS_EXISTS (somebody answers, or it is no socket), HS_NO_PERMISSION, HS_IO. */
bool listen_unix(const char *path, mode_t mode, const struct identity *identity, int *ret_fd,
    struct stat *ret_place, struct hs_error *err);

/* Removes a Unix socket's file, unless somebody has put another in its place meanwhile. */
void listen_remove(const char *path, const struct stat *place);

/* Closes them, and removes Unix sockets that are still ours; those of others stay. */
void listen_close(struct listeners *listeners);

#endif
