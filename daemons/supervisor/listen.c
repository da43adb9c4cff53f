/* listen.c: "127.0.0.1:8000", "[::]:8000", "unix:PATH" -> listening sockets.
 *
 * Fails as a whole: a system that answers on half of its addresses looks healthy and is not. */
#include "daemons/supervisor/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/control.h"
#include "common/number.h"
#include "common/text.h"

enum { BACKLOG = 1024, ITEM_BYTES = 256 };

static bool bind_error(struct hs_error *err, const char *item)
{
	if (errno == EADDRINUSE)
		return hs_error_set(err, HS_EXISTS, "HOOPSCOUT_LISTEN",
		    "%s is in use by another program: stop it, or choose another address in "
		    "HOOPSCOUT_LISTEN",
		    item);
	if (errno == EACCES)
		return hs_error_set(err, HS_NO_PERMISSION, "HOOPSCOUT_LISTEN",
		    "not allowed to listen on %s: ports below 1024 need root", item);
	return hs_error_errno(err, "HOOPSCOUT_LISTEN", "cannot listen on %s", item);
}

/* Splits "[::1]:8000" or "127.0.0.1:8000", whose form the settings have checked. */
static void split_host(const char *item, char host[ITEM_BYTES], char port[8])
{
	const char *colon = strrchr(item, ':');
	bool is_bracketed = item[0] == '[';
	size_t length = colon == NULL ? strlen(item) : (size_t)(colon - item);

	snprintf(host, ITEM_BYTES, "%.*s", (int)length - 2 * is_bracketed, item + is_bracketed);
	snprintf(port, 8, "%.7s", colon == NULL ? "" : colon + 1);
}

static bool set_options(int fd, int family)
{
	const int on = 1;

	/* accepted sockets inherit TCP_NODELAY: without it each answer waits for a delayed ACK */
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
	    (family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0);
}

static bool find_address(const char *item, struct addrinfo **ret, struct hs_error *err)
{
	static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char host[ITEM_BYTES], port[8];
	int problem;

	split_host(item, host, port);
	if ((problem = getaddrinfo(host, port, &hints, ret)) == 0)
		return true;
	return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_LISTEN",
	    "\"%s\" names no address of this machine (%s): write 127.0.0.1:8000, [::]:8000 or "
	    "unix:PATH", item, gai_strerror(problem));
}

static bool open_inet(const char *item, int *ret_fd, struct hs_error *err)
{
	struct addrinfo *found = NULL;
	int fd;

	if (!find_address(item, &found, err))
		return false;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !set_options(fd, found->ai_family) ||
	    bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		bind_error(err, item);
		if (fd >= 0)
			close(fd);
		freeaddrinfo(found);
		return false;
	}
	freeaddrinfo(found);
	*ret_fd = fd;
	return true;
}

static bool check_path(const char *path, struct hs_error *err)
{
	const size_t most = sizeof ((struct sockaddr_un *)0)->sun_path - 1;

	if (path[0] != '/')
		return hs_error_set(err, HS_BAD_SETTING, path, "a socket's path begins with /");
	return strlen(path) <= most || hs_error_set(err, HS_BAD_SETTING, path,
	    "a socket's path has at most %zu bytes, this one has %zu: choose a shorter folder",
	    most, strlen(path));
}

/* A killed program leaves its socket's file: only one that nobody answers on is removed. */
static bool clear_stale(const char *path, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	struct stat info;
	int fd;

	if (lstat(path, &info) != 0)
		return errno == ENOENT || hs_error_errno(err, path, "cannot look at it");
	if (!S_ISSOCK(info.st_mode))
		return hs_error_set(err, HS_EXISTS, path,
		    "it is there and is no socket: remove it, or choose another path");
	if (hs_control_connect(path, &fd, &why)) {
		close(fd);
		return hs_error_set(err, HS_EXISTS, path, "another program listens on this socket");
	}
	if (why.code != HS_NOT_RUNNING) {
		*err = why;
		return false;
	}
	if (unlink(path) != 0 && errno != ENOENT)
		return hs_error_errno(err, path, "cannot remove a stale socket");
	return true;
}

