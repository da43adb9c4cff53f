/* url.h: http and https URLs, taken apart by libcurl's own parser, so that what we judge is what it
 * asks for; and URLs without their secrets, for people to read. */
#ifndef HS_EXTRACTOR_URL_H
#define HS_EXTRACTOR_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct url {
	char *text;		/* what is asked for: without user, password and fragment */
	char *host;		/* lower case, without a dot at the end; IPv6 in brackets */
	char *origin;		/* "https://host:443": the port is always there */
	char *path;		/* from '/', with the query */
	char *user, *password;	/* decoded; NULL when they are not there */
	bool is_https;
};

/* Parses text; with base, text may be relative to it, as a redirect's. Fills *ret, which was empty
 * or is done with; url_done frees it.
 * Errors: HS_BAD_URL (not http or https, no host, too long, ...), HS_NO_MEMORY. */
bool url_parse(const char *text, const struct url *base, struct url *ret, struct hs_error *err);

/* Says that the URL (any text) cannot be fetched, and why; it is shown as url_mask has it. Always
 * returns false. Error: HS_BAD_URL. */
bool url_refuse(const char *text, const char *reason, struct hs_error *err);

/* A copy without user and password. Error: HS_NO_MEMORY. */
bool url_copy(const struct url *url, struct url *ret, struct hs_error *err);

/* Frees what is in it and empties it. */
void url_done(struct url *url);

/* The host as people write it: with its port where that is not the usual one. Returns buf. */
const char *url_host(const struct url *url, char *buf, size_t size);

bool url_is_same_origin(const struct url *a, const struct url *b);

enum { URL_SHOWN_BYTES = 256 };

/* Any text that may be a URL, as it may be shown: user and password become "***", and so do the
 * values in the query whose names look like secrets (key, token, password, signature, ...). Without
 * fragment and control characters; cut with "..." when it does not fit. Returns buf. */
const char *url_mask(const char *text, char *buf, size_t size);

#endif
