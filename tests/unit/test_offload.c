/* test_offload.c: tasks on threads come back to the loop, or are dropped; none is lost or told
 * twice. */
#include "common/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/harness.h"

static struct event_base *base;
static pthread_t loop_thread;
static atomic_int working, worked, dropped;
static int done_count;

struct nap {
	struct hs_task task;	/* first */
	long ms;
	bool all_blocked, elsewhere;
	struct hs_offload *free_in_done;
};

static void pause_ms(long ms)
{
	const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&wait, NULL);
}

static void work(struct hs_task *task)
{
	struct nap *nap = (struct nap *)task;
	sigset_t mask;

	atomic_fetch_add(&working, 1);
	nap->elsewhere = !pthread_equal(pthread_self(), loop_thread);
	nap->all_blocked = pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 &&
	    sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
	pause_ms(nap->ms);
	atomic_fetch_add(&worked, 1);
}

static void done(struct hs_task *task)
{
	struct nap *nap = (struct nap *)task;

	expect_true("on the loop", pthread_equal(pthread_self(), loop_thread));
	expect_true("worked on a thread", nap->elsewhere);
	expect_true("signals blocked there", nap->all_blocked);
	done_count++;
	hs_offload_free(nap->free_in_done);
	free(nap);
}

static void drop(struct hs_task *task)
{
	atomic_fetch_add(&dropped, 1);
	free(task);
}

static struct hs_offload *make(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_offload *offload = NULL;

	atomic_store(&working, 0);
	atomic_store(&worked, 0);
	atomic_store(&dropped, 0);
	done_count = 0;
	expect_done("new", hs_offload_new(base, &offload, &err), &err);
	return offload;
}

static void start(struct hs_offload *offload, long ms, struct hs_offload *free_in_done)
{
	struct nap *nap = calloc(1, sizeof *nap);
	struct hs_error err = HS_ERROR_INIT;

	nap->task = (struct hs_task){ .work = work, .done = done, .drop = drop };
	nap->ms = ms;
	nap->free_in_done = free_in_done;
	expect_done("start", hs_offload_start(offload, &nap->task, &err), &err);
}

static void wait_for(const atomic_int *count, int want)
{
	for (int i = 0; i < 500 && atomic_load(count) < want; i++)
		pause_ms(10);
}

static void test_all_come_back(void)
{
	enum { TASKS = 60 };
	struct hs_offload *offload = make();

	for (int i = 0; i < TASKS; i++)
		start(offload, i % 7, NULL);
	expect_int("not before the loop turns", done_count, 0);
	for (int i = 0; i < 500 && done_count < TASKS; i++)
		event_base_loop(base, EVLOOP_ONCE);
	expect_int("done", done_count, TASKS);
	expect_int("dropped", atomic_load(&dropped), 0);
	hs_offload_free(offload);
	hs_offload_free(NULL);
}

static void test_dropped(void)
{
	enum { TASKS = 8 };
	struct hs_offload *offload = make();

	for (int i = 0; i < TASKS; i++)
		start(offload, i < TASKS / 2 ? 0 : 200, NULL);
	wait_for(&worked, TASKS / 2);		/* these wait for the loop */
	hs_offload_free(offload);		/* the others still work */
	expect_true("the ended are dropped at once", atomic_load(&dropped) >= TASKS / 2 - 1);
	wait_for(&dropped, TASKS);
	expect_int("dropped", atomic_load(&dropped), TASKS);
	event_base_loop(base, EVLOOP_NONBLOCK);
	expect_int("done", done_count, 0);
}

static void test_freed_in_done(void)
{
	struct hs_offload *offload = make();

	start(offload, 0, offload);
	wait_for(&worked, 1);
	start(offload, 0, NULL);
	wait_for(&worked, 2);
	start(offload, 100, NULL);
	while (done_count == 0)
		event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_NONBLOCK);
	wait_for(&dropped, 3 - done_count);
	expect_int("each once", done_count + atomic_load(&dropped), 3);
}

static const struct hs_case cases[] = {
	{ "all come back", test_all_come_back },
	{ "dropped", test_dropped },
	{ "freed in done", test_freed_in_done },
};

int main(void)
{
	int status;

	loop_thread = pthread_self();
	if ((base = event_base_new()) == NULL)
		return 99;
	status = hs_run_suite("offload", cases, HS_COUNT(cases));
	event_base_free(base);
	return status;
}
