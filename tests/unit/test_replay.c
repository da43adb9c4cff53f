/* test_replay.c: what statements become when one of them is taken out.
 *
 * A row gives the statements of one player-season in the order of their files, 1, 2, ...: day, kind,
 * figures (0: another's) and extras, as the database has them; "!" is the one that is undone, "=" one that is
 * fixed. What is wanted: each one's kind, and by which file it is superseded. */
#include "daemons/importer/replay.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

enum { MOST = 8, TEXT_BYTES = 128 };

struct said {
	int day;
	char kind;
	int figures, extras;
	int superseded_by;
	char mark;
};

static const struct {
	const char *row;
	struct said said[MOST];
	const char *want;	/* "x c" */
} rows[] = {
	{ "the only one", { { 1, 'c', 1, 0, 0, '!' } }, "x" },
	{ "nothing is undone", { { 1, 'h', 1, 0, 2, 0 }, { 2, 'c', 2, 0, 0, 0 } }, "h2 c" },
	{ "the newest", { { 1, 'h', 1, 0, 2, 0 }, { 2, 'c', 2, 0, 0, '!' } }, "c x" },
	{ "an old one", { { 1, 'h', 1, 0, 2, '!' }, { 2, 'c', 2, 0, 0, 0 } }, "x c" },
	{ "one in the middle", { { 1, 'h', 1, 0, 2, 0 }, { 2, 'h', 2, 0, 3, '!' }, { 3, 'c', 3, 0, 0, 0 } },
	    "h3 x c" },
	{ "between equals", { { 1, 'h', 1, 0, 2, 0 }, { 2, 'h', 2, 0, 3, '!' }, { 3, 'c', 1, 0, 0, 0 } },
	    "n x c" },
	{ "restated by the newest", { { 1, 'n', 0, 0, 0, 0 }, { 2, 'c', 1, 0, 0, '!' } }, "c x" },
	{ "the restated one", { { 1, 'n', 0, 0, 0, '!' }, { 2, 'c', 1, 0, 0, 0 } }, "x c" },
	{ "figures of one that goes", { { 1, 'n', 0, 0, 0, 0 }, { 2, 'h', 1, 0, 3, '!' }, { 3, 'c', 2, 0, 0, 0 } },
	    "h3 x c" },
	{ "same in everything", { { 1, 'c', 1, 5, 0, '!' }, { 1, 's', 0, 0, 0, 0 } }, "x c" },
	{ "same but for its payload", { { 1, 'n', 0, 5, 0, 0 }, { 1, 'c', 1, 6, 0, '!' } }, "c x" },
	{ "stale: what it parted is hidden again",
	    { { 1, 'h', 1, 0, 3, 0 }, { 3, 'c', 1, 0, 0, 0 }, { 2, 'h', 2, 0, 2, '!' } }, "n c x" },
	{ "stale: comes after the newest",
	    { { 3, 'c', 1, 0, 0, '!' }, { 1, 'h', 2, 0, 1, 0 }, { 2, 'n', 0, 0, 0, 0 } }, "x h3 c" },
	{ "stale: as the last of its day",
	    { { 1, 'h', 1, 0, 2, 0 }, { 2, 'h', 2, 0, 3, '!' }, { 3, 'c', 3, 0, 0, 0 }, { 1, 'p', 0, 7, 0, 0 } },
	    "h3 x c p" },
	{ "stale: the last of its day points on",
	    { { 1, 'h', 1, 0, 2, 0 }, { 1, 'h', 2, 0, 5, 0 }, { 2, 'h', 2, 0, 4, 0 }, { 3, 'c', 1, 0, 0, 0 },
		{ 1, 'h', 1, 0, 4, 0 }, { 0, 'h', 9, 0, 4, '!' } }, "h2 h5 h4 c h4 x" },
	{ "superseded before statements were kept",
	    { { 1, 'h', 1, 0, 9, '=' }, { 2, 'n', 0, 0, 0, 0 }, { 3, 'c', 1, 0, 0, '!' } }, "h9 c x" },
	{ "it contradicts itself: nothing newer", { { 1, 'n', 0, 0, 0, 0 } }, "error" },
	{ "it contradicts itself: nothing before", { { 1, 's', 0, 0, 0, 0 } }, "error" },
};

static void play(const struct said *said, char got[TEXT_BYTES])
{
	struct replay_statement statements[MOST] = { 0 };
	struct hs_error err = HS_ERROR_INIT;
	size_t count = 0, used = 0;

	for (; count < MOST && said[count].kind != '\0'; count++)
		statements[count] = (struct replay_statement){ .file = (int64_t)count + 1,
			.day = said[count].day, .kind = said[count].kind,
			.figures = said[count].figures, .extras = said[count].extras,
			.superseded_by = said[count].superseded_by,
			.is_undone = said[count].mark == '!', .is_fixed = said[count].mark == '=' };
	got[0] = '\0';
	if (!replay_key(statements, count, &err)) {
		snprintf(got, TEXT_BYTES, "error");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(got + used, TEXT_BYTES - used, "%s%c", i > 0 ? " " : "",
		    statements[i].new_kind);
		if (statements[i].new_kind == REPLAY_HISTORY)
			used += (size_t)snprintf(got + used, TEXT_BYTES - used, "%lld",
			    (long long)statements[i].new_superseded_by);
	}
}

static void test_rows(void)
{
	char got[TEXT_BYTES];

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		play(rows[i].said, got);
		expect_text(rows[i].row, got, rows[i].want);
	}
}

static void test_sources(void)
{
	struct replay_statement statements[] = {
		{ .file = 1, .day = 1, .kind = 'n', .extras = 4 },
		{ .file = 2, .day = 1, .kind = 's' },
		{ .file = 3, .day = 2, .kind = 'c', .figures = 1, .extras = 5, .is_undone = true },
	};
	struct hs_error err = HS_ERROR_INIT;

	expect_done("replay", replay_key(statements, HS_COUNT(statements), &err), &err);
	expect_int("the current one again", statements[0].new_kind, 'c');
	expect_int("its figures stood with the undone one", statements[0].figures_from, 2);
	expect_int("its payload with itself", statements[0].extras_from, 0);
	expect_int("the same", statements[1].new_kind, 's');
	expect_int("has the payload of the one before it", statements[1].extras_from, 0);
}

static const struct hs_case cases[] = {
	{ "rows", test_rows },
	{ "whose figures", test_sources },
};

int main(void)
{
	return hs_run_suite("replay", cases, HS_COUNT(cases));
}
