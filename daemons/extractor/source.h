/* source.h: what can be fetched: a name, and where its feed is. */
#ifndef HS_EXTRACTOR_SOURCE_H
#define HS_EXTRACTOR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

struct source {
	const char *name;	/* as hsctl has it */
	const char *url;	/* "" when none is set */
	const char *source_name;	/* of the snapshots, when the feed has none */
	const char *schedule;	/* as cron.h has it; NULL or "": it runs by command only */
	const char *timezone;	/* of its schedule; NULL or "": SCHEDULER_TIMEZONE */
	const char *help;	/* one line: what it is */
};

/* The n-th source (from 0); false beyond the last. The texts are borrowed from settings. */
bool source_at(const struct hs_settings *settings, size_t n, struct source *ret);

/* By its name. Errors: HS_NOT_FOUND, which says what there is. */
bool source_find(const struct hs_settings *settings, const char *name, struct source *ret,
    struct hs_error *err);

#endif
