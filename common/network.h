/* network.h: IP addresses and networks as text, and whether one holds the other. */
#ifndef HS_NETWORK_H
#define HS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

enum { HS_ADDRESS_BYTES = 46 };		/* of its text, with the NUL */

struct hs_address {
	bool is_v6;
	unsigned char bytes[16];	/* of IPv4 the first four */
};

struct hs_network {
	struct hs_address address;
	unsigned bits;
};

/* "192.0.2.7" or "2001:db8::7"; an IPv4 address inside IPv6 (::ffff:192.0.2.7) is IPv4. */
bool hs_address_parse(const char *text, size_t length, struct hs_address *ret);

/* Writes it, in one spelling for each address. Returns buf. */
const char *hs_address_text(const struct hs_address *address, char buf[HS_ADDRESS_BYTES]);

/* An address, or ADDRESS/BITS in which no bit beyond BITS is set. */
bool hs_network_parse(const char *text, size_t length, struct hs_network *ret);

bool hs_network_holds(const struct hs_network *network, const struct hs_address *address);

#endif
