/* seen.c: a set of keyed hashes, in parts that grow one by one, so that growing never takes
 * twice the memory.
 *
 * Trusts no text: under a random key nobody can make them collide. */
#include "daemons/extractor/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/siphash.h"

enum { PART_COUNT = 256, FIRST_ROOM = 16 };

/* A table with open addressing; 0 is an empty slot. */
struct part {
	uint64_t *slots;
	uint32_t count, room;
};

struct seen {
	uint64_t key[2];
	size_t count;
	struct part parts[PART_COUNT];
};

struct seen *seen_new(void)
{
	struct seen *seen = calloc(1, sizeof *seen);

	if (seen != NULL && getentropy(seen->key, sizeof seen->key) != 0)
		hs_panic("the system gives no random numbers");
	return seen;
}

void seen_free(struct seen *seen)
{
	if (seen == NULL)
		return;
	for (size_t i = 0; i < PART_COUNT; i++)
		free(seen->parts[i].slots);
	free(seen);
}

static void take_text(uint64_t v[4], const char *text)
{
	size_t length = strlen(text), left = length;
	uint64_t word;

	for (; left >= sizeof word; left -= sizeof word, text += sizeof word) {
		memcpy(&word, text, sizeof word);
		hs_sip_word(v, word, 2);
	}
	word = 0;
	if (left > 0)
		memcpy(&word, text, left);
	/* the length tells where a text ends: ("ab", "c") is not ("a", "bc") */
	hs_sip_word(v, word | (uint64_t)length << 56, 2);
}

static uint64_t hash_texts(const struct seen *seen, const char *const *texts, size_t count)
{
	uint64_t v[4] = {
		seen->key[0] ^ 0x736f6d6570736575u, seen->key[1] ^ 0x646f72616e646f6du,
		seen->key[0] ^ 0x6c7967656e657261u, seen->key[1] ^ 0x7465646279746573u,
	};
	uint64_t hash;

	for (size_t i = 0; i < count; i++)
		take_text(v, texts[i]);
	v[2] ^= 0xff;
	hs_sip_rounds(v, 4);
	hash = v[0] ^ v[1] ^ v[2] ^ v[3];
	return hash != 0 ? hash : 1;
}

/* The slot of the hash, or the empty one where it belongs. */
static uint64_t *find_slot(const struct part *part, uint64_t hash)
{
	uint32_t at = (uint32_t)(((hash >> 32) * part->room) >> 32);

	while (part->slots[at] != 0 && part->slots[at] != hash)
		at = at + 1 == part->room ? 0 : at + 1;
	return &part->slots[at];
}

/* By a quarter at a time, filled to at most four fifths. */
static bool make_room(struct part *part)
{
	struct part grown = { .count = part->count };

	if ((uint64_t)part->count * 5 < (uint64_t)part->room * 4)
		return true;
	grown.room = part->room == 0 ? FIRST_ROOM : part->room + part->room / 4;
	if ((grown.slots = calloc(grown.room, sizeof *grown.slots)) == NULL)
		return false;
	for (uint32_t i = 0; i < part->room; i++) {
		if (part->slots[i] != 0)
			*find_slot(&grown, part->slots[i]) = part->slots[i];
	}
	free(part->slots);
	*part = grown;
	return true;
}

bool seen_add(struct seen *seen, const char *const *texts, size_t count, bool *ret_is_repeated,
    struct hs_error *err)
{
	uint64_t hash = hash_texts(seen, texts, count), *slot;
	struct part *part = &seen->parts[hash % PART_COUNT];

	if (!make_room(part))
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to tell records apart");
	slot = find_slot(part, hash);
	*ret_is_repeated = *slot == hash;
	if (*ret_is_repeated)
		return true;
	if (seen->count == SEEN_MAX)
		return hs_error_set(err, HS_TOO_BIG, "", "more than %d records cannot be told apart in"
		    " one run: set \"duplicates\" to \"fail\", or fetch fewer", SEEN_MAX);
	*slot = hash;
	part->count++;
	seen->count++;
	return true;
}
