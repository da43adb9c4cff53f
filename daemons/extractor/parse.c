/* parse.c: a feed's bytes -> trees of its records, one at a time; and single values around them.
 *
 * Trusts nothing of the feed: what is no JSON, is too big, or is not what should be there ends the
 * reading with its place. What stands beside the wanted is read over, and not kept. */
#include "daemons/extractor/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/json_stream.h"
#include "common/text.h"

enum {
	PIECE_BYTES = 64 << 10,
	FACT_BYTES = 16 << 10,		/* of a key, and of a text that is looked for alone */
	TREE_FACTOR = 3,		/* a tree to what was written */
	HEADERS_BYTES = 1 << 20,
	KEYS_BYTES = 240		/* of those that stand where one is missing */
};

/* A pointer that is followed while the stream goes by. */
struct target {
	const struct value_pointer *pointer;
	size_t matched;			/* of its tokens, by the open containers */
	bool is_key;			/* the key that was told is its next token */
	bool is_found;
};

/* What stands where a pointer led last, for people. */
struct signpost {
	size_t depth;			/* how many of the pointer's tokens led there */
	char keys[KEYS_BYTES];		/* "data, meta" */
	bool is_full;
};

struct reading {
	const struct parse_options *options;
	struct hs_json_stream *stream;
	bool is_over;			/* all that was wanted is found */
	uint64_t line;			/* of JSON Lines: the one that is read, from 1; else 0 */

	uint64_t items[HS_JSON_MAX_DEPTH + 1];	/* so far, in each open array */
	bool is_array[HS_JSON_MAX_DEPTH + 1];	/* of the open containers */
	struct target *targets;
	size_t target_count;
	struct arena *arena;

	const char **facts;		/* of parse_facts: one for each target */
	size_t missing;

	struct signpost signpost;	/* of parse_trees' one target */
	const struct parse_shape *shape;	/* of parse_trees, whose one target is the records */
	parse_tree_fn *on_record;
	bool is_inside;			/* between the records' brackets */
	bool is_building;
	struct value_builder builder;
	struct parse_record record;
	const char *const *columns;
	size_t column_count;
};

static bool refuse(const struct reading *reading, const struct hs_json_event *event,
    enum hs_error_code code, const char *pointer, const char *sentence, struct hs_error *err)
{
	return hs_error_set(err, code, pointer, "%s (line %llu, column %llu of the feed)", sentence,
	    (unsigned long long)(reading->line > 0 ? reading->line : event->line),
	    (unsigned long long)event->column);
}

/* ---- following pointers ---- */

static bool is_token(const struct value_token *token, const struct hs_json_event *event)
{
	return token->length == event->length && !event->is_cut &&
	    memcmp(token->text, event->text, event->length) == 0;
}

static void take_key(struct reading *reading, const struct hs_json_event *event)
{
	for (size_t i = 0; i < reading->target_count; i++) {
		struct target *target = &reading->targets[i];

		target->is_key = target->matched == event->depth - 1 &&
		    target->pointer->count >= event->depth &&
		    is_token(&target->pointer->tokens[event->depth - 1], event);
	}
}

/* A value begins: whether it is what the target points at. */
static bool enter(const struct reading *reading, struct target *target,
    const struct hs_json_event *event)
{
	unsigned depth = event->depth;
	uint64_t index;

	if (depth > 0) {
		if (target->matched != depth - 1 || target->pointer->count < depth)
			return false;
		index = reading->items[depth - 1];
		if (reading->is_array[depth - 1] ?
			target->pointer->tokens[depth - 1].index != index : !target->is_key)
			return false;
	}
	if (hs_json_is_begin(event->kind))
		target->matched = depth;
	return target->pointer->count == depth;
}

static void leave(struct reading *reading, unsigned depth)
{
	for (size_t i = 0; i < reading->target_count; i++) {
		struct target *target = &reading->targets[i];

		if (depth > 0 && target->matched == depth)
			target->matched = depth - 1;
	}
}

/* After the targets have seen a value: counts it, and goes into a container. */
static void step(struct reading *reading, const struct hs_json_event *event)
{
	if (event->depth > 0)
		reading->items[event->depth - 1]++;
	if (hs_json_is_begin(event->kind)) {
		reading->items[event->depth] = 0;
		reading->is_array[event->depth] = event->kind == HS_JSON_ARRAY_BEGIN;
	}
}

/* ---- pieces ---- */

