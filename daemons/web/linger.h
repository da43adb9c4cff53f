/* linger.h: what a client still sends after it was answered is read and dropped for a while: a
 * socket that is closed with unread bytes takes the answer with it. */
#ifndef WEB_LINGER_H
#define WEB_LINGER_H

#include <event2/event.h>

enum { LINGER_SECONDS = 10, LINGER_MOST = 32 };

struct lingerers;

/* NULL without memory. Borrows base for its life. */
struct lingerers *lingerers_new(struct event_base *base);
/* Accepts NULL. Closes all. */
void lingerers_free(struct lingerers *lingerers);

/* Reads from the socket, by a descriptor of its own, until the client is done, or for
 * LINGER_SECONDS. Does nothing when LINGER_MOST do so already. */
void linger(struct lingerers *lingerers, int fd);

#endif
