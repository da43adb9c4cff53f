/* notify.c: sd_notify's protocol by hand: it is one datagram. */
#include "daemons/supervisor/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/number.h"

enum { MIN_WATCHDOG_US = 2000, MAX_WATCHDOG_US = 2000000000 };

/* As long as the process: systemd gives one address for all of it. */
static struct sockaddr_un address;
static socklen_t address_length;
static int watchdog_ms;

void notify_begin(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	struct hs_error err = HS_ERROR_INIT;
	long long number, watched = getpid();

	if (path != NULL && (path[0] == '/' || path[0] == '@') &&
	    strlen(path) < sizeof address.sun_path) {
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, path, strlen(path));
		address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
		if (path[0] == '@')
			address.sun_path[0] = '\0';
	}
	if (usec != NULL &&
	    hs_parse_int(usec, MIN_WATCHDOG_US, MAX_WATCHDOG_US, "WATCHDOG_USEC", &number, &err) &&
	    (pid == NULL || hs_parse_int(pid, 1, INT_MAX, "WATCHDOG_PID", &watched, &err)) &&
	    watched == getpid())
		watchdog_ms = (int)(number / 2000);	/* half of it */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_send(const char *words)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd;

	if (address_length == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&address, address_length) < 0) {
		hs_error_errno(&err, "NOTIFY_SOCKET", "cannot send \"%s\"", words);
		hs_log_error(HS_LOG_WARNING, "cannot tell how we are", &err);
	}
	if (fd >= 0)
		close(fd);
}

void notify_reloading(void)
{
	char words[80];

	snprintf(words, sizeof words, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)hs_clock_us());
	notify_send(words);
}

int notify_watchdog_ms(void)
{
	return watchdog_ms;
}
