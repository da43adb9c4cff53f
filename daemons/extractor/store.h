/* store.h: the extractor's runs, and what servers said of their answers, in the database.
 *
 * Nothing here waits: each question goes through the pool, and its answer comes back by a
 * callback, once. The database also sees to it that a source has one run at a time, on all machines. */
#ifndef HS_EXTRACTOR_STORE_H
#define HS_EXTRACTOR_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/db_pool.h"
#include "common/error.h"

enum { STORE_DIGEST_BYTES = 32 };

enum store_trigger { STORE_BY_COMMAND, STORE_BY_SCHEDULE, STORE_CATCH_UP, STORE_BY_ADMIN };

const char *store_trigger_name(enum store_trigger trigger);

/* What is known when a run begins; texts are NULL when there is nothing, and borrowed. */
struct store_begun {
	int64_t run;
	const char *etag, *last_modified;
	bool has_digest;
	unsigned char digest[STORE_DIGEST_BYTES];	/* of the body of the latest snapshot */
};

/* A scheduled run takes its time: the source is due next at next then (seconds since 1970). */
struct store_due { int64_t at, next; };

typedef void store_begun_fn(void *arg, const struct store_begun *begun, const struct hs_error *err);
typedef void store_done_fn(void *arg, const struct hs_error *err);

/* At start: what this host (machine and state folder) ran when it died is lost, and so is what any
 * machine ran that was not seen for five minutes; a scheduled one of those is due again, once.
 * done hears when that is over, and why it failed; place is ours until then, or until the pool
 * goes. */
struct store_forgetting {
	store_done_fn *done;
	void *arg;
};
void store_forget(struct hs_db_pool *pool, const char *host, store_done_fn *done, void *arg,
    struct store_forgetting *place);

/* The same later, for what was not seen for five minutes, less our own: ours has those runs, as
 * run_progress_all does. */
void store_forget_unseen(struct hs_db_pool *pool, const json_t *ours, store_done_fn *done,
    void *arg, struct store_forgetting *place);

/* Writes a run down, and forgets what is old: all but the latest 1000 runs of its source, and
 * answers that nobody asked with for a year. answer_key is what its answers are remembered by; shown_url has no secrets,
 * and is what is kept.
 * due (NULL: it is not scheduled) is taken with it, and is let go when the source is busy.
 * Errors (to done): HS_BUSY (this source has a run under way, or another machine has taken the
 * time), those of the pool. */
bool store_begin(struct hs_db_pool *pool, const char *source, enum store_trigger trigger,
    const struct store_due *due, const char *host, const char *answer_key, const char *shown_url,
    store_begun_fn *done, void *arg, struct hs_error *err);

/* "It is alive", and how it fares (run_progress): to be said every few seconds. Not said while the
 * database is away. */
void store_seen(struct hs_db_pool *pool, int64_t run, const json_t *progress);

struct store_end {
	int64_t run;
	const char *source;
	const char *status;		/* as extractor_run has it */
	bool is_due_again;		/* it was scheduled, and did not come to its end */
	uint64_t pages, bytes, records, problem_total;
	const char *file, *source_name, *snapshot_date;	/* NULL or "": none */
	const json_t *error;		/* {"code","message","where"}, or NULL */
	const json_t *problems;		/* or NULL */
	const json_t *report;		/* what became of other records; or NULL */
	/* The answer that became a snapshot; answer_key NULL: keep what was known. */
	const char *answer_key, *etag, *last_modified;
	const unsigned char *digest;
};

/* Writes its end down; tried for a minute when the database is away. */
bool store_end(struct hs_db_pool *pool, const struct store_end *end, store_done_fn *done, void *arg,
    struct hs_error *err);

/* Runs, the latest first, as SQL and as JSON; $1: the source or null for all, $2: how many. */
extern const char store_list_runs[];
/* The latest run of each source, without what can be long: its problems and its report. */
extern const char store_latest_runs[];
/* {"run","source","trigger","status","started_at","finished_at","seconds","url","pages","bytes",
 * "records","file","source_name","snapshot_date","error","problem_total"}, and "problems" and
 * "report" where the statement asks for them; a new reference. */
json_t *store_run_json(const PGresult *result, int row);

#endif
