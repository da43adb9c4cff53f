/* notify.c: sd_notify's protocol by hand: it is one datagram. */
#include "daemons/supervisor/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "common/number.h"

/* As long as the process: systemd gives one address for all of it. */
static struct sockaddr_un address;
static socklen_t address_length;
static int watchdog_ms;

void notify_begin(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");
	struct hs_error err = HS_ERROR_INIT;
	long long number;

	if (path != NULL && (path[0] == '/' || path[0] == '@') && strlen(path) < sizeof address.sun_path) {
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, path, strlen(path));
		address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
		if (path[0] == '@')
			address.sun_path[0] = '\0';
	}
	if (usec != NULL && hs_parse_int(usec, 2000, 2000000000, "WATCHDOG_USEC", &number, &err))
		watchdog_ms = (int)(number / 2000);
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

int notify_watchdog_ms(void)
{
	return watchdog_ms;
}
