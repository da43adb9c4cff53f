/* test_intake.c: when a file is taken, kept, hurried, and how long all wait: with a clock of our
 * own. */
#include "daemons/importer/intake.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/harness.h"

static struct intake *intake;
static double now;

static struct intake_sighting sighting_of(const char *name, uint64_t inode, int64_t size)
{
	return (struct intake_sighting){ .name = name, .facts = { .device = 1, .inode = inode,
		.size_bytes = size, .changed_ns = 1 }, .writer = WRITER_UNKNOWN };
}

static void begin(void)
{
	intake = intake_new(20);
	now = 1000;
}

static void see(struct intake_sighting sighting)
{
	expect_true(sighting.name, intake_see(intake, &sighting, now));
}

static void expect_pick(const char *row, const char *want)
{
	struct intake_pick pick = { .name = "" };

	expect_true(row, intake_pick(intake, now, &pick) == (want != NULL));
	if (want != NULL)
		expect_text(row, pick.name, want);
}

static bool keep(enum hs_error_code code)
{
	struct hs_error err = HS_ERROR_INIT;
	bool soon;

	hs_error_set(&err, code, "", "%s", hs_error_name(code));
	intake_kept(intake, &err, now, &soon);
	return soon;
}

static void test_told(void)
{
	struct intake_sighting told = sighting_of("a.json", 1, 10);

	begin();
	told.is_told = true;
	see(told);
	see(told);
	expect_int("two events, one file", intake_count(intake), 1);
	expect_pick("at once", "a.json");
	expect_pick("one at a time", NULL);
	expect_true("nothing stirred", !intake_finished(intake));
	expect_int("gone", intake_count(intake), 0);
	intake_free(intake);
}

static void test_scanned(void)
{
	struct intake_sighting fresh = sighting_of("fresh.json", 1, 10),
			       old = sighting_of("old.json", 2, 10);
	struct intake_sighting foreign = sighting_of("foreign.json", 3, 10);
	char name[NAME_MAX + 1];

	begin();
	fresh.writer = WRITER_NONE;
	old.writer = WRITER_NONE;
	old.age = foreign.age = 3600;
	see(fresh);
	see(foreign);
	expect_pick("a fresh one rests", NULL);
	see(old);
	expect_pick("an old one without writer is taken", "old.json");
	intake_finished(intake);
	now += 0.5;
	expect_true("no look before its time", !intake_due_look(intake, now, name));
	expect_true("the pause is until then",
	    intake_pause(intake, now) > 0.4 && intake_pause(intake, now) < 0.6);
	now += 0.6;
	expect_true("a look", intake_due_look(intake, now, name));
	expect_text("a look", name, "fresh.json");
	see(fresh);
	expect_true("a look", intake_due_look(intake, now, name));
	expect_text("a look", name, "foreign.json");
	see(foreign);
	expect_true("no more looks", !intake_due_look(intake, now, name));
	expect_pick("unchanged for a second", "fresh.json");
	intake_finished(intake);
	expect_pick("two looks the same", "foreign.json");
	intake_finished(intake);
	intake_free(intake);
}

static void test_growing(void)
{
	struct intake_sighting file = sighting_of("a.json", 1, 10);
	char name[NAME_MAX + 1];

	begin();
	see(file);
	for (int i = 0; i < 5; i++) {
		now += 1.1;
		expect_true("look", intake_due_look(intake, now, name));
		file.facts.size_bytes += 10;
		see(file);
		expect_pick("it grows", NULL);
	}
	file.writer = WRITER_BUSY;
	for (int i = 0; i < 5; i++) {
		now += 1.1;
		see(file);
		expect_pick("it is open", NULL);
	}
	file.writer = WRITER_NONE;
	file.is_told = true;
	see(file);
	expect_pick("closed", "a.json");
	intake_finished(intake);
	intake_free(intake);
}

static void test_empty(void)
{
	struct intake_sighting file = sighting_of("a.json", 1, 0);
	struct intake_pick pick;

	begin();
	file.is_told = true;
	file.age = 3600;
	see(file);
	expect_pick("empty waits", NULL);
	now += 19;
	see(file);
	expect_pick("empty still waits", NULL);
	now += 1;
	see(file);
	expect_true("time is over", intake_pick(intake, now, &pick));
	expect_true("and it is judged", !pick.may_be_cut);
	intake_finished(intake);
	see(file);
	now += 5;
	file.facts.size_bytes = 5;
	see(file);
	expect_pick("filled", "a.json");
	intake_finished(intake);
	intake_free(intake);
}

