/* identity.c: who is who, asked and told by hsctl.
 *
 * Everything is a statement of common/identity.h on the pool: a change is one statement, whole or
 * not at all, which waits while a file is being merged. Looking through all players takes seconds:
 * one look at a time, and a timer tells how far it is. */
#include "daemons/importer/identity.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/identity.h"
#include "common/log.h"
#include "daemons/importer/importer.h"

enum {
	QUESTION_MS = 30000,
	CHANGE_MS = 10 * 60 * 1000,	/* an import under way may take long */
	LOOK_MS = 60 * 60 * 1000,
	DEFAULT_SHOWN = 20,
	NUMBER_BYTES = 24,
	LIST_RESULTS = 1,
	SUGGEST_RESULTS = 2
};

/* A command under way. */
struct inquiry {
	struct importer *importer;
	struct hs_call *call;
	char limit[NUMBER_BYTES];
	struct hs_identity_change change;
	json_t *args;			/* what change borrows from */
	struct hs_db_job *look, *step;	/* of suggest, while it looks anew */
	struct event *timer;
};

static void inquiry_free(struct inquiry *inquiry)
{
	if (inquiry->importer->look == inquiry)
		inquiry->importer->look = NULL;
	if (inquiry->step != NULL)
		hs_db_job_cancel(inquiry->step);
	if (inquiry->timer != NULL)
		event_free(inquiry->timer);
	json_decref(inquiry->args);
	free(inquiry);
}

/* Both take inquiry. */
static void fail(struct inquiry *inquiry, const struct hs_error *err)
{
	hs_call_error(inquiry->call, err);
	inquiry_free(inquiry);
}

static void succeed(struct inquiry *inquiry, json_t *result)
{
	hs_call_result(inquiry->call, result);
	inquiry_free(inquiry);
}

/* NULL after having answered. */
static struct inquiry *inquiry_new(struct importer *importer, struct hs_call *call,
    const json_t *args)
{
	const json_t *limit = json_object_get(args, "limit");
	struct inquiry *inquiry = calloc(1, sizeof *inquiry);
	struct hs_error err = HS_ERROR_INIT;

	if (inquiry == NULL || (inquiry->args = json_deep_copy(args)) == NULL) {
		free(inquiry);
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a command");
		hs_call_error(call, &err);
		return NULL;
	}
	inquiry->importer = importer;
	inquiry->call = call;
	snprintf(inquiry->limit, sizeof inquiry->limit, "%lld",
	    json_is_integer(limit) ? (long long)json_integer_value(limit) : DEFAULT_SHOWN);
	return inquiry;
}

/* Takes inquiry when it fails. */
static bool submit(struct inquiry *inquiry, const struct hs_db_statement *statements, size_t count,
    int deadline_ms, hs_db_done_fn *done, struct hs_db_job **ret)
{
	struct hs_error err = HS_ERROR_INIT;

	if (hs_db_pool_submit(inquiry->importer->pool, statements, count, deadline_ms, done, inquiry,
		ret, &err))
		return true;
	fail(inquiry, &err);
	return false;
}

