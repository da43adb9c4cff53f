/* db_pool.c: PostgreSQL on the event base: jobs, a queue, and connections in five states.
 *
 * Trusts its callers with the event loop's thread; trusts no connection, which may end at any
 * time, and no server to answer. A job is one pipeline up to its Sync, so it costs one round
 * trip. Two things in libpq wait, and so run on threads of their own (offload.h): connecting,
 * which may look up a name, and asking for a cancel. A connection serves the next job only
 * when both the Sync has come and the cancel has returned, for a late cancel would hit that.
 * What tells a caller of an end is always the last thing done, since the caller may then
 * submit, cancel or free the pool. */
#include "common/db_pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/util.h>

#include "common/clock.h"
#include "common/db_connect.h"
#include "common/db_job.h"
#include "common/db_pool_private.h"
#include "common/db_prepared.h"
#include "common/log.h"
#include "common/offload.h"

enum {
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 10000,
	PAUSE_DOUBLINGS = 7,
	SHORT_LIFE_MS = 1000,		/* after one that ends younger, a pause */
	DRAIN_MS = 1000,
	DRAIN_CANCELS = 5,
	NOTHINGS_MAX = 2 * HS_DB_JOB_RESULTS,	/* one after each result is usual */
	CONNECTIONS_MAX = 1000
};

/* A thread's errand: opening a connection, or cancelling what runs on one. */
struct errand {
	struct hs_task task;		/* first */
	struct connection *connection;
	uint64_t life;
	struct hs_db_target *target;
	PGconn *pg;
	struct hs_error err;
	PGcancel *cancel;
};

/* The only place that changes a connection's state. */
static void move(struct connection *connection, enum state to)
{
	struct hs_db_pool *pool = connection->pool;

	TAILQ_REMOVE(&pool->lists[connection->state], connection, link);
	pool->sizes[connection->state]--;
	connection->state = to;
	/* the one that worked last is the warmest: take it first */
	TAILQ_INSERT_HEAD(&pool->lists[to], connection, link);
	pool->sizes[to]++;
}

static size_t count_open(const struct hs_db_pool *pool)
{
	return pool->sizes[IDLE] + pool->sizes[BUSY] + pool->sizes[DRAINING];
}

void db_pool_kick(struct hs_db_pool *pool)
{
	event_active(pool->kick, EV_TIMEOUT, 1);
}

/* He hears of it from the loop, where he may submit and free. */
static void tell_news(struct hs_db_pool *pool)
{
	if (pool->news != NULL)
		event_active(pool->news, EV_TIMEOUT, 1);
}

static void arm(struct event *timer, int ms)
{
	struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };

	if (evtimer_add(timer, &wait) != 0)
		hs_panic("cannot set a timer");
}

static void leave_queue(struct hs_db_job *job)
{
	TAILQ_REMOVE(&job->pool->queue, job, link);
	job->pool->waiting--;
}

static struct hs_db_job *take_job(struct connection *connection)
{
	struct hs_db_job *job = connection->job;

	connection->job = NULL;
	if (job != NULL)
		job->connection = NULL;
	return job;
}

static void set_unusable(struct hs_db_pool *pool, const char *sentence, const struct hs_error *err)
{
	if (!pool->said_away)
		hs_log_error(HS_LOG_WARNING, sentence, err);
	pool->said_away = true;
	pool->usable = false;
	pool->last = *err;
}

/* Half of the pause is chance, so that many who lost one server do not return as one. */
static void begin_pause(struct hs_db_pool *pool)
{
	unsigned doublings = pool->failures < PAUSE_DOUBLINGS ? pool->failures : PAUSE_DOUBLINGS;
	int longest = PAUSE_MIN_MS << doublings;
	uint16_t chance;

	if (evtimer_pending(pool->pause, NULL))
		return;		/* several connections that fail at once count once */
	pool->failures++;
	if (longest > PAUSE_MAX_MS)
		longest = PAUSE_MAX_MS;
	evutil_secure_rng_get_bytes(&chance, sizeof chance);
	arm(pool->pause, longest / 2 + (int)(chance % (unsigned)(longest / 2 + 1)));
}

