/* logbook.c: a ring of lines, and those who read it.
 *
 * Trusts the children for what they say, not for its size. A reader has a place in the ring and
 * nothing else: one who does not read costs no more than one who does. */
#include "daemons/supervisor/logbook.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/commands.h"
#include "common/control.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/supervisor/server.h"

enum {
	SLOTS = 1 << 16,		/* lines that are kept at most */
	LINES_A_TURN = 256,		/* that are read before others have their turn */
	BACKLOG_BYTES = 64 << 10,	/* a reader who has not taken so much waits */
	LOOK_MS = 50,
	LINES_BY_DEFAULT = 100
};

struct entry {
	struct hs_log_head head;
	size_t length;
	char text[];
};

struct reader {
	struct reader *next;
	struct call *call;
	uint64_t at, end;	/* the next line; the one after the last, unless it follows */
	bool follows;
	int level;		/* the least grave one that it wants */
	char program[HS_LOG_PROGRAM_BYTES];	/* "": of all */
	json_int_t shown, lost;
};

struct logbook {
	struct event *arrival, *look;
	int ends[2];		/* ours, the children's */
	size_t max_bytes, bytes;
	uint64_t first, next;	/* numbers of the oldest line and of the one to come */
	struct entry *slots[SLOTS];
	struct reader *readers;
};

/* ---- the ring ---- */

static struct entry *entry_at(const struct logbook *logbook, uint64_t number)
{
	return logbook->slots[number % SLOTS];
}

static void drop_oldest(struct logbook *logbook)
{
	struct entry *entry = entry_at(logbook, logbook->first++);

	logbook->bytes -= sizeof *entry + entry->length;
	free(entry);
}

/* What finds no memory is lost, as what finds no room. */
static void keep(void *arg, const struct hs_log_head *head, const char *text, size_t length)
{
	struct logbook *logbook = arg;
	struct entry *entry = malloc(sizeof *entry + length);

	if (entry == NULL)
		return;
	entry->head = *head;
	entry->head.program[sizeof entry->head.program - 1] = '\0';
	entry->length = length;
	memcpy(entry->text, text, length);
	logbook->bytes += sizeof *entry + length;
	while (logbook->first < logbook->next &&
	    (logbook->next - logbook->first == SLOTS || logbook->bytes > logbook->max_bytes))
		drop_oldest(logbook);
	logbook->slots[logbook->next++ % SLOTS] = entry;
}

static void on_arrival(evutil_socket_t fd, short what, void *arg)
{
	struct { struct hs_log_head head; char text[HS_LOG_LINE_BYTES]; } line;
	struct logbook *logbook = arg;

	(void)what;
	for (int i = 0; i < LINES_A_TURN; i++) {
		ssize_t length = recv(fd, &line, sizeof line, MSG_DONTWAIT);

		if (length < 0)
			return;
		if ((size_t)length >= sizeof line.head && hs_log_level_name(line.head.level) != NULL)
			keep(logbook, &line.head, line.text, (size_t)length - sizeof line.head);
	}
}

/* ---- readers ---- */

static bool suits(const struct reader *reader, const struct entry *entry)
{
	return entry->head.level <= reader->level && (reader->program[0] == '\0' ||
	    strcmp(reader->program, entry->head.program) == 0);
}

/* "importer" of "hsd-importer". */
static const char *daemon_of(const struct entry *entry)
{
	const char *program = entry->head.program;

	return strncmp(program, "hsd-", 4) == 0 ? program + 4 : program;
}

static void tell_lost(struct reader *reader, uint64_t count)
{
	reader->lost += (json_int_t)count;
	call_event(reader->call, hs_message_event(0, "lost",
	    json_pack("{s:I}", "count", (json_int_t)count)));
}

