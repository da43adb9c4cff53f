/* dimensions.c: the competitions, seasons and teams of one file, each with a number.
 *
 * Trusts that texts are valid and bounded (the validator's work), not that they are few:
 * past DIMENSIONS_MAX names or DIMENSIONS_MAX_BYTES the file is refused. */
#include "daemons/importer/dimensions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/importer/hash.h"

enum { SLOTS = 2 * DIMENSIONS_MAX };	/* a power of two, never more than half full */

struct entry {
	struct dimension_name names;
	uint32_t hash;
	char *text;		/* external id, then name */
	size_t text_bytes;	/* room in text */
};

struct dimensions {
	struct hash_key key;
	size_t count, room, text_bytes;
	struct entry *entries;
	int last[DIMENSION_COUNT];	/* the number last given: records come in runs; -1 none */
	int32_t slots[SLOTS];		/* entry + 1; 0 is free */
};

struct dimensions *dimensions_new(void)
{
	struct dimensions *dimensions = calloc(1, sizeof *dimensions);

	if (dimensions == NULL)
		return NULL;
	hash_key_new(&dimensions->key);
	for (int kind = 0; kind < DIMENSION_COUNT; kind++)
		dimensions->last[kind] = -1;
	return dimensions;
}

void dimensions_free(struct dimensions *dimensions)
{
	if (dimensions == NULL)
		return;
	for (size_t i = 0; i < dimensions->count; i++)
		free(dimensions->entries[i].text);
	free(dimensions->entries);
	free(dimensions);
}

static bool is_entry(const struct entry *entry, enum dimension kind, const char *id, size_t length)
{
	return entry->names.kind == kind && entry->names.external_id_length == length &&
	    memcmp(entry->text, id, length) == 0;
}

/* Makes room for an entry's texts. */
static bool entry_reserve(struct dimensions *dimensions, struct entry *entry, size_t bytes,
    struct hs_error *err)
{
	char *text;

	if (bytes <= entry->text_bytes)
		return true;
	if (bytes - entry->text_bytes > DIMENSIONS_MAX_BYTES - dimensions->text_bytes)
		return hs_error_set(err, HS_TOO_MANY_NAMES, "",
		    "the competitions, seasons and teams have names of more than %d MiB together: "
		    "split the file, or give the same ids to the same teams",
		    DIMENSIONS_MAX_BYTES >> 20);
	if ((text = realloc(entry->text, bytes)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the names of teams");
	dimensions->text_bytes += bytes - entry->text_bytes;
	entry->text = text;
	entry->text_bytes = bytes;
	return true;
}

static bool entry_write(struct dimensions *dimensions, struct entry *entry, const char *id,
    size_t id_length, const char *name, size_t name_length, struct hs_error *err)
{
	if (!entry_reserve(dimensions, entry, id_length + name_length + 1, err))
		return false;
	memmove(entry->text, id, id_length);
	memcpy(entry->text + id_length, name, name_length);
	entry->names.external_id = entry->text;
	entry->names.external_id_length = id_length;
	entry->names.name = entry->text + id_length;
	entry->names.name_length = name_length;
	return true;
}

/* The last record's name is the one that counts. */
static bool entry_rename(struct dimensions *dimensions, struct entry *entry, const char *name,
    size_t length, struct hs_error *err)
{
	size_t id_length = entry->names.external_id_length;

	if (entry->names.name_length == length && memcmp(entry->names.name, name, length) == 0)
		return true;
	if (!entry_reserve(dimensions, entry, id_length + length + 1, err))
		return false;
	return entry_write(dimensions, entry, entry->text, id_length, name, length, err);
}

static bool entry_new(struct dimensions *dimensions, struct entry **ret, struct hs_error *err)
{
	if (dimensions->count == DIMENSIONS_MAX)
		return hs_error_set(err, HS_TOO_MANY_NAMES, "",
		    "more than %d different competitions, seasons and teams in one file: split it, "
		    "or check that their ids are not made up anew for each record", DIMENSIONS_MAX);
	if (dimensions->count == dimensions->room) {
		size_t room = dimensions->room == 0 ? 256 : 2 * dimensions->room;
		struct entry *entries = realloc(dimensions->entries, room * sizeof *entries);

		if (entries == NULL)
			return hs_error_set(
			    err, HS_NO_MEMORY, "", "no memory for the names of teams");
		dimensions->entries = entries;
		dimensions->room = room;
	}
	*ret = &dimensions->entries[dimensions->count];
	memset(*ret, 0, sizeof **ret);
	return true;
}

/* The slot of that id: taken by it, or free for it. */
static int32_t *find_slot(struct dimensions *dimensions, enum dimension kind, const char *id,
    size_t length, uint32_t hash)
{
	size_t at = hash % SLOTS;

	while (dimensions->slots[at] != 0) {
		const struct entry *entry = &dimensions->entries[dimensions->slots[at] - 1];

		if (entry->hash == hash && is_entry(entry, kind, id, length))
			break;
		at = (at + 1) % SLOTS;
	}
	return &dimensions->slots[at];
}

static bool number_of(struct dimensions *dimensions, enum dimension kind, const char *id,
    size_t id_length, const char *name, size_t name_length, int *ret, struct hs_error *err)
{
	uint32_t hash = (uint32_t)hash_text(&dimensions->key, id, id_length) ^ (uint32_t)kind;
	int32_t *slot = find_slot(dimensions, kind, id, id_length, hash);
	struct entry *entry = NULL;

	if (*slot == 0) {
		if (!entry_new(dimensions, &entry, err) ||
		    !entry_write(dimensions, entry, id, id_length, name, name_length, err))
			return false;
		entry->hash = hash;
		entry->names.kind = kind;
		entry->names.number = (int)dimensions->count++;
		*slot = entry->names.number + 1;
	} else if (!entry_rename(
		       dimensions, &dimensions->entries[*slot - 1], name, name_length, err)) {
		return false;
	}
	*ret = *slot - 1;
	return true;
}

bool dimensions_number(struct dimensions *dimensions, enum dimension kind, const char *external_id,
    size_t external_id_length, const char *name, size_t name_length, int *ret, struct hs_error *err)
{
	int last = dimensions->last[kind];

	if (last >= 0 &&
	    is_entry(&dimensions->entries[last], kind, external_id, external_id_length)) {
		if (!entry_rename(dimensions, &dimensions->entries[last], name, name_length, err))
			return false;
		*ret = last;
		return true;
	}
	if (!number_of(
		dimensions, kind, external_id, external_id_length, name, name_length, ret, err))
		return false;
	dimensions->last[kind] = *ret;
	return true;
}

size_t dimensions_count(const struct dimensions *dimensions)
{
	return dimensions->count;
}

void dimensions_at(const struct dimensions *dimensions, size_t n, struct dimension_name *ret)
{
	*ret = dimensions->entries[n].names;
}
