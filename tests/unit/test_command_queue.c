/* test_command_queue.c: requests from hsd-web's side and a daemon's, on a real PostgreSQL.
 *
 * The daemon is a function here: it keeps what it is given, and a test answers for it. */
#include "common/command_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/migrate.h"
#include "daemons/web/command_request.h"
#include "tests/unit/pool.h"
#include "tests/unit/postgres.h"

enum { MOST_TAKEN = 8, PATH_BYTES = 4096 };

static struct hs_db *db;
static struct hs_db_pool *pool;

/* What the daemon has been given. */
static struct hs_request *taken[MOST_TAKEN];
static int taken_count;
static char taken_args[TEXT_BYTES];

static void keep_request(void *arg, struct hs_request *request, enum hs_command_id command,
    const json_t *args)
{
	char *text = json_dumps(args, JSON_COMPACT);

	(void)arg;
	expect_int("what is asked for", command, HS_CMD_IMPORT_RETRY);
	snprintf(taken_args, sizeof taken_args, "%s", text);
	free(text);
	if (expect_true("room", taken_count < MOST_TAKEN))
		taken[taken_count++] = request;
}

static struct hs_command_queue *make_queue(void)
{
	struct hs_command_queue *queue = NULL;
	struct hs_error err = HS_ERROR_INIT;

	taken_count = 0;
	if (!expect_done("a queue", hs_command_queue_new(base, settings, HS_PROC_IMPORTER,
		keep_request, NULL, &queue, &err), &err))
		exit(99);
	return queue;
}

static void migrate_once(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_migrations done;
	char path[PATH_BYTES];

	if (db == NULL) {
		db = connect_writer(settings);
		snprintf(path, sizeof path, "%s/sql", hs_source_dir());
		if (!expect_done(path, hs_migrate(db, path, NULL, NULL, &done, &err), &err))
			exit(99);
	}
	ask_int(db, "delete from command_request");
	ask_int(db, "delete from audit_trail");
	pool = make_pool_of(settings, HS_DB_WRITER, 1);
}

/* ---- hsd-web ---- */

struct asked {
	int calls;
	bool is_asked;
	int64_t request;
	struct hs_error err;
};

static void on_asked(void *arg, PGresult *const *results, size_t count, const struct hs_error *why)
{
	struct asked *asked = arg;

	(void)count;
	asked->is_asked = command_request_number(results, why, &asked->request, &asked->err);
	asked->calls++;
}

static struct command_request retry_of(json_t *args)
{
	return (struct command_request){ .command = HS_CMD_IMPORT_RETRY, .args = args,
		.asked_by = "coach", .role = HS_ROLE_ADMIN, .address = "192.0.2.7" };
}

static int64_t ask(const struct command_request *wanted, struct hs_error *err)
{
	struct asked asked = { .err = HS_ERROR_INIT };

	if (!command_request_ask(pool, wanted, on_asked, &asked, NULL, err))
		return 0;
	turn_until(&asked.calls, 1, PATIENCE_MS);
	*err = asked.err;
	return asked.is_asked ? asked.request : 0;
}

static int64_t ask_retry(const char *file)
{
	json_t *args = json_pack("{s:s}", "file", file);
	struct command_request wanted = retry_of(args);
	struct hs_error err = HS_ERROR_INIT;
	int64_t request = ask(&wanted, &err);

	expect_code("asked", &err, HS_OK);
	json_decref(args);
	return request;
}

static void keep_json(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	json_t **ret = arg;

	(void)count;
	*ret = err == NULL && PQntuples(results[0]) == 1 ? command_request_json(results[0], 0)
							 : json_null();
}

/* The request as a page sees it; a new reference. */
static json_t *look_at(int64_t request)
{
	struct hs_error err = HS_ERROR_INIT;
	json_t *seen = NULL;
	char number[24];
	const char *const values[] = { number };
	const struct hs_db_statement statement = { .sql = command_request_look_sql,
		.values = values, .count = 1 };

	snprintf(number, sizeof number, "%lld", (long long)request);
	expect_done("a look", hs_db_pool_submit(pool, &statement, 1, PATIENCE_MS, keep_json, &seen,
		NULL, &err), &err);
	for (int64_t end_ms = now_ms() + PATIENCE_MS; seen == NULL && now_ms() < end_ms;)
		turn_for(5);
	return seen;
}

static const char *status_in(const json_t *seen)
{
	const char *status = json_string_value(json_object_get(seen, "status"));

	return status != NULL ? status : "not seen";
}

/* Looks until it has that status. */
static json_t *wait_status(int64_t request, const char *status)
{
	int64_t end_ms = now_ms() + PATIENCE_MS;
	json_t *seen = look_at(request);

	while (now_ms() < end_ms && strcmp(status_in(seen), status) != 0) {
		json_decref(seen);
		turn_for(20);
		seen = look_at(request);
	}
	expect_text("status", status_in(seen), status);
	return seen;
}

