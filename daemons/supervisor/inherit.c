/* inherit.c: descriptors that were open when we began -> listening sockets.
 *
 * Believes that there are as many as LISTEN_FDS says, and nothing about what they are: a unit that
 * says ListenDatagram= or Accept=yes would otherwise be a server that answers nobody. */
#include "daemons/supervisor/inherit.h"

#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/number.h"
#include "common/text.h"

enum { FIRST_FD = 3, NAME_BYTES = 300 };

/* A process may hand its environment on to one that has no such sockets. */
static bool are_for_us(void)
{
	const char *text = getenv("LISTEN_PID");
	struct hs_error ignored = HS_ERROR_INIT;
	long long pid;

	return text != NULL && hs_parse_int(text, 1, INT_MAX, "LISTEN_PID", &pid, &ignored) &&
	    pid == getpid();
}

/* "descriptor 3 (http)", with the n-th of LISTEN_FDNAMES. */
static void describe(int n, char buf[NAME_BYTES])
{
	const char *name = getenv("LISTEN_FDNAMES");

	for (int i = 0; name != NULL && i < n; i++)
		if ((name = strchr(name, ':')) != NULL)
			name++;
	if (name == NULL || strcspn(name, ":") == 0)
		snprintf(buf, NAME_BYTES, "descriptor %d", FIRST_FD + n);
	else
		snprintf(buf, NAME_BYTES, "descriptor %d (%.*s)", FIRST_FD + n,
		    (int)strcspn(name, ":"), name);
}

static bool refuse(const char *which, const char *what, struct hs_error *err)
{
	return hs_error_set(err, HS_BAD_SETTING, "LISTEN_FDS",
	    "%s, which the service manager has handed over, is %s: its unit must say "
	    "ListenStream=, and not Accept=yes", which, what);
}

static bool get_option(int fd, int name, int *ret)
{
	socklen_t size = sizeof *ret;

	return getsockopt(fd, SOL_SOCKET, name, ret, &size) == 0;
}

static bool prepare(int fd, int family)
{
	const int on = 1;
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    (family == AF_UNIX || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
}

static bool url_of_unix(const struct sockaddr_un *address, socklen_t size, char *url,
    struct hs_error *err)
{
	size_t room = size - offsetof(struct sockaddr_un, sun_path);
	const char *path = address->sun_path;

	if (size <= offsetof(struct sockaddr_un, sun_path))
		return hs_format(url, LISTEN_URL_BYTES, err, "unix:?");
	if (path[0] != '\0')
		return hs_format(url, LISTEN_URL_BYTES, err, "unix:%.*s",
		    (int)strnlen(path, room), path);
	return hs_format(url, LISTEN_URL_BYTES, err, "unix:@%.*s", (int)(room - 1), path + 1);
}

static bool url_of(const struct sockaddr *address, socklen_t size, char *url, struct hs_error *err)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	int problem;

	problem = getnameinfo(address, size, host, sizeof host, port, sizeof port,
	    NI_NUMERICHOST | NI_NUMERICSERV);
	if (problem != 0)
		return hs_error_set(err, HS_IO, "LISTEN_FDS",
		    "cannot tell where a socket listens: %s", gai_strerror(problem));
	return hs_format(url, LISTEN_URL_BYTES, err,
	    address->sa_family == AF_INET6 ? "http://[%s]:%s/" : "http://%s:%s/", host, port);
}

static bool take(int fd, const char *which, char *url, struct hs_error *err)
{
	union {
		struct sockaddr plain;
		struct sockaddr_un path;
		struct sockaddr_storage any;
	} address = { .any = { .ss_family = AF_UNSPEC } };
	socklen_t size = sizeof address;
	int family, type, listens;

	if (!get_option(fd, SO_DOMAIN, &family) || !get_option(fd, SO_TYPE, &type))
		return refuse(which, "no socket", err);
	if (type != SOCK_STREAM || (family != AF_INET && family != AF_INET6 && family != AF_UNIX))
		return refuse(which, "no stream socket of TCP or Unix", err);
	if (!get_option(fd, SO_ACCEPTCONN, &listens) || !listens)
		return refuse(which, "a connection, and does not listen", err);
	if (getsockname(fd, &address.plain, &size) != 0 || !prepare(fd, family))
		return hs_error_errno(err, "LISTEN_FDS", "cannot use %s", which);
	return family == AF_UNIX ? url_of_unix(&address.path, size, url, err)
				 : url_of(&address.plain, size, url, err);
}

static bool take_all(const char *text, struct listeners *into, struct hs_error *err)
{
	long long count;
	char which[NAME_BYTES];

	if (!hs_parse_int(text, 1, LISTEN_MAX, "LISTEN_FDS", &count, err)) {
		err->code = HS_BAD_SETTING;
		return false;
	}
	for (int n = 0; n < (int)count; n++) {
		describe(n, which);
		if (!take(FIRST_FD + n, which, into->urls[n], err))
			return false;
		into->fds[into->count++] = FIRST_FD + n;
	}
	return true;
}

bool inherit_listeners(struct listeners *ret, struct hs_error *err)
{
	struct listeners taken = { .count = 0, .are_inherited = true };
	const char *text = getenv("LISTEN_FDS");
	bool done = text == NULL || !are_for_us() || take_all(text, &taken, err);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (done)
		*ret = taken;
	return done;
}
