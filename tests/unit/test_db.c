/* test_db.c: one connection against a real PostgreSQL: answers, errors, COPY, and every way it
 * ends. */
#include "common/db.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/harness.h"
#include "tests/unit/postgres.h"

static struct hs_settings *settings;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct hs_db *connect_reader(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db *db = NULL;

	expect_done("a reader", hs_db_connect(settings, HS_DB_READER, "test", &db, &err), &err);
	return db;
}

/* Other settings for one test: name, value pairs ended by HS_SETTING_COUNT. */
static struct hs_settings *change(enum hs_setting id, const char *value)
{
	struct hs_settings *changed = load_settings();
	struct hs_error err = HS_ERROR_INIT;

	expect_done(value, hs_settings_override(changed, id, value, &err), &err);
	return changed;
}

static void test_values(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;
	PGresult *result = NULL;

	if (expect_done("values",
		hs_db_exec(db, "select $1::bigint, $2::text, $3::text, $4::text, -7", &result, &err,
		    "9223372036854775807", "Dončić '; --", NULL, ""),
		&err)) {
		expect_int("bigint", hs_db_int(result, 0, 0), INT64_MAX);
		expect_text("text", hs_db_text(result, 0, 1), "Dončić '; --");
		expect_true("null", hs_db_text(result, 0, 2) == NULL);
		expect_text("empty", hs_db_text(result, 0, 3), "");
		expect_int("negative", hs_db_int(result, 0, 4), -7);
	}
	PQclear(result);
	expect_done("no values", hs_db_exec(db, "select 1", NULL, &err), &err);
	expect_done("run", hs_db_run(db, "select 1", NULL, 0, NULL, &err), &err);
	hs_db_free(db);
	hs_db_free(NULL);
}

static const struct {
	const char *name, *writer, *reader;
} session[] = {
	{ "jit", "off", "off" },
	{ "max_parallel_workers_per_gather", "2", "0" },
	{ "default_transaction_read_only", "off", "on" },
	{ "datestyle", "ISO, YMD", "ISO, YMD" },
	{ "timezone", "UTC", "UTC" },
	{ "client_encoding", "UTF8", "UTF8" },
	{ "application_name", "test", "test" },
	{ "client_connection_check_interval", "1s", "1s" },
};

static void test_session(void)
{
	struct hs_db *writer = connect_writer(settings), *reader = connect_reader();

	for (size_t i = 0; i < HS_COUNT(session); i++) {
		struct hs_error err = HS_ERROR_INIT;
		PGresult *result = NULL;

		if (expect_done(session[i].name, hs_db_exec(writer, "select current_setting($1)",
			&result, &err, session[i].name), &err))
			expect_text(session[i].name, hs_db_text(result, 0, 0), session[i].writer);
		PQclear(result);
		result = NULL;
		if (expect_done(session[i].name, hs_db_exec(reader, "select current_setting($1)",
			&result, &err, session[i].name), &err))
			expect_text(session[i].name, hs_db_text(result, 0, 0), session[i].reader);
		PQclear(result);
	}
	hs_db_free(writer);
	hs_db_free(reader);
}

static const struct {
	const char *state;
	enum hs_error_code want;
	bool temporary;
} states[] = {
	{ "08006", HS_DB_AWAY, true },
	{ "57P01", HS_DB_AWAY, true },
	{ "57P03", HS_DB_AWAY, true },
	{ "53300", HS_DB_AWAY, true },
	{ "53100", HS_DISK_FULL, true },
	{ "53200", HS_NO_MEMORY, true },
	{ "53400", HS_LIMIT, true },
	{ "58030", HS_IO, true },
	{ "40001", HS_DB_CONFLICT, true },
	{ "40P01", HS_DB_CONFLICT, true },
	{ "55P03", HS_DB_CONFLICT, true },
	{ "57014", HS_CANCELLED, true },
	{ "28P01", HS_DB_REFUSED, false },
	{ "3D000", HS_DB_REFUSED, false },
	{ "23505", HS_DB_ERROR, false },
	{ "42P01", HS_DB_ERROR, false },
	{ "XX000", HS_DB_ERROR, false },
};

