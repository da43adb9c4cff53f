/* fetch.h: fetches a URL with manners: one body into one nameless file, without holding up the loop.
 *
 * A fetch asks robots.txt, waits for its turn at the host, tries again with growing pauses when that
 * may help, follows a few redirects, and ends exactly once. It trusts nobody: http and https only,
 * and every address is judged when it is connected to (fetch_rules.h), also after a redirect and
 * whatever a name resolved to before. TLS is verified. Every wait, header and body is bounded by
 * the EXTRACTOR_* settings. Proxies of the environment are ignored; EXTRACTOR_PROXY names one (it
 * looks names up itself, so then only addresses that stand in URLs are judged).
 * Bodies come out as UTF-8: a byte order mark is taken off, what is declared as Latin-1 (and is not
 * UTF-8 after all) is converted, other encodings are refused by name. gzip and whatever else libcurl
 * knows are inflated, and bounded by their inflated size.
 * Logs and errors never hold a URL's secrets (url_mask). Several fetches run at once; all of it
 * belongs to the thread of the event base. */
#ifndef HS_EXTRACTOR_FETCH_H
#define HS_EXTRACTOR_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/error.h"
#include "common/settings.h"

enum {
	FETCH_MAX_URL_BYTES = 8000,
	FETCH_MAX_HEADERS = 32,
	FETCH_MAX_HEADER_BYTES = 8000,	/* of a name and of a value */
	FETCH_MAX_REDIRECTS = 5,
	FETCH_WHY_BYTES = 96
};

struct fetcher;
struct fetch;
struct fetch_settings;

/* A header of the source's own, an API key for example. */
struct fetch_header {
	const char *name;
	const char *value;
};

struct fetch_request {
	const char *url;		/* user:password@ in it are sent as Basic authentication */
	/* Sent to the origin of url alone, as the password is: never to where it redirects to. */
	const struct fetch_header *headers;
	size_t header_count;
	/* What fetch_result said last time, or NULL: the body comes only when it has changed. */
	const char *etag;
	const char *last_modified;
	struct fetch_settings *settings;	/* NULL: those in force now (fetcher_settings) */
};

enum fetch_phase {
	FETCH_WAITING,			/* for its turn at the host */
	FETCH_PAUSING,			/* before another attempt, for it or for its robots.txt */
	FETCH_ROBOTS,			/* robots.txt is read */
	FETCH_ASKING,			/* connecting, and until the answer begins */
	FETCH_RECEIVING
};

struct fetch_progress {
	enum fetch_phase phase;
	unsigned attempt;		/* from 1; of FETCH_PAUSING the one that comes */
	unsigned attempts;		/* the most */
	unsigned wait_ms;		/* of FETCH_WAITING and FETCH_PAUSING: how much longer */
	char why[FETCH_WHY_BYTES];	/* of FETCH_PAUSING: "HTTP 503", and the like */
	uint64_t bytes;			/* received, inflated */
	uint64_t total_bytes;		/* as the server announced it, 0: not known */
};

struct fetch_result {
	bool is_unchanged;		/* 304: there is no body, and fd is -1 */
	int fd;				/* gives: a nameless file, for reading, at its start */
	uint64_t bytes;			/* the body in fd */
	unsigned attempts, redirects;
	/* The rest is borrowed until done returns; NULL when the server said nothing of it. */
	const char *url;		/* where it was found in the end; secrets are in it */
	const char *etag;
	const char *last_modified;
	const char *content_type;
	const char *next_url;		/* of Link: <...>; rel="next", made absolute */
};

/* The end of a fetch, once. result NULL: it failed, and error says why; error NULL: it did not.
 * The fetch is gone when this returns, and must not be cancelled in it. Starting others is fine.
 * Errors: HS_BAD_URL, HS_ADDRESS_REFUSED, HS_ROBOTS_REFUSED (temporary: robots.txt could not be
 * had), HS_HTTP_STATUS (429 and 5xx: temporary), HS_BAD_REDIRECT, HS_TLS, HS_FETCH_FAILED (name not
 * found, refused, cut off, ...), HS_TIMEOUT (too slow), HS_TOO_BIG, HS_BAD_ENCODING, HS_PROTOCOL,
 * HS_DISK_FULL, HS_IO, HS_NO_MEMORY; where is the URL, masked. */
typedef void fetch_done(void *arg, const struct fetch_result *result, const struct hs_error *error);

/* Now and then (at most four times a second), and when the phase changes. Cancelling is fine. */
typedef void fetch_watch(void *arg, const struct fetch_progress *progress);

/* Gives *ret. Borrows base for its life; settings are read now (EXTRACTOR_*).
 * Errors: HS_NO_MEMORY, HS_BAD_SETTING (EXTRACTOR_CA_FILE cannot be read, EXTRACTOR_PROXY is no
 * URL, EXTRACTOR_USER_AGENT cannot be a header). */
bool fetcher_new(struct event_base *base, const struct hs_settings *settings, struct fetcher **ret,
    struct hs_error *err);

/* Takes up changed settings, for whoever does not hold a share of the old ones; a refusal keeps those. */
bool fetcher_configure(struct fetcher *fetcher, const struct hs_settings *settings,
    struct hs_error *err);

/* Gives a share of those in force (fetch_settings.h): all requests of a run keep to what it began
 * with. */
struct fetch_settings *fetcher_settings(struct fetcher *fetcher);

/* Cancels what is under way. Accepts NULL. */
void fetcher_free(struct fetcher *fetcher);

/* Starts a fetch; borrows request until it returns. Nothing is called back before the loop runs
 * again. watch may be NULL. *ret is good for fetch_cancel until done is called.
 * Errors: HS_BAD_URL, HS_BAD_ARGUMENT (a header that may not be sent), HS_NO_MEMORY; IO errors of
 * the temporary file. */
bool fetch_start(struct fetcher *fetcher, const struct fetch_request *request, fetch_done *done,
    fetch_watch *watch, void *arg, struct fetch **ret, struct hs_error *err);

/* Bytes of the body so far, inflated: for who cancels it, and in done. */
uint64_t fetch_received(const struct fetch *fetch);

/* Ends it at once and for good: nothing is called back any more. Accepts NULL. */
void fetch_cancel(struct fetch *fetch);

#endif
