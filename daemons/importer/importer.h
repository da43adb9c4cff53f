/* importer.h: the state of hsd-importer's event loop, shared by its files main, scan, play and
 * commands. */
#ifndef IMPORTER_IMPORTER_H
#define IMPORTER_IMPORTER_H

#include <stdbool.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/child.h"
#include "common/db_pool.h"
#include "common/settings.h"
#include "daemons/importer/intake.h"
#include "daemons/importer/report.h"
#include "daemons/importer/runs.h"
#include "daemons/importer/watch.h"
#include "daemons/importer/worker.h"

/* A command that follows the import: `import now` and `import retry`. */
struct follower {
	struct hs_call *call;
	char retry[NAME_MAX + 1];	/* a file to bring back first; "": none, or it is back */
	int64_t retry_id;		/* which one; 0: whichever has that name */
	bool in_run;			/* the run under way is (also) his */
	double since;
	struct report_totals totals;
	struct follower *next;
};

/* A command that the worker does between two files: `import undo` and `import delete`. */
struct errand {
	struct hs_call *call;
	struct job job;
	struct errand *next;
};

struct inquiry;

struct importer {
	struct hs_child *child;
	struct event_base *base;
	struct hs_settings *settings;	/* as of the start, for the thread too */
	struct watch *watch;
	struct intake *intake;
	struct worker *worker;
	struct hs_db_pool *pool;	/* for list, show and vacuum */
	struct event *scan_timer, *look_timer, *stop_timer;
	bool wants_catch_up;		/* before any file, once the database is there */
	bool missed_database;		/* it was away then: again with the next scan */
	bool has_scanned;		/* the first scan is done */
	bool wants_scan;		/* the queue was full */
	bool is_stopping;

	bool in_run;			/* a run is open, or will be with the next file */
	enum run_trigger trigger;	/* its */
	struct follower *followers;
	struct errand *errands;		/* the first is at the worker when is_on_errand */
	bool is_on_errand;

	bool has_progress;
	char playing[REPORT_NAME_BYTES];	/* the file at the worker; "" when none */
	struct worker_progress progress;
	bool has_last;
	struct report last;		/* the last file that was finished */
	struct report_totals ever;	/* of all that were, since the start */
	int64_t last_at;		/* when, by the wall clock; 0: never */
	json_t *untold;			/* failed files that no command heard of: [{"at","file"}] */
	json_t *ignored;		/* names in incoming that are not *.json, the first some */
	int64_t ignored_total;		/* as of the last scan, and told since */
	bool is_vacuuming, wants_vacuum;
	struct inquiry *look;		/* identity.c's: all players are looked through; or NULL */
};

/* scan.c: looks through incoming; then sets the timer for the next time. */
void scan_folder(struct importer *importer);
/* A name that an event, or a command that wants it now, told of. */
void scan_told(struct importer *importer, const char *name, bool is_wanted_now);
/* Adds "ignored" and "ignored_total" to what a command is told. */
void scan_tell_ignored(const struct importer *importer, json_t *result);
/* Looks again at files that rest, when they are due. */
void scan_due(struct importer *importer);

/* play.c: gives the worker what comes next, if it is free. To be called after every change. */
void play_next(struct importer *importer);
void play_news(struct importer *importer, struct news *news);
void play_progress(struct importer *importer, const struct worker_progress *progress);
/* {"file","bytes","total","records","stage"} of the file in hand, or null; a new reference. */
json_t *play_importing(const struct importer *importer);
/* Adds a command that follows. retry: a file to bring back from failed, or NULL; retry_id: its
 * number, or 0 for whichever has that name. */
void play_follow(struct importer *importer, struct hs_call *call, const char *retry,
    int64_t retry_id);
/* Adds a command for the worker; its job is copied. */
void play_errand(struct importer *importer, struct hs_call *call, const struct job *job);
/* All followers hear that we stop. */
void play_dismiss(struct importer *importer);

/* files.c: the handlers of `import files` and `import file`. */
void files_list(void *app, struct hs_call *call, const json_t *args);
void files_show(void *app, struct hs_call *call, const json_t *args);

/* vacuum.c: after a large import, beside whatever comes next. */
void vacuum_tables(struct importer *importer);

/* commands.c: the handlers. */
extern const struct hs_child_handler importer_handlers[];
extern const size_t importer_handler_count;

#endif
