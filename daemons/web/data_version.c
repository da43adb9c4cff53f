/* data_version.c: one question at a time, on the only connection of a pool.
 *
 * Trusts the pool to answer each question once. A question that fails is answered too: those who
 * waited for it are told that nobody knows. */
#include "daemons/web/data_version.h"

#include <stdlib.h>

#include "common/db_pool.h"

enum { PATIENCE_MS = 2000 };

const char data_version_sql[] = "select version from data_version";

TAILQ_HEAD(waits, data_version_wait);

struct data_version {
	struct hs_db_pool *pool;
	struct hs_db_job *job;		/* the question under way */
	struct waits asked;		/* who gets its answer */
	struct waits waiting;		/* who came after it was sent */
};

static void ask(struct data_version *source);

/* Each may ask again, which is a new question, or forget another one. */
static void tell_all(struct data_version *source, bool known, int64_t version)
{
	struct data_version_wait *wait;

	while ((wait = TAILQ_FIRST(&source->asked)) != NULL) {
		data_version_forget(source, wait);
		wait->told(wait->arg, known, version);
	}
}

static void on_answer(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct data_version *source = arg;
	bool known = err == NULL && PQntuples(results[0]) == 1;

	(void)count;
	source->job = NULL;
	tell_all(source, known, known ? hs_db_int(results[0], 0, 0) : 0);
	if (source->job == NULL && !TAILQ_EMPTY(&source->waiting))
		ask(source);
}

static void ask(struct data_version *source)
{
	static const struct hs_db_statement question = DATA_VERSION_STATEMENT;
	struct data_version_wait *wait;
	struct hs_error ignored = HS_ERROR_INIT;

	while ((wait = TAILQ_FIRST(&source->waiting)) != NULL) {
		TAILQ_REMOVE(&source->waiting, wait, link);
		TAILQ_INSERT_TAIL(&source->asked, wait, link);
	}
	if (!hs_db_pool_submit(source->pool, &question, 1, PATIENCE_MS, on_answer, source,
		&source->job, &ignored))
		tell_all(source, false, 0);
}

void data_version_ask(struct data_version *source, struct data_version_wait *wait)
{
	wait->waiting = true;
	TAILQ_INSERT_TAIL(&source->waiting, wait, link);
	if (source->job == NULL)
		ask(source);
}

void data_version_forget(struct data_version *source, struct data_version_wait *wait)
{
	struct data_version_wait *other;

	if (!wait->waiting)
		return;
	wait->waiting = false;
	TAILQ_FOREACH(other, &source->waiting, link) {
		if (other == wait) {
			TAILQ_REMOVE(&source->waiting, wait, link);
			return;
		}
	}
	TAILQ_REMOVE(&source->asked, wait, link);
}

void data_version_use(struct data_version *source, uint32_t hosts, uint32_t gone)
{
	hs_db_pool_use(source->pool, hosts, gone);
}

bool data_version_new(struct event_base *base, const struct hs_settings *settings,
    void (*opened)(void *arg), void *arg, struct data_version **ret, struct hs_error *err)
{
	struct data_version *source = calloc(1, sizeof *source);

	if (source == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to ask for the data's version");
	TAILQ_INIT(&source->asked);
	TAILQ_INIT(&source->waiting);
	if (!hs_db_pool_new(base, settings, HS_DB_READER, "hsd-web version", 1, &source->pool,
		err)) {
		free(source);
		return false;
	}
	hs_db_pool_watch(source->pool, opened, arg);
	*ret = source;
	return true;
}

void data_version_free(struct data_version *source)
{
	if (source == NULL)
		return;
	hs_db_pool_free(source->pool);
	free(source);
}