/* The rows' JSON; NULL without memory. */
static json_t *documents(const PGresult *result)
{
	json_t *list = json_array();

	for (int row = 0; list != NULL && row < PQntuples(result); row++) {
		if (json_array_append_new(list, json_loads(hs_db_text(result, row, 0), 0, NULL)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_int_t total_of(const PGresult *result)
{
	return PQntuples(result) == 0 ? 0 : (json_int_t)hs_db_int(result, 0, 1);
}

static const char *given(const struct inquiry *inquiry, const char *name)
{
	return json_string_value(json_object_get(inquiry->args, name));
}

/* ---- lists ---- */

static void list_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct inquiry *inquiry = arg;

	(void)count;
	if (err != NULL)
		fail(inquiry, err);
	else
		succeed(inquiry, json_pack("{s:o, s:I}", "people", documents(results[0]), "total",
		    total_of(results[0])));
}

/* Takes inquiry. person: NULL for all. */
static void ask_people(struct inquiry *inquiry, const char *person)
{
	const char *const values[] = { person, inquiry->limit, "0" };
	const struct hs_db_statement statement = { .sql = hs_identity_list_sql, .values = values,
		.count = HS_COUNT(values) };

	submit(inquiry, &statement, LIST_RESULTS, QUESTION_MS, list_done, NULL);
}

void identity_list(void *app, struct hs_call *call, const json_t *args)
{
	struct inquiry *inquiry = inquiry_new(app, call, args);

	if (inquiry != NULL)
		ask_people(inquiry, NULL);
}

/* ---- changes ---- */

static const char *const verbs[] = {
	[HS_IDENTITY_LINK] = "link", [HS_IDENTITY_UNLINK] = "unlink",
	[HS_IDENTITY_UNLIKE] = "unlike", [HS_IDENTITY_TAKE_BACK] = "take-back",
};

static void change_done(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *why)
{
	struct inquiry *inquiry = arg;
	struct hs_error err = HS_ERROR_INIT;
	char person[NUMBER_BYTES];
	int64_t id = 0;

	(void)count;
	if (why != NULL || !hs_identity_outcome(&inquiry->change, results[0], &id, &err)) {
		fail(inquiry, why != NULL ? why : &err);
		return;
	}
	hs_log(HS_LOG_INFO, "an admin has said who is who",
	    HS_STR("what", verbs[inquiry->change.verb]),
	    HS_STR("player", inquiry->change.player));
	snprintf(person, sizeof person, "%lld", (long long)id);
	ask_people(inquiry, person);
}

static void change(void *app, struct hs_call *call, const json_t *args, enum hs_identity_verb verb)
{
	struct inquiry *inquiry = inquiry_new(app, call, args);
	struct hs_error err = HS_ERROR_INIT;
	struct hs_db_statement statement = { 0 };
	const char *values[HS_IDENTITY_VALUES];

	if (inquiry == NULL)
		return;
	inquiry->change = (struct hs_identity_change){ .verb = verb, .actor = "hsctl",
		.player = given(inquiry, "player"), .other = given(inquiry, "other"),
		.reason = given(inquiry, "reason") };
	statement.values = values;
	if (!hs_identity_statement(&inquiry->change, &statement.sql, values, &statement.count, &err))
		fail(inquiry, &err);
	else
		submit(inquiry, &statement, 1, CHANGE_MS, change_done, NULL);
}

void identity_link(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, HS_IDENTITY_LINK);
}

void identity_unlink(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, HS_IDENTITY_UNLINK);
}

void identity_unlike(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, HS_IDENTITY_UNLIKE);
}

void identity_take_back(void *app, struct hs_call *call, const json_t *args)
{
	change(app, call, args, HS_IDENTITY_TAKE_BACK);
}

/* ---- who were told apart ---- */

static void apart_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct inquiry *inquiry = arg;

	(void)count;
	if (err != NULL)
		fail(inquiry, err);
	else
		succeed(inquiry, json_pack("{s:o, s:I}", "pairs", documents(results[0]), "total",
		    total_of(results[0])));
}

void identity_apart(void *app, struct hs_call *call, const json_t *args)
{
	struct inquiry *inquiry = inquiry_new(app, call, args);

	if (inquiry == NULL)
		return;

	const char *const values[] = { inquiry->limit, "0" };
	const struct hs_db_statement statement = { .sql = hs_identity_apart_sql, .values = values,
		.count = HS_COUNT(values) };

	submit(inquiry, &statement, LIST_RESULTS, QUESTION_MS, apart_done, NULL);
}

/* ---- suggestions ---- */

static void look(struct inquiry *inquiry);

