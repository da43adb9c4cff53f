/* tls_feed.h: the body of an upload that comes by TLS, on a plain socket.
 *
 * An upload is read from its socket by a thread (upload_task.h), and a TLS session must not be used
 * by two. So the event loop reads what the client sends, and passes it on through a pair of sockets,
 * no faster than the thread takes it: memory does not grow with it. */
#ifndef WEB_TLS_FEED_H
#define WEB_TLS_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "common/error.h"

struct tls_feed;

/* Passes on bytes more of what comes by ssl, whose socket is fd; both are borrowed for its life,
 * and nobody else may read. client_waits: for "100 Continue", which it is sent.
 * When the client ends early, or breaks TLS, the other side sees the end. Gives *ret.
 * Errors: HS_IO, HS_NO_MEMORY. */
bool tls_feed_new(struct event_base *base, SSL *ssl, int fd, int64_t bytes, bool client_waits,
    struct tls_feed **ret, struct hs_error *err);

/* Accepts NULL. Reads nothing more. */
void tls_feed_free(struct tls_feed *feed);

/* Where to read from; the feed's, to be copied. */
int tls_feed_fd(const struct tls_feed *feed);

#endif
