/* watch.c: inotify on incoming.
 *
 * Trusts events only as hints. Each way to lose them (overflow, the folder renamed, removed,
 * unmounted, mounted over) ends in a new watch and a scan; a limit of the kernel's leaves
 * us with the scan alone, and says which sysctl to raise. Problems are logged when they
 * begin and when they end. */
#include "daemons/importer/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

enum {
	WANTED = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
	READ_BYTES = 64 << 10,
	READS_AT_ONCE = 16,		/* then others on the loop have their turn */
	PROBLEM_BYTES = 512
};

struct watch {
	struct event_base *base;
	char *path;
	const struct watch_events *events;
	void *arg;
	int fd;			/* of inotify, -1 without */
	int wd;			/* of the folder, -1 when it is not watched */
	dev_t device;		/* the watched folder */
	ino_t inode;
	struct event *readable;
	char problem[PROBLEM_BYTES];	/* "": events come */
};

static void note_problem(struct watch *watch, const char *problem)
{
	if (strcmp(watch->problem, problem) == 0)
		return;
	snprintf(watch->problem, sizeof watch->problem, "%s", problem);
	if (problem[0] == '\0')
		hs_log(HS_LOG_INFO, "watching the incoming folder", HS_STR("folder", watch->path));
	else
		hs_log(HS_LOG_WARNING,
		    "no events from the incoming folder: going on by scanning it",
		    HS_STR("folder", watch->path), HS_STR("error", problem));
}

static void note_errno(struct watch *watch, const char *doing, int number)
{
	char problem[PROBLEM_BYTES];

	if (number == EMFILE)
		snprintf(problem, sizeof problem,
		    "%s: too many inotify instances: raise sysctl fs.inotify.max_user_instances "
		    "(or the limit of open files)", doing);
	else if (number == ENOSPC)
		snprintf(problem, sizeof problem,
		    "%s: too many inotify watches: raise sysctl fs.inotify.max_user_watches",
		    doing);
	else
		snprintf(problem, sizeof problem, "%s: %s", doing, strerror(number));
	note_problem(watch, problem);
}

static void forget_folder(struct watch *watch)
{
	if (watch->wd >= 0)
		inotify_rm_watch(watch->fd, watch->wd);		/* it may be gone already */
	watch->wd = -1;
}

static void close_inotify(struct watch *watch)
{
	if (watch->readable != NULL)
		event_free(watch->readable);
	watch->readable = NULL;
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = watch->wd = -1;
}

static void take_event(struct watch *watch, const struct inotify_event *event, bool *ret_scan)
{
	if (event->mask & IN_Q_OVERFLOW) {
		hs_log(HS_LOG_WARNING, "events of the incoming folder were lost: scanning it",
		    HS_STR("hint", "raise sysctl fs.inotify.max_queued_events"));
		*ret_scan = true;
	} else if (event->wd != watch->wd) {
		return;			/* of a watch that was given up */
	} else if (event->mask & (IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)) {
		note_problem(watch, "the folder was removed, renamed or unmounted");
		if (event->mask & (IN_IGNORED | IN_UNMOUNT))
			watch->wd = -1;
		forget_folder(watch);
		*ret_scan = true;
	} else if (event->len > 0) {
		watch->events->on_name(watch->arg, event->name);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	char buf[READ_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct watch *watch = arg;
	bool scan = false;

	(void)what;
	for (int reads = 0; reads < READS_AT_ONCE; reads++) {
		ssize_t length = read((int)fd, buf, sizeof buf);

		if (length <= 0) {
			if (length < 0 && errno != EAGAIN && errno != EINTR)
				note_errno(watch, "cannot read events", errno);
			break;
		}
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event =
			    (const struct inotify_event *)(buf + at);

			take_event(watch, event, &scan);
			at += (ssize_t)(sizeof *event + event->len);
		}
	}
	if (scan)
		watch->events->on_scan(watch->arg);
}

static bool open_inotify(struct watch *watch)
{
	if (watch->fd >= 0)
		return true;
	if ((watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) < 0) {
		note_errno(watch, "cannot use inotify", errno);
		return false;
	}
	watch->readable =
	    event_new(watch->base, watch->fd, EV_READ | EV_PERSIST, on_readable, watch);
	if (watch->readable == NULL || event_add(watch->readable, NULL) != 0) {
		close_inotify(watch);
		note_problem(watch, "no memory for the events");
		return false;
	}
	return true;
}

static void watch_folder(struct watch *watch)
{
	struct stat info;
	int wd = inotify_add_watch(watch->fd, watch->path, WANTED);

	if (wd < 0) {
		note_errno(watch, "cannot watch the folder", errno);
		return;
	}
	watch->wd = wd;
	/* should it be replaced between these two calls, the next check sees that */
	if (stat(watch->path, &info) != 0) {
		note_errno(watch, "cannot look at the folder", errno);
		forget_folder(watch);
		return;
	}
	watch->device = info.st_dev;
	watch->inode = info.st_ino;
	note_problem(watch, "");
}

void watch_check(struct watch *watch)
{
	struct stat info;

	if (watch->wd >= 0 && stat(watch->path, &info) == 0 && info.st_dev == watch->device &&
	    info.st_ino == watch->inode)
		return;
	if (watch->wd >= 0) {
		note_problem(watch, "another folder is in its place now");
		forget_folder(watch);
	}
	if (open_inotify(watch))
		watch_folder(watch);
}

bool watch_new(struct event_base *base, const char *path, const struct watch_events *events,
    void *arg, struct watch **ret, struct hs_error *err)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to watch a folder");
	*watch = (struct watch){ .base = base, .path = strdup(path), .events = events, .arg = arg,
		.fd = -1, .wd = -1, .problem = "not watched yet" };
	if (watch->path == NULL) {
		free(watch);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to watch a folder");
	}
	watch_check(watch);
	*ret = watch;
	return true;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	close_inotify(watch);
	free(watch->path);
	free(watch);
}

const char *watch_problem(const struct watch *watch)
{
	return watch->problem[0] != '\0' ? watch->problem : NULL;
}
