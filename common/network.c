/* network.c: trusts nothing of a text; inet_pton knows what is an address. */
#include "common/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/error.h"
#include "common/number.h"

static unsigned width_of(const struct hs_address *address)
{
	return address->is_v6 ? 128 : 32;
}

bool hs_address_parse(const char *text, size_t length, struct hs_address *ret)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct hs_address address = { .is_v6 = false };
	char copy[HS_ADDRESS_BYTES];

	if (length >= sizeof copy || memchr(text, '\0', length) != NULL)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (inet_pton(AF_INET, copy, address.bytes) != 1) {
		if (inet_pton(AF_INET6, copy, address.bytes) != 1)
			return false;
		address.is_v6 = memcmp(address.bytes, mapped, sizeof mapped) != 0;
		if (!address.is_v6)
			memmove(address.bytes, address.bytes + sizeof mapped, 4);
	}
	*ret = address;
	return true;
}

const char *hs_address_text(const struct hs_address *address, char buf[HS_ADDRESS_BYTES])
{
	if (inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, buf,
		HS_ADDRESS_BYTES) == NULL)
		hs_panic("an address cannot be written");
	return buf;
}

static bool bit_of(const struct hs_address *address, unsigned bit)
{
	return (address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool hs_network_parse(const char *text, size_t length, struct hs_network *ret)
{
	const char *slash = memchr(text, '/', length);
	size_t address_length = slash != NULL ? (size_t)(slash - text) : length;
	struct hs_error ignored = HS_ERROR_INIT;
	struct hs_network network;
	long long bits;
	char number[4];

	if (!hs_address_parse(text, address_length, &network.address))
		return false;
	bits = width_of(&network.address);
	if (slash != NULL) {
		size_t digits = length - address_length - 1;

		if (digits == 0 || digits >= sizeof number)
			return false;
		memcpy(number, slash + 1, digits);
		number[digits] = '\0';
		if (!hs_parse_int(number, 0, bits, "bits", &bits, &ignored))
			return false;
	}
	network.bits = (unsigned)bits;
	for (unsigned bit = network.bits; bit < width_of(&network.address); bit++) {
		if (bit_of(&network.address, bit))
			return false;
	}
	*ret = network;
	return true;
}

bool hs_network_holds(const struct hs_network *network, const struct hs_address *address)
{
	if (network->address.is_v6 != address->is_v6)
		return false;
	for (unsigned bit = 0; bit < network->bits; bit++) {
		if (bit_of(&network->address, bit) != bit_of(address, bit))
			return false;
	}
	return true;
}
