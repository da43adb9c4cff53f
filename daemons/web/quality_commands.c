/* quality_commands.c: the report for hsctl, which unlike a page waits for the newest one. */
#include "daemons/web/quality_commands.h"

#include <stdlib.h>

#include "common/db.h"
#include "common/db_pool.h"
#include "daemons/web/data_version.h"
#include "daemons/web/quality.h"
#include "daemons/web/quality_view.h"
#include "daemons/web/web.h"

enum { QUESTION_MS = 15000, USUAL_LIMIT = 20 };

struct question {
	struct web *web;
	struct hs_call *call;
	struct quality_shown shown;
	struct quality_wait wait;
	struct event *sign;	/* of life, while a step takes long */
};

/* Accepts NULL. */
static void question_free(struct question *question)
{
	if (question == NULL)
		return;
	if (question->sign != NULL)
		event_free(question->sign);
	free(question);
}

/* Takes question. */
static void fail(struct question *question, const struct hs_error *err)
{
	hs_call_error(question->call, err);
	question_free(question);
}

static void on_progress(evutil_socket_t fd, short what, void *arg)
{
	struct question *question = arg;
	struct quality_progress progress;

	(void)fd;
	(void)what;
	quality_look(question->web->quality, &progress);
	hs_call_event(question->call, "progress", json_pack("{s:s, s:s, s:o, s:I, s:I}", "file",
	    "data quality", "stage", progress.doing, "note", json_sprintf("%s, step %zu of %zu",
	    progress.doing, progress.done + 1, progress.steps), "done",
	    (json_int_t)progress.done + 1, "steps", (json_int_t)progress.steps));
}

static void on_ended(void *arg)
{
	struct question *question = arg;
	struct quality_shown *shown = &question->shown;
	struct hs_error err = HS_ERROR_INIT;
	json_t *result;

	quality_look(question->web->quality, &shown->progress);
	shown->report = quality_kept(question->web->quality);
	if (shown->progress.failure.code != HS_OK) {
		fail(question, &shown->progress.failure);
		return;
	}
	if (shown->report == NULL || (result = quality_view_api(shown)) == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for the quality of the data");
		fail(question, &err);
		return;
	}
	hs_call_result(question->call, result);
	question_free(question);
}

static void on_version(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct question *question = arg;
	struct quality *quality = question->web->quality;
	const struct quality_report *kept = quality_kept(quality);
	struct quality_progress progress;
	int64_t version;

	(void)count;
	if (err != NULL) {
		fail(question, err);
		return;
	}
	version = question->shown.newest = hs_db_int(results[0], 0, 0);
	if (kept == NULL || kept->version != version || kept->last_version != version)
		quality_begin(quality);
	quality_look(quality, &progress);
	if (!progress.is_busy) {
		on_ended(question);
		return;
	}
	quality_await(quality, &question->wait);
	on_progress(-1, 0, question);
}

static bool read_args(const json_t *args, struct quality_query *query, struct hs_error *err)
{
	const char *what = json_string_value(json_object_get(args, "finding"));
	const json_t *limit = json_object_get(args, "limit");

	quality_query_init(query);
	query->sort = QUALITY_BY_KNOWN;
	query->per_page = json_is_integer(limit) ? (int)json_integer_value(limit) : USUAL_LIMIT;
	return what == NULL || quality_query_show(what, query, err);
}

static void run_quality(void *app, struct hs_call *call, const json_t *args)
{
	static const struct hs_db_statement version = DATA_VERSION_STATEMENT;
	static const struct timeval every = { .tv_sec = 1 };
	struct web *web = app;
	struct question *question = calloc(1, sizeof *question);
	struct hs_error err = HS_ERROR_INIT;

	if (question == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a command");
		hs_call_error(call, &err);
		return;
	}
	question->web = web;
	question->call = call;
	question->wait = (struct quality_wait){ .ended = on_ended, .arg = question };
	question->sign = event_new(web->base, -1, EV_PERSIST, on_progress, question);
	if (question->sign == NULL || event_add(question->sign, &every) != 0)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a command");
	if (err.code != HS_OK || !read_args(args, &question->shown.query, &err) ||
	    !hs_db_pool_submit(web->pool, &version, 1, QUESTION_MS, on_version, question, NULL,
		&err))
		fail(question, &err);
}

const struct hs_child_handler quality_handlers[] = {
	{ HS_CMD_QUALITY, run_quality },
};
const size_t quality_handler_count = HS_COUNT(quality_handlers);
