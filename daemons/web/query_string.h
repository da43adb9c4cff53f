/* query_string.h: a URL's query string, taken apart and put together. */
#ifndef WEB_QUERY_STRING_H
#define WEB_QUERY_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

#include "common/error.h"

enum { QUERY_MAX_BYTES = 16384, QUERY_MAX_PAIRS = 1024 };

/* Hears each pair, decoded: valid UTF-8 without NUL, borrowed until it returns. */
typedef bool query_pair_fn(void *arg, const char *name, const char *value, struct hs_error *err);

/* Reads application/x-www-form-urlencoded text; empty pieces ("&&") are skipped, a missing
 * '=' is an empty value; what trackers add to links (fbclid, utm_...) is passed over. Ends at the
 * first refusal.
 * Errors: HS_BAD_ARGUMENT (where: the parameter), HS_NO_MEMORY, or the listener's. */
bool query_string_read(const char *text, query_pair_fn *on_pair, void *arg, struct hs_error *err);

/* The same, but what is refused is left out: for a way on after a refusal. The listener
 * leaves nothing half done when it refuses. */
bool query_string_read_good(const char *text, query_pair_fn *on_pair, void *arg,
    struct hs_error *err);

typedef bool query_reader(const char *text, query_pair_fn *on_pair, void *arg,
    struct hs_error *err);

/* Refuses any pair: for an address that takes no parameters. Errors as above. */
bool query_string_refuse(const char *text, struct hs_error *err);

/* Appends "name=value", with '&' before it unless out is as long as at start.
 * False without memory. */
bool query_string_add(struct evbuffer *out, size_t start, const char *name, const char *value);

#endif
