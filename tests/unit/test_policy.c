/* test_policy.c: when a process is started, given up and tried again, without any process. */
#include "daemons/supervisor/policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/harness.h"

enum { MAX_STEPS = 24, WALKS = 200, WALK_STEPS = 400 };

struct step {
	int64_t after_ms;	/* since the step before */
	enum policy_event event;
	enum policy_action want;
	enum policy_state state;
	int64_t timer_ms;	/* wanted, from this step on; -1: none */
};

static const struct story {
	const char *name;
	struct step steps[MAX_STEPS];
	size_t count;
	unsigned restarts;
} stories[] = {
	{ "a whole life", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 300, POLICY_READY, POLICY_NOTHING, POLICY_UP, POLICY_QUIET_MS },
		{ 9000, POLICY_STOP, POLICY_TERMINATE, POLICY_STOPPING, -1 },
		{ 50, POLICY_EXIT, POLICY_NOTHING, POLICY_STOPPED, -1 } }, 4, 0 },
	{ "up is what it says, not what was forked", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 90000, POLICY_TIMER, POLICY_NOTHING, POLICY_STARTING, -1 } }, 2, 0 },
	{ "pauses double", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 200 },
		{ 200, POLICY_TIMER, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 400 },
		{ 400, POLICY_TIMER, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_READY, POLICY_NOTHING, POLICY_UP, POLICY_QUIET_MS },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 800 } }, 7, 2 },
	{ "a quiet spell is forgiveness", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 200 },
		{ 200, POLICY_TIMER, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_READY, POLICY_NOTHING, POLICY_UP, POLICY_QUIET_MS },
		{ POLICY_QUIET_MS, POLICY_TIMER, POLICY_NOTHING, POLICY_UP, -1 },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 200 } }, 6, 1 },
	{ "a restart by command waits for the end and costs no pause", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_READY, POLICY_NOTHING, POLICY_UP, POLICY_QUIET_MS },
		{ 10, POLICY_RESTART, POLICY_TERMINATE, POLICY_STOPPING, -1 },
		{ 10, POLICY_READY, POLICY_NOTHING, POLICY_STOPPING, -1 },
		{ 10, POLICY_EXIT, POLICY_SPAWN, POLICY_STARTING, -1 } }, 5, 1 },
	{ "the last word counts while it stops", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_RESTART, POLICY_TERMINATE, POLICY_STOPPING, -1 },
		{ 10, POLICY_STOP, POLICY_NOTHING, POLICY_STOPPING, -1 },
		{ 10, POLICY_START, POLICY_NOTHING, POLICY_STOPPING, -1 },
		{ 10, POLICY_STOP, POLICY_NOTHING, POLICY_STOPPING, -1 },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_STOPPED, -1 } }, 6, 0 },
	{ "a command ends a pause", {
		{ 0, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 200 },
		{ 10, POLICY_START, POLICY_SPAWN, POLICY_STARTING, -1 },
		/* deaths were forgiven */
		{ 10, POLICY_EXIT, POLICY_NOTHING, POLICY_WAITING, 200 },
		{ 10, POLICY_STOP, POLICY_NOTHING, POLICY_STOPPED, -1 },
		{ 500, POLICY_TIMER, POLICY_NOTHING, POLICY_STOPPED, -1 } }, 6, 1 },
	{ "what was never started cannot end", {
		{ 0, POLICY_STOP, POLICY_NOTHING, POLICY_STOPPED, -1 },
		{ 0, POLICY_EXIT, POLICY_NOTHING, POLICY_STOPPED, -1 },
		{ 0, POLICY_READY, POLICY_NOTHING, POLICY_STOPPED, -1 },
		{ 0, POLICY_RESTART, POLICY_SPAWN, POLICY_STARTING, -1 } }, 4, 0 },
};

static void test_stories(void)
{
	for (size_t i = 0; i < HS_COUNT(stories); i++) {
		const struct story *story = &stories[i];
		struct policy policy;
		int64_t now_ms = 1000;

		policy_init(&policy);	/* and may take for ever to start */
		for (size_t n = 0; n < story->count; n++) {
			const struct step *step = &story->steps[n];
			char row[96];

			snprintf(row, sizeof row, "%s, step %zu", story->name, n + 1);
			now_ms += step->after_ms;
			expect_int(row, policy_step(&policy, step->event, now_ms), step->want);
			expect_text(row, policy_state_name(policy.state),
			    policy_state_name(step->state));
			expect_int(row, policy.timer_ms,
			    step->timer_ms < 0 ? -1 : now_ms + step->timer_ms);
		}
		expect_int(story->name, policy.restarts, story->restarts);
	}
}

