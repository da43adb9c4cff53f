/* snapshot_private.h: what the files of the snapshot's validator share; no others include it. */
#ifndef HS_SNAPSHOT_PRIVATE_H
#define HS_SNAPSHOT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_path.h"
#include "common/json_stream.h"
#include "common/key_set.h"
#include "common/name_set.h"
#include "common/snapshot.h"
#include "common/snapshot_value.h"

/* Texts of a record, one behind the other. */
struct record_texts {
	char *bytes;
	size_t length, room;
};

/* The record that is being read. */
struct record_state {
	struct hs_record record;	/* its texts are set when it is whole */
	struct record_texts texts;
	size_t at[HS_FIELD_COUNT];	/* where in texts; NOWHERE: no text */
	uint32_t seen;		/* a bit for each field */
	uint32_t wrong;
	bool has_field;		/* field is whose value comes next */
	enum hs_field field;
	bool is_wrong;
};

/* What stands around the records. */
struct head_state {
	uint64_t line, column;	/* of the opening brace */
	unsigned seen;		/* a bit for each field */
	bool is_object;
	bool has_field;
	enum hs_head_field field;
};

struct hs_snapshot {
	struct hs_snapshot_options options;
	struct hs_date tomorrow;
	struct hs_snapshot_head known;
	struct hs_problems *problems;
	struct hs_json_stream *stream;
	struct hs_key_set *keys;
	struct hs_name_set *names;
	struct hs_path path;
	struct head_state head;
	struct record_state record;
	unsigned skipped;	/* depth + 1 of a container of which nothing is looked at; 0: none */
	unsigned opaque;	/* the same of one that is handed on as written */
	uint64_t objects;	/* seen within it; each has a number for name_set */
	uint64_t object_at[HS_JSON_MAX_DEPTH + 1];
	bool is_over;
	bool has_too_many;
};

/* Adds a problem at an event, with the pointer of the path. */
void snapshot_problem(struct hs_snapshot *snapshot, enum hs_error_code code,
    const struct hs_json_event *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same at another place, for a member of what the path points at. */
void snapshot_problem_in(struct hs_snapshot *snapshot, enum hs_error_code code,
    const char *member, uint64_t line, uint64_t column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The field that an unknown key was probably meant to be, as hs_field_nearest; NULL also when
 * a further problem would not be kept: a wrong key in each of a million records stays cheap. */
const char *snapshot_nearest(const struct hs_snapshot *snapshot, const struct hs_field_row *rows,
    size_t count, const struct hs_json_event *key);

/* An array or object whose content does not matter, because something is wrong already. */
void snapshot_skip(struct hs_snapshot *snapshot, const struct hs_json_event *event);

/* snapshot_record.c: the elements of records, and what stands in them. */
bool record_begin(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err);
bool record_member(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err);
bool record_end(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err);
/* It was bigger than allowed: nothing more comes of it. */
void record_is_too_big(struct hs_snapshot *snapshot, const struct hs_json_event *event);
/* The object of source_metadata or raw_payload, as written. */
bool record_take_object(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err);

/* snapshot_opaque.c: objects that are handed on as written. */
bool opaque_begin(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err);
/* Looks at what stands in one, for repeated keys and numbers beyond jsonb. */
bool opaque_member(struct hs_snapshot *snapshot, const struct hs_json_event *event,
    struct hs_error *err);
void opaque_end(struct hs_snapshot *snapshot);

#endif
