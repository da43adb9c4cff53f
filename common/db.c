/* db.c: one connection to PostgreSQL for one thread: statements, transactions, COPY.
 *
 * Trusts its callers with the order of calls: a COPY that was never begun, or a number that is
 * none, is a panic. It trusts nothing about the connection, which may end at any call: that
 * is HS_DB_AWAY, and all later calls say it at once until hs_db_reconnect. */
#include "common/db.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/db_connect.h"
#include "common/number.h"

enum {
	COPY_PIECE_BYTES = 1 << 20,
	CANCEL_REASON_BYTES = 256,
	VALUES_MAX = 65535		/* the protocol's */
};

struct hs_db {
	enum hs_db_role role;
	struct hs_db_target *target;
	PGconn *connection;		/* NULL or broken: away */
	bool copying;
	pthread_mutex_t cancel_lock;	/* guards cancel, which another thread may use */
	PGcancel *cancel;
};

static void set_cancel(struct hs_db *db, PGcancel *cancel)
{
	pthread_mutex_lock(&db->cancel_lock);
	PQfreeCancel(db->cancel);
	db->cancel = cancel;
	pthread_mutex_unlock(&db->cancel_lock);
}

static void drop_connection(struct hs_db *db)
{
	set_cancel(db, NULL);
	PQfinish(db->connection);
	db->connection = NULL;
	db->copying = false;
}

static bool open_connection(struct hs_db *db, struct hs_error *err)
{
	if (!hs_db_open(db->target, &db->connection, err))
		return false;
	set_cancel(db, PQgetCancel(db->connection));
	return true;
}

bool hs_db_connect(const struct hs_settings *settings, enum hs_db_role role, const char *name,
    struct hs_db **ret, struct hs_error *err)
{
	struct hs_db *db = calloc(1, sizeof *db);

