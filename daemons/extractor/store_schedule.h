/* store_schedule.h: when sources are due, in the database: what survives a restart, and what all
 * machines that share the database agree on. Times are seconds since 1970, UTC; the database's own
 * clock says what time it is, so that machines whose clocks differ agree on that, too.
 *
 * Nothing here waits: answers come by a callback. A due time is taken by store_begin (store.h). */
#ifndef HS_EXTRACTOR_STORE_SCHEDULE_H
#define HS_EXTRACTOR_STORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db_pool.h"
#include "common/error.h"
#include "daemons/extractor/due.h"
#include "daemons/extractor/store.h"

/* All sources that were ever settled or switched, as a statement without values. Its answer has a
 * row at least. */
extern const char store_schedule_rows[];

/* The time of that answer, in milliseconds since 1970. */
int64_t store_schedule_now_ms(const PGresult *result);

/* A source in that answer; texts are borrowed from it. One that is not there is enabled. */
struct due_row store_schedule_row(const PGresult *result, const char *source);

/* Asks for store_schedule_rows. */
bool store_schedule_look(struct hs_db_pool *pool, hs_db_done_fn *done, void *arg,
    struct hs_error *err);

/* Writes down when a source is due next, unless somebody else has done so since row was read.
 * done (may be NULL) hears when that is done; a failure is logged. */
bool store_schedule_settle(struct hs_db_pool *pool, const char *source, const char *schedule,
    const char *zone_name, const struct due_row *row, int64_t next, store_done_fn *done, void *arg,
    struct hs_error *err);

/* Lets a due time go, without a run, as above. */
bool store_schedule_skip(struct hs_db_pool *pool, const char *source, int64_t due, int64_t next,
    struct hs_error *err);

/* Switches a source; its next time is settled anew. */
bool store_schedule_switch(struct hs_db_pool *pool, const char *source, bool is_enabled,
    hs_db_done_fn *done, void *arg, struct hs_error *err);

#endif
