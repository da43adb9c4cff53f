/* stream.c: makes the socket for a backup's bytes, and lets in one peer.
 *
 * The folder lets in the daemons' group, SO_PEERCRED tells who came: whoever gave the command, or
 * root. The name is gone as soon as he is in. */
#include "daemons/supervisor/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/control.h"
#include "common/text.h"
#include "daemons/supervisor/task_channel.h"

enum { COME_SECONDS = 10 };

static bool listen_at(struct sockaddr_un *address, int *ret_fd, struct hs_error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return hs_error_errno(err, "", "cannot make a socket");
	if (unlink(address->sun_path) != 0 && errno != ENOENT)
		hs_error_errno(err, address->sun_path, "cannot remove the socket of before");
	else if (bind(fd, (struct sockaddr *)address, sizeof *address) != 0 ||
	    chmod(address->sun_path, 0660) != 0 || listen(fd, 1) != 0)
		hs_error_errno(err, address->sun_path, "cannot listen here");
	else {
		*ret_fd = fd;
		return true;
	}
	close(fd);
	return false;
}

static bool let_in(int listener, uid_t uid, int *ret_fd, struct hs_error *err)
{
	struct pollfd one = { .fd = listener, .events = POLLIN };
	struct ucred peer;
	socklen_t size = sizeof peer;
	int fd;

	if (poll(&one, 1, COME_SECONDS * 1000) <= 0)
		return hs_error_set(err, HS_TIMEOUT, "", "hsctl did not come for the bytes");
	if ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		return hs_error_errno(err, "", "cannot take hsctl's connection");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	    (peer.uid == uid || peer.uid == 0)) {
		*ret_fd = fd;
		return true;
	}
	close(fd);
	return hs_error_set(
	    err, HS_NOT_ALLOWED, "", "user %u came for another's bytes", (unsigned)peer.uid);
}

bool stream_open(
    const struct hs_settings *settings, int channel, uid_t uid, int *ret_fd, struct hs_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = -1;
	bool done;

	if (!hs_format(address.sun_path, sizeof address.sun_path, err, "%s/run/stream.sock",
		hs_setting_text(settings, HS_SET_STATE_DIR)) ||
	    !listen_at(&address, &listener, err))
		return false;
	channel_say(
	    channel, hs_message_event(0, "stream", json_pack("{s:s}", "socket", address.sun_path)));
	done = let_in(listener, uid, ret_fd, err);
	close(listener);
	unlink(address.sun_path);
	return done;
}

bool stream_is_over(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLRDHUP };

	return poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
