/* pool.c: turns the loop, and keeps what jobs are told. */
#include "tests/unit/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/postgres.h"

struct hs_settings *settings;
struct event_base *base;

int told;

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void keep_answer(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct answer *answer = arg;

	answer->calls++;
	answer->order = ++told;
	answer->at_ms = now_ms();
	answer->code = err != NULL ? err->code : HS_OK;
	snprintf(answer->message, sizeof answer->message, "%s", err != NULL ? err->message : "");
	expect_true("results or an error", (results == NULL) == (err != NULL));
	answer->count = count;
	for (size_t i = 0; i < count; i++) {
		answer->rows = PQntuples(results[i]);
		if (PQntuples(results[i]) > 0)
			snprintf(answer->values[i], TEXT_BYTES, "%.60s",
			    PQgetisnull(results[i], 0, 0) ? "(null)"
							  : PQgetvalue(results[i], 0, 0));
	}
}

struct hs_db_pool *make_pool_of(const struct hs_settings *of, enum hs_db_role role, size_t size)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db_pool *pool = NULL;

	if (!expect_done("a pool", hs_db_pool_new(base, of, role, "pool", size, &pool, &err), &err))
		exit(99);
	return pool;
}

struct hs_db_pool *make_pool(size_t size)
{
	return make_pool_of(settings, HS_DB_READER, size);
}

struct hs_db_job *submit(struct hs_db_pool *pool, const char *sql, int deadline_ms,
    struct answer *answer)
{
	const struct hs_db_statement one = { .sql = sql };
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db_job *job = NULL;

	expect_done(sql,
	    hs_db_pool_submit(pool, &one, 1, deadline_ms, keep_answer, answer, &job, &err), &err);
	expect_int("never before submit returns", answer->calls, 0);
	return job;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

bool turn_until(const int *count, int want, int ms)
{
	const struct timeval tick = { .tv_usec = 5000 };
	struct event *timer = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	int64_t deadline_ms = now_ms() + ms;

	event_add(timer, &tick);
	while (*count < want && now_ms() < deadline_ms)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(timer);
	return *count >= want;
}

void turn_for(int ms)
{
	const int never = 0;

	turn_until(&never, 1, ms);
}

bool turn_until_told(const struct answer *answer)
{
	return turn_until(&answer->calls, 1, PATIENCE_MS);
}

struct hs_db_pool_state look(const struct hs_db_pool *pool)
{
	struct hs_db_pool_state state;

	hs_db_pool_look(pool, &state);
	return state;
}

bool turn_until_usable(const struct hs_db_pool *pool, bool want)
{
	int64_t deadline_ms = now_ms() + PATIENCE_MS;
	const struct timeval tick = { .tv_usec = 5000 };
	struct event *timer = event_new(base, -1, EV_PERSIST, on_tick, NULL);

	/* looked at after each turn: a connection may be lost and opened anew within milliseconds */
	event_add(timer, &tick);
	while (look(pool).usable != want && now_ms() < deadline_ms)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(timer);
	return look(pool).usable == want;
}

void expect_answer(const char *row, struct hs_db_pool *pool, const char *sql, const char *want)
{
	struct answer answer = { 0 };

	submit(pool, sql, PATIENCE_MS, &answer);
	turn_until_told(&answer);
	expect_int(row, answer.calls, 1);
	expect_text(row, answer.message, "");
	expect_text(row, answer.values[0], want);
}

void backend_pid(struct hs_db_pool *pool, char pid[TEXT_BYTES])
{
	struct answer answer = { 0 };

	submit(pool, "select pg_backend_pid()", PATIENCE_MS, &answer);
	turn_until_told(&answer);
	memcpy(pid, answer.values[0], TEXT_BYTES);
}

int run_pool_suite(const char *name, const struct hs_case *cases, size_t count)
{
	int status;

	need_postgres();
	settings = load_settings();
	base = event_base_new();
	if (base == NULL)
		return 99;
	status = hs_run_suite(name, cases, count);
	event_base_free(base);
	hs_settings_free(settings);
	return status;
}
