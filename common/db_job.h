/* db_job.h: a job of the pool: its statements, what came of them, whom to tell; for db_pool.c. */
#ifndef HS_DB_JOB_H
#define HS_DB_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <libpq-fe.h>

#include "common/db_pool.h"
#include "common/error.h"

/* Several statements stand between begin and commit. */
enum { HS_DB_JOB_RESULTS = HS_DB_JOB_STATEMENTS + 2 };

struct connection;

struct hs_db_job_statement {
	const char *sql;
	const char *values[HS_DB_JOB_VALUES];
	size_t count;
	bool often;
};

struct hs_db_job {
	TAILQ_ENTRY(hs_db_job) link;	/* in the queue, while connection is NULL */
	struct hs_db_pool *pool;
	struct connection *connection;
	struct event *deadline;
	int deadline_ms;
	int64_t queued_us;		/* when it came */
	hs_db_done_fn *done;
	void *arg;
	bool telling;			/* done is running */
	int tries;			/* that ended without an answer, and were begun anew */
	struct hs_error failure;	/* of the first statement that failed */
	PGresult *results[HS_DB_JOB_RESULTS];
	size_t count;
	struct hs_db_job_statement statements[HS_DB_JOB_STATEMENTS];
	char text[];			/* what the statements point to */
};

TAILQ_HEAD(hs_db_jobs, hs_db_job);

/* Copies statements. Gives *ret, without pool and deadline. Errors: HS_TOO_LONG, HS_NO_MEMORY. */
bool hs_db_job_new(const struct hs_db_statement *statements, size_t count, hs_db_done_fn *done,
    void *arg, struct hs_db_job **ret, struct hs_error *err);

void hs_db_job_free(struct hs_db_job *job);

/* Keeps what statement number at (begin counts) gave, or why it failed. Takes result. */
void hs_db_job_keep(struct hs_db_job *job, size_t at, PGresult *result);

/* Forgets what came of it, so that it can be asked anew. */
void hs_db_job_reset(struct hs_db_job *job);

/* Calls done: with err, else with the job's own failure, else with its results. Takes job, which
 * is in no list and on no connection any more. done may free the pool: touch nothing afterwards. */
void hs_db_job_tell(struct hs_db_job *job, const struct hs_error *err);

#endif
