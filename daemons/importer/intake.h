/* intake.h: the files in incoming that wait for their turn, and when each may be taken.
 *
 * The queue is keyed by device and inode, so that a file of which several events tell is
 * taken once. It knows no folder, no clock and no database: it is told what was seen, and what
 * became of a file, with the time; so it can be tested without any of them.
 *
 * A file is taken at once when its writer has closed it or it was renamed in. One that a scan
 * found is taken when no one writes it, or when two looks a second apart show the same.
 * An empty file waits to be filled. What could not be done is tried again with growing
 * pauses; when the database is away, all wait together. */
#ifndef IMPORTER_INTAKE_H
#define IMPORTER_INTAKE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/error.h"
#include "daemons/importer/place.h"

enum {
	INTAKE_MAX = 10000,		/* more wait in the folder until a later scan */
	INTAKE_REST_SECONDS = 1,	/* between two looks at a file that a scan found */
	INTAKE_CUT_SECONDS = 3,		/* an incomplete file unchanged for so long is judged */
	INTAKE_PAUSE_MAX = 60
};

struct intake_sighting {
	const char *name;
	struct place_facts facts;
	enum place_writer writer;
	bool is_told;		/* an event: closed after writing, or renamed in */
	bool is_first_scan;	/* was there when we started */
	double age;		/* seconds since it was changed, by the wall clock */
};

/* What is given to the worker. */
struct intake_pick {
	char name[NAME_MAX + 1];
	struct place_facts facts;
	bool may_be_cut;	/* too young to be judged incomplete */
	bool is_first_scan;
};

struct intake;

/* NULL without memory. */
struct intake *intake_new(double empty_seconds);
void intake_free(struct intake *intake);
void intake_set_empty_seconds(struct intake *intake, double empty_seconds);

/* False when the queue is full: scan again later. */
bool intake_see(struct intake *intake, const struct intake_sighting *sighting, double now);

/* The next name that wants another look; false when none is due. The caller looks and tells
 * with intake_see or intake_lost. */
bool intake_due_look(struct intake *intake, double now, char name[NAME_MAX + 1]);
void intake_lost(struct intake *intake, const char *name);

/* Takes the next file that is ready; false when there is none now. One at a time. */
bool intake_pick(struct intake *intake, double now, struct intake_pick *ret);

/* What became of the file that was picked: it is out of incoming (or gone), or stays and why.
 * True: the folder wants a scan, since something was seen of that file meanwhile.
 * *ret_soon: it is hurried, and its fate will be known within seconds. */
bool intake_finished(struct intake *intake);
bool intake_kept(struct intake *intake, const struct hs_error *why, double now, bool *ret_soon);

/* The database answers: whatever waited for it may be tried now. */
void intake_resume(struct intake *intake);

/* Someone wants one file, or all of them (name NULL), now: pauses end, and they get a look soon. */
void intake_hurry(struct intake *intake, const char *name, double now);
/* Whether a file that was hurried still awaits its turn or its look. */
bool intake_is_hurried(const struct intake *intake);
bool intake_has_ready(const struct intake *intake, double now);

/* Files hurried that will not be taken now: each once, then no longer hurried. */
bool intake_give_up_hurry(struct intake *intake, char name[NAME_MAX + 1], int64_t *ret_size,
    char reason[HS_ERROR_MESSAGE_BYTES]);

/* Seconds until something is due; negative when nothing is. */
double intake_pause(const struct intake *intake, double now);

size_t intake_count(const struct intake *intake);

/* How long the one that waits longest has waited, in seconds; 0 when none does. */
double intake_oldest(const struct intake *intake, double now);

/* [{"file","reason","since_seconds","next_try_seconds"}] of those that wait, at most limit; a new
 * reference, NULL without memory. */
json_t *intake_waiting(const struct intake *intake, size_t limit, double now);

#endif
