/* join.c: rows by key, in trees of glibc's, all that they hold in one bounded arena.
 *
 * Trusts no row: one that is none ends the reading with its place. */
#include "daemons/extractor/join.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *key;
	const char *columns[];
};

struct joins {
	const struct mapping *mapping;
	struct arena *arena;
	void *trees[MAPPING_MAX_JOINS];
};

struct joins *joins_new(const struct mapping *mapping)
{
	struct joins *joins = calloc(1, sizeof *joins);

	if (joins == NULL || (joins->arena = arena_new(JOINS_MAX_BYTES)) == NULL) {
		free(joins);
		return NULL;
	}
	joins->mapping = mapping;
	return joins;
}

static void keep_row(void *row)
{
	(void)row;	/* it lies in the arena */
}

void joins_free(struct joins *joins)
{
	if (joins == NULL)
		return;
	for (size_t i = 0; i < MAPPING_MAX_JOINS; i++)
		tdestroy(joins->trees[i], keep_row);
	arena_free(joins->arena);
	free(joins);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	return strcmp(left->key, right->key);
}

static struct row *find_row(const struct joins *joins, size_t n, const char *key)
{
	const struct row wanted = { .key = key };
	void *const *found = tfind(&wanted, &joins->trees[n], compare_rows);

	return found == NULL ? NULL : *(struct row *const *)found;
}

const char *joins_find(const struct joins *joins, size_t n, const char *key, size_t column)
{
	const struct row *row = find_row(joins, n, key);

	return row == NULL ? NULL : row->columns[column];
}

/* What a row's tree node takes beside the row, about: it is bounded with it. */
enum { NODE_BYTES = 48 };

static struct row *add_row(struct joins *joins, size_t n, const char *key, struct hs_error *err)
{
	size_t columns = joins->mapping->slots.joins[n].column_count;
	struct row *row = arena_take(joins->arena,
	    sizeof *row + columns * sizeof row->columns[0] + NODE_BYTES, err);

	if (row == NULL || (row->key = arena_text(joins->arena, key, strlen(key), err)) == NULL)
		return NULL;
	if (tsearch(row, &joins->trees[n], compare_rows) == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a join");
		return NULL;
	}
	return row;
}

static bool set_column(struct joins *joins, const char **column, const char *text,
    struct hs_error *err)
{
	if (text == NULL || (*column != NULL && strcmp(*column, text) == 0)) {
		if (text == NULL)
			*column = NULL;
		return true;
	}
	*column = arena_text(joins->arena, text, strlen(text), err);
	return *column != NULL;
}

struct join_reading {
	struct joins *joins;
	size_t n;
	const struct parse_options *options;	/* the caller's */
};

static bool take_row(struct join_reading *reading, const struct parse_record *record,
    struct hs_error *err)
{
	struct joins *joins = reading->joins;
	const struct mapping_join *join = &joins->mapping->joins[reading->n];
	const struct expression_join *wanted = &joins->mapping->slots.joins[reading->n];
	const struct expression_level level = { .value = record->value, .key = record->key };
	const struct expression_scope scope = { .arena = record->arena, .levels = &level,
		.level_count = 1 };
	const char *key, *text;
	struct row *row;

	if (record->fault != NULL)
		return hs_error_set(err, HS_WRONG_TYPE, "", "%s", record->fault);
	if (!expression_evaluate(join->key, &scope, &key, err))
		return false;
	if (key == NULL)
		return true;
	row = find_row(joins, reading->n, key);
	if (row == NULL && (row = add_row(joins, reading->n, key, err)) == NULL)
		return false;
	for (size_t i = 0; i < wanted->column_count; i++) {
		if (!expression_text_at(record->value, &wanted->columns[i], &text, err) ||
		    !set_column(joins, &row->columns[i], text, err))
			return false;
	}
	return true;
}

static bool on_row(void *arg, const struct parse_record *record, struct hs_error *err)
{
	struct join_reading *reading = arg;
	const struct mapping_join *join = &reading->joins->mapping->joins[reading->n];
	char place[PARSE_PLACE_BYTES];
	struct hs_error why = HS_ERROR_INIT;

	if (take_row(reading, record, &why))
		return true;
	parse_place(&join->records, record, place);
	if (why.code == HS_RECORD_TOO_BIG)
		return hs_error_set(err, HS_TOO_BIG, place,
		    "the joins of this mapping take more than %d MiB of memory: look up fewer values,"
		    " or in a shorter list", JOINS_MAX_BYTES >> 20);
	return hs_error_set(err, why.code, place, "in the join %s, line %llu: %s%s%s", join->name,
	    (unsigned long long)record->line, why.where, why.where[0] != '\0' ? ": " : "",
	    why.message);
}

static bool on_stop(void *arg)
{
	const struct join_reading *reading = arg;

	return reading->options->stop != NULL && reading->options->stop(reading->options->arg);
}

bool joins_read(struct joins *joins, size_t n, int fd, const struct parse_options *options,
    struct hs_error *err)
{
	struct join_reading reading = { .joins = joins, .n = n, .options = options };
	const struct parse_options own = { .max_record_bytes = options->max_record_bytes,
		.stop = on_stop, .arg = &reading };
	uint64_t count;

	return parse_trees(fd, &joins->mapping->joins[n].records, &own, on_row, &count, err);
}
