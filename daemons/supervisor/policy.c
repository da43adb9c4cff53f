/* policy.c: one table, state x event -> function.
 *
 * Trusts its caller to report each exit once. Cannot fail. */
#include "daemons/supervisor/policy.h"

#include <stddef.h>

typedef enum policy_action step_fn(struct policy *policy, int64_t now_ms);

static void enter(struct policy *policy, enum policy_state state, int64_t now_ms)
{
	policy->state = state;
	policy->since_ms = now_ms;
	policy->timer_ms = -1;
}

static enum policy_action ignore(struct policy *policy, int64_t now_ms)
{
	(void)policy;
	(void)now_ms;
	return POLICY_NOTHING;
}

static enum policy_action spawn(struct policy *policy, int64_t now_ms)
{
	if (policy->started_before)
		policy->restarts++;
	policy->started_before = true;
	policy->again = false;
	enter(policy, POLICY_STARTING, now_ms);
	if (policy->start_ms > 0)
		policy->timer_ms = now_ms + policy->start_ms;
	return POLICY_SPAWN;
}

static enum policy_action give_up(struct policy *policy, int64_t now_ms)
{
	(void)now_ms;
	if (policy->timer_ms < 0)
		return POLICY_NOTHING;
	policy->timer_ms = -1;
	return POLICY_KILL;
}

/* By command: what was is forgiven. */
static enum policy_action spawn_afresh(struct policy *policy, int64_t now_ms)
{
	policy->deaths = 0;
	return spawn(policy, now_ms);
}

static enum policy_action terminate(struct policy *policy, int64_t now_ms)
{
	enter(policy, POLICY_STOPPING, now_ms);
	policy->again = false;
	return POLICY_TERMINATE;
}

static enum policy_action terminate_and_spawn(struct policy *policy, int64_t now_ms)
{
	terminate(policy, now_ms);
	policy->again = true;
	return POLICY_TERMINATE;
}

static enum policy_action want_again(struct policy *policy, int64_t now_ms)
{
	(void)now_ms;
	policy->again = true;
	return POLICY_NOTHING;
}

static enum policy_action forget(struct policy *policy, int64_t now_ms)
{
	policy->again = false;
	if (policy->state != POLICY_STOPPING)
		enter(policy, POLICY_STOPPED, now_ms);
	return POLICY_NOTHING;
}

static enum policy_action become_up(struct policy *policy, int64_t now_ms)
{
	enter(policy, POLICY_UP, now_ms);
	policy->timer_ms = now_ms + POLICY_QUIET_MS;
	return POLICY_NOTHING;
}

static enum policy_action be_quiet(struct policy *policy, int64_t now_ms)
{
	(void)now_ms;
	policy->deaths = 0;
	policy->timer_ms = -1;
	return POLICY_NOTHING;
}

static enum policy_action die(struct policy *policy, int64_t now_ms)
{
	int64_t pause = POLICY_FIRST_PAUSE_MS;

	policy->deaths++;
	for (unsigned i = 1; i < policy->deaths && pause < POLICY_LAST_PAUSE_MS; i++)
		pause *= 2;
	if (policy->deaths >= POLICY_DEATHS) {
		enter(policy, POLICY_FAILED, now_ms);
		pause = POLICY_FAILED_PAUSE_MS;
	} else {
		enter(policy, POLICY_WAITING, now_ms);
		if (pause > POLICY_LAST_PAUSE_MS)
			pause = POLICY_LAST_PAUSE_MS;
	}
	policy->timer_ms = now_ms + pause;
	return POLICY_NOTHING;
}

static enum policy_action have_stopped(struct policy *policy, int64_t now_ms)
{
	if (policy->again)
		return spawn_afresh(policy, now_ms);
	enter(policy, POLICY_STOPPED, now_ms);
	return POLICY_NOTHING;
}

/* START, STOP, RESTART, READY, EXIT, TIMER */
static step_fn *const steps[POLICY_STATE_COUNT][POLICY_EVENT_COUNT] = {
	[POLICY_STOPPED] = { spawn_afresh, ignore, spawn_afresh, ignore, ignore, ignore },
	[POLICY_STARTING] = { ignore, terminate, terminate_and_spawn, become_up, die, give_up },
	[POLICY_UP] = { ignore, terminate, terminate_and_spawn, ignore, die, be_quiet },
	[POLICY_STOPPING] = { want_again, forget, want_again, ignore, have_stopped, ignore },
	[POLICY_WAITING] = { spawn_afresh, forget, spawn_afresh, ignore, ignore, spawn },
	[POLICY_FAILED] = { spawn_afresh, forget, spawn_afresh, ignore, ignore, spawn },
};

void policy_init(struct policy *policy)
{
	*policy = (struct policy){ .state = POLICY_STOPPED, .timer_ms = -1 };
}

enum policy_action policy_step(struct policy *policy, enum policy_event event, int64_t now_ms)
{
	return steps[policy->state][event](policy, now_ms);
}

const char *policy_state_name(enum policy_state state)
{
	static const char *const names[POLICY_STATE_COUNT] = {
		[POLICY_STOPPED] = "stopped",
		[POLICY_STARTING] = "starting",
		[POLICY_UP] = "up",
		[POLICY_STOPPING] = "stopping",
		[POLICY_WAITING] = "waiting",
		[POLICY_FAILED] = "failed",
	};

	return names[state];
}

bool policy_is_alive(enum policy_state state)
{
	return state == POLICY_STARTING || state == POLICY_UP || state == POLICY_STOPPING;
}
