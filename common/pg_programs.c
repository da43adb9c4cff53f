/* pg_programs.c: a cluster can only be run by the major version that made it. */
#include "common/pg_programs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/number.h"
#include "common/text.h"

enum { OLDEST_MAJOR = 14, NEWEST_MAJOR = 99, VERSION_BYTES = 64 };

static bool has_programs(const char *dir)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/initdb", dir) < (int)sizeof path &&
	    access(path, X_OK) == 0 &&
	    snprintf(path, sizeof path, "%s/postgres", dir) < (int)sizeof path &&
	    access(path, X_OK) == 0;
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

static bool find_in_path(char *ret, size_t size)
{
	const char *path = getenv("PATH");
	char copy[8192], *rest = copy, *dir;

	if (path == NULL || snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
		return false;
	while ((dir = strsep(&rest, ":")) != NULL)
		if (dir[0] == '/' && has_programs(dir))
			return snprintf(ret, size, "%s", dir) < (int)size;
	return false;
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
		return hs_format(ret, size, err, "%s", wanted);
	}
	if (data != NULL && find_major(major, ret, size))
		return true;
	if (data == NULL && find_newest(ret, size))
		return true;
	if (find_in_path(ret, size))
		return true;
	if (data != NULL)
		return hs_error_set(err, HS_NOT_FOUND, data,
		    "this cluster was made by PostgreSQL %d, which is not installed: install "
		    "postgresql-%d, or name its programs' folder in HOOPSCOUT_POSTGRES_BIN_DIR",
		    major, major);
	return hs_error_set(err, HS_NOT_FOUND, "",
	    "PostgreSQL is not installed: install the package postgresql, name its programs' "
	    "folder in HOOPSCOUT_POSTGRES_BIN_DIR, or set POSTGRES_HOST");
}
