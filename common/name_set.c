/* name_set.c: a hash table of keyed hashes, with open addressing.
 *
 * Trusts no key: a stranger's file may hold any number of them, made to collide under a
 * known hash. Grows by doubling; without memory the caller is told, and gives up. */
#include "common/name_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/siphash.h"

enum { FIRST_ROOM = 64, KEPT_ROOM = 4096 };

struct hash {
	uint64_t low, high;	/* both 0: an empty slot */
};

struct hs_name_set {
	uint64_t key[2];
	struct hash *slots;
	size_t count, room;	/* room is a power of two */
};

struct hs_name_set *hs_name_set_new(void)
{
	struct hs_name_set *set = calloc(1, sizeof *set);

	if (set != NULL && getentropy(set->key, sizeof set->key) != 0)
		hs_panic("the system gives no random numbers");
	return set;
}

void hs_name_set_free(struct hs_name_set *set)
{
	if (set == NULL)
		return;
	free(set->slots);
	free(set);
}

void hs_name_set_clear(struct hs_name_set *set)
{
	if (set->count == 0)
		return;
	set->count = 0;
	if (set->room > KEPT_ROOM) {
		free(set->slots);
		set->slots = NULL;
		set->room = 0;
	} else {
		memset(set->slots, 0, set->room * sizeof *set->slots);
	}
}

/* SipHash-2-4 of 128 bits, over the object's number and the key. */
static struct hash sip_hash(const uint64_t key[2], uint64_t object, const char *text, size_t length)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ 0xee,
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u,
	};
	struct hash hash;
	uint64_t word;
	size_t left;

	hs_sip_word(v, object, 2);
	for (left = length; left >= sizeof word; left -= sizeof word) {
		memcpy(&word, text, sizeof word);
		text += sizeof word;
		hs_sip_word(v, word, 2);
	}
	word = 0;
	if (left > 0)
		memcpy(&word, text, left);
	hs_sip_word(v, word | (uint64_t)length << 56, 2);
	v[2] ^= 0xee;
	hs_sip_rounds(v, 4);
	hash.low = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	hs_sip_rounds(v, 4);
	hash.high = v[0] ^ v[1] ^ v[2] ^ v[3];
	return hash;
}

static bool is_empty(const struct hash *slot)
{
	return slot->low == 0 && slot->high == 0;
}

/* Its slot, or the empty one where it belongs. */
static struct hash *find(struct hash *slots, size_t room, const struct hash *hash)
{
	size_t at = (size_t)hash->low & (room - 1);

	while (!is_empty(&slots[at]) &&
	    (slots[at].low != hash->low || slots[at].high != hash->high))
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static bool grow(struct hs_name_set *set, struct hs_error *err)
{
	size_t room = set->room > 0 ? 2 * set->room : FIRST_ROOM;
	struct hash *slots = calloc(room, sizeof *slots);

	if (slots == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to look for repeated keys");
	for (size_t i = 0; i < set->room; i++) {
		if (!is_empty(&set->slots[i]))
			*find(slots, room, &set->slots[i]) = set->slots[i];
	}
	free(set->slots);
	set->slots = slots;
	set->room = room;
	return true;
}

bool hs_name_set_add(struct hs_name_set *set, uint64_t object, const char *key, size_t length,
    bool *ret_is_repeated, struct hs_error *err)
{
	struct hash hash = sip_hash(set->key, object, key, length), *slot;

	if (set->count * 4 >= set->room * 3 && !grow(set, err))
		return false;
	slot = find(set->slots, set->room, &hash);
	*ret_is_repeated = !is_empty(slot);
	if (is_empty(slot)) {
		*slot = hash;
		set->count++;
	}
	return true;
}