static void suggest_done(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct inquiry *inquiry = arg;
	json_t *looked;

	(void)count;
	if (err != NULL) {
		fail(inquiry, err);
	} else if (PQntuples(results[0]) == 0) {
		look(inquiry);
	} else {
		looked = json_loads(hs_db_text(results[0], 0, 0), 0, NULL);
		succeed(inquiry, json_pack("{s:o, s:I, s:o}", "pairs", documents(results[1]),
		    "total", total_of(results[1]), "look", looked));
	}
}

/* Takes inquiry. */
static void ask_suggestions(struct inquiry *inquiry)
{
	const char *const values[] = { inquiry->limit, "0" };
	const struct hs_db_statement statements[SUGGEST_RESULTS] = {
		{ .sql = hs_identity_looked_sql },
		{ .sql = hs_identity_suggest_sql, .values = values, .count = HS_COUNT(values) },
	};

	submit(inquiry, statements, SUGGEST_RESULTS, QUESTION_MS, suggest_done, NULL);
}

static void look_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct inquiry *inquiry = arg;

	(void)results, (void)count;
	inquiry->look = NULL;
	if (err != NULL) {
		fail(inquiry, err);
		return;
	}
	evtimer_del(inquiry->timer);
	inquiry->importer->look = NULL;
	ask_suggestions(inquiry);
}

static void step_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	const struct timeval second = { .tv_sec = 1 };
	struct inquiry *inquiry = arg;
	int64_t step = err == NULL ? hs_db_int(results[0], 0, 0) : 0;

	(void)count;
	inquiry->step = NULL;
	hs_call_event(inquiry->call, "progress", json_pack("{s:s, s:s, s:I, s:I, s:i, s:o}", "file",
	    "players", "stage", hs_identity_step(step), "bytes", (json_int_t)step, "total",
	    (json_int_t)HS_IDENTITY_STEPS, "records", 0, "note", json_sprintf("step %d of %d, %s",
	    (int)step, (int)HS_IDENTITY_STEPS, hs_identity_step(step))));
	if (inquiry->look != NULL)
		evtimer_add(inquiry->timer, &second);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct hs_db_statement statement = { .sql = hs_identity_step_sql };
	struct inquiry *inquiry = arg;
	struct hs_error ignored = HS_ERROR_INIT;

	(void)fd, (void)what;
	if (inquiry->look != NULL && inquiry->step == NULL)
		hs_db_pool_submit(inquiry->importer->pool, &statement, 1, QUESTION_MS, step_done,
		    inquiry, &inquiry->step, &ignored);
}

/* Takes inquiry. */
static void look(struct inquiry *inquiry)
{
	const struct hs_db_statement statement = { .sql = hs_identity_look_sql };
	const struct timeval second = { .tv_sec = 1 };
	struct importer *importer = inquiry->importer;
	struct hs_error err = HS_ERROR_INIT;

	if (importer->look != NULL)
		hs_error_set(&err, HS_BUSY, "",
		    "all players are being looked through already: try again in a minute");
	else if ((inquiry->timer = evtimer_new(importer->base, on_timer, inquiry)) == NULL ||
	    evtimer_add(inquiry->timer, &second) != 0)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a timer");
	if (err.code != HS_OK) {
		fail(inquiry, &err);
		return;
	}
	importer->look = inquiry;
	submit(inquiry, &statement, 1, LOOK_MS, look_done, &inquiry->look);
}

void identity_suggest(void *app, struct hs_call *call, const json_t *args)
{
	struct inquiry *inquiry = inquiry_new(app, call, args);

	if (inquiry == NULL)
		return;
	if (json_is_true(json_object_get(args, "new")))
		look(inquiry);
	else
		ask_suggestions(inquiry);
}

void identity_dismiss(struct importer *importer)
{
	struct inquiry *inquiry = importer->look;
	struct hs_error err = HS_ERROR_INIT;

	if (inquiry == NULL)
		return;
	hs_error_set(&err, HS_CANCELLED, "", "the importer is stopping; nothing was changed");
	hs_db_job_cancel(inquiry->look);
	inquiry->look = NULL;
	fail(inquiry, &err);
}
