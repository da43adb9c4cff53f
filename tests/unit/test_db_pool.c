/* test_db_pool.c: the pool on an event base against a real PostgreSQL: answers, order, deadlines.
 * test_db_pool_away.c has what happens when the server goes away. */
#include "common/db_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/harness.h"
#include "tests/unit/pool.h"
#include "tests/unit/postgres.h"

/* --- answers --- */

static void test_values(void)
{
	struct hs_db_pool *pool = make_pool(2);
	char sql[] = "select $1::text || $2::text, $3::text";
	char text[] = "O’Neal";
	const char *values[] = { text, "'; --", NULL };
	const struct hs_db_statement one = { .sql = sql, .values = values, .count = 3 };
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };

	expect_done("submit",
	    hs_db_pool_submit(pool, &one, 1, PATIENCE_MS, keep_answer, &answer, NULL, &err), &err);
	memset(sql, 'x', sizeof sql - 1);	/* copied */
	memset(text, 'x', sizeof text - 1);
	turn_until_told(&answer);
	expect_text("value", answer.values[0], "O’Neal'; --");
	expect_int("count", answer.count, 1);
	expect_answer("null", pool, "select null", "(null)");
	expect_answer("nothing", pool, "select 1 where false", "");
	expect_answer("role", pool, "show max_parallel_workers_per_gather", "0");
	expect_answer("name", pool, "show application_name", "pool");
	hs_db_pool_free(pool);
}

static void insert_now(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask_int(arg, "insert into game values (2)");
}

static void test_one_snapshot(void)
{
	static const struct hs_db_statement three[] = {
		{ .sql = "select count(*) from game" },
		{ .sql = "select pg_sleep(0.4)" },
		{ .sql = "select count(*) from game" },
	};
	struct hs_db *db = connect_writer(settings);
	struct hs_db_pool *pool = make_pool(1);
	const struct timeval soon = { .tv_usec = 150000 };
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };

	ask_int(db, "drop table if exists game");
	ask_int(db, "create table game as select 1 as n");
	expect_answer("warm", pool, "select 1", "1");
	expect_done("submit",
	    hs_db_pool_submit(pool, three, 3, PATIENCE_MS, keep_answer, &answer, NULL, &err), &err);
	event_base_once(base, -1, EV_TIMEOUT, insert_now, db, &soon);
	turn_until_told(&answer);
	expect_int("three results", answer.count, 3);
	expect_text("before", answer.values[0], "1");
	expect_text("the same", answer.values[2], "1");
	expect_answer("it did change", pool, "select count(*) from game", "2");
	hs_db_pool_free(pool);
	hs_db_free(db);
}

static void test_errors(void)
{
	static const struct hs_db_statement middle_fails[] = {
		{ .sql = "select 1" },
		{ .sql = "select 1/0" },
		{ .sql = "select 3" },
	};
	struct hs_db_pool *pool = make_pool(1);
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };
	char before[TEXT_BYTES], after[TEXT_BYTES];

	backend_pid(pool, before);
	expect_done("submit",
	    hs_db_pool_submit(pool, middle_fails, 3, PATIENCE_MS, keep_answer, &answer, NULL, &err),
	    &err);
	turn_until_told(&answer);
	expect_int("code", answer.code, HS_DB_ERROR);
	expect_contains("message", answer.message, "division by zero");
	expect_contains("message", answer.message, "22012");

	answer = (struct answer){ 0 };
	submit(pool, "selekt", PATIENCE_MS, &answer);
	turn_until_told(&answer);
	expect_contains("syntax", answer.message, "42601");

	answer = (struct answer){ 0 };
	submit(pool, "create table never (n int)", PATIENCE_MS, &answer);
	turn_until_told(&answer);
	expect_contains("read only", answer.message, "25006");

	expect_answer("usable", pool, "select 1", "1");
	backend_pid(pool, after);
	expect_text("the same connection", after, before);

	expect_true("no fault of the database's", look(pool).usable);
	hs_db_pool_free(pool);
}

