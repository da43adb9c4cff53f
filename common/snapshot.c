/* snapshot.c: the strict validator: what stands around the records, and who looks at what.
 *
 * Trusts no byte of the file. json_stream.c reads JSON; here each event goes to the record
 * (snapshot_record.c), to an object that is handed on as written (snapshot_opaque.c), or is
 * one of the snapshot's own fields. Problems are collected; after a fault of the JSON itself
 * nothing more is read. A failure that is not the file's ends it with an error. */
#include "common/snapshot_private.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/excerpt.h"
#include "common/number.h"

enum { NUMBER_BYTES = 24 };

enum { POINTER_ROOM = 2 * HS_POINTER_BYTES, RECORDS_DEPTH = 1, RECORD_DEPTH = 2 };

static void __attribute__((format(printf, 6, 0))) add_problem(struct hs_snapshot *snapshot,
    enum hs_error_code code, const char *member, uint64_t line, uint64_t column,
    const char *format, va_list args)
{
	char pointer[POINTER_ROOM], message[HS_ERROR_MESSAGE_BYTES];
	size_t length;

	if (!hs_problems_would_keep(snapshot->problems, line, column)) {
		hs_problems_add(snapshot->problems, code, "", line, column, "%s", "");
		return;
	}
	hs_path_text(&snapshot->path, pointer, sizeof pointer);
	length = strlen(pointer);
	if (member != NULL && (size_t)snprintf(pointer + length, sizeof pointer - length, "/%s",
		member) >= sizeof pointer - length)
		pointer[length] = '\0';
	if (vsnprintf(message, sizeof message, format, args) < 0)
		message[0] = '\0';
	hs_problems_add(snapshot->problems, code, pointer, line, column, "%s", message);
}

void snapshot_problem(struct hs_snapshot *snapshot, enum hs_error_code code,
    const struct hs_json_event *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_problem(snapshot, code, NULL, event->line, event->column, format, args);
	va_end(args);
}

void snapshot_problem_in(struct hs_snapshot *snapshot, enum hs_error_code code,
    const char *member, uint64_t line, uint64_t column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_problem(snapshot, code, member, line, column, format, args);
	va_end(args);
}

const char *snapshot_nearest(const struct hs_snapshot *snapshot, const struct hs_field_row *rows,
    size_t count, const struct hs_json_event *key)
{
	if (!hs_problems_would_keep(snapshot->problems, key->line, key->column))
		return NULL;
	return hs_field_nearest(rows, count, key->text, key->length);
}

void snapshot_skip(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	if (hs_json_is_begin(event->kind))
		snapshot->skipped = event->depth + 1;
}

static void take_head_key(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	struct head_state *head = &snapshot->head;
	char shown[HS_SHOWN_BYTES];
	const char *nearest;

	for (enum hs_head_field field = 0; field < HS_HEAD_COUNT; field++) {
		const char *name = hs_head_rows[field].name;

		if (event->length != strlen(name) || memcmp(event->text, name, event->length) != 0)
			continue;
		head->field = field;
		head->has_field = (head->seen & 1u << field) == 0;
		head->seen |= 1u << field;
		if (!head->has_field)
			snapshot_problem(snapshot, HS_REPEATED_KEY, event,
			    "%s stands in the snapshot twice: take one of them out", name);
		return;
	}
	head->has_field = false;
	hs_shown_text(event->text, event->length, shown);
	nearest = snapshot_nearest(snapshot, hs_head_rows, HS_HEAD_COUNT, event);
	if (nearest != NULL)
		snapshot_problem(snapshot, HS_UNKNOWN_FIELD, event,
		    "%s is not a field of a snapshot: did you mean \"%s\"?", shown, nearest);
	else
		snapshot_problem(snapshot, HS_UNKNOWN_FIELD, event,
		    "%s is not a field of a snapshot: take it out, or put it into \"raw_payload\"",
		    shown);
}

