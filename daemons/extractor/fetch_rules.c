/* fetch_rules.c: tables of what is refused, and lookups in them. An address is public only if
 * nothing says that it is not; in IPv6, only 2000::/3 can be. */
#include "daemons/extractor/fetch_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/settings_check.h"

struct range4 {
	uint8_t prefix[4];
	unsigned bits;
	const char *kind;
};

/* IANA's special-purpose addresses. */
static const struct range4 ranges4[] = {
	{ { 0 }, 8, "an address of this network" },
	{ { 10 }, 8, "a private address" },
	{ { 100, 64 }, 10, "a carrier's shared address" },
	{ { 127 }, 8, "a loopback address" },
	{ { 169, 254 }, 16, "a link-local address" },
	{ { 172, 16 }, 12, "a private address" },
	{ { 192, 0, 0 }, 24, "an address of a protocol's own" },
	{ { 192, 0, 2 }, 24, "an address for documentation" },
	{ { 192, 88, 99 }, 24, "an address of 6to4 relays" },
	{ { 192, 168 }, 16, "a private address" },
	{ { 198, 18 }, 15, "an address for benchmarks" },
	{ { 198, 51, 100 }, 24, "an address for documentation" },
	{ { 203, 0, 113 }, 24, "an address for documentation" },
	{ { 224 }, 4, "a multicast address" },
	{ { 240 }, 4, "a reserved address" },
};

struct range6 {
	uint8_t prefix[16];
	unsigned bits;
	const char *kind;	/* NULL: the IPv4 address at this byte is judged */
	unsigned inner_at;
};

/* The first that fits counts. */
static const struct range6 ranges6[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96, NULL, 12 },				/* ::ffff:0:0/96 */
	{ { [1] = 0x64, [2] = 0xff, [3] = 0x9b }, 96, NULL, 12 },		/* 64:ff9b::/96 */
	{ { 0x20, 0x02 }, 16, NULL, 2 },					/* 2002::/16 */
	{ { [15] = 1 }, 128, "a loopback address", 0 },
	{ { 0 }, 128, "the unspecified address", 0 },
	{ { 0xfc }, 7, "a unique local address", 0 },
	{ { 0xfe, 0x80 }, 10, "a link-local address", 0 },
	{ { 0xfe, 0xc0 }, 10, "a site-local address", 0 },
	{ { 0xff }, 8, "a multicast address", 0 },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "an address for documentation", 0 },
	{ { 0x3f, 0xff }, 20, "an address for documentation", 0 },
	{ { 0x20, 0x01 }, 23, "an address of a protocol's own", 0 },		/* Teredo too */
};

static bool begins_with(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, prefix, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static const char *judge4(const uint8_t *address)
{
	for (size_t i = 0; i < HS_COUNT(ranges4); i++) {
		if (begins_with(address, ranges4[i].prefix, ranges4[i].bits))
			return ranges4[i].kind;
	}
	return NULL;
}

static const char *judge6(const uint8_t *address)
{
	static const uint8_t global[] = { 0x20 };

	for (size_t i = 0; i < HS_COUNT(ranges6); i++) {
		const struct range6 *range = &ranges6[i];

		if (begins_with(address, range->prefix, range->bits))
			return range->kind != NULL ? range->kind :
			    judge4(address + range->inner_at);
	}
	return begins_with(address, global, 3) ? NULL : "an address that is not public";
}

const char *fetch_rules_address(const struct sockaddr *address, socklen_t length)
{
	static const char neither[] = "neither an IPv4 nor an IPv6 address";
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (length >= (socklen_t)sizeof in4 && address->sa_family == AF_INET) {
		memcpy(&in4, address, sizeof in4);
		return judge4((const uint8_t *)&in4.sin_addr);
	}
	if (length >= (socklen_t)sizeof in6 && address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof in6);
		return judge6(in6.sin6_addr.s6_addr);
	}
	return neither;
}

/* Takes brackets and one dot at the end off. */
static void bare_host(const char **host, size_t *length)
{
	if (*length > 0 && (*host)[*length - 1] == '.')
		*length -= 1;
	if (*length >= 2 && (*host)[0] == '[' && (*host)[*length - 1] == ']') {
		*host += 1;
		*length -= 2;
	}
}