static void test_error_codes(void)
{
	struct hs_db *db = connect_writer(settings);

	for (size_t i = 0; i < HS_COUNT(states); i++) {
		struct hs_error err = HS_ERROR_INIT;
		char sql[256];

		snprintf(sql, sizeof sql, "do $$ begin raise exception using errcode = '%s', "
		    "message = 'airball', detail = 'by a foot'; end $$", states[i].state);
		expect_true(states[i].state, !hs_db_exec(db, sql, NULL, &err));
		expect_code(states[i].state, &err, states[i].want);
		expect_int(states[i].state, err.temporary, states[i].temporary);
		expect_contains(states[i].state, err.message, "airball: by a foot");
		expect_contains(states[i].state, err.message, states[i].state);
	}
	expect_int("still open", ask_int(db, "select 1"), 1);
	hs_db_free(db);
}

static void test_result_untouched_on_failure(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;
	PGresult *result = NULL;

	expect_true("syntax", !hs_db_exec(db, "selekt 1", &result, &err));
	expect_true("untouched", result == NULL);
	expect_code("syntax", &err, HS_DB_ERROR);
	expect_contains("syntax", err.message, "42601");
	expect_true("read only", !hs_db_exec(db, "select 1/$1::int", &result, &err, "0"));
	expect_contains("division", err.message, "22012");
	hs_db_free(db);
}

static void test_transactions(void)
{
	struct hs_db *db = connect_writer(settings), *reader = connect_reader();
	struct hs_error err = HS_ERROR_INIT;

	expect_done("create",
	    hs_db_script(db,
		"drop table if exists court; create table court (n int);"
		" insert into court values (1)",
		&err),
	    &err);
	expect_done("begin", hs_db_begin(db, &err), &err);
	expect_done("insert", hs_db_exec(db, "insert into court values (2)", NULL, &err), &err);
	expect_int("not seen yet", ask_int(reader, "select count(*) from court"), 1);
	hs_db_rollback(db);
	expect_int("rolled back", ask_int(db, "select count(*) from court"), 1);
	hs_db_rollback(db);	/* without a transaction: nothing */

	expect_done("begin", hs_db_begin(db, &err), &err);
	expect_done("insert", hs_db_exec(db, "insert into court values (3)", NULL, &err), &err);
	expect_done("commit", hs_db_commit(db, &err), &err);
	expect_int("committed", ask_int(reader, "select count(*) from court"), 2);

	expect_done("begin", hs_db_begin(db, &err), &err);
	expect_done("insert", hs_db_exec(db, "insert into court values (4)", NULL, &err), &err);
	expect_true("spoilt", !hs_db_exec(db, "select 1/0", NULL, &err));
	expect_true("no commit", !hs_db_commit(db, &err));
	expect_code("no commit", &err, HS_DB_ERROR);
	expect_contains("no commit", err.message, "rolled the transaction back");
	expect_int("nothing kept", ask_int(db, "select count(*) from court"), 2);

	expect_true("reader", !hs_db_exec(reader, "insert into court values (5)", NULL, &err));
	expect_contains("reader", err.message, "25006");
	expect_done("reader's begin", hs_db_begin(reader, &err), &err);
	expect_int("snapshot", ask_int(reader, "select count(*) from court"), 2);
	ask_int(db, "insert into court values (6)");
	expect_int("same snapshot", ask_int(reader, "select count(*) from court"), 2);
	expect_done("reader's commit", hs_db_commit(reader, &err), &err);
	expect_int("new snapshot", ask_int(reader, "select count(*) from court"), 3);
	hs_db_free(db);
	hs_db_free(reader);
}

static void test_script(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;

	expect_done("empty", hs_db_script(db, "-- nothing\n", &err), &err);
	expect_true("second fails", !hs_db_script(db,
		"create table halfway (n int); select 1/0; create table never (n int)", &err));
	expect_contains("its error", err.message, "division by zero");
	expect_int("all or nothing",
	    ask_int(db, "select count(*) from pg_class where relname = 'halfway'"), 0);
	ask_int(db, "create table if not exists script_copy (n int)");
	expect_true("copy", !hs_db_script(db, "copy script_copy from stdin", &err));
	expect_code("copy", &err, HS_DB_ERROR);
	expect_contains("copy", err.message, "COPY");
	expect_true("away", !hs_db_exec(db, "select 1", NULL, &err));
	expect_code("away", &err, HS_DB_AWAY);
	expect_done("reconnect", hs_db_reconnect(db, &err), &err);
	expect_int("again", ask_int(db, "select 1"), 1);
	hs_db_free(db);
}

/* --- COPY --- */

static const unsigned char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
enum { HEADER_BYTES = 19, ROW_BYTES = 10 };

