/* db.h: one connection to PostgreSQL, used by one thread, waiting for its answers.
 *
 * Statements are constants with $1, $2, ...; values travel apart, as text. The web
 * daemon, which must never wait, uses db_pool.h instead. After HS_DB_AWAY the
 * connection is broken: hs_db_reconnect, or free it and connect anew. */
#ifndef HS_DB_H
#define HS_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "common/error.h"
#include "common/settings.h"

/* Who we ask: WRITER goes to the primary (target_session_attrs=read-write), READER is
 * content with a standby, and is set up for search (jit off, no parallel workers, read only). */
enum hs_db_role { HS_DB_WRITER, HS_DB_READER };

struct hs_db;

/* Connects, waiting at most 10 seconds (see db_connect.h). name is shown in pg_stat_activity.
 * Gives *ret. Borrows nothing afterwards. Refuses a pooler in transaction mode.
 * Errors: HS_DB_AWAY (temporary), HS_DB_REFUSED (password, no such database, too old a server). */
bool hs_db_connect(const struct hs_settings *settings, enum hs_db_role role, const char *name,
    struct hs_db **ret, struct hs_error *err);

/* Accepts NULL. An open transaction is rolled back by the server. */
void hs_db_free(struct hs_db *db);

/* Drops the old session, whatever it was at, and opens a new one as hs_db_connect did. A failure
 * leaves db without a connection: everything says HS_DB_AWAY until a later call succeeds. */
bool hs_db_reconnect(struct hs_db *db, struct hs_error *err);

/* Runs one statement. values may be NULL when count is 0; a NULL value is SQL's null.
 * ret NULL: the result is dropped. *ret is the caller's, for PQclear.
 * Errors by SQLSTATE: connection lost, shutdown, too many connections HS_DB_AWAY; 40001,
 * 40P01, 55P03 HS_DB_CONFLICT; 53100 HS_DISK_FULL; 53200 HS_NO_MEMORY; other 53 HS_LIMIT;
 * 58 HS_IO; 57014 HS_CANCELLED; the rest HS_DB_ERROR (table: db_error.c). The message has the
 * server's sentence and its SQLSTATE. */
bool hs_db_run(struct hs_db *db, const char *sql, const char *const *values, size_t count,
    PGresult **ret, struct hs_error *err);

/* hs_db_exec(db, sql, &result, err, a, b) with values written out. */
#define hs_db_exec(db, sql, ret, err, ...) \
	hs_db_run((db), (sql), (const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL }, \
	    sizeof((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL }) / sizeof(char *) - 1, \
	    (ret), (err))

/* The same for several statements without values or results, as a migration has. */
bool hs_db_script(struct hs_db *db, const char *sql, struct hs_error *err);

/* READ COMMITTED for a writer; REPEATABLE READ, READ ONLY for a reader. */
bool hs_db_begin(struct hs_db *db, struct hs_error *err);
/* A commit whose answer never came is HS_DB_AWAY, and may have happened: ask before trying again.
 * One of a transaction that a failed statement had spoilt is HS_DB_ERROR: nothing was kept. */
bool hs_db_commit(struct hs_db *db, struct hs_error *err);
/* Never fails: a broken connection has rolled back already. */
void hs_db_rollback(struct hs_db *db);

/* COPY ... FROM STDIN (FORMAT binary): begin, any number of puts, end. A failure of put or
 * end leaves the connection out of copy mode. abort gives up (the transaction is then in error). */
bool hs_db_copy_begin(struct hs_db *db, const char *sql, struct hs_error *err);
bool hs_db_copy_put(struct hs_db *db, const void *bytes, size_t length, struct hs_error *err);
bool hs_db_copy_end(struct hs_db *db, int64_t *ret_rows, struct hs_error *err);
void hs_db_copy_abort(struct hs_db *db);

/* Asks the server to cancel what runs (HS_CANCELLED there); may be called from another thread,
 * and waits for that server. What it hits is what runs when it arrives. */
void hs_db_cancel(struct hs_db *db);

/* One value of a result as a number; the column is not null and holds a number, or we panic. */
int64_t hs_db_int(const PGresult *result, int row, int column);
/* One value as text; NULL for SQL's null. */
const char *hs_db_text(const PGresult *result, int row, int column);

/* What an error of the connection or of a result means; both return false. For db*.c. */
bool hs_db_error_of_result(const PGresult *result, struct hs_error *err);
bool hs_db_error_of_connection(PGconn *connection, struct hs_error *err);

#endif
