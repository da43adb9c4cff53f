/* parse.h: a feed's bytes -> the source's records, whatever way they lie in it.
 *
 * Reads the feed from a file, from its start, in pieces: of it one record at a time is in memory,
 * as a tree (value.h), bounded. Whether a record is right is for normalize.c to say; that the feed
 * is JSON and has its records where they should be, is said here, with line and column. A feed of
 * the snapshot's own shape is read by parse_snapshot.c. */
#ifndef HS_EXTRACTOR_PARSE_H
#define HS_EXTRACTOR_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "daemons/extractor/value.h"

enum parse_kind {
	PARSE_ARRAY,	/* its items are the records */
	PARSE_OBJECT,	/* its members are, each with its key */
	PARSE_TABLE,	/* its items are rows of cells, and the columns' names stand elsewhere */
	PARSE_ONE,	/* it is the one record */
	PARSE_LINES	/* JSON Lines: each line is a record */
};

enum { PARSE_MAX_COLUMNS = 1000, PARSE_PLACE_BYTES = 512 };

/* Where the records are. */
struct parse_shape {
	enum parse_kind kind;
	struct value_pointer at;	/* not of lines */
	struct value_pointer headers_at;	/* of a table, when column_count is 0 */
	const char *const *columns;
	size_t column_count;
};

/* Lives until on_record returns, as all that is taken from its arena. */
struct parse_record {
	struct arena *arena;
	const struct value *value;	/* an array or object, unless there is a fault */
	const char *key;		/* in its object, else NULL */
	const char *fault;		/* why it is no record, as a sentence; else NULL */
	uint64_t number;		/* from 0 */
	uint64_t line, column;		/* from 1, where it begins */
	const struct parse_options *options;	/* of the reading */
};

/* false ends the reading with *err. */
typedef bool parse_tree_fn(void *arg, const struct parse_record *record, struct hs_error *err);

struct parse_options {
	size_t max_record_bytes;	/* as written; as a tree, a record may take three times that */
	/* Asked now and then; true ends the reading with HS_CANCELLED. */
	bool (*stop)(void *arg);
	void *arg;			/* of both functions */
	size_t piece_bytes;		/* read at a time; 0: as is usual. For tests */
};

/* A piece of a feed, borrowed; length 0 is its end. false ends the reading with *err. */
typedef bool parse_piece_fn(void *arg, const char *piece, size_t length, struct hs_error *err);

/* Reads a feed from its start to its end. arg is take's; stop has that of the options.
 * Errors: HS_CANCELLED, HS_NO_MEMORY, HS_IO, and take's. */
bool parse_pieces(int fd, const struct parse_options *options, parse_piece_fn *take, void *arg,
    struct hs_error *err);

/* Hands on each record; null in the place of the records is none. *ret_count: how many.
 * Errors: those of json_stream.h; HS_MISSING_FIELD, HS_WRONG_TYPE, HS_REPEATED_KEY (what is there
 * in the records' place; where: the pointer), HS_RECORD_TOO_BIG, HS_CANCELLED, and on_record's. */
bool parse_trees(int fd, const struct parse_shape *shape, const struct parse_options *options,
    parse_tree_fn *on_record, uint64_t *ret_count, struct hs_error *err);

/* Finds the texts, numbers and such at so many pointers, anywhere in the feed; a text that is not
 * there or is null is NULL. They lie in the arena. Reads no farther than it must.
 * Errors: as above, HS_WRONG_TYPE for an array or object there, those of arena_take. */
bool parse_facts(int fd, const struct value_pointer *pointers, size_t count,
    const struct parse_options *options, struct arena *arena, const char **ret,
    struct hs_error *err);

/* What is wrong with the feed's JSON, with its place; nothing when that is not why reading ended.
 * line: of JSON Lines, else 0. */
void parse_fault(const struct hs_json_stream *stream, uint64_t line, struct hs_error *err);

/* Whether the reading is to end: for what takes a record that has much in it. Then *err is
 * HS_CANCELLED. */
bool parse_is_stopped(const struct parse_options *options, struct hs_error *err);

/* Where a record is, as a pointer: "/data/17", "/curryst01"; of lines "/17". Returns buf. */
const char *parse_place(const struct parse_shape *shape, const struct parse_record *record,
    char buf[PARSE_PLACE_BYTES]);

#endif
