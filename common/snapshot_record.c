/* snapshot_record.c: one record after the other: its fields against the table, its key for
 * the duplicate search, and then to the handler.
 *
 * Trusts json_stream.c with JSON. What is wrong is a problem of the snapshot, and the reading
 * goes on; only a handler's refusal, no memory, or no room on the disk ends it. */
#include "common/snapshot_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4096, RECORD_DEPTH = 2 };

static const size_t NOWHERE = SIZE_MAX;
static const uint64_t MAX_RECORDS = (uint64_t)1 << 31;

/* What tells one record from another. */
static const enum hs_field key_fields[] = {
	HS_FIELD_COMPETITION_EXTERNAL_ID, HS_FIELD_SEASON, HS_FIELD_TEAM_EXTERNAL_ID,
	HS_FIELD_PLAYER_EXTERNAL_ID,
};

static uint32_t bit(enum hs_field field)
{
	return (uint32_t)1 << field;
}

static void record_problem(struct hs_snapshot *snapshot, enum hs_error_code code,
    const struct hs_json_event *event, const char *message)
{
	snapshot->record.is_wrong = true;
	if (snapshot->record.has_field)
		snapshot->record.wrong |= bit(snapshot->record.field);
	snapshot_problem(snapshot, code, event, "%s", message);
}

static void count_record(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	if (snapshot->known.records++ < MAX_RECORDS || snapshot->has_too_many)
		return;
	snapshot->has_too_many = true;
	snapshot_problem(snapshot, HS_TOO_MANY_RECORDS, event,
	    "more than 2147483648 records: split the snapshot into several files");
}

bool record_begin(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	struct record_state *state = &snapshot->record;
	char shown[HS_SHOWN_BYTES];

	(void)err;
	count_record(snapshot, event);
	if (event->kind != HS_JSON_OBJECT_BEGIN) {
		snapshot_problem(snapshot, HS_WRONG_TYPE, event,
		    "a record is %s: write an object in braces", hs_shown_value(event, shown));
		snapshot_skip(snapshot, event);
		return true;
	}
	hs_json_bound(snapshot->stream, snapshot->options.max_record_bytes);
	state->record.number = snapshot->known.records - 1;
	state->record.line = event->line;
	state->record.column = event->column;
	state->texts.length = 0;
	state->seen = 0;
	state->wrong = 0;
	state->has_field = false;
	state->is_wrong = false;
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		state->record.values[i] = hs_value_none;
		state->at[i] = NOWHERE;
	}
	return true;
}

