/* emit.c: from records to a file in incoming, by way of the importer's validator.
 *
 * Trusts its caller for nothing but the shape of numbers and objects, which the validator checks
 * too. While it is written, the hidden file is locked: that is how emit_sweep knows the living
 * from the dead. A failure leaves no file behind. */
#include "daemons/extractor/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/file.h"
#include "common/log.h"
#include "common/parts.h"
#include "common/snapshot.h"
#include "common/text.h"
#include "common/user.h"

/* What a hidden file's name begins with. */
#define PART_PREFIX ".extract-"

enum {
	BUFFER_BYTES = 64 << 10,
	FILE_MODE = 0640,
	LOCK_TRIES = 5,
	LOCK_PAUSE_NS = 20000000
};

struct emit {
	int dir, fd;		/* -1: a dry run */
	char part[NAME_MAX + 1];
	char name[NAME_MAX + 1];
	bool is_placed;
	struct hs_snapshot *snapshot;
	uint64_t records, bytes;
	size_t used;
	char buffer[BUFFER_BYTES];
};

static bool flush(struct emit *emit, struct hs_error *err)
{
	if (emit->fd >= 0 && !hs_file_write_all(emit->fd, emit->buffer, emit->used, err))
		return false;
	if (!hs_snapshot_is_over(emit->snapshot) &&
	    !hs_snapshot_push(emit->snapshot, emit->buffer, emit->used, err))
		return false;
	emit->bytes += emit->used;
	emit->used = 0;
	return true;
}

static bool put(struct emit *emit, const char *bytes, size_t length, struct hs_error *err)
{
	while (length > 0) {
		size_t part = sizeof emit->buffer - emit->used;

		if (part > length)
			part = length;
		memcpy(emit->buffer + emit->used, bytes, part);
		emit->used += part;
		bytes += part;
		length -= part;
		if (emit->used == sizeof emit->buffer && !flush(emit, err))
			return false;
	}
	return true;
}

static bool put_text(struct emit *emit, const char *text, struct hs_error *err)
{
	return put(emit, text, strlen(text), err);
}

static bool put_string(struct emit *emit, const char *text, size_t length, struct hs_error *err)
{
	json_t *string = json_stringn(text, length);
	char *quoted = string == NULL ? NULL : json_dumps(string, JSON_ENCODE_ANY);
	bool done;

	json_decref(string);
	if (quoted == NULL)
		return hs_error_set(err, hs_utf8_valid_prefix(text, length) < length ?
			HS_BAD_UTF8 : HS_NO_MEMORY, "",
		    "a text of record %llu cannot be written: it is not UTF-8, or memory is short",
		    (unsigned long long)emit->records);
	done = put_text(emit, quoted, err);
	free(quoted);
	return done;
}

static bool put_head(struct emit *emit, const struct emit_options *options, struct hs_error *err)
{
	char date[HS_DATE_TEXT_BYTES];

	if (!put_text(emit, "{\"source_name\": ", err) ||
	    !put_string(emit, options->source_name, strlen(options->source_name), err) ||
	    !put_text(emit, ",\n \"snapshot_date\": \"", err) ||
	    !put_text(emit, hs_date_text(options->snapshot_date, date), err) ||
	    !put_text(emit, "\"", err))
		return false;
	if (options->source_metadata != NULL &&
	    (!put_text(emit, ",\n \"source_metadata\": ", err) ||
		!put_text(emit, options->source_metadata, err)))
		return false;
	if (options->raw_payload != NULL &&
	    (!put_text(emit, ",\n \"raw_payload\": ", err) ||
		!put_text(emit, options->raw_payload, err)))
		return false;
	return put_text(emit, ",\n \"records\": [", err);
}

static bool put_field(struct emit *emit, enum hs_field field, const struct emit_value *value,
    struct hs_error *err)
{
	const struct hs_field_row *row = &hs_field_rows[field];

	if (!put_text(emit, "\"", err) || !put_text(emit, row->name, err) ||
	    !put_text(emit, "\": ", err))
		return false;
	return row->type == HS_FIELD_TEXT || row->type == HS_FIELD_DATE ?
	    put_string(emit, value->text, value->length, err) :
	    put(emit, value->text, value->length, err);
}

bool emit_record(struct emit *emit, const struct emit_value *values, struct hs_error *err)
{
	const char *before = emit->records == 0 ? "\n  {" : ",\n  {";

	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (values[i].text == NULL)
			continue;
		if (!put_text(emit, before, err) ||
		    !put_field(emit, (enum hs_field)i, &values[i], err))
			return false;
		before = ", ";
	}
	/* a record of nothing is still one, and the validator says what it lacks */
	if (strcmp(before, ", ") != 0 && !put_text(emit, before, err))
		return false;
	emit->records++;
	return put_text(emit, "}", err);
}

/* Of an object as written, what stands between its braces is not blank. */
static bool has_members(const char *object, size_t length)
{
	size_t at = 1;

	while (at < length && strchr(" \t\r\n", object[at]) != NULL)
		at++;
	return at < length && object[at] != '}';
}

bool emit_written(struct emit *emit, const char *record, size_t length, bool with_payload,
    struct hs_error *err)
{
	static const char payload[] = "\"raw_payload\"";

	if (!put_text(emit, emit->records == 0 ? "\n  " : ",\n  ", err))
		return false;
	emit->records++;
	if (!with_payload || !has_members(record, length) ||
	    memmem(record, length, payload, strlen(payload)) != NULL)
		return put(emit, record, length, err);
	return put_text(emit, "{", err) && put_text(emit, payload, err) &&
	    put_text(emit, ": ", err) && put(emit, record, length, err) &&
	    put_text(emit, ", ", err) && put(emit, record + 1, length - 1, err);
}

