/* test_hashing.c: passwords judged on a thread: in order, so many at a time, and after their
 * askers left. */
#include "daemons/web/hashing.h"

#include <string.h>

#include "tests/unit/harness.h"

/* Little work: 16 KB. */
static const char quick[] = "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$"
    "aQWrBdLJrbGXrDwoGLimz8LtQU7l+XRn++Sx19Z/80Y=";

static struct event_base *base;
static struct hashing *hashing;
static int called;
static struct hashing_result last;
static int order[HASHING_MOST];

static void on_done(void *arg, const struct hashing_result *result)
{
	order[called++] = (int)(size_t)arg;
	last = *result;
}

static struct hashing_job *start(const char *password, const char *hash, const char *renew,
    size_t n)
{
	const struct hashing_order wanted = { .password = password, .hash = hash, .renew = renew };
	struct hs_error err = HS_ERROR_INIT;
	struct hashing_job *job = NULL;

	expect_done("start", hashing_start(hashing, &wanted, on_done, (void *)n, &job, &err), &err);
	return job;
}

static void run_until(int count)
{
	while (called < count && event_base_loop(base, EVLOOP_ONCE) == 0)
		;
}

static void begin(void)
{
	struct hs_error err = HS_ERROR_INIT;

	base = event_base_new();
	called = 0;
	expect_done("new", hashing_new(base, &hashing, &err), &err);
}

static void end(void)
{
	hashing_free(hashing);
	event_base_free(base);
}

static void test_results(void)
{
	begin();
	start("wrong", quick, NULL, 1);
	run_until(1);
	expect_true("wrong", !last.is_right && last.new_hash[0] == '\0');
	start("wrong", quick, "a new password", 1);
	run_until(2);
	expect_true("wrong: no new one", !last.is_right && last.new_hash[0] == '\0');
	start("pleaseletmein", quick, NULL, 1);
	run_until(3);
	expect_true("right, and weak", last.is_right && hs_password_is_hash(last.new_hash));
	start("pleaseletmein", quick, "too short", 1);
	run_until(4);
	expect_code("right, but the new one is none", &last.err, HS_BAD_ARGUMENT);
	start("x", "no hash", NULL, 1);
	run_until(5);
	expect_code("no hash", &last.err, HS_BAD_ARGUMENT);
	end();
}

static void test_queue(void)
{
	const struct hashing_order one_more = { .password = "x", .hash = quick };
	struct hashing_job *jobs[HASHING_MOST], *none = NULL;
	struct hs_error err = HS_ERROR_INIT;

	begin();
	for (size_t n = 0; n < HASHING_MOST; n++) {
		expect_true("room", hashing_has_room(hashing));
		jobs[n] = start("x", quick, NULL, n);
	}
	expect_true("full", !hashing_has_room(hashing));
	expect_true("full", !hashing_start(hashing, &one_more, on_done, NULL, &none, &err));
	expect_code("full", &err, HS_BUSY);
	expect_int("never from within", called, 0);
	hashing_cancel(jobs[0]);	/* it runs */
	hashing_cancel(jobs[5]);	/* it waits */
	expect_true("room again", hashing_has_room(hashing));
	run_until(HASHING_MOST - 2);
	expect_int("all others", called, HASHING_MOST - 2);
	for (int n = 0, want = 1; n < called; n++, want += want == 4 ? 2 : 1)
		expect_int("in order", order[n], want);
	end();
}

static void test_free_while_it_runs(void)
{
	begin();
	for (size_t n = 0; n < 5; n++)
		start("x", quick, NULL, n);
	end();
	expect_int("nobody is called", called, 0);
}

static const struct hs_case cases[] = {
	{ "results", test_results },
	{ "the queue", test_queue },
	{ "freed while it runs", test_free_while_it_runs },
};

int main(void)
{
	return hs_run_suite("hashing", cases, HS_COUNT(cases));
}
