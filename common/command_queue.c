/* command_queue.c: looks, takes, and writes down what came of it, on one connection.
 *
 * Trusts the statements (command_queue_sql.c) to give a request to one daemon alone, and trusts
 * no request: its command and args are checked against the table. One look is under way at a time,
 * and says which requests are ours: so a request that was taken for us by a look whose answer was
 * lost is found by the next one, and is lost, not run late. An end that cannot be written is tried again
 * as long as we live. */
#include "common/command_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command_queue_sql.h"
#include "common/db_pool.h"
#include "common/log.h"
#include "common/text.h"

enum {
	LOOK_EVERY_MS = 15000,
	LOOK_SOON_MS = 3000,		/* when something waits that nobody takes */
	LOOK_PAUSE_MIN_MS = 1000,	/* after a failure, doubled by each further one */
	LOOK_PAUSE_MAX_MS = 60000,
	LOOK_DOUBLINGS = 6,
	WRITE_EVERY_MS = 1000,
	FINISH_MS = 2000,
	QUERY_MS = 15000,
	NUMBER_BYTES = 24,
	COMMAND_BYTES = 65,
	WHO_BYTES = 257,		/* 64 characters */
	COLUMN_KIND = 0, COLUMN_NUMBER, COLUMN_TEXT, COLUMN_MORE, COLUMN_WHO
};

struct hs_request {
	TAILQ_ENTRY(hs_request) link;
	struct hs_command_queue *queue;
	int64_t number;
	char command[COMMAND_BYTES], who[WHO_BYTES];
	json_t *progress;		/* the latest event, or NULL */
	json_t *counts;			/* events by their names */
	bool has_news;			/* progress is to be written */
	struct hs_db_job *job;		/* a write under way */
	bool is_ending;			/* it writes the end */
	bool is_answered;		/* its handler has told the end */
	const char *status;		/* its end; NULL: it goes on */
	char *result, *error;		/* JSON; NULL: none */
	bool is_refused;		/* the database did not take the end as it was */
	bool is_written;
};

TAILQ_HEAD(requests, hs_request);

struct hs_command_queue {
	struct event_base *base;
	enum hs_process owner;
	char host[HS_HOST_BYTES];
	hs_request_run_fn *run;
	void *arg;
	struct hs_db_pool *pool;
	struct hs_db_job *look;
	bool must_look_again;		/* something came while we looked */
	bool is_stopping;
	unsigned failures;		/* to look, in a row */
	struct hs_error problem;	/* of the last look */
	json_t *waiting;		/* as of the last look */
	int64_t looked_ms;
	struct event *look_timer, *write_timer, *finish_timer;
	struct requests requests;
	size_t count;
	void (*finished)(void *arg);
	void *finished_arg;
};

static void look(struct hs_command_queue *queue);

bool hs_host_name(const struct hs_settings *settings, char buf[HS_HOST_BYTES],
    struct hs_error *err)
{
	char machine[256] = "";

	if (gethostname(machine, sizeof machine - 1) != 0)
		return hs_error_errno(err, "", "cannot learn this machine's name");
	return hs_format(buf, HS_HOST_BYTES, err, "%s:%s", machine,
	    hs_setting_text(settings, HS_SET_STATE_DIR));
}

static void arm(struct event *timer, int ms)
{
	const struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };

	if (event_add(timer, &wait) != 0)
		hs_panic("no timer for requests");
}

static const char *number_text(int64_t number, char buf[NUMBER_BYTES])
{
	snprintf(buf, NUMBER_BYTES, "%lld", (long long)number);
	return buf;
}

static char *json_text(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	if (text == NULL)
		hs_panic("no memory for a request");
	return text;
}

/* ---- one request ---- */

static void request_free(struct hs_request *request)
{
	TAILQ_REMOVE(&request->queue->requests, request, link);
	request->queue->count--;
	if (request->job != NULL)
		hs_db_job_cancel(request->job);
	json_decref(request->progress);
	json_decref(request->counts);
	free(request->result);
	free(request->error);
	free(request);
}

static struct hs_request *request_new(struct hs_command_queue *queue, const PGresult *result,
    int row)
{
	struct hs_request *request = calloc(1, sizeof *request);

	if (request == NULL || (request->counts = json_object()) == NULL)
		hs_panic("no memory for a request");
	request->queue = queue;
	request->number = hs_db_int(result, row, COLUMN_NUMBER);
	snprintf(request->command, sizeof request->command, "%s",
	    hs_db_text(result, row, COLUMN_TEXT));
	snprintf(request->who, sizeof request->who, "%s", hs_db_text(result, row, COLUMN_WHO));
	TAILQ_INSERT_TAIL(&queue->requests, request, link);
	queue->count++;
	return request;
}

