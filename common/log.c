/* log.c: one line an event on standard error, as a person or journald reads it.
 *
 * Trusts nothing in the values: they are quoted and escaped. It never fails and never
 * waits for long: a line that cannot be written is lost, since there is nobody to tell. */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"

enum { LINE_BYTES = HS_LOG_LINE_BYTES, CUT_MARK_BYTES = 3 };

static const struct {
	const char *name;
	int priority;		/* syslog's, which journald reads as "<6>" */
} levels[] = {
	[HS_LOG_ERROR] = { "error", 3 },
	[HS_LOG_WARNING] = { "warning", 4 },
	[HS_LOG_INFO] = { "info", 6 },
	[HS_LOG_DEBUG] = { "debug", 7 },
};

/* The one log of a process: every thread and every function writes to it. */
static const char *log_program = "hoopscout";
static _Atomic int log_level = HS_LOG_INFO;
static _Atomic int log_journal = -1;	/* -1: not looked yet */

/* Where lines go beside standard error. */
static int log_copy_fd = -1;
static _Atomic unsigned log_lost;
static void (*log_copy)(void *arg, const struct hs_log_head *head, const char *text, size_t length);
static void *log_copy_arg;

struct line {
	char text[LINE_BYTES];
	size_t length;
	bool is_cut;
};

/* Adds all of it or, when the line is full, nothing more at all. */
static void add(struct line *line, const char *text, size_t length)
{
	if (line->is_cut)
		return;
	if (length > sizeof line->text - CUT_MARK_BYTES - 1 - line->length) {
		line->is_cut = true;
		return;
	}
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static void add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

/* The bytes of the valid, visible character at text; 0 when there is none. */
static size_t visible_character(const unsigned char *text, size_t left)
{
	size_t length;

	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f;
	length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (length > left || hs_utf8_valid_prefix((const char *)text, length) != length)
		return 0;
	if (text[0] == 0xc2 && text[1] < 0xa0)	/* the C1 controls, which terminals obey */
		return 0;
	return length;
}

static void add_escaped(struct line *line, const char *text, const char *also)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), length;
	char escape[5];

	for (; left > 0 && !line->is_cut; at += length, left -= length) {
		length = visible_character(at, left);
		if (length > 1 || (length == 1 && strchr(also, *at) == NULL)) {
			add(line, (const char *)at, length);
			continue;
		}
		if (length == 1)
			snprintf(escape, sizeof escape, "\\%c", *at);
		else if (*at == '\n' || *at == '\t' || *at == '\r')
			snprintf(escape, sizeof escape, "\\%c",
			    *at == '\n' ? 'n' : *at == '\t' ? 't' : 'r');
		else
			snprintf(escape, sizeof escape, "\\x%02x", *at);
		length = 1;
		add_text(line, escape);
	}
}

static bool needs_quotes(const char *value)
{
	const unsigned char *at = (const unsigned char *)value;
	size_t left = strlen(value), length;

	if (left == 0)
		return true;
	for (; left > 0; at += length, left -= length) {
		length = visible_character(at, left);
		if (length == 0 || *at == ' ' || *at == '"' || *at == '\\' || *at == '=')
			return true;
	}
	return false;
}

static void add_value(struct line *line, const char *value)
{
	if (value == NULL) {
		add_text(line, "-");
	} else if (!needs_quotes(value)) {
		add_escaped(line, value, "");	/* character by character, so that it can be cut */
	} else {
		add_text(line, "\"");
		add_escaped(line, value, "\"\\");
		add_text(line, "\"");
	}
}

static void add_field(struct line *line, const struct hs_log_field *field)
{
	char number[64];

	add_text(line, " ");
	add_text(line, field->key);
	add_text(line, "=");
	switch (field->type) {
	case HS_LOG_TEXT:
		add_value(line, field->value.text);
		break;
	case HS_LOG_INTEGER:
		snprintf(number, sizeof number, "%lld", field->value.integer);
		add_text(line, number);
		break;
	case HS_LOG_SECONDS:
		snprintf(number, sizeof number, "%.3f", field->value.seconds);
		add_text(line, number);
		break;
	}
}