static void test_big(void)
{
	struct hs_db_pool *pool = make_pool(1);
	char *text = malloc((2 << 20) + 1);
	const char *values[] = { text };
	const struct hs_db_statement one = {
		.sql = "select length($1)", .values = values, .count = 1
	};
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };

	memset(text, 'x', 2 << 20);
	text[2 << 20] = '\0';
	expect_true("too long",
	    !hs_db_pool_submit(pool, &one, 1, PATIENCE_MS, keep_answer, &answer, NULL, &err));
	expect_code("too long", &err, HS_TOO_LONG);
	text[1000000] = '\0';
	expect_done("long",
	    hs_db_pool_submit(pool, &one, 1, PATIENCE_MS, keep_answer, &answer, NULL, &err), &err);
	turn_until_told(&answer);
	expect_text("long", answer.values[0], "1000000");
	answer = (struct answer){ 0 };
	submit(
	    pool, "select repeat('x', 100) from generate_series(1, 100000)", PATIENCE_MS, &answer);
	turn_until_told(&answer);
	expect_int("many rows", answer.rows, 100000);
	free(text);
	hs_db_pool_free(pool);
}

/* --- what is asked often --- */

static struct answer run(struct hs_db_pool *pool, const struct hs_db_statement *statements,
    size_t count)
{
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };

	expect_done("submit",
	    hs_db_pool_submit(pool, statements, count, PATIENCE_MS, keep_answer, &answer, NULL, &err),
	    &err);
	turn_until_told(&answer);
	expect_int("told once", answer.calls, 1);
	return answer;
}

static const char how_many_prepared[] = "select count(*) from pg_prepared_statements";

/* Alone, among others in one snapshot, and after jobs that failed beside it. */
static void test_often(void)
{
	static const struct hs_db_statement often = { .sql = "select 40 + 2", .often = true };
	static const struct hs_db_statement mixed[] = {
		{ .sql = "select 1" },
		{ .sql = "select 40 + 2", .often = true },
		{ .sql = "select 'new'", .often = true },
		{ .sql = "select 4" },
	};
	static const struct hs_db_statement fails[] = {
		{ .sql = "select 'third'", .often = true },
		{ .sql = "select 1/0 from pg_class", .often = true },
		{ .sql = "select 'third'", .often = true },
	};
	static const struct hs_db_statement wrong = { .sql = "selekt", .often = true };
	struct hs_db_pool *pool = make_pool(1);
	struct answer answer;

	for (int i = 0; i < 3; i++)
		expect_text("alone", run(pool, &often, 1).values[0], "42");
	expect_answer("once", pool, how_many_prepared, "1");
	for (int i = 0; i < 3; i++) {
		answer = run(pool, mixed, 4);
		expect_int("all of them", answer.count, 4);
		expect_text("first", answer.values[0], "1");
		expect_text("second", answer.values[1], "42");
		expect_text("third", answer.values[2], "new");
		expect_text("fourth", answer.values[3], "4");
	}
	expect_answer("one more", pool, how_many_prepared, "2");
	for (int i = 0; i < 3; i++) {
		expect_contains("reason", run(pool, fails, 3).message, "division by zero");
		expect_contains("reason", run(pool, &wrong, 1).message, "42601");
		expect_text("still right", run(pool, mixed, 4).values[1], "42");
	}
	expect_answer("no name is lost", pool, how_many_prepared, "4");
	hs_db_pool_free(pool);
}

