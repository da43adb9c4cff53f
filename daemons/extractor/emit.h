/* emit.h: writes a snapshot, and lets nothing out that the importer would refuse.
 *
 * The bytes that go into the file go through the importer's own validator too. The file has a
 * hidden name ending in ".part" until it is whole, right and on the disk; then it is renamed.
 * One that dies on the way leaves at most that hidden file, which emit_sweep removes. A dry run
 * does all of it but the file. Used by one thread at a time. */
#ifndef HS_EXTRACTOR_EMIT_H
#define HS_EXTRACTOR_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"
#include "common/error.h"
#include "common/fields.h"
#include "common/problems.h"

/* One field of a record. TEXT and DATE: the text itself, INTEGER and NUMBER: decimal digits as
 * JSON has them, OBJECT: JSON as it is to be written. text NULL: null, and nothing is written. */
struct emit_value {
	const char *text;
	size_t length;
};

struct emit_options {
	const char *folder;		/* NULL: a dry run */
	const char *file_name;		/* in it; must end in ".json" */
	const char *source_name;
	struct hs_date snapshot_date;
	const char *source_metadata;	/* a JSON object, or NULL */
	const char *raw_payload;	/* the same */
	size_t max_record_bytes;	/* as the importer has it: HS_SET_MAX_RECORD_BYTES */
};

struct emit;

enum { EMIT_USER_BYTES = 64 };

/* Starts a snapshot, and sweeps its folder (emit_sweep) before. Borrows options, and gives *ret.
 * Errors: HS_BUSY (another process writes this very file), HS_DISK_FULL, HS_IO,
 * HS_NO_PERMISSION, HS_NOT_FOUND (no such folder), HS_NO_MEMORY. */
bool emit_new(const struct emit_options *options, struct emit **ret, struct hs_error *err);

/* Throws away what was not finished, the hidden file too. Accepts NULL. */
void emit_free(struct emit *emit);

/* Adds a record; values has HS_FIELD_COUNT of them. What is wrong with it is found in
 * emit_problems, not told here: false is for a full disk and the like. */
bool emit_record(struct emit *emit, const struct emit_value *values, struct hs_error *err);

/* Adds a record that is JSON already. with_payload: it is kept as its own raw_payload, unless it
 * speaks of one itself. */
bool emit_written(struct emit *emit, const char *record, size_t length, bool with_payload,
    struct hs_error *err);

/* Ends the snapshot: after it emit_problems are all there are, and what was written is on the disk,
 * under its hidden name. Waits for the disk. */
bool emit_finish(struct emit *emit, struct hs_error *err);

/* Puts a finished snapshot without problems in its place. Its name, which got a number when there was
 * one of that name, is found by emit_file_name; of a dry run, or with problems, there is no file. */
bool emit_place(struct emit *emit, struct hs_error *err);

/* What the validator says; borrowed. */
const struct hs_problems *emit_problems(const struct emit *emit);
uint64_t emit_records(const struct emit *emit);
uint64_t emit_bytes(const struct emit *emit);
/* The name in the folder, once there is a file; else NULL. */
const char *emit_file_name(const struct emit *emit);

/* Who writes: the name of our user, or its number. Returns buf. */
const char *emit_user(char *buf, size_t size);

/* Removes what runs that died left in that folder; not what a run on any machine is writing. */
bool emit_sweep(const char *folder, struct hs_error *err);

#endif