static bool has_more_to_write(const struct hs_command_queue *queue)
{
	const struct hs_request *request;

	TAILQ_FOREACH(request, &queue->requests, link) {
		if (request->status != NULL && !request->is_written)
			return true;
	}
	return queue->look != NULL;
}

static void tell_finished(struct hs_command_queue *queue)
{
	void (*finished)(void *arg) = queue->finished;

	queue->finished = NULL;
	event_del(queue->finish_timer);
	finished(queue->finished_arg);
}

static void finish_if_done(struct hs_command_queue *queue)
{
	if (queue->finished != NULL && !has_more_to_write(queue))
		tell_finished(queue);
}

/* ---- writing ---- */

static void on_written(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err);

static void submit(struct hs_request *request, const char *sql, const char *const *values,
    size_t count)
{
	const struct hs_db_statement statement = { .sql = sql, .values = values, .count = count };
	struct hs_error err = HS_ERROR_INIT;

	if (hs_db_pool_submit(request->queue->pool, &statement, 1, QUERY_MS, on_written, request,
		&request->job, &err))
		return;
	hs_log_error_of(HS_LOG_WARNING, "cannot write down how a request fares", &err,
	    HS_INT("request", request->number));
	arm(request->queue->write_timer, WRITE_EVERY_MS);
}

/* The latest event, and how many there were of each kind. */
static char *progress_text(const struct hs_request *request)
{
	json_t *whole;
	char *text;

	if (request->progress == NULL)
		return NULL;
	if ((whole = json_copy(request->progress)) == NULL ||
	    json_object_set(whole, "events", request->counts) != 0)
		hs_panic("no memory for a request");
	text = json_text(whole);
	json_decref(whole);
	return text;
}

static bool is_declined(const struct hs_request *request)
{
	return request->error != NULL && strcmp(request->status, "waiting") == 0;
}

/* What is due of one request, unless something of it is under way. */
static void write_due(struct hs_request *request)
{
	char number[NUMBER_BYTES], *progress;

	if (request->job != NULL || request->is_written ||
	    (request->status == NULL && !request->has_news))
		return;
	progress = progress_text(request);
	request->has_news = false;
	request->is_ending = request->status != NULL;
	number_text(request->number, number);
	if (request->status == NULL)
		submit(request, hs_queue_progress_sql, (const char *[]){ number, progress }, 2);
	else if (is_declined(request))
		submit(request, hs_queue_decline_sql, (const char *[]){ number,
		    request->queue->host, request->error }, 3);
	else
		submit(request, hs_queue_end_sql, (const char *[]){ number, request->queue->host,
		    request->status, request->result, request->error,
		    request->is_refused ? NULL : progress }, 6);
	free(progress);
}

static void log_end(const struct hs_request *request)
{
	hs_log(HS_LOG_INFO, strcmp(request->status, "waiting") == 0 ? "gave a request back" :
	    "a request ended", HS_INT("request", request->number),
	    HS_STR("command", request->command), HS_STR("asked_by", request->who),
	    HS_STR("status", request->status), HS_STR("error", request->error));
}

/* What the database refuses as it is (there are texts that jsonb cannot hold) is left out. */
static void refuse_result(struct hs_request *request, const struct hs_error *err)
{
	json_t *note = json_pack("{s:s}", "note",
	    "the database did not take the result: the daemon's log says why");

	if (note == NULL)
		hs_panic("no memory for a request");
	hs_log_error_of(HS_LOG_ERROR, "the database does not take how a request ended", err,
	    HS_INT("request", request->number));
	request->is_refused = true;
	free(request->result);
	free(request->error);
	request->result = strcmp(request->status, "done") == 0 ? json_text(note) : NULL;
	request->error = request->result == NULL ? json_text(note) : NULL;
	json_decref(note);
}

/* The end has been written, or never will be. */
static void settle(struct hs_request *request)
{
	struct hs_command_queue *queue = request->queue;

	request->is_written = true;
	if (request->is_answered)
		request_free(request);
	finish_if_done(queue);
}

static void on_end_written(struct hs_request *request, const struct hs_error *err)
{
	if (err == NULL) {
		log_end(request);
		settle(request);
	} else if (err->code != HS_DB_ERROR) {
		arm(request->queue->write_timer, WRITE_EVERY_MS);
	} else if (!request->is_refused) {
		refuse_result(request, err);
		write_due(request);
	} else {
		hs_log_error_of(HS_LOG_ERROR, "cannot write down how a request ended", err,
		    HS_INT("request", request->number));
		settle(request);
	}
}

