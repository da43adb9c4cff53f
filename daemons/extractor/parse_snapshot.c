/* parse_snapshot.c: a feed's bytes -> its head, then its records.
 *
 * Trusts nothing of the feed: what is neither shape, a key that no snapshot has, a record that is
 * none end the reading with their place. The feed is read twice, since source_name and date may
 * stand after the records, and are wanted before. */
#include "daemons/extractor/parse_snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fields.h"
#include "common/json_stream.h"
#include "daemons/extractor/parse.h"

enum {
	TOKEN_BYTES = 4096,	/* of what we look at: keys, the name, the date */
	NO_HEAD = HS_HEAD_COUNT
};

struct reading {
	struct parse_head *head;	/* wanted in the first pass, else NULL */
	parse_record_fn *on_record;	/* wanted in the second, else NULL */
	const struct parse_options *options;
	struct hs_json_stream *stream;
	bool is_bare;			/* an array of records alone */
	int key;			/* the head's field that is read; NO_HEAD: none */
	bool seen[HS_HEAD_COUNT];
	uint64_t record;		/* the number of the one that is read */
	uint64_t line, column;		/* where it begins */
};

static bool refuse(const struct hs_json_event *event, enum hs_error_code code, const char *pointer,
    const char *sentence, struct hs_error *err)
{
	return hs_error_set(err, code, pointer, "%s (line %llu, column %llu of the feed)", sentence,
	    (unsigned long long)event->line, (unsigned long long)event->column);
}

static bool take_key(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	char pointer[256];

	for (int key = 0; key < HS_HEAD_COUNT; key++) {
		const char *name = hs_head_rows[key].name;

		if (strlen(name) != event->length || memcmp(name, event->text, event->length) != 0)
			continue;
		if (reading->seen[key]) {
			snprintf(pointer, sizeof pointer, "/%s", name);
			return refuse(event, HS_REPEATED_KEY, pointer,
			    "the feed has this key twice", err);
		}
		reading->seen[key] = true;
		reading->key = key;
		return true;
	}
	snprintf(pointer, sizeof pointer, "/%.*s", (int)(event->length < 200 ? event->length : 200),
	    event->text);
	return refuse(event, HS_UNKNOWN_FIELD, pointer,
	    "the feed has a key that no snapshot has, so it is not of a snapshot's shape", err);
}

/* Where a text of the head goes; NULL: that is no text. */
static char **text_of_head(struct parse_head *head, int key)
{
	return key == HS_HEAD_SOURCE_NAME ? &head->source_name :
	    key == HS_HEAD_SNAPSHOT_DATE ? &head->snapshot_date : NULL;
}

static char **object_of_head(struct parse_head *head, int key)
{
	return key == HS_HEAD_SOURCE_METADATA ? &head->source_metadata :
	    key == HS_HEAD_RAW_PAYLOAD ? &head->raw_payload : NULL;
}

