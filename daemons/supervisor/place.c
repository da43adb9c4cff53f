/* place.c: makes the folders we live in, as their owner wherever that is possible.
 *
 * As root we act as the daemons' user while we make folders within the state folder, so that
 * each level belongs to him, and only make as root (and hand over) what he may not. */
#include "daemons/supervisor/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

enum { PATH_BYTES = 4096 };

static bool act_as(const struct identity *identity, bool as_them, struct hs_error *err)
{
	if (!identity->changes)
		return true;
	if (as_them ? setegid(identity->gid) == 0 && seteuid(identity->uid) == 0
		    : seteuid(0) == 0 && setegid(0) == 0)
		return true;
	return hs_error_errno(err, "", "cannot change to %s and back", identity->name);
}

static bool may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0;
}

/* As root: makes it, and hands it over when it was not there or is root's and empty of meaning. */
static bool make_as_root(const char *path, mode_t mode, const struct identity *identity,
    struct hs_error *err)
{
	struct stat before;
	bool is_new = stat(path, &before) != 0;

	if (!hs_make_dirs(path, 0755, err))
		return false;
	if (!is_new && before.st_uid != 0)
		return true;
	if (chown(path, identity->uid, identity->gid) != 0 || chmod(path, mode) != 0)
		return hs_error_errno(err, path, "cannot give it to %s", identity->name);
	return true;
}

static bool make_folder(const char *path, mode_t mode, const struct identity *identity,
    struct hs_error *err)
{
	struct hs_error first = HS_ERROR_INIT;
	bool done, was_there = access(path, F_OK) == 0;

	if (!act_as(identity, true, err))
		return false;
	done = hs_make_dirs(path, mode & 0777, &first) && may_write(path) &&
	    (was_there || chmod(path, mode) == 0);
	if (!act_as(identity, false, err))
		return false;
	if (done || (identity->changes && make_as_root(path, mode, identity, err)))
		return true;
	if (identity->changes)
		return false;
	if (first.code == HS_OK)
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
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret_fd = fd;
		return true;
	}
	if (errno == EWOULDBLOCK)
		hs_error_set(err, HS_BUSY, state, "another hsd-supervisor runs on this state folder: stop it "
		    "first, or choose another folder in HOOPSCOUT_STATE_DIR");
	else
		hs_error_errno(err, path, "cannot lock it");
	close(fd);
	return false;
}
