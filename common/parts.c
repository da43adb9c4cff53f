/* parts.c: one that went meanwhile was finished, or was swept by somebody else. */
#include "common/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/log.h"

static bool is_part(const char *name, const char *prefix)
{
	size_t length = strlen(name), suffix = strlen(HS_PART_SUFFIX);

	return length > suffix && strncmp(name, prefix, strlen(prefix)) == 0 &&
	    strcmp(name + length - suffix, HS_PART_SUFFIX) == 0;
}

static void complain(const char *message, const char *name, const char *what)
{
	if (errno != ENOENT)
		hs_log(HS_LOG_WARNING, message, HS_STR("file", name), HS_STR("of", what),
		    HS_STR("error", strerror(errno)));
}

static void sweep_part(int dir, const char *name, const char *what)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		complain("cannot open what was left behind", name, what);
		return;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (unlinkat(dir, name, 0) == 0)
			hs_log(HS_LOG_INFO, "removed what was left behind", HS_STR("file", name),
			    HS_STR("of", what));
		else
			complain("cannot remove what was left behind", name, what);
	}
	close(fd);
}

bool hs_parts_sweep(int dir, const char *prefix, const char *what, struct hs_error *err)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;
	bool done;

	if (stream == NULL) {
		hs_error_errno(err, "", "cannot open the folder");
		if (copy >= 0)
			close(copy);
		return false;
	}
	while (errno = 0, (entry = readdir(stream)) != NULL) {
		if (is_part(entry->d_name, prefix))
			sweep_part(dir, entry->d_name, what);
	}
	done = errno == 0 || hs_error_errno(err, "", "cannot read the folder");
	closedir(stream);
	return done;
}
