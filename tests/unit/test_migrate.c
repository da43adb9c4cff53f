/* test_migrate.c: migrations on a real PostgreSQL: order, checksums, failures, and two at once. */
#include "common/migrate.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"
#include "tests/unit/postgres.h"

static struct hs_settings *settings;
static struct hs_db *db;
static const char *folder;
static int folder_fd = -1;
static char steps[512];

static void write_file(const char *name, const char *sql)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_done(name, hs_file_write(folder_fd, name, sql, strlen(sql), 0644, &err), &err);
}

static void remove_file(const char *name)
{
	expect_int(name, unlinkat(folder_fd, name, 0), 0);
}

/* A fresh folder, and a database without anything in it. */
static void start_anew(void)
{
	struct hs_error err = HS_ERROR_INIT;

	if (folder_fd >= 0)
		close(folder_fd);
	folder = hs_scratch_dir();
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_done("empty database",
	    hs_db_script(db, "drop schema public cascade; create schema public", &err), &err);
}

static void note_step(void *arg, const char *name)
{
	size_t used = strlen(steps);

	snprintf(steps + used, sizeof steps - used, "%s%s", (const char *)arg, name);
}

static bool migrate(struct hs_migrations *ret, struct hs_error *err)
{
	static char separator[] = ";";

	*err = (struct hs_error)HS_ERROR_INIT;
	steps[0] = '\0';
	return hs_migrate(db, folder, note_step, separator, ret, err);
}

static void expect_refused(const char *row, const char *where, const char *part)
{
	struct hs_migrations result = { .applied = 77 };
	struct hs_error err;

	expect_true(row, !migrate(&result, &err));
	expect_code(row, &err, HS_MIGRATION);
	expect_contains(row, err.where, where);
	expect_contains(row, err.message, part);
	expect_int(row, result.applied, 77);
}

static void test_steps(void)
{
	struct hs_migrations result;
	struct hs_error err = HS_ERROR_INIT;

	start_anew();
	write_file(
	    "002_add.sql", "alter table team add arena text; insert into team values (1, 'x');");
	write_file("001_start.sql", "create table team (n int);");
	write_file("README", "not a migration");
	write_file("Makefile.inc", "neither");
	expect_true("check before", !hs_migrate_check(db, folder, &result, &err));
	expect_code("check before", &err, HS_MIGRATION);
	expect_contains("check before", err.message, "2 of 2");
	expect_contains("check before", err.message, "hsctl migrate");
	expect_done("migrate", migrate(&result, &err), &err);
	expect_text("in order", steps, ";001_start.sql;002_add.sql");
	expect_int("known", result.known, 2);
	expect_int("applied", result.applied, 2);
	expect_int("newly", result.newly, 2);
	expect_text("latest", result.latest, "002_add.sql");

	expect_done("again", migrate(&result, &err), &err);
	expect_int("again", result.newly, 0);
	expect_text("again", steps, "");
	expect_int("once", ask_int(db, "select count(*) from team"), 1);

	write_file("003_more.sql", "insert into team values (2, 'y');");
	expect_true("one is missing", !hs_migrate_check(db, folder, &result, &err));
	expect_contains("one is missing", err.message, "1 of 3");
	expect_done("third", hs_migrate(db, folder, NULL, NULL, &result, &err), &err);
	expect_int("newly", result.newly, 1);
	expect_int("recorded", ask_int(db, "select count(*) from schema_migration "
		"where length(sha256) = 32 and applied_at <= now() and name like '00%.sql'"), 3);
	err = (struct hs_error)HS_ERROR_INIT;
	expect_done("check after", hs_migrate_check(db, folder, &result, &err), &err);
	expect_int("check after", result.applied, 3);
	expect_text("check after", result.latest, "003_more.sql");
}