static void make_row(unsigned char row[ROW_BYTES], unsigned number)
{
	const unsigned char bytes[ROW_BYTES] = { 0, 1, 0, 0, 0, 4, (unsigned char)(number >> 24),
		(unsigned char)(number >> 16), (unsigned char)(number >> 8),
		(unsigned char)number };

	memcpy(row, bytes, sizeof bytes);
}

static bool begin_copy(struct hs_db *db)
{
	struct hs_error err = HS_ERROR_INIT;

	return expect_done("begin",
		   hs_db_copy_begin(db, "copy shots from stdin (format binary)", &err), &err) &&
	       expect_done("header", hs_db_copy_put(db, header, HEADER_BYTES, &err), &err);
}

static void test_copy(void)
{
	static const unsigned char trailer[] = { 0xff, 0xff };
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;
	unsigned char row[ROW_BYTES];
	int64_t rows = -1;

	expect_done("table",
	    hs_db_script(db, "drop table if exists shots; create table shots (n int)", &err), &err);
	begin_copy(db);
	for (unsigned i = 0; i < 200000; i++) {
		make_row(row, i);
		if (!expect_done("row", hs_db_copy_put(db, row, sizeof row, &err), &err))
			break;
	}
	expect_done("trailer", hs_db_copy_put(db, trailer, sizeof trailer, &err), &err);
	expect_done("end", hs_db_copy_end(db, &rows, &err), &err);
	expect_int("rows", rows, 200000);
	expect_int("sum", ask_int(db, "select sum(n) from shots"), 19999900000LL);

	ask_int(db, "truncate shots");
	begin_copy(db);
	expect_done("trailer", hs_db_copy_put(db, trailer, sizeof trailer, &err), &err);
	expect_done("no rows", hs_db_copy_end(db, NULL, &err), &err);
	expect_int("no rows", ask_int(db, "select count(*) from shots"), 0);
	hs_db_free(db);
}

static void test_copy_failures(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;
	int64_t rows = -1;

	expect_true(
	    "no table", !hs_db_copy_begin(db, "copy nowhere from stdin (format binary)", &err));
	expect_contains("no table", err.message, "42P01");

	expect_done("begin", hs_db_begin(db, &err), &err);
	begin_copy(db);
	expect_done("nonsense", hs_db_copy_put(db, "\0\2xxxxxxxxxxxx", 14, &err), &err);
	expect_true("bad row", !hs_db_copy_end(db, &rows, &err));
	expect_code("bad row", &err, HS_DB_ERROR);
	expect_contains("bad row", err.message, "22P04");
	expect_int("untouched", rows, -1);
	expect_true("spoilt", !hs_db_exec(db, "select 1", NULL, &err));
	hs_db_rollback(db);
	expect_int("usable", ask_int(db, "select 1"), 1);

	expect_done("begin", hs_db_begin(db, &err), &err);
	begin_copy(db);
	hs_db_copy_abort(db);
	hs_db_copy_abort(db);	/* twice is once */
	expect_true("spoilt", !hs_db_exec(db, "select 1", NULL, &err));
	expect_contains("spoilt", err.message, "25P02");
	hs_db_rollback(db);
	expect_int("usable", ask_int(db, "select 1"), 1);

	expect_done("begin", hs_db_begin(db, &err), &err);
	begin_copy(db);
	hs_db_rollback(db);	/* leaves the copy by itself */
	expect_int("usable", ask_int(db, "select 1"), 1);
	expect_int("nothing", ask_int(db, "select count(*) from shots"), 0);
	hs_db_free(db);
}

static void test_copy_connection_lost(void)
{
	struct hs_db *db = connect_writer(settings), *killer = connect_writer(settings);
	static unsigned char piece[1 << 20];
	struct hs_error err = HS_ERROR_INIT;
	char sql[96];
	bool done = true;

	snprintf(sql, sizeof sql, "select pg_terminate_backend(%lld)::int",
	    (long long)ask_int(db, "select pg_backend_pid()"));
	for (size_t i = 0; i + ROW_BYTES <= sizeof piece; i += ROW_BYTES)
		make_row(piece + i, (unsigned)i);
	begin_copy(db);
	expect_int("killed", ask_int(killer, sql), 1);
	for (int i = 0; i < 200 && done; i++)
		done = hs_db_copy_put(db, piece, sizeof piece / ROW_BYTES * ROW_BYTES, &err);
	expect_true("noticed while putting", !done);
	expect_code("lost", &err, HS_DB_AWAY);
	hs_db_copy_abort(db);
	hs_db_rollback(db);
	expect_done("reconnect", hs_db_reconnect(db, &err), &err);
	begin_copy(db);
	ask_int(killer, "select count(pg_terminate_backend(pid)) from pg_stat_activity "
	    "where pid <> pg_backend_pid() and application_name = 'test'");
	expect_true("end", !hs_db_copy_end(db, NULL, &err));
	expect_code("end", &err, HS_DB_AWAY);
	hs_db_free(db);
	hs_db_free(killer);
}

