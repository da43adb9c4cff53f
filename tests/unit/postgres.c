/* postgres.c: what the tests of the database layer share. What fails here ends the program. */
#include "tests/unit/postgres.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/harness.h"

static void give_up(const char *what, const struct hs_error *err)
{
	fprintf(stderr, "cannot test: %s%s%s\n", what, err != NULL ? ": " : "",
	    err != NULL ? err->message : "");
	exit(99);
}

void need_postgres(void)
{
	char program[PATH_MAX], wrapper[PATH_MAX];
	ssize_t length;

	if (getenv("HS_TEST_PG_CTL") != NULL)
		return;
	length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length < 0 || snprintf(wrapper, sizeof wrapper, "%s/tests/unit/with_postgres.sh",
		hs_source_dir()) >= (int)sizeof wrapper)
		give_up("the program's own path is unknown", NULL);
	program[length] = '\0';
	execl("/bin/sh", "sh", wrapper, program, (char *)NULL);
	give_up("there is no shell", NULL);
}

struct hs_settings *load_settings(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings = NULL;

	if (!hs_settings_load(NULL, &settings, &err))
		give_up("settings", &err);
	return settings;
}

void control_server(const char *action)
{
	char command[PATH_MAX + 64];

	snprintf(command, sizeof command, "\"$HS_TEST_PG_CTL\" %s", action);
	if (system(command) != 0)
		give_up(command, NULL);
}

struct hs_db *connect_writer(const struct hs_settings *settings)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db *db = NULL;

	if (!hs_db_connect(settings, HS_DB_WRITER, "test", &db, &err))
		give_up("no connection", &err);
	return db;
}

int64_t ask_int(struct hs_db *db, const char *sql)
{
	struct hs_error err = HS_ERROR_INIT;
	PGresult *result = NULL;
	int64_t value = 0;

	if (!hs_db_exec(db, sql, &result, &err))
		give_up(sql, &err);
	if (PQntuples(result) > 0)
		value = hs_db_int(result, 0, 0);
	PQclear(result);
	return value;
}
