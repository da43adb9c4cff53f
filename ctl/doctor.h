/* doctor.h: `hsctl doctor`: looks at everything that HoopScout stands on, and says what to do.
 *
 * It works by itself: the settings are read here, the folders looked at, the database asked.
 * Whether HoopScout runs is only one more finding. Nothing is changed. */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

#include "common/settings.h"
#include "ctl/output.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED, DOCTOR_STATE_COUNT };

struct doctor {
	struct hs_settings *settings;
	const char *socket;	/* of the supervisor */
	json_t *checks;		/* [{"name","state","message","advice"}] */
	size_t counts[DOCTOR_STATE_COUNT];
	json_t *status;		/* of the supervisor that runs; NULL: none does */
	char user[64];		/* as whom the daemons run */
	bool acts;		/* we are root, and they are not */
	uid_t uid;
	gid_t gid;
};

/* Runs all checks and shows them; returns hsctl's exit status: 0, 1 when one failed. */
int doctor_run(const char *socket, struct output *output);

/* One finding. advice: what to do, or NULL. */
void doctor_say(struct doctor *doctor, enum doctor_state state, const char *name,
    const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Calls work as the daemons' user, in a process of its own where that is another one; what it
 * returns, an errno or 0, is returned. */
int doctor_as_user(const struct doctor *doctor, int (*work)(const void *arg), const void *arg);

/* The parts: each says what it found. */
void doctor_folders(struct doctor *doctor);	/* doctor_place.c */
void doctor_inotify(struct doctor *doctor);
void doctor_data_folder(struct doctor *doctor);
void doctor_database(struct doctor *doctor);	/* doctor_database.c */
void doctor_tls(struct doctor *doctor);		/* doctor_tls.c */

#endif