/* Dies as soon as it is started, until it counts as failed; *ret_now_ms is when that was. */
static void die_until_failed(struct policy *policy, int64_t *ret_now_ms)
{
	int64_t now_ms = 5000, pause = POLICY_FIRST_PAUSE_MS;

	policy_init(policy);
	policy_step(policy, POLICY_START, now_ms);
	for (int deaths = 1; deaths < POLICY_DEATHS; deaths++) {
		policy_step(policy, POLICY_EXIT, now_ms);
		expect_int("waits", policy->state, POLICY_WAITING);
		expect_int("pause", policy->timer_ms - now_ms, pause);
		now_ms = policy->timer_ms;
		expect_int("anew", policy_step(policy, POLICY_TIMER, now_ms), POLICY_SPAWN);
		pause = pause * 2 < POLICY_LAST_PAUSE_MS ? pause * 2 : POLICY_LAST_PAUSE_MS;
	}
	policy_step(policy, POLICY_EXIT, now_ms);
	*ret_now_ms = now_ms;
}

static void test_failed(void)
{
	struct policy policy;
	int64_t now_ms;

	die_until_failed(&policy, &now_ms);
	expect_int("given up", policy.state, POLICY_FAILED);
	expect_int("tried rarely", policy.timer_ms - now_ms, POLICY_FAILED_PAUSE_MS);
	now_ms = policy.timer_ms;
	expect_int("but tried", policy_step(&policy, POLICY_TIMER, now_ms), POLICY_SPAWN);
	policy_step(&policy, POLICY_READY, now_ms);
	policy_step(&policy, POLICY_EXIT, now_ms);
	expect_int("once more is failed at once", policy.state, POLICY_FAILED);

	expect_int("by command", policy_step(&policy, POLICY_START, now_ms), POLICY_SPAWN);
	policy_step(&policy, POLICY_EXIT, now_ms);
	expect_int("a command forgives", policy.state, POLICY_WAITING);
	expect_int("with the first pause", policy.timer_ms - now_ms, POLICY_FIRST_PAUSE_MS);
}

static void test_failed_can_be_stopped(void)
{
	struct policy policy;
	int64_t now_ms;

	die_until_failed(&policy, &now_ms);
	expect_int("nothing to end", policy_step(&policy, POLICY_STOP, now_ms), POLICY_NOTHING);
	expect_int("stopped", policy.state, POLICY_STOPPED);
	expect_int("for good", policy.timer_ms, -1);
}

static void test_slow_start(void)
{
	struct policy policy;

	policy_init(&policy);
	policy.start_ms = 5000;
	policy_step(&policy, POLICY_START, 1000);
	expect_int("has so long", policy.timer_ms, 6000);
	expect_int("given up", policy_step(&policy, POLICY_TIMER, 6000), POLICY_KILL);
	expect_int("once", policy.timer_ms, -1);
	policy_step(&policy, POLICY_EXIT, 6100);
	expect_int("a death like any", policy.state, POLICY_WAITING);
	expect_int("with its pause", policy.timer_ms, 6100 + POLICY_FIRST_PAUSE_MS);
	expect_int("tried again", policy_step(&policy, POLICY_TIMER, 7000), POLICY_SPAWN);
	policy_step(&policy, POLICY_READY, 8000);
	expect_int("in time", policy.timer_ms, 8000 + POLICY_QUIET_MS);
}

/* Whatever comes in whatever order: never two processes, never a signal to none, and what is
 * to be tried again has a time, in bounds. */
static void test_random_walks(void)
{
	srand(20261125);
	for (int walk = 0; walk < WALKS; walk++) {
		struct policy policy;
		int64_t now_ms = 0;
		bool exists = false;

		policy_init(&policy);
		policy.start_ms = walk % 2 * 1000;
		for (int i = 0; i < WALK_STEPS; i++) {
			enum policy_event event =
			    (enum policy_event)(rand() % POLICY_EVENT_COUNT);
			enum policy_action action;
			bool waits;

			if (event == POLICY_EXIT && !exists)
				continue;	/* exits are reported once */
			now_ms += rand() % 40000;
			action = policy_step(&policy, event, now_ms);
			if (event == POLICY_EXIT)
				exists = false;
			if (action == POLICY_SPAWN && !expect_true("one at a time", !exists))
				return;
			if ((action == POLICY_TERMINATE || action == POLICY_KILL) &&
			    !expect_true("no signal to nobody", exists))
				return;
			exists = exists || action == POLICY_SPAWN;
			waits = policy.state == POLICY_WAITING || policy.state == POLICY_FAILED;
			if (!expect_int("alive", policy_is_alive(policy.state), exists) ||
			    (waits && !expect_true("has a time", policy.timer_ms >= 0 &&
				policy.timer_ms <= now_ms + POLICY_FAILED_PAUSE_MS)))
				return;
		}
	}
}

static const struct hs_case cases[] = {
	{ "stories", test_stories },
	{ "failed", test_failed },
	{ "failed can be stopped", test_failed_can_be_stopped },
	{ "slow start", test_slow_start },
	{ "random walks", test_random_walks },
};

int main(void)
{
	return hs_run_suite("policy", cases, HS_COUNT(cases));
}
