/* sql.h: one statement in the making: constant text, and values that travel apart.
 *
 * Text comes from our own tables and constants only; whatever a visitor wrote goes in
 * as a value and appears as $n. A statement that grew too long, or found no memory,
 * remembers it: sql_finish says so once, and nobody needs to ask at every step. */
#ifndef WEB_SQL_H
#define WEB_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/db_pool.h"
#include "common/error.h"

enum { SQL_MAX_BYTES = 32768 };

struct sql {
	char text[SQL_MAX_BYTES];
	size_t length;
	char *values[HS_DB_JOB_VALUES];
	size_t count;
	bool too_long, no_memory;
};

void sql_init(struct sql *sql);
void sql_done(struct sql *sql);

/* Appends text, which is a constant or a name from one of our tables. */
void sql_put(struct sql *sql, const char *text);

/* The same of several texts, up to a NULL. */
void sql_put_all(struct sql *sql, const char *text, ...) __attribute__((sentinel));

/* Appends what was written between two lengths once more, with the same $n. */
void sql_repeat(struct sql *sql, size_t from, size_t to);

/* Append "$n::TYPE" and keep a copy of the value. */
void sql_text(struct sql *sql, const char *value);
void sql_number(struct sql *sql, long long value);
void sql_date(struct sql *sql, const char *value);
void sql_texts(struct sql *sql, char *const *values, size_t count);
void sql_numbers(struct sql *sql, const int32_t *values, size_t count);

/* The statement for a job, borrowed from sql. Errors: HS_TOO_LONG, HS_NO_MEMORY. */
bool sql_finish(const struct sql *sql, struct hs_db_statement *ret, struct hs_error *err);

#endif