const char *fetch_rules_host(const char *host)
{
	static const char local[] = "localhost";
	char bare[INET6_ADDRSTRLEN];
	size_t length = strlen(host), local_length = strlen(local);
	struct in_addr in4;
	struct in6_addr in6;

	if (length >= local_length && strcasecmp(host + length - local_length, local) == 0 &&
	    (length == local_length || host[length - local_length - 1] == '.'))
		return "a name of this machine";
	bare_host(&host, &length);
	if (length >= sizeof bare)
		return NULL;
	memcpy(bare, host, length);
	bare[length] = '\0';
	if (inet_pton(AF_INET6, bare, &in6) == 1)
		return judge6(in6.s6_addr);
	/* as getaddrinfo reads it: 127.1, 0x7f000001 and their kind too */
	if (inet_aton(bare, &in4) != 0)
		return judge4((const uint8_t *)&in4);
	return NULL;
}

const char *fetch_rules_address_text(const struct sockaddr *address, socklen_t length,
    char buf[FETCH_ADDRESS_BYTES])
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	const char *text = NULL;

	if (length >= (socklen_t)sizeof in4 && address->sa_family == AF_INET) {
		memcpy(&in4, address, sizeof in4);
		text = inet_ntop(AF_INET, &in4.sin_addr, buf, FETCH_ADDRESS_BYTES);
	} else if (length >= (socklen_t)sizeof in6 && address->sa_family == AF_INET6) {
		memcpy(&in6, address, sizeof in6);
		text = inet_ntop(AF_INET6, &in6.sin6_addr, buf, FETCH_ADDRESS_BYTES);
	}
	if (text == NULL)
		snprintf(buf, FETCH_ADDRESS_BYTES, "an unknown address");
	return buf;
}

bool fetch_rules_host_is_listed(const char *list, const char *host)
{
	size_t host_length = strlen(host), length;
	const char *item;

	bare_host(&host, &host_length);
	for (size_t n = 0; hs_list_item(list, n, &item, &length); n++) {
		bare_host(&item, &length);
		if (length == host_length && length > 0 && strncasecmp(item, host, length) == 0)
			return true;
	}
	return false;
}

static bool is_token(const char *name)
{
	static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t length = strlen(name);

	return length > 0 && strspn(name, allowed) == length;
}

static bool is_ours(const char *name)
{
	static const char *const ours[] = {
		"Host", "Connection", "Content-Length", "Transfer-Encoding", "Accept-Encoding",
		"If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range",
		"Range", "Expect", "TE", "Trailer", "Upgrade", "Keep-Alive", "User-Agent",
		"Proxy-Authorization", "Proxy-Connection",
	};

	for (size_t i = 0; i < HS_COUNT(ours); i++) {
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	}
	return false;
}

bool fetch_rules_header(const struct fetch_header *header, struct hs_error *err)
{
	if (strlen(header->name) > FETCH_MAX_HEADER_BYTES || !is_token(header->name))
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "\"%.100s\" is no name of a header: letters, digits and hyphens make one",
		    header->name);
	if (is_ours(header->name))
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "the header %s is set by HoopScout itself: leave it out", header->name);
	if (strlen(header->value) > FETCH_MAX_HEADER_BYTES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "the header %s has more than %d bytes", header->name, FETCH_MAX_HEADER_BYTES);
	for (const char *at = header->value; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return hs_error_set(err, HS_BAD_ARGUMENT, "",
			    "the header %s has a control character in its value", header->name);
	}
	return true;
}

bool fetch_rules_redirect(const struct url *from, const struct url *to, unsigned n,
    struct hs_error *err)
{
	char shown[URL_SHOWN_BYTES];

	url_mask(to->text, shown, sizeof shown);
	if (n > FETCH_MAX_REDIRECTS)
		return hs_error_set(err, HS_BAD_REDIRECT, "",
		    "more than %d redirects, the last to \"%s\": use the URL where it ends",
		    FETCH_MAX_REDIRECTS, shown);
	if (from->is_https && !to->is_https)
		return hs_error_set(err, HS_BAD_REDIRECT, "",
		    "a redirect from https to \"%s\", which is not encrypted, is not followed",
		    shown);
	return true;
}
