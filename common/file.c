/* file.c: writing and moving files so that a crash leaves one whole copy, never none.
 *
 * Trusts the descriptors of folders, not the names in them: a link in the place of a file
 * that is written, copied or read for copying is refused. What cannot be finished is taken
 * back as far as the file system lets us, and the source of a move stays whole. */
#include "common/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

enum {
	COPY_BYTES = 256 << 10,
	MAX_SUFFIX = 100000,		/* files of one name in a folder */
	PART_MODE = 0600		/* of a copy that is not finished */
};

bool hs_file_write_all(int fd, const void *bytes, size_t length, struct hs_error *err)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return hs_error_errno(err, "", "cannot write");
		at += written;
		length -= (size_t)written;
	}
	return true;
}

bool hs_file_read(int fd, void *bytes, size_t length, size_t *ret_length, struct hs_error *err)
{
	char *at = bytes;
	size_t done = 0;

	while (done < length) {
		ssize_t got = read(fd, at + done, length - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hs_error_errno(err, "", "cannot read");
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret_length = done;
	return true;
}

/* Reads to the end into memory that grows from hint bytes to at most max_bytes. */
static bool read_to_end(int fd, const char *name, size_t hint, size_t max_bytes, char **ret_text,
    size_t *ret_length, struct hs_error *err)
{
	size_t room = hint < max_bytes ? hint + 1 : max_bytes + 1, length = 0, got;
	char *text = NULL, *larger;

	for (;;) {
		larger = realloc(text, room + 1);
		if (larger == NULL) {
			hs_error_set(err, HS_NO_MEMORY, name, "no memory to read the file");
			break;
		}
		text = larger;
		if (!hs_file_read(fd, text + length, room - length, &got, err)) {
			hs_error_at(err, name);
			break;
		}
		length += got;
		if (length > max_bytes) {
			hs_error_set(err, HS_TOO_LONG, name,
			    "the file has more than the %zu bytes that are allowed", max_bytes);
			break;
		}
		if (length < room) {
			text[length] = '\0';
			*ret_text = text;
			*ret_length = length;
			return true;
		}
		room = room > max_bytes / 2 ? max_bytes + 1 : 2 * room;
	}
	free(text);
	return false;
}

bool hs_file_slurp(int dir, const char *name, size_t max_bytes, char **ret_text,
    size_t *ret_length, struct hs_error *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer */
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat info;
	bool done = false;

	if (fd < 0)
		return hs_error_errno(err, name, "cannot open the file");
	if (fstat(fd, &info) != 0)
		hs_error_errno(err, name, "cannot look at the file");
	else if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode))
		hs_error_set(err, HS_IO, name, "this is not a file");
	else
		done = read_to_end(fd, name, info.st_size > 0 ? (size_t)info.st_size : 4096,
		    max_bytes,
		    ret_text, ret_length, err);
	close(fd);
	return done;
}

/* fsync of a folder. Some file systems (CIFS, FUSE) have none for folders. */
static bool sync_dir(int dir, const char *name, struct hs_error *err)
{
	int fd = dir == AT_FDCWD ? open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : dir;
	bool done = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == EBADF);

	if (!done)
		hs_error_errno(err, name, "cannot make the folder's change durable");
	if (dir == AT_FDCWD && fd >= 0)
		close(fd);
	return done;
}

bool hs_file_publish(int dir, const char *part, const char *final, int *fd, struct hs_error *err)
{
	bool is_synced = fsync(*fd) == 0;

	if (!is_synced)
		hs_error_errno(err, part, "cannot make the file durable");
	if (close(*fd) != 0 && is_synced) {
		is_synced = false;
		hs_error_errno(err, part, "cannot finish the file");
	}
	*fd = -1;
	if (is_synced && renameat(dir, part, dir, final) != 0)
		hs_error_errno(err, final, "cannot give the file its name");
	else if (is_synced)
		return sync_dir(dir, final, err);
	unlinkat(dir, part, 0);
	return false;
}

bool hs_file_write(int dir, const char *name, const void *bytes, size_t length, mode_t mode,
    struct hs_error *err)
{
	char part[NAME_MAX + 1];
	int fd;

