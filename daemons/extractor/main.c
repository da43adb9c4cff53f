/* main.c: hsd-extractor: from a public feed to a snapshot in incoming.
 *
 * One thread runs the event loop: commands, HTTP, the database, never a wait; each run that has
 * its feed has a thread to make the snapshot. Trusts no feed and no server: addresses, sizes and
 * times are bounded, and nothing goes out that the importer's validator would refuse. Killed at
 * any point, no half-made snapshot is left in incoming.
 *
 * The walk of a run: commands.c or schedule.c (who asks) -> run.c (its states) -> walk.c (which URL)
 * -> fetch.c (its body) -> pipeline.c (on a thread): parse.c (the feed's records) -> normalize.c
 * (the snapshot's) -> emit.c (validator, file) -> store.c (how it ended). */
#include <stdlib.h>

#include "common/command_queue.h"
#include "common/db_pool.h"
#include "common/log.h"
#include "daemons/extractor/emit.h"
#include "daemons/extractor/extractor.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/store.h"

enum { POOL_CONNECTIONS = 2 };

static void extractor_free(void *app)
{
	struct extractor *extractor = app;

	known_free(extractor->known);
	schedule_free(extractor->schedule);
	sources_free(extractor->sources);
	run_free_all(extractor);
	fetcher_free(extractor->fetcher);
	hs_offload_free(extractor->offload);
	hs_db_pool_free(extractor->pool);
	json_decref(extractor->ended);
	free(extractor);
}

/* What runs that died left in incoming; the importer makes the folder, maybe after us. */
static void sweep(const struct hs_settings *settings)
{
	struct hs_error err = HS_ERROR_INIT;

	if (!emit_sweep(hs_setting_text(settings, HS_SET_INCOMING_DIR), &err) &&
	    err.code != HS_NOT_FOUND)
		hs_log_error(HS_LOG_WARNING, "cannot look for what runs left behind", &err);
}

/* What died may be due again. */
static void on_forgotten(void *arg, const struct hs_error *err)
{
	struct extractor *extractor = arg;

	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "cannot write down which runs were lost", err);
	schedule_wake(extractor->schedule);
}

static bool extractor_start(struct hs_child *child, void **ret_app, struct hs_error *err)
{
	const struct hs_settings *settings = hs_child_settings(child);
	struct extractor *extractor = calloc(1, sizeof *extractor);

	if (extractor == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start");
	extractor->child = child;
	extractor->base = hs_child_base(child);
	extractor->ended = json_object();
	if (!schedule_check(settings, err) || !hs_host_name(settings, extractor->host, err) ||
	    !hs_offload_new(extractor->base, &extractor->offload, err) ||
	    !hs_db_pool_new(extractor->base, settings, HS_DB_WRITER, "hsd-extractor",
		POOL_CONNECTIONS, &extractor->pool, err) ||
	    !fetcher_new(extractor->base, settings, &extractor->fetcher, err) ||
	    !sources_new(&extractor->sources, err)) {
		extractor_free(extractor);
		return false;
	}
	sources_refresh(extractor->sources, settings);
	if (!schedule_new(extractor, &extractor->schedule, err) ||
	    !known_new(extractor, &extractor->known, err)) {
		extractor_free(extractor);
		return false;
	}
	known_tell(extractor->known);
	sweep(settings);
	store_forget(extractor->pool, extractor->host, on_forgotten, extractor,
	    &extractor->forgetting);
	*ret_app = extractor;
	hs_child_ready(child);
	return true;
}

static void extractor_stop(void *app)
{
	struct extractor *extractor = app;

	extractor->is_stopping = true;
	schedule_stop(extractor->schedule);
	known_stop(extractor->known);
	run_cancel_all(extractor);
}

static bool extractor_reload(void *app, struct hs_error *err)
{
	struct extractor *extractor = app;
	const struct hs_settings *settings = hs_child_settings(extractor->child);

	if (!schedule_check(settings, err) ||
	    !fetcher_configure(extractor->fetcher, settings, err))
		return false;
	sources_refresh(extractor->sources, settings);
	schedule_wake(extractor->schedule);
	known_tell(extractor->known);
	return true;
}

static json_t *extractor_status(void *app)
{
	struct extractor *extractor = app;
	struct hs_db_pool_state state;

	hs_db_pool_look(extractor->pool, &state);
	return json_pack("{s:o, s:o, s:O, s:s?}", "runs", run_progress_all(extractor), "scheduler",
	    schedule_status(extractor->schedule), "ended", extractor->ended, "database_problem",
	    state.usable ? NULL : state.last.message);
}

static const struct hs_child_spec spec = {
	.process = HS_PROC_EXTRACTOR,
	.help = "Fetches public feeds, politely, and puts them as snapshots into the incoming folder: "
		"each has passed the importer's own validator.",
	.start = extractor_start,
	.stop = extractor_stop,
	.reload = extractor_reload,
	.status = extractor_status,
	.free = extractor_free,
	.takes_requests = true,
	.handlers = extractor_handlers,
};

int main(int argc, char **argv)
{
	struct hs_child_spec whole = spec;

	whole.handler_count = extractor_handler_count;
	return hs_child_run(&whole, argc, argv);
}
