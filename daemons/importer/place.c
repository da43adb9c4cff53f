/* place.c: what a file is at one look.
 *
 * Trusts nothing: names come from a folder that others write to, and what they name can be
 * replaced between any two calls; so what counts is what fstat says of an open descriptor. */
#include "daemons/importer/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void place_facts_of(const struct stat *info, struct place_facts *ret)
{
	ret->device = (uint64_t)info->st_dev;
	ret->inode = (uint64_t)info->st_ino;
	ret->size_bytes = (int64_t)info->st_size;
	ret->changed_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

bool place_same_file(const struct place_facts *a, const struct place_facts *b)
{
	return a->device == b->device && a->inode == b->inode;
}

bool place_same_content(const struct place_facts *a, const struct place_facts *b)
{
	return place_same_file(a, b) && a->size_bytes == b->size_bytes &&
	    a->changed_ns == b->changed_ns;
}

static bool ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name);

	return length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0;
}

bool place_wants(const char *name)
{
	return name[0] != '.' && ends_in(name, ".json");
}

bool place_overlooks(const char *name)
{
	return name[0] != '.' && !place_wants(name) && !ends_in(name, ".tmp") &&
	    !ends_in(name, ".part");
}

static bool open_regular(int dir, const char *name, int *ret_fd, struct stat *ret_info,
    struct hs_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		if (errno == ELOOP || errno == ENXIO)
			return hs_error_set(
			    err, HS_NOT_FOUND, name, "this is no regular file any more");
		return hs_error_errno(err, name, errno == EACCES ?
			"may not read the file; let the importer's user read it" :
			"cannot open the file");
	}
	if (fstat(fd, ret_info) != 0) {
		hs_error_errno(err, name, "cannot look at the file");
		close(fd);
		return false;
	}
	if (!S_ISREG(ret_info->st_mode)) {
		close(fd);
		return hs_error_set(err, HS_NOT_FOUND, name, "this is no regular file any more");
	}
	*ret_fd = fd;
	return true;
}

bool place_open(int dir, const char *name, int *ret_fd, struct place_facts *ret_facts,
    struct hs_error *err)
{
	struct stat info;

	if (!open_regular(dir, name, ret_fd, &info, err))
		return false;
	place_facts_of(&info, ret_facts);
	return true;
}

/* A read lease is refused while someone writes. It is given back at once: kept, it would make
 * the next writer wait. Without the right to lease, and on file systems of other machines, we
 * learn nothing. */
static enum place_writer find_writer(int dir, const char *name)
{
	struct hs_error ignored = HS_ERROR_INIT;
	enum place_writer writer = WRITER_UNKNOWN;
	struct stat info;
	int fd;

	if (!open_regular(dir, name, &fd, &info, &ignored))
		return WRITER_UNKNOWN;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		writer = WRITER_NONE;
	} else if (errno == EAGAIN) {
		writer = WRITER_BUSY;
	}
	close(fd);
	return writer;
}

bool place_look(int dir, const char *name, struct place_facts *ret_facts,
    enum place_writer *ret_writer)
{
	struct stat info;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
		return false;
	place_facts_of(&info, ret_facts);
	if (ret_writer != NULL)
		*ret_writer = find_writer(dir, name);
	return true;
}
