/* commands.c: what hsctl can ask the extractor for.
 *
 * Trusts the arguments' types and ranges, which the skeleton has checked. Nothing here waits: a
 * run tells its events itself, questions to the database go through the pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/operator_audit.h"
#include "daemons/extractor/extractor.h"
#include "daemons/extractor/source.h"
#include "daemons/extractor/store.h"
#include "daemons/extractor/store_schedule.h"

enum {
	DEFAULT_RUNS = 20,
	QUERY_MS = 15000,
	NUMBER_BYTES = 24,
	SOURCE_BYTES = 128,
	MOST_MISTAKES = 5000,
	ANSWER_BYTES = 512 << 10	/* of one answer's lists, for a control line has an end */
};

static const char *text_arg(const json_t *args, const char *name)
{
	return json_string_value(json_object_get(args, name));
}

/* Mappings that were written just now are known. */
static bool find_source(struct extractor *extractor, const char *name, struct source *ret,
    struct hs_error *err)
{
	sources_refresh(extractor->sources, hs_child_settings(extractor->child));
	known_tell(extractor->known);
	return source_find(extractor->sources, name, ret, err);
}

static size_t json_bytes(const json_t *value)
{
	return value == NULL ? 0 : json_dumpb(value, NULL, 0, JSON_COMPACT);
}

static void run_run(void *app, struct hs_call *call, const json_t *args)
{
	struct extractor *extractor = app;
	struct source source;
	const struct run_options options = {
		.source = &source,
		.trigger = hs_call_is_by_web(call) ? STORE_BY_ADMIN : STORE_BY_COMMAND,
		.url = text_arg(args, "url"), .source_name = text_arg(args, "source-name"),
		.output_path = text_arg(args, "output-path"),
		.is_dry = json_is_true(json_object_get(args, "dry-run")),
	};
	struct hs_error err = HS_ERROR_INIT;

	hs_operator_audit(extractor->pool, call, HS_CMD_EXTRACTOR_RUN, args);
	if (!find_source(app, text_arg(args, "name"), &source, &err) ||
	    !run_start(app, &options, call, &err))
		hs_call_error(call, &err);
}

static void run_cancel_command(void *app, struct hs_call *call, const json_t *args)
{
	struct extractor *extractor = app;
	const char *name = text_arg(args, "name");
	struct hs_error err = HS_ERROR_INIT;
	struct source source;

	hs_operator_audit(extractor->pool, call, HS_CMD_EXTRACTOR_CANCEL, args);
	/* its mapping may be gone by now */
	if (run_cancel(extractor, name))
		hs_call_result(call, json_pack("{s:s, s:b}", "source", name, "cancelled", true));
	else if (find_source(extractor, name, &source, &err))
		hs_call_result(call,
		    json_pack("{s:s, s:b}", "source", source.name, "cancelled", false));
	else
		hs_call_error(call, &err);
}

/* ---- a mapping's mistakes ---- */

/* What has no room in the answer goes from its end: the total says how many there are. */
static void shorten(json_t *list, size_t most)
{
	size_t bytes = 0, kept = 0;
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		bytes += json_bytes(item) + 1;
		if (bytes > most)
			break;
		kept++;
	}
	while (json_array_size(list) > kept)
		json_array_remove(list, json_array_size(list) - 1);
}

static void answer_check(struct hs_call *call, const struct source *source,
    const struct hs_problems *mistakes)
{
	json_t *list = hs_problems_json(mistakes);

	if (list == NULL)
		hs_panic("no memory for a mapping's mistakes");
	shorten(list, ANSWER_BYTES);
	hs_call_result(call, json_pack("{s:s, s:s?, s:b, s:I, s:o}", "source", source->name,
	    "mapping", source->path, "has_url", source->url[0] != '\0', "mistake_total",
	    (json_int_t)hs_problems_total(mistakes), "mistakes", list));
}

static void run_check(void *app, struct hs_call *call, const json_t *args)
{
	struct hs_problems *mistakes = hs_problems_new_for(MOST_MISTAKES);
	struct hs_error err = HS_ERROR_INIT;
	struct source source;

	if (mistakes == NULL)
		hs_panic("no memory for a mapping's mistakes");
	if (find_source(app, text_arg(args, "name"), &source, &err) &&
	    (source.path == NULL || mapping_judge(source.path, mistakes, &err) ||
		err.code == HS_BAD_MAPPING))
		answer_check(call, &source, mistakes);
	else
		hs_call_error(call, &err);
	hs_problems_free(mistakes);
}

/* ---- questions ---- */

struct question {
	struct extractor *extractor;
	struct hs_call *call;
	char source[SOURCE_BYTES];	/* that was switched, or is asked for; "": all */
};

/* source may be NULL, and has less than SOURCE_BYTES. */
static struct question *question_new(struct extractor *extractor, struct hs_call *call,
    const char *source, struct hs_error *err)
{
	struct question *question = calloc(1, sizeof *question);

	if (question == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a question");
		return NULL;
	}
	*question = (struct question){ .extractor = extractor, .call = call };
	snprintf(question->source, sizeof question->source, "%s", source != NULL ? source : "");
	return question;
}

static void ask(struct extractor *extractor, struct hs_call *call, const char *source,
    const struct hs_db_statement *statements, size_t count, hs_db_done_fn *done)
{
	struct hs_error err = HS_ERROR_INIT;
	struct question *question = question_new(extractor, call, source, &err);

	if (question != NULL) {
		if (hs_db_pool_submit(extractor->pool, statements, count, QUERY_MS, done, question, NULL,
			&err))
			return;
		free(question);
	}
	hs_call_error(call, &err);
}

