/* test_home.c: a program finds its clone from where it was built, and not once installed. */
#include "common/home.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

/* Called by the tests on a copy of this program: prints what it finds. */
static int tell(void)
{
	char clone[PATH_MAX] = "none", programs[PATH_MAX] = "none";

	hs_home_clone(clone, sizeof clone);
	hs_home_programs(programs, sizeof programs);
	printf("%s %s", clone, programs);
	return 0;
}

static void put_file(const char *top, const char *name)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX], *slash;
	int fd;

	snprintf(path, sizeof path, "%s/%s", top, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	expect_done(name, hs_make_dirs(path, 0755, &err), &err);
	*slash = '/';
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	expect_true(name, fd >= 0 && close(fd) == 0);
}

/* What a copy of this program in TOP/folder says. */
static void ask_copy(const char *top, const char *folder, char *answer, size_t size)
{
	char target[PATH_MAX], command[5 * PATH_MAX], self[PATH_MAX] = "";
	FILE *pipe;
	size_t length = 0;

	snprintf(target, sizeof target, "%s/%s/hsctl", top, folder);
	put_file(top, target + strlen(top) + 1);
	expect_true("own path", readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	snprintf(command, sizeof command, "cp '%s' '%s' && chmod 755 '%s' && '%s' --tell", self,
	    target,
	    target, target);
	pipe = popen(command, "r");
	if (expect_true("popen", pipe != NULL)) {
		length = fread(answer, 1, size - 1, pipe);
		pclose(pipe);
	}
	answer[length] = '\0';
}

static void test_clone(void)
{
	static const struct {
		const char *folder;
		bool in_clone;
	} places[] = {
		{ "build", true }, { "build/tests/unit", true }, { ".", true },
		{ "a/_build/sub", true },
		{ "build/stage/usr/bin", false }, { "build/stage/usr/sbin", false },
	};
	const char *top = hs_scratch_dir();

	put_file(top, "configure.ac");
	put_file(top, "common/settings_table.c");
	for (size_t i = 0; i < HS_COUNT(places); i++) {
		char got[2 * PATH_MAX], want[2 * PATH_MAX + 64];

		ask_copy(top, places[i].folder, got, sizeof got);
		snprintf(want, sizeof want, "%s %s%s%s", places[i].in_clone ? top : "none", top,
		    strcmp(places[i].folder, ".") == 0 ? "" : "/",
		    strcmp(places[i].folder, ".") == 0 ? "" : places[i].folder);
		expect_text(places[i].folder, got, want);
	}
}

static void test_no_clone(void)
{
	const char *top = hs_scratch_dir();
	char got[2 * PATH_MAX], want[2 * PATH_MAX];

	put_file(top, "configure.ac");		/* another project's */
	ask_copy(top, "build", got, sizeof got);
	snprintf(want, sizeof want, "none %s/build", top);
	expect_text("another project", got, want);
}

static void test_short_buffer(void)
{
	char buf[4] = "xyz";

	expect_true("too short", !hs_home_programs(buf, sizeof buf));
	expect_text("untouched", buf, "xyz");
}

int main(int argc, char **argv)
{
	static const struct hs_case cases[] = {
		{ "in a clone", test_clone },
		{ "in no clone", test_no_clone },
		{ "a short buffer", test_short_buffer },
	};

	if (argc == 2 && strcmp(argv[1], "--tell") == 0)
		return tell();
	return hs_run_suite("home", cases, HS_COUNT(cases));
}
