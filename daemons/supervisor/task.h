/* task.h: what the supervisor must not wait for, done by a process of its own: this program
 * again, as `hsd-supervisor --task NAME`, running as HOOPSCOUT_USER with the settings in its
 * environment. It answers over the descriptor that HS_CONTROL_FD names, in the control
 * protocol's lines: events, then one result or error. */
#ifndef SUPERVISOR_TASK_H
#define SUPERVISOR_TASK_H

enum task {
	TASK_POSTGRES,	/* becomes the private cluster's postgres; answers only if it cannot */
	TASK_PREPARE,	/* waits for the database, makes a private one, migrates if told */
	TASK_FIGURES,	/* asks the database of itself and the data: figures.h */
	TASK_MIGRATE,	/* migrates, whatever HOOPSCOUT_AUTO_MIGRATE says */
	TASK_BACKUP,	/* streams a backup to hsctl; argument: whose hsctl */
	TASK_RESTORE,	/* takes one from it; argument: whose, and "replace" */
	TASK_COUNT
};

const char *task_name(enum task task);

/* The whole life of such a process. argument is, for postgres, who else may enter its cluster.
 * Returns main's status. */
int task_main(const char *name, const char *argument);

#endif
