/* held.h: the body of an upload, kept from evhttp, which would gather it in memory.
 *
 * evhttp calls nobody before a body is whole. So where a connection begins a request for an upload,
 * its bytes are held back until the head is there; then evhttp gets the head, saying that no body
 * follows, and the handler reads the body from the socket itself (upload.h). A head that could be
 * read in two ways goes to evhttp as it is, with the small limit that all other bodies have. */
#ifndef WEB_HELD_H
#define WEB_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/buffer.h>

#define HELD_PATH "/admin/imports/upload"

enum { HELD_LENGTH_DIGITS = 13, HELD_BASE_BYTES = 200, HELD_BEGIN_BYTES = 256 };

struct held;

/* base is as in base_path.h, borrowed for its life. NULL without memory. */
struct held *held_new(const char *base);
/* Accepts NULL. */
void held_free(struct held *held);

/* Bytes have come into input, where a request begins or one is held. What evhttp may see is in
 * input afterwards. */
void held_look(struct held *held, struct evbuffer *input);

/* length more have come into input, at its end, before evhttp has looked at it: of a held body they
 * are taken away; else this does nothing. */
void held_more(struct held *held, struct evbuffer *input, size_t length);

/* Whether bytes are held that may still turn out to be a head. */
bool held_is_waiting(const struct held *held);

/* The body of the request that evhttp has got without it: how long it is, and in *ret_begun what
 * has come of it (borrowed; drain it). -1: there is none. */
int64_t held_body(const struct held *held, struct evbuffer **ret_begun);

#endif