static void on_written(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct hs_request *request = arg;
	bool was_end = request->is_ending;

	(void)results, (void)count;
	request->job = NULL;
	request->is_ending = false;
	if (was_end)
		on_end_written(request, err);
	else if (request->status != NULL)
		write_due(request);
}

/* Ends go at once, events when this is over; what failed is tried again. */
static void on_write_timer(evutil_socket_t fd, short what, void *arg)
{
	struct hs_command_queue *queue = arg;
	struct hs_request *request;
	bool is_busy = false;

	(void)fd, (void)what;
	TAILQ_FOREACH(request, &queue->requests, link) {
		is_busy = is_busy || request->has_news ||
		    (request->status != NULL && !request->is_written);
		write_due(request);
	}
	if (is_busy)
		arm(queue->write_timer, WRITE_EVERY_MS);
}

/* ---- what the handler tells ---- */

static size_t json_bytes(const json_t *value)
{
	return json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *hs_request_bounded(json_t *object, size_t most_bytes)
{
	size_t bytes = object != NULL ? json_bytes(object) : 0, kept_bytes = 0;
	json_t *kept, *cut, *value;
	const char *name;

	if (object == NULL)
		return json_object();
	if (bytes <= most_bytes)
		return object;
	kept = json_object();
	cut = json_array();
	json_object_foreach(object, name, value) {
		size_t its_bytes = json_bytes(value) + strlen(name) + 4;

		/* the names of those that go have room too */
		if (kept_bytes + its_bytes <= most_bytes - most_bytes / 8) {
			json_object_set(kept, name, value);
			kept_bytes += its_bytes;
		} else if (json_array_size(cut) < 20) {
			json_array_append_new(cut, json_sprintf("%.60s", name));
		}
	}
	json_object_set_new(kept, "cut", cut);
	json_object_set_new(kept, "note", json_sprintf(
	    "it has %zu bytes, more than the %zu that are kept: see hsctl on the daemon's machine",
	    bytes, most_bytes));
	json_decref(object);
	return kept;
}

static json_t *need(json_t *value)
{
	if (value == NULL)
		hs_panic("no memory for a request");
	return value;
}

const char *hs_request_asker(const struct hs_request *request)
{
	return request->who;
}

void hs_request_event(struct hs_request *request, const char *event, json_t *body)
{
	json_int_t number = json_integer_value(json_object_get(request->counts, event)) + 1;
	struct event *timer = request->queue->write_timer;

	if (request->status != NULL) {
		json_decref(body);
		return;
	}
	json_decref(request->progress);
	request->progress = need(hs_request_bounded(body, HS_REQUEST_EVENT_BYTES));
	json_object_set_new(request->progress, "event", need(json_string(event)));
	json_object_set_new(request->counts, event, need(json_integer(number)));
	request->has_news = true;
	if (evtimer_pending(timer, NULL))
		return;
	write_due(request);
	arm(timer, WRITE_EVERY_MS);
}

/* Takes result and error, one of which is NULL. One that was ended for its handler has its end. */
static void end(struct hs_request *request, const char *status, json_t *result, json_t *error)
{
	if (request->status == NULL) {
		request->status = status;
		request->result = result != NULL ? json_text(result) : NULL;
		request->error = error != NULL ? json_text(error) : NULL;
		write_due(request);
	}
	json_decref(result);
	json_decref(error);
}

static void answer(struct hs_request *request, const char *status, json_t *result, json_t *error)
{
	request->is_answered = true;
	end(request, status, result, error);
	if (request->is_written)
		request_free(request);
}

void hs_request_result(struct hs_request *request, json_t *result)
{
	answer(request, "done", need(hs_request_bounded(result, HS_REQUEST_RESULT_BYTES)), NULL);
}

static json_t *error_json(const struct hs_error *error)
{
	return need(json_pack("{s:s, s:s, s:s}", "code", hs_error_name(error->code), "message",
	    error->message, "where", error->where));
}

static const char *status_of(const struct hs_error *error)
{
	return error->code == HS_CANCELLED ? "cancelled" : "failed";
}

void hs_request_error(struct hs_request *request, const struct hs_error *error)
{
	answer(request, status_of(error), NULL, error_json(error));
}

void hs_request_decline(struct hs_request *request, const struct hs_error *error)
{
	answer(request, "waiting", NULL, error_json(error));
}

/* ---- looking ---- */

/* One that we took while we are to stop: it never began, so another process may have it. */
static void give_back(struct hs_request *request)
{
	answer(request, "waiting", NULL, NULL);
}

static void take(struct hs_command_queue *queue, const PGresult *result, int row)
{
	struct hs_request *request = request_new(queue, result, row);
	struct hs_error err = HS_ERROR_INIT;
	enum hs_command_id command;
	json_t *args;

	if (queue->is_stopping) {
		give_back(request);
		return;
	}
	hs_log(HS_LOG_INFO, "took a request", HS_INT("request", request->number),
	    HS_STR("command", request->command), HS_STR("asked_by", request->who));
	args = need(json_loads(hs_db_text(result, row, COLUMN_MORE), 0, NULL));
	if (hs_command_check_request(request->command, queue->owner, args, &command, &err))
		queue->run(queue->arg, request, command, args);
	else
		hs_request_error(request, &err);
	json_decref(args);
}

static void note_waiting(struct hs_command_queue *queue, const PGresult *result, int row)
{
	json_array_append_new(queue->waiting, need(json_pack("{s:s, s:I, s:I}", "owner",
	    hs_db_text(result, row, COLUMN_TEXT), "count",
	    (json_int_t)hs_db_int(result, row, COLUMN_NUMBER), "seconds",
	    (json_int_t)strtoll(hs_db_text(result, row, COLUMN_MORE), NULL, 10))));
}

static void note_lost(const PGresult *result, int row)
{
	hs_log(HS_LOG_WARNING, "a request is lost: its process ended before it did",
	    HS_INT("request", hs_db_int(result, row, COLUMN_NUMBER)),
	    HS_STR("command", hs_db_text(result, row, COLUMN_TEXT)),
	    HS_STR("host", hs_db_text(result, row, COLUMN_MORE)),
	    HS_STR("asked_by", hs_db_text(result, row, COLUMN_WHO)));
}

static void read_look(struct hs_command_queue *queue, const PGresult *result)
{
	json_array_clear(queue->waiting);
	queue->looked_ms = hs_clock_ms();
	for (int row = 0; row < PQntuples(result); row++) {
		const char *kind = hs_db_text(result, row, COLUMN_KIND);

		if (strcmp(kind, "taken") == 0)
			take(queue, result, row);
		else if (strcmp(kind, "lost") == 0)
			note_lost(result, row);
		else
			note_waiting(queue, result, row);
	}
}

static int failure_pause(unsigned failures)
{
	int pause = LOOK_PAUSE_MIN_MS << (failures < LOOK_DOUBLINGS ? failures : LOOK_DOUBLINGS);

	return pause < LOOK_PAUSE_MAX_MS ? pause : LOOK_PAUSE_MAX_MS;
}

/* Told once: until a look succeeds, and in hsctl status. */
static void note_failure(struct hs_command_queue *queue, const struct hs_error *err)
{
	if (queue->failures == 0)
		hs_log_error(HS_LOG_WARNING, "cannot look for requests in the database", err);
	queue->problem = *err;
	arm(queue->look_timer, failure_pause(queue->failures++));
}

static void on_looked(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct hs_command_queue *queue = arg;

	(void)count;
	queue->look = NULL;
	if (err != NULL) {
		note_failure(queue, err);
	} else {
		queue->failures = 0;
		read_look(queue, results[0]);
		arm(queue->look_timer, json_array_size(queue->waiting) > 0 ? LOOK_SOON_MS
									   : LOOK_EVERY_MS);
	}
	if (queue->must_look_again)
		look(queue);
	finish_if_done(queue);
}

/* The numbers of all that run here. */
static char *ours_text(const struct hs_command_queue *queue)
{
	const struct hs_request *request;
	json_t *ours = need(json_array());
	char *text;

	TAILQ_FOREACH(request, &queue->requests, link)
		json_array_append_new(ours, json_integer(request->number));
	text = json_text(ours);
	json_decref(ours);
	return text;
}

static void on_listening(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	/* the look that comes next tells what is wrong */
	(void)arg, (void)results, (void)count, (void)err;
}

/* LISTEN first, each time: the connection may be another one, and nothing may be missed between. */
static void look(struct hs_command_queue *queue)
{
	static const struct hs_db_statement listen = { .sql = hs_queue_listen_sql };
	size_t room = queue->count < HS_REQUESTS_RUNNING ? HS_REQUESTS_RUNNING - queue->count : 0;
	struct hs_error err = HS_ERROR_INIT;
	char number[NUMBER_BYTES], *ours;

	queue->must_look_again = queue->look != NULL;
	if (queue->look != NULL || queue->is_stopping)
		return;
	ours = ours_text(queue);
	const char *const values[] = { hs_process_name(queue->owner), queue->host, ours,
		number_text((int64_t)room, number) };
	const struct hs_db_statement statement = { .sql = hs_queue_look_sql, .values = values,
		.count = HS_COUNT(values) };

	if (!hs_db_pool_submit(queue->pool, &listen, 1, QUERY_MS, on_listening, NULL, NULL, &err) ||
	    !hs_db_pool_submit(queue->pool, &statement, 1, QUERY_MS, on_looked, queue,
		&queue->look, &err))
		note_failure(queue, &err);
	free(ours);
}

static void on_news(void *arg)
{
	look(arg);
}

static void on_look_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	look(arg);
}

