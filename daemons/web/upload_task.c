/* upload_task.c: reads, takes apart, writes, in turn; the client sends no faster than that.
 *
 * Trusts the order alone: the loop's memory is not touched, and what is shared with it is one flag.
 */
#include "daemons/web/upload_task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"

enum { PIECE_BYTES = 1 << 18, LOOK_EVERY_MS = 500 };

enum part { PART_NONE, PART_PROOF, PART_FILE, PART_NO_FILE };

struct upload_task {
	struct hs_task task;		/* first */
	/* the loop's */
	void (*done)(void *arg, const struct upload_outcome *outcome);	/* NULL: cancelled */
	void *arg;
	/* the order, copied */
	int fd;
	struct evbuffer *begun;
	int64_t left;
	char boundary[MULTIPART_BOUNDARY_BYTES], proof[TOKEN_PROOF_BYTES];
	char name[UPLOAD_NAME_MAX + 1];	/* "": a form */
	char *folder;
	struct upload_room *room;
	atomic_bool is_unwanted;
	/* the thread's */
	int dir;
	enum part part;
	bool is_proven;
	char given[TOKEN_PROOF_BYTES];
	size_t given_length;
	struct upload_file *file;
	struct upload_outcome outcome;
	char piece[PIECE_BYTES];
};

static void task_free(struct upload_task *task)
{
	if (task->fd >= 0)
		close(task->fd);
	if (task->dir >= 0)
		close(task->dir);
	if (task->begun != NULL)
		evbuffer_free(task->begun);
	upload_room_release(task->room);
	free(task->folder);
	free(task);
}

/* ---- parts ---- */

static bool not_proven(struct hs_error *err)
{
	return hs_error_set(err, HS_NOT_ALLOWED, "",
	    "The form was not sent by a page of ours that is "
	    "still good. Open the page again and send it from there.");
}

static bool begin_file(struct upload_task *task, const char *file_name, struct hs_error *err)
{
	char name[UPLOAD_NAME_MAX + 1];

	task->part = PART_FILE;
	if (file_name[0] == '\0') {	/* none was chosen */
		task->part = PART_NO_FILE;
		return true;
	}
	if (task->outcome.count == UPLOAD_FILES_MOST)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "at most %d files can be sent at once: send the others after these",
		    (int)UPLOAD_FILES_MOST);
	return upload_file_name(file_name, name, err) &&
	    upload_file_new(task->dir, name, &task->file, err);
}

static bool on_part(void *arg, const char *name, const char *file_name, struct hs_error *err)
{
	struct upload_task *task = arg;

	if (!task->is_proven) {
		if (strcmp(name, "proof") != 0 || file_name != NULL)
			return not_proven(err);
		task->part = PART_PROOF;
		return true;
	}
	if (strcmp(name, "file") != 0 || file_name == NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "The form has a part '%.60s', which is no file.", name);
	return begin_file(task, file_name, err);
}

static bool on_bytes(void *arg, const char *bytes, size_t length, struct hs_error *err)
{
	struct upload_task *task = arg;

	if (task->part == PART_FILE)
		return upload_file_write(task->file, bytes, length, err);
	if (task->part == PART_NO_FILE)
		return hs_error_set(err, HS_BAD_ARGUMENT, "file", "a file has no name");
	if (length >= sizeof task->given - task->given_length)
		return not_proven(err);
	memcpy(task->given + task->given_length, bytes, length);
	task->given_length += length;
	return true;
}

static bool on_end(void *arg, struct hs_error *err)
{
	struct upload_task *task = arg;
	struct upload_outcome *outcome = &task->outcome;
	struct upload_file *file = task->file;
	enum part part = task->part;

	task->part = PART_NONE;
	task->file = NULL;
	if (part == PART_FILE) {
		if (!upload_file_finish(file, &outcome->files[outcome->count], err))
			return false;
		outcome->count++;
	} else if (part == PART_PROOF) {
		task->is_proven = strlen(task->given) == task->given_length &&
		    token_is_same(task->given, task->proof);
		return task->is_proven || not_proven(err);
	}
	return true;
}

/* ---- the thread ---- */

/* How long the client may be silent, as of now. */
static int patience_seconds(const struct upload_task *task)
{
	return upload_room_is_stopping(task->room) ? UPLOAD_STOP_SILENCE_SECONDS :
						     UPLOAD_SILENCE_SECONDS;
}