static const struct {
	const char *names[4];
	const char *where, *part;
} folders[] = {
	{ { "001_A.sql" }, "001_A.sql", "rename the file" },
	{ { "1_a.sql" }, "1_a.sql", "three digits" },
	{ { "0001_a.sql" }, "0001_a.sql", "three digits" },
	{ { "001-a.sql" }, "001-a.sql", "three digits" },
	{ { "001_.sql" }, "001_.sql", "three digits" },
	{ { "001_a b.sql" }, "001_a b.sql", "three digits" },
	{ { "001_a.x.sql" }, "001_a.x.sql", "three digits" },
	{ { "001_a.sql", "x.sql" }, "x.sql", "three digits" },
	{ { "002_a.sql" }, "002_a.sql", "migration 001 is missing" },
	{ { "000_a.sql" }, "000_a.sql", "migration 001 is missing" },
	{ { "001_a.sql", "002_b.sql", "004_d.sql" }, "004_d.sql", "migration 003 is missing" },
	{ { "001_a.sql", "002_b.sql", "002_c.sql" }, "002_c.sql", "002_b.sql has the same number" },
	{ { NULL }, "hs-test-", "no migrations" },
	{ { "001_a.SQL" }, "hs-test-", "no migrations" },
};

static void test_folders(void)
{
	for (size_t i = 0; i < HS_COUNT(folders); i++) {
		start_anew();
		for (size_t n = 0; n < HS_COUNT(folders[i].names) && folders[i].names[n] != NULL;
		     n++)
			write_file(folders[i].names[n], "create table never (n int);");
		expect_refused(folders[i].part, folders[i].where, folders[i].part);
		expect_int(folders[i].part,
		    ask_int(db, "select count(*) from pg_class where relname = 'never'"), 0);
	}
}

static void test_no_folder(void)
{
	struct hs_migrations result;
	struct hs_error err = HS_ERROR_INIT;

	expect_true("missing", !hs_migrate(db, "/nonexistent/sql", NULL, NULL, &result, &err));
	expect_code("missing", &err, HS_NOT_FOUND);
	expect_text("missing", err.where, "/nonexistent/sql");
}

static void test_changed_afterwards(void)
{
	struct hs_migrations result;
	struct hs_error err;

	start_anew();
	write_file("001_a.sql", "create table a (n int);");
	write_file("002_b.sql", "create table b (n int);");
	expect_done("migrate", migrate(&result, &err), &err);

	write_file("001_a.sql", "create table a (n bigint);");
	expect_refused("edited", "001_a.sql", "was edited");
	expect_true("check too", !hs_migrate_check(db, folder, &result, &err));
	expect_contains("check too", err.message, "was edited");
	write_file("001_a.sql", "create table a (n int);");

	remove_file("002_b.sql");
	expect_refused("a newer version was here", "002_b.sql", "a newer HoopScout");
	write_file("002_c.sql", "create table b (n int);");
	expect_refused("renamed", "002_c.sql", "as 002_b.sql");
	remove_file("002_c.sql");
	write_file("002_b.sql", "create table b (n int);");
	expect_done("as it was", migrate(&result, &err), &err);

	ask_int(db, "delete from schema_migration where number = 1");
	expect_refused("damaged record", "001_a.sql", "never 001_a.sql");
}

static void test_failing_step(void)
{
	struct hs_migrations result;
	struct hs_error err;

	start_anew();
	write_file("001_a.sql", "create table a (n int);");
	write_file("002_b.sql", "create table b (n int); insert into b values (1/0);");
	write_file("003_c.sql", "create table c (n int);");
	expect_true("fails", !migrate(&result, &err));
	expect_code("fails", &err, HS_DB_ERROR);
	expect_text("names the file", err.where, "002_b.sql");
	expect_contains("says why", err.message, "division by zero");
	expect_text("up to there", steps, ";001_a.sql;002_b.sql");
	expect_int(
	    "the first is recorded", ask_int(db, "select max(number) from schema_migration"), 1);
	expect_int("of the second nothing",
	    ask_int(db, "select count(*) from pg_class where relname = 'b'"), 0);
	write_file("002_b.sql", "create table b (n int);");
	expect_done("mended", migrate(&result, &err), &err);
	expect_int("mended", result.newly, 2);

	write_file("004_d.sql", "create table d (n int); commit; create table e (n int);");
	expect_refused("its own commit", "004_d.sql", "COMMIT");
	expect_int("not recorded", ask_int(db, "select max(number) from schema_migration"), 3);
	write_file("004_d.sql", "copy a from stdin;");
	expect_true("copy", !migrate(&result, &err));
	expect_contains("copy", err.message, "COPY");
	expect_done("reconnect", hs_db_reconnect(db, &err), &err);
	expect_done(
	    "nul", hs_file_write(folder_fd, "004_d.sql", "select 1;\0;", 11, 0644, &err), &err);
	expect_refused("nul", "004_d.sql", "NUL");
}

