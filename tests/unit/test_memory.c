/* test_memory.c: limits of control groups, and the private database's share. */
#include "daemons/supervisor/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/harness.h"

static char dir[] = "/tmp/hs-memory-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if ((file = fopen(path, "w")) == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static void make_dir(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (mkdir(path, 0700) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

static long long limit(const char *groups)
{
	char path[PATH_MAX];

	write_file("groups", groups);
	snprintf(path, sizeof path, "%s/groups", dir);
	return memory_group_limit(path, dir);
}

static void test_limits(void)
{
	make_dir("a");
	make_dir("a/b");
	write_file("memory.max", "8000000000\n");
	write_file("a/memory.max", "512000000\n");
	write_file("a/b/memory.max", "max\n");
	expect_int("its own is none, the one above counts", limit("0::/a/b\n"), 512000000);
	expect_int("the top", limit("0::/\n"), 8000000000);
	expect_int("version 1's lines are passed over", limit("3:memory:/a\n0::/\n"), 8000000000);
	write_file("a/b/memory.max", "256000000\n");
	expect_int("its own is less", limit("0::/a/b\n"), 256000000);
	expect_int("a group that is not there", limit("0::/gone\n"), 8000000000);
	expect_int("no version 2", limit("3:memory:/a\n"), LLONG_MAX);
	expect_int("no file", memory_group_limit("/nonexistent", dir), LLONG_MAX);
	write_file("memory.max", "much\n");
	expect_int("no number", limit("0::/\n"), LLONG_MAX);
}

static void test_shares(void)
{
	expect_int("a small machine", memory_share_mb(512LL << 20), 128);
	expect_int("2 GiB", memory_share_mb(2LL << 30), 512);
	expect_int("a large one", memory_share_mb(64LL << 30), 1024);
	expect_int("unlimited", memory_share_mb(LLONG_MAX), 1024);
	expect_int("next to nothing", memory_share_mb(1 << 20), 32);
	expect_true("this one", memory_database_mb() >= 32 && memory_database_mb() <= 1024);
}

static const struct hs_case cases[] = {
	{ "limits of control groups", test_limits },
	{ "the database's share", test_shares },
};

int main(void)
{
	static const char *const made[] = { "a/b/memory.max", "a/b", "a/memory.max", "a", "memory.max",
		"groups", "" };
	int status;

	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return EXIT_FAILURE;
	}
	status = hs_run_suite("memory", cases, HS_COUNT(cases));
	for (size_t i = 0; i < HS_COUNT(made); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof path, "%s/%s", dir, made[i]);
		if (remove(path) != 0)
			perror(path);
	}
	return status;
}