void parse_fault(const struct hs_json_stream *stream, uint64_t line, struct hs_error *err)
{
	const struct hs_json_fault *fault = stream != NULL ? hs_json_stream_fault(stream) : NULL;
	unsigned long long on_line, column;

	if (fault == NULL)
		return;
	on_line = line > 0 ? line : fault->line;
	column = fault->column;
	if (fault->code == HS_EMPTY_FILE)
		hs_error_set(err, HS_EMPTY_FILE, "", "the feed is empty");
	else if (fault->code == HS_BAD_UTF8)
		hs_error_set(err, HS_BAD_UTF8, "",
		    "this is not UTF-8, and its server names no other encoding (line %llu, "
		    "column %llu of the feed)", on_line, column);
	else
		hs_error_set(err, fault->code, "", "%s (line %llu, column %llu of the feed)",
		    fault->message, on_line, column);
}

bool parse_is_stopped(const struct parse_options *options, struct hs_error *err)
{
	if (options->stop == NULL || !options->stop(options->arg))
		return false;
	hs_error_set(err, HS_CANCELLED, "", "the run was cancelled");
	return true;
}

bool parse_pieces(int fd, const struct parse_options *options, parse_piece_fn *take, void *arg,
    struct hs_error *err)
{
	size_t size = options->piece_bytes > 0 ? options->piece_bytes : PIECE_BYTES, length = 1;
	char *piece = malloc(size);
	bool done = piece != NULL || hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a feed");

	if (done && lseek(fd, 0, SEEK_SET) != 0)
		done = hs_error_errno(err, "", "cannot read the feed");
	while (done && length > 0)
		done = !parse_is_stopped(options, err) &&
		    hs_file_read(fd, piece, size, &length, err) && take(arg, piece, length, err);
	free(piece);
	return done;
}

static bool read_pieces(struct reading *reading, int fd, parse_piece_fn *take,
    struct hs_error *err)
{
	if (parse_pieces(fd, reading->options, take, reading, err) || reading->is_over)
		return true;
	parse_fault(reading->stream, reading->line, err);
	return false;
}

/* A length of 0 is the end. */
static bool take_whole(void *arg, const char *piece, size_t length, struct hs_error *err)
{
	struct reading *reading = arg;

	return length > 0 ? hs_json_push(reading->stream, piece, length, err) :
	    hs_json_finish(reading->stream, err);
}

static bool read_whole(struct reading *reading, int fd, size_t max_token, hs_json_fn *on_event,
    struct hs_error *err)
{
	bool done;

	reading->stream = hs_json_stream_new(max_token, on_event, reading);
	if (reading->stream == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a feed");
	done = read_pieces(reading, fd, take_whole, err);
	hs_json_stream_free(reading->stream);
	reading->stream = NULL;
	return done;
}

/* ---- single values ---- */

static bool keep_fact(struct reading *reading, size_t number, const struct hs_json_event *event,
    struct hs_error *err)
{
	const char *pointer = reading->targets[number].pointer->text;
	const char *text = event->text;
	size_t length = event->length;

	if (hs_json_is_begin(event->kind))
		return refuse(reading, event, HS_WRONG_TYPE, pointer,
		    "an array or object is where a single value should be", err);
	if (event->is_cut)
		return refuse(reading, event, HS_TOO_LONG, pointer, "this text is too long", err);
	reading->targets[number].is_found = true;
	reading->missing--;
	if (event->kind == HS_JSON_NULL)
		return true;
	if (event->kind == HS_JSON_TRUE || event->kind == HS_JSON_FALSE) {
		text = event->kind == HS_JSON_TRUE ? "true" : "false";
		length = strlen(text);
	}
	reading->facts[number] = arena_text(reading->arena, text, length, err);
	return reading->facts[number] != NULL;
}

static bool on_fact(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct reading *reading = arg;

	if (event->kind == HS_JSON_KEY) {
		take_key(reading, event);
		return true;
	}
	if (hs_json_is_end(event->kind)) {
		leave(reading, event->depth);
		return true;
	}
	for (size_t i = 0; i < reading->target_count; i++) {
		struct target *target = &reading->targets[i];

		if (enter(reading, target, event) && !target->is_found &&
		    !keep_fact(reading, i, event, err))
			return false;
	}
	step(reading, event);
	reading->is_over = reading->missing == 0;
	return !reading->is_over;
}

bool parse_facts(int fd, const struct value_pointer *pointers, size_t count,
    const struct parse_options *options, struct arena *arena, const char **ret,
    struct hs_error *err)
{
	struct reading reading = { .options = options, .arena = arena, .facts = ret,
		.missing = count, .target_count = count };
	bool done;

