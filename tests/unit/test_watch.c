/* test_watch.c: events become names; a folder that goes, comes back or is replaced is seen; a
 * limit of the kernel's is named. */
#include "daemons/importer/watch.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/unit/harness.h"

enum { NAMES_BYTES = 256, ROUNDS = 50, ROUND_MS = 10 };

static struct event_base *base;
static struct watch *watch;
static char folder[PATH_MAX], names[NAMES_BYTES];
static int scans;

static void on_name(void *arg, const char *name)
{
	(void)arg;
	snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", name);
}

static void on_scan(void *arg)
{
	(void)arg;
	scans++;
}

static const struct watch_events events = { .on_name = on_name, .on_scan = on_scan };

static void begin(const char *name)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_log_set_level(HS_LOG_ERROR);
	base = event_base_new();
	snprintf(folder, sizeof folder, "%s/%s", hs_scratch_dir(), name);
	expect_int(name, mkdir(folder, 0700), 0);
	expect_done(name, watch_new(base, folder, &events, NULL, &watch, &err), &err);
	names[0] = '\0';
	scans = 0;
}

static void end(void)
{
	watch_free(watch);
	event_base_free(base);
}

static void turn(void)
{
	for (int i = 0; i < ROUNDS && names[0] == '\0' && scans == 0; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(ROUND_MS * 1000);
	}
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void path_of(const char *name, char path[2 * PATH_MAX])
{
	snprintf(path, 2 * PATH_MAX, "%s/%s", folder, name);
}

static void write_file(const char *name)
{
	char path[2 * PATH_MAX];
	int fd;

	path_of(name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	expect_true(name, fd >= 0 && write(fd, "{}", 2) == 2 && close(fd) == 0);
}

static void test_names(void)
{
	char from[2 * PATH_MAX], to[2 * PATH_MAX];

	begin("names");
	expect_true("watching", watch_problem(watch) == NULL);
	write_file("a.json");
	turn();
	expect_text("closed after writing", names, "a.json ");
	names[0] = '\0';
	path_of("a.json", from);
	path_of("b.json", to);
	expect_int("rename", rename(from, to), 0);
	turn();
	expect_text("renamed in", names, "b.json ");
	expect_int("no scan was needed", scans, 0);
	end();
}

static void test_folder_goes(void)
{
	char elsewhere[2 * PATH_MAX];

	begin("goes");
	snprintf(elsewhere, sizeof elsewhere, "%s.away", folder);
	expect_int("rename", rename(folder, elsewhere), 0);
	turn();
	expect_int("a scan", scans, 1);
	watch_check(watch);
	expect_true("it says so", watch_problem(watch) != NULL);
	expect_int("another comes", mkdir(folder, 0700), 0);
	watch_check(watch);
	expect_true("watched again", watch_problem(watch) == NULL);
	names[0] = '\0';
	write_file("c.json");
	turn();
	expect_text("its events come", names, "c.json ");
	end();
}

/* As a mount on top of it would: no event tells of that, the next check does. */
static void test_folder_is_replaced(void)
{
	char elsewhere[2 * PATH_MAX], other[2 * PATH_MAX];

	begin("replaced");
	snprintf(elsewhere, sizeof elsewhere, "%s.away", folder);
	snprintf(other, sizeof other, "%s.other", folder);
	expect_int("other", mkdir(other, 0700), 0);
	expect_int("exchange", renameat2(AT_FDCWD, folder, AT_FDCWD, other, RENAME_EXCHANGE), 0);
	watch_check(watch);
	names[0] = '\0';
	write_file("d.json");
	turn();
	expect_contains("the new folder's events", names, "d.json");
	end();
}

static void test_limit(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct rlimit before, few;
	bool made;

	expect_int("limit", getrlimit(RLIMIT_NOFILE, &before), 0);
	base = event_base_new();
	few = before;
	few.rlim_cur = 3;
	expect_int("limit", setrlimit(RLIMIT_NOFILE, &few), 0);
	made = watch_new(base, "/tmp", &events, NULL, &watch, &err);
	expect_int("limit", setrlimit(RLIMIT_NOFILE, &before), 0);
	if (!expect_done("made all the same", made, &err))
		return;
	expect_contains(
	    "the sysctl is named", watch_problem(watch), "fs.inotify.max_user_instances");
	watch_check(watch);
	expect_true("later it works", watch_problem(watch) == NULL);
	end();
}

static const struct hs_case cases[] = {
	{ "names", test_names },
	{ "folder goes", test_folder_goes },
	{ "folder is replaced", test_folder_is_replaced },
	{ "limit", test_limit },
};

int main(void)
{
	return hs_run_suite("watch", cases, HS_COUNT(cases));
}