static void expect_line(int64_t request, const char *status, const char *line)
{
	json_t *seen = wait_status(request, status);

	expect_contains("the line", json_string_value(json_object_get(seen, "text")), line);
	json_decref(seen);
}

/* ---- tests ---- */

static void test_whole_way(void)
{
	struct hs_command_queue *queue;
	json_t *seen;
	int64_t request;

	migrate_once();
	request = ask_retry("nba.json");
	expect_line(request, "waiting", "waiting");
	expect_int("audited", ask_int(db, "select count(*) from audit_trail where action ="
	    " 'import.retry' and actor = 'coach' and address = '192.0.2.7' and subject ="
	    " 'nba.json' and not is_refusal"), 1);
	queue = make_queue();
	turn_until(&taken_count, 1, PATIENCE_MS);
	expect_text("args", taken_args, "{\"file\":\"nba.json\"}");
	expect_line(request, "running", "running");
	hs_request_event(taken[0], "progress", json_pack("{s:s, s:s, s:i, s:i}", "file",
	    "nba.json", "stage", "loading", "records", 40, "left", 7));
	turn_for(200);
	expect_line(request, "running", "running: 0 of 7 files; loading nba.json, 40 records");
	hs_request_result(taken[0], json_pack("{s:{s:i, s:i}}", "totals", "imported", 6, "failed",
	    1));
	expect_line(request, "done", "done: 6 imported, 1 failed");
	seen = look_at(request);
	expect_true("over", json_is_true(json_object_get(seen, "is_over")));
	expect_true("a file failed", json_is_false(json_object_get(seen, "is_good")));
	json_decref(seen);
	hs_command_queue_free(queue);
	hs_db_pool_free(pool);
}

/* A list says of each what a look says. */
static void test_list(void)
{
	static const char *const values[] = { "extractor", "10" };
	const struct hs_db_statement statement = { .sql = command_request_list_sql,
		.values = values, .count = 2 };
	struct hs_error err = HS_ERROR_INIT;
	json_t *seen = NULL;

	migrate_once();
	ask_int(db, "insert into command_request (command, owner, asked_by, status, result) values"
	    " ('import.now', 'importer', 'coach', 'done', '{}'),"
	    " ('extractor.run', 'extractor', 'coach', 'done', '{\"status\":\"failed\",\"error\":"
	    "{\"message\":\"no answer\"},\"problems\":[1,2,3]}')");
	expect_done("a list", hs_db_pool_submit(pool, &statement, 1, PATIENCE_MS, keep_json, &seen,
		NULL, &err), &err);
	for (int64_t end_ms = now_ms() + PATIENCE_MS; seen == NULL && now_ms() < end_ms;)
		turn_for(5);
	expect_text("its text", json_string_value(json_object_get(seen, "text")),
	    "failed: no answer");
	expect_true("not good", json_is_false(json_object_get(seen, "is_good")));
	expect_true("no lists", json_object_get(json_object_get(seen, "result"), "problems") ==
	    NULL);
	json_decref(seen);
	hs_db_pool_free(pool);
}

/* It is told by NOTIFY, long before the next look is due. */
static void test_notified(void)
{
	struct hs_command_queue *queue;
	int64_t began_ms;

	migrate_once();
	queue = make_queue();
	turn_for(500);
	began_ms = now_ms();
	for (int i = 1; i <= 3; i++) {
		ask_retry("x.json");
		expect_true("taken", turn_until(&taken_count, i, PATIENCE_MS));
	}
	expect_true("at once", now_ms() - began_ms < 5000);
	for (int i = 0; i < 3; i++)
		hs_request_result(taken[i], NULL);
	hs_command_queue_free(queue);
	hs_db_pool_free(pool);
}

static void test_refused_by_web(void)
{
	static const struct {
		const char *row;
		enum hs_command_id command;
		const char *args;
		enum hs_role role;
		enum hs_error_code want;
	} rows[] = {
		{ "a scout", HS_CMD_IMPORT_NOW, "{}", HS_ROLE_SCOUT, HS_NOT_ALLOWED },
		{ "no such argument", HS_CMD_IMPORT_NOW, "{\"x\":1}", HS_ROLE_ADMIN,
		    HS_BAD_ARGUMENT },
		{ "an argument is missing", HS_CMD_IMPORT_RETRY, "{}", HS_ROLE_ADMIN,
		    HS_BAD_ARGUMENT },
		{ "the operator's", HS_CMD_EXTRACTOR_RUN,
		    "{\"name\":\"x\",\"output-path\":\"/etc\"}", HS_ROLE_ADMIN, HS_NOT_ALLOWED },
		{ "the socket's", HS_CMD_STOP, "{\"daemon\":\"web\"}", HS_ROLE_ADMIN,
		    HS_NOT_ALLOWED },
	};

	migrate_once();
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_error err = HS_ERROR_INIT;
		json_t *args = json_loads(rows[i].args, 0, NULL);
		struct command_request wanted = retry_of(args);

		wanted.command = rows[i].command;
		wanted.role = rows[i].role;
		expect_int(rows[i].row, ask(&wanted, &err), 0);
		expect_code(rows[i].row, &err, rows[i].want);
		json_decref(args);
	}
	expect_int("nothing was asked", ask_int(db, "select count(*) from command_request"), 0);
	hs_db_pool_free(pool);
}

