/* service.h: one process that the supervisor keeps running: postgres or a daemon.
 *
 * policy.c decides; here its decisions are carried out: the process is started with its
 * sockets and its control channel, told to stop, killed when it does not, and asked
 * things over the channel. */
#ifndef SUPERVISOR_SERVICE_H
#define SUPERVISOR_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <event2/event.h>
#include <jansson.h>

#include "common/control.h"
#include "common/error.h"
#include "daemons/supervisor/policy.h"

struct supervisor;
struct ask;

struct service {
	struct supervisor *home;
	const char *name;	/* "importer"; the program is hsd-importer */
	bool is_postgres;
	bool wanted;		/* by HOOPSCOUT_DAEMONS, or by command */
	struct policy policy;
	pid_t pid;		/* 0: none */
	struct hs_link *link;	/* to it; NULL while there is none, and once postgres is itself */
	struct event *timer;	/* policy's, or the kill deadline while stopping */
	bool is_killed;		/* the deadline has passed once */
	bool has_ended;		/* the process has; its last words may still be unread */
	int end_status;
	char last_words[160];	/* why it says it ends; "" when it said nothing */
	char last_exit[256];	/* in words; "" when it never ended */
	struct ask *asks;	/* questions without an answer yet */
	json_int_t last_id;
};

/* Makes a stopped service. name is kept. */
bool service_init(struct service *service, struct supervisor *home, const char *name,
    bool is_postgres, struct hs_error *err);
/* Whoever still waits for an answer gets HS_NOT_RUNNING. */
void service_done(struct service *service);

/* Brings an event before the policy, and does what it says. */
void service_tell(struct service *service, enum policy_event event);

/* Ends a wait for a process that was told to end: kills it. */
void service_hurry(struct service *service);

/* Takes note of a process that ended; false when it was not this service's. */
bool service_reap(struct service *service, pid_t pid, int status);

/* One answer to a question: an event (it goes on), a result, or an error (both end it). message
 * is borrowed, and is NULL when why says that no answer can come any more. */
typedef void service_answer_fn(void *arg, json_t *message, bool is_last,
    const struct hs_error *why);

/* Asks a daemon. Takes args. uid: for whom, as the kernel knows him; -1 for nobody. With deadline_ms (0: none), HS_TIMEOUT comes instead of a late answer.
 * false: answered is never called. Errors: HS_NOT_RUNNING. */
bool service_ask(struct service *service, const char *cmd, json_t *args, long long uid,
    int deadline_ms, service_answer_fn *answered, void *arg, struct hs_error *err);

/* Milliseconds until it is tried again; -1 when that is not due. */
int64_t service_next_try_ms(const struct service *service);

#endif
