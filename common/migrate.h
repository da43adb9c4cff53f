/* migrate.h: numbered migrations, sql/NNN_name.sql, each applied once.
 *
 * Each runs in a transaction of its own, together with its row in schema_migration
 * (number, name, SHA-256, when), under an advisory lock, so that two who migrate at
 * once do each step once. A file whose checksum differs from the recorded one, a
 * recorded one without file, and a gap or a repeated number are errors. */
#ifndef HS_MIGRATE_H
#define HS_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/db.h"
#include "common/error.h"

struct hs_migrations {
	size_t known;		/* files */
	size_t applied;		/* recorded, after the call */
	size_t newly;		/* applied by this call */
	char latest[128];	/* the name of the last applied, "" when none */
};

/* Applies what is missing from dir. on_step, when given, hears each name before it runs.
 * Errors: HS_MIGRATION (where is the file), HS_DB_*, HS_IO. */
bool hs_migrate(struct hs_db *db, const char *dir, void (*on_step)(void *arg, const char *name),
    void *arg, struct hs_migrations *ret, struct hs_error *err);

/* Only compares: HS_MIGRATION when some are missing or edited. */
bool hs_migrate_check(struct hs_db *db, const char *dir, struct hs_migrations *ret,
    struct hs_error *err);

/* How many there are in dir. Errors: HS_MIGRATION (a file that is none, a gap), HS_IO. */
bool hs_migrations_count(const char *dir, size_t *ret, struct hs_error *err);

#endif