/* systemd(1): JOURNAL_STREAM is "device:inode" of the stream that it gave us; when standard
 * error was sent elsewhere since, they differ. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat info;
	char end;

	return stream != NULL && sscanf(stream, "%llu:%llu%c", &device, &inode, &end) == 2 &&
	    fstat(STDERR_FILENO, &info) == 0 && (unsigned long long)info.st_dev == device &&
	    (unsigned long long)info.st_ino == inode;
}

static void add_prefix(struct line *line, enum hs_log_level level)
{
	int journal = log_journal;
	struct timespec now;
	struct tm utc;
	char text[64];

	if (journal < 0)
		log_journal = journal = is_journal();
	if (journal != 0) {
		snprintf(text, sizeof text, "<%d>", levels[level].priority);
		add_text(line, text);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &utc) == NULL)
		memset(&utc, 0, sizeof utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	add_text(line, text);
	snprintf(text, sizeof text, ".%03dZ ", (int)(now.tv_nsec / 1000000));
	add_text(line, text);
	add_escaped(line, log_program, "");
	snprintf(text, sizeof text, "[%ld] %s: ", (long)getpid(), levels[level].name);
	add_text(line, text);
}

static void put(struct line *line)
{
	size_t done = 0;

	if (line->is_cut) {
		memcpy(line->text + line->length, "...", CUT_MARK_BYTES);
		line->length += CUT_MARK_BYTES;
	}
	line->text[line->length++] = '\n';
	while (done < line->length) {
		ssize_t written = write(STDERR_FILENO, line->text + done, line->length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		done += (size_t)written;
	}
}

static void send_copy(struct hs_log_head *head, const char *text, size_t length)
{
	struct iovec parts[] = { { head, sizeof *head }, { (void *)(uintptr_t)text, length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = HS_COUNT(parts) };

	head->lost = atomic_exchange(&log_lost, 0);
	if (sendmsg(log_copy_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		atomic_fetch_add(&log_lost, head->lost + 1);
}

/* The line without its prefix and its newline. */
static void copy(const struct line *line, size_t prefix, enum hs_log_level level)
{
	struct hs_log_head head = { .pid = (int32_t)getpid(), .level = (int32_t)level };
	const char *text = line->text + prefix;
	size_t length = line->length - prefix - 1;
	struct timespec now = { 0 };

	if (log_copy_fd < 0 && log_copy == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	head.at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	snprintf(head.program, sizeof head.program, "%s", log_program);
	if (log_copy != NULL)
		log_copy(log_copy_arg, &head, text, length);
	else
		send_copy(&head, text, length);
}

void hs_log_join(void)
{
	const char *text = getenv("HS_LOG_FD");
	char end;
	int fd;

	if (text == NULL)
		return;
	if (sscanf(text, "%9d%c", &fd, &end) == 1 && fd > STDERR_FILENO &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		log_copy_fd = fd;
	unsetenv("HS_LOG_FD");
}

void hs_log_copy_to(void (*copy_line)(void *arg, const struct hs_log_head *head, const char *text,
    size_t length), void *arg)
{
	log_copy = copy_line;
	log_copy_arg = arg;
}

const char *hs_log_level_name(int level)
{
	return level >= 0 && (size_t)level < HS_COUNT(levels) ? levels[level].name : NULL;
}

void hs_log_open(const char *program, enum hs_log_level level)
{
	log_program = program;
	log_level = (int)level;
	log_journal = is_journal();
}

void hs_log_set_level(enum hs_log_level level)
{
	log_level = (int)level;
}

bool hs_log_level_parse(const char *text, enum hs_log_level *ret)
{
	for (size_t i = 0; i < HS_COUNT(levels); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			*ret = (enum hs_log_level)i;
			return true;
		}
	}
	return false;
}

void hs_log_fields(enum hs_log_level level, const char *sentence, const struct hs_log_field *fields)
{
	int saved_errno = errno;
	struct line line;
	size_t prefix;

	if ((int)level > log_level)
		return;
	line.length = 0;
	line.is_cut = false;
	add_prefix(&line, level);
	prefix = line.length;
	add_escaped(&line, sentence, "");
	for (; fields->key != NULL; fields++)
		add_field(&line, fields);
	put(&line);
	copy(&line, prefix, level);
	errno = saved_errno;
}

void hs_log_error_fields(enum hs_log_level level, const char *sentence, const struct hs_error *err,
    const struct hs_log_field *more)
{
	struct hs_log_field fields[HS_LOG_MORE + 4];
	size_t count = 0;

	for (; more[count].key != NULL && count < HS_LOG_MORE; count++)
		fields[count] = more[count];
	fields[count++] = (struct hs_log_field)HS_STR("code", hs_error_name(err->code));
	if (err->where[0] != '\0')
		fields[count++] = (struct hs_log_field)HS_STR("where", err->where);
	fields[count++] = (struct hs_log_field)HS_STR("error", err->message);
	fields[count] = (struct hs_log_field){ .key = NULL };
	hs_log_fields(level, sentence, fields);
}

void hs_log_error(enum hs_log_level level, const char *sentence, const struct hs_error *err)
{
	const struct hs_log_field none = { .key = NULL };

	hs_log_error_fields(level, sentence, err, &none);
}
