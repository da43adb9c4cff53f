/* progress.h: the one pointer through which work tells how far it is, and hears that it should
 * stop. */
#ifndef IMPORTER_PROGRESS_H
#define IMPORTER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum progress_stage { STAGE_CHECKING, STAGE_LOADING, STAGE_MERGING, STAGE_UNDOING };

struct progress {
	/* Called often; the callee decides what is worth passing on. */
	void (*tell)(void *arg, enum progress_stage stage, int64_t bytes, int64_t records);
	/* The importer must stop now: give up, and leave the file as it is. */
	bool (*must_stop)(void *arg);
	void *arg;
};

static inline void progress_tell(const struct progress *progress, enum progress_stage stage,
    int64_t bytes, int64_t records)
{
	progress->tell(progress->arg, stage, bytes, records);
}

/* False with HS_CANCELLED when it is time to stop. */
static inline bool progress_goes_on(const struct progress *progress, struct hs_error *err)
{
	if (!progress->must_stop(progress->arg))
		return true;
	return hs_error_set(
	    err, HS_CANCELLED, "", "the importer is stopping; the file waits for its next start");
}

#endif
