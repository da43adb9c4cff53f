/* tls_feed.c: one piece in hand; while the other side is full nothing is read. */
#include "daemons/web/tls_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

enum { PIECE_BYTES = 16384, PIECES_AT_ONCE = 16 };

struct tls_feed {
	SSL *ssl;
	struct event *readable;		/* the client has sent something */
	struct event *writable;		/* the thread has taken something */
	int ends[2];			/* ours, the thread's */
	int64_t left;
	size_t length, sent;		/* of piece */
	char piece[PIECE_BYTES];
};

/* Nothing more comes: whoever waits at the other end sees that. */
static void finish(struct tls_feed *feed)
{
	feed->left = 0;
	shutdown(feed->ends[0], SHUT_WR);
}

static bool wait_for(struct tls_feed *feed, struct event *event)
{
	if (event_add(event, NULL) == 0)
		return false;
	finish(feed);
	return false;
}

/* False when it has to wait, or is over. */
static bool pass_on(struct tls_feed *feed)
{
	while (feed->sent < feed->length) {
		ssize_t sent = send(feed->ends[0], feed->piece + feed->sent,
		    feed->length - feed->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return wait_for(feed, feed->writable);
		if (sent < 0) {
			finish(feed);	/* the thread has given up */
			return false;
		}
		feed->sent += (size_t)sent;
	}
	return feed->left > 0;
}

static bool take(struct tls_feed *feed)
{
	int most = feed->left < PIECE_BYTES ? (int)feed->left : PIECE_BYTES, length;

	ERR_clear_error();
	length = SSL_read(feed->ssl, feed->piece, most);
	if (length > 0) {
		feed->length = (size_t)length;
		feed->sent = 0;
		feed->left -= length;
		return true;
	}
	/* without renegotiation nothing has to be written before more can be read */
	if (SSL_get_error(feed->ssl, length) == SSL_ERROR_WANT_READ)
		return wait_for(feed, feed->readable);
	ERR_clear_error();
	finish(feed);
	return false;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct tls_feed *feed = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < PIECES_AT_ONCE; i++) {
		if (!pass_on(feed) || !take(feed))
			return;
	}
	event_active(feed->readable, EV_READ, 0);	/* others first */
}

static bool say_go_on(SSL *ssl)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	int sent;

	ERR_clear_error();
	sent = SSL_write(ssl, text, sizeof text - 1);
	ERR_clear_error();
	return sent == (int)sizeof text - 1;
}

bool tls_feed_new(struct event_base *base, SSL *ssl, int fd, int64_t bytes, bool client_waits,
    struct tls_feed **ret, struct hs_error *err)
{
	struct tls_feed *feed = calloc(1, sizeof *feed);

	if (feed == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an upload");
	feed->ssl = ssl;
	feed->left = bytes;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, feed->ends) != 0) {
		free(feed);
		return hs_error_errno(err, "", "no descriptors for an upload");
	}
	feed->readable = event_new(base, fd, EV_READ, on_event, feed);
	feed->writable = event_new(base, feed->ends[0], EV_WRITE, on_event, feed);
	if (feed->readable == NULL || feed->writable == NULL) {
		tls_feed_free(feed);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an upload");
	}
	if (client_waits && !say_go_on(ssl)) {
		tls_feed_free(feed);
		return hs_error_set(err, HS_IO, "", "the client does not take an answer");
	}
	event_active(feed->readable, EV_READ, 0);	/* some may be decrypted already */
	*ret = feed;
	return true;
}

void tls_feed_free(struct tls_feed *feed)
{
	if (feed == NULL)
		return;
	if (feed->readable != NULL)
		event_free(feed->readable);
	if (feed->writable != NULL)
		event_free(feed->writable);
	close(feed->ends[0]);
	close(feed->ends[1]);
	free(feed);
}

int tls_feed_fd(const struct tls_feed *feed)
{
	return feed->ends[1];
}