static void tell_line(struct reader *reader, const struct entry *entry)
{
	time_t seconds = (time_t)(entry->head.at_ms / 1000);
	char at[40] = "", text[3 * HS_LOG_LINE_BYTES];
	struct tm utc;
	size_t length;

	if (entry->head.lost > 0)
		tell_lost(reader, entry->head.lost);
	if (gmtime_r(&seconds, &utc) != NULL && (length = strftime(at, sizeof at, "%FT%T", &utc)) > 0)
		snprintf(at + length, sizeof at - length, ".%03dZ", (int)(entry->head.at_ms % 1000));
	hs_utf8_clean(entry->text, entry->length, text, sizeof text);
	reader->shown++;
	call_event(reader->call, hs_message_event(0, "line", json_pack("{s:s, s:s, s:i, s:s, s:s}",
	    "at", at, "daemon", daemon_of(entry), "pid", (int)entry->head.pid, "level",
	    hs_log_level_name(entry->head.level), "text", text)));
}

/* As much as it takes now. */
static void advance(struct logbook *logbook, struct reader *reader)
{
	while (call_is_heard(reader->call) && call_backlog(reader->call) < BACKLOG_BYTES &&
	    reader->at < (reader->follows ? logbook->next : reader->end)) {
		const struct entry *entry;

		if (reader->at < logbook->first) {
			tell_lost(reader, logbook->first - reader->at);
			reader->at = logbook->first;
			continue;
		}
		entry = entry_at(logbook, reader->at++);
		if (suits(reader, entry))
			tell_line(reader, entry);
	}
}

static bool is_done(const struct reader *reader)
{
	return !call_is_heard(reader->call) || (!reader->follows && reader->at >= reader->end);
}

static void finish(struct reader *reader)
{
	call_result(reader->call, json_pack("{s:I, s:I}", "shown", reader->shown, "lost",
	    reader->lost));
	free(reader);
}

static void advance_all(struct logbook *logbook)
{
	struct reader **at = &logbook->readers;

	while (*at != NULL) {
		struct reader *reader = *at;

		advance(logbook, reader);
		if (is_done(reader)) {
			*at = reader->next;
			finish(reader);
		} else {
			at = &reader->next;
		}
	}
}

static void look_later(struct logbook *logbook)
{
	static const struct timeval pause = { .tv_usec = LOOK_MS * 1000 };

	if (logbook->readers != NULL && event_add(logbook->look, &pause) != 0)
		hs_panic("no timer for the log's readers");
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	advance_all(arg);
	look_later(arg);
}

/* ---- what is asked for ---- */

static bool take_daemon(const char *name, char ret[HS_LOG_PROGRAM_BYTES], struct hs_error *err)
{
	enum hs_process process;

	if (name == NULL)
		return true;
	if (!hs_process_parse(name, &process) || process == HS_PROC_CTL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "daemon",
		    "there is no daemon \"%.40s\": web, importer, extractor or supervisor", name);
	snprintf(ret, HS_LOG_PROGRAM_BYTES, "hsd-%s", name);
	return true;
}

static bool take_level(const char *name, int *ret, struct hs_error *err)
{
	enum hs_log_level level = HS_LOG_DEBUG;

	if (name != NULL && !hs_log_level_parse(name, &level))
		return hs_error_set(err, HS_BAD_ARGUMENT, "level",
		    "there is no level \"%.40s\": error, warning, info or debug", name);
	*ret = (int)level;
	return true;
}

/* "10m" ago, or a time of UTC. */
static bool take_since(const char *text, int64_t *ret_ms, struct hs_error *err)
{
	static const struct { char unit; int seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct tm utc = { 0 };
	long long number;
	const char *rest;
	char unit, end;

	if (text == NULL)
		return true;
	for (size_t i = 0; i < HS_COUNT(units); i++) {
		if (sscanf(text, "%9lld%c%c", &number, &unit, &end) == 2 && number >= 0 &&
		    unit == units[i].unit) {
			*ret_ms = ((int64_t)time(NULL) - number * units[i].seconds) * 1000;
			return true;
		}
	}
	if (((rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc)) != NULL ||
		(rest = strptime(text, "%Y-%m-%dT%H:%M", &utc)) != NULL ||
		(rest = strptime(text, "%Y-%m-%d", &utc)) != NULL) &&
	    (*rest == '\0' || strcmp(rest, "Z") == 0)) {
		*ret_ms = (int64_t)timegm(&utc) * 1000;
		return true;
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, "since",
	    "\"%.40s\" is no time: 30s, 10m, 2h, 1d (ago), or 2026-11-29T10:00 (UTC)", text);
}