/* More of them than a connection keeps, and a connection that knows none yet. */
static void test_often_many(void)
{
	enum { MANY = 100 };
	struct hs_db_pool *pool = make_pool(1);
	char pid[TEXT_BYTES], kill[TEXT_BYTES + 40];

	for (int i = 0; i < 2 * MANY; i++) {
		char sql[32], want[16];
		const struct hs_db_statement often = { .sql = sql, .often = true };

		snprintf(sql, sizeof sql, "select %d", i % MANY);
		snprintf(want, sizeof want, "%d", i % MANY);
		expect_text(sql, run(pool, &often, 1).values[0], want);
	}
	expect_answer("bounded", pool, how_many_prepared, "64");
	backend_pid(pool, pid);
	snprintf(kill, sizeof kill, "select pg_terminate_backend(%s)::int", pid);
	struct hs_db *db = connect_writer(settings);
	struct answer answer = { 0 };

	/* it is told of the end while it prepares */
	submit(pool, "select pg_sleep(20)", PATIENCE_MS, &answer);
	turn_for(200);
	ask_int(db, kill);
	turn_until_told(&answer);
	hs_db_free(db);
	expect_text("anew", run(pool, &(struct hs_db_statement){ .sql = "select 7", .often = true },
	    1).values[0], "7");
	expect_answer("from nothing", pool, how_many_prepared, "1");
	hs_db_pool_free(pool);
}

/* Nobody waits any more for a job that prepares: what it prepared is known all the same. */
static void test_often_cancelled(void)
{
	static const struct hs_db_statement slow[] = {
		{ .sql = "select 'kept'", .often = true },
		{ .sql = "select pg_sleep(20)" },
	};
	struct hs_db_pool *pool = make_pool(1);
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db_job *job = NULL;
	struct answer answer = { 0 };

	expect_answer("warm", pool, "select 1", "1");
	expect_done("submit", hs_db_pool_submit(pool, slow, 2, PATIENCE_MS, keep_answer, &answer,
	    &job, &err), &err);
	turn_for(200);
	hs_db_job_cancel(job);
	expect_text("known", run(pool, &slow[0], 1).values[0], "kept");
	expect_answer("once", pool, how_many_prepared, "1");
	expect_int("never told", answer.calls, 0);
	hs_db_pool_free(pool);
}

/* --- the queue --- */

static void test_order_and_width(void)
{
	enum { JOBS = 20, WIDTH = 4 };
	struct hs_db_pool *pool = make_pool(1);
	struct answer answers[JOBS] = { { 0 } };
	int64_t started_ms;

	told = 0;
	for (int i = 0; i < JOBS; i++)
		submit(pool, "select 1", PATIENCE_MS, &answers[i]);
	expect_int("waiting", look(pool).waiting, JOBS);
	turn_until(&told, JOBS, PATIENCE_MS);
	for (int i = 0; i < JOBS; i++)
		expect_int("in order", answers[i].order, i + 1);
	expect_int("one connection", look(pool).open, 1);
	hs_db_pool_free(pool);

	pool = make_pool(WIDTH);
	memset(answers, 0, sizeof answers);
	told = 0;
	started_ms = now_ms();
	for (int i = 0; i < WIDTH; i++)
		submit(pool, "select pg_sleep(0.5)", PATIENCE_MS, &answers[i]);
	turn_until(&told, WIDTH, PATIENCE_MS);
	expect_int("all", told, WIDTH);
	expect_true("side by side", now_ms() - started_ms < 1500);
	expect_int("as many as jobs", look(pool).open, WIDTH);
	expect_int("at rest", look(pool).busy, 0);
	hs_db_pool_free(pool);
}

static void test_overflow(void)
{
	static struct answer answers[HS_DB_POOL_QUEUE];
	const struct hs_db_statement one = { .sql = "select 1" };
	struct hs_db_pool *pool = make_pool(2);
	struct hs_error err = HS_ERROR_INIT;
	struct answer extra = { 0 };

	memset(answers, 0, sizeof answers);
	told = 0;
	for (int i = 0; i < HS_DB_POOL_QUEUE; i++)
		submit(pool, "select 1", PATIENCE_MS, &answers[i]);
	expect_true("full",
	    !hs_db_pool_submit(pool, &one, 1, PATIENCE_MS, keep_answer, &extra, NULL, &err));
	expect_code("full", &err, HS_BUSY);
	turn_until(&told, HS_DB_POOL_QUEUE, PATIENCE_MS);
	expect_int("all of them", told, HS_DB_POOL_QUEUE);
	turn_for(50);
	expect_int("the refused one is never told", extra.calls, 0);
	hs_db_pool_free(pool);
}