void db_pool_close(struct connection *connection)
{
	event_free(connection->readable);
	event_free(connection->writable);
	connection->readable = connection->writable = NULL;
	evtimer_del(connection->drain);
	PQfinish(connection->pg);
	connection->pg = NULL;
	hs_db_prepared_forget(&connection->prepared);
	connection->cancel_due = false;
	connection->life++;
	move(connection, CLOSED);
}

/* The connection has ended; its job, if any, ends with it. Tells last. */
static void lose(struct connection *connection)
{
	struct hs_db_pool *pool = connection->pool;
	struct hs_db_job *job = take_job(connection);
	struct hs_error err = HS_ERROR_INIT, seen = HS_ERROR_INIT;

	if (job != NULL && job->failure.code == HS_DB_AWAY)
		seen = job->failure;		/* "terminating connection due to ..." */
	else
		hs_db_error_of_connection(connection->pg, &seen);
	hs_error_set(&err, HS_DB_AWAY, "", "%s", seen.message);
	set_unusable(pool, "a connection to the database is lost", &err);
	if (hs_clock_ms() - connection->opened_ms < SHORT_LIFE_MS)
		begin_pause(pool);
	db_pool_close(connection);
	db_pool_kick(pool);
	if (job != NULL && !db_pool_ask_anew(pool, job))
		hs_db_job_tell(job, job->failure.code != HS_OK ? NULL : &err);
}

/* Writes what libpq holds; the rest when the socket takes more. */
static bool flush_out(struct connection *connection)
{
	int left = PQflush(connection->pg);

	if (left == 1 && event_add(connection->writable, NULL) != 0)
		hs_panic("cannot watch a database connection");
	if (left == 0)
		event_del(connection->writable);
	return left >= 0;
}