static void test_pauses(void)
{
	static const double pauses[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct intake_sighting file = sighting_of("a.json", 1, 10);

	begin();
	file.is_told = true;
	see(file);
	file.is_told = false;
	for (size_t i = 0; i < HS_COUNT(pauses); i++) {
		expect_pick("again", "a.json");
		keep(HS_DISK_FULL);
		see(file);
		expect_pick("not at once", NULL);
		expect_true("pause", intake_pause(intake, now) == pauses[i]);
		now += pauses[i];
	}
	expect_pick("again", "a.json");
	keep(HS_DISK_FULL);
	file.facts.size_bytes = 11;
	file.is_told = true;
	see(file);
	expect_pick("written anew", "a.json");
	intake_finished(intake);
	intake_free(intake);
}

static void test_database_away(void)
{
	struct intake_sighting one = sighting_of("1.json", 1, 10),
			       two = sighting_of("2.json", 2, 10);
	json_t *waiting;

	begin();
	one.is_told = two.is_told = true;
	see(one);
	see(two);
	expect_pick("first", "1.json");
	keep(HS_DB_AWAY);
	expect_pick("all wait", NULL);
	waiting = intake_waiting(intake, 10, now);
	expect_int("both are listed", json_array_size(waiting), 2);
	expect_text("with the reason",
	    json_string_value(json_object_get(json_array_get(waiting, 1), "reason")),
	    "database_away");
	json_decref(waiting);
	now += 1;
	expect_pick("the first again", "1.json");
	keep(HS_DB_AWAY);
	now += 1;
	expect_pick("the pause grows", NULL);
	now += 1;
	expect_pick("it is over", "1.json");
	keep(HS_DB_AWAY);
	expect_pick("away once more", NULL);
	intake_resume(intake);
	expect_pick("it answers", "1.json");
	intake_finished(intake);
	expect_pick("and the other's turn at once", "2.json");
	intake_finished(intake);
	intake_free(intake);
}

static void test_cut(void)
{
	struct intake_sighting file = sighting_of("a.json", 1, 10);
	struct intake_pick pick;
	char name[NAME_MAX + 1];

	begin();
	file.is_told = true;
	see(file);
	expect_true("taken", intake_pick(intake, now, &pick) && pick.may_be_cut);
	keep(HS_FILE_CHANGED);
	file.is_told = false;
	now += 1.5;
	expect_true("left alone", !intake_due_look(intake, now, name));
	now += 1.6;
	expect_true("looked at", intake_due_look(intake, now, name));
	see(file);
	expect_true("unchanged: judged", intake_pick(intake, now, &pick) && !pick.may_be_cut);
	intake_finished(intake);
	intake_free(intake);
}

static void test_renamed_and_linked(void)
{
	struct intake_sighting file = sighting_of("a.json", 1, 10);

	begin();
	file.is_told = true;
	see(file);
	file.name = "b.json";
	see(file);
	expect_pick("the new name", "b.json");
	expect_true("another link may be left", intake_finished(intake));
	file.name = "a.json";
	see(file);
	expect_pick("played", "a.json");
	file.facts.size_bytes = 20;
	see(file);
	expect_true("written while played", intake_finished(intake));
	see(file);
	intake_lost(intake, "a.json");
	expect_int("lost", intake_count(intake), 0);
	intake_free(intake);
}

static void test_hurry(void)
{
	struct intake_sighting waiting = sighting_of("w.json", 1, 10),
			       growing = sighting_of("g.json", 2, 10);
	struct intake_sighting empty = sighting_of("e.json", 3, 0);
	char name[NAME_MAX + 1], reason[HS_ERROR_MESSAGE_BYTES];
	int64_t size;

	begin();
	waiting.is_told = true;
	see(waiting);
	expect_pick("first try", "w.json");
	keep(HS_DISK_FULL);
	see(growing);
	see(empty);
	intake_hurry(intake, NULL, now);
	expect_pick("its pause ends", "w.json");
	expect_true("finally", !keep(HS_DISK_FULL));
	expect_true("two are left", intake_is_hurried(intake));
	expect_true("not yet", !intake_give_up_hurry(intake, name, &size, reason));
	now += 1.1;
	expect_true("look", intake_due_look(intake, now, name));
	growing.facts.size_bytes = 20;
	see(growing);
	expect_true("look", intake_due_look(intake, now, name));
	see(empty);
	expect_true("given up", intake_give_up_hurry(intake, name, &size, reason));
	expect_text("given up", name, "g.json");
	expect_text("given up", reason, "still growing");
	expect_true("given up", intake_give_up_hurry(intake, name, &size, reason));
	expect_text("given up", name, "e.json");
	expect_contains("given up", reason, "empty");
	expect_true("none", !intake_give_up_hurry(intake, name, &size, reason));
	expect_true("none", !intake_is_hurried(intake));
	intake_free(intake);
}

static void test_full(void)
{
	struct intake_sighting file = sighting_of("a.json", 0, 10);

	begin();
	for (uint64_t i = 1; i <= INTAKE_MAX; i++) {
		file.facts.inode = i;
		see(file);
	}
	file.facts.inode = INTAKE_MAX + 1;
	expect_true("full", !intake_see(intake, &file, now));
	intake_free(intake);
}

static const struct hs_case cases[] = {
	{ "told by an event", test_told },
	{ "found by a scan", test_scanned },
	{ "growing", test_growing },
	{ "empty", test_empty },
	{ "pauses", test_pauses },
	{ "database away", test_database_away },
	{ "cut off", test_cut },
	{ "renamed, linked", test_renamed_and_linked },
	{ "hurry", test_hurry },
	{ "full", test_full },
};

int main(void)
{
	return hs_run_suite("intake", cases, HS_COUNT(cases));
}