/* --- deadlines and cancelling --- */

static void test_deadline(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_db_pool *pool = make_pool(1);
	struct answer answer = { 0 }, queued = { 0 };
	char before[TEXT_BYTES], after[TEXT_BYTES];
	int64_t started_ms;

	backend_pid(pool, before);
	started_ms = now_ms();
	submit(pool, "select pg_sleep(20)", 400, &answer);
	submit(pool, "select 1", 200, &queued);
	turn_until_told(&answer);
	expect_int("running", answer.code, HS_TIMEOUT);
	expect_contains("running", answer.message, "0.400 s");
	expect_true(
	    "in time", answer.at_ms - started_ms >= 390 && answer.at_ms - started_ms < 1500);
	expect_int("queued", queued.code, HS_TIMEOUT);
	expect_contains("queued", queued.message, "busy");
	backend_pid(pool, after);
	expect_text("the same connection", after, before);
	expect_int("nothing runs on", ask_int(db, "select count(*) from pg_stat_activity "
		"where application_name = 'pool' and state <> 'idle'"), 0);
	hs_db_pool_free(pool);
	hs_db_free(db);
}

static void test_deadline_in_transaction(void)
{
	static const struct hs_db_statement two[] = {
		{ .sql = "select 1" },
		{ .sql = "select pg_sleep(20)" },
	};
	struct hs_db_pool *pool = make_pool(1);
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };
	char before[TEXT_BYTES], after[TEXT_BYTES];

	backend_pid(pool, before);
	expect_done(
	    "submit", hs_db_pool_submit(pool, two, 2, 300, keep_answer, &answer, NULL, &err), &err);
	turn_until_told(&answer);
	expect_int("deadline", answer.code, HS_TIMEOUT);
	backend_pid(pool, after);
	expect_text("the same connection", after, before);
	expect_answer(
	    "out of the transaction", pool, "select pg_current_xact_id_if_assigned() is null", "t");
	hs_db_pool_free(pool);
}

static void test_cancel(void)
{
	struct hs_db_pool *pool = make_pool(1);
	struct answer running = { 0 }, queued = { 0 };
	struct hs_db_job *first, *second;
	char before[TEXT_BYTES], after[TEXT_BYTES];
	int64_t started_ms;

	backend_pid(pool, before);
	first = submit(pool, "select pg_sleep(20)", PATIENCE_MS, &running);
	second = submit(pool, "select 2", PATIENCE_MS, &queued);
	turn_for(100);
	expect_int("at work", look(pool).busy, 1);
	started_ms = now_ms();
	hs_db_job_cancel(second);
	hs_db_job_cancel(first);
	expect_int("nobody waits", look(pool).waiting, 0);
	backend_pid(pool, after);
	expect_true("at once", now_ms() - started_ms < 2000);
	expect_text("the same connection", after, before);
	expect_int("never told", running.calls + queued.calls, 0);
	hs_db_pool_free(pool);
}

