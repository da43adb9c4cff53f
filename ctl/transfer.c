/* transfer.c: writes what a backup task streams, and reads what a restore task wants.
 *
 * The file is ours: our rights open it, whoever the daemons run as. Trusts the stream's bytes no
 * further than their number, which the result tells; their checksums are in the file itself. */
#include "ctl/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/control.h"
#include "common/file.h"
#include "common/number.h"
#include "common/text.h"
#include "ctl/client.h"
#include "ctl/outcome.h"

enum { CHUNK_BYTES = 256 << 10 };

struct transfer {
	bool restores, is_standard, replaces;
	const char *path;
	char part[PATH_MAX], folder[PATH_MAX];
	int file, stream; /* -1: not open */
	struct event *ready; /* of the stream */
	long long bytes;
	size_t length, sent; /* of the chunk, restoring */
	bool is_over; /* the peer wants, or has, no more */
	struct hs_error why; /* of what went wrong in between */
	char chunk[CHUNK_BYTES];
};

bool transfer_is_for(enum hs_command_id command)
{
	return command == HS_CMD_BACKUP || command == HS_CMD_RESTORE;
}

/* ---- before ---- */

static bool check_target(const struct request *request, struct hs_error *err)
{
	const char *path = request->file;
	struct stat info;

	if (strcmp(path, "-") == 0)
		return !isatty(STDOUT_FILENO) ||
		    hs_error_set(err, HS_BAD_ARGUMENT, "",
			"a backup is nothing for a terminal: say '> FILE' after it, or name the "
			"file");
	if (lstat(path, &info) != 0)
		return errno == ENOENT ||
		    hs_error_errno(err, path, "cannot write the backup there");
	if (!S_ISREG(info.st_mode))
		return hs_error_set(
		    err, HS_BAD_ARGUMENT, path, "this is there and no plain file: name a new file");
	return json_is_true(json_object_get(request->args, "force")) ||
	    hs_error_set(err, HS_EXISTS, path,
		"this file is there already: name another, or say --force to replace it");
}

static bool confirm(const struct request *request, struct hs_error *err)
{
	char line[16] = "";

	if (!json_is_true(json_object_get(request->args, "replace")) ||
	    json_is_true(json_object_get(request->args, "yes")))
		return true;
	if (!isatty(STDIN_FILENO))
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "--replace puts aside all that is here, and nobody can be asked: say --yes "
		    "too");
	fputs(
	    "This puts aside the database and the snapshots that HoopScout has here, and puts the "
	    "backup in their place.\nType yes to go on: ",
	    stderr);
	fflush(stderr);
	if (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "yes\n") == 0)
		return true;
	return hs_error_set(err, HS_CANCELLED, "", "nothing was changed");
}

bool transfer_check(const struct request *request, struct hs_error *err)
{
	struct stat info;

	if (request->command == HS_CMD_BACKUP)
		return check_target(request, err);
	if (strcmp(request->file, "-") != 0) {
		if (stat(request->file, &info) != 0 || access(request->file, R_OK) != 0)
			return hs_error_errno(err, request->file, "cannot read the backup");
		if (S_ISDIR(info.st_mode))
			return hs_error_set(err, HS_BAD_ARGUMENT, request->file,
			    "this is a folder: name the file of a backup");
	}
	return confirm(request, err);
}

/* ---- the bytes ---- */

static void finish_stream(struct transfer *transfer)
{
	transfer->is_over = true;
	if (transfer->ready != NULL)
		event_del(transfer->ready);
}

static void fail(struct transfer *transfer, const struct hs_error *why)
{
	transfer->why = *why;
	finish_stream(transfer);
	if (transfer->stream >= 0)
		shutdown(transfer->stream, SHUT_RDWR); /* the task ends, and says so */
}

/* Reads some of a backup and writes it; false at the end, or when that failed. */
static bool take_some(struct transfer *transfer)
{
	struct hs_error err = HS_ERROR_INIT;
	ssize_t got = read(transfer->stream, transfer->chunk, sizeof transfer->chunk);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got < 0)
		hs_error_errno(&err, "", "the backup's bytes do not come");
	else if (got > 0 && hs_file_write_all(transfer->file, transfer->chunk, (size_t)got, &err)) {
		transfer->bytes += got;
		return true;
	}
	if (err.code != HS_OK) {
		hs_error_at(&err, transfer->is_standard ? "standard output" : transfer->part);
		fail(transfer, &err);
	}
	return false;
}

