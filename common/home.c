/* home.c: finds the clone that a program was built in, by walking up from its own file.
 *
 * Trusts /proc. A program in a folder named bin or sbin is an installed one, even where
 * `make install DESTDIR=...` has put it inside a clone. */
#include "common/home.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Cuts the last component off; false when only the root is left. */
static bool cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || path[1] == '\0')
		return false;
	if (slash == path)
		slash++;
	*slash = '\0';
	return true;
}

static bool copy(const char *path, char *buf, size_t size)
{
	size_t length = strlen(path);

	if (length >= size)
		return false;
	memcpy(buf, path, length + 1);
	return true;
}

static bool program_folder(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (length <= 0)
		return false;
	path[length] = '\0';
	return cut_last(path);
}

static bool is_in(const char *path, const char *name)
{
	char whole[PATH_MAX];
	int length = snprintf(whole, sizeof whole, "%s/%s", path, name);

	return length > 0 && (size_t)length < sizeof whole && access(whole, R_OK) == 0;
}

static bool is_installed(const char *folder)
{
	const char *name = strrchr(folder, '/');

	return name != NULL && (strcmp(name, "/bin") == 0 || strcmp(name, "/sbin") == 0);
}

bool hs_home_clone(char *buf, size_t size)
{
	char path[PATH_MAX];

	if (!program_folder(path) || is_installed(path))
		return false;
	do {
		if (is_in(path, "configure.ac") && is_in(path, "common/settings_table.c"))
			return copy(path, buf, size);
	} while (cut_last(path));
	return false;
}

bool hs_home_programs(char *buf, size_t size)
{
	char path[PATH_MAX];

	return program_folder(path) && copy(path, buf, size);
}
