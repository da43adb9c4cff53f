/* supervisor.h: the one state that all of hsd-supervisor's files share. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/commands.h"
#include "common/settings.h"
#include "daemons/supervisor/errand.h"
#include "daemons/supervisor/figures.h"
#include "daemons/supervisor/identity.h"
#include "daemons/supervisor/keeping.h"
#include "daemons/supervisor/listen.h"
#include "daemons/supervisor/route.h"
#include "daemons/supervisor/service.h"

/* In the order in which they start; they stop the other way round. */
enum { SERVICE_POSTGRES, SERVICE_IMPORTER, SERVICE_EXTRACTOR, SERVICE_WEB, SERVICE_COUNT };

enum phase { PHASE_RUNNING, PHASE_STOPPING };

struct control_server;
struct logbook;

struct supervisor {
	struct event_base *base;
	struct hs_settings *settings;
	bool private_postgres;
	struct identity identity;
	char admin[IDENTITY_NAME_BYTES];	/* who runs the supervisor */
	char programs[PATH_MAX];		/* the folder of our programs */
	struct listeners listeners;
	struct service services[SERVICE_COUNT];
	struct control_server *control;
	struct logbook *logbook;
	struct routes routes;
	struct figures figures;
	struct keeping keeping;
	enum phase phase;
	int64_t stop_by_ms;	/* while stopping: when the daemons' patience ends */
	int64_t started_ms;
	int64_t stopping_since_ms;
	const char *said;	/* the status that the service manager has; NULL: none yet */

	/* making the database ready */
	struct errand prepare;
	struct event *prepare_timer;
	int prepare_failures;		/* since it last succeeded */
	bool prepare_tried, database_ready;
	bool database_answers;		/* it is there, if not as it should be */
	struct hs_error database_error;
	char migration[128];
};

/* Makes the services, stopped; base, settings and private_postgres are there. */
bool supervisor_begin(struct supervisor *supervisor, struct hs_error *err);
/* Frees what begin made; no process is left by then. */
void supervisor_end(struct supervisor *supervisor);

/* Takes note of a process that ended; one of nobody's (an orphan that PID 1 inherits) is fine. */
void supervisor_reap(struct supervisor *supervisor, pid_t pid, int status);

/* Looks at how things stand, and starts or stops what is due; call it after every change. */
void supervisor_advance(struct supervisor *supervisor);

/* Takes note of how making the database ready, or a migration, ended. */
void supervisor_note_database(struct supervisor *supervisor, const json_t *result,
    const struct hs_error *why);

/* Begins to stop all of it; asked again, a second later or more, it kills what still runs. */
void supervisor_stop(struct supervisor *supervisor);

/* Reads the settings anew; a bad setting keeps the old ones. Then the children are to be asked,
 * each with *ret_settings ({"settings":{NAME:VALUE}}, a new reference). */
bool supervisor_reload(struct supervisor *supervisor, json_t **ret_settings, struct hs_error *err);

#endif
