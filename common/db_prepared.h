/* db_prepared.h: the statements that one connection of the pool has planned already; for db_pool.c.
 *
 * A statement that is asked often is prepared on a connection when it first comes there, in the
 * pipeline of that job. A connection keeps at most HS_DB_PREPARED_MOST of them; what comes when
 * these are taken is planned each time, as what is not asked often is. */
#ifndef HS_DB_PREPARED_H
#define HS_DB_PREPARED_H

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

#include "common/db_job.h"

enum { HS_DB_PREPARED_MOST = 64 };

struct hs_db_prepared {
	char *all[HS_DB_PREPARED_MOST];		/* NULL: the number is free */
	size_t under_way[HS_DB_JOB_STATEMENTS];	/* numbers in all, as their results will come */
	size_t count, taken;			/* of under_way */
};

/* Sends what prepares those of the job's statements that are asked often and are not known yet;
 * prepared->count results come before those of the job's own statements. False: the connection
 * is of no use any more. */
bool hs_db_prepared_send(struct hs_db_prepared *prepared, PGconn *pg,
    const struct hs_db_job *job);

/* Reads the next one of these results, borrowed. */
void hs_db_prepared_take(struct hs_db_prepared *prepared, const PGresult *result);

/* Sends a statement of the job, by its name when it has one. */
bool hs_db_prepared_ask(const struct hs_db_prepared *prepared, PGconn *pg,
    const struct hs_db_job_statement *statement);

/* The connection has ended. */
void hs_db_prepared_forget(struct hs_db_prepared *prepared);

#endif
