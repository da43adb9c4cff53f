/* pg_programs.c: a cluster can only be run by the major version that made it. */
#include "common/pg_programs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/number.h"
#include "common/text.h"

enum { OLDEST_MAJOR = 14, NEWEST_MAJOR = 99, VERSION_BYTES = 64 };

static bool has_program(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path &&
	    access(path, X_OK) == 0;
}

static bool has_programs(const char *dir)
{
	return has_program(dir, "initdb") && has_program(dir, "postgres");
}

/* The major version that made the cluster. */
static bool read_major(const char *data, int *ret, struct hs_error *err)
{
	char path[PATH_MAX], *text = NULL;
	size_t length;
	long long major;
	bool done;

	if (!hs_format(path, sizeof path, err, "%s/PG_VERSION", data) ||
	    !hs_file_slurp(AT_FDCWD, path, VERSION_BYTES, &text, &length, err))
		return false;
	text[strcspn(text, "\n")] = '\0';
	done = hs_parse_int(text, 1, NEWEST_MAJOR, "PG_VERSION", &major, err);
	free(text);
	if (!done) {
		hs_error_at(err, path);
		return false;
	}
	*ret = (int)major;
	return true;
}

static bool find_major(int major, char *ret, size_t size)
{
	char dir[64];

	snprintf(dir, sizeof dir, "/usr/lib/postgresql/%d/bin", major);
	return has_programs(dir) && snprintf(ret, size, "%s", dir) < (int)size;
}

static bool find_newest(char *ret, size_t size)
{
	for (int major = NEWEST_MAJOR; major >= OLDEST_MAJOR; major--)
		if (find_major(major, ret, size))
			return true;
	return false;
}

/* program NULL: initdb and postgres. */
static bool find_in_path(const char *program, char *ret, size_t size)
{
	const char *path = getenv("PATH");
	char copy[8192], *rest = copy, *dir;

	if (path == NULL || snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
		return false;
	while ((dir = strsep(&rest, ":")) != NULL)
		if (dir[0] == '/' &&
		    (program == NULL ? has_programs(dir) : has_program(dir, program)))
			return snprintf(ret, size, "%s", dir) < (int)size;
	return false;
}

/* The major version of a folder's postgres ("postgres (PostgreSQL) 15.8"); 0: it does not say. */
static int ask_major(const char *dir)
{
	static const char begin[] = "postgres (PostgreSQL) ";
	char path[PATH_MAX], words[128] = "";
	struct hs_error ignored = HS_ERROR_INIT;
	long long major = 0;
	size_t length = 0;
	int ends[2];
	pid_t pid;

	if (!hs_format(path, sizeof path, &ignored, "%s/postgres", dir) ||
	    pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execl(path, path, "--version", (char *)NULL);
		_exit(126);
	}
	close(ends[1]);
	if (pid > 0 && hs_file_read(ends[0], words, sizeof words - 1, &length, &ignored))
		words[length] = '\0';
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (strncmp(words, begin, strlen(begin)) != 0)
		return 0;
	words[strlen(begin) + strspn(words + strlen(begin), "0123456789")] = '\0';
	if (!hs_parse_int(words + strlen(begin), 1, NEWEST_MAJOR, "", &major, &ignored))
		return 0;
	return (int)major;
}

static bool check_major(const char *dir, const char *data, int major, struct hs_error *err)
{
	int theirs = ask_major(dir);

	return theirs == 0 || theirs == major || hs_error_set(err, HS_BAD_SETTING,
	    "HOOPSCOUT_POSTGRES_BIN_DIR",
	    "%.200s has PostgreSQL %d, and the cluster in %.200s was made by %d, which alone can "
	    "run it: name the folder of that one; how to go on with a newer one is in "
	    "hsd-supervisor(8)",
	    dir, theirs, data, major);
}

bool pg_programs_find(const char *wanted, const char *data, char *ret, size_t size,
    struct hs_error *err)
{
	int major = 0;

	if (data != NULL && !read_major(data, &major, err))
		return false;
	if (wanted[0] != '\0') {
		if (!has_programs(wanted))
			return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_POSTGRES_BIN_DIR",
			    "%s has no initdb and postgres in it", wanted);
		return (data == NULL || check_major(wanted, data, major, err)) &&
		    hs_format(ret, size, err, "%s", wanted);
	}
	if (data != NULL && find_major(major, ret, size))
		return true;
	if (data == NULL && find_newest(ret, size))
		return true;
	if (find_in_path(NULL, ret, size) && (data == NULL || ask_major(ret) == major))
		return true;
	if (data != NULL)
		return hs_error_set(err, HS_NOT_FOUND, data,
		    "this cluster was made by PostgreSQL %d, which is not installed: install "
		    "postgresql-%d, or name its programs' folder in HOOPSCOUT_POSTGRES_BIN_DIR; "
		    "how to go on with a newer one is in hsd-supervisor(8)",
		    major, major);
	return hs_error_set(err, HS_NOT_FOUND, "",
	    "PostgreSQL is not installed: install the package postgresql, name its programs' "
	    "folder in HOOPSCOUT_POSTGRES_BIN_DIR, or set POSTGRES_HOST");
}

static bool find_client_major(const char *program, int major, char *ret, size_t size)
{
	char dir[64];

	snprintf(dir, sizeof dir, "/usr/lib/postgresql/%d/bin", major);
	return has_program(dir, program) && snprintf(ret, size, "%s", dir) < (int)size;
}

bool pg_programs_find_client(const char *wanted, const char *program, int major, char *ret,
    size_t size, struct hs_error *err)
{
	if (wanted[0] != '\0' && has_program(wanted, program))
		return hs_format(ret, size, err, "%s", wanted);
	if (find_client_major(program, major, ret, size))
		return true;
	for (int newer = NEWEST_MAJOR; newer > major; newer--)
		if (find_client_major(program, newer, ret, size))
			return true;
	if (find_in_path(program, ret, size))
		return true;
	return hs_error_set(err, HS_NOT_FOUND, "",
	    "there is no %s for PostgreSQL %d: install postgresql-client-%d, or name its folder in "
	    "HOOPSCOUT_POSTGRES_BIN_DIR", program, major, major);
}
