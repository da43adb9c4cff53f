/* pg_run.h: runs pg_dump and pg_restore on our database, and hears what they complain of. */
#ifndef SUPERVISOR_PG_RUN_H
#define SUPERVISOR_PG_RUN_H

#include <stdbool.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"

struct pg_run {
	const char *program; /* "pg_dump" */
	const char *const *words; /* after the program's name; ends with NULL */
	int in, out; /* its standard input and output; -1: none */
	/* Asked ten times a second whether to go on; false ends the program, *err is filled. May be
	 * NULL. */
	bool (*may_go_on)(void *arg, struct hs_error *err);
	void *arg;
};

/* db, on the server in question, tells its version, which the program should have. Where the server
 * is and who we are goes by the environment, the password too. Errors: HS_NOT_FOUND (no such
 * program: says what to install), HS_IO (it failed: its own words), HS_DISK_FULL. */
bool pg_run(const struct hs_settings *settings, struct hs_db *db, const struct pg_run *what,
    struct hs_error *err);

#endif
