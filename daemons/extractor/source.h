/* source.h: what can be fetched: the one that is built in, and each mapping in EXTRACTOR_MAPPINGS_DIR.
 *
 * A mapping that has mistakes is a source too, which cannot run, so that it is seen. One whose
 * name begins with "example_" is found by its name, but not listed, and never runs by itself. */
#ifndef HS_EXTRACTOR_SOURCE_H
#define HS_EXTRACTOR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/problems.h"
#include "common/settings.h"
#include "daemons/extractor/mapping.h"

enum { SOURCE_NAME_BYTES = 65 };

/* Texts are borrowed, and hold until sources_refresh. */
struct source {
	const char *name;	/* as hsctl has it */
	const char *url;	/* "" when none is set; of several the first */
	const char *source_name;	/* of the snapshots, when the feed has none */
	const char *schedule;	/* as cron.h has it; NULL or "": it runs by command only */
	const char *timezone;	/* of its schedule; NULL or "": SCHEDULER_TIMEZONE */
	const char *help;	/* one line: what it is */
	const char *path;	/* of its mapping; NULL: it is built in */
	const char *mistake;	/* why its mapping cannot be used, in one sentence; NULL: it can */
};

struct sources;

/* Gives *ret, which knows only the built-in one until sources_refresh. Error: HS_NO_MEMORY. */
bool sources_new(struct sources **ret, struct hs_error *err);
void sources_free(struct sources *sources);

/* Looks at the folder: reads the mappings that are new or have changed. Cheap when none has; what
 * cannot be read is logged, and a mapping that cannot has a mistake. Keeps settings. */
void sources_refresh(struct sources *sources, const struct hs_settings *settings);

/* The n-th source (from 0), by name after the built-in one; false beyond the last. */
bool source_at(const struct sources *sources, size_t n, struct source *ret);

/* By its name. Errors: HS_NOT_FOUND, which says what to do. */
bool source_find(const struct sources *sources, const char *name, struct source *ret,
    struct hs_error *err);

/* Reads the source's mapping as it is now. *ret is the caller's, for mapping_free; NULL for the one
 * that is built in. mistakes is the caller's. Errors: those of mapping_load, with the path. */
bool source_mapping(const struct source *source, struct hs_problems *mistakes, struct mapping **ret,
    struct hs_error *err);

#endif
