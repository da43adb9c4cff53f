/* restore_database.h: the database of a restore: made beside the one in use, then put in its place.
 */
#ifndef SUPERVISOR_RESTORE_DATABASE_H
#define SUPERVISOR_RESTORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

/* PostgreSQL's names have at most 63 bytes. */
enum { DATABASE_NAME_BYTES = 64 };

struct restore_names {
	char now[DATABASE_NAME_BYTES]; /* POSTGRES_DB */
	char fresh[DATABASE_NAME_BYTES]; /* the restored one, until it takes that name */
	char before[DATABASE_NAME_BYTES]; /* the old one, from then on */
};

/* Connects to another database of the same server. */
bool restore_connect(const struct hs_settings *settings, const char *database, struct hs_db **ret,
    struct hs_error *err);

/* Says in words what the database holds ("3 accounts, 120 players"); "" when it is as good as new.
 */
bool restore_describe(const struct hs_settings *settings, const char *database, char *buf,
    size_t size, struct hs_error *err);

/* Says which tables in names->now are not ours ("billing.invoice"); "" when all are. with_fresh:
 * ours are those that names->fresh has; else only other schemas than public are looked at. */
bool restore_strangers(const struct hs_settings *settings, const struct restore_names *names,
    bool with_fresh, char *buf, size_t size, struct hs_error *err);

/* Makes names->fresh and fills it from the dump (pg_restore), migrates it, and tidies it: nobody is
 * signed in, nothing waits or runs. may_go_on as in pg_run. Errors: HS_DB_REFUSED (says which right
 * is missing), those of pg_restore, HS_MIGRATION. */
bool restore_fill(const struct hs_settings *settings, const struct restore_names *names, int dump,
    bool (*may_go_on)(void *arg, struct hs_error *err), void *arg, struct hs_error *err);

/* now becomes before, fresh becomes now, in one transaction; whoever is connected is put out. */
bool restore_swap(
    const struct hs_settings *settings, const struct restore_names *names, struct hs_error *err);

/* Whether there is a database of this name. */
bool restore_has(struct hs_db *db, const char *name, bool *ret, struct hs_error *err);

/* Drops one, when it is there. */
bool restore_drop(struct hs_db *db, const char *name, struct hs_error *err);

#endif
