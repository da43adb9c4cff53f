/* test_db_pool_away.c: the pool when its PostgreSQL is stopped, killed, not there, or deaf. */
#include "common/db_pool.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/harness.h"
#include "tests/unit/pool.h"
#include "tests/unit/postgres.h"

static void test_terminated(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_db_pool *pool = make_pool(1);
	struct answer answer = { 0 };
	char before[TEXT_BYTES], after[TEXT_BYTES];

	backend_pid(pool, before);
	submit(pool, "select pg_sleep(20)", PATIENCE_MS, &answer);
	turn_for(100);
	expect_int("killed",
	    ask_int(db, "select count(pg_terminate_backend(pid)) from pg_stat_activity "
			"where application_name = 'pool'"),
	    1);
	turn_until_told(&answer);
	expect_int("running", answer.code, HS_DB_AWAY);
	expect_contains("running", answer.message, "administrator command");
	backend_pid(pool, after);
	expect_true("another connection", after[0] != '\0' && strcmp(before, after) != 0);

	/* an idle one: seen without any job */
	turn_for(1100);		/* old enough that no pause follows */
	ask_int(db, "select count(pg_terminate_backend(pid)) from pg_stat_activity "
	    "where application_name = 'pool'");
	expect_true("noticed", turn_until_usable(pool, false));
	expect_int("noticed", look(pool).last.code, HS_DB_AWAY);
	expect_true("opened anew", turn_until_usable(pool, true));
	expect_int("opened anew", look(pool).open, 1);

	/* and no job is lost when it has ended unseen */
	turn_for(1100);
	ask_int(db, "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity "
	    "where application_name = 'pool'");
	expect_answer("unseen", pool, "select 4", "4");
	hs_db_pool_free(pool);
	hs_db_free(db);
}

static void test_restart(void)
{
	struct hs_db_pool *pool = make_pool(2);
	struct answer early = { 0 }, late = { 0 };

	expect_answer("before", pool, "select 1", "1");
	control_server("stop");
	expect_true("noticed", turn_until_usable(pool, false));
	submit(pool, "select 2", 300, &early);
	turn_until_told(&early);
	expect_int("deadline", early.code, HS_DB_AWAY);
	expect_int("nothing open", look(pool).open, 0);
	submit(pool, "select 3", PATIENCE_MS, &late);
	turn_for(500);
	expect_int("waits", late.calls, 0);
	control_server("start");
	turn_until_told(&late);
	expect_text("waited for its return", late.values[0], "3");
	expect_true("usable", look(pool).usable);
	hs_db_pool_free(pool);
}

static void test_unreachable(void)
{
	static const struct {
		enum hs_setting id;
		const char *value, *part;
		enum hs_error_code want;
	} rows[] = {
		{ HS_SET_POSTGRES_HOST, "/nonexistent", "/nonexistent", HS_DB_AWAY },
		{ HS_SET_POSTGRES_DB, "no_such_db", "3D000", HS_DB_REFUSED },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_settings *changed = load_settings();
		struct hs_error err = HS_ERROR_INIT;
		struct answer answer = { 0 };
		struct hs_db_pool *pool;

		hs_settings_override(changed, rows[i].id, rows[i].value, &err);
		pool = make_pool_of(changed, HS_DB_READER, 3);
		expect_true(rows[i].value, !look(pool).usable);
		expect_int(rows[i].value, look(pool).last.code, HS_DB_AWAY);
		submit(pool, "select 1", 400, &answer);
		turn_until_told(&answer);
		expect_int(rows[i].value, answer.code, rows[i].want);
		expect_contains(rows[i].value, answer.message, rows[i].part);
		expect_int(rows[i].value, look(pool).last.code, rows[i].want);
		hs_db_pool_free(pool);
		hs_settings_free(changed);
	}
}

/* The second of two hosts is there. */
static struct hs_settings *settings_of_two(void)
{
	struct hs_settings *changed = load_settings();
	struct hs_error err = HS_ERROR_INIT;
	char hosts[512];

	snprintf(hosts, sizeof hosts, "/nonexistent,%s",
	    hs_setting_text(settings, HS_SET_POSTGRES_HOST));
	hs_settings_override(changed, HS_SET_POSTGRES_HOST, hosts, &err);
	return changed;
}