/* Back from the end: so many lines that suit, none from before since. */
static uint64_t find_start(const struct logbook *logbook, const struct reader *reader,
    int64_t since_ms, json_int_t most)
{
	uint64_t at = logbook->next;

	while (at > logbook->first && most > 0) {
		const struct entry *entry = entry_at(logbook, at - 1);

		if (entry->head.at_ms < since_ms)
			break;
		at--;
		most -= suits(reader, entry);
	}
	return at;
}

void logbook_answer(struct logbook *logbook, struct call *call, const json_t *args)
{
	const char *since = json_string_value(json_object_get(args, "since"));
	const json_t *lines = json_object_get(args, "lines");
	struct reader *reader = calloc(1, sizeof *reader);
	struct hs_error err = HS_ERROR_INIT;
	int64_t since_ms = 0;

	if (reader == NULL)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to show the log");
	if (reader == NULL ||
	    !take_daemon(json_string_value(json_object_get(args, "daemon")), reader->program, &err) ||
	    !take_level(json_string_value(json_object_get(args, "level")), &reader->level, &err) ||
	    !take_since(since, &since_ms, &err)) {
		call_error(call, &err);
		free(reader);
		return;
	}
	reader->call = call;
	reader->follows = json_is_true(json_object_get(args, "follow"));
	reader->at = find_start(logbook, reader, since_ms, lines != NULL ? json_integer_value(lines) :
	    since != NULL ? SLOTS : LINES_BY_DEFAULT);
	reader->end = logbook->next;
	reader->next = logbook->readers;
	logbook->readers = reader;
	advance_all(logbook);
	look_later(logbook);
}

void logbook_end(struct logbook *logbook)
{
	if (logbook == NULL)
		return;
	on_arrival(logbook->ends[0], EV_READ, logbook);
	for (struct reader *reader = logbook->readers; reader != NULL; reader = reader->next) {
		advance(logbook, reader);
		reader->follows = false;
		reader->at = reader->end;
	}
	advance_all(logbook);
}

/* ---- life ---- */

int logbook_fd(const struct logbook *logbook)
{
	return logbook->ends[1];
}

bool logbook_new(struct event_base *base, size_t max_bytes, struct logbook **ret,
    struct hs_error *err)
{
	struct logbook *logbook = calloc(1, sizeof *logbook);

	if (logbook == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to keep the log");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, logbook->ends) != 0) {
		free(logbook);
		return hs_error_errno(err, "", "cannot make a socket for the log");
	}
	logbook->max_bytes = max_bytes;
	logbook->look = evtimer_new(base, on_look, logbook);
	logbook->arrival = event_new(base, logbook->ends[0], EV_READ | EV_PERSIST, on_arrival, logbook);
	if (logbook->look == NULL || logbook->arrival == NULL ||
	    event_add(logbook->arrival, NULL) != 0) {
		logbook_free(logbook);
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot watch the log's socket");
	}
	hs_log_copy_to(keep, logbook);
	*ret = logbook;
	return true;
}

void logbook_free(struct logbook *logbook)
{
	if (logbook == NULL)
		return;
	hs_log_copy_to(NULL, NULL);
	while (logbook->readers != NULL) {
		struct reader *reader = logbook->readers;

		logbook->readers = reader->next;
		free(reader);
	}
	while (logbook->first < logbook->next)
		drop_oldest(logbook);
	if (logbook->look != NULL)
		event_free(logbook->look);
	if (logbook->arrival != NULL)
		event_free(logbook->arrival);
	close(logbook->ends[0]);
	close(logbook->ends[1]);
	free(logbook);
}
