/* run.h: one run of one source: fetch.c -> pipeline.c (parse.c, normalize.c, emit.c) -> store.c.
 *
 * A source has at most one run at a time. Nothing here waits: the body is fetched on the event
 * loop, and made into a snapshot on a thread. */
#ifndef HS_EXTRACTOR_RUN_H
#define HS_EXTRACTOR_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/child.h"
#include "common/error.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/store.h"

struct extractor;
struct run;

struct run_options {
	const struct source *source;
	enum store_trigger trigger;
	const struct store_due *due;	/* that it takes, or NULL */
	const char *url;		/* instead of the source's, or NULL */
	const char *source_name;	/* instead of the feed's, or NULL */
	const char *output_path;	/* a folder, or a file; NULL: incoming */
	bool is_dry;
};

/* Starts a run; borrows options. call (may be NULL) hears {"event":"progress"} events and the
 * result, {"run","source","status","file",...} as store_run_json has it, and is then ended; a
 * run that failed has the result too. false: nothing began, and call is the caller's.
 * Errors: HS_BUSY, HS_BAD_ARGUMENT (an option, which where names), HS_BAD_MAPPING (it has mistakes),
 * HS_NOT_RUNNING (stopping), ... */
bool run_start(struct extractor *extractor, const struct run_options *options, struct hs_call *call,
    struct hs_error *err);

/* Ends the source's run soon, without a snapshot. false: it has none. */
bool run_cancel(struct extractor *extractor, const char *source);

/* Ends all of them; when the last has ended, hs_child_stopped is called if the daemon stops. */
void run_cancel_all(struct extractor *extractor);

/* Of the source's run {"file" (the source),"run","stage","note","bytes","total","pages","records",
 * "seconds"}, or null; a new reference. note says what it waits for, and is null when it does not. */
json_t *run_progress(const struct extractor *extractor, const char *source);

/* How many runs are under way. */
size_t run_count(const struct extractor *extractor);

/* Whether the source's run under way is the one for this due time. */
bool run_is_for(const struct extractor *extractor, const char *source, int64_t due);

/* The same of all runs under way: an array, a new reference. */
json_t *run_progress_all(const struct extractor *extractor);

/* When nothing will call back any more: frees the runs. */
void run_free_all(struct extractor *extractor);

#endif
