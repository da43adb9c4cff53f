/* commands.c: what hsctl can ask the extractor for.
 *
 * Trusts the arguments' types and ranges, which the skeleton has checked. Nothing here waits: a
 * run tells its events itself, questions to the database go through the pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/extractor/extractor.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/store.h"

enum {
	DEFAULT_RUNS = 20,
	QUERY_MS = 15000,
	NUMBER_BYTES = 24,
	HISTORY_BYTES = 512 << 10	/* of one answer, for a control line has an end */
};

static const char *text_arg(const json_t *args, const char *name)
{
	return json_string_value(json_object_get(args, name));
}

static void run_run(void *app, struct hs_call *call, const json_t *args)
{
	const struct run_options options = {
		.source = text_arg(args, "name"), .trigger = STORE_BY_COMMAND,
		.url = text_arg(args, "url"), .source_name = text_arg(args, "source-name"),
		.output_path = text_arg(args, "output-path"),
		.is_dry = json_is_true(json_object_get(args, "dry-run")),
	};
	struct hs_error err = HS_ERROR_INIT;

	if (!run_start(app, &options, call, &err))
		hs_call_error(call, &err);
}

static void run_cancel_command(void *app, struct hs_call *call, const json_t *args)
{
	struct extractor *extractor = app;
	const char *name = text_arg(args, "name");
	struct hs_error err = HS_ERROR_INIT;
	struct source source;

	if (!source_find(hs_child_settings(extractor->child), name, &source, &err))
		hs_call_error(call, &err);
	else
		hs_call_result(call, json_pack("{s:s, s:b}", "source", source.name, "cancelled",
		    run_cancel(extractor, source.name)));
}

/* ---- questions ---- */

struct question {
	struct extractor *extractor;
	struct hs_call *call;
};

static void ask(struct extractor *extractor, struct hs_call *call, const char *sql,
    const char *const *values, size_t count, hs_db_done_fn *done)
{
	const struct hs_db_statement statement = { .sql = sql, .values = values, .count = count };
	struct question *question = malloc(sizeof *question);
	struct hs_error err = HS_ERROR_INIT;

	if (question == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a question");
	} else {
		*question = (struct question){ extractor, call };
		if (hs_db_pool_submit(extractor->pool, &statement, 1, QUERY_MS, done, question, NULL,
			&err))
			return;
		free(question);
	}
	hs_call_error(call, &err);
}

/* Its problems are left out where the answer would grow too long. */
static json_t *run_row(const PGresult *result, int row, size_t *bytes)
{
	json_t *run = store_run_json(result, row);

	if (*bytes > HISTORY_BYTES)
		json_object_set_new(run, "problems", json_array());
	*bytes += run == NULL ? 0 : json_dumpb(run, NULL, 0, JSON_COMPACT);
	return run;
}

static void history_done(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct question *question = arg;
	json_t *runs = json_array();
	size_t bytes = 0;

	(void)count;
	for (int row = 0; err == NULL && row < PQntuples(results[0]); row++)
		json_array_append_new(runs, run_row(results[0], row, &bytes));
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, json_pack("{s:O}", "runs", runs));
	json_decref(runs);
	free(question);
}

static void run_history(void *app, struct hs_call *call, const json_t *args)
{
	const json_t *limit = json_object_get(args, "limit");
	struct extractor *extractor = app;
	const char *name = text_arg(args, "name");
	struct hs_error err = HS_ERROR_INIT;
	char number[NUMBER_BYTES];
	const char *const values[] = { name, number };
	struct source source;

	if (name != NULL && !source_find(hs_child_settings(extractor->child), name, &source, &err)) {
		hs_call_error(call, &err);
		return;
	}
	snprintf(number, sizeof number, "%lld",
	    json_is_integer(limit) ? (long long)json_integer_value(limit) : DEFAULT_RUNS);
	ask(extractor, call, store_list_runs, values, HS_COUNT(values), history_done);
}

static json_t *latest_of(const PGresult *result, const char *source)
{
	for (int row = 0; row < PQntuples(result); row++) {
		if (strcmp(hs_db_text(result, row, 1), source) == 0)
			return store_run_json(result, row);
	}
	return json_null();
}

static void list_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct question *question = arg;
	struct extractor *extractor = question->extractor;
	const struct hs_settings *settings = hs_child_settings(extractor->child);
	json_t *sources = json_array();
	struct source source;

	(void)count;
	for (size_t n = 0; err == NULL && source_at(settings, n, &source); n++)
		json_array_append_new(sources, json_pack("{s:s, s:s, s:b, s:o, s:o}", "name",
		    source.name, "help", source.help, "has_url", source.url[0] != '\0', "running",
		    run_progress(extractor, source.name), "latest",
		    latest_of(results[0], source.name)));
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, json_pack("{s:O}", "sources", sources));
	json_decref(sources);
	free(question);
}

static void run_list(void *app, struct hs_call *call, const json_t *args)
{
	(void)args;
	ask(app, call, store_latest_runs, NULL, 0, list_done);
}

const struct hs_child_handler extractor_handlers[] = {
	{ HS_CMD_EXTRACTOR_RUN, run_run },
	{ HS_CMD_EXTRACTOR_LIST, run_list },
	{ HS_CMD_EXTRACTOR_HISTORY, run_history },
	{ HS_CMD_EXTRACTOR_CANCEL, run_cancel_command },
};
const size_t extractor_handler_count = HS_COUNT(extractor_handlers);