static bool wait_for_client(const struct upload_task *task, struct hs_error *err)
{
	struct pollfd look = { .fd = task->fd, .events = POLLIN };
	int64_t since = hs_clock_ms();
	int found;

	/* in small pieces, so that it hears of a stop */
	do {
		found = poll(&look, 1, LOOK_EVERY_MS);
		if (found < 0 && errno != EINTR)
			return hs_error_errno(err, "", "cannot wait for a client");
	} while (found <= 0 && hs_clock_ms() - since < patience_seconds(task) * 1000);
	return found > 0 || hs_error_set(err, HS_TIMEOUT, "", "nothing of the upload came for %lld "
	    "seconds%s", (long long)(hs_clock_ms() - since) / 1000,
	    upload_room_is_stopping(task->room) ? ", and hsd-web stops: send it again" : "");
}

/* The next bytes of the body, at least one. */
static bool receive(struct upload_task *task, size_t *ret, struct hs_error *err)
{
	size_t most = task->left < (int64_t)sizeof task->piece ? (size_t)task->left :
								  sizeof task->piece;
	int begun = evbuffer_remove(task->begun, task->piece, most);
	ssize_t length = begun;

	while (length <= 0) {
		if (!wait_for_client(task, err))
			return false;
		length = recv(task->fd, task->piece, most, MSG_DONTWAIT);
		if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
			return hs_error_set(
			    err, HS_CANCELLED, "", "the client left during an upload");
	}
	*ret = (size_t)length;
	return true;
}

static bool receive_all(struct upload_task *task, struct multipart *form, struct hs_error *err)
{
	size_t length = 0;

	while (task->left > 0) {
		if (atomic_load(&task->is_unwanted))
			return hs_error_set(err, HS_CANCELLED, "",
			    "the client left during an upload");
		if (!receive(task, &length, err))
			return false;
		if (form != NULL ? !multipart_push(form, task->piece, length, err) :
				   !on_bytes(task, task->piece, length, err))
			return false;
		upload_room_give(task->room, (int64_t)length);
		task->left -= (int64_t)length;
	}
	return form != NULL ? multipart_finish(form, err) : on_end(task, err);
}

static void take_all(struct upload_task *task, struct hs_error *err)
{
	static const struct multipart_events events = { on_part, on_bytes, on_end };
	struct multipart *form = NULL;
	bool is_form = task->name[0] == '\0';

	if (!hs_dir_open(task->folder, &task->dir, err) ||
	    !upload_room_take(task->room, task->dir, task->folder, task->left, err))
		return;
	upload_file_sweep(task->dir);
	if (is_form ? multipart_new(task->boundary, &events, task, &form, err) :
		      begin_file(task, task->name, err))
		receive_all(task, form, err);
	upload_room_give(task->room, task->left);
	upload_file_free(task->file);
	task->file = NULL;
	multipart_free(form);
}

static void work(struct hs_task *base)
{
	struct upload_task *task = (struct upload_task *)base;

	take_all(task, &task->outcome.err);
}

static void done(struct hs_task *base)
{
	struct upload_task *task = (struct upload_task *)base;

	if (task->done != NULL)
		task->done(task->arg, &task->outcome);
	task_free(task);
}

static void drop(struct hs_task *base)
{
	task_free((struct upload_task *)base);
}

/* That this is lost makes the client wait a second: then it sends all the same. */
static void say_go_on(int fd)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	(void)!send(fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool upload_task_start(struct hs_offload *offload, const struct upload_order *order,
    void (*on_done)(void *arg, const struct upload_outcome *outcome), void *arg,
    struct upload_task **ret, struct hs_error *err)
{
	struct upload_task *task = calloc(1, sizeof *task);

	if (task == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for an upload");
	task->task = (struct hs_task){ .work = work, .done = done, .drop = drop };
	task->done = on_done;
	task->arg = arg;
	task->dir = task->fd = -1;
	task->left = order->bytes;
	task->room = upload_room_hold(order->room);
	if (order->name != NULL) {
		snprintf(task->name, sizeof task->name, "%s", order->name);
	} else {
		snprintf(task->boundary, sizeof task->boundary, "%s", order->boundary);
		snprintf(task->proof, sizeof task->proof, "%s", order->proof);
	}
	if ((task->folder = strdup(order->folder)) == NULL ||
	    (task->begun = evbuffer_new()) == NULL ||
	    evbuffer_add_buffer(task->begun, order->begun) != 0)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for an upload");
	else if ((task->fd = fcntl(order->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		hs_error_errno(err, "", "no descriptor for an upload");
	else {
		if (order->client_waits && evbuffer_get_length(task->begun) == 0)
			say_go_on(task->fd);
		if (hs_offload_start(offload, &task->task, err)) {
			*ret = task;
			return true;
		}
	}
	task_free(task);
	return false;
}

void upload_task_cancel(struct upload_task *task)
{
	task->done = NULL;
	atomic_store(&task->is_unwanted, true);
	shutdown(task->fd, SHUT_RD);	/* wakes it */
}