	if (db == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a database connection");
	db->role = role;
	if (pthread_mutex_init(&db->cancel_lock, NULL) != 0)
		hs_panic("no mutex for a database connection");
	if (!hs_db_target_new(settings, role, name, &db->target, err) ||
	    !open_connection(db, err)) {
		hs_db_free(db);
		return false;
	}
	*ret = db;
	return true;
}

void hs_db_free(struct hs_db *db)
{
	if (db == NULL)
		return;
	drop_connection(db);
	pthread_mutex_destroy(&db->cancel_lock);
	hs_db_target_free(db->target);
	free(db);
}

bool hs_db_reconnect(struct hs_db *db, struct hs_error *err)
{
	drop_connection(db);
	return open_connection(db, err);
}

static bool is_away(const struct hs_db *db)
{
	return db->connection == NULL || PQstatus(db->connection) != CONNECTION_OK;
}

/* Fills err from what the connection says, as lost when it is. Returns false. */
static bool fail_connection(const struct hs_db *db, struct hs_error *err)
{
	struct hs_error seen = HS_ERROR_INIT;

	hs_db_error_of_connection(db->connection, &seen);
	return hs_error_set(err, is_away(db) ? HS_DB_AWAY : seen.code, "", "%s", seen.message);
}

/* An error on a connection that ended with it is, above all, a lost connection; and one to a server
 * that takes no writes any more is of no use to a writer. */
static bool fail_result(struct hs_db *db, const PGresult *result, struct hs_error *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	struct hs_error seen = HS_ERROR_INIT;

	hs_db_error_of_result(result, &seen);
	if (db->role == HS_DB_WRITER && state != NULL && strcmp(state, "25006") == 0)
		drop_connection(db);
	return hs_error_set(err, is_away(db) ? HS_DB_AWAY : seen.code, "", "%s", seen.message);
}

static bool is_copy(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

static bool is_error(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
	    status == PGRES_NONFATAL_ERROR;
}

/* Waits for all answers to what was sent: the first that failed, else the last one, is the
 * caller's. A COPY that begins ends the wait. NULL: nothing came, see the connection. */
static PGresult *collect(PGconn *connection)
{
	PGresult *kept = NULL, *next;

	while ((next = PQgetResult(connection)) != NULL) {
		if (kept != NULL && is_error(kept)) {
			PQclear(next);
			continue;
		}
		PQclear(kept);
		kept = next;
		if (is_copy(kept))
			break;
	}
	return kept;
}

/* Takes result. */
static bool finish(struct hs_db *db, PGresult *result, PGresult **ret, struct hs_error *err)
{
	bool done = false;

	if (result == NULL) {
		fail_connection(db, err);
	} else if (is_error(result)) {
		fail_result(db, result, err);
	} else if (is_copy(result)) {
		drop_connection(db);	/* the only way out of any copy that nobody serves */
		hs_error_set(err, HS_DB_ERROR, "", "a COPY from or to the client cannot run here");
	} else {
		done = true;
	}
	if (done && ret != NULL)
		*ret = result;
	else
		PQclear(result);
	return done;
}

bool hs_db_run(struct hs_db *db, const char *sql, const char *const *values, size_t count,
    PGresult **ret, struct hs_error *err)
{
	if (db->copying)
		hs_panic("a statement while a COPY is under way: %.80s", sql);
	if (count > VALUES_MAX)
		hs_panic("too many values for a statement: %.80s", sql);
	if (is_away(db) ||
	    PQsendQueryParams(db->connection, sql, (int)count, NULL, values, NULL, NULL, 0) != 1)
		return fail_connection(db, err);
	return finish(db, collect(db->connection), ret, err);
}

bool hs_db_script(struct hs_db *db, const char *sql, struct hs_error *err)
{
	if (db->copying)
		hs_panic("a script while a COPY is under way");
	if (is_away(db) || PQsendQuery(db->connection, sql) != 1)
		return fail_connection(db, err);
	return finish(db, collect(db->connection), NULL, err);
}

bool hs_db_begin(struct hs_db *db, struct hs_error *err)
{
	/* said outright: an operator may have set another default, and after waiting for a lock
	 * a writer must see what the one before it did */
	if (db->role == HS_DB_WRITER)
		return hs_db_exec(db, "begin isolation level read committed", NULL, err);
	return hs_db_exec(db, "begin isolation level repeatable read, read only", NULL, err);
}

bool hs_db_commit(struct hs_db *db, struct hs_error *err)
{
	PGresult *result = NULL;
	bool kept;

	if (!hs_db_exec(db, "commit", &result, err))
		return false;
	kept = strcmp(PQcmdStatus(result), "COMMIT") == 0;
	PQclear(result);
	if (!kept)
		return hs_error_set(err, HS_DB_ERROR, "",
		    "PostgreSQL rolled the transaction back instead: a statement in it had failed");
	return true;
}

void hs_db_rollback(struct hs_db *db)
{
	struct hs_error ignored = HS_ERROR_INIT;

	if (db->copying)
		hs_db_copy_abort(db);
	if (!is_away(db) && PQtransactionStatus(db->connection) != PQTRANS_IDLE)
		hs_db_exec(db, "rollback", NULL, &ignored);
}

/* Leaves copy mode. reason NULL: a regular end. What the server says is the caller's. */
static PGresult *leave_copy(struct hs_db *db, const char *reason)
{
	PGresult *result = NULL;

	db->copying = false;
	if (PQputCopyEnd(db->connection, reason) == 1)
		result = collect(db->connection);
	return result;
}

bool hs_db_copy_begin(struct hs_db *db, const char *sql, struct hs_error *err)
{
	PGresult *result;

	if (db->copying)
		hs_panic("a COPY while another is under way: %.80s", sql);
	if (is_away(db) || PQsendQuery(db->connection, sql) != 1)
		return fail_connection(db, err);
	result = collect(db->connection);
	if (result == NULL || PQresultStatus(result) != PGRES_COPY_IN) {
		if (result != NULL && !is_error(result) && !is_copy(result))
			hs_panic("not a COPY FROM STDIN: %.80s", sql);
		return finish(db, result, NULL, err);
	}
	PQclear(result);
	db->copying = true;
	return true;
}

/* After a put that failed: the server may have told why. Returns false. */
static bool fail_copy(struct hs_db *db, struct hs_error *err)
{
	struct hs_error seen = HS_ERROR_INIT;
	PGresult *result;

	fail_connection(db, &seen);
	if (!is_away(db)) {
		result = leave_copy(db, "the client could not go on");
		if (result != NULL && is_error(result))
			fail_result(db, result, &seen);
		PQclear(result);
	}
	db->copying = false;
	*err = seen;
	return false;
}

bool hs_db_copy_put(struct hs_db *db, const void *bytes, size_t length, struct hs_error *err)
{
	const char *at = bytes;

	if (!db->copying)
		hs_panic("bytes for a COPY that was not begun");
	while (length > 0) {
		int piece = length < COPY_PIECE_BYTES ? (int)length : COPY_PIECE_BYTES;

		/* libpq hides a failed write until the next read: ask for the status as well */
		if (PQputCopyData(db->connection, at, piece) != 1 || is_away(db))
			return fail_copy(db, err);
		at += piece;
		length -= (size_t)piece;
	}
	return true;
}

bool hs_db_copy_end(struct hs_db *db, int64_t *ret_rows, struct hs_error *err)
{
	PGresult *result;
	long long rows;

	if (!db->copying)
		hs_panic("the end of a COPY that was not begun");
	result = leave_copy(db, NULL);
	if (result == NULL || is_error(result))
		return finish(db, result, NULL, err);
	if (!hs_parse_int(PQcmdTuples(result), 0, LLONG_MAX, "the number of rows", &rows, err)) {
		PQclear(result);
		return false;
	}
	PQclear(result);
	if (ret_rows != NULL)
		*ret_rows = rows;
	return true;
}

void hs_db_copy_abort(struct hs_db *db)
{
	if (db->copying)
		PQclear(leave_copy(db, "given up by the client"));
}

void hs_db_cancel(struct hs_db *db)
{
	char reason[CANCEL_REASON_BYTES];

	pthread_mutex_lock(&db->cancel_lock);
	if (db->cancel != NULL)
		PQcancel(db->cancel, reason, sizeof reason);	/* failing, all just goes on */
	pthread_mutex_unlock(&db->cancel_lock);
}

int64_t hs_db_int(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);
	struct hs_error err = HS_ERROR_INIT;
	long long value;

	if (text == NULL)
		hs_panic("column %d of a result is null where a number was promised", column);
	if (!hs_parse_int(text, LLONG_MIN, LLONG_MAX, "a column", &value, &err))
		hs_panic("column %d of a result: %s", column, err.message);
	return value;
}

const char *hs_db_text(const PGresult *result, int row, int column)
{
	if (row < 0 || row >= PQntuples(result) || column < 0 || column >= PQnfields(result))
		hs_panic("a result has no row %d, column %d", row, column);
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}
