/* postgres.h: a PostgreSQL for a unit test: private, and gone when the program ends. */
#ifndef HS_TEST_POSTGRES_H
#define HS_TEST_POSTGRES_H

#include "common/db.h"
#include "common/settings.h"

/* First in main: starts the program anew inside with_postgres.sh, unless it runs there already. */
void need_postgres(void);

/* The settings that name that server. A test changes them with hs_settings_override. Never
 * NULL: a test cannot go on without them. */
struct hs_settings *load_settings(void);

/* "stop", "start", "restart", "stop immediate"; waits until it is done. */
void control_server(const char *action);

/* A writer under the given settings. A test cannot go on without it. */
struct hs_db *connect_writer(const struct hs_settings *settings);

/* Runs SQL that must succeed; the first value of its result as a number, or 0 when it has none. */
int64_t ask_int(struct hs_db *db, const char *sql);

#endif