	if (!hs_format(part, sizeof part, err, "%s.part", name))
		return false;
	fd = openat(dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return hs_error_errno(err, part, "cannot create the file");
	if (hs_file_write_all(fd, bytes, length, err))
		return hs_file_publish(dir, part, name, &fd, err);
	hs_error_at(err, part);
	close(fd);
	unlinkat(dir, part, 0);
	return false;
}

/* The longest start of text that has at most so many bytes and ends with a character. */
static size_t cut_length(const char *text, size_t length, size_t most)
{
	if (length <= most)
		return length;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

void hs_file_nth_name(const char *name, int n, char *ret_name)
{
	const char *ending = strrchr(name, '.');
	size_t stem, ending_length;
	char number[16];

	if (n == 0) {
		snprintf(ret_name, NAME_MAX + 1, "%s", name);
		return;
	}
	if (ending == NULL || ending == name || strlen(ending) > NAME_MAX / 2)
		ending = name + strlen(name);
	ending_length = strlen(ending);
	snprintf(number, sizeof number, ".%d", n);
	stem = cut_length(name, (size_t)(ending - name), NAME_MAX - strlen(number) - ending_length);
	snprintf(ret_name, NAME_MAX + 1, "%.*s%s%s", (int)stem, name, number, ending);
}

/* rename that never replaces, where the file system has no such call: a second link, or
 * else a placeholder of ours that the rename may replace. errno as rename has it. */
static int rename_by_other_means(int from_dir, const char *from, int to_dir, const char *to)
{
	int fd, number;

	if (linkat(from_dir, from, to_dir, to, 0) == 0) {
		if (unlinkat(from_dir, from, 0) == 0)
			return 0;
	} else {
		if (errno == EEXIST || errno == EXDEV || errno == ENOENT)
			return -1;
		fd = openat(to_dir, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    PART_MODE);
		if (fd < 0)
			return -1;
		close(fd);
		if (renameat(from_dir, from, to_dir, to) == 0)
			return 0;
	}
	number = errno;
	unlinkat(to_dir, to, 0);
	errno = number;
	return -1;
}

static int rename_no_replace(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return rename_by_other_means(from_dir, from, to_dir, to);
}

/* Renames to the first name that is free. False: *err is filled, but for EXDEV, which is
 * told by *ret_other_device. */
static bool rename_to_free_name(int from_dir, const char *from, int to_dir, const char *to_name,
    char ret_name[NAME_MAX + 1], bool *ret_other_device, struct hs_error *err)
{
	char name[NAME_MAX + 1];

	*ret_other_device = false;
	for (int n = 0; n < MAX_SUFFIX; n++) {
		hs_file_nth_name(to_name, n, name);
		if (rename_no_replace(from_dir, from, to_dir, name) == 0) {
			memcpy(ret_name, name, sizeof name);
			return true;
		}
		if (errno == EXDEV) {
			*ret_other_device = true;
			return false;
		}
		if (errno != EEXIST)
			return hs_error_errno(err, from, "cannot move the file to %s", name);
	}
	return hs_error_set(err, HS_LIMIT, from,
	    "cannot move the file: %d files of this name are there already", MAX_SUFFIX);
}

bool hs_file_publish_new(int dir, const char *part, const char *final, int *fd, char *ret_name,
    size_t name_bytes, struct hs_error *err)
{
	char name[NAME_MAX + 1];
	bool is_elsewhere, done = false;

	if (strlen(final) > NAME_MAX || name_bytes <= NAME_MAX)
		hs_error_set(err, HS_TOO_LONG, final,
		    "the name, or the room for it, is not a file name's");
	else if (fsync(*fd) != 0)
		hs_error_errno(err, part, "cannot make the file durable");
	else if (rename_to_free_name(dir, part, dir, final, name, &is_elsewhere, err))
		done = true;
	else if (is_elsewhere)
		hs_error_set(err, HS_IO, final, "cannot give the file its name");
	if (!done)
		unlinkat(dir, part, 0);
	/* what it holds is on the disk already */
	close(*fd);
	*fd = -1;
	if (!done)
		return false;
	/* whoever watches the folder has it: there is no way back */
	(void)!sync_dir(dir, name, err);
	memcpy(ret_name, name, sizeof name);
	return true;
}

static bool is_same_file(int dir, const char *name, const struct stat *info)
{
	struct stat now;

	return fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == info->st_dev &&
	    now.st_ino == info->st_ino;
}

/* Opens the dot file that a copy grows in, and locks it, so that two movers of one name do
 * not write into each other's. */
static bool open_part(int dir, const char *part, int *ret_fd, struct hs_error *err)
{
	struct stat info;
	int fd = openat(dir, part, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    PART_MODE);

	if (fd < 0)
		return hs_error_errno(err, part, "cannot create the copy");
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		hs_error_set(err, HS_BUSY, part, "another program is moving a file of this name");
	else if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || ftruncate(fd, 0) != 0)
		hs_error_errno(err, part, "cannot start the copy");
	else if (!is_same_file(dir, part, &info))
		hs_error_set(err, HS_BUSY, part,
		    "another program has just moved a file of this name");
	else {
		*ret_fd = fd;
		return true;
	}
	close(fd);
	return false;
}

static bool copy_bytes(int from, int to, struct hs_error *err)
{
	char *buf = malloc(COPY_BYTES);
	size_t length = COPY_BYTES;
	bool done = true;

	if (buf == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to copy the file");
	while (done && length == COPY_BYTES)
		done = hs_file_read(from, buf, COPY_BYTES, &length, err) &&
		    hs_file_write_all(to, buf, length, err);
	free(buf);
	return done;
}

static bool has_changed(int fd, const struct stat *before)
{
	struct stat now;

	return fstat(fd, &now) != 0 || now.st_size != before->st_size ||
	    now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* Fills the part with the source's bytes, rights and time, durably. */
static bool fill_part(int from, const char *from_name, const struct stat *info, int to,
    const char *part, struct hs_error *err)
{
	const struct timespec times[2] = { info->st_atim, info->st_mtim };

	if (!copy_bytes(from, to, err)) {
		hs_error_at(err, from_name);
		return false;
	}
	if (has_changed(from, info))
		return hs_error_set(err, HS_FILE_CHANGED, from_name,
		    "the file was changed while it was copied");
	if (fchmod(to, info->st_mode & 0777) != 0 || futimens(to, times) != 0 || fsync(to) != 0)
		return hs_error_errno(err, part, "cannot finish the copy");
	return true;
}

/* The move across file systems, from an open source. */
static bool copy_and_unlink(int from_dir, const char *from_name, int from, int to_dir,
    const char *to_name, char ret_name[NAME_MAX + 1], struct hs_error *err)
{
	char part[NAME_MAX + 1], name[NAME_MAX + 1];
	bool other_device, done = false;
	struct stat info;
	int to = -1;

	snprintf(part, sizeof part, ".%.*s.moving",
	    (int)cut_length(to_name, strlen(to_name), NAME_MAX - strlen("..moving")), to_name);
	if (fstat(from, &info) != 0)
		return hs_error_errno(err, from_name, "cannot look at the file");
	if (!open_part(to_dir, part, &to, err))
		return false;
	if (!fill_part(from, from_name, &info, to, part, err) ||
	    !rename_to_free_name(to_dir, part, to_dir, to_name, name, &other_device, err)) {
		unlinkat(to_dir, part, 0);
		goto out;
	}
	if (!sync_dir(to_dir, name, err)) {
		unlinkat(to_dir, name, 0);
		goto out;
	}
	/* A new file under the source's name is not ours to remove. */
	if (is_same_file(from_dir, from_name, &info) && unlinkat(from_dir, from_name, 0) != 0) {
		hs_error_errno(err, from_name, "cannot remove the file once it is copied");
		unlinkat(to_dir, name, 0);
		goto out;
	}
	done = sync_dir(from_dir, from_name, err);
	if (done)
		memcpy(ret_name, name, sizeof name);
out:
	close(to);
	return done;
}

/* Renames an open (or unreadable: -1) source durably. */
static bool rename_and_sync(int from_dir, const char *from_name, int from, int to_dir,
    const char *to_name, char ret_name[NAME_MAX + 1], bool *ret_other_device, struct hs_error *err)
{
	char name[NAME_MAX + 1];

	*ret_other_device = false;
	if (from >= 0 && fsync(from) != 0 && errno != EINVAL && errno != EROFS)
		return hs_error_errno(err, from_name, "cannot make the file durable");
	if (!rename_to_free_name(from_dir, from_name, to_dir, to_name, name, ret_other_device,
	    err) ||
	    !sync_dir(to_dir, name, err) || !sync_dir(from_dir, from_name, err))
		return false;
	memcpy(ret_name, name, sizeof name);
	return true;
}

/* Opens what is to be moved. A file that we may not read can still be renamed: *ret_fd is
 * -1 then. */
static bool open_source(int dir, const char *name, int *ret_fd, struct hs_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat info;

	if (fd < 0 && errno == EACCES && fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(info.st_mode)) {
		*ret_fd = -1;
		return true;
	}
	if (fd < 0)
		return hs_error_errno(err, name, "cannot open the file that is to be moved");
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return hs_error_set(err, HS_IO, name, "cannot move this: it is not a regular file");
	}
	*ret_fd = fd;
	return true;
}

bool hs_file_move(int from_dir, const char *from_name, int to_dir, const char *to_name,
    char *ret_name, size_t name_bytes, struct hs_error *err)
{
	char name[NAME_MAX + 1];
	bool other_device, done;
	int from = -1;

	if (strlen(to_name) > NAME_MAX || name_bytes <= NAME_MAX)
		return hs_error_set(err, HS_TOO_LONG, from_name,
		    "the new name, or the room for it, is not a file name's");
	if (!open_source(from_dir, from_name, &from, err))
		return false;
	done = rename_and_sync(from_dir, from_name, from, to_dir, to_name, name,
	    &other_device, err);
	if (other_device && from >= 0)
		done = copy_and_unlink(from_dir, from_name, from, to_dir, to_name, name, err);
	else if (other_device)
		hs_error_set(err, HS_NO_PERMISSION, from_name,
		    "cannot copy the file to another file system: we may not read it");
	if (from >= 0)
		close(from);
	if (done)
		memcpy(ret_name, name, sizeof name);
	return done;
}

bool hs_file_free_name(int dir, const char *to_name, char *ret_name, size_t name_bytes,
    struct hs_error *err)
{
	char name[NAME_MAX + 1];
	struct stat info;

	if (strlen(to_name) > NAME_MAX || name_bytes <= NAME_MAX)
		return hs_error_set(err, HS_TOO_LONG, to_name,
		    "the name, or the room for it, is not a file name's");
	for (int n = 0; n < MAX_SUFFIX; n++) {
		hs_file_nth_name(to_name, n, name);
		if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno != ENOENT)
			return hs_error_errno(err, name, "cannot look for a free name");
		memcpy(ret_name, name, sizeof name);
		return true;
	}
	return hs_error_set(
	    err, HS_LIMIT, to_name, "%d files of this name are there already", MAX_SUFFIX);
}

static bool make_dir(const char *path, mode_t mode, struct hs_error *err)
{
	struct stat info;

	if (mkdir(path, mode) == 0)
		return true;
	if (errno != EEXIST)
		return hs_error_errno(err, path, "cannot make the folder");
	if (stat(path, &info) != 0)
		return hs_error_errno(err, path, "cannot look at the folder");
	if (!S_ISDIR(info.st_mode))
		return hs_error_set(err, HS_IO, path,
		    "a file stands where a folder is needed: move it");
	return true;
}

bool hs_make_dirs(const char *path, mode_t mode, struct hs_error *err)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof part || path[0] == '\0')
		return hs_error_set(err, HS_TOO_LONG, path,
		    "the folder's path has no usable length");
	memcpy(part, path, strlen(path) + 1);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		if (slash[-1] == '/')
			continue;
		*slash = '\0';
		if (!make_dir(part, mode, err))
			return false;
		*slash = '/';
	}
	return part[strlen(part) - 1] == '/' || make_dir(part, mode, err);
}

