/* payload.c: a record's tree -> JSON, once nothing in it is what the importer refuses.
 *
 * Trusts nothing of the tree but its shape. A record may say a key twice: for its fields the last
 * one counts, but the importer keeps no object that does. */
#include "daemons/extractor/payload.h"

#include <stdio.h>
#include <string.h>

#include "common/snapshot_value.h"

/* The snapshot's object, its records and the record are around a payload. */
enum { DEEPEST = HS_JSON_MAX_DEPTH - 3, POINTER_BYTES = HS_ERROR_WHERE_BYTES };

/* A container on the way to the value that is looked at. */
struct level {
	const struct value *container, *at;
	uint64_t number;		/* no other one has it */
};

struct walk {
	struct hs_name_set *names;
	struct level levels[DEEPEST];
	size_t depth;
	uint64_t containers;
};

/* The pointer of what is looked at. */
static const char *pointer_of(const struct walk *walk, char buf[POINTER_BYTES])
{
	buf[0] = '\0';
	for (size_t i = 0; i < walk->depth; i++) {
		const struct level *level = &walk->levels[i];
		char index[24];
		size_t number = 0;

		for (const struct value *v = level->container->first; v != level->at; v = v->next)
			number++;
		snprintf(index, sizeof index, "%zu", number);
		value_pointer_append(buf, POINTER_BYTES,
		    level->at->key != NULL ? level->at->key : index);
	}
	return buf;
}

static bool check_value(struct walk *walk, const struct value *value, struct hs_error *err)
{
	const struct level *level = &walk->levels[walk->depth - 1];
	char pointer[POINTER_BYTES], shown[HS_SHOWN_BYTES];
	bool is_repeated = false;

	if (value->key != NULL && !hs_name_set_add(walk->names, level->number, value->key,
		strlen(value->key), &is_repeated, err))
		return false;
	if (is_repeated)
		return hs_error_set(err, HS_REPEATED_KEY, pointer_of(walk, pointer),
		    "raw_payload: the key %s stands in its object twice, and such a record cannot be"
		    " kept as its source wrote it: let the mapping say \"raw_payload\": false",
		    hs_shown_text(value->key, strlen(value->key), shown));
	if (value->kind == VALUE_NUMBER &&
	    !hs_number_fits_numeric(value->text, strlen(value->text)))
		return hs_error_set(err, HS_OUT_OF_RANGE, pointer_of(walk, pointer),
		    "raw_payload: the number %s is beyond what the database keeps: let the mapping"
		    " say \"raw_payload\": false",
		    hs_shown_text(value->text, strlen(value->text), shown));
	return true;
}

static bool go_in(struct walk *walk, const struct value *container, struct hs_error *err)
{
	char pointer[POINTER_BYTES];

	if (walk->depth == DEEPEST)
		return hs_error_set(err, HS_TOO_DEEP, pointer_of(walk, pointer),
		    "raw_payload: a snapshot keeps no record of more than %d levels: let the"
		    " mapping say \"raw_payload\": false", DEEPEST);
	walk->levels[walk->depth++] = (struct level){ .container = container,
		.at = container->first, .number = ++walk->containers };
	return true;
}

/* Goes through the tree without calling itself. */
static bool check(struct walk *walk, const struct value *root, struct hs_error *err)
{
	if (!go_in(walk, root, err))
		return false;
	while (walk->depth > 0) {
		const struct value *value = walk->levels[walk->depth - 1].at;

		if (value == NULL) {
			/* the container is over: on, behind it */
			if (--walk->depth > 0)
				walk->levels[walk->depth - 1].at =
				    walk->levels[walk->depth - 1].at->next;
			continue;
		}
		if (!check_value(walk, value, err))
			return false;
		if (!value_is_container(value))
			walk->levels[walk->depth - 1].at = value->next;
		else if (!go_in(walk, value, err))
			return false;
	}
	return true;
}

/* A payload must be an object: an array becomes its member "row". */
static const struct value *as_object(const struct value *item, struct arena *arena,
    struct hs_error *err)
{
	struct value *row, *whole;

	if (item->kind == VALUE_OBJECT)
		return item;
	row = arena_take(arena, sizeof *row, err);
	whole = row == NULL ? NULL : value_add(arena, NULL, VALUE_OBJECT, NULL, NULL, err);
	if (whole == NULL)
		return NULL;
	*row = *item;
	row->key = "row";
	row->next = NULL;
	whole->first = whole->last = row;
	return whole;
}

bool payload_make(struct hs_name_set *names, const struct expression_scope *scope,
    struct emit_value *ret, struct hs_error *err)
{
	const struct value *item = as_object(scope->levels[scope->level_count - 1].value,
	    scope->arena, err);
	struct walk walk;
	char *text;
	size_t length;
	bool done;

	if (item == NULL)
		return false;
	/* its levels are set as it goes in, and need no clearing */
	walk.names = names;
	walk.depth = 0;
	walk.containers = 0;
	done = check(&walk, item, err);
	hs_name_set_clear(names);
	if (!done || !value_write(item, scope->arena, &text, &length, err))
		return false;
	*ret = (struct emit_value){ .text = text, .length = length };
	return true;
}