/* What lists things goes: the numbers tell how many there were. */
static void shorten_run(json_t *run)
{
	static const char *const lists[] = { "left_out_problems", "repeated_first", "warnings",
		"empty_fields", "fields" };
	json_t *report = json_object_get(run, "report");

	json_object_set_new(run, "problems", json_array());
	for (size_t i = 0; i < HS_COUNT(lists); i++) {
		if (json_object_get(report, lists[i]) != NULL)
			json_object_set_new(report, lists[i], json_array());
	}
}

/* A run with which the answer would grow too long goes without its lists. */
static json_t *run_row(const PGresult *result, int row, size_t *bytes)
{
	json_t *run = store_run_json(result, row);
	size_t its_bytes = json_bytes(run);

	if (*bytes + its_bytes > ANSWER_BYTES) {
		shorten_run(run);
		its_bytes = json_bytes(run);
	}
	*bytes += its_bytes;
	return run;
}

static void history_done(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct question *question = arg;
	struct hs_error unknown = HS_ERROR_INIT;
	json_t *runs = json_array();
	struct source source;
	size_t bytes = 0;

	(void)count;
	for (int row = 0; err == NULL && row < PQntuples(results[0]); row++)
		json_array_append_new(runs, run_row(results[0], row, &bytes));
	/* one whose mapping is gone has its runs still */
	if (err == NULL && json_array_size(runs) == 0 && question->source[0] != '\0' &&
	    !find_source(question->extractor, question->source, &source, &unknown))
		err = &unknown;
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, json_pack("{s:O, s:s?}", "runs", runs, "source",
		    question->source[0] != '\0' ? question->source : NULL));
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
	const struct hs_db_statement statement = { .sql = store_list_runs, .values = values,
		.count = HS_COUNT(values) };
	struct source source;

	/* no source ever had a name so long */
	if (name != NULL && strlen(name) >= SOURCE_BYTES) {
		find_source(extractor, name, &source, &err);
		hs_call_error(call, &err);
		return;
	}
	snprintf(number, sizeof number, "%lld",
	    json_is_integer(limit) ? (long long)json_integer_value(limit) : DEFAULT_RUNS);
	ask(extractor, call, name, &statement, 1, history_done);
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
	json_t *sources = json_array();
	struct source source;

	(void)count;
	for (size_t n = 0; err == NULL && source_at(extractor->sources, n, &source); n++)
		json_array_append_new(sources, json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:o, s:o, s:o}",
		    "name", source.name, "help", source.help, "mapping", source.path, "mistake",
		    source.mistake, "has_url", source.url[0] != '\0', "running",
		    run_progress(extractor, source.name), "latest",
		    latest_of(results[0], source.name), "when",
		    schedule_json(extractor, &source, results[1])));
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, json_pack("{s:O, s:o}", "sources", sources,
		    "scheduler", schedule_status(extractor->schedule)));
	json_decref(sources);
	free(question);
}

static void run_list(void *app, struct hs_call *call, const json_t *args)
{
	static const struct hs_db_statement statements[] = {
		{ .sql = store_latest_runs }, { .sql = store_schedule_rows },
	};

	struct extractor *extractor = app;

	(void)args;
	sources_refresh(extractor->sources, hs_child_settings(extractor->child));
	known_tell(extractor->known);
	ask(extractor, call, NULL, statements, HS_COUNT(statements), list_done);
}

/* ---- switching a source on and off ---- */

static void answer_switched(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct question *question = arg;
	struct extractor *extractor = question->extractor;
	struct hs_error gone = HS_ERROR_INIT;
	struct source source;

	(void)count;
	if (err == NULL && !find_source(extractor, question->source, &source, &gone))
		err = &gone;
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, json_pack("{s:s, s:o, s:o, s:o}", "source",
		    source.name, "running", run_progress(extractor, source.name), "when",
		    schedule_json(extractor, &source, results[0]), "scheduler",
		    schedule_status(extractor->schedule)));
	free(question);
}

static void on_switched(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *why)
{
	struct question *question = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)results, (void)count;
	if (why == NULL) {
		schedule_wake(question->extractor->schedule);
		if (store_schedule_look(question->extractor->pool, answer_switched, question, &err))
			return;
		why = &err;
	}
	hs_call_error(question->call, why);
	free(question);
}

static void switch_source(struct extractor *extractor, struct hs_call *call, const json_t *args,
    bool is_enabled)
{
	struct hs_error err = HS_ERROR_INIT;
	struct question *question = NULL;
	struct source source;

	hs_operator_audit(extractor->pool, call,
	    is_enabled ? HS_CMD_EXTRACTOR_ENABLE : HS_CMD_EXTRACTOR_DISABLE, args);
	if (find_source(extractor, text_arg(args, "name"), &source, &err) &&
	    (question = question_new(extractor, call, source.name, &err)) != NULL &&
	    store_schedule_switch(extractor->pool, source.name, is_enabled, on_switched, question,
		&err))
		return;
	hs_call_error(call, &err);
	free(question);
}

static void run_enable(void *app, struct hs_call *call, const json_t *args)
{
	switch_source(app, call, args, true);
}

static void run_disable(void *app, struct hs_call *call, const json_t *args)
{
	switch_source(app, call, args, false);
}

const struct hs_child_handler extractor_handlers[] = {
	{ HS_CMD_EXTRACTOR_RUN, run_run },
	{ HS_CMD_EXTRACTOR_CHECK, run_check },
	{ HS_CMD_EXTRACTOR_LIST, run_list },
	{ HS_CMD_EXTRACTOR_HISTORY, run_history },
	{ HS_CMD_EXTRACTOR_ENABLE, run_enable },
	{ HS_CMD_EXTRACTOR_DISABLE, run_disable },
	{ HS_CMD_EXTRACTOR_CANCEL, run_cancel_command },
};
const size_t extractor_handler_count = HS_COUNT(extractor_handlers);