/* Keeps a text until the record is whole; a NUL stands behind it. */
static bool keep_text(struct record_state *state, enum hs_field field, const char *text,
    size_t length, struct hs_error *err)
{
	struct record_texts *texts = &state->texts;
	size_t room = texts->room > 0 ? texts->room : FIRST_ROOM;

	while (room - texts->length <= length) {
		if (room > SIZE_MAX / 2)
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a record");
		room *= 2;
	}
	if (room > texts->room) {
		char *bytes = realloc(texts->bytes, room);

		if (bytes == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a record");
		texts->bytes = bytes;
		texts->room = room;
	}
	memcpy(texts->bytes + texts->length, text, length);
	texts->bytes[texts->length + length] = '\0';
	state->at[field] = texts->length;
	state->record.values[field].length = length;
	texts->length += length + 1;
	return true;
}

static void take_key(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	struct record_state *state = &snapshot->record;
	char shown[HS_SHOWN_BYTES];
	const char *nearest;

	state->has_field = hs_field_find(event->text, event->length, &state->field);
	if (!state->has_field) {
		hs_shown_text(event->text, event->length, shown);
		nearest = snapshot_nearest(snapshot, hs_field_rows, HS_FIELD_COUNT, event);
		state->is_wrong = true;
		if (nearest != NULL)
			snapshot_problem(snapshot, HS_UNKNOWN_FIELD, event,
			    "%s is not a field of a record: did you mean \"%s\"?", shown, nearest);
		else
			snapshot_problem(snapshot, HS_UNKNOWN_FIELD, event,
			    "%s is not a field of a record: take it out, or put it into "
			    "\"raw_payload\"", shown);
	} else if ((state->seen & bit(state->field)) != 0) {
		state->is_wrong = true;
		state->has_field = false;
		snapshot_problem(snapshot, HS_REPEATED_KEY, event,
		    "%s stands in its record twice: take one of them out",
		    hs_field_rows[state->field].name);
	} else {
		state->seen |= bit(state->field);
	}
}

bool record_member(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	struct record_state *state = &snapshot->record;
	const struct hs_field_row *row = &hs_field_rows[state->field];
	struct hs_error why;	/* a kilobyte: clearing it would take a fifth of all time */
	struct hs_value value;

	if (event->kind == HS_JSON_KEY) {
		take_key(snapshot, event);
		return true;
	}
	if (state->has_field && hs_value_may_be(row, event))
		return opaque_begin(snapshot, event, err);
	if (!state->has_field) {
		snapshot_skip(snapshot, event);
		return true;
	}
	if (!hs_value_check(row, event, snapshot->options.today, &value, &why)) {
		record_problem(snapshot, why.code, event, why.message);
		snapshot_skip(snapshot, event);
		return true;
	}
	state->record.values[state->field] = value;
	return value.text == NULL ||
	    keep_text(state, state->field, value.text, value.length, err);
}

bool record_take_object(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	return keep_text(&snapshot->record, snapshot->record.field, event->text, event->length,
	    err);
}

static void find_missing(struct hs_snapshot *snapshot)
{
	struct record_state *state = &snapshot->record;

	for (enum hs_field field = 0; field < HS_FIELD_COUNT; field++) {
		if (!hs_field_rows[field].required || (state->seen & bit(field)) != 0)
			continue;
		state->is_wrong = true;
		snapshot_problem_in(snapshot, HS_MISSING_FIELD, hs_field_rows[field].name,
		    state->record.line, state->record.column,
		    "%s is missing: every record must have it", hs_field_rows[field].name);
	}
}

/* Notes the record's key, when all of it is right. */
static bool note_key(struct hs_snapshot *snapshot, struct hs_error *err)
{
	const struct record_state *state = &snapshot->record;
	struct hs_key_part parts[HS_COUNT(key_fields)];
	struct hs_key_place place = { .number = state->record.number,
		.line = state->record.line, .column = state->record.column };

	for (size_t i = 0; i < HS_COUNT(key_fields); i++) {
		const struct hs_value *value = &state->record.values[key_fields[i]];

		if (value->text == NULL)
			return true;
		parts[i].text = value->text;
		parts[i].length = value->length;
	}
	return hs_key_set_add(snapshot->keys, parts, HS_COUNT(key_fields), &place, err);
}

bool record_end(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err)
{
	struct record_state *state = &snapshot->record;

	(void)event;
	find_missing(snapshot);
	for (size_t i = 0; i < HS_FIELD_COUNT; i++)
		state->record.values[i].text = state->at[i] == NOWHERE ? NULL :
		    state->texts.bytes + state->at[i];
	if (snapshot->has_too_many)
		return true;
	if (!note_key(snapshot, err))
		return false;
	if (hs_problems_total(snapshot->problems) > 0 || snapshot->options.on_record == NULL)
		return true;
	return snapshot->options.on_record(snapshot->options.arg, &state->record, err);
}

void record_is_too_big(struct hs_snapshot *snapshot, const struct hs_json_event *event)
{
	snapshot_problem(snapshot, HS_RECORD_TOO_BIG, event,
	    "the record is longer than %zu bytes: make its raw_payload smaller, or raise "
	    "HOOPSCOUT_MAX_RECORD_BYTES", snapshot->options.max_record_bytes);
}
