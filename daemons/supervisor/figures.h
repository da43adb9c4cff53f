/* figures.h: what the database says of itself and of the data, for `hsctl status`.
 *
 * A process of its own asks (task.h), so that a database that hangs holds nobody up. All who ask at
 * the same time, or within FIGURES_FRESH_MS, share one answer. */
#ifndef SUPERVISOR_FIGURES_H
#define SUPERVISOR_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <jansson.h>

#include "daemons/supervisor/errand.h"

enum { FIGURES_MS = 1500, FIGURES_FRESH_MS = 2000 };

struct supervisor;

/* Told once: figures (borrowed) are those of figures_read.h, or {"problem"}. Never from within
 * figures_ask. */
typedef void figures_told_fn(void *arg, json_t *figures);

struct figures_wait;

struct figures {
	struct errand errand;
	struct event *deadline;
	struct figures_wait *waits;
	json_t *latest;
	int64_t latest_ms;
	bool is_asking;
};

/* Later; within FIGURES_MS. */
void figures_ask(struct supervisor *supervisor, figures_told_fn *told, void *arg);

/* Nobody is told any more. */
void figures_end(struct supervisor *supervisor);

#endif
