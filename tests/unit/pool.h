/* pool.h: what the tests of the pool share: pools, jobs, and what came of them. */
#ifndef HS_TEST_POOL_H
#define HS_TEST_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <libpq-fe.h>

#include "common/db_pool.h"
#include "common/settings.h"
#include "tests/unit/harness.h"

enum { PATIENCE_MS = 15000, TEXT_BYTES = 64 };

/* Of run_pool_suite. */
extern struct hs_settings *settings;
extern struct event_base *base;

/* What came of one job: the first value of each result. */
struct answer {
	int calls;
	enum hs_error_code code;
	char message[HS_ERROR_MESSAGE_BYTES];
	size_t count;
	char values[HS_DB_JOB_STATEMENTS][TEXT_BYTES];
	int rows;
	int order;		/* the how-manieth to be told */
	int64_t at_ms;
};

/* How many jobs have been told. */
extern int told;

int64_t now_ms(void);

/* A job's callback: arg is a struct answer. */
void keep_answer(void *arg, PGresult *const *results, size_t count, const struct hs_error *err);

/* The caller's to free. */
struct hs_db_pool *make_pool_of(const struct hs_settings *of, enum hs_db_role role, size_t size);
struct hs_db_pool *make_pool(size_t size);

struct hs_db_job *submit(struct hs_db_pool *pool, const char *sql, int deadline_ms,
    struct answer *answer);

/* Turns the loop until *count is at least want, or ms have passed. */
bool turn_until(const int *count, int want, int ms);
void turn_for(int ms);
bool turn_until_told(const struct answer *answer);
bool turn_until_usable(const struct hs_db_pool *pool, bool want);

struct hs_db_pool_state look(const struct hs_db_pool *pool);

/* Runs one statement and expects its first value. */
void expect_answer(const char *row, struct hs_db_pool *pool, const char *sql, const char *want);

void backend_pid(struct hs_db_pool *pool, char pid[TEXT_BYTES]);

/* The suite, with settings and base. */
int run_pool_suite(const char *name, const struct hs_case *cases, size_t count);

#endif