/* --- lost connections --- */

static void test_terminated(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;

	expect_done("begin", hs_db_begin(db, &err), &err);
	expect_true("terminated",
	    !hs_db_exec(db, "select pg_terminate_backend(pg_backend_pid())", NULL, &err));
	expect_code("terminated", &err, HS_DB_AWAY);
	expect_contains("says why", err.message, "administrator command");
	expect_true("later", !hs_db_exec(db, "select 1", NULL, &err));
	expect_code("later", &err, HS_DB_AWAY);
	expect_true("commit", !hs_db_commit(db, &err));
	expect_code("commit", &err, HS_DB_AWAY);
	hs_db_rollback(db);
	hs_db_cancel(db);
	expect_true("copy", !hs_db_copy_begin(db, "copy shots from stdin (format binary)", &err));
	expect_code("copy", &err, HS_DB_AWAY);
	expect_done("reconnect", hs_db_reconnect(db, &err), &err);
	expect_int("again", ask_int(db, "select 1"), 1);
	hs_db_free(db);
}

static void test_server_stopped(void)
{
	struct hs_db *db = connect_writer(settings), *other = NULL;
	struct hs_error err = HS_ERROR_INIT;

	control_server("stop immediate");
	expect_true("gone", !hs_db_exec(db, "select 1", NULL, &err));
	expect_code("gone", &err, HS_DB_AWAY);
	expect_true("reconnect", !hs_db_reconnect(db, &err));
	expect_code("reconnect", &err, HS_DB_AWAY);
	expect_true("temporary", err.temporary);
	expect_contains("says where", err.where, "/hoopscout");
	expect_true("connect", !hs_db_connect(settings, HS_DB_READER, "test", &other, &err));
	expect_code("connect", &err, HS_DB_AWAY);
	expect_true("later", !hs_db_exec(db, "select 1", NULL, &err));
	expect_code("later", &err, HS_DB_AWAY);
	control_server("start");
	expect_done("reconnect", hs_db_reconnect(db, &err), &err);
	expect_int("again", ask_int(db, "select 1"), 1);
	hs_db_free(db);
}

static void *cancel_soon(void *arg)
{
	const struct timespec pause = { .tv_nsec = 200000000 };

	nanosleep(&pause, NULL);
	hs_db_cancel(arg);
	return NULL;
}

static void test_cancel(void)
{
	struct hs_db *db = connect_writer(settings);
	struct hs_error err = HS_ERROR_INIT;
	int64_t started_ms = now_ms();
	pthread_t thread;

	if (!expect_int("thread", pthread_create(&thread, NULL, cancel_soon, db), 0))
		return;
	expect_true("cancelled", !hs_db_exec(db, "select pg_sleep(20)", NULL, &err));
	expect_code("cancelled", &err, HS_CANCELLED);
	expect_true("soon", now_ms() - started_ms < 5000);
	pthread_join(thread, NULL);
	expect_int("usable", ask_int(db, "select 1"), 1);
	hs_db_cancel(db);	/* nothing runs: nothing happens */
	expect_int("usable", ask_int(db, "select 1"), 1);
	hs_db_free(db);
}

/* --- connecting --- */

static const struct {
	const char *row;
	enum hs_setting id;
	const char *value;
	enum hs_error_code want;
	const char *part;
} refusals[] = {
	{ "no database", HS_SET_POSTGRES_DB, "no_such_db", HS_DB_REFUSED, "POSTGRES_DB" },
	{ "no user", HS_SET_POSTGRES_USER, "nobody_here", HS_DB_REFUSED, "POSTGRES_USER" },
	{ "no server", HS_SET_POSTGRES_HOST, "/nonexistent", HS_DB_AWAY, "/nonexistent" },
	{ "no servers", HS_SET_POSTGRES_HOST, "/nonexistent,/neither", HS_DB_AWAY,
	    "; /neither:5432: " },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < HS_COUNT(refusals); i++) {
		struct hs_settings *changed = change(refusals[i].id, refusals[i].value);
		struct hs_error err = HS_ERROR_INIT;
		struct hs_db *db = NULL;

		expect_true(
		    refusals[i].row, !hs_db_connect(changed, HS_DB_WRITER, "test", &db, &err));
		expect_code(refusals[i].row, &err, refusals[i].want);
		expect_contains(refusals[i].row, err.message, refusals[i].part);
		hs_db_free(db);
		hs_settings_free(changed);
	}
}