static bool send_plain(struct connection *connection, const char *sql)
{
	return PQsendQueryParams(connection->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool send_sync(struct connection *connection)
{
	connection->statement = 0;
	connection->sync_due = true;
	return PQpipelineSync(connection->pg) == 1 && flush_out(connection);
}

/* Several statements see one state of the data. */
static bool send_job(struct connection *connection, const struct hs_db_job *job)
{
	bool several = job->count > 1;

	if (several && !send_plain(connection, "begin isolation level repeatable read, read only"))
		return false;
	connection->prepares_at = several ? 1 : 0;
	if (!hs_db_prepared_send(&connection->prepared, connection->pg, job))
		return false;
	for (size_t i = 0; i < job->count; i++) {
		if (!hs_db_prepared_ask(&connection->prepared, connection->pg, &job->statements[i]))
			return false;
	}
	if (several && !send_plain(connection, "commit"))
		return false;
	return send_sync(connection);
}

/* --- cancelling --- */

static void free_errand(struct errand *errand)
{
	hs_db_target_free(errand->target);
	PQfinish(errand->pg);
	PQfreeCancel(errand->cancel);
	free(errand);
}

static void drop_errand(struct hs_task *task)
{
	free_errand((struct errand *)task);
}

static void work_cancel(struct hs_task *task)
{
	struct errand *errand = (struct errand *)task;
	char reason[256];

	/* not to reach the server is no error of ours: the drain's timer goes on */
	if (PQcancel(errand->cancel, reason, sizeof reason) != 1)
		hs_log(HS_LOG_DEBUG, "a cancel did not reach PostgreSQL", HS_STR("reason", reason));
}

static void settle(struct connection *connection);

static void done_cancel(struct hs_task *task)
{
	struct errand *errand = (struct errand *)task;
	struct connection *connection = errand->connection;
	bool current = connection->life == errand->life;

	free_errand(errand);
	if (!current)
		return;
	connection->cancel_due = false;
	settle(connection);
}

static bool start_errand(struct errand *errand, struct connection *connection,
    struct hs_error *err)
{
	errand->connection = connection;
	errand->life = connection->life;
	errand->task.drop = drop_errand;
	return hs_offload_start(connection->pool->offload, &errand->task, err);
}

static void ask_cancel(struct connection *connection)
{
	struct errand *errand = calloc(1, sizeof *errand);
	struct hs_error err = HS_ERROR_INIT;

	connection->cancels++;
	if (errand == NULL || (errand->cancel = PQgetCancel(connection->pg)) == NULL) {
		free(errand);
		return;		/* the drain's timer tries again */
	}
	errand->task.work = work_cancel;
	errand->task.done = done_cancel;
	if (start_errand(errand, connection, &err)) {
		connection->cancel_due = true;
		return;
	}
	hs_log_error(HS_LOG_WARNING, "cannot cancel a statement", &err);
	free_errand(errand);
}

static void begin_drain(struct connection *connection, bool with_cancel)
{
	move(connection, DRAINING);
	connection->cancels = 0;
	connection->rolling_back = false;
	arm(connection->drain, DRAIN_MS);
	if (with_cancel)
		ask_cancel(connection);
}

/* A cancel that came before its statement did nothing: ask again, but not for ever. */
static void on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (connection->cancels >= DRAIN_CANCELS) {
		hs_log(HS_LOG_WARNING, "closing a connection whose cancelled statement goes on",
		    HS_INT("pid", PQbackendPID(connection->pg)));
		db_pool_close(connection);
		db_pool_kick(connection->pool);
		return;
	}
	arm(connection->drain, DRAIN_MS);
	if (connection->cancel_due)
		connection->cancels++;
	else
		ask_cancel(connection);
}

/* --- results --- */

/* Takes result. */
static void keep_result(struct connection *connection, PGresult *result)
{
	struct hs_db_prepared *prepared = &connection->prepared;
	size_t at = connection->statement;
	bool prepares = at >= connection->prepares_at && prepared->taken < prepared->count;

	if (prepares)
		hs_db_prepared_take(prepared, result);
	else if (at > connection->prepares_at)
		at -= prepared->count;
	if (connection->job == NULL || (prepares && PQresultStatus(result) == PGRES_COMMAND_OK))
		PQclear(result);
	else
		hs_db_job_keep(connection->job, at, result);
}

/* Reads what has arrived, up to the Sync. The end of the connection may be among it. */
static void read_results(struct connection *connection)
{
	size_t nothing = 0;

	while (connection->sync_due && nothing < NOTHINGS_MAX && PQisBusy(connection->pg) == 0) {
		PGresult *result = PQgetResult(connection->pg);

		if (result == NULL) {
			connection->statement++;
			nothing++;	/* for ever, on a connection that has ended */
		} else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			connection->sync_due = false;
		} else {
			keep_result(connection, result);
		}
	}
}

/* It has no work any more. */
static void rest(struct connection *connection)
{
	if (db_pool_wants(connection->pool, connection->host))
		move(connection, IDLE);
	else
		db_pool_close(connection);
	db_pool_kick(connection->pool);
}

/* The Sync has come: the job is over. Tells last. */
static void end_job(struct connection *connection)
{
	struct hs_db_pool *pool = connection->pool;
	struct hs_db_job *job = connection->job;

	if (job->failure.code == HS_DB_AWAY && pool->role == HS_DB_WRITER) {
		lose(connection);	/* a primary that is one no more */
		return;
	}
	take_job(connection);
	pool->usable = true;
	if (PQtransactionStatus(connection->pg) == PQTRANS_IDLE) {
		rest(connection);
	} else {
		begin_drain(connection, false);
		settle(connection);
	}
	if (job->failure.code != HS_DB_CONFLICT || !db_pool_ask_anew(pool, job))
		hs_db_job_tell(job, NULL);
}

/* What comes next on a draining connection, now that something has changed. */
static void settle(struct connection *connection)
{
	if (connection->sync_due || connection->cancel_due)
		return;
	if (PQtransactionStatus(connection->pg) == PQTRANS_IDLE) {
		evtimer_del(connection->drain);
		rest(connection);
	} else if (connection->rolling_back || !send_plain(connection, "rollback") ||
	    !send_sync(connection)) {
		lose(connection);
	} else {
		connection->rolling_back = true;
	}
}