static char *copy_text(const char *text, size_t length, struct hs_error *err)
{
	char *copy = malloc(length + 1);

	if (copy == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a snapshot's head");
		return NULL;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

static bool take_head_value(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    const struct hs_value *value, struct hs_error *err)
{
	if (snapshot->head.field == HS_HEAD_SNAPSHOT_DATE)
		snapshot->known.snapshot_date = value->date;
	if (snapshot->head.field != HS_HEAD_SOURCE_NAME)
		return true;
	if (memchr(value->text, ':', value->length) != NULL) {
		char shown[HS_SHOWN_BYTES];

		snapshot_problem(snapshot, HS_BAD_CHARACTER, event,
		    "source_name is %s: a colon stands between a source and its ids elsewhere, "
		    "write another character", hs_shown_text(value->text, value->length, shown));
		return true;
	}
	snapshot->known.source_name = copy_text(value->text, value->length, err);
	return snapshot->known.source_name != NULL;
}

static bool head_member(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	const struct hs_field_row *row = &hs_head_rows[snapshot->head.field];
	struct hs_error why = HS_ERROR_INIT;
	struct hs_value value;

	if (event->kind == HS_JSON_KEY) {
		take_head_key(snapshot, event);
		return true;
	}
	if (!snapshot->head.has_field) {
		snapshot_skip(snapshot, event);
		return true;
	}
	if (hs_value_may_be(row, event)) {
		if (row->type == HS_FIELD_RECORDS)
			return true;
		hs_json_bound(snapshot->stream, snapshot->options.max_record_bytes);
		return opaque_begin(snapshot, event, err);
	}
	if (hs_value_check(row, event, snapshot->tomorrow, &value, &why))
		return take_head_value(snapshot, event, &value, err);
	snapshot_problem(snapshot, why.code, event, "%s", why.message);
	snapshot_skip(snapshot, event);
	return true;
}

static bool head_take_object(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	char *copy = copy_text(event->text, event->length, err);

	if (copy == NULL)
		return false;
	if (snapshot->head.field == HS_HEAD_SOURCE_METADATA) {
		snapshot->known.source_metadata = copy;
		snapshot->known.source_metadata_length = event->length;
	} else {
		snapshot->known.raw_payload = copy;
		snapshot->known.raw_payload_length = event->length;
	}
	return true;
}

static bool take_whole(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	char shown[HS_SHOWN_BYTES];

	if (event->kind == HS_JSON_OBJECT_BEGIN) {
		snapshot->head.is_object = true;
		snapshot->head.line = event->line;
		snapshot->head.column = event->column;
		return true;
	}
	snapshot_problem(snapshot, HS_WRONG_TYPE, event,
	    "a snapshot is one object in braces, with source_name, snapshot_date and records; "
	    "here is %s", hs_shown_value(event, shown));
	snapshot_skip(snapshot, event);
	return true;
}

static void take_too_big(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	snapshot->skipped = 0;
	if (snapshot->opaque != 0)
		opaque_end(snapshot);
	if (event->depth == RECORD_DEPTH)
		record_is_too_big(snapshot, event);
	else
		snapshot_problem(snapshot, HS_RECORD_TOO_BIG, event,
		    "%s is longer than %zu bytes: make it smaller, or raise "
		    "HOOPSCOUT_MAX_RECORD_BYTES", hs_head_rows[snapshot->head.field].name,
		    snapshot->options.max_record_bytes);
}

/* The end of what began at the event's depth. */
static bool take_end(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	if (snapshot->opaque == event->depth + 1) {
		opaque_end(snapshot);
		return event->depth > RECORD_DEPTH ? record_take_object(snapshot, event, err) :
						     head_take_object(snapshot, event, err);
	}
	if (snapshot->opaque == 0 && event->depth == RECORD_DEPTH)
		return record_end(snapshot, event, err);
	return true;
}

static bool route(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	if (event->kind == HS_JSON_TOO_BIG) {
		take_too_big(snapshot, event);
		return true;
	}
	if (hs_json_is_end(event->kind))
		return take_end(snapshot, event, err);
	if (snapshot->opaque != 0)
		return opaque_member(snapshot, event, err);
	if (event->depth > RECORD_DEPTH)
		return record_member(snapshot, event, err);
	if (event->depth == RECORD_DEPTH)
		return record_begin(snapshot, event, err);
	if (event->depth == RECORDS_DEPTH)
		return head_member(snapshot, event, err);
	return take_whole(snapshot, event);
}

static bool on_event(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct hs_snapshot *snapshot = arg;
	bool done;

	if (snapshot->skipped != 0 && event->kind != HS_JSON_TOO_BIG) {
		if (!hs_json_is_end(event->kind) || event->depth + 1 != snapshot->skipped)
			return true;
		snapshot->skipped = 0;
		hs_path_leave(&snapshot->path, event);
		return true;
	}
	hs_path_enter(&snapshot->path, event);
	done = route(snapshot, event, err);
	hs_path_leave(&snapshot->path, event);
	return done;
}

/* The day after, or the same on the last day there is. */
static struct hs_date day_after(struct hs_date day)
{
	struct hs_date next[] = { day, day, day };
	char text[HS_DATE_TEXT_BYTES];

	next[0].day++;
	next[1].day = 1;
	next[1].month++;
	next[2].day = 1;
	next[2].month = 1;
	next[2].year++;
	for (size_t i = 0; i < HS_COUNT(next); i++) {
		struct hs_error err = HS_ERROR_INIT;
		struct hs_date date;

		hs_date_text(next[i], text);
		if (hs_date_parse(text, strlen(text), &date, &err))
			return date;
	}
	return day;
}

bool hs_snapshot_new(const struct hs_snapshot_options *options, struct hs_snapshot **ret,
    struct hs_error *err)
{
	struct hs_snapshot *snapshot = calloc(1, sizeof *snapshot);

	if (snapshot == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a snapshot");
	snapshot->options = *options;
	if (!hs_date_is_set(options->today))
		snapshot->options.today = hs_date_today();
	snapshot->tomorrow = day_after(snapshot->options.today);
	snapshot->problems = hs_problems_new();
	snapshot->names = hs_name_set_new();
	snapshot->stream = hs_json_stream_new(options->max_record_bytes, on_event, snapshot);
	if (snapshot->problems == NULL || snapshot->names == NULL || snapshot->stream == NULL) {
		hs_snapshot_free(snapshot);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a snapshot");
	}
	if (!hs_key_set_new(0, &snapshot->keys, err)) {
		hs_snapshot_free(snapshot);
		return false;
	}
	*ret = snapshot;
	return true;
}

void hs_snapshot_free(struct hs_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	hs_json_stream_free(snapshot->stream);
	hs_key_set_free(snapshot->keys);
	hs_name_set_free(snapshot->names);
	hs_problems_free(snapshot->problems);
	free(snapshot->record.texts.bytes);
	free((char *)snapshot->known.source_name);
	free((char *)snapshot->known.source_metadata);
	free((char *)snapshot->known.raw_payload);
	free(snapshot);
}

/* Reading ended: at a fault of the text, which is a problem, or for another reason. */
static bool stop(struct hs_snapshot *snapshot)
{
	const struct hs_json_fault *fault = hs_json_stream_fault(snapshot->stream);

	if (fault == NULL)
		return false;
	snapshot_problem_in(snapshot, fault->code, NULL, fault->line, fault->column, "%s",
	    fault->message);
	snapshot->is_over = true;
	return true;
}

bool hs_snapshot_push(struct hs_snapshot *snapshot, const void *bytes, size_t length,
    struct hs_error *err)
{
	return snapshot->is_over || hs_json_push(snapshot->stream, bytes, length, err) ||
	    stop(snapshot);
}

static void find_missing(struct hs_snapshot *snapshot)
{
	const struct head_state *head = &snapshot->head;

	for (enum hs_head_field field = 0; field < HS_HEAD_COUNT && head->is_object; field++) {
		if (hs_head_rows[field].required && (head->seen & 1u << field) == 0)
			snapshot_problem_in(snapshot, HS_MISSING_FIELD, hs_head_rows[field].name,
			    head->line, head->column, "%s is missing: every snapshot must have it",
			    hs_head_rows[field].name);
	}
}

#define RECORDS "/records/"

/* What a duplicate's message begins with; its twin's pointer comes then. */
#define TWIN_WORDS "the same competition, season, team and player as "

static void on_duplicate(void *arg, const struct hs_key_place *first,
    const struct hs_key_place *later)
{
	struct hs_snapshot *snapshot = arg;
	char pointer[64];

	snprintf(pointer, sizeof pointer, RECORDS "%llu", (unsigned long long)later->number);
	hs_problems_add(snapshot->problems, HS_DUPLICATE_RECORD, pointer, later->line,
	    later->column, TWIN_WORDS RECORDS "%llu (line %llu, column %llu): take one of them out",
	    (unsigned long long)first->number, (unsigned long long)first->line,
	    (unsigned long long)first->column);
}

bool hs_snapshot_split(const char *pointer, uint64_t *ret_number, const char **ret_rest)
{
	const char *digits = pointer + strlen(RECORDS);
	char number[NUMBER_BYTES];
	struct hs_error ignored;
	long long value;
	size_t length;

	if (strncmp(pointer, RECORDS, strlen(RECORDS)) != 0)
		return false;
	length = strspn(digits, "0123456789");
	if (length >= sizeof number)
		return false;
	memcpy(number, digits, length);
	number[length] = '\0';
	if (!hs_parse_int(number, 0, LLONG_MAX, "record", &value, &ignored))
		return false;
	*ret_number = (uint64_t)value;
	*ret_rest = digits + length;
	return true;
}

bool hs_snapshot_twin(const struct hs_problem *problem, uint64_t *ret)
{
	const char *rest;

	return problem->code == HS_DUPLICATE_RECORD &&
	    strncmp(problem->message, TWIN_WORDS, strlen(TWIN_WORDS)) == 0 &&
	    hs_snapshot_split(problem->message + strlen(TWIN_WORDS), ret, &rest);
}

bool hs_snapshot_finish(struct hs_snapshot *snapshot, struct hs_error *err)
{
	if (!snapshot->is_over) {
		if (!hs_json_finish(snapshot->stream, err) && !stop(snapshot))
			return false;
		snapshot->path.depth = 0;
		if (!snapshot->is_over)
			find_missing(snapshot);
	}
	return hs_key_set_finish(snapshot->keys, on_duplicate, snapshot, err);
}

bool hs_snapshot_is_over(const struct hs_snapshot *snapshot)
{
	return snapshot->is_over;
}

void hs_snapshot_add_excerpts(struct hs_snapshot *snapshot, int fd)
{
	hs_excerpts_add(snapshot->problems, fd);
}

const struct hs_problems *hs_snapshot_problems(const struct hs_snapshot *snapshot)
{
	return snapshot->problems;
}

const struct hs_snapshot_head *hs_snapshot_head(const struct hs_snapshot *snapshot)
{
	return &snapshot->known;
}
