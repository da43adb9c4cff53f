/* key_set.h: finds the keys that were added more than once, however many there are.
 *
 * Of each key a 128-bit hash and its place are kept: in memory while they fit, then in
 * sorted runs in an unlinked temporary file (in $TMPDIR, /var/tmp or /tmp), which are
 * merged at the end. Memory stays within a few megabytes. */
#ifndef HS_KEY_SET_H
#define HS_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct hs_key_set;

/* A part of a key: ("ab", "c") and ("a", "bc") are two keys. */
struct hs_key_part {
	const char *text;
	size_t length;
};

/* Where a key stands. */
struct hs_key_place {
	uint64_t number;	/* grows with each key added */
	uint64_t line, column;
};

/* Told of each later place of a key, and of its first. */
typedef void hs_key_twice_fn(void *arg, const struct hs_key_place *first,
    const struct hs_key_place *later);

/* Gives *ret. run_entries bounds what is held in memory; 0 means the usual.
 * Errors: HS_NO_MEMORY. */
bool hs_key_set_new(size_t run_entries, struct hs_key_set **ret, struct hs_error *err);
void hs_key_set_free(struct hs_key_set *set);

/* Errors: HS_NO_MEMORY, HS_DISK_FULL, HS_IO. */
bool hs_key_set_add(struct hs_key_set *set, const struct hs_key_part *parts, size_t count,
    const struct hs_key_place *place, struct hs_error *err);

/* Calls twice for every key that was added before, in no particular order. The set takes
 * no more keys then. Errors: as above. */
bool hs_key_set_finish(struct hs_key_set *set, hs_key_twice_fn *twice, void *arg,
    struct hs_error *err);

/* Runs that went to the temporary file so far: for tests. */
size_t hs_key_set_runs(const struct hs_key_set *set);

#endif