/* A cancel that arrives late must never hit the next job. */
static void test_late_cancel(void)
{
	struct hs_db_pool *pool = make_pool(1);

	for (int i = 0; i < 150; i++) {
		struct answer unwanted = { 0 }, next = { 0 };
		struct hs_db_job *job = submit(
		    pool, "select count(*) from generate_series(1, 3000)", PATIENCE_MS, &unwanted);

		for (int turns = i % 5; turns > 0 && unwanted.calls == 0; turns--)
			event_base_loop(base, turns % 2 == 0 ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
		if (unwanted.calls == 0)
			hs_db_job_cancel(job);
		submit(pool, "select count(*) from generate_series(1, 20000)", PATIENCE_MS, &next);
		turn_until_told(&next);
		if (!expect_text("not hit", next.message, "") ||
		    !expect_text("answered", next.values[0], "20000"))
			break;
	}
	hs_db_pool_free(pool);
}

/* --- callbacks that call back --- */

static struct hs_db_pool *inner_pool;
static struct hs_db_job *inner_job;
static struct answer inner_answer;

static void submit_again(
    void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	(void)results;
	(void)count;
	(void)err;
	hs_db_job_cancel(inner_job);	/* itself: nothing */
	submit(arg, "select 'again'", PATIENCE_MS, &inner_answer);
}

static void free_pool(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	(void)results;
	(void)count;
	(void)err;
	hs_db_pool_free(inner_pool);
	(*(int *)arg)++;
}

static void test_callbacks(void)
{
	static const char *const endings[] = { "select 1", "select 1/0", "select pg_sleep(20)",
		"select pg_terminate_backend(pg_backend_pid())" };
	const struct hs_db_statement first = { .sql = "select 1" };
	struct hs_db_pool *pool = make_pool(1);
	struct hs_error err = HS_ERROR_INIT;

	inner_answer = (struct answer){ 0 };
	expect_done("submit",
	    hs_db_pool_submit(pool, &first, 1, PATIENCE_MS, submit_again, pool, &inner_job, &err),
	    &err);
	turn_until_told(&inner_answer);
	expect_text("from a callback", inner_answer.values[0], "again");
	hs_db_pool_free(pool);

	for (size_t i = 0; i < HS_COUNT(endings); i++) {
		const struct hs_db_statement one = { .sql = endings[i] };
		struct answer dropped = { 0 };
		int freed = 0;

		inner_pool = make_pool(2);
		expect_done("submit",
		    hs_db_pool_submit(inner_pool, &one, 1, 500, free_pool, &freed, NULL, &err),
		    &err);
		submit(inner_pool, "select pg_sleep(5)", PATIENCE_MS, &dropped);
		turn_until(&freed, 1, PATIENCE_MS);
		expect_int(endings[i], freed, 1);
		turn_for(20);
		expect_int("dropped", dropped.calls, 0);
	}
}

static void test_free(void)
{
	struct hs_db_pool *pool;
	struct answer answers[6] = { { 0 } };

	hs_db_pool_free(NULL);
	hs_db_pool_free(make_pool(3));		/* before anything ran */
	pool = make_pool(2);
	for (size_t i = 0; i < HS_COUNT(answers); i++)
		submit(pool, "select pg_sleep(3)", PATIENCE_MS, &answers[i]);
	turn_for(300);
	expect_int("two at work", look(pool).busy, 2);
	expect_int("the rest waits", look(pool).waiting, 4);
	hs_db_pool_free(pool);
	turn_for(50);
	for (size_t i = 0; i < HS_COUNT(answers); i++)
		expect_int("dropped", answers[i].calls, 0);
}

static const struct hs_case cases[] = {
	{ "values", test_values },
	{ "one snapshot", test_one_snapshot },
	{ "errors", test_errors },
	{ "big", test_big },
	{ "often", test_often },
	{ "often, many", test_often_many },
	{ "often, cancelled", test_often_cancelled },
	{ "order and width", test_order_and_width },
	{ "overflow", test_overflow },
	{ "deadline", test_deadline },
	{ "deadline in a transaction", test_deadline_in_transaction },
	{ "cancel", test_cancel },
	{ "late cancel", test_late_cancel },
	{ "callbacks", test_callbacks },
	{ "free", test_free },
};

int main(void)
{
	return run_pool_suite("db_pool", cases, HS_COUNT(cases));
}
