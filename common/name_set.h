/* name_set.h: which keys the open objects have had, to find one that repeats.
 *
 * Keys are kept as 128-bit keyed hashes (SipHash, a random key for each set): 16 bytes a key
 * whatever its length, and nobody can make them collide. */
#ifndef HS_NAME_SET_H
#define HS_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct hs_name_set;

/* NULL without memory. */
struct hs_name_set *hs_name_set_new(void);
void hs_name_set_free(struct hs_name_set *set);

/* Notes a key of an object, and says whether that object has had it. object is any number
 * that no other object has until the set is cleared. Errors: HS_NO_MEMORY. */
bool hs_name_set_add(struct hs_name_set *set, uint64_t object, const char *key, size_t length,
    bool *ret_is_repeated, struct hs_error *err);

/* Forgets all keys, and gives back the memory of many. */
void hs_name_set_clear(struct hs_name_set *set);

#endif