	if (count == 0)
		return true;
	reading.targets = calloc(count, sizeof *reading.targets);
	if (reading.targets == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a feed");
	for (size_t i = 0; i < count; i++) {
		reading.targets[i].pointer = &pointers[i];
		ret[i] = NULL;
	}
	done = read_whole(&reading, fd, FACT_BYTES, on_fact, err);
	free(reading.targets);
	return done;
}

/* ---- a table's columns ---- */

static bool on_header(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct reading *reading = arg;
	bool is_done;

	if (event->kind == HS_JSON_TOO_BIG)
		return refuse(reading, event, HS_RECORD_TOO_BIG,
		    reading->targets->pointer->text, "the list of columns is too long", err);
	if (reading->is_building) {
		if (!value_builder_take(&reading->builder, event, &is_done, err))
			return false;
		reading->is_over = is_done;
		return !is_done;
	}
	if (event->kind == HS_JSON_KEY) {
		take_key(reading, event);
		return true;
	}
	if (hs_json_is_end(event->kind)) {
		leave(reading, event->depth);
		return true;
	}
	if (enter(reading, reading->targets, event)) {
		if (event->kind != HS_JSON_ARRAY_BEGIN)
			return refuse(reading, event, HS_WRONG_TYPE,
			    reading->targets->pointer->text,
			    "the columns' names must be an array of texts", err);
		hs_json_bound(reading->stream, HEADERS_BYTES);
		reading->is_building = true;
		value_builder_start(&reading->builder, reading->arena);
		return value_builder_take(&reading->builder, event, &is_done, err);
	}
	step(reading, event);
	return true;
}

static bool list_columns(const struct value *list, const char *pointer, struct arena *arena,
    const char *const **ret, size_t *ret_count, struct hs_error *err)
{
	const char **columns;
	size_t count = 0;

	if (list == NULL)
		return hs_error_set(err, HS_MISSING_FIELD, pointer,
		    "the feed has no columns' names there");
	if (list->count == 0 || list->count > PARSE_MAX_COLUMNS)
		return hs_error_set(err, HS_OUT_OF_RANGE, pointer,
		    "a table has 1 to %d columns, and this one %u", PARSE_MAX_COLUMNS,
		    (unsigned)list->count);
	if ((columns = arena_take(arena, list->count * sizeof *columns, err)) == NULL)
		return false;
	for (const struct value *item = list->first; item != NULL; item = item->next) {
		if (item->kind != VALUE_TEXT)
			return hs_error_set(err, HS_WRONG_TYPE, pointer,
			    "the columns' names must be an array of texts: item %zu is none", count);
		columns[count++] = item->text;
	}
	*ret = columns;
	*ret_count = count;
	return true;
}

/* Gives the columns in the arena. */
static bool find_columns(struct reading *records, int fd, struct arena *arena, struct hs_error *err)
{
	const struct parse_shape *shape = records->shape;
	struct target target = { .pointer = &shape->headers_at };
	struct reading reading = { .options = records->options, .arena = arena,
		.targets = &target, .target_count = 1 };

	if (shape->column_count > 0) {
		records->columns = shape->columns;
		records->column_count = shape->column_count;
		return true;
	}
	return read_whole(&reading, fd, FACT_BYTES, on_header, err) &&
	    list_columns(reading.builder.root, shape->headers_at.text, arena, &records->columns,
		&records->column_count, err);
}

/* ---- records ---- */

/* A row of cells becomes an object. */
static bool name_cells(struct reading *reading, struct value *row, struct hs_error *err)
{
	char *fault;
	size_t at = 0;

	if (row->kind != VALUE_ARRAY) {
		reading->record.fault = "a row of a table must be an array of cells";
		return true;
	}
	if (row->count == reading->column_count) {
		row->kind = VALUE_OBJECT;
		for (struct value *cell = row->first; cell != NULL; cell = cell->next)
			cell->key = reading->columns[at++];
		return true;
	}
	if ((fault = arena_take(reading->arena, 128, err)) == NULL)
		return false;
	snprintf(fault, 128, "the row has %u cells, and the table %zu columns", (unsigned)row->count,
	    reading->column_count);
	reading->record.fault = fault;
	return true;
}

static bool hand_on(struct reading *reading, struct hs_error *err)
{
	struct parse_record *record = &reading->record;
	struct value *value = reading->builder.root;

	record->value = value;
	record->fault = NULL;
	if (reading->shape->kind == PARSE_TABLE && !name_cells(reading, value, err))
		return false;
	if (record->fault == NULL && !value_is_container(value))
		record->fault = "a record must be an object or an array";
	if (!reading->on_record(reading->options->arg, record, err))
		return false;
	record->number++;
	record->key = NULL;
	arena_reset(reading->arena);
	return true;
}

/* What is wrong with a record that cannot be kept is said with its place. */
static bool build(struct reading *reading, const struct hs_json_event *event, struct hs_error *err)
{
	char place[PARSE_PLACE_BYTES], sentence[256];
	bool is_done;

	if (event->kind == HS_JSON_TOO_BIG)
		return refuse(reading, event, HS_RECORD_TOO_BIG,
		    parse_place(reading->shape, &reading->record, place),
		    "the record is larger than HOOPSCOUT_MAX_RECORD_BYTES", err);
	if (!value_builder_take(&reading->builder, event, &is_done, err)) {
		snprintf(sentence, sizeof sentence, "%.200s", err->message);
		return err->code == HS_NO_MEMORY ? false : refuse(reading, event, err->code,
		    parse_place(reading->shape, &reading->record, place), sentence, err);
	}
	if (!is_done)
		return true;
	reading->is_building = false;
	return hand_on(reading, err);
}

static bool begin_record(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	if (hs_json_is_begin(event->kind))
		hs_json_bound(reading->stream, reading->options->max_record_bytes);
	reading->is_building = true;
	reading->record.line = reading->line > 0 ? reading->line : event->line;
	reading->record.column = event->column;
	value_builder_start(&reading->builder, reading->arena);
	return build(reading, event, err);
}

/* The value in the records' place begins. */
static bool begin_records(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	static const char *const wanted[] = {
		[PARSE_ARRAY] = "an array of records must be there",
		[PARSE_OBJECT] = "an object of records must be there",
		[PARSE_TABLE] = "an array of rows must be there",
		[PARSE_ONE] = "an object must be there",
		[PARSE_LINES] = "",
	};
	enum parse_kind kind = reading->shape->kind;
	struct target *target = reading->targets;

	if (target->is_found)
		return refuse(reading, event, HS_REPEATED_KEY, target->pointer->text,
		    "the feed has this key twice", err);
	target->is_found = true;
	if (event->kind == HS_JSON_NULL)
		return true;
	if (kind == PARSE_ONE && hs_json_is_begin(event->kind))
		return begin_record(reading, event, err);
	reading->is_inside = event->kind ==
	    (kind == PARSE_OBJECT ? HS_JSON_OBJECT_BEGIN : HS_JSON_ARRAY_BEGIN);
	return (reading->is_inside && kind != PARSE_ONE) ||
	    refuse(reading, event, HS_WRONG_TYPE, target->pointer->text, wanted[kind], err);
}

static bool keep_key(struct reading *reading, const struct hs_json_event *event,
    struct hs_error *err)
{
	if (event->is_cut)
		return refuse(reading, event, HS_TOO_LONG, reading->targets->pointer->text,
		    "a record's key is too long", err);
	reading->record.key = arena_text(reading->arena, event->text, event->length, err);
	return reading->record.key != NULL;
}

/* Keeps the key that was told, if the pointer has led as far as its object. */
static void note_key(struct reading *reading, const struct hs_json_event *event)
{
	struct signpost *post = &reading->signpost;
	size_t matched = reading->targets->matched, length;
	char shown[64];

	if (event->depth - 1 != matched || matched < post->depth)
		return;
	if (matched > post->depth)
		*post = (struct signpost){ .depth = matched };
	hs_utf8_clean(event->text, event->length, shown, sizeof shown);
	length = strlen(post->keys);
	if (post->is_full || length + strlen(shown) + 8 > sizeof post->keys) {
		post->is_full = true;
		return;
	}
	snprintf(post->keys + length, sizeof post->keys - length, "%s%s", length > 0 ? ", " : "",
	    shown);
}

static bool refuse_place(const struct reading *reading, struct hs_error *err)
{
	const struct value_pointer *pointer = reading->targets->pointer;
	const struct signpost *post = &reading->signpost;
	char led[KEYS_BYTES] = "";

	if (post->keys[0] == '\0')
		return hs_error_set(err, HS_MISSING_FIELD, pointer->text, "the feed has no records"
		    " there: see what it has, and correct the mapping's pointer");
	for (size_t i = 0; i < post->depth; i++)
		value_pointer_append(led, sizeof led, pointer->tokens[i].text);
	return hs_error_set(err, HS_MISSING_FIELD, pointer->text, "the feed has no records there."
	    " %s%s has the keys %s%s: correct the mapping's pointer",
	    led[0] != '\0' ? "Its " : "It", led, post->keys, post->is_full ? ", ..." : "");
}

static bool on_tree(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct reading *reading = arg;
	size_t depth = reading->targets->pointer->count;

	if (reading->is_building)
		return build(reading, event, err);
	if (reading->is_inside && event->depth == depth + 1)
		return event->kind == HS_JSON_KEY ? keep_key(reading, event, err) :
		    begin_record(reading, event, err);
	if (event->kind == HS_JSON_KEY) {
		note_key(reading, event);
		take_key(reading, event);
		return true;
	}
	if (hs_json_is_end(event->kind)) {
		if (event->depth == depth)
			reading->is_inside = false;
		leave(reading, event->depth);
		return true;
	}
	if (!enter(reading, reading->targets, event)) {
		step(reading, event);
		return true;
	}
	step(reading, event);
	return begin_records(reading, event, err);
}

static bool read_trees(struct reading *reading, int fd, struct hs_error *err)
{
	struct target target = { .pointer = &reading->shape->at };
	bool done;

	reading->targets = &target;
	reading->target_count = 1;
	done = read_whole(reading, fd, reading->options->max_record_bytes, on_tree, err) &&
	    (target.is_found || refuse_place(reading, err));
	reading->targets = NULL;
	return done;
}

/* ---- JSON Lines ---- */

static bool on_line(void *arg, const struct hs_json_event *event, struct hs_error *err)
{
	struct reading *reading = arg;

	return reading->is_building ? build(reading, event, err) :
	    begin_record(reading, event, err);
}

static bool end_line(struct reading *reading, struct hs_error *err)
{
	if (reading->stream == NULL)
		return true;	/* a blank one */
	if (!hs_json_finish(reading->stream, err))
		return false;
	hs_json_stream_free(reading->stream);
	reading->stream = NULL;
	return true;
}

/* A stretch of one line. */
static bool take_line(struct reading *reading, const char *at, size_t length, struct hs_error *err)
{
	size_t blanks = 0;

	if (reading->stream == NULL) {
		while (blanks < length && strchr(" \t\r", at[blanks]) != NULL && at[blanks] != '\0')
			blanks++;
		if (blanks == length)
			return true;
		reading->stream =
		    hs_json_stream_new(reading->options->max_record_bytes, on_line, reading);
		if (reading->stream == NULL)
			return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a feed");
	}
	return hs_json_push(reading->stream, at + blanks, length - blanks, err);
}

static bool take_lines(void *arg, const char *piece, size_t length, struct hs_error *err)
{
	struct reading *reading = arg;
	const char *at = piece, *end = piece + length;

	if (length == 0)
		return end_line(reading, err);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline != NULL ? newline : end;

		if (!take_line(reading, at, (size_t)(stop - at), err))
			return false;
		if (newline == NULL)
			return true;
		if (!end_line(reading, err))
			return false;
		reading->line++;
		at = newline + 1;
	}
	return true;
}

static bool read_lines(struct reading *reading, int fd, struct hs_error *err)
{
	bool done;

	reading->line = 1;
	done = read_pieces(reading, fd, take_lines, err);
	hs_json_stream_free(reading->stream);
	reading->stream = NULL;
	return done;
}

bool parse_trees(int fd, const struct parse_shape *shape, const struct parse_options *options,
    parse_tree_fn *on_record, uint64_t *ret_count, struct hs_error *err)
{
	struct reading reading = { .options = options, .shape = shape, .on_record = on_record,
		.arena = arena_new(TREE_FACTOR * options->max_record_bytes) };
	struct arena *columns = arena_new(2 * HEADERS_BYTES);
	bool done = false;

	reading.record.arena = reading.arena;
	reading.record.options = options;
	if (reading.arena == NULL || columns == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory to read a feed");
	else if (shape->kind == PARSE_LINES)
		done = read_lines(&reading, fd, err);
	else
		done = (shape->kind != PARSE_TABLE || find_columns(&reading, fd, columns, err)) &&
		    read_trees(&reading, fd, err);
	arena_free(reading.arena);
	arena_free(columns);
	if (done)
		*ret_count = reading.record.number;
	return done;
}

const char *parse_place(const struct parse_shape *shape, const struct parse_record *record,
    char buf[PARSE_PLACE_BYTES])
{
	char number[32];

	buf[0] = '\0';
	if (shape->kind != PARSE_LINES)
		snprintf(buf, PARSE_PLACE_BYTES, "%s", shape->at.text);
	if (shape->kind == PARSE_ONE)
		return buf;
	snprintf(number, sizeof number, "%llu", (unsigned long long)record->number);
	return value_pointer_append(buf, PARSE_PLACE_BYTES,
	    record->key != NULL ? record->key : number);
}
