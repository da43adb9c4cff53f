/* asker.c: reads X-Forwarded-For from its end: each proxy appends whom it heard, and the first
 * from there that is no proxy of ours is the asker. */
#include "daemons/web/asker.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>

#include "daemons/web/exchange.h"
#include "daemons/web/web.h"

enum { MOST_PROXIES = 16 };

static bool is_listed(const struct hs_settings *settings, enum hs_setting list, const char *peer)
{
	struct hs_address address;
	struct hs_network network;
	bool is_address = hs_address_parse(peer, strlen(peer), &address);
	char item[64];

	for (size_t n = 0; hs_setting_item(settings, list, n, item, sizeof item); n++) {
		if (strcmp(item, peer) == 0)
			return true;
		if (is_address && hs_network_parse(item, strlen(item), &network) &&
		    hs_network_holds(&network, &address))
			return true;
	}
	return false;
}

static bool is_trusted(const struct hs_settings *settings, const char *peer)
{
	return is_listed(settings, HS_SET_TRUSTED_PROXIES, peer);
}

/* The last of a comma separated list, trimmed; *list loses it. False when none is left. */
static bool take_last(const char *list, size_t *length, const char **ret, size_t *ret_length)
{
	size_t end = *length, begin;

	while (end > 0 && strchr(" \t,", list[end - 1]) != NULL)
		end--;
	for (begin = end; begin > 0 && list[begin - 1] != ','; begin--)
		;
	*length = begin;
	while (begin < end && strchr(" \t", list[begin]) != NULL)
		begin++;
	*ret = list + begin;
	*ret_length = end - begin;
	return end > begin;
}

void asker_decide(const struct hs_settings *settings, const char *peer, bool is_tls,
    const char *forwarded_for, const char *forwarded_proto, struct asker *ret)
{
	size_t left = forwarded_for != NULL ? strlen(forwarded_for) : 0, length;
	struct hs_address address;
	const char *item;

	snprintf(ret->address, sizeof ret->address, "%s", peer);
	ret->is_https = is_tls;
	if (!is_trusted(settings, peer))
		return;
	if (forwarded_proto != NULL)
		ret->is_https = strcasecmp(forwarded_proto, "https") == 0;
	for (int i = 0; i < MOST_PROXIES && take_last(forwarded_for, &left, &item, &length); i++) {
		if (!hs_address_parse(item, length, &address))
			return;
		hs_address_text(&address, ret->address);
		if (!is_trusted(settings, ret->address))
			return;
	}
}

static void peer_of(const struct exchange *exchange, char ret[HS_ADDRESS_BYTES])
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(exchange->request);
	struct bufferevent *bev = evcon != NULL ? evhttp_connection_get_bufferevent(evcon) : NULL;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} peer = { .any.sa_family = AF_UNSPEC };
	socklen_t length = sizeof peer;
	struct hs_address address;
	char text[HS_ADDRESS_BYTES] = "unknown";

	if (bev == NULL || getpeername(bufferevent_getfd(bev), &peer.any, &length) != 0)
		;
	else if (peer.any.sa_family == AF_UNIX)
		snprintf(text, sizeof text, "unix");
	else if (peer.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &peer.v4.sin_addr, text, sizeof text);
	else if (peer.any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &peer.v6.sin6_addr, text, sizeof text);
	if (hs_address_parse(text, strlen(text), &address))
		hs_address_text(&address, text);
	memcpy(ret, text, HS_ADDRESS_BYTES);
}

/* A header may come several times; what the proxy that is next to us wrote comes last. */
static const char *last_header(const struct exchange *exchange, const char *name)
{
	const struct evkeyval *header;
	const char *found = NULL;

	TAILQ_FOREACH(header, evhttp_request_get_input_headers(exchange->request), next) {
		if (strcasecmp(header->key, name) == 0)
			found = header->value;
	}
	return found;
}

static bool is_tls(const struct exchange *exchange)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(exchange->request);
	struct bufferevent *bev = evcon != NULL ? evhttp_connection_get_bufferevent(evcon) : NULL;

	return bev != NULL && bufferevent_openssl_get_ssl(bev) != NULL;
}

void asker_of(const struct exchange *exchange, struct asker *ret)
{
	char peer[HS_ADDRESS_BYTES];

	peer_of(exchange, peer);
	asker_decide(hs_child_settings(exchange->web->child), peer, is_tls(exchange),
	    last_header(exchange, "X-Forwarded-For"), last_header(exchange, "X-Forwarded-Proto"),
	    ret);
}

const char *asker_host(const struct exchange *exchange)
{
	const char *forwarded = last_header(exchange, "X-Forwarded-Host");
	char peer[HS_ADDRESS_BYTES];

	if (forwarded != NULL && forwarded[0] != '\0') {
		peer_of(exchange, peer);
		if (is_trusted(hs_child_settings(exchange->web->child), peer))
			return forwarded;
	}
	return exchange_header(exchange, "Host");
}

bool asker_is_direct(const struct exchange *exchange, enum hs_setting networks)
{
	static const char *const signs[] = { "X-Forwarded-For", "X-Real-IP", "Forwarded", "Via" };
	char peer[HS_ADDRESS_BYTES];

	for (size_t i = 0; i < HS_COUNT(signs); i++) {
		if (last_header(exchange, signs[i]) != NULL)
			return false;
	}
	peer_of(exchange, peer);
	return is_listed(hs_child_settings(exchange->web->child), networks, peer);
}

static void network_of(const struct asker *asker, size_t v6_bytes, char ret[HS_ADDRESS_BYTES])
{
	struct hs_address address;

	snprintf(ret, HS_ADDRESS_BYTES, "%s", asker->address);
	if (!hs_address_parse(ret, strlen(ret), &address) || !address.is_v6)
		return;
	memset(address.bytes + v6_bytes, 0, sizeof address.bytes - v6_bytes);
	hs_address_text(&address, ret);
}

void asker_place(const struct asker *asker, char ret[HS_ADDRESS_BYTES])
{
	network_of(asker, 8, ret);
}

void asker_network(const struct asker *asker, char ret[HS_ADDRESS_BYTES])
{
	network_of(asker, 6, ret);
}
