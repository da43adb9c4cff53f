/* task_channel.c: messages of a task to the supervisor, and the one kind that comes back.
 *
 * Trusts the supervisor, which is our parent; a word that does not come in time ends the wait. */
#include "daemons/supervisor/task_channel.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/backup_file.h"
#include "common/clock.h"
#include "common/control.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"

enum { WORD_BYTES = 256 };

void channel_say(int fd, json_t *message)
{
	char *line = message == NULL ? NULL : json_dumps(message, JSON_COMPACT);
	struct hs_error err = HS_ERROR_INIT;

	if (line != NULL &&
	    !(hs_file_write_all(fd, line, strlen(line), &err) &&
		hs_file_write_all(fd, "\n", 1, &err)))
		hs_log_error(HS_LOG_WARNING, "cannot answer the supervisor", &err);
	free(line);
	json_decref(message);
}

void channel_progress(int fd, const char *stage, const char *file, long long bytes, long long total)
{
	char clean[3 * HS_BACKUP_NAME_BYTES];

	hs_utf8_clean(file, strlen(file), clean, sizeof clean);
	channel_say(fd,
	    hs_message_event(0, "progress",
		json_pack("{s:s, s:s, s:I, s:I}", "file", clean, "stage", stage, "bytes",
		    (json_int_t)bytes, "total", (json_int_t)total)));
}

/* One line; its end becomes a NUL. */
static bool read_line(int fd, char line[WORD_BYTES], int64_t deadline_ms, struct hs_error *err)
{
	for (size_t at = 0; at < WORD_BYTES;) {
		struct pollfd one = { .fd = fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - hs_clock_ms();
		ssize_t got;

		if (left_ms <= 0)
			return hs_error_set(err, HS_TIMEOUT, "",
			    "the supervisor has not stopped the daemons in time");
		if (poll(&one, 1, (int)left_ms) <= 0)
			continue;
		if ((got = read(fd, line + at, 1)) < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (line[at] == '\n') {
			line[at] = '\0';
			return true;
		}
		at++;
	}
	return hs_error_set(err, HS_CANCELLED, "", "the supervisor has gone");
}

bool channel_wait(int fd, const char *word, int seconds, struct hs_error *err)
{
	char line[WORD_BYTES];
	json_t *message;
	const char *event;
	bool is_it;

	if (!read_line(fd, line, hs_clock_ms() + seconds * 1000LL, err))
		return false;
	message = json_loads(line, 0, NULL);
	event = json_string_value(json_object_get(message, "event"));
	is_it = event != NULL && strcmp(event, word) == 0;
	json_decref(message);
	return is_it || hs_error_set(err, HS_CANCELLED, "", "the supervisor is stopping");
}
