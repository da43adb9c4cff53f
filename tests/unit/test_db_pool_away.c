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
	{ "deaf server", test_deaf_server },
};

int main(void)
{
	return run_pool_suite("db_pool_away", cases, HS_COUNT(cases));
}
