/* ask.c: a request line out, answer lines in, on a plain descriptor.
 *
 * Trusts nothing that comes: a line is bounded, and so is the wait. */
#include "ctl/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/file.h"

enum { CHUNK_BYTES = 16384, MOST_BYTES = HS_LINE_BYTES };

static bool send_request(int fd, const char *cmd, struct hs_error *err)
{
	json_t *request = hs_message_request(1, cmd, json_object());
	char *line = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	bool done = line != NULL ? hs_file_write_all(fd, line, strlen(line), err) &&
		hs_file_write_all(fd, "\n", 1, err)
				 : hs_error_set(err, HS_NO_MEMORY, "", "no memory to ask");

	free(line);
	json_decref(request);
	return done;
}

/* More of the answer into text, which has room; false at its end, or after too long. */
static bool read_more(int fd, char *text, size_t *length, int64_t until_ms, struct hs_error *err)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t left = until_ms - hs_clock_ms();
	ssize_t got;

	if (left <= 0 || poll(&wait, 1, (int)left) == 0)
		return hs_error_set(err, HS_TIMEOUT, "", "no answer within %d seconds",
		    (int)ASK_SECONDS);
	got = read(fd, text + *length, CHUNK_BYTES);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return hs_error_set(err, HS_NOT_RUNNING, "", "the connection ended before the answer");
	*length += (size_t)got;
	return true;
}

/* False: it is an event, or nonsense; the answer may still come. */
static bool take_line(const char *line, json_t **ret, struct hs_error *err)
{
	json_t *message = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	json_t *result = json_object_get(message, "result");
	json_t *error = json_object_get(message, "error");

	if (json_is_object(error))
		hs_message_to_error(error, err);
	*ret = json_incref(json_is_object(result) ? result : NULL);
	json_decref(message);
	return *ret != NULL || err->code != HS_OK;
}

static bool read_answer(int fd, json_t **ret, struct hs_error *err)
{
	int64_t until_ms = hs_clock_ms() + (int64_t)ASK_SECONDS * 1000;
	char *text = malloc(MOST_BYTES + CHUNK_BYTES + 1), *end, *line;
	size_t length = 0;
	bool is_over = false;

	if (text == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an answer");
	while (!is_over && read_more(fd, text, &length, until_ms, err)) {
		text[length] = '\0';
		for (line = text; !is_over && (end = strchr(line, '\n')) != NULL; line = end + 1) {
			*end = '\0';
			is_over = take_line(line, ret, err);
		}
		length -= (size_t)(line - text);
		memmove(text, line, length);
		if (length > MOST_BYTES) {
			hs_error_set(err, HS_PROTOCOL, "", "the answer is too long");
			break;
		}
	}
	free(text);
	return err->code == HS_OK;
}

bool ask(const char *socket, const char *cmd, json_t **ret, struct hs_error *err)
{
	json_t *result = NULL;
	bool done;
	int fd;

	if (!hs_control_connect(socket, &fd, err))
		return false;
	done = send_request(fd, cmd, err) && read_answer(fd, &result, err);
	close(fd);
	if (done)
		*ret = result;
	return done;
}