bool hs_dir_open(const char *path, int *ret_fd, struct hs_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hs_error_errno(err, path, "cannot open the folder");
	*ret_fd = fd;
	return true;
}

/* A file without a name in that folder; -1 with errno. */
static int open_unnamed(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (snprintf(path, sizeof path, "%s/hoopscout-XXXXXX", folder) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0 && unlink(path) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool hs_file_temporary(const char *purpose, int *ret_fd, struct hs_error *err)
{
	const char *folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; i < HS_COUNT(folders) && fd < 0; i++) {
		if (folders[i] != NULL && folders[i][0] == '/')
			fd = open_unnamed(folders[i]);
	}
	if (fd < 0)
		return hs_error_errno(err, "/var/tmp",
		    "cannot make a temporary file that %s (TMPDIR names another folder)", purpose);
	*ret_fd = fd;
	return true;
}

bool hs_dir_each(int dir, const char *where, hs_dir_entry_fn *on_entry, void *arg,
    struct hs_error *err)
{
	/* a descriptor of its own, since closedir closes it */
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	bool done = true;

	if (stream == NULL) {
		hs_error_errno(err, where, "cannot list the folder");
		if (copy >= 0)
			close(copy);
		return false;
	}
	while (done && (errno = 0, entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			done = on_entry(arg, dir, entry->d_name, err);
	}
	if (done && errno != 0)
		done = hs_error_errno(err, where, "cannot list the folder");
	closedir(stream);
	return done;
}
