/* bare_http.c: the least that evhttp can do, as a ceiling: one body from memory for every request.
 *
 *     bare_http FILE
 *
 * Listens on a free port of 127.0.0.1, with TCP_NODELAY as the supervisor's sockets have it, and
 * prints the port. Runs until it is killed; a failure is a line and status 1. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

enum { MOST_BYTES = 1 << 20 };

static char body[MOST_BYTES];
static size_t length;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void answer(struct evhttp_request *request, void *arg)
{
	struct evbuffer *buffer = evbuffer_new();

	(void)arg;
	if (buffer == NULL || evbuffer_add_reference(buffer, body, length, NULL, NULL) != 0)
		die("no memory");
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
	    "text/html; charset=utf-8");
	evhttp_send_reply(request, HTTP_OK, "OK", buffer);
	evbuffer_free(buffer);
}

static int listen_somewhere(in_port_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fd, SOMAXCONN) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		die("cannot listen");
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	struct event_base *base;
	struct evhttp *http;
	in_port_t port;

	if (file == NULL)
		die("usage: bare_http FILE");
	length = fread(body, 1, sizeof body, file);
	if (fclose(file) != 0 || (base = event_base_new()) == NULL ||
	    (http = evhttp_new(base)) == NULL ||
	    evhttp_accept_socket(http, listen_somewhere(&port)) != 0)
		die("cannot start");
	evhttp_set_gencb(http, answer, NULL);
	printf("%d\n", port);
	fflush(stdout);
	return event_base_dispatch(base) == 0 ? 0 : 1;
}
