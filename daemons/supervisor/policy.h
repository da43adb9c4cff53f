/* policy.h: when a process is started, given up and tried again. Pure: (state, event, now)
 * gives an action; no process, clock or log is touched here.
 *
 * A process that ends without being told to is started anew after a pause that doubles
 * from POLICY_FIRST_PAUSE_MS to POLICY_LAST_PAUSE_MS, and begins anew once it has been up for
 * POLICY_QUIET_MS. After POLICY_DEATHS deaths without such a quiet spell it counts as
 * failed: tried again only every POLICY_FAILED_PAUSE_MS, or by command. One that is not ready in
 * time counts as dead. */
#ifndef SUPERVISOR_POLICY_H
#define SUPERVISOR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	POLICY_FIRST_PAUSE_MS = 200,
	POLICY_LAST_PAUSE_MS = 30000,
	POLICY_FAILED_PAUSE_MS = 60000,
	POLICY_QUIET_MS = 30000,
	POLICY_DEATHS = 8
};

enum policy_state {
	POLICY_STOPPED,		/* not wanted, not there */
	POLICY_STARTING,	/* there, not yet ready */
	POLICY_UP,		/* there, and has said so */
	POLICY_STOPPING,	/* told to end */
	POLICY_WAITING,		/* died; the timer starts it anew */
	POLICY_FAILED,		/* died too often; the timer, rarely, or a command does */
	POLICY_STATE_COUNT
};

enum policy_event {
	POLICY_START,		/* it is wanted */
	POLICY_STOP,		/* it is not */
	POLICY_RESTART,		/* wanted, but anew */
	POLICY_READY,		/* it says that it can work */
	POLICY_EXIT,		/* it has ended, or could not be started */
	POLICY_TIMER,		/* the time asked for has come */
	POLICY_EVENT_COUNT
};

enum policy_action {
	POLICY_NOTHING,
	POLICY_SPAWN,		/* start it; POLICY_EXIT at once when that fails */
	POLICY_TERMINATE,	/* tell it to end */
	POLICY_KILL		/* it takes too long to start: end it, which is POLICY_EXIT */
};

struct policy {
	enum policy_state state;
	bool again;		/* when it has ended, start it: a restart */
	unsigned deaths;	/* unexpected ones since the last quiet spell */
	unsigned restarts;	/* all starts but the first */
	bool started_before;
	int64_t start_ms;	/* how long it may take to be ready; 0: for ever. The caller's */
	int64_t since_ms;	/* in this state since */
	int64_t timer_ms;	/* when POLICY_TIMER is due; -1: never */
};

void policy_init(struct policy *policy);

/* Takes one event at now_ms (a monotonic clock), and says what is to be done. */
enum policy_action policy_step(struct policy *policy, enum policy_event event, int64_t now_ms);

/* "up", "starting" ... as `hsctl status` shows it. */
const char *policy_state_name(enum policy_state state);

/* Whether there is a process. */
bool policy_is_alive(enum policy_state state);

#endif
