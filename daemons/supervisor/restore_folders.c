/* restore_folders.c: staging, setting aside, and putting in place, all by rename within one folder.
 *
 * Three states of a folder, told by names in it: ".restoring-STAMP" (the old may be partly aside),
 * ".restored-STAMP" (the old is aside, the new partly in place), neither (done). A file that comes
 * meanwhile is never overwritten: hs_file_move gives way to a taken name. */
#include "daemons/supervisor/restore_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "daemons/supervisor/backup_folders.h"

enum { STAGE_NAME_BYTES = 64 };

#define ASIDE "before-restore-"

static const char *path_of(const struct hs_settings *settings, int folder)
{
	return hs_setting_text(settings, backup_folder_setting((enum backup_folder)folder));
}

static void name_of(char name[STAGE_NAME_BYTES], const char *prefix, const char *stamp)
{
	snprintf(name, STAGE_NAME_BYTES, "%s%.32s", prefix, stamp);
}

/* *ret_fd is -1 when there is no such folder. */
static bool open_inner(int dir, const char *name, int *ret_fd, struct hs_error *err)
{
	*ret_fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd >= 0 || errno == ENOENT ||
	    hs_error_errno(err, name, "cannot open the folder");
}

/* ---- staging ---- */

bool restore_stage(const struct hs_settings *settings, const char *stamp, struct hs_error *err)
{
	char name[STAGE_NAME_BYTES];

	name_of(name, ".restoring-", stamp);
	for (int i = 0; i < FOLDER_COUNT; i++) {
		int dir;
		bool done;

		if (!hs_dir_open(path_of(settings, i), &dir, err))
			return false;
		done = mkdirat(dir, name, 0750) == 0 ||
		    hs_error_errno(
			err, path_of(settings, i), "cannot make a folder for the new files in it");
		close(dir);
		if (!done)
			return false;
	}
	return true;
}

static bool folder_of(const char *member, int *ret, const char **ret_name)
{
	for (int i = 0; i < FOLDER_COUNT; i++) {
		const char *name = backup_folder_name((enum backup_folder)i);
		size_t length = strlen(name);

		if (strncmp(member, name, length) == 0 && member[length] == '/') {
			*ret = i;
			*ret_name = member + length + 1;
			return true;
		}
	}
	return false;
}

bool restore_file_begin(const struct hs_settings *settings, const char *stamp,
    const struct hs_backup_member *member, struct restore_file *ret, struct hs_error *err)
{
	char path[PATH_MAX];
	const char *name;
	int folder;

	if (!folder_of(member->name, &folder, &name))
		hs_panic("%s belongs to no folder", member->name);
	if (!hs_format(path, sizeof path, err, "%s/.restoring-%s/%s", path_of(settings, folder),
		stamp, name))
		return false;
	ret->member = *member;
	ret->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ret->fd >= 0)
		return true;
	if (errno == EEXIST)
		return hs_error_set(err, HS_BAD_BACKUP, member->name,
		    "%.200s is in the backup twice", member->name);
	return hs_error_errno(err, member->name, "cannot write it");
}

bool restore_file_end(struct restore_file *file, struct hs_error *err)
{
	struct timespec times[2] = { { .tv_sec = file->member.changed_at },
		{ .tv_sec = file->member.changed_at } };
	bool done =
	    fchmod(file->fd, file->member.mode & 0777) == 0 && futimens(file->fd, times) == 0;

	if (!done)
		hs_error_errno(err, file->member.name, "cannot set its rights and time");
	if (close(file->fd) != 0 && done)
		done = hs_error_errno(err, file->member.name, "cannot write it");
	file->fd = -1;
	return done;
}

bool restore_sync(const struct hs_settings *settings, const char *stamp, struct hs_error *err)
{
	(void)stamp;
	for (int i = 0; i < FOLDER_COUNT; i++) {
		int dir;
		bool done;

		if (!hs_dir_open(path_of(settings, i), &dir, err))
			return false;
		done = syncfs(dir) == 0 ||
		    hs_error_errno(err, path_of(settings, i), "cannot flush the files to the disk");
		close(dir);
		if (!done)
			return false;
	}
	return true;
}

/* ---- what is there ---- */

static bool count_one(void *arg, int dir, const char *name, struct hs_error *err)
{
	long long *count = arg;
	struct stat info;

	(void)err;
	if (backup_takes(name) && fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(info.st_mode))
		(*count)++;
	return true;
}

bool restore_describe_folders(
    const struct hs_settings *settings, char *buf, size_t size, struct hs_error *err)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < FOLDER_COUNT; i++) {
		long long count = 0;
		int dir;
		bool done;

		if (!hs_dir_open(path_of(settings, i), &dir, err))
			return false;
		done = hs_dir_each(dir, "", count_one, &count, err);
		close(dir);
		if (!done)
			return false;
		if (count > 0 && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%lld %s in %s",
			    at > 0 ? ", " : "", count, count == 1 ? "file" : "files",
			    backup_folder_name((enum backup_folder)i));
	}
	return true;
}

