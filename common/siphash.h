/* siphash.h: SipHash's rounds (Aumasson, Bernstein), which keyed hashes of several kinds share. */
#ifndef HS_SIPHASH_H
#define HS_SIPHASH_H

#include <stdint.h>

static inline uint64_t hs_sip_rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void hs_sip_rounds(uint64_t v[4], unsigned rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = hs_sip_rotate(v[1], 13) ^ v[0];
		v[0] = hs_sip_rotate(v[0], 32);
		v[2] += v[3];
		v[3] = hs_sip_rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = hs_sip_rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = hs_sip_rotate(v[1], 17) ^ v[2];
		v[2] = hs_sip_rotate(v[2], 32);
	}
}

/* Takes in eight bytes, with rounds of compression. */
static inline void hs_sip_word(uint64_t v[4], uint64_t word, unsigned rounds)
{
	v[3] ^= word;
	hs_sip_rounds(v, rounds);
	v[0] ^= word;
}

#endif