static bool keep_text(const struct hs_json_event *event, char **ret, struct hs_error *err)
{
	char *text = strndup(event->text, event->length);

	if (text == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the feed's head");
	free(*ret);
	*ret = text;
	return true;
}

static bool refuse_head(const struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	static const char *const words[] = {
		[HS_FIELD_TEXT] = "this must be a text",
		[HS_FIELD_DATE] = "this must be a date in quotes, as in \"2026-11-25\"",
		[HS_FIELD_OBJECT] = "this must be an object",
		[HS_FIELD_RECORDS] = "this must be an array of records",
	};
	char pointer[64];

	snprintf(pointer, sizeof pointer, "/%s", hs_head_rows[reading->key].name);
	return refuse(event, HS_WRONG_TYPE, pointer, words[hs_head_rows[reading->key].type], err);
}

/* What a key of the head is followed by. */
static bool take_head(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	int key = reading->key;
	struct parse_head unwanted = { 0 };
	struct parse_head *head = reading->head != NULL ? reading->head : &unwanted;
	char **text = text_of_head(head, key), **object = object_of_head(head, key);

	if (event->kind == HS_JSON_TOO_BIG)
		return refuse(event, HS_RECORD_TOO_BIG, "",
		    "an object of the feed's head is larger than HOOPSCOUT_MAX_RECORD_BYTES", err);
	if (key == HS_HEAD_RECORDS) {
		if (event->kind != HS_JSON_ARRAY_BEGIN && event->kind != HS_JSON_ARRAY_END)
			return refuse_head(reading, event, err);
		head->has_records = true;
		return true;
	}
	if (event->kind == HS_JSON_NULL)
		return true;
	if (text != NULL && event->kind == HS_JSON_STRING)
		return reading->head == NULL || keep_text(event, text, err);
	if (object != NULL && event->kind == HS_JSON_OBJECT_BEGIN) {
		hs_json_bound(reading->stream, reading->options->max_record_bytes);
		if (reading->head != NULL)
			hs_json_capture(reading->stream);
		return true;
	}
	if (object != NULL && event->kind == HS_JSON_OBJECT_END)
		return reading->head == NULL || keep_text(event, object, err);
	return refuse_head(reading, event, err);
}

static bool take_record(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	struct parse_written written;
	char pointer[64];

	snprintf(pointer, sizeof pointer, "%s/%llu", reading->is_bare ? "" : "/records",
	    (unsigned long long)reading->record);
	if (event->kind == HS_JSON_TOO_BIG)
		return refuse(event, HS_RECORD_TOO_BIG, pointer,
		    "the record is larger than HOOPSCOUT_MAX_RECORD_BYTES", err);
	if (event->kind == HS_JSON_OBJECT_BEGIN) {
		hs_json_bound(reading->stream, reading->options->max_record_bytes);
		reading->line = event->line;
		reading->column = event->column;
		if (reading->on_record != NULL)
			hs_json_capture(reading->stream);
		return true;
	}
	if (event->kind != HS_JSON_OBJECT_END)
		return refuse(event, HS_WRONG_TYPE, pointer, "a record must be an object", err);
	written = (struct parse_written){ .text = event->text, .length = event->length,
		.pointer = pointer, .number = reading->record++, .line = reading->line,
		.column = reading->column };
	return reading->on_record == NULL ||
	    reading->on_record(reading->options->arg, &written, err);
}

static bool take_whole(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	if (event->kind == HS_JSON_ARRAY_BEGIN) {
		reading->is_bare = true;
		if (reading->head != NULL)
			reading->head->has_records = true;
		return true;
	}
	if (event->kind == HS_JSON_OBJECT_BEGIN || hs_json_is_end(event->kind))
		return true;
	return refuse(event, HS_WRONG_TYPE, "",
	    "the feed must be an object with records, or an array of records", err);
}

static bool on_event(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct reading *reading = arg;
	unsigned records_depth = reading->is_bare ? 1 : 2;

	if (event->depth == 0)
		return take_whole(reading, event, err);
	if (event->depth == 1 && !reading->is_bare) {
		if (event->kind == HS_JSON_KEY)
			return take_key(reading, event, err);
		if (!take_head(reading, event, err))
			return false;
		if (!hs_json_is_begin(event->kind))
			reading->key = NO_HEAD;
		return true;
	}
	if (event->depth == records_depth && (reading->is_bare || reading->key == HS_HEAD_RECORDS))
		return take_record(reading, event, err);
	return true;
}

/* A length of 0 is the end. */
static bool take_piece(void *arg, const char *piece, size_t length, struct hs_error *err)
{
	struct reading *reading = arg;

	return length > 0 ? hs_json_push(reading->stream, piece, length, err) :
	    hs_json_finish(reading->stream, err);
}

static bool read_all(struct reading *reading, int fd, struct hs_error *err)
{
	bool done;

	reading->key = NO_HEAD;
	reading->stream = hs_json_stream_new(TOKEN_BYTES, on_event, reading);
	if (reading->stream == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the feed");
	done = parse_pieces(fd, reading->options, take_piece, reading, err);
	if (!done)
		parse_fault(reading->stream, 0, err);
	hs_json_stream_free(reading->stream);
	return done;
}

bool parse_snapshot_head(int fd, const struct parse_options *options, struct parse_head *ret,
    struct hs_error *err)
{
	struct reading reading = { .head = ret, .options = options };

	memset(ret, 0, sizeof *ret);
	return read_all(&reading, fd, err) && (ret->has_records ||
	    hs_error_set(err, HS_MISSING_FIELD, "/records",
		"the feed has no records: it must be an object with records, or an array of them"));
}

void parse_head_done(struct parse_head *head)
{
	free(head->source_name);
	free(head->snapshot_date);
	free(head->source_metadata);
	free(head->raw_payload);
	memset(head, 0, sizeof *head);
}

bool parse_snapshot_records(int fd, const struct parse_options *options,
    parse_record_fn *on_record, struct hs_error *err)
{
	struct reading reading = { .on_record = on_record, .options = options };

	return read_all(&reading, fd, err);
}
