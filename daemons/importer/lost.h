/* lost.h: files that were imported, and whose import a failover lost.
 *
 * With asynchronous replication a standby may become the primary without the last commits of the
 * one before it, though that one had said that they are kept, and their files lie in archive. A
 * restore to an earlier moment does the same. Such files are put back into incoming. */
#ifndef IMPORTER_LOST_H
#define IMPORTER_LOST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"
#include "daemons/importer/progress.h"

/* Which server a session is with, and which of its pasts it has: each promotion begins another. */
struct lost_server {
	int64_t system;		/* 0: the server does not tell */
	int64_t timeline;	/* 0: none was met yet */
};

/* To be called with every new session, before anything is imported. When the server is another than
 * that of the session before (*server, which becomes the new one), or than the one that the archive
 * was used with last (its mark, a dot file in archive), files that came to archive about when the
 * newest import was that the database knows, or later, are compared with the database by
 * checksum; those that it does not know are put back, and the log says so. A private cluster has no
 * such past, and gets no mark. *ret_back: how many. Errors: the database's, HS_CANCELLED, and
 * those of hs_file_move and hs_file_write. */
bool lost_put_back(struct hs_db *db, const struct hs_settings *settings,
    const struct progress *progress, struct lost_server *server, int64_t *ret_back,
    struct hs_error *err);

#endif