static void read_notifies(struct connection *connection)
{
	PGnotify *notify;

	while ((notify = PQnotifies(connection->pg)) != NULL) {
		PQfreemem(notify);
		tell_news(connection->pool);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;
	bool alive;

	(void)fd;
	(void)what;
	alive = PQconsumeInput(connection->pg) == 1 && flush_out(connection);
	read_results(connection);	/* of a dead one too: the server may have said why */
	if (!alive || PQstatus(connection->pg) != CONNECTION_OK) {
		lose(connection);
		return;
	}
	read_notifies(connection);
	if (connection->sync_due)
		return;
	if (connection->state == BUSY)
		end_job(connection);
	else if (connection->state == DRAINING)
		settle(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;

	(void)fd;
	(void)what;
	if (!flush_out(connection))
		lose(connection);
}

/* --- connecting --- */

static void work_connect(struct hs_task *task)
{
	struct errand *errand = (struct errand *)task;

	hs_db_open(errand->target, &errand->pg, &errand->err);
}

static struct event *new_event(struct connection *connection, int fd, short what,
    event_callback_fn call)
{
	struct event *event = event_new(connection->pool->base, fd, what, call, connection);

	if (event == NULL)
		hs_panic("no memory for an event");
	return event;
}

static void refuse_connect(struct connection *connection, const struct hs_error *err)
{
	struct hs_db_pool *pool = connection->pool;

	set_unusable(pool, "cannot connect to the database", err);
	move(connection, CLOSED);
	begin_pause(pool);
}

/* Takes pg. */
static void adopt(struct connection *connection, PGconn *pg, size_t host)
{
	struct hs_db_pool *pool = connection->pool;
	struct hs_error err = HS_ERROR_INIT;
	int fd = PQsocket(pg);

	if (!db_pool_wants(pool, host)) {
		PQfinish(pg);
		move(connection, CLOSED);
		db_pool_kick(pool);
		return;
	}
	if (PQsetnonblocking(pg, 1) != 0 || PQenterPipelineMode(pg) != 1) {
		hs_db_error_of_connection(pg, &err);
		PQfinish(pg);
		refuse_connect(connection, &err);
		return;
	}
	connection->pg = pg;
	connection->host = host;
	connection->sync_due = false;
	connection->opened_ms = hs_clock_ms();
	connection->readable = new_event(connection, fd, EV_READ | EV_PERSIST, on_readable);
	connection->writable = new_event(connection, fd, EV_WRITE | EV_PERSIST, on_writable);
	if (event_add(connection->readable, NULL) != 0)
		hs_panic("cannot watch a database connection");
	move(connection, IDLE);
	if (pool->said_away)
		hs_log(HS_LOG_INFO, "connected to the database again",
		    HS_INT("failures", pool->failures));
	pool->said_away = false;
	pool->usable = true;
	pool->failures = 0;
	evtimer_del(pool->pause);
	db_pool_kick(pool);
	tell_news(pool);
}

static void done_connect(struct hs_task *task)
{
	struct errand *errand = (struct errand *)task;
	PGconn *pg = errand->pg;

	errand->pg = NULL;
	if (pg != NULL)
		adopt(errand->connection, pg, hs_db_target_reached(errand->target));
	else
		refuse_connect(errand->connection, &errand->err);
	free_errand(errand);
}

static void start_connect(struct connection *connection)
{
	struct hs_db_pool *pool = connection->pool;
	struct errand *errand = calloc(1, sizeof *errand);
	struct hs_error err = HS_ERROR_INIT;

	move(connection, CONNECTING);
	if (errand == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a database connection");
		refuse_connect(connection, &err);
		return;
	}
	errand->task.work = work_connect;
	errand->task.done = done_connect;
	if (hs_db_target_new(pool->settings, pool->role, pool->name, &errand->target, &err)) {
		hs_db_target_only(errand->target, pool->hosts);
		if (start_errand(errand, connection, &err))
			return;
	}
	free_errand(errand);
	refuse_connect(connection, &err);
}

/* --- the queue --- */

/* The server may have gone without our having read of it yet: that costs no job. */
static bool is_alive(struct connection *connection)
{
	/* twice: the first may find the server's farewell, the second the end behind it */
	return PQconsumeInput(connection->pg) == 1 && PQconsumeInput(connection->pg) == 1 &&
	    PQstatus(connection->pg) == CONNECTION_OK;
}

static void start_jobs(struct hs_db_pool *pool)
{
	while (!TAILQ_EMPTY(&pool->queue) && !TAILQ_EMPTY(&pool->lists[IDLE])) {
		struct connection *connection = TAILQ_FIRST(&pool->lists[IDLE]);
		struct hs_db_job *job = TAILQ_FIRST(&pool->queue);

		if (!is_alive(connection) || !send_job(connection, job)) {
			lose(connection);	/* has no job yet, so tells nobody */
			continue;
		}
		leave_queue(job);
		pool->begun++;
		pool->waited_us += hs_clock_us() - job->queued_us;
		move(connection, BUSY);
		connection->job = job;
		job->connection = connection;
	}
}

static void start_connections(struct hs_db_pool *pool)
{
	size_t wanted = pool->waiting;

	if (pool->is_told && pool->hosts == 0)
		return;
	/* one is always there; and when one broke, a new one shows whether all is well again */
	if (wanted == 0 && (count_open(pool) == 0 || !pool->usable))
		wanted = 1;
	while (pool->sizes[CONNECTING] < wanted && !TAILQ_EMPTY(&pool->lists[CLOSED]) &&
	    !evtimer_pending(pool->pause, NULL))
		start_connect(TAILQ_FIRST(&pool->lists[CLOSED]));
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
	struct hs_db_pool *pool = arg;

	(void)fd;
	(void)what;
	start_jobs(pool);
	start_connections(pool);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct hs_db_job *job = arg;
	struct hs_db_pool *pool = job->pool;
	struct connection *connection = job->connection;
	struct hs_error err = HS_ERROR_INIT;

	(void)fd;
	(void)what;
	if (connection == NULL) {
		leave_queue(job);
		if (!pool->usable)
			err = pool->last;
	} else {
		take_job(connection);
		begin_drain(connection, true);
	}
	if (err.code == HS_OK)
		hs_error_set(&err, HS_TIMEOUT, "",
		    "the database did not answer within %d.%03d s: %s",
		    job->deadline_ms / 1000, job->deadline_ms % 1000,
		    connection == NULL ? "all its connections are busy" : "ask for less at once");
	hs_db_job_tell(job, &err);
}

/* --- jobs --- */

bool hs_db_pool_submit(struct hs_db_pool *pool, const struct hs_db_statement *statements,
    size_t count, int deadline_ms, hs_db_done_fn *done, void *arg,
    struct hs_db_job **ret, struct hs_error *err)
{
	struct hs_db_job *job;

	if (pool->waiting == HS_DB_POOL_QUEUE)
		return hs_error_set(err, HS_BUSY, "", "%d queries wait for the database already: "
		    "try again in a moment", HS_DB_POOL_QUEUE);
	if (!hs_db_job_new(statements, count, done, arg, &job, err))
		return false;
	if (deadline_ms < 1)
		hs_panic("a job with a deadline of %d ms", deadline_ms);
	job->pool = pool;
	job->deadline_ms = deadline_ms;
	job->queued_us = hs_clock_us();
	if ((job->deadline = evtimer_new(pool->base, on_deadline, job)) == NULL) {
		hs_db_job_free(job);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a query");
	}
	arm(job->deadline, deadline_ms);
	TAILQ_INSERT_TAIL(&pool->queue, job, link);
	pool->waiting++;
	db_pool_kick(pool);
	if (ret != NULL)
		*ret = job;
	return true;
}

void hs_db_job_cancel(struct hs_db_job *job)
{
	struct connection *connection = job->connection;

	if (job->telling)
		return;		/* from its own callback: it ends anyway */
	if (connection == NULL) {
		leave_queue(job);
	} else {
		take_job(connection);
		begin_drain(connection, true);
	}
	hs_db_job_free(job);
}

/* --- the pool --- */

static bool make_connections(struct hs_db_pool *pool, size_t count)
{
	for (size_t i = 0; i < STATE_COUNT; i++)
		TAILQ_INIT(&pool->lists[i]);
	if ((pool->connections = calloc(count, sizeof *pool->connections)) == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct connection *connection = &pool->connections[i];

		connection->pool = pool;
		connection->drain = evtimer_new(pool->base, on_drain, connection);
		if (connection->drain == NULL)
			return false;
		TAILQ_INSERT_TAIL(&pool->lists[CLOSED], connection, link);
		pool->sizes[CLOSED]++;
		pool->count++;
	}
	return true;
}

bool hs_db_pool_new(struct event_base *base, const struct hs_settings *settings,
    enum hs_db_role role, const char *name, size_t max_connections,
    struct hs_db_pool **ret, struct hs_error *err)
{
	struct hs_db_pool *pool;

	if (max_connections < 1 || max_connections > CONNECTIONS_MAX)
		hs_panic("a pool of %zu connections", max_connections);
	if ((pool = calloc(1, sizeof *pool)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for database connections");
	pool->base = base;
	pool->settings = settings;
	pool->role = role;
	TAILQ_INIT(&pool->queue);
	hs_error_set(&pool->last, HS_DB_AWAY, "", "the first connection is still under way");
	pool->kick = event_new(base, -1, 0, on_kick, pool);
	pool->pause = evtimer_new(base, on_kick, pool);
	if ((pool->name = strdup(name)) == NULL || pool->kick == NULL || pool->pause == NULL ||
	    !make_connections(pool, max_connections))
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for database connections");
	else if (hs_offload_new(base, &pool->offload, err)) {
		db_pool_kick(pool);
		*ret = pool;
		return true;
	}
	hs_db_pool_free(pool);
	return false;
}

void hs_db_pool_free(struct hs_db_pool *pool)
{
	struct hs_db_job *job;

	if (pool == NULL)
		return;
	while ((job = TAILQ_FIRST(&pool->queue)) != NULL) {
		leave_queue(job);
		hs_db_job_free(job);
	}
	for (size_t i = 0; i < pool->count; i++) {
		struct connection *connection = &pool->connections[i];

		if ((job = take_job(connection)) != NULL)
			hs_db_job_free(job);
		if (connection->pg != NULL)
			db_pool_close(connection);
		event_free(connection->drain);
	}
	hs_offload_free(pool->offload);
	if (pool->kick != NULL)
		event_free(pool->kick);
	if (pool->pause != NULL)
		event_free(pool->pause);
	if (pool->news != NULL)
		event_free(pool->news);
	free(pool->connections);
	free(pool->name);
	free(pool);
}

static void on_news(evutil_socket_t fd, short what, void *arg)
{
	struct hs_db_pool *pool = arg;

	(void)fd;
	(void)what;
	pool->on_news(pool->news_arg);
}

void hs_db_pool_watch(struct hs_db_pool *pool, void (*news)(void *arg), void *arg)
{
	pool->on_news = news;
	pool->news_arg = arg;
	if (pool->news == NULL && (pool->news = event_new(pool->base, -1, 0, on_news, pool)) == NULL)
		hs_panic("no memory for an event");
}

void hs_db_pool_look(const struct hs_db_pool *pool, struct hs_db_pool_state *ret)
{
	ret->open = count_open(pool);
	ret->busy = pool->sizes[BUSY] + pool->sizes[DRAINING];
	ret->waiting = pool->waiting;
	ret->begun = pool->begun;
	ret->waited_seconds = (double)pool->waited_us / 1e6;
	ret->usable = pool->usable;
	ret->failed = pool->said_away;
	ret->last = pool->usable ? (struct hs_error)HS_ERROR_INIT : pool->last;
}
