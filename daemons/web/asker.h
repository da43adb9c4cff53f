/* asker.h: where a request came from, and whether by HTTPS: by its connection, or by what a proxy
 * of HOOPSCOUT_TRUSTED_PROXIES says of it. What anybody else says of himself counts for nothing. */
#ifndef WEB_ASKER_H
#define WEB_ASKER_H

#include <stdbool.h>

#include "common/network.h"
#include "common/settings.h"

struct exchange;

struct asker {
	char address[HS_ADDRESS_BYTES];	/* "unix" for a Unix socket, "unknown" */
	bool is_https;
};

void asker_of(const struct exchange *exchange, struct asker *ret);

/* Whether the connection itself is from one that the list of networks holds, and no proxy says that
 * it asks for somebody else. */
bool asker_is_direct(const struct exchange *exchange, enum hs_setting networks);

/* The name by which the asker knows us, with the port if he gave it: Host, or what a trusted proxy
 * says of it (X-Forwarded-Host). Borrowed from the request; NULL when there is none. */
const char *asker_host(const struct exchange *exchange);

/* As asker_of, from what is known: peer is the connection's address ("unix"), is_tls how it came;
 * forwarded_for and forwarded_proto are headers, or NULL. */
void asker_decide(const struct hs_settings *settings, const char *peer, bool is_tls,
    const char *forwarded_for, const char *forwarded_proto, struct asker *ret);

/* For counting: of IPv6 the network of 64 bits, since one asker has all of it. */
void asker_place(const struct asker *asker, char ret[HS_ADDRESS_BYTES]);
/* The same, of IPv6 the network of 48 bits: as much as anybody gets for the asking. */
void asker_network(const struct asker *asker, char ret[HS_ADDRESS_BYTES]);

#endif