/* --- two who migrate at once --- */

struct rival {
	pthread_t thread;
	bool done;
	struct hs_migrations result;
	struct hs_error err;
};

static void *run_rival(void *arg)
{
	struct rival *rival = arg;
	struct hs_db *own = NULL;

	rival->done = hs_db_connect(settings, HS_DB_WRITER, "rival", &own, &rival->err) &&
	    hs_migrate(own, folder, NULL, NULL, &rival->result, &rival->err);
	hs_db_free(own);
	return NULL;
}

static void test_rivals(void)
{
	enum { RIVALS = 4, FILES = 8 };
	struct rival rivals[RIVALS] = { 0 };
	size_t newly = 0;

	start_anew();
	for (int i = 1; i <= FILES; i++) {
		char name[32], sql[128];

		snprintf(name, sizeof name, "%03d_step.sql", i);
		snprintf(
		    sql, sizeof sql, "create table step_%d (n int); select pg_sleep(0.03);", i);
		write_file(name, sql);
	}
	for (int i = 0; i < RIVALS; i++)
		expect_int(
		    "thread", pthread_create(&rivals[i].thread, NULL, run_rival, &rivals[i]), 0);
	for (int i = 0; i < RIVALS; i++) {
		pthread_join(rivals[i].thread, NULL);
		expect_done("a rival", rivals[i].done, &rivals[i].err);
		expect_int("applied", rivals[i].result.applied, FILES);
		newly += rivals[i].result.newly;
	}
	expect_int("each step once", newly, FILES);
}

static const char one_player[] =
    "insert into source values (1, 'nba');"
    "insert into competition values (1, 1, 'c', 'League', '2024-01-01');"
    "insert into season values (1, '2023-24');"
    "insert into team values (1, 1, 't', 'Team', '2024-01-01');"
    "insert into player (player_id, source_id, external_id, full_name, full_name_on) "
    "values (1, 1, 'p', 'Luka Dončić', '2024-01-01');"
    "insert into player_season values (1, 1, 1, 1, 1, '2024-01-01');"
    "insert into player_season_stats values (1, 1, 1, 1, '-infinity', 0, 0, 0, 20600, -1, "
    "6000, -1, 2544, -1, -1, -1, -1, -1, -1, -1, -1, 1);";

static const char figures[] = "select games_played, points_per_game, minutes_per_game "
			      "from player_season_figures";

/* The real ones, on an empty database and seen by a reader. */
static void test_ours(void)
{
	struct hs_migrations result;
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db *reader = NULL;
	PGresult *row = NULL;
	char path[512];

	start_anew();
	snprintf(path, sizeof path, "%s/sql", hs_source_dir());
	expect_done("migrate", hs_migrate(db, path, NULL, NULL, &result, &err), &err);
	expect_true("all", result.known == result.newly && result.newly > 0);
	expect_done("reader", hs_db_connect(settings, HS_DB_READER, "test", &reader, &err), &err);
	expect_done("check", hs_migrate_check(reader, path, &result, &err), &err);
	expect_int("version", ask_int(reader, "select version from data_version"), 1);
	expect_done("a player", hs_db_script(db, one_player, &err), &err);
	if (expect_done("view", hs_db_exec(reader, figures, &row, &err), &err)) {
		expect_text("games", hs_db_text(row, 0, 0), "60");
		expect_text("points", hs_db_text(row, 0, 1), "25.44");
		expect_true("unknown", hs_db_text(row, 0, 2) == NULL);
	}
	PQclear(row);
	hs_db_free(reader);
}

static const struct hs_case cases[] = {
	{ "steps", test_steps },
	{ "folders", test_folders },
	{ "no folder", test_no_folder },
	{ "changed afterwards", test_changed_afterwards },
	{ "failing step", test_failing_step },
	{ "rivals", test_rivals },
	{ "ours", test_ours },
};

int main(void)
{
	int status;

	need_postgres();
	settings = load_settings();
	db = connect_writer(settings);
	status = hs_run_suite("migrate", cases, HS_COUNT(cases));
	hs_db_free(db);
	hs_settings_free(settings);
	return status;
}
