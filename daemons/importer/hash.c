/* hash.c: SipHash-1-3 (Aumasson, Bernstein), as hash tables of many languages use it.
 *
 * Trusts nothing; cannot fail. */
#include "daemons/importer/hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/siphash.h"

void hash_key_new(struct hash_key *ret)
{
	struct timespec now = { 0 };

	if (getrandom(ret->words, sizeof ret->words, GRND_NONBLOCK) == (ssize_t)sizeof ret->words)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->words[0] = (uint64_t)now.tv_nsec;
	ret->words[1] = (uint64_t)(uintptr_t)ret;
}

uint64_t hash_text(const struct hash_key *key, const void *text, size_t length)
{
	const unsigned char *bytes = text;
	uint64_t v[4] = { key->words[0] ^ 0x736f6d6570736575U, key->words[1] ^ 0x646f72616e646f6dU,
		key->words[0] ^ 0x6c7967656e657261U, key->words[1] ^ 0x7465646279746573U };
	uint64_t last = (uint64_t)length << 56, word;
	size_t whole = length - length % 8;

	for (size_t i = 0; i < whole; i += 8) {
		memcpy(&word, bytes + i, 8);
		hs_sip_word(v, word, 1);
	}
	for (size_t i = whole; i < length; i++)
		last |= (uint64_t)bytes[i] << (8 * (i - whole));
	hs_sip_word(v, last, 1);
	v[2] ^= 0xff;
	hs_sip_rounds(v, 3);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
