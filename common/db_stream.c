/* db_stream.c: single-row mode of libpq behind one read event.
 *
 * Trusts its caller with the event loop's thread; trusts no server to answer. Connecting may
 * look up a name, and so runs on a thread (offload.h); a stream that is freed meanwhile is
 * orphaned, and its connection closed when it comes. Rows that libpq has read already are
 * handed out from a timer of no length, so that a pause holds at once. */
#include "common/db_stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/db_connect.h"
#include "common/db_job.h"

struct stream_errand {
	struct hs_task task;		/* first */
	struct hs_db_stream *stream;	/* NULL: freed meanwhile */
	struct hs_db_target *target;
	PGconn *pg;
	struct hs_error err;
};

struct hs_db_stream {
	struct event_base *base;
	const struct hs_db_stream_events *events;
	void *arg;
	struct hs_db_job *job;		/* holds the statement */
	struct stream_errand *errand;	/* while connecting */
	PGconn *pg;
	struct event *readable, *writable, *again, *deadline;
	int deadline_ms;
	bool paused, ended;
	bool *freed;			/* of the call that is running: tells it */
};

/* Ends it: nothing is read any more, and the caller hears why. */
static void end(struct hs_db_stream *stream, const struct hs_error *err)
{
	if (stream->ended)
		return;
	stream->ended = true;
	if (stream->readable != NULL)
		event_del(stream->readable);
	if (stream->writable != NULL)
		event_del(stream->writable);
	event_del(stream->again);
	event_del(stream->deadline);
	stream->events->on_end(stream->arg, err);
}

static void end_lost(struct hs_db_stream *stream)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_db_error_of_connection(stream->pg, &err);
	end(stream, &err);
}

/* One result out of libpq; false when the stream has ended or is gone. Takes result. */
static bool take(struct hs_db_stream *stream, PGresult *result)
{
	struct hs_error err = HS_ERROR_INIT;
	bool freed = false;

	event_del(stream->deadline);
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
		stream->freed = &freed;
		stream->events->on_row(stream->arg, result);
		PQclear(result);
		if (freed)
			return false;
		stream->freed = NULL;
		return !stream->ended;
	case PGRES_TUPLES_OK:	/* the end of the rows; an error may have come before it */
		PQclear(result);
		end(stream, NULL);
		return false;
	default:
		hs_db_error_of_result(result, &err);
		PQclear(result);
		end(stream, &err);
		return false;
	}
}

static void look_again(struct hs_db_stream *stream)
{
	static const struct timeval now = { 0 };

	if (event_add(stream->again, &now) != 0)
		hs_panic("cannot set a timer");
}

/* Hands out what libpq has, a bounded number at a time, so that others get their turn. */
static void hand_out(struct hs_db_stream *stream)
{
	enum { ROWS_A_TURN = 256 };

	for (int i = 0; i < ROWS_A_TURN; i++) {
		PGresult *result;

		if (stream->paused || PQisBusy(stream->pg))
			return;
		if ((result = PQgetResult(stream->pg)) == NULL) {
			end_lost(stream);	/* the last one comes before it */
			return;
		}
		if (!take(stream, result))
			return;
	}
	look_again(stream);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	hand_out(arg);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct hs_db_stream *stream = arg;

	(void)fd;
	(void)what;
	if (PQconsumeInput(stream->pg) != 1) {
		end_lost(stream);
		return;
	}
	hand_out(stream);
}

static void flush_out(struct hs_db_stream *stream)
{
	int left = PQflush(stream->pg);

	if (left < 0)
		end_lost(stream);
	else if (left == 0)
		event_del(stream->writable);
	else if (event_add(stream->writable, NULL) != 0)
		hs_panic("cannot watch a database connection");
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush_out(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct hs_db_stream *stream = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)fd;
	(void)what;
	hs_error_set(&err, HS_TIMEOUT, "", "the database did not answer within %d s: ask for less "
	    "at once", stream->deadline_ms / 1000);
	end(stream, &err);
}

/* --- connecting --- */

static void errand_free(struct stream_errand *errand)
{
	hs_db_target_free(errand->target);
	PQfinish(errand->pg);
	free(errand);
}

static void work_connect(struct hs_task *task)
{
	struct stream_errand *errand = (struct stream_errand *)task;

	hs_db_open(errand->target, &errand->pg, &errand->err);
}

static void drop_connect(struct hs_task *task)
{
	errand_free((struct stream_errand *)task);
}

