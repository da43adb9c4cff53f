/* query_string.h: a URL's query string, taken apart and put together. */
#ifndef WEB_QUERY_STRING_H
#define WEB_QUERY_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

#include "common/error.h"
#include "daemons/web/refusals.h"

enum { QUERY_MAX_BYTES = 16384, QUERY_MAX_PAIRS = 1024 };

/* Hears each pair, decoded: valid UTF-8 without NUL, borrowed until it returns. */
typedef bool query_pair_fn(void *arg, const char *name, const char *value, struct hs_error *err);

/* Reads application/x-www-form-urlencoded text; empty pieces ("&&") are skipped, a missing
 * '=' is an empty value; what trackers add to links (fbclid, utm_...) is passed over. Ends at the
 * first refusal.
 * Errors: HS_BAD_ARGUMENT (where: the parameter), HS_NO_MEMORY, or the listener's. */
bool query_string_read(const char *text, query_pair_fn *on_pair, void *arg, struct hs_error *err);

/* The same to the end: what is refused goes to refusals, or nowhere when that is NULL. The listener
 * leaves nothing half done when it refuses. False for the text as a whole (too long, too many
 * pairs) and without memory. */
bool query_string_read_all(const char *text, query_pair_fn *on_pair, void *arg,
    struct refusals *refusals, struct hs_error *err);

/* Refuses any pair: for an address that takes no parameters. Errors as above. */
bool query_string_refuse(const char *text, struct hs_error *err);

/* Appends "name=value", with '&' before it unless out is as long as at start.
 * False without memory. */
bool query_string_add(struct evbuffer *out, size_t start, const char *name, const char *value);

#endif
