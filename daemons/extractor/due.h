/* due.h: what to do about a source now: nothing, settle when it is due next, or run it. Pure:
 * (what the database keeps, the schedule, now) gives a plan.
 *
 * The time that a source is due, less the jitter, is kept in the database. Its run begins
 * later by the source's own share of the jitter, always the same, so that no two runs change
 * places. However many times were missed, one run makes up for all of them. A schedule that
 * changed begins anew, from now on. */
#ifndef HS_EXTRACTOR_DUE_H
#define HS_EXTRACTOR_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemons/extractor/cron.h"
#include "daemons/extractor/timezone.h"

enum { DUE_LATE_SECONDS = 30 };

/* A source as the database has it. Instants in seconds since 1970, UTC. */
struct due_row {
	bool is_there, is_enabled;
	const char *schedule, *zone_name;	/* as they were when next was settled; NULL: never */
	int64_t spread;			/* any number, not negative: its share of the jitter */
	bool has_last, has_next;
	int64_t last, next;		/* when it was due before, and is due next, less the jitter */
};

struct due_asked {
	const struct cron *cron;
	const struct zone *zone;
	const char *schedule, *zone_name;
	int64_t jitter_seconds;		/* the most */
	int64_t now;
	bool is_first_look;		/* of this process: what was due before it was missed */
};

enum due_action {
	DUE_REST,	/* its time is to come, or it is disabled */
	DUE_SETTLE,	/* next is when it shall be due next */
	DUE_RUN,	/* run it; after that next */
	DUE_CATCH_UP	/* the same, late */
};

struct due_plan {
	enum due_action action;
	int64_t next;		/* of those but DUE_REST */
	int64_t begins;		/* the run that comes after this look, with the jitter; 0: none */
};

struct due_plan due_decide(const struct due_row *row, const struct due_asked *asked);

#endif
