/* snapshot.h: the strict, streaming validator of snapshots.
 *
 * Push the bytes of a file in pieces of any size; each record that is right is handed
 * to the handler, in the order of the file, as long as nothing was wrong before it;
 * after the first problem the rest is still checked, but no more records are handed on.
 * Memory does not grow with the file: at most one record, the top level's two objects,
 * HS_PROBLEMS_KEPT problems and the bounded buffers of the duplicate search, which
 * spills to an unlinked temporary file.
 *
 * What each problem is called (enum hs_error_code): HS_BAD_ENCODING (a byte order mark,
 * UTF-16 or UTF-32, by name), HS_BAD_UTF8, HS_NUL (a NUL byte, or \u0000),
 * HS_BAD_CHARACTER (an unpaired surrogate escape), HS_BAD_JSON, HS_TRUNCATED,
 * HS_TRAILING_BYTES, HS_TOO_DEEP, HS_RECORD_TOO_BIG, HS_REPEATED_KEY (at any depth),
 * HS_UNKNOWN_FIELD, HS_MISSING_FIELD, HS_WRONG_TYPE (also a number in quotes, a boolean for
 * a number, null for a required field), HS_BLANK, HS_TOO_LONG, HS_BAD_DATE,
 * HS_NOT_INTEGER, HS_OUT_OF_RANGE, HS_DUPLICATE_RECORD, HS_TOO_MANY_RECORDS,
 * HS_EMPTY_FILE. The first eight end the reading; the others let it go on.
 * A number in raw_payload or source_metadata that PostgreSQL's numeric cannot hold
 * (more than 131,072 digits before the point, 16,383 after) is HS_OUT_OF_RANGE. */
#ifndef HS_SNAPSHOT_H
#define HS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"
#include "common/error.h"
#include "common/fields.h"
#include "common/problems.h"

/* One value of a record. TEXT: trimmed UTF-8. OBJECT: the JSON as written. text is NULL
 * when the field is absent, null, or a text that is blank. */
struct hs_value {
	const char *text;
	size_t length;
	int hundredths;		/* INTEGER and NUMBER, rounded half away from zero; -1: none */
	struct hs_date date;	/* DATE; unset: none */
};

/* Lives until the handler returns. */
struct hs_record {
	uint64_t number;	/* from 0, as in /records/0 */
	uint64_t line, column;	/* of its opening brace */
	struct hs_value values[HS_FIELD_COUNT];
};

/* What stands around the records; complete once hs_snapshot_finish has said true.
 * Texts belong to the validator. */
struct hs_snapshot_head {
	const char *source_name;	/* NULL until known */
	struct hs_date snapshot_date;
	const char *source_metadata;	/* JSON as written, or NULL */
	size_t source_metadata_length;
	const char *raw_payload;
	size_t raw_payload_length;
	uint64_t records;		/* all that were read, right or wrong */
};

/* Borrows the record. false ends the reading with *err. */
typedef bool hs_record_fn(void *arg, const struct hs_record *record, struct hs_error *err);

struct hs_snapshot_options {
	size_t max_record_bytes;	/* HS_SET_MAX_RECORD_BYTES; also bounds the top level's objects */
	struct hs_date today;		/* the latest birth and snapshot date; unset: hs_date_today() */
	hs_record_fn *on_record;	/* NULL: only check */
	void *arg;
};

struct hs_snapshot;

/* Gives *ret. Errors: HS_NO_MEMORY. */
bool hs_snapshot_new(const struct hs_snapshot_options *options, struct hs_snapshot **ret,
    struct hs_error *err);
void hs_snapshot_free(struct hs_snapshot *snapshot);

/* Takes in some bytes. false only when reading cannot go on for a reason that is not the
 * file's (the handler refused, no memory, no room for the duplicate search): the caller
 * gives up. Problems of the file are collected instead. */
bool hs_snapshot_push(struct hs_snapshot *snapshot, const void *bytes, size_t length,
    struct hs_error *err);

/* The file has ended: looks for what is missing and for duplicates. Like push. */
bool hs_snapshot_finish(struct hs_snapshot *snapshot, struct hs_error *err);

/* True when reading has ended early, at a problem after which nothing more can be made out:
 * the caller may stop reading. */
bool hs_snapshot_is_over(const struct hs_snapshot *snapshot);

/* Of a pointer like /records/17/full_name: 17, and /full_name. false: it is no record's. */
bool hs_snapshot_split(const char *pointer, uint64_t *ret_number, const char **ret_rest);

/* Of a HS_DUPLICATE_RECORD problem: the number of the record that it repeats. false: of another. */
bool hs_snapshot_twin(const struct hs_problem *problem, uint64_t *ret);

const struct hs_problems *hs_snapshot_problems(const struct hs_snapshot *snapshot);
/* Adds the lines in question to them, from the file that was pushed (see excerpt.h). */
void hs_snapshot_add_excerpts(struct hs_snapshot *snapshot, int fd);
const struct hs_snapshot_head *hs_snapshot_head(const struct hs_snapshot *snapshot);

#endif