/* The socket has its rights from the beginning. */
static bool bind_at(int fd, const struct sockaddr_un *address, mode_t mode)
{
	mode_t before = umask(0777 & ~mode);
	bool done = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
	int why = errno;

	umask(before);
	errno = why;
	return done;
}

/* The daemons' user makes it himself, where he may: root would follow where he leads. */
static bool bind_unix(int fd, const struct sockaddr_un *address, mode_t mode,
    const struct identity *identity, struct hs_error *err)
{
	const char *path = address->sun_path;
	bool done;
	int why;

	if (!identity_act(identity, true, err))
		return false;
	done = bind_at(fd, address, mode);
	why = errno;
	if (!identity_act(identity, false, err))
		return false;
	errno = why;
	if (!done && why == EACCES && identity->changes)
		done = bind_at(fd, address, mode) &&
		    lchown(path, identity->uid, identity->gid) == 0;
	return done || hs_error_errno(err, path, "cannot listen on this socket");
}

bool listen_unix(const char *path, mode_t mode, const struct identity *identity, int *ret_fd,
    struct stat *ret_place, struct hs_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (!check_path(path, err) || !clear_stale(path, err))
		return false;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return hs_error_errno(err, path, "cannot make a socket");
	if (!bind_unix(fd, &address, mode, identity, err)) {
		close(fd);
		return false;
	}
	if (listen(fd, BACKLOG) != 0 || lstat(path, ret_place) != 0) {
		hs_error_errno(err, path, "cannot listen on this socket");
		close(fd);
		return false;
	}
	*ret_fd = fd;
	return true;
}

static bool open_item(const struct hs_settings *settings, const char *item,
    const struct identity *identity, struct listeners *into, struct hs_error *err)
{
	bool is_unix = strncmp(item, "unix:", strlen("unix:")) == 0;
	bool is_tls = strncmp(item, "tls:", strlen("tls:")) == 0;
	char *url = into->urls[into->count];
	int fd;

	if (into->count == LISTEN_MAX)
		return hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_LISTEN",
		    "it names more than %d addresses", LISTEN_MAX);
	if (is_tls)
		item += strlen("tls:");
	if (!hs_format(url, LISTEN_URL_BYTES, err, is_unix ? "%s" : is_tls ? "https://%s%s/" :
		"http://%s%s/", item,
		hs_setting_text(settings, HS_SET_BASE_PATH)))
		return false;
	/* a proxy of another user shall reach a Unix socket: what guards it is its folder */
	if (!(is_unix ? listen_unix(item + strlen("unix:"), 0666, identity, &fd,
			    &into->places[into->count], err)
		      : open_inet(item, &fd, err)))
		return false;
	into->fds[into->count++] = fd;
	return true;
}

bool listen_open(const struct hs_settings *settings, const struct identity *identity,
    struct listeners *ret, struct hs_error *err)
{
	struct listeners opened = { .count = 0 };
	char item[ITEM_BYTES];

	for (size_t n = 0; hs_setting_item(settings, HS_SET_LISTEN, n, item, sizeof item); n++) {
		if (open_item(settings, item, identity, &opened, err))
			continue;
		listen_close(&opened);
		return false;
	}
	*ret = opened;
	return true;
}

void listen_remove(const char *path, const struct stat *place)
{
	struct stat now;

	if (lstat(path, &now) == 0 && now.st_ino == place->st_ino && now.st_dev == place->st_dev)
		unlink(path);
}

void listen_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		close(listeners->fds[i]);
		if (strncmp(listeners->urls[i], "unix:", strlen("unix:")) == 0)
			listen_remove(listeners->urls[i] + strlen("unix:"), &listeners->places[i]);
	}
	listeners->count = 0;
}
