/* db_pool.h: PostgreSQL on the event base: nothing here ever waits.
 *
 * A pool keeps up to a number of connections. Work is a job of one to eight statements;
 * several run in one REPEATABLE READ, READ ONLY transaction, so that a page and its total
 * see the same data. Jobs queue in order when all connections are busy (at most
 * HS_DB_POOL_QUEUE, then HS_BUSY at once). Connections that break are opened anew with
 * growing pauses; a job that was not yet sent waits for that until its deadline. */
#ifndef HS_DB_POOL_H
#define HS_DB_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <libpq-fe.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

enum { HS_DB_POOL_QUEUE = 1024, HS_DB_JOB_STATEMENTS = 8, HS_DB_JOB_VALUES = 128 };

struct hs_db_statement {
	const char *sql;		/* copied; one statement, and no COPY */
	const char *const *values;	/* copied; NULL is SQL's null */
	size_t count;			/* at most HS_DB_JOB_VALUES */
	bool often;			/* one of few that come again and again: planned once */
};

/* Called exactly once for a job that was not cancelled: with as many results as it had
 * statements (borrowed until the call returns) and err NULL, or with results NULL and why.
 * It may submit and cancel jobs, and free the pool.
 * Errors: HS_DB_AWAY, HS_DB_REFUSED (neither came back before the deadline), HS_TIMEOUT
 * (deadline), and those of hs_db_run. */
typedef void hs_db_done_fn(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err);

struct hs_db_pool;
struct hs_db_job;

/* Gives *ret; connects in the background. Borrows base and settings for its life. */
bool hs_db_pool_new(struct event_base *base, const struct hs_settings *settings,
    enum hs_db_role role, const char *name, size_t max_connections,
    struct hs_db_pool **ret, struct hs_error *err);

/* Jobs under way are dropped without a call. */
void hs_db_pool_free(struct hs_db_pool *pool);

/* Starts a job; the callback never runs before this returns. *ret (may be NULL) lives until the
 * callback has run or it was cancelled. Past deadline_ms the running statement is cancelled.
 * false: done is never called. Errors: HS_BUSY (the queue is full), HS_TOO_LONG (over 1 MiB). */
bool hs_db_pool_submit(struct hs_db_pool *pool, const struct hs_db_statement *statements,
    size_t count, int deadline_ms, hs_db_done_fn *done, void *arg,
    struct hs_db_job **ret, struct hs_error *err);

/* The asker went away: nothing is called any more; a running statement is cancelled at the
 * server, without waiting, and its connection is used again. Takes job. */
void hs_db_job_cancel(struct hs_db_job *job);

/* From now on news is called, from the event loop, when a connection was opened, and when a
 * NOTIFY came on one: then whoever wants to hear says LISTEN (again), and looks. It may be called
 * for nothing. For a pool of one connection, when it is to LISTEN. */
void hs_db_pool_watch(struct hs_db_pool *pool, void (*news)(void *arg), void *arg);

/* Of several hosts of POSTGRES_HOST (bit 0 is the first) only these are connected to from now on;
 * 0: none, and jobs wait. Connections to others are closed: idle ones at once, busy ones after
 * their job, or at once when their host is among gone, which answers nobody. From the first call on
 * a reader's job that loses its connection, or is in the way of a standby's replay, is asked anew
 * before its deadline, and nobody is told. */
void hs_db_pool_use(struct hs_db_pool *pool, uint32_t hosts, uint32_t gone);

struct hs_db_pool_state {
	size_t open, busy, waiting;	/* connections, connections at work, jobs in the queue */
	unsigned long long begun;	/* jobs that got a connection, ever */
	double waited_seconds;		/* that those waited for it, all together */
	bool usable;			/* the last attempt to connect or run succeeded */
	bool failed;			/* it did not; false before the first has ended */
	struct hs_error last;		/* why not, when not */
};
void hs_db_pool_look(const struct hs_db_pool *pool, struct hs_db_pool_state *ret);

#endif