/* ---- the queue ---- */

static void on_finish_timer(evutil_socket_t fd, short what, void *arg)
{
	struct hs_command_queue *queue = arg;

	(void)fd, (void)what;
	hs_log(HS_LOG_WARNING, "the database does not hear how requests ended: they will be lost");
	tell_finished(queue);
}

bool hs_command_queue_new(struct event_base *base, const struct hs_settings *settings,
    enum hs_process owner, hs_request_run_fn *run, void *arg, struct hs_command_queue **ret,
    struct hs_error *err)
{
	struct hs_command_queue *queue = calloc(1, sizeof *queue);
	char name[64];

	if (queue == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for requests");
	TAILQ_INIT(&queue->requests);
	queue->base = base;
	queue->owner = owner;
	queue->run = run;
	queue->arg = arg;
	queue->waiting = json_array();
	queue->look_timer = evtimer_new(base, on_look_timer, queue);
	queue->write_timer = evtimer_new(base, on_write_timer, queue);
	queue->finish_timer = evtimer_new(base, on_finish_timer, queue);
	if (queue->waiting == NULL || queue->look_timer == NULL || queue->write_timer == NULL ||
	    queue->finish_timer == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for requests");
	else if (hs_host_name(settings, queue->host, err) &&
	    hs_format(name, sizeof name, err, "hsd-%s requests", hs_process_name(owner)) &&
	    hs_db_pool_new(base, settings, HS_DB_WRITER, name, 1, &queue->pool, err)) {
		hs_db_pool_watch(queue->pool, on_news, queue);
		arm(queue->look_timer, 0);
		*ret = queue;
		return true;
	}
	hs_command_queue_free(queue);
	return false;
}

void hs_command_queue_free(struct hs_command_queue *queue)
{
	if (queue == NULL)
		return;
	while (!TAILQ_EMPTY(&queue->requests))
		request_free(TAILQ_FIRST(&queue->requests));
	hs_db_pool_free(queue->pool);
	if (queue->look_timer != NULL)
		event_free(queue->look_timer);
	if (queue->write_timer != NULL)
		event_free(queue->write_timer);
	if (queue->finish_timer != NULL)
		event_free(queue->finish_timer);
	json_decref(queue->waiting);
	free(queue);
}

void hs_command_queue_stop(struct hs_command_queue *queue)
{
	struct hs_db_pool_state state;

	queue->is_stopping = true;
	event_del(queue->look_timer);
	hs_db_pool_look(queue->pool, &state);
	if (queue->look == NULL || state.usable)
		return;
	/* it has not been sent, so nothing was taken: no reason to wait for its answer */
	hs_db_job_cancel(queue->look);
	queue->look = NULL;
}

bool hs_command_queue_finish(struct hs_command_queue *queue, void (*done)(void *arg), void *arg)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_request *request;

	hs_error_set(&err, HS_CANCELLED, "", "hsd-%s stopped before it was done",
	    hs_process_name(queue->owner));
	TAILQ_FOREACH(request, &queue->requests, link)
		end(request, status_of(&err), NULL, error_json(&err));
	if (!has_more_to_write(queue))
		return true;
	queue->finished = done;
	queue->finished_arg = arg;
	arm(queue->finish_timer, FINISH_MS);
	return false;
}

json_t *hs_command_queue_status(const struct hs_command_queue *queue)
{
	const char *problem = queue->failures > 0 ? queue->problem.message : NULL;
	json_int_t since = (hs_clock_ms() - queue->looked_ms) / 1000, running = 0;
	json_t *waiting = need(json_deep_copy(queue->waiting)), *one;
	const struct hs_request *request;
	size_t i;

	TAILQ_FOREACH(request, &queue->requests, link)
		running += request->status == NULL;
	json_array_foreach(waiting, i, one)
		json_object_set_new(one, "seconds", json_integer(since +
		    json_integer_value(json_object_get(one, "seconds"))));
	return json_pack("{s:I, s:o, s:s?}", "running", running, "waiting", waiting, "problem",
	    problem);
}
