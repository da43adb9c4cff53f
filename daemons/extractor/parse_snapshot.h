/* parse_snapshot.h: finds the records in a feed that has the snapshot's shape: the object with its
 * "records", or an array of records alone.
 *
 * Reads the feed from a file, as often as needed, in pieces: of it at most one record, or one
 * of the head's two objects, is in memory. Records are handed on as written; whether they are
 * right is for the validator to say. */
#ifndef HS_EXTRACTOR_PARSE_SNAPSHOT_H
#define HS_EXTRACTOR_PARSE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "daemons/extractor/parse.h"

/* What stands around the records. Texts are NULL when the feed has none of the kind. */
struct parse_head {
	bool has_records;	/* it is one of the two shapes */
	char *source_name;
	char *snapshot_date;
	char *source_metadata;	/* JSON as written */
	char *raw_payload;
};

/* A record, JSON as written; all of it is borrowed. */
struct parse_written {
	const char *text;
	size_t length;
	const char *pointer;
	uint64_t number;		/* from 0 */
	uint64_t line, column;		/* from 1, where it begins */
};

/* false ends the reading with *err. */
typedef bool parse_record_fn(void *arg, const struct parse_written *record, struct hs_error *err);

/* Reads the whole file from its start, and finds the head. *ret's texts are the caller's, for
 * parse_head_done, also on failure. Errors: those of json_stream.h, with line and column in the
 * sentence; HS_WRONG_TYPE, HS_UNKNOWN_FIELD, HS_REPEATED_KEY (where: the pointer), HS_RECORD_TOO_BIG. */
bool parse_snapshot_head(int fd, const struct parse_options *options, struct parse_head *ret,
    struct hs_error *err);
void parse_head_done(struct parse_head *head);

/* Reads it again, and hands on each record. */
bool parse_snapshot_records(int fd, const struct parse_options *options,
    parse_record_fn *on_record, struct hs_error *err);

#endif
