/* schedule.h: runs sources when they are due.
 *
 * When that is, stands in the database (store_schedule.h), and is looked up at each wake: at the
 * time that comes next, and once a minute at least, so that neither a clock that jumps nor another
 * machine's doings go unnoticed. due.h decides; whoever takes the time in the database runs the
 * source. Off unless SCHEDULER_ENABLED. Nothing here waits. */
#ifndef HS_EXTRACTOR_SCHEDULE_H
#define HS_EXTRACTOR_SCHEDULE_H

#include <stdbool.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/extractor/source.h"

struct extractor;
struct schedule;

/* The settings of schedules are good. Errors: HS_BAD_SETTING, which names the setting. */
bool schedule_check(const struct hs_settings *settings, struct hs_error *err);

/* Gives *ret; asleep until it is woken. Keeps extractor. Errors: HS_NO_MEMORY. */
bool schedule_new(struct extractor *extractor, struct schedule **ret, struct hs_error *err);

void schedule_free(struct schedule *schedule);

/* At start, when other settings are in force, when a source was switched: looks now. */
void schedule_wake(struct schedule *schedule);

/* Nothing is started any more. */
void schedule_stop(struct schedule *schedule);

/* For hsctl status: {"enabled","next_source","next_run_at"}, the latter null when nothing is to
 * come; a new reference. */
json_t *schedule_status(const struct schedule *schedule);

/* A source by its row in the answer to store_schedule_rows: {"enabled","schedule","time_zone",
 * "schedule_problem","last_due_at","next_run_at"}, null what there is not; a new reference. */
json_t *schedule_json(const struct extractor *extractor, const struct source *source,
    const PGresult *rows);

/* What a page can say of it without the daemon: {"schedule","schedule_words","time_zone",
 * "schedule_problem","jitter_seconds","is_scheduler_on"}; a new reference. */
json_t *schedule_about(const struct hs_settings *settings, const struct source *source);

#endif