/* ---- putting in place ---- */

struct aside {
	char name[STAGE_NAME_BYTES];
	int fd; /* -1: not made yet */
	size_t moved;
};

struct target {
	int dir;
	size_t moved;
};

static bool is_ours(const char *name)
{
	return strncmp(name, ".restoring-", 11) == 0 || strncmp(name, ".restored-", 10) == 0 ||
	    strncmp(name, ASIDE, strlen(ASIDE)) == 0 || strcmp(name, "lost+found") == 0;
}

static bool set_aside(void *arg, int dir, const char *name, struct hs_error *err)
{
	struct aside *aside = arg;

	if (is_ours(name))
		return true;
	if (aside->fd < 0) {
		if (mkdirat(dir, aside->name, 0750) != 0 && errno != EEXIST)
			return hs_error_errno(
			    err, aside->name, "cannot make a folder for the old files");
		if (!open_inner(dir, aside->name, &aside->fd, err))
			return false;
	}
	aside->moved++;
	return renameat(dir, name, aside->fd, name) == 0 || errno == ENOENT ||
	    hs_error_errno(err, name, "cannot move it to %s", aside->name);
}

static bool put_in_place(void *arg, int dir, const char *name, struct hs_error *err)
{
	struct target *to = arg;
	char used[NAME_MAX + 1];

	to->moved++;
	return hs_file_move(dir, name, to->dir, name, used, sizeof used, err);
}

/* First half: the old aside; then the stage has its other name. */
static bool clear_folder(int dir, const char *stamp, struct hs_error *err)
{
	char staged[STAGE_NAME_BYTES], cleared[STAGE_NAME_BYTES];
	struct aside aside = { .fd = -1 };
	struct stat info;
	bool done;

	name_of(staged, ".restoring-", stamp);
	name_of(cleared, ".restored-", stamp);
	name_of(aside.name, ASIDE, stamp);
	if (fstatat(dir, staged, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ||
		    hs_error_errno(err, staged, "cannot look at the new files");
	do { /* whoever reads a folder that changes may miss some */
		aside.moved = 0;
		done = hs_dir_each(dir, "", set_aside, &aside, err);
	} while (done && aside.moved > 0);
	done = done &&
	    (aside.fd < 0 || fsync(aside.fd) == 0 ||
		hs_error_errno(err, aside.name, "cannot flush it to the disk"));
	if (aside.fd >= 0)
		close(aside.fd);
	if (done && renameat(dir, staged, dir, cleared) != 0)
		done = hs_error_errno(err, staged, "cannot rename the folder of the new files");
	return done &&
	    (fsync(dir) == 0 || hs_error_errno(err, cleared, "cannot flush it to the disk"));
}

static bool fill_folder(int dir, const char *stamp, struct hs_error *err)
{
	char cleared[STAGE_NAME_BYTES];
	struct target to = { .dir = dir };
	int from;
	bool done;

	name_of(cleared, ".restored-", stamp);
	if (!open_inner(dir, cleared, &from, err))
		return false;
	if (from < 0)
		return true;
	do {
		to.moved = 0;
		done = hs_dir_each(from, "", put_in_place, &to, err);
	} while (done && to.moved > 0);
	close(from);
	return done &&
	    (unlinkat(dir, cleared, AT_REMOVEDIR) == 0 ||
		hs_error_errno(err, cleared, "cannot remove this folder")) &&
	    (fsync(dir) == 0 || hs_error_errno(err, cleared, "cannot flush it to the disk"));
}

bool restore_place(const struct hs_settings *settings, const char *stamp, struct hs_error *err)
{
	for (int i = 0; i < FOLDER_COUNT; i++) {
		int dir;
		bool done;

		if (!hs_dir_open(path_of(settings, i), &dir, err))
			return false;
		done = clear_folder(dir, stamp, err) && fill_folder(dir, stamp, err);
		close(dir);
		if (!done)
			return false;
	}
	return true;
}

/* ---- back ---- */

static bool remove_one(void *arg, int dir, const char *name, struct hs_error *err)
{
	(void)arg;
	return unlinkat(dir, name, 0) == 0 || errno == ENOENT ||
	    hs_error_errno(err, name, "cannot remove a file that was to be restored");
}

bool restore_unstage(const struct hs_settings *settings, const char *stamp, struct hs_error *err)
{
	char name[STAGE_NAME_BYTES];

	name_of(name, ".restoring-", stamp);
	for (int i = 0; i < FOLDER_COUNT; i++) {
		int dir, stage;
		bool done;

		if (!hs_dir_open(path_of(settings, i), &dir, err))
			return false;
		done = open_inner(dir, name, &stage, err);
		if (done && stage >= 0) {
			done = hs_dir_each(stage, "", remove_one, NULL, err) &&
			    (unlinkat(dir, name, AT_REMOVEDIR) == 0 ||
				hs_error_errno(err, name, "cannot remove this folder"));
			close(stage);
		}
		close(dir);
		if (!done)
			return false;
	}
	return true;
}
