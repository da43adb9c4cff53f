/* db_stream.h: the rows of one statement as they come, on a connection of its own and the event base.
 *
 * For answers too large to be held: nothing is read from the server while the reader pauses,
 * so neither side's memory grows with the number of rows. One statement is one state of the
 * data. Nothing here waits. */
#ifndef HS_DB_STREAM_H
#define HS_DB_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <libpq-fe.h>

#include "common/db.h"
#include "common/db_pool.h"
#include "common/error.h"
#include "common/offload.h"
#include "common/settings.h"

struct hs_db_stream;

struct hs_db_stream_events {
	/* One row (borrowed: row 0 of the result). It may pause or free the stream. */
	void (*on_row)(void *arg, const PGresult *row);
	/* After the last row, err NULL; or why there are no more. It may free the stream. */
	void (*on_end)(void *arg, const struct hs_error *err);
};

/* Connects, as a reader, and asks. The callbacks never run before this returns. Borrows base,
 * offload and events until the stream is freed. Past deadline_ms without a first row (or an end)
 * it ends with HS_TIMEOUT. Gives *ret. Errors, here or of on_end: those of hs_db_connect and
 * hs_db_run. hosts: of POSTGRES_HOST, bit 0 is the first; 0: all of them, a standby first. */
bool hs_db_stream_new(struct event_base *base, struct hs_offload *offload,
    const struct hs_settings *settings, const char *name, uint32_t hosts,
    const struct hs_db_statement *statement, int deadline_ms,
    const struct hs_db_stream_events *events, void *arg, struct hs_db_stream **ret,
    struct hs_error *err);

/* At any time, also from a callback. The server sees the connection's end, and stops its work
 * within a second. Accepts NULL. */
void hs_db_stream_free(struct hs_db_stream *stream);

void hs_db_stream_pause(struct hs_db_stream *stream);
void hs_db_stream_resume(struct hs_db_stream *stream);

#endif
