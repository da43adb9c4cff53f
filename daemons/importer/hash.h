/* hash.h: a keyed hash of short texts, for dictionaries whose words come from files:
 * without the key nobody can write a file whose names all meet in one slot. */
#ifndef IMPORTER_HASH_H
#define IMPORTER_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t words[2];
};

/* A key of this dictionary's own, from the kernel; a weaker one if that fails. */
void hash_key_new(struct hash_key *ret);

/* SipHash-1-3. */
uint64_t hash_text(const struct hash_key *key, const void *text, size_t length);

#endif
