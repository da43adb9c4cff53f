/* db_job.c: copies a job's statements, gathers their results, and tells its asker once.
 *
 * Trusts its callers with the counts that db_pool.h bounds, and with statements that are
 * neither empty nor COPY: others are a panic. The size of the values may come from a
 * stranger's query string, and is bounded here. */
#include "common/db_job.h"

#include <stdlib.h>
#include <string.h>

#include "common/db.h"

enum { JOB_BYTES_MAX = 1 << 20 };

static size_t text_size(const struct hs_db_statement *statements, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		if (statements[i].count > HS_DB_JOB_VALUES)
			hs_panic("a statement with %zu values", statements[i].count);
		size += strlen(statements[i].sql) + 1;
		for (size_t v = 0; v < statements[i].count; v++) {
			if (statements[i].values[v] != NULL)
				size += strlen(statements[i].values[v]) + 1;
		}
	}
	return size;
}

static const char *copy_text(char **room, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(*room, text, size);

	*room += size;
	return copy;
}

static void copy_statements(struct hs_db_job *job, const struct hs_db_statement *statements,
    size_t count)
{
	char *room = job->text;

	job->count = count;
	for (size_t i = 0; i < count; i++) {
		struct hs_db_job_statement *copy = &job->statements[i];

		copy->sql = copy_text(&room, statements[i].sql);
		copy->count = statements[i].count;
		copy->often = statements[i].often;
		for (size_t v = 0; v < copy->count; v++) {
			if (statements[i].values[v] != NULL)
				copy->values[v] = copy_text(&room, statements[i].values[v]);
		}
	}
}

bool hs_db_job_new(const struct hs_db_statement *statements, size_t count, hs_db_done_fn *done,
    void *arg, struct hs_db_job **ret, struct hs_error *err)
{
	struct hs_db_job *job;
	size_t size;

	if (count < 1 || count > HS_DB_JOB_STATEMENTS)
		hs_panic("a job of %zu statements", count);
	if ((size = text_size(statements, count)) > JOB_BYTES_MAX)
		return hs_error_set(err, HS_TOO_LONG, "",
		    "a query of %zu bytes is too long (at most %d)", size, JOB_BYTES_MAX);
	if ((job = calloc(1, sizeof *job + size)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a query");
	copy_statements(job, statements, count);
	job->done = done;
	job->arg = arg;
	*ret = job;
	return true;
}

void hs_db_job_reset(struct hs_db_job *job)
{
	for (size_t i = 0; i < HS_DB_JOB_RESULTS; i++) {
		PQclear(job->results[i]);
		job->results[i] = NULL;
	}
	job->failure = (struct hs_error)HS_ERROR_INIT;
}

void hs_db_job_free(struct hs_db_job *job)
{
	if (job->deadline != NULL)
		event_free(job->deadline);
	hs_db_job_reset(job);
	free(job);
}

void hs_db_job_keep(struct hs_db_job *job, size_t at, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_PIPELINE_ABORTED || at >= HS_DB_JOB_RESULTS ||
	    job->results[at] != NULL) {
		PQclear(result);	/* one before it says why; or it is one too many */
	} else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		job->results[at] = result;
	} else {
		if (status == PGRES_EMPTY_QUERY || status == PGRES_COPY_IN ||
		    status == PGRES_COPY_OUT)
			hs_panic("a job's statement is empty, or a COPY");
		if (job->failure.code == HS_OK)
			hs_db_error_of_result(result, &job->failure);
		PQclear(result);
	}
}

/* Where the asker's own results begin: begin's comes first when there are several. */
static size_t first_result(const struct hs_db_job *job)
{
	return job->count > 1 ? 1 : 0;
}

static void check_complete(struct hs_db_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->failure.code == HS_OK && job->results[first_result(job) + i] == NULL)
			hs_error_set(&job->failure, HS_DB_ERROR, "",
			    "PostgreSQL did not answer statement %zu of %zu", i + 1, job->count);
	}
}

void hs_db_job_tell(struct hs_db_job *job, const struct hs_error *err)
{
	event_del(job->deadline);
	if (err == NULL)
		check_complete(job);
	if (err == NULL && job->failure.code != HS_OK)
		err = &job->failure;
	job->telling = true;
	if (err != NULL)
		job->done(job->arg, NULL, 0, err);
	else
		job->done(job->arg, job->results + first_result(job), job->count, NULL);
	hs_db_job_free(job);
}
