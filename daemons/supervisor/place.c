/* place.c: makes the folders we live in, as their owner wherever that is possible.
 *
 * As root we act as the daemons' user while we make folders within the state folder, so that
 * each level belongs to him, and only make as root (and hand over) what he may not. */
#include "daemons/supervisor/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/text.h"

enum { PATH_BYTES = 4096 };

static bool may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0;
}

/* New, or without content, as the folder of a new volume is. */
static bool is_empty(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool found = list == NULL;

	while (!found && (entry = readdir(list)) != NULL)
		found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, "lost+found") != 0;
	if (list != NULL)
		closedir(list);
	else if (copy >= 0)
		close(copy);
	return !found;
}

static bool hand_over(int dir, const char *path, mode_t mode, const struct identity *identity,
    struct hs_error *err)
{
	if (!is_empty(dir))
		return hs_error_set(err, HS_NO_PERMISSION, path,
		    "%s may not write here: make the folder his (chown -R %s: %s), or choose "
		    "another",
		    identity->name, identity->name, path);
	if (fchown(dir, identity->uid, identity->gid) != 0 || fchmod(dir, mode) != 0)
		return hs_error_errno(err, path, "cannot give it to %s", identity->name);
	return true;
}

/* Root shall not follow a link that the daemons' user has laid. */
static bool refuse_their_links(const char *path, const struct identity *identity,
    struct hs_error *err)
{
	char part[PATH_BYTES];
	struct stat info;

	if (!hs_format(part, sizeof part, err, "%s", path))
		return false;
	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL)
			*slash = '\0';
		if (lstat(part, &info) == 0 && S_ISLNK(info.st_mode) &&
		    info.st_uid == identity->uid)
			return hs_error_set(err, HS_NO_PERMISSION, part,
			    "this link is %s's, who may not make what it leads to: make it by hand",
			    identity->name);
		if (slash == NULL)
			return true;
		*slash = '/';
	}
}

/* Root makes it where the daemons' user may not, and hands it over. */
static bool make_as_root(const char *path, mode_t mode, const struct identity *identity,
    struct hs_error *err)
{
	int dir;
	bool done;

	if (!refuse_their_links(path, identity, err))
		return false;
	if (!hs_make_dirs(path, 0755, err) || !hs_dir_open(path, &dir, err))
		return false;
	done = hand_over(dir, path, mode, identity, err);
	close(dir);
	return done;
}

/* The group's bit is a convenience, and a sandbox may forbid it: the group of what is dropped is
 * then that of whoever drops it. */
static bool set_mode(const char *path, mode_t mode)
{
	if (chmod(path, mode) == 0)
		return true;
	if (errno != EPERM || (mode & S_ISGID) == 0 || chmod(path, mode & 0777) != 0)
		return false;
	hs_log(HS_LOG_WARNING,
	    "a new folder has no set-group-ID bit, which the sandbox forbids: files of others must be "
	    "readable by all, or chmod g+s", HS_STR("folder", path));
	return true;
}

static bool make_folder(const char *path, mode_t mode, const struct identity *identity,
    struct hs_error *err)
{
	struct hs_error first = HS_ERROR_INIT;
	bool done, was_there = access(path, F_OK) == 0;
	int why;

	if (!identity_act(identity, true, err))
		return false;
	done = hs_make_dirs(path, mode & 0777, &first) && may_write(path) &&
	    (was_there || set_mode(path, mode));
	why = first.code == HS_OK ? errno : first.sys_errno;
	if (!identity_act(identity, false, err))
		return false;
	if (done || (identity->changes && make_as_root(path, mode, identity, err)))
		return true;
	if (identity->changes)
		return false;
	if (why == EROFS)
		hs_error_set(&first, HS_NO_PERMISSION, path,
		    "it cannot be written: the file system is read-only, or is so for "
		    "hoopscout.service: `systemctl edit hoopscout`, [Service], ReadWritePaths=%s",
		    path);
	else if (first.code == HS_OK)
		hs_error_set(&first, HS_NO_PERMISSION, path,
		    "%s may not write here: make it his (chown %s %s), or choose another folder",
		    identity->name, identity->name, path);
	*err = first;
	return false;
}

