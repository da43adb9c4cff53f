/* possession.h: one file in hand, from its opening in incoming to the shelf. */
#ifndef IMPORTER_POSSESSION_H
#define IMPORTER_POSSESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"
#include "common/error.h"
#include "common/settings.h"
#include "daemons/importer/place.h"
#include "daemons/importer/progress.h"
#include "daemons/importer/report.h"

struct possession {
	const struct hs_settings *settings;	/* where the folders are */
	size_t max_record_bytes;
	struct hs_db *db;
	int64_t run;
	const struct progress *progress;
	const char *name;		/* in incoming */
	struct place_facts facts;	/* which file it must be */
	bool *session_is_new;		/* set when the connection was opened anew in between */
	bool may_be_cut;		/* if incomplete, it may still be written: not yet */
};

enum possession_end {
	POSSESSION_SHELVED,	/* imported, duplicate or failed, and out of incoming */
	POSSESSION_GONE,	/* no longer there, or another file now */
	POSSESSION_KEPT		/* stays in incoming; *err says why */
};

/* Plays it through. *report is filled as far as it came (report_init is done here; the caller
 * calls report_done). *ret_large: the tables have changed so much that they want a vacuum. */
enum possession_end possession_play(const struct possession *possession, struct report *report,
    bool *ret_large, struct hs_error *err);

#endif
