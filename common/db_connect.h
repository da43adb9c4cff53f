/* db_connect.h: opening a connection to PostgreSQL; for db.c and db_pool.c.
 *
 * A target is everything that is needed to connect, copied from the settings, so that a
 * thread of its own can do it. Several hosts are tried in order, each with a share of the
 * time, so that one that is switched off does not hide the next. */
#ifndef HS_DB_CONNECT_H
#define HS_DB_CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

enum { HS_DB_CONNECT_MS = 10000, HS_DB_HOSTS_MAX = 16, HS_DB_OLDEST_SERVER = 140000 };

struct hs_db_target;

/* name is shown in pg_stat_activity. Gives *ret; borrows nothing afterwards.
 * Errors: HS_BAD_SETTING (too many hosts, ports that do not match, socket path too long). */
bool hs_db_target_new(const struct hs_settings *settings, enum hs_db_role role, const char *name,
    struct hs_db_target **ret, struct hs_error *err);

void hs_db_target_free(struct hs_db_target *target);

/* How many hosts there are, and the name of one of them, as "db2:5432". Borrowed from target. */
size_t hs_db_target_count(const struct hs_db_target *target);
const char *hs_db_target_host(const struct hs_db_target *target, size_t host);

/* From now on only these hosts (bit 0 is the first of the list) are tried, as they are: a reader
 * does not look for a standby among them any more. */
void hs_db_target_only(struct hs_db_target *target, uint32_t hosts);

/* The host that the last hs_db_open of this target reached. */
size_t hs_db_target_reached(const struct hs_db_target *target);

/* Waits up to HS_DB_CONNECT_MS (and as long as a name lookup takes). The session is set up for
 * its role; a pooler in transaction mode is refused. Gives *ret, for PQfinish. Safe in any thread.
 * Errors: HS_DB_AWAY (temporary), HS_DB_REFUSED. */
bool hs_db_open(struct hs_db_target *target, PGconn **ret, struct hs_error *err);

#endif