bool place_make(const struct hs_settings *settings, const struct identity *identity,
    struct hs_error *err)
{
	const char *state = hs_setting_text(settings, HS_SET_STATE_DIR);
	char run[PATH_BYTES];

	/* anyone with rights of his own in a folder within must be able to pass through */
	return hs_format(run, sizeof run, err, "%s/run", state) &&
	    make_folder(state, 0755, identity, err) && make_folder(run, 0750, identity, err) &&
	    make_folder(hs_setting_text(settings, HS_SET_INCOMING_DIR), 02770, identity, err) &&
	    make_folder(hs_setting_text(settings, HS_SET_ARCHIVE_DIR), 02750, identity, err) &&
	    make_folder(hs_setting_text(settings, HS_SET_FAILED_DIR), 02770, identity, err);
}

/* One path, looked at as the daemons' user. */
static bool check_path(const struct identity *identity, int how, struct hs_error *err,
    const char *folder, const char *name, const char *advice)
{
	char path[PATH_BYTES];
	int why;

	if (!hs_format(path, sizeof path, err, "%s/%s", folder, name) ||
	    !identity_act(identity, true, err))
		return false;
	why = faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0 ? 0 : errno;
	if (!identity_act(identity, false, err))
		return false;
	errno = why;
	if (why == EACCES)
		return hs_error_set(err, HS_NO_PERMISSION, path,
		    "%s cannot reach this, and everything but hsd-supervisor runs as %s: %s",
		    identity->name, identity->name, advice);
	return why == 0 || hs_error_errno(err, path, "cannot use it: %s", advice);
}

bool place_check(const struct hs_settings *settings, const struct identity *identity,
    const char *programs, struct hs_error *err)
{
	static const char move[] = "install the programs (make install), open the folders on the "
	    "way (chmod o+x), or set HOOPSCOUT_USER to one who can";
	static const char open_up[] = "open the folders on the way to it (chmod o+x), or choose "
	    "another HOOPSCOUT_STATE_DIR";

	return check_path(identity, X_OK, err, programs, "hsd-supervisor", move) &&
	    check_path(identity, R_OK, err, hs_setting_text(settings, HS_SET_DATA_DIR), "sql",
		"set HOOPSCOUT_DATA_DIR to a folder that he can read") &&
	    check_path(identity, W_OK | X_OK, err, hs_setting_text(settings, HS_SET_STATE_DIR),
		"run", open_up);
}

/* Tells the next one who has it. */
static bool sign_lock(int fd, const char *path, struct hs_error *err)
{
	char line[32];
	int length = snprintf(line, sizeof line, "%d\n", (int)getpid());

	if (ftruncate(fd, 0) != 0)
		return hs_error_errno(err, path, "cannot write the lock file");
	return hs_file_write_all(fd, line, (size_t)length, err);
}

static bool refuse_second(int fd, const char *state, struct hs_error *err)
{
	struct hs_error ignored = HS_ERROR_INIT;
	char line[32] = "";
	size_t length = 0;

	if (!hs_file_read(fd, line, sizeof line - 1, &length, &ignored))
		length = 0;
	line[strspn(line, "0123456789")] = '\0';
	return hs_error_set(err, HS_BUSY, state,
	    "another hsd-supervisor (process %s) runs on this state folder: stop it first, or "
	    "choose another folder in HOOPSCOUT_STATE_DIR", line[0] != '\0' ? line : "unknown");
}

bool place_lock(const struct hs_settings *settings, int *ret_fd, struct hs_error *err)
{
	const char *state = hs_setting_text(settings, HS_SET_STATE_DIR);
	char path[PATH_BYTES];
	int fd;

	if (!hs_format(path, sizeof path, err, "%s/supervisor.lock", state))
		return false;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hs_error_errno(err, path, "cannot open the lock file");
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			refuse_second(fd, state, err);
		else
			hs_error_errno(err, path, "cannot lock it");
	} else if (sign_lock(fd, path, err)) {
		*ret_fd = fd;
		return true;
	}
	close(fd);
	return false;
}