static bool begin(struct hs_db_stream *stream, struct hs_error *err)
{
	const struct hs_db_job_statement *one = &stream->job->statements[0];
	int fd = PQsocket(stream->pg);

	if (PQsetnonblocking(stream->pg, 1) != 0 ||
	    PQsendQueryParams(stream->pg, one->sql, (int)one->count, NULL, one->values, NULL, NULL,
		0) != 1 ||
	    PQsetSingleRowMode(stream->pg) != 1)
		return hs_db_error_of_connection(stream->pg, err);
	stream->readable =
	    event_new(stream->base, fd, EV_READ | EV_PERSIST, on_readable, stream);
	stream->writable =
	    event_new(stream->base, fd, EV_WRITE | EV_PERSIST, on_writable, stream);
	if (stream->readable == NULL || stream->writable == NULL ||
	    (!stream->paused && event_add(stream->readable, NULL) != 0))
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read from the database");
	flush_out(stream);
	return true;
}

static void done_connect(struct hs_task *task)
{
	struct stream_errand *errand = (struct stream_errand *)task;
	struct hs_db_stream *stream = errand->stream;
	struct hs_error err = errand->err;

	if (stream != NULL) {
		stream->errand = NULL;
		stream->pg = errand->pg;
		errand->pg = NULL;
	}
	errand_free(errand);
	if (stream == NULL || stream->ended)
		return;
	if (stream->pg == NULL || !begin(stream, &err))
		end(stream, &err);
}

static bool start_connect(struct hs_db_stream *stream, struct hs_offload *offload,
    const struct hs_settings *settings, const char *name, uint32_t hosts,
    struct hs_error *err)
{
	struct stream_errand *errand = calloc(1, sizeof *errand);

	if (errand == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a database connection");
	errand->task = (struct hs_task){ .work = work_connect, .done = done_connect,
		.drop = drop_connect };
	errand->stream = stream;
	if (!hs_db_target_new(settings, HS_DB_READER, name, &errand->target, err)) {
		errand_free(errand);
		return false;
	}
	hs_db_target_only(errand->target, hosts);
	if (!hs_offload_start(offload, &errand->task, err)) {
		errand_free(errand);
		return false;
	}
	stream->errand = errand;
	return true;
}

/* --- life --- */

static void ignore_results(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)arg;
	(void)results;
	(void)count;
	(void)err;
}

bool hs_db_stream_new(struct event_base *base, struct hs_offload *offload,
    const struct hs_settings *settings, const char *name, uint32_t hosts,
    const struct hs_db_statement *statement, int deadline_ms,
    const struct hs_db_stream_events *events, void *arg, struct hs_db_stream **ret,
    struct hs_error *err)
{
	const struct timeval deadline = { deadline_ms / 1000, deadline_ms % 1000 * 1000 };
	struct hs_db_stream *stream = calloc(1, sizeof *stream);

	if (stream == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a query");
	stream->base = base;
	stream->events = events;
	stream->arg = arg;
	stream->deadline_ms = deadline_ms;
	stream->again = evtimer_new(base, on_again, stream);
	stream->deadline = evtimer_new(base, on_deadline, stream);
	if (stream->again == NULL || stream->deadline == NULL ||
	    event_add(stream->deadline, &deadline) != 0)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a query");
	else if (hs_db_job_new(statement, 1, ignore_results, NULL, &stream->job, err) &&
	    start_connect(stream, offload, settings, name, hosts, err)) {
		*ret = stream;
		return true;
	}
	hs_db_stream_free(stream);
	return false;
}

void hs_db_stream_free(struct hs_db_stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->freed != NULL)
		*stream->freed = true;
	if (stream->errand != NULL)
		stream->errand->stream = NULL;
	if (stream->readable != NULL)
		event_free(stream->readable);
	if (stream->writable != NULL)
		event_free(stream->writable);
	if (stream->again != NULL)
		event_free(stream->again);
	if (stream->deadline != NULL)
		event_free(stream->deadline);
	if (stream->job != NULL)
		hs_db_job_free(stream->job);
	PQfinish(stream->pg);
	free(stream);
}

void hs_db_stream_pause(struct hs_db_stream *stream)
{
	stream->paused = true;
	event_del(stream->again);
	if (stream->readable != NULL)
		event_del(stream->readable);
}

void hs_db_stream_resume(struct hs_db_stream *stream)
{
	stream->paused = false;
	if (stream->ended || stream->readable == NULL)
		return;
	if (event_add(stream->readable, NULL) != 0)
		hs_panic("cannot watch a database connection");
	look_again(stream);
}
