/* keeping.h: backups and restores, seen from the supervisor: one at a time, a task each; a restore
 * has the daemons stopped while old and new change places. */
#ifndef SUPERVISOR_KEEPING_H
#define SUPERVISOR_KEEPING_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

#include "daemons/supervisor/errand.h"

struct call;
struct supervisor;

/* What keeping.c keeps in the supervisor's state. */
struct keeping {
	struct errand errand;
	struct call *call; /* whose it is; NULL: none is under way */
	bool restores;
	bool holds; /* the daemons stand still, or are about to */
	bool has_said_held;
	bool is_unfinished; /* a restore was broken off: the daemons wait until it is put right */
	char stage[16]; /* "dumping"; for status */
};

/* Looks whether a restore was broken off. */
void keeping_look(struct supervisor *supervisor);

/* Starts one for uid; takes call. args are checked. */
void keeping_backup(struct supervisor *supervisor, struct call *call, uid_t uid, json_t *args);
void keeping_restore(struct supervisor *supervisor, struct call *call, uid_t uid, json_t *args);

bool keeping_reap(struct supervisor *supervisor, pid_t pid, int status);

/* Whether no daemon may start. */
bool keeping_holds(const struct supervisor *supervisor);

/* All daemons stand still: the restore goes on. */
void keeping_is_still(struct supervisor *supervisor);

/* What is under way: {"work":"restore","stage":"reading"}, or null. A new reference. */
json_t *keeping_json(const struct supervisor *supervisor);

/* Breaks off what is under way, and tells its call why. */
void keeping_end(struct supervisor *supervisor, const struct hs_error *why);

#endif
