/* test_place.c: which names are ours, what is a file, and who writes it. */
#include "daemons/importer/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

static const struct { const char *name; bool wanted; } names[] = {
	{ "nba.json", true },
	{ "a b.json", true },
	{ "x.part.json", true },
	{ "\xff.json", true },
	{ ".nba.json", false },
	{ ".json", false },
	{ "json", false },
	{ "nba.json.part", false },
	{ "nba.json.tmp", false },
	{ "nba.JSON", false },
	{ "", false },
};

static const struct { const char *name; bool overlooked; } near_names[] = {
	{ "nba.JSON", true },
	{ "nba.json.gz", true },
	{ "notes", true },
	{ "nba.json", false },
	{ "nba.json.part", false },
	{ "nba.json.tmp", false },
	{ ".nba.JSON", false },
};

static void test_names(void)
{
	for (size_t i = 0; i < HS_COUNT(near_names); i++)
		expect_true(near_names[i].name,
		    place_overlooks(near_names[i].name) == near_names[i].overlooked);
	for (size_t i = 0; i < HS_COUNT(names); i++)
		expect_true(names[i].name, place_wants(names[i].name) == names[i].wanted);
}

static int scratch(void)
{
	struct hs_error err = HS_ERROR_INIT;
	int dir = -1;

	expect_done("scratch", hs_dir_open(hs_scratch_dir(), &dir, &err), &err);
	return dir;
}

static void test_kinds(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct place_facts facts;
	int dir = scratch(), fd;

	expect_done("file", hs_file_write(dir, "file.json", "{}", 2, 0600, &err), &err);
	expect_int("link", symlinkat("file.json", dir, "link.json"), 0);
	expect_int("fifo", mkfifoat(dir, "fifo.json", 0600), 0);
	expect_int("folder", mkdirat(dir, "folder.json", 0700), 0);
	expect_true("file", place_look(dir, "file.json", &facts, NULL));
	expect_int("file", facts.size_bytes, 2);
	expect_true("link", !place_look(dir, "link.json", &facts, NULL));
	expect_true("fifo", !place_look(dir, "fifo.json", &facts, NULL));
	expect_true("folder", !place_look(dir, "folder.json", &facts, NULL));
	expect_true("nothing", !place_look(dir, "none.json", &facts, NULL));
	expect_true("open link", !place_open(dir, "link.json", &fd, &facts, &err));
	expect_code("open link", &err, HS_NOT_FOUND);
	expect_true("open fifo", !place_open(dir, "fifo.json", &fd, &facts, &err));
	expect_code("open fifo", &err, HS_NOT_FOUND);
	expect_true("open folder", !place_open(dir, "folder.json", &fd, &facts, &err));
	expect_code("open folder", &err, HS_NOT_FOUND);
	if (expect_done("open file", place_open(dir, "file.json", &fd, &facts, &err), &err))
		close(fd);
	close(dir);
}

static void test_writer(void)
{
	enum place_writer writer;
	struct place_facts facts;
	int dir = scratch(), fd;

	fd = openat(dir, "file.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	expect_true("create", fd >= 0);
	expect_true("open", place_look(dir, "file.json", &facts, &writer));
	if (writer == WRITER_UNKNOWN) {
		hs_skip("no leases on this file system");
		close(fd);
		close(dir);
		return;
	}
	expect_int("open", writer, WRITER_BUSY);
	close(fd);
	expect_true("closed", place_look(dir, "file.json", &facts, &writer));
	expect_int("closed", writer, WRITER_NONE);
	/* our question has left no lease behind that would stop the next writer */
	fd = openat(dir, "file.json", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	expect_true("writable at once", fd >= 0 && close(fd) == 0);
	close(dir);
}

static void test_facts(void)
{
	struct place_facts a = { 1, 2, 3, 4 }, b = a;

	expect_true("same", place_same_content(&a, &b));
	b.changed_ns++;
	expect_true("later", place_same_file(&a, &b) && !place_same_content(&a, &b));
	b = a;
	b.device++;
	expect_true("elsewhere", !place_same_file(&a, &b));
}

static const struct hs_case cases[] = {
	{ "names", test_names },
	{ "kinds", test_kinds },
	{ "writer", test_writer },
	{ "facts", test_facts },
};

int main(void)
{
	return hs_run_suite("place", cases, HS_COUNT(cases));
}