static void test_full(void)
{
	json_t *args;
	struct command_request wanted;
	struct hs_error err = HS_ERROR_INIT;

	migrate_once();
	ask_int(db, "insert into command_request (command, owner, asked_by)"
	    " select 'import.now', 'importer', 'coach' from generate_series(1, 100)");
	args = json_pack("{s:s}", "file", "x.json");
	wanted = retry_of(args);
	expect_int("one more", ask(&wanted, &err), 0);
	expect_code("one more", &err, HS_BUSY);
	expect_contains("one more", err.message, "100 requests wait already");
	expect_int("nothing is audited", ask_int(db, "select count(*) from audit_trail"), 0);
	json_decref(args);
	hs_db_pool_free(pool);
}

static void test_cancel_goes_where_it_runs(void)
{
	json_t *args = json_pack("{s:s}", "name", "league");
	struct command_request wanted = retry_of(args);
	struct hs_error err = HS_ERROR_INIT;

	migrate_once();
	wanted.command = HS_CMD_EXTRACTOR_CANCEL;
	ask_int(db, "insert into extractor_run (source, trigger, url, host)"
	    " values ('league', 'admin', 'u', 'far:/x')");
	ask(&wanted, &err);
	expect_code("asked", &err, HS_OK);
	expect_int("its host", ask_int(db, "select count(*) from command_request"
	    " where for_host = 'far:/x'"), 1);
	ask_int(db, "delete from extractor_run");
	ask(&wanted, &err);
	expect_int("any host", ask_int(db, "select count(*) from command_request"
	    " where for_host is null"), 1);
	json_decref(args);
	hs_db_pool_free(pool);
}

/* jsonb cannot hold a NUL: the request ends all the same. */
static void test_result_that_is_refused(void)
{
	struct hs_command_queue *queue;
	int64_t request;
	json_t *seen;

	migrate_once();
	queue = make_queue();
	request = ask_retry("x.json");
	turn_until(&taken_count, 1, PATIENCE_MS);
	hs_request_result(taken[0], json_pack("{s:s%}", "name", "a\0b", (size_t)3));
	seen = wait_status(request, "done");
	expect_contains("a note", json_string_value(json_object_get(json_object_get(seen, "result"),
	    "note")), "did not take the result");
	json_decref(seen);
	hs_command_queue_free(queue);
	hs_db_pool_free(pool);
}

static void note_finished(void *arg)
{
	*(int *)arg += 1;
}

/* Who is stopped marks what runs; what its handler says later counts for nothing. */
static void test_stop(void)
{
	struct hs_command_queue *queue;
	int64_t request, late;
	int finished = 0;

	migrate_once();
	queue = make_queue();
	request = ask_retry("x.json");
	turn_until(&taken_count, 1, PATIENCE_MS);
	hs_command_queue_stop(queue);
	late = ask_retry("y.json");
	turn_for(300);
	expect_int("nothing new is taken", taken_count, 1);
	if (!hs_command_queue_finish(queue, note_finished, &finished))
		expect_true("finished", turn_until(&finished, 1, PATIENCE_MS));
	hs_request_result(taken[0], json_object());
	expect_line(request, "cancelled", "cancelled: hsd-importer stopped before it was done");
	expect_line(late, "waiting", "waiting");
	hs_command_queue_free(queue);
	hs_db_pool_free(pool);
}

/* The database goes while one runs: its end is written when it is back, and the next one is heard. */
static void test_database_away(void)
{
	struct hs_command_queue *queue;
	int64_t request;
	json_t *status;

	migrate_once();
	queue = make_queue();
	request = ask_retry("x.json");
	turn_until(&taken_count, 1, PATIENCE_MS);
	hs_db_free(db);
	control_server("stop");
	hs_request_result(taken[0], json_pack("{s:s}", "status", "whole"));
	turn_for(1500);
	status = hs_command_queue_status(queue);
	expect_int("none runs", json_integer_value(json_object_get(status, "running")), 0);
	json_decref(status);
	control_server("start");
	db = connect_writer(settings);
	expect_true("the pool is back", turn_until_usable(pool, true));
	expect_line(request, "done", "done: whole, 0 records");
	ask_retry("y.json");
	expect_true("heard", turn_until(&taken_count, 2, PATIENCE_MS));
	hs_request_result(taken[1], NULL);
	hs_command_queue_free(queue);
	hs_db_pool_free(pool);
}

