/* fetch_rules.h: what may be connected to and sent: addresses, hosts, headers, redirects.
 *
 * Pure: it asks nobody, and knows of no settings but those it is handed. */
#ifndef HS_EXTRACTOR_FETCH_RULES_H
#define HS_EXTRACTOR_FETCH_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>

#include "common/error.h"
#include "daemons/extractor/fetch.h"
#include "daemons/extractor/url.h"

/* What keeps an address from being one of the public Internet: "a loopback address", "a private
 * address", ...; NULL when nothing does. IPv4 addresses within IPv6 ones (mapped, 6to4, NAT64) are
 * judged by themselves; what is neither IPv4 nor IPv6 is refused. */
const char *fetch_rules_address(const struct sockaddr *address, socklen_t length);

/* The same for a host as a URL names it, when that can be told without asking: an address, or a name
 * that always means this machine. NULL for other names. Needed where a proxy connects for us. */
const char *fetch_rules_host(const char *host);

/* The address for people: "10.0.0.1", "fe80::1". Returns buf. */
enum { FETCH_ADDRESS_BYTES = 64 };
const char *fetch_rules_address_text(const struct sockaddr *address, socklen_t length,
    char buf[FETCH_ADDRESS_BYTES]);

/* Whether a host stands in a comma separated list, in any case, with brackets or without, with a
 * dot at its end or without. Nothing but the whole name counts. */
bool fetch_rules_host_is_listed(const char *list, const char *host);

/* Whether a header of a source's own may be sent. Refused: names that are no token, values with
 * control characters, and the headers that are ours or the connection's (Host, Content-Length,
 * Connection, If-None-Match, ...). Error: HS_BAD_ARGUMENT. */
bool fetch_rules_header(const struct fetch_header *header, struct hs_error *err);

/* Whether a redirect, the n-th (from 1), may be followed. Errors: HS_BAD_REDIRECT (too many, or from
 * https to http). */
bool fetch_rules_redirect(const struct url *from, const struct url *to, unsigned n,
    struct hs_error *err);

#endif
