/* quality.h: finds out in the background how good the data is, and keeps it.
 *
 * One connection of its own, one question after the other, each bounded by QUALITY_STEP_SECONDS:
 * searches share disk and processors with it, and wait for nothing. What is kept stays until the
 * next is whole. A new one is begun when somebody looks and the data's version has changed, or
 * what is kept is older than QUALITY_KEEP_SECONDS, since sources grow stale without a change; but
 * after one that took a while there is a rest of QUALITY_REST_FACTOR times as long. */
#ifndef WEB_QUALITY_H
#define WEB_QUALITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/web/quality_report.h"

enum {
	QUALITY_KEEP_SECONDS = 3600,
	QUALITY_REST_FACTOR = 4,
	QUALITY_REST_MIN_SECONDS = 5	/* after a failure */
};

struct quality;

/* Gives *ret. Borrows base and settings for its life. */
bool quality_new(struct event_base *base, const struct hs_settings *settings, struct quality **ret,
    struct hs_error *err);

/* Of which hosts it asks; as hs_db_pool_use. */
void quality_use(struct quality *quality, uint32_t hosts, uint32_t gone);

/* Nobody is told any more. Accepts NULL. */
void quality_free(struct quality *quality);

/* What is kept; NULL: nothing was found out yet. Stays until the event loop goes on. */
const struct quality_report *quality_kept(const struct quality *quality);

struct quality_progress {
	bool is_busy;
	size_t done, steps;
	const char *doing;		/* what it asks for now */
	struct hs_error failure;	/* of the latest attempt, which gave nothing; HS_OK: none */
};
void quality_look(const struct quality *quality, struct quality_progress *ret);

/* Somebody looks, and the newest version is this one: begins when it is time to. */
void quality_visit(struct quality *quality, int64_t version);

/* Begins now, unless it is under way. */
void quality_begin(struct quality *quality);

/* Somebody who wants to hear when what is under way has ended, part of his own struct. */
struct quality_wait {
	TAILQ_ENTRY(quality_wait) link;
	void (*ended)(void *arg);	/* no more is called then */
	void *arg;
};
/* While it is busy only. Borrows wait until it is told. */
void quality_await(struct quality *quality, struct quality_wait *wait);

#endif
