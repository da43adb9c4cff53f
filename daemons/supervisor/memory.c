/* memory.c: the machine's memory and its limits, as the kernel tells them.
 *
 * Never fails: what cannot be read sets no limit. */
#include "daemons/supervisor/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/number.h"

enum { LEAST_MB = 32, MOST_MB = 1024 };

/* The first line of a file that begins with start, without that and without its end. */
static bool read_line(const char *path, const char *start, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(buf, (int)size, file) != NULL)
		found = strncmp(buf, start, strlen(start)) == 0;
	fclose(file);
	if (!found)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	memmove(buf, buf + strlen(start), strlen(buf + strlen(start)) + 1);
	return true;
}

/* "max" is no number: no limit. */
static long long limit_of(const char *root, const char *group)
{
	char path[PATH_MAX], text[64];
	struct hs_error ignored = HS_ERROR_INIT;
	long long limit;

	if (snprintf(path, sizeof path, "%s%s/memory.max", root, group) >= (int)sizeof path ||
	    !read_line(path, "", text, sizeof text) ||
	    !hs_parse_int(text, 0, LLONG_MAX, "memory.max", &limit, &ignored))
		return LLONG_MAX;
	return limit;
}

long long memory_group_limit(const char *groups, const char *root)
{
	char group[PATH_MAX], *last;
	long long least = LLONG_MAX, limit;

	if (!read_line(groups, "0::", group, sizeof group))
		return LLONG_MAX;
	do {
		limit = limit_of(root, strcmp(group, "/") == 0 ? "" : group);
		if (limit < least)
			least = limit;
		if ((last = strrchr(group, '/')) != NULL)
			*last = '\0';
	} while (last != NULL);
	return least;
}

long long memory_share_mb(long long bytes)
{
	long long share = bytes / (4LL << 20);

	return share < LEAST_MB ? LEAST_MB : share > MOST_MB ? MOST_MB : share;
}

long long memory_database_mb(void)
{
	long long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	long long limit = memory_group_limit("/proc/self/cgroup", "/sys/fs/cgroup");

	if (pages > 0 && page > 0 && pages * page < limit)
		limit = pages * page;
	return memory_share_mb(limit);
}