/* A file that a sweep took from us between its opening and its locking is no longer there. */
static bool is_still_named(const struct emit *emit)
{
	struct stat ours, named;

	return fstat(emit->fd, &ours) == 0 &&
	    fstatat(emit->dir, emit->part, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

const char *emit_user(char *buf, size_t size)
{
	if (!hs_user_name(geteuid(), buf, size))
		snprintf(buf, size, "user %u", (unsigned)geteuid());
	return buf;
}

static bool refuse_folder(const char *folder, struct hs_error *err)
{
	char user[EMIT_USER_BYTES];

	if (errno != EACCES && errno != EPERM)
		return hs_error_errno(err, folder, "cannot create a snapshot there");
	emit_user(user, sizeof user);
	return hs_error_set(err, HS_NO_PERMISSION, folder, "%s, who writes the snapshots, may not"
	    " write to this folder: let him (chown or chgrp and chmod), or name another", user);
}

/* The hidden file, locked: of this very name at most one is written. A sweep holds the lock for a
 * moment: then it is tried again. */
static bool lock_part(struct emit *emit, const struct emit_options *options, struct hs_error *err)
{
	const struct timespec moment = { .tv_nsec = LOCK_PAUSE_NS };

	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		emit->fd = openat(emit->dir, emit->part,
		    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
		if (emit->fd < 0)
			return refuse_folder(options->folder, err);
		if (flock(emit->fd, LOCK_EX | LOCK_NB) == 0 && is_still_named(emit))
			return true;
		close(emit->fd);
		emit->fd = -1;
		nanosleep(&moment, NULL);
	}
	return hs_error_set(err, HS_BUSY, options->file_name,
	    "another process writes %s: try again when it has ended", options->file_name);
}

/* What runs that died left in the folder goes first; that it stays is no reason not to write. */
static bool open_part(struct emit *emit, const struct emit_options *options, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;

	if (!hs_format(emit->name, sizeof emit->name, err, "%s", options->file_name) ||
	    !hs_format(emit->part, sizeof emit->part, err, PART_PREFIX "%s" HS_PART_SUFFIX,
		options->file_name) ||
	    !hs_dir_open(options->folder, &emit->dir, err))
		return false;
	if (!emit_sweep(options->folder, &why))
		hs_log_error(HS_LOG_INFO, "cannot look for what runs left behind", &why);
	if (!lock_part(emit, options, err))
		return false;
	if (ftruncate(emit->fd, 0) != 0)
		return hs_error_errno(err, options->folder, "cannot create a snapshot there");
	return true;
}

bool emit_new(const struct emit_options *options, struct emit **ret, struct hs_error *err)
{
	const struct hs_snapshot_options checks = { .max_record_bytes = options->max_record_bytes,
		.folds_problems = true };
	struct emit *emit = calloc(1, sizeof *emit);

	if (emit == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a snapshot");
	emit->dir = emit->fd = -1;
	if (!hs_snapshot_new(&checks, &emit->snapshot, err) ||
	    (options->folder != NULL && !open_part(emit, options, err)) ||
	    !put_head(emit, options, err)) {
		emit_free(emit);
		return false;
	}
	*ret = emit;
	return true;
}

void emit_free(struct emit *emit)
{
	if (emit == NULL)
		return;
	if (emit->fd >= 0) {
		if (unlinkat(emit->dir, emit->part, 0) != 0)
			hs_log(HS_LOG_WARNING, "cannot remove an unfinished snapshot",
			    HS_STR("file", emit->part), HS_STR("error", strerror(errno)));
		close(emit->fd);
	}
	if (emit->dir >= 0)
		close(emit->dir);
	hs_snapshot_free(emit->snapshot);
	free(emit);
}

bool emit_finish(struct emit *emit, struct hs_error *err)
{
	if (!put_text(emit, "\n]}\n", err) || !flush(emit, err) ||
	    !hs_snapshot_finish(emit->snapshot, err))
		return false;
	return emit->fd < 0 || hs_problems_total(hs_snapshot_problems(emit->snapshot)) > 0 ||
	    fsync(emit->fd) == 0 ||
	    hs_error_errno(err, emit->part, "cannot make the file durable");
}

bool emit_place(struct emit *emit, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	char taken[NAME_MAX + 1];

	if (emit->fd < 0 || hs_problems_total(hs_snapshot_problems(emit->snapshot)) > 0)
		return true;
	if (!hs_file_publish_new(emit->dir, emit->part, emit->name, &emit->fd, taken, sizeof taken,
		&why)) {
		*err = why;
		return false;
	}
	if (why.code != HS_OK)
		hs_log_error(HS_LOG_WARNING, "a snapshot is in incoming, but not yet for certain",
		    &why);
	memcpy(emit->name, taken, sizeof emit->name);
	emit->is_placed = true;
	return true;
}

const struct hs_problems *emit_problems(const struct emit *emit)
{
	return hs_snapshot_problems(emit->snapshot);
}

uint64_t emit_records(const struct emit *emit)
{
	return emit->records;
}

uint64_t emit_bytes(const struct emit *emit)
{
	return emit->bytes + emit->used;
}

const char *emit_file_name(const struct emit *emit)
{
	return emit->is_placed ? emit->name : NULL;
}

bool emit_sweep(const char *folder, struct hs_error *err)
{
	int dir = -1;
	bool done;

	if (!hs_dir_open(folder, &dir, err))
		return false;
	done = hs_parts_sweep(dir, PART_PREFIX, "a run", err);
	close(dir);
	return done;
}