static void test_bounded(void)
{
	enum { MOST = 2000 };
	static char long_text[3000];
	json_t *object, *cut;
	char *text;

	memset(long_text, 'x', sizeof long_text - 1);
	object = hs_request_bounded(NULL, MOST);
	expect_int("none", (long long)json_object_size(object), 0);
	json_decref(object);
	object = hs_request_bounded(json_pack("{s:i}", "a", 1), MOST);
	expect_int("short", (long long)json_object_size(object), 1);
	json_decref(object);
	object = hs_request_bounded(json_pack("{s:i, s:s, s:s}", "total", 7, "list", long_text,
	    "status", "failed"), MOST);
	cut = json_object_get(object, "cut");
	expect_int("cut", (long long)json_array_size(cut), 1);
	expect_text("cut", json_string_value(json_array_get(cut, 0)), "list");
	expect_int("kept", json_integer_value(json_object_get(object, "total")), 7);
	expect_text("kept", json_string_value(json_object_get(object, "status")), "failed");
	expect_contains("note", json_string_value(json_object_get(object, "note")), "2000");
	text = json_dumps(object, JSON_COMPACT);
	expect_true("within", strlen(text) <= MOST);
	free(text);
	json_decref(object);
}

static const struct { const char *request, *line; } lines[] = {
	{ "{'status':'waiting','seconds':3.5}", "waiting" },
	{ "{'status':'waiting','seconds':61.2}", "waiting for 61 s: is the daemon running?" },
	{ "{'status':'running','progress':null}", "running" },
	{ "{'status':'running','progress':{'event':'file','file':{'name':'x'},'events':{'file':3}}}",
	    "running: 3 files" },
	{ "{'status':'running','progress':{'file':'b.json','stage':'checking','records':9,'left':7,"
	    "'events':{'file':3,'progress':40}}}",
	    "running: 3 of 10 files; checking b.json, 9 records" },
	{ "{'status':'running','progress':{'file':'league','stage':'fetching','records':0,"
	    "'events':{'progress':4}}}", "running: fetching league, 0 records" },
	{ "{'status':'running','progress':{'event':'file','file':{'name':'x'},'events':{'file':1}}}",
	    "running: 1 file" },
	{ "{'status':'running','progress':{'file':'league','stage':'fetching','records':1,"
	    "'events':{'progress':4}}}", "running: fetching league, 1 record" },
	{ "{'status':'done','command':'extractor.run','result':{'status':'emitted','records':1}}",
	    "done: emitted, 1 record" },
	{ "{'status':'done','command':'extractor.run','result':{'status':'emitted','records':12}}",
	    "done: emitted, 12 records" },
	{ "{'status':'done','command':'extractor.run','result':{'status':'failed','error':"
	    "{'message':'no answer'}}}", "failed: no answer" },
	{ "{'status':'done','command':'extractor.run','result':{'status':'failed','error':null}}",
	    "failed: its records have problems" },
	{ "{'status':'done','command':'extractor.enable','result':{'source':'x'}}", "done" },
	{ "{'status':'failed','error':{'message':'there is no x.json'}}",
	    "failed: there is no x.json" },
	{ "{'status':'lost','error':{'message':'its process ended'}}", "lost: its process ended" },
	{ "{'status':'cancelled','error':null}", "cancelled: " },
};

static void test_lines(void)
{
	for (size_t i = 0; i < HS_COUNT(lines); i++) {
		char text[1024], line[COMMAND_REQUEST_TEXT_BYTES];
		json_t *request;

		snprintf(text, sizeof text, "%s", lines[i].request);
		for (char *at = text; *at != '\0'; at++)
			*at = *at == '\'' ? '"' : *at;
		request = json_loads(text, 0, NULL);
		expect_true(text, request != NULL);
		command_request_text(request, line);
		expect_text(text, line, lines[i].line);
		json_decref(request);
	}
}

static const struct hs_case cases[] = {
	{ "the whole way", test_whole_way },
	{ "list", test_list },
	{ "notified", test_notified },
	{ "refused by web", test_refused_by_web },
	{ "full", test_full },
	{ "a cancellation goes where it runs", test_cancel_goes_where_it_runs },
	{ "a result that is refused", test_result_that_is_refused },
	{ "stop", test_stop },
	{ "the database is away", test_database_away },
	{ "bounded", test_bounded },
	{ "lines", test_lines },
};

int main(void)
{
	int status = run_pool_suite("command_queue", cases, HS_COUNT(cases));

	hs_db_free(db);
	return status;
}
