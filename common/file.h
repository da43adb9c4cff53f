/* file.h: writing and moving files so that a crash leaves one whole copy, never none.
 *
 * A place is a folder's descriptor and a name in it: no planted link leads
 * us astray. EINTR and short reads and writes are handled here, nowhere else.
 * Nothing here logs; see error.h. */
#ifndef HS_FILE_H
#define HS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

/* Writes all of it. Errors: HS_DISK_FULL, HS_IO. */
bool hs_file_write_all(int fd, const void *bytes, size_t length, struct hs_error *err);

/* Reads up to length bytes; fewer only at the end of the file. *ret_length is 0 at the end. */
bool hs_file_read(int fd, void *bytes, size_t length, size_t *ret_length, struct hs_error *err);

/* Reads a whole small file of at most max_bytes; a link is followed (mounted secrets are
 * links). dir may be AT_FDCWD, with a path for a name. *ret_text is the caller's to free, and
 * ends with a NUL that *ret_length does not count.
 * Errors: HS_NOT_FOUND, HS_TOO_LONG, HS_IO. */
bool hs_file_slurp(int dir, const char *name, size_t max_bytes, char **ret_text,
    size_t *ret_length, struct hs_error *err);

/* Makes a finished temporary file the real one: fsync, rename over any old one,
 * fsync the folder. Takes *fd, and sets it to -1, even on failure, which removes the
 * temporary file. */
bool hs_file_publish(int dir, const char *part, const char *final, int *fd, struct hs_error *err);

/* The same without replacing anything, whoever puts a file there in that moment: a taken name gets a
 * suffix, as a move's does. Until it has its name the file stays open, and so keeps its lock. The
 * name used goes to ret_name, which needs NAME_MAX + 1 bytes. Errors: HS_LIMIT (as a move), HS_IO...
 * True with err->code set: it is in place, and others have it, but its folder could not be flushed:
 * after a power cut it may be gone. */
bool hs_file_publish_new(int dir, const char *part, const char *final, int *fd, char *ret_name,
    size_t name_bytes, struct hs_error *err);

/* Writes a whole file by way of "NAME.part", published as above; mode as open(2) has it. */
bool hs_file_write(int dir, const char *name, const void *bytes, size_t length, mode_t mode,
    struct hs_error *err);

/* Moves a file, across file systems too (copy, fsync, rename, fsync folder,
 * unlink). Never replaces: a taken name gets a suffix before its ending
 * ("nba.json", "nba.1.json", "nba.2.json", ...). The name used goes to ret_name.
 * Killed half-way, the source is still whole; a half-made copy is a dot file,
 * which the next move of that name overwrites. The file keeps its rights and its time.
 * Only regular files are moved. ret_name needs NAME_MAX + 1 bytes. Borrows all arguments.
 * Errors: HS_NOT_FOUND, HS_DISK_FULL, HS_NO_PERMISSION, HS_IO, HS_FILE_CHANGED (written to
 * while it was copied), HS_BUSY (another program moves one of this name), HS_LIMIT (100,000
 * of this name are there), HS_TOO_LONG (to_name, or too little room for ret_name). */
bool hs_file_move(int from_dir, const char *from_name, int to_dir, const char *to_name,
    char *ret_name, size_t name_bytes, struct hs_error *err);

/* The n-th name that a move tries: "nba.json", "nba.1.json", "nba.2.json"; a long stem gives
 * way. ret_name needs NAME_MAX + 1 bytes, and name has no more. */
void hs_file_nth_name(const char *name, int n, char *ret_name);

/* The name that a move of to_name into dir would use now: the first that is free. ret_name needs
 * NAME_MAX + 1 bytes. Errors: HS_LIMIT, HS_IO. */
bool hs_file_free_name(int dir, const char *to_name, char *ret_name, size_t name_bytes,
    struct hs_error *err);

/* Makes a folder and its parents, each with mode (less the umask); one that is there is left
 * as it is. */
bool hs_make_dirs(const char *path, mode_t mode, struct hs_error *err);

/* Opens a file without a name, for reading and writing, in $TMPDIR, /var/tmp or /tmp: it goes
 * when it is closed, however the process ends. purpose completes "a temporary file that ...". */
bool hs_file_temporary(const char *purpose, int *ret_fd, struct hs_error *err);

/* Opens a folder for the functions above; the caller closes it. */
bool hs_dir_open(const char *path, int *ret_fd, struct hs_error *err);

/* Hears of an entry of dir, which it may rename or remove; false ends the listing. */
typedef bool hs_dir_entry_fn(void *arg, int dir, const char *name, struct hs_error *err);

/* Calls on_entry for each name in dir but "." and "..", in no order; dir's own place in it stays.
 * Errors: HS_IO and its kin, at where; those of on_entry. */
bool hs_dir_each(int dir, const char *where, hs_dir_entry_fn *on_entry, void *arg,
    struct hs_error *err);

#endif
