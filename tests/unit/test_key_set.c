/* test_key_set.c: keys that come twice are found, in memory and in runs on the disk. */
#include "common/key_set.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/harness.h"

enum { MAX_FOUND = 64 };

struct found {
	size_t count;
	struct { struct hs_key_place first, later; } pairs[MAX_FOUND];
};

static void note(void *arg, const struct hs_key_place *first, const struct hs_key_place *later)
{
	struct found *found = arg;

	if (found->count < MAX_FOUND) {
		found->pairs[found->count].first = *first;
		found->pairs[found->count].later = *later;
	}
	found->count++;
}

static struct hs_key_set *new_set(size_t run_entries)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_key_set *set = NULL;

	expect_done("new", hs_key_set_new(run_entries, &set, &err), &err);
	return set;
}

static void add(struct hs_key_set *set, const char *a, const char *b, uint64_t number)
{
	struct hs_key_part parts[] = { { a, strlen(a) }, { b, strlen(b) } };
	struct hs_key_place place = { .number = number, .line = number + 2, .column = 1 };
	struct hs_error err = HS_ERROR_INIT;

	expect_done(a, hs_key_set_add(set, parts, HS_COUNT(parts), &place, &err), &err);
}

static void finish(struct hs_key_set *set, struct found *found)
{
	struct hs_error err = HS_ERROR_INIT;

	expect_done("finish", hs_key_set_finish(set, note, found, &err), &err);
	hs_key_set_free(set);
}

static const struct {
	const char *row;
	const char *keys[4][2];		/* NULL ends them */
	size_t want;
} cases[] = {
	{ "none", { { NULL, NULL } }, 0 },
	{ "one", { { "a", "b" }, { NULL, NULL } }, 0 },
	{ "two alike", { { "a", "b" }, { "a", "b" }, { NULL, NULL } }, 1 },
	{ "parts are not joined", { { "ab", "c" }, { "a", "bc" }, { NULL, NULL } }, 0 },
	{ "an empty part", { { "", "a" }, { "a", "" }, { NULL, NULL } }, 0 },
	{ "parts change places", { { "a", "b" }, { "b", "a" }, { NULL, NULL } }, 0 },
	{ "case counts", { { "a", "b" }, { "A", "b" }, { NULL, NULL } }, 0 },
	{ "four alike", { { "a", "b" }, { "a", "b" }, { "a", "b" }, { "a", "b" } }, 3 },
};

/* The same answers when every key goes to the disk, alone or in pairs. */
static void test_small_sets(void)
{
	static const size_t runs[] = { 0, 1, 2 };

	for (size_t i = 0; i < HS_COUNT(cases); i++) {
		for (size_t r = 0; r < HS_COUNT(runs); r++) {
			struct hs_key_set *set = new_set(runs[r]);
			struct found found = { .count = 0 };

			for (size_t k = 0; k < 4 && cases[i].keys[k][0] != NULL; k++)
				add(set, cases[i].keys[k][0], cases[i].keys[k][1], k);
			finish(set, &found);
			expect_int(cases[i].row, found.count, cases[i].want);
		}
	}
}

static void test_places(void)
{
	struct hs_key_set *set = new_set(2);
	struct found found = { .count = 0 };

	add(set, "jamesle01", "CLE", 0);
	add(set, "jamesle01", "MIA", 1);
	add(set, "curryst01", "GSW", 2);
	add(set, "jamesle01", "MIA", 3);
	add(set, "jamesle01", "MIA", 4);
	finish(set, &found);
	if (!expect_int("later places", found.count, 2))
		return;
	for (size_t i = 0; i < found.count; i++) {
		expect_int("the first one's number", found.pairs[i].first.number, 1);
		expect_int("its line", found.pairs[i].first.line, 3);
		expect_int("its column", found.pairs[i].first.column, 1);
	}
	expect_int("both later ones", found.pairs[0].later.number + found.pairs[1].later.number, 7);
	expect_int("each once", found.pairs[0].later.number != found.pairs[1].later.number, 1);
}

/* More runs than are merged at once (256), and than twice that: the runs are shortened. */
static void test_many_runs(void)
{
	enum { KEYS = 3000, APART = 1499 };
	struct found found = { .count = 0 };
	struct hs_key_set *set = new_set(3);
	char key[32];

	for (uint64_t i = 0; i < KEYS; i++) {
		uint64_t player = i % 100 == 99 && i > APART ? i - APART : i;

		snprintf(key, sizeof key, "player-%llu", (unsigned long long)player);
		add(set, key, "team", i);
	}
	expect_true("many runs", hs_key_set_runs(set) > 900);
	finish(set, &found);
	expect_int("duplicates", found.count, 15);
	for (size_t i = 0; i < found.count && i < MAX_FOUND; i++)
		expect_int("how far apart", found.pairs[i].later.number -
		    found.pairs[i].first.number, APART);
}

/* The usual size: nothing goes to the disk for a usual snapshot. */
static void test_usual_size(void)
{
	struct hs_key_set *set = new_set(0);
	struct found found = { .count = 0 };
	char key[32];

	for (uint64_t i = 0; i < 60000; i++) {
		snprintf(key, sizeof key, "%llu", (unsigned long long)i);
		add(set, key, "", i);
	}
	expect_int("no run", hs_key_set_runs(set), 0);
	finish(set, &found);
	expect_int("duplicates", found.count, 0);
}

static size_t files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		closedir(dir);
	return count;
}

/* The temporary file has no name, so that nothing is left however we end. */
static void test_leaves_nothing(void)
{
	const char *folder = hs_scratch_dir();
	struct found found = { .count = 0 };
	struct hs_key_set *set;
	size_t before = files_in(folder);

	setenv("TMPDIR", folder, 1);
	set = new_set(1);
	add(set, "a", "b", 0);
	add(set, "a", "b", 1);
	expect_true("spilled", hs_key_set_runs(set) > 0);
	expect_int("no name while it is open", files_in(folder), before);
	finish(set, &found);
	expect_int("found", found.count, 1);
	unsetenv("TMPDIR");
}

/* A TMPDIR that is not there is passed by: the others are tried. */
static void test_folder_is_gone(void)
{
	struct found found = { .count = 0 };
	struct hs_key_set *set;

	setenv("TMPDIR", "/nowhere/at/all", 1);
	set = new_set(1);
	add(set, "a", "b", 0);
	add(set, "a", "b", 1);
	finish(set, &found);
	expect_int("found", found.count, 1);
	unsetenv("TMPDIR");
}

static void test_free(void)
{
	struct hs_key_set *set = new_set(1);

	hs_key_set_free(NULL);
	add(set, "a", "b", 0);
	add(set, "a", "b", 1);
	hs_key_set_free(set);	/* without finish: the sanitizers watch */
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "small sets", test_small_sets },
		{ "places", test_places },
		{ "many runs", test_many_runs },
		{ "usual size", test_usual_size },
		{ "leaves nothing", test_leaves_nothing },
		{ "folder is gone", test_folder_is_gone },
		{ "free", test_free },
	};

	return hs_run_suite("key_set", suite, HS_COUNT(suite));
}
