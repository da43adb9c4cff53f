/* place.h: what a file is at one look: which one, how big, how old, who writes it. */
#ifndef IMPORTER_PLACE_H
#define IMPORTER_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/stat.h>

#include "common/error.h"

/* Two looks at one file show the same identity; two looks at one content all the same facts. */
struct place_facts {
	uint64_t device, inode;
	int64_t size_bytes;
	int64_t changed_ns;	/* mtime, since 1970 */
};

/* Whether someone on this machine has the file open for writing. */
enum place_writer { WRITER_NONE, WRITER_BUSY, WRITER_UNKNOWN };

void place_facts_of(const struct stat *info, struct place_facts *ret);
bool place_same_file(const struct place_facts *a, const struct place_facts *b);
bool place_same_content(const struct place_facts *a, const struct place_facts *b);

/* A name that is ours to import: *.json, and no dot file. */
bool place_wants(const char *name);

/* A name that somebody may have meant for us, but which is not ours: as x.json.gz, or UPPER.JSON.
 * Not so dot files, *.tmp and *.part, which are on their way. */
bool place_overlooks(const char *name);

/* Opens a regular file for reading, following no link and waiting for no FIFO; the caller's
 * *ret_fd. Errors: HS_NOT_FOUND (gone, or no regular file any more), HS_NO_PERMISSION, HS_LIMIT,
 * HS_IO. */
bool place_open(int dir, const char *name, int *ret_fd, struct place_facts *ret_facts,
    struct hs_error *err);

/* Looks at a name: true when it is a regular file. ret_writer (may be NULL) costs opening it. */
bool place_look(int dir, const char *name, struct place_facts *ret_facts,
    enum place_writer *ret_writer);

#endif
