/* linger.c: an event on a second descriptor of the socket, which keeps it open when evhttp has
 * closed its own. */
#include "daemons/web/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

struct lingerer {
	LIST_ENTRY(lingerer) next;
	struct lingerers *all;
	struct event *event;
	int fd;
	int64_t until_ms;
};

struct lingerers {
	struct event_base *base;
	size_t count;
	LIST_HEAD(, lingerer) list;
};

static void end(struct lingerer *lingerer)
{
	LIST_REMOVE(lingerer, next);
	lingerer->all->count--;
	event_free(lingerer->event);
	close(lingerer->fd);
	free(lingerer);
}

static void on_bytes(evutil_socket_t fd, short what, void *arg)
{
	static char dropped[65536];
	struct lingerer *lingerer = arg;
	ssize_t length = 0;

	if ((what & EV_READ) != 0)
		length = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
	if (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR))) {
		if (hs_clock_ms() < lingerer->until_ms)
			return;
	}
	end(lingerer);
}

struct lingerers *lingerers_new(struct event_base *base)
{
	struct lingerers *all = calloc(1, sizeof *all);

	if (all == NULL)
		return NULL;
	all->base = base;
	LIST_INIT(&all->list);
	return all;
}

void lingerers_free(struct lingerers *lingerers)
{
	struct lingerer *lingerer;

	if (lingerers == NULL)
		return;
	while ((lingerer = LIST_FIRST(&lingerers->list)) != NULL)
		end(lingerer);
	free(lingerers);
}

void linger(struct lingerers *lingerers, int fd)
{
	static const struct timeval silence = { .tv_sec = LINGER_SECONDS };
	struct lingerer *lingerer;

	if (lingerers->count >= LINGER_MOST || (lingerer = calloc(1, sizeof *lingerer)) == NULL)
		return;
	lingerer->all = lingerers;
	lingerer->until_ms = hs_clock_ms() + LINGER_SECONDS * 1000;
	if ((lingerer->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0) {
		free(lingerer);
		return;
	}
	lingerer->event = event_new(lingerers->base, lingerer->fd, EV_READ | EV_PERSIST, on_bytes,
	    lingerer);
	if (lingerer->event == NULL || event_add(lingerer->event, &silence) != 0) {
		if (lingerer->event != NULL)
			event_free(lingerer->event);
		close(lingerer->fd);
		free(lingerer);
		return;
	}
	LIST_INSERT_HEAD(&lingerers->list, lingerer, next);
	lingerers->count++;
}
