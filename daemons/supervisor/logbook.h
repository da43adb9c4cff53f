/* logbook.h: the latest lines of all logs, in memory, for `hsctl logs`.
 *
 * The daemons send a copy of each line (log.h, hs_log_join) over a socket that they never wait for;
 * the log itself stays what goes to standard error. When the memory is used up the oldest lines go.
 * Whoever follows gets lines as fast as he takes them; what went in the meantime he is told by
 * number. PostgreSQL's own messages only go to standard error. */
#ifndef SUPERVISOR_LOGBOOK_H
#define SUPERVISOR_LOGBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/error.h"

struct call;
struct logbook;

/* From now on what this process logs is kept too. Gives *ret. Errors: HS_NO_MEMORY, HS_IO. */
bool logbook_new(struct event_base *base, size_t max_bytes, struct logbook **ret,
    struct hs_error *err);

/* Accepts NULL. Nobody follows any more: logbook_end has been called, or server_close. */
void logbook_free(struct logbook *logbook);

/* Where children write to; theirs to inherit, ours to close. */
int logbook_fd(const struct logbook *logbook);

/* `hsctl logs`: {"event":"line","at","daemon","pid","level","text"} and {"event":"lost","count"},
 * then {"shown","lost"}. Takes call; args have been checked against the table. */
void logbook_answer(struct logbook *logbook, struct call *call, const json_t *args);

/* Tells all who follow what there still is, and that this was all. Accepts NULL. */
void logbook_end(struct logbook *logbook);

#endif
