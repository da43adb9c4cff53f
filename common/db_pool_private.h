/* db_pool_private.h: the pool and its connections, for db_pool.c and db_pool_hosts.c. */
#ifndef HS_DB_POOL_PRIVATE_H
#define HS_DB_POOL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <libpq-fe.h>

#include "common/db_job.h"
#include "common/db_pool.h"
#include "common/db_prepared.h"
#include "common/offload.h"

enum state {
	/* No connection. To CONNECTING when jobs wait for one, or the pool has none at all. */
	CLOSED,
	/* A thread is opening it. To IDLE, or back to CLOSED and a pause for all. */
	CONNECTING,
	/* Open, without work; read, since the news of its end comes that way. To BUSY or CLOSED. */
	IDLE,
	/* A job was sent; its results are read. To IDLE after the Sync, to DRAINING when the job
	 * ends before that or leaves a failed transaction behind, to CLOSED when it breaks. */
	BUSY,
	/* Nobody wants the results any more; they are read and dropped until the Sync has come, the
	 * cancel has returned and the transaction is over. To IDLE; to CLOSED when that takes
	 * too long. */
	DRAINING,
	STATE_COUNT
};

struct connection {
	TAILQ_ENTRY(connection) link;	/* in pool->lists[state] */
	enum state state;
	struct hs_db_pool *pool;
	PGconn *pg;			/* from IDLE on */
	struct event *readable, *writable;
	struct event *drain;		/* while DRAINING */
	struct hs_db_job *job;		/* while BUSY */
	size_t statement;		/* the one whose results are read, all that was sent counts */
	size_t prepares_at;		/* the first of prepared.count that were sent */
	struct hs_db_prepared prepared;
	bool sync_due, rolling_back;
	bool cancel_due;
	int cancels;
	uint64_t life;			/* rises with each closing: late news finds nobody */
	int64_t opened_ms;
	size_t host;			/* of POSTGRES_HOST, from IDLE on */
};

TAILQ_HEAD(connections, connection);

struct hs_db_pool {
	struct event_base *base;
	const struct hs_settings *settings;
	enum hs_db_role role;
	bool is_told;			/* of hosts, by hs_db_pool_use */
	uint32_t hosts;
	char *name;
	struct hs_offload *offload;
	struct event *kick;		/* made active: there may be something to start */
	struct event *news;		/* made active: somebody watches, and something came */
	void (*on_news)(void *arg);
	void *news_arg;
	struct event *pause;		/* pending: nobody connects before it is over */
	size_t count;
	struct connection *connections;
	struct connections lists[STATE_COUNT];
	size_t sizes[STATE_COUNT];
	struct hs_db_jobs queue;
	size_t waiting;
	unsigned long long begun;	/* jobs that got a connection */
	int64_t waited_us;		/* and what they waited for it */
	unsigned failures;		/* to connect, in a row */
	bool usable, said_away;
	struct hs_error last;
};

/* Looks in the next turn of the loop whether there is something to start. */
void db_pool_kick(struct hs_db_pool *pool);

/* Ends a connection that has no job. */
void db_pool_close(struct connection *connection);

/* Whether connections to that host are wanted; see hs_db_pool_use. */
bool db_pool_wants(const struct hs_db_pool *pool, size_t host);

/* A job that ended without an answer stands first in the queue again, if that is allowed. */
bool db_pool_ask_anew(struct hs_db_pool *pool, struct hs_db_job *job);

#endif