static bool fill_chunk(struct transfer *transfer)
{
	struct hs_error err = HS_ERROR_INIT;

	if (transfer->sent < transfer->length)
		return true;
	transfer->sent = transfer->length = 0;
	if (!hs_file_read(
		transfer->file, transfer->chunk, sizeof transfer->chunk, &transfer->length, &err)) {
		hs_error_at(&err, transfer->path);
		fail(transfer, &err);
		return false;
	}
	if (transfer->length > 0)
		return true;
	shutdown(transfer->stream, SHUT_WR);
	return false;
}

/* Sends some; false at the end. A task that wants no more says why by itself. */
static bool give_some(struct transfer *transfer)
{
	ssize_t gone;

	if (!fill_chunk(transfer))
		return false;
	gone = send(transfer->stream, transfer->chunk + transfer->sent,
	    transfer->length - transfer->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (gone < 0)
		return errno == EINTR || errno == EAGAIN;
	transfer->sent += (size_t)gone;
	transfer->bytes += gone;
	return true;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct transfer *transfer = arg;

	(void)fd;
	(void)what;
	if (!(transfer->restores ? give_some(transfer) : take_some(transfer)))
		finish_stream(transfer);
}

/* ---- events and result ---- */

static bool open_file(struct transfer *transfer, struct hs_error *err)
{
	if (transfer->is_standard)
		transfer->file = transfer->restores ? STDIN_FILENO : STDOUT_FILENO;
	else if (transfer->restores)
		transfer->file = open(transfer->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else /* one of before that was broken off is of no use */
		transfer->file = open(
		    transfer->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	return transfer->file >= 0 ||
	    hs_error_errno(
		err, transfer->restores ? transfer->path : transfer->part, "cannot open the file");
}

static bool begin_bytes(struct transfer *transfer, struct hs_error *err)
{
	return (transfer->ready != NULL && event_add(transfer->ready, NULL) == 0) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "cannot watch the stream");
}

static bool start_stream(
    struct transfer *transfer, struct event_base *base, const char *socket, struct hs_error *err)
{
	short what = transfer->restores ? EV_WRITE : EV_READ;

	if (socket == NULL || transfer->stream >= 0)
		return hs_error_set(err, HS_PROTOCOL, "", "the answer makes no sense (a stream)");
	/* first the stream: when it is closed, the task need not wait for us */
	if (!hs_control_connect(socket, &transfer->stream, err) || !open_file(transfer, err))
		return false;
	transfer->ready =
	    event_new(base, transfer->stream, (short)(what | EV_PERSIST), on_ready, transfer);
	if (transfer->ready == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot watch the stream");
	return !transfer->restores ||
	    begin_bytes(transfer, err); /* a backup tells its size first */
}

static bool check_room(const struct transfer *transfer, long long bytes, struct hs_error *err)
{
	char needed[FIGURE_BYTES], there[FIGURE_BYTES];
	struct statvfs room;
	long long free_bytes;

	if (transfer->is_standard || statvfs(transfer->folder, &room) != 0)
		return true;
	free_bytes = (long long)(room.f_bavail * room.f_frsize);
	return free_bytes > bytes ||
	    hs_error_set(err, HS_DISK_FULL, transfer->folder,
		"the backup takes %s, and there is room for %s: make room, or write it elsewhere",
		hs_size_text(bytes, needed, sizeof needed),
		hs_size_text(free_bytes, there, sizeof there));
}

static bool on_event(
    void *arg, struct event_base *base, const json_t *event, bool *ret_ok, struct hs_error *err)
{
	struct transfer *transfer = arg;
	const char *name = text_of(event, "event");

	if (strcmp(name, "stream") == 0)
		*ret_ok = start_stream(
		    transfer, base, json_string_value(json_object_get(event, "socket")), err);
	else if (strcmp(name, "size") == 0)
		*ret_ok = check_room(transfer, number_of(event, "bytes"), err) &&
		    begin_bytes(transfer, err);
	else
		return false;
	return true;
}

static bool publish(struct transfer *transfer, struct hs_error *err)
{
	int dir = -1;
	bool done;

	if (fsync(transfer->file) != 0)
		return hs_error_errno(err, transfer->part, "cannot flush the backup to the disk");
	if (renameat2(AT_FDCWD, transfer->part, AT_FDCWD, transfer->path,
		transfer->replaces ? 0 : RENAME_NOREPLACE) != 0) {
		if (errno == EEXIST)
			return hs_error_set(err, HS_EXISTS, transfer->path,
			    "a file of this name came while the backup was made: name another");
		return hs_error_errno(err, transfer->path, "cannot give the backup its name");
	}
	transfer->part[0] = '\0';
	done = hs_dir_open(transfer->folder, &dir, err) &&
	    (fsync(dir) == 0 ||
		hs_error_errno(err, transfer->folder, "cannot flush the folder to the disk"));
	if (dir >= 0)
		close(dir);
	return done;
}

static bool on_result(void *arg, const json_t *result, struct hs_error *err)
{
	struct transfer *transfer = arg;

	if (transfer->restores)
		return true;
	while (!transfer->is_over && transfer->stream >= 0 && take_some(transfer))
		continue; /* what is still under way */
	if (transfer->why.code != HS_OK) {
		*err = transfer->why;
		return false;
	}
	if (transfer->bytes != number_of(result, "bytes"))
		return hs_error_set(err, HS_TRUNCATED, "", "%lld bytes of %lld came",
		    transfer->bytes, number_of(result, "bytes"));
	return transfer->is_standard || publish(transfer, err);
}

/* The task only knows that we have gone; we know why. */
static void on_error(void *arg, struct hs_error *err)
{
	const struct transfer *transfer = arg;

	if (transfer->why.code != HS_OK)
		*err = transfer->why;
}

static void on_end(void *arg)
{
	struct transfer *transfer = arg;

	if (transfer->ready != NULL)
		event_free(transfer->ready);
	transfer->ready = NULL;
}

/* ---- all of it ---- */

static bool name_files(struct transfer *transfer, struct hs_error *err)
{
	const char *slash = strrchr(transfer->path, '/');

	if (transfer->is_standard || transfer->restores)
		return true;
	if (slash == NULL)
		snprintf(transfer->folder, sizeof transfer->folder, ".");
	else if (!hs_format(transfer->folder, sizeof transfer->folder, err, "%.*s",
		     slash == transfer->path ? 1 : (int)(slash - transfer->path), transfer->path))
		return false;
	return hs_format(transfer->part, sizeof transfer->part, err, "%s.part", transfer->path);
}

static void close_all(struct transfer *transfer)
{
	if (transfer->stream >= 0)
		close(transfer->stream);
	if (transfer->file > STDERR_FILENO) {
		close(transfer->file);
		if (!transfer->restores && transfer->part[0] != '\0')
			unlink(transfer->part);
	}
	free(transfer);
}

int transfer_run(int fd, const struct request *request, struct output *output)
{
	struct transfer *transfer = calloc(1, sizeof *transfer);
	struct client_hooks hooks = { on_event, on_result, on_error, on_end, NULL, transfer };
	struct hs_error err = HS_ERROR_INIT;
	int status;

	if (transfer == NULL)
		out_of_memory();
	transfer->file = transfer->stream = -1;
	transfer->path = request->file;
	transfer->restores = request->command == HS_CMD_RESTORE;
	transfer->is_standard = strcmp(request->file, "-") == 0;
	transfer->replaces = json_is_true(json_object_get(request->args, "force"));
	hooks.on_interrupt = transfer->restores
	    ? "interrupted; unless all of it had been read, nothing is changed: see hsctl status"
	    : "interrupted; there is no backup";
	if (transfer->is_standard && !transfer->restores)
		output->screen.out = stderr; /* standard output is the backup's */
	if (name_files(transfer, &err)) {
		status = client_run(fd, request, &hooks, output);
	} else {
		close(fd);
		output->ops->error(output, &err, outcome_advice(&err, STAGE_ANSWER));
		status = (int)outcome_of_error(&err, STAGE_ANSWER);
	}
	close_all(transfer);
	return status;
}