static void test_told_of_hosts(void)
{
	struct hs_settings *changed = settings_of_two();
	struct hs_db *db = connect_writer(settings);
	struct hs_db_pool *pool = make_pool_of(changed, HS_DB_READER, 1);
	struct answer waits = { 0 }, wrong = { 0 }, lost = { 0 }, moved = { 0 };
	char before[TEXT_BYTES], after[TEXT_BYTES];

	hs_db_pool_use(pool, 0, 0);
	submit(pool, "select 1", 300, &waits);
	turn_until_told(&waits);
	expect_int("no host is named", waits.code, HS_DB_AWAY);
	expect_int("no host is named", look(pool).open, 0);
	hs_db_pool_use(pool, 1, 0);
	submit(pool, "select 1", 300, &wrong);
	turn_until_told(&wrong);
	expect_contains("the dead one", wrong.message, "/nonexistent");
	hs_db_pool_use(pool, 2, 0);
	expect_answer("the living one", pool, "select 3", "3");

	/* what only reads is asked anew, on another connection */
	backend_pid(pool, before);
	submit(pool, "select pg_sleep(0.5), pg_backend_pid()", PATIENCE_MS, &lost);
	turn_for(100);
	ask_int(db, "select count(pg_terminate_backend(pid)) from pg_stat_activity "
	    "where application_name = 'pool'");
	turn_until_told(&lost);
	expect_int("asked anew", lost.code, HS_OK);
	backend_pid(pool, after);
	expect_true("asked anew", after[0] != '\0' && strcmp(before, after) != 0);

	/* a host that does not answer: nobody waits for it */
	submit(pool, "select pg_sleep(5)", PATIENCE_MS, &moved);
	turn_for(100);
	hs_db_pool_use(pool, 1, 2);
	turn_for(100);
	expect_int("cut", look(pool).busy, 0);
	expect_int("cut", moved.calls, 0);
	expect_int("waits for another host", look(pool).waiting, 1);
	hs_db_pool_free(pool);
	hs_db_free(db);
	hs_settings_free(changed);
}

/* An idle connection to a host that is not to be used is closed at once, a busy one after its job. */
static void test_told_to_leave(void)
{
	struct hs_settings *changed = settings_of_two();
	struct hs_db_pool *pool = make_pool_of(changed, HS_DB_READER, 2);
	struct answer busy = { 0 };

	hs_db_pool_use(pool, 3, 0);
	submit(pool, "select pg_sleep(0.3)", PATIENCE_MS, &busy);
	expect_answer("another connection", pool, "select 1", "1");
	expect_int("two", look(pool).open, 2);
	hs_db_pool_use(pool, 1, 0);
	expect_int("the idle one is closed", look(pool).open, 1);
	turn_until_told(&busy);
	expect_int("the busy one had its time", busy.code, HS_OK);
	expect_int("and is closed then", look(pool).open, 0);
	hs_db_pool_free(pool);
	hs_settings_free(changed);
}

/* A writer's job is never asked twice, for it may have happened. */
static void test_writer_is_not_asked_anew(void)
{
	struct hs_settings *changed = settings_of_two();
	struct hs_db *db = connect_writer(settings);
	struct hs_db_pool *pool = make_pool_of(changed, HS_DB_WRITER, 1);
	struct answer lost = { 0 }, demoted = { 0 };

	hs_db_pool_use(pool, 2, 0);
	expect_answer("there", pool, "select 1", "1");
	submit(pool, "select pg_sleep(20)", PATIENCE_MS, &lost);
	turn_for(100);
	ask_int(db, "select count(pg_terminate_backend(pid)) from pg_stat_activity "
	    "where application_name = 'pool'");
	turn_until_told(&lost);
	expect_int("told", lost.code, HS_DB_AWAY);

	expect_answer("there again", pool, "set default_transaction_read_only = on", "");
	submit(pool, "create table never (n int)", PATIENCE_MS, &demoted);
	turn_until_told(&demoted);
	expect_int("demoted", demoted.code, HS_DB_AWAY);
	expect_answer("another connection", pool, "create temporary table never (n int)", "");
	hs_db_pool_free(pool);
	hs_db_free(db);
	hs_settings_free(changed);
}

static int64_t last_tick_ms, longest_gap_ms;

static void measure_gap(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = now_ms();

	(void)fd;
	(void)what;
	(void)arg;
	if (last_tick_ms != 0 && now - last_tick_ms > longest_gap_ms)
		longest_gap_ms = now - last_tick_ms;
	last_tick_ms = now;
}

/* A server that takes the connection and never answers does not hold the loop up. */
static void test_deaf_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval tick = { .tv_usec = 2000 };
	struct hs_settings *changed = load_settings();
	struct event *ticker = event_new(base, -1, EV_PERSIST, measure_gap, NULL);
	struct hs_error err = HS_ERROR_INIT;
	struct answer answer = { 0 };
	socklen_t length = sizeof address;
	struct hs_db_pool *pool;
	char port[16];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fd, 8) != 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		exit(99);
	snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
	hs_settings_override(changed, HS_SET_POSTGRES_HOST, "localhost", &err);
	hs_settings_override(changed, HS_SET_POSTGRES_PORT, port, &err);
	pool = make_pool_of(changed, HS_DB_READER, 2);
	event_add(ticker, &tick);
	submit(pool, "select 1", 700, &answer);
	turn_until_told(&answer);
	expect_int("away", answer.code, HS_DB_AWAY);
	if (!expect_true("the loop went on", longest_gap_ms < 250))
		printf("the longest gap was %lld ms\n", (long long)longest_gap_ms);
	event_free(ticker);
	hs_db_pool_free(pool);		/* while the threads still wait for the server */
	close(fd);
	hs_settings_free(changed);
}

static const struct hs_case cases[] = {
	{ "terminated", test_terminated },
	{ "restart", test_restart },
	{ "unreachable", test_unreachable },
	{ "told of hosts", test_told_of_hosts },
	{ "told to leave", test_told_to_leave },
	{ "a writer is not asked anew", test_writer_is_not_asked_anew },
	{ "deaf server", test_deaf_server },
};

int main(void)
{
	return run_pool_suite("db_pool_away", cases, HS_COUNT(cases));
}