static void test_server_is_read_only(void)
{
	struct hs_db *db = connect_writer(settings), *other = NULL;
	struct hs_error err = HS_ERROR_INIT;

	ask_int(db, "alter database hoopscout set default_transaction_read_only = on");
	expect_true("writer", !hs_db_connect(settings, HS_DB_WRITER, "test", &other, &err));
	expect_code("writer", &err, HS_DB_AWAY);
	expect_contains("writer", err.message, "read-only");
	expect_done("reader", hs_db_connect(settings, HS_DB_READER, "test", &other, &err), &err);
	hs_db_free(other);
	ask_int(db, "alter database hoopscout reset default_transaction_read_only");

	/* one that takes no writes any more, under a connection that is open */
	ask_int(db, "create temporary table kept (n int)");
	ask_int(db, "set default_transaction_read_only = on");
	expect_true("demoted", !hs_db_exec(db, "create table never (n int)", NULL, &err));
	expect_code("demoted", &err, HS_DB_AWAY);
	expect_contains("demoted", err.message, "25006");
	expect_true("of no use", !hs_db_exec(db, "select 1", NULL, &err));
	expect_code("of no use", &err, HS_DB_AWAY);
	expect_done("another", hs_db_reconnect(db, &err), &err);
	expect_int("another", ask_int(db, "select count(*) from pg_class where relname = 'kept'"
		" and pg_table_is_visible(oid)"), 0);
	hs_db_free(db);
}

/* A port where connections are taken by the kernel and nobody ever answers. */
static int open_deaf_port(unsigned *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		perror("a deaf port");
		exit(99);
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* A host that hangs must not hide the ones after it. */
static void test_several_hosts(void)
{
	const char *real = hs_setting_text(settings, HS_SET_POSTGRES_HOST);
	struct hs_settings *changed;
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db *db = NULL;
	char hosts[512], ports[64];
	int64_t started_ms;
	unsigned port;
	int fd = open_deaf_port(&port);

	snprintf(hosts, sizeof hosts, "127.0.0.1,/none,/none,/none, %s ", real);
	snprintf(ports, sizeof ports, "%u,5432,5432,5432,5432", port);
	changed = change(HS_SET_POSTGRES_HOST, hosts);
	if (expect_done(
		"ports", hs_settings_override(changed, HS_SET_POSTGRES_PORT, ports, &err), &err)) {
		started_ms = now_ms();
		expect_done(
		    "the fifth", hs_db_connect(changed, HS_DB_WRITER, "test", &db, &err), &err);
		expect_true("in its share", now_ms() - started_ms < 4000);
		hs_db_free(db);
	}
	hs_settings_free(changed);

	changed = change(HS_SET_POSTGRES_HOST, "/a,/b,/c");
	if (expect_done(
		"ports", hs_settings_override(changed, HS_SET_POSTGRES_PORT, "1,2", &err), &err)) {
		expect_true("ports", !hs_db_connect(changed, HS_DB_READER, "test", &db, &err));
		expect_code("ports", &err, HS_BAD_SETTING);
		expect_text("ports", err.where, "POSTGRES_PORT");
	}
	hs_settings_free(changed);
	close(fd);
}

static const struct hs_case cases[] = {
	{ "values", test_values },
	{ "session", test_session },
	{ "error codes", test_error_codes },
	{ "result untouched on failure", test_result_untouched_on_failure },
	{ "transactions", test_transactions },
	{ "script", test_script },
	{ "copy", test_copy },
	{ "copy failures", test_copy_failures },
	{ "copy, connection lost", test_copy_connection_lost },
	{ "terminated", test_terminated },
	{ "server stopped", test_server_stopped },
	{ "cancel", test_cancel },
	{ "refusals", test_refusals },
	{ "server is read only", test_server_is_read_only },
	{ "several hosts", test_several_hosts },
};

int main(void)
{
	int status;

	need_postgres();
	settings = load_settings();
	status = hs_run_suite("db", cases, HS_COUNT(cases));
	hs_settings_free(settings);
	return status;
}
