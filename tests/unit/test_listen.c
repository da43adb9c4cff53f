/* test_listen.c: what HOOPSCOUT_LISTEN may say, and whose sockets are removed. */
#include "daemons/supervisor/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/control.h"
#include "tests/unit/harness.h"

enum { PATH_BYTES = 256 };

static const struct identity ourselves = { .changes = false };

static struct hs_settings *settings_with(const char *listen)
{
	struct hs_settings *settings = NULL;
	struct hs_error err = HS_ERROR_INIT;

	setenv("HOOPSCOUT_CONF", "/dev/null", 1);
	setenv("HOOPSCOUT_STATE_DIR", "/nowhere", 1);
	setenv("HOOPSCOUT_LISTEN", listen, 1);
	if (!hs_settings_load(NULL, &settings, &err))
		hs_panic("%s: %s", listen, err.message);
	return settings;
}

/* A free port: one that the kernel gives out, closed again. */
static int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		hs_panic("no free port");
	close(fd);
	return ntohs(address.sin_port);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	getsockopt(fd, level, name, &value, &size);
	return value;
}

/* What the settings let through and no machine can bind. */
static void test_addresses(void)
{
	static const struct {
		const char *listen;
		enum hs_error_code want;
		const char *part;	/* of the message */
	} rows[] = {
		{ "256.0.0.1:8000", HS_BAD_SETTING, "\"256.0.0.1:8000\" names no address" },
		{ "[::z]:8000", HS_BAD_SETTING, "\"[::z]:8000\" names no address" },
		{ "192.0.2.1:8000", HS_IO, "cannot listen on 192.0.2.1:8000" },
		{ "unix:/nowhere/at/all/web.sock", HS_NOT_FOUND, "cannot listen on this socket" },
	};

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		struct hs_settings *settings = settings_with(rows[i].listen);
		struct listeners listeners;
		struct hs_error err = HS_ERROR_INIT;

		expect_true(rows[i].listen, !listen_open(settings, &ourselves, &listeners, &err));
		expect_code(rows[i].listen, &err, rows[i].want);
		expect_contains(rows[i].listen, err.message, rows[i].part);
		hs_settings_free(settings);
	}
}

static void test_both_families(void)
{
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;
	struct listeners listeners;
	char list[64];
	int port = free_port();

	/* one port for both: each has its own socket, of its own family */
	snprintf(list, sizeof list, "127.0.0.1:%d,[::1]:%d", port, port);
	settings = settings_with(list);
	if (listen_open(settings, &ourselves, &listeners, &err)) {
		expect_int("count", listeners.count, 2);
		expect_int("IPv6 only", option(listeners.fds[1], IPPROTO_IPV6, IPV6_V6ONLY), 1);
		listen_close(&listeners);
	} else {
		hs_skip("this machine has no IPv6");
	}
	hs_settings_free(settings);
}

static void test_opens_all_or_none(void)
{
	struct listeners listeners, again;
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;
	char path[PATH_BYTES], list[2 * PATH_BYTES];

	snprintf(path, sizeof path, "%s/web.sock", hs_scratch_dir());
	snprintf(list, sizeof list, "unix:%s,127.0.0.1:%d", path, free_port());
	settings = settings_with(list);
	if (!expect_done("open", listen_open(settings, &ourselves, &listeners, &err), &err)) {
		hs_settings_free(settings);
		return;
	}
	expect_int("count", listeners.count, 2);
	expect_int("nodelay", option(listeners.fds[1], IPPROTO_TCP, TCP_NODELAY), 1);
	expect_int("listens", option(listeners.fds[1], SOL_SOCKET, SO_ACCEPTCONN), 1);
	expect_int("close on exec", fcntl(listeners.fds[0], F_GETFD), FD_CLOEXEC);

	expect_true("taken", !listen_open(settings, &ourselves, &again, &err));
	expect_code("taken", &err, HS_EXISTS);
	expect_true("its socket is still there", access(path, F_OK) == 0);
	listen_close(&listeners);
	expect_true("gone", access(path, F_OK) != 0);
	hs_settings_free(settings);
}

static void test_unix_sockets(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_BYTES];
	struct stat first, second;
	int fd, other;

	snprintf(path, sizeof path, "%s/control.sock", hs_scratch_dir());
	if (!expect_done("fresh", listen_unix(path, 0660, &ourselves, &fd, &first, &err), &err))
		return;
	expect_int("mode", first.st_mode & 0777, 0660);
	expect_true("in use", !listen_unix(path, 0660, &ourselves, &other, &second, &err));
	expect_code("in use", &err, HS_EXISTS);
	close(fd);	/* as a crash does: the file stays, nobody answers */
	if (expect_done("stale", listen_unix(path, 0600, &ourselves, &fd, &second, &err), &err)) {
		listen_remove(path, &first);
		/* a file system may use a number again at once */
		expect_true("another's is not removed",
		    access(path, F_OK) == 0 || first.st_ino == second.st_ino);
		listen_remove(path, &second);
		expect_true("ours is", access(path, F_OK) != 0);
		close(fd);
	}
}

static void test_what_is_no_socket_stays(void)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_BYTES];
	struct stat place;
	int fd;

	snprintf(path, sizeof path, "%s/diary", hs_scratch_dir());
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	expect_true("made", fd >= 0);
	close(fd);
	expect_true("refused", !listen_unix(path, 0660, &ourselves, &fd, &place, &err));
	expect_code("refused", &err, HS_EXISTS);
	expect_true("still there", access(path, F_OK) == 0);
}

static const struct hs_case cases[] = {
	{ "addresses", test_addresses },
	{ "both families", test_both_families },
	{ "opens all or none", test_opens_all_or_none },
	{ "unix sockets", test_unix_sockets },
	{ "what is no socket stays", test_what_is_no_socket_stays },
};

int main(void)
{
	return hs_run_suite("listen", cases, HS_COUNT(cases));
}
