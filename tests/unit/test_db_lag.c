/* test_db_lag.c: how far a standby is behind, and which host is asked. */
#include "common/db_lag.h"

#include <stdlib.h>

#include "tests/unit/harness.h"

enum { NONE = -1 };

static void test_lag(void)
{
	struct hs_db_lag *lag = calloc(1, sizeof *lag);
	const struct hs_db_mark old = { 100, 5 }, middle = { 150, 5 }, newest = { 200, 6 };

	if (!expect_true("memory", lag != NULL))
		return;
	expect_int("nothing known", hs_db_lag_of(lag, &old), NONE);
	hs_db_lag_note(lag, 1000, &old);
	expect_int("equal", hs_db_lag_of(lag, &old), 0);
	expect_int("ahead of our last look", hs_db_lag_of(lag, &middle), 0);
	expect_int("behind all that we saw", hs_db_lag_of(lag, &(struct hs_db_mark){ 99, 5 }), NONE);

	/* an idle primary: whoever is even stays so */
	hs_db_lag_note(lag, 9000, &old);
	expect_int("idle", hs_db_lag_of(lag, &old), 0);

	hs_db_lag_note(lag, 9500, &middle);
	hs_db_lag_note(lag, 10000, &newest);
	hs_db_lag_note(lag, 12000, &newest);
	expect_int("since the last time that it was all", hs_db_lag_of(lag, &old), 3000);
	expect_int("between", hs_db_lag_of(lag, &(struct hs_db_mark){ 160, 5 }), 2500);
	expect_int("the log without the data's version",
	    hs_db_lag_of(lag, &(struct hs_db_mark){ 200, 5 }), 2500);
	expect_int("even", hs_db_lag_of(lag, &newest), 0);

	/* another primary, which has less */
	hs_db_lag_note(lag, 13000, &(struct hs_db_mark){ 180, 5 });
	expect_int("what the other one showed is forgotten", hs_db_lag_of(lag, &middle), NONE);
	expect_int("even with the new one", hs_db_lag_of(lag, &(struct hs_db_mark){ 180, 5 }), 0);
	free(lag);
}

static void test_many_marks(void)
{
	struct hs_db_lag *lag = calloc(1, sizeof *lag);
	const int count = 3 * HS_DB_LAG_MARKS;

	if (!expect_true("memory", lag != NULL))
		return;
	for (int i = 0; i < count; i++)
		hs_db_lag_note(lag, i * 500LL, &(struct hs_db_mark){ i, i });
	for (int behind = 0; behind < HS_DB_LAG_MARKS; behind++)
		expect_int("behind", hs_db_lag_of(lag, &(struct hs_db_mark){ count - 1 - behind,
			count - 1 - behind }), behind * 500LL);
	expect_int("further than is remembered", hs_db_lag_of(lag,
		&(struct hs_db_mark){ count - 1 - HS_DB_LAG_MARKS, count }), NONE);
	free(lag);
}

#define P(version) { HS_DB_HOST_PRIMARY, NONE, version }
#define S(lag, version) { HS_DB_HOST_STANDBY, lag, version }
#define A { HS_DB_HOST_AWAY, NONE, 9 }
#define U { HS_DB_HOST_UNKNOWN, NONE, 0 }

static const struct {
	const char *row;
	struct hs_db_candidate hosts[3];
	int before;
	size_t first;
	int64_t limit_ms;
	int want;
} choices[] = {
	{ "a standby", { P(7), S(0, 7), A }, NONE, 0, 5000, 1 },
	{ "each its own", { P(7), S(0, 7), S(0, 7) }, NONE, 2, 5000, 2 },
	{ "the one before stays", { P(7), S(4000, 6), S(0, 7) }, 1, 2, 5000, 1 },
	{ "it is late, another takes over", { P(7), S(5001, 6), S(0, 7) }, 1, 0, 5000, 2 },
	{ "but none that would go back", { P(7), S(5001, 7), S(100, 6) }, 1, 0, 5000, 0 },
	{ "nor one that is late itself", { P(7), S(5001, 6), S(2600, 6) }, 1, 0, 5000, 0 },
	{ "from the primary when it is well within", { P(7), S(2500, 7), A }, 0, 0, 5000, 1 },
	{ "not before", { P(7), S(2501, 7), A }, 0, 0, 5000, 0 },
	{ "nor before it shows what was shown", { P(7), S(0, 6), A }, 0, 0, 5000, 0 },
	{ "unknown lag", { P(7), S(NONE, 7), U }, NONE, 0, 5000, 0 },
	{ "the primary alone", { P(7), S(0, 7), S(0, 7) }, 1, 0, 0, 0 },
	{ "the primary alone, and away", { A, S(0, 7), S(0, 7) }, 0, 0, 0, NONE },
	{ "no primary: it stays", { A, S(9000, 7), S(0, 8) }, 1, 0, 5000, 1 },
	{ "no primary: the least late", { A, S(9000, 7), S(10, 7) }, 0, 0, 5000, 2 },
	{ "no primary, one that went astray", { A, S(NONE, 7), A }, 0, 0, 5000, NONE },
	{ "the one before is promoted", { A, P(7), A }, 1, 0, 5000, 1 },
	{ "promoted, with a standby", { A, P(7), S(0, 7) }, 1, 0, 5000, 2 },
	{ "nobody", { A, U, A }, 1, 0, 5000, NONE },
};

static void test_choices(void)
{
	for (size_t i = 0; i < HS_COUNT(choices); i++)
		expect_int(choices[i].row, hs_db_lag_choose(choices[i].hosts,
			HS_COUNT(choices[i].hosts), choices[i].before, choices[i].first,
			choices[i].limit_ms), choices[i].want);
}

static void test_names(void)
{
	expect_text("role", hs_db_host_role_name(HS_DB_HOST_UNKNOWN), "unknown");
	expect_text("role", hs_db_host_role_name(HS_DB_HOST_AWAY), "away");
	expect_text("role", hs_db_host_role_name(HS_DB_HOST_PRIMARY), "primary");
	expect_text("role", hs_db_host_role_name(HS_DB_HOST_STANDBY), "standby");
}

static const struct hs_case cases[] = {
	{ "lag", test_lag },
	{ "many marks", test_many_marks },
	{ "choices", test_choices },
	{ "names", test_names },
};

int main(void)
{
	return hs_run_suite("db_lag", cases, HS_COUNT(cases));
}
