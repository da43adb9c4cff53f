/* group.c: groups by their keys, each with its first record's fields and its running figures.
 *
 * Figures are exact sums and counts: the order of the records does not matter. */
#include "daemons/extractor/group.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/extractor/normalize.h"

enum {
	NODE_BYTES = 48,	/* what a group's tree node takes, about: it is bounded with it */
	WORK_BYTES = 1 << 20	/* for one group's fields at the end */
};

struct group {
	struct group *next;
	const char *const *keys;	/* of slots.group_count; NULL is a key too */
	size_t key_count;
	struct feed_place place;	/* of its first record */
	uint64_t count;
	const char *fields[HS_FIELD_COUNT];	/* those without figures */
	struct exact_mean figures[];
};

struct groups {
	const struct mapping *mapping;
	struct arena *arena;
	void *tree;
	struct group *first, **end;
	bool has_key[MAPPING_MAX_GROUP];	/* some record had a value there */
};

struct groups *groups_new(const struct mapping *mapping)
{
	struct groups *groups = calloc(1, sizeof *groups);

	if (groups == NULL || (groups->arena = arena_new(GROUPS_MAX_BYTES)) == NULL) {
		free(groups);
		return NULL;
	}
	groups->mapping = mapping;
	groups->end = &groups->first;
	return groups;
}

static void keep_group(void *group)
{
	(void)group;	/* it lies in the arena */
}

void groups_free(struct groups *groups)
{
	if (groups == NULL)
		return;
	tdestroy(groups->tree, keep_group);
	arena_free(groups->arena);
	free(groups);
}

static int compare_texts(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *left = a, *right = b;
	int order = 0;

	for (size_t i = 0; i < left->key_count && order == 0; i++)
		order = compare_texts(left->keys[i], right->keys[i]);
	return order;
}

static bool copy(struct groups *groups, const char *text, const char **ret, struct hs_error *err)
{
	*ret = text == NULL ? NULL : arena_text(groups->arena, text, strlen(text), err);
	return text == NULL || *ret != NULL;
}

/* The fields that the first record gives. */
static bool take_fields(const struct mapping *mapping, const struct expression_scope *scope,
    const char **ret, enum hs_field *ret_field, struct hs_error *err)
{
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		const struct expression *field = mapping->fields[i];

		ret[i] = NULL;
		if (field == NULL || field->has_figures ||
		    expression_evaluate(field, scope, &ret[i], err))
			continue;
		*ret_field = (enum hs_field)i;
		return normalize_blame(mapping, *ret_field, err);
	}
	return true;
}

static struct group *make(struct groups *groups, const struct group *wanted,
    const char *const *fields, const struct feed_place *place, struct hs_error *err)
{
	size_t figures = groups->mapping->slots.figure_count;
	struct group *group = arena_take(groups->arena, sizeof *group +
	    figures * sizeof group->figures[0] + NODE_BYTES, err);
	const char **keys = group == NULL ? NULL :
	    arena_take(groups->arena, wanted->key_count * sizeof *keys, err);

	if (keys == NULL)
		return NULL;
	for (size_t i = 0; i < wanted->key_count; i++) {
		if (!copy(groups, wanted->keys[i], &keys[i], err))
			return NULL;
	}
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (!copy(groups, fields[i], &group->fields[i], err))
			return NULL;
	}
	group->keys = keys;
	group->key_count = wanted->key_count;
	group->place = *place;
	if (!copy(groups, place->pointer, &group->place.pointer, err))
		return NULL;
	if (tsearch(group, &groups->tree, compare_groups) == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a group");
		return NULL;
	}
	*groups->end = group;
	groups->end = &group->next;
	return group;
}

/* The group of the record; made when there is none. NULL with *err. */
static struct group *find(struct groups *groups, const struct expression_scope *scope,
    const struct feed_place *place, enum hs_field *ret_field, struct hs_error *err)
{
	const struct mapping *mapping = groups->mapping;
	const char *keys[MAPPING_MAX_GROUP], *fields[HS_FIELD_COUNT];
	const struct group wanted = { .keys = keys, .key_count = mapping->group_count };
	struct group *group;
	void *const *found;

	for (size_t i = 0; i < mapping->group_count; i++) {
		if (!expression_evaluate(mapping->group[i], scope, &keys[i], err))
			return NULL;
		groups->has_key[i] |= keys[i] != NULL;
	}
	if ((found = tfind(&wanted, &groups->tree, compare_groups)) != NULL)
		return *(struct group *const *)found;
	if (!take_fields(mapping, scope, fields, ret_field, err))
		return NULL;
	group = make(groups, &wanted, fields, place, err);
	if (group == NULL && err->code == HS_RECORD_TOO_BIG)
		hs_error_set(err, HS_TOO_BIG, place->pointer, "the groups of this mapping take more"
		    " than %d MiB of memory: fetch fewer records in one run",
		    GROUPS_MAX_BYTES >> 20);
	return group;
}

bool groups_lack_key(const struct groups *groups, size_t n)
{
	return groups->first != NULL && !groups->has_key[n];
}

/* Where a text stands that is no number. */
static bool blame_figure(const struct expression *expression, struct hs_error *err)
{
	const char *pointer = expression_pointer(expression);

	if (pointer != NULL)
		hs_error_at(err, pointer);
	return false;
}

bool groups_add(struct groups *groups, const struct expression_scope *scope,
    const struct feed_place *place, enum hs_field *ret_field, struct hs_error *err)
{
	const struct expression_slots *slots = &groups->mapping->slots;
	const char *texts[EXPRESSION_MAX_SLOTS] = { NULL };
	struct exact_mean figures[EXPRESSION_MAX_SLOTS];
	struct group *group;

	*ret_field = HS_FIELD_COUNT;
	for (size_t i = 0; i < slots->figure_count; i++) {
		const struct expression *figure = slots->figures[i];
		struct exact checked;

		if (figure->kind == EXPRESSION_COUNT)
			continue;
		if (!expression_evaluate(figure->parts[0], scope, &texts[i], err))
			return false;
		if (texts[i] != NULL && !exact_parse(texts[i], strlen(texts[i]), &checked, err))
			return blame_figure(figure->parts[0], err);
	}
	if ((group = find(groups, scope, place, ret_field, err)) == NULL)
		return false;
	memcpy(figures, group->figures, slots->figure_count * sizeof figures[0]);
	for (size_t i = 0; i < slots->figure_count; i++) {
		if (!exact_mean_add(&figures[i], texts[i], err))
			return false;
	}
	memcpy(group->figures, figures, slots->figure_count * sizeof figures[0]);
	group->count++;
	return true;
}

/* A figure as text; NULL when no record had a value for it. */
static bool figure_text(const struct group *group, const struct expression *figure,
    struct arena *arena, const char **ret, struct hs_error *err)
{
	const struct exact_mean *mean = &group->figures[figure->slot];
	char buf[EXACT_TEXT_BYTES];
	bool is_null = false;

	if (figure->kind == EXPRESSION_COUNT) {
		snprintf(buf, sizeof buf, "%llu", (unsigned long long)group->count);
	} else if (figure->kind == EXPRESSION_TOTAL) {
		is_null = mean->count == 0;
		exact_text(mean->sum, buf);
	} else if (!exact_mean_text(mean, figure->places, buf, &is_null, err)) {
		return false;
	}
	*ret = is_null ? NULL : arena_text(arena, buf, strlen(buf), err);
	return is_null || *ret != NULL;
}

/* What is made of figures reads no record, document or URL: mapping.c refuses it. */
static bool finish(const struct groups *groups, const struct group *group,
    const struct joins *joins, struct arena *arena, const char **fields, enum hs_field *ret_field,
    struct hs_error *err)
{
	const struct mapping *mapping = groups->mapping;
	const char *figures[EXPRESSION_MAX_SLOTS];
	const struct expression_scope scope = { .arena = arena, .joins = joins,
		.figures = figures };

	for (size_t i = 0; i < mapping->slots.figure_count; i++) {
		if (!figure_text(group, mapping->slots.figures[i], arena, &figures[i], err)) {
			*ret_field = HS_FIELD_COUNT;
			return false;
		}
	}
	memcpy(fields, group->fields, sizeof group->fields);
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		const struct expression *field = mapping->fields[i];

		if (field == NULL || !field->has_figures ||
		    expression_evaluate(field, &scope, &fields[i], err))
			continue;
		*ret_field = (enum hs_field)i;
		return normalize_blame(mapping, *ret_field, err);
	}
	return true;
}

bool groups_finish(struct groups *groups, const struct joins *joins, groups_fn *on_group,
    groups_fault_fn *on_fault, void *arg, struct hs_error *err)
{
	struct arena *arena = arena_new(WORK_BYTES);
	const char *fields[HS_FIELD_COUNT];
	bool done = arena != NULL || hs_error_set(err, HS_NO_MEMORY, "", "no memory for groups");

	for (const struct group *group = groups->first; done && group != NULL; group = group->next) {
		struct hs_error why = HS_ERROR_INIT;
		enum hs_field field = HS_FIELD_COUNT;

		/* a group that took no record had only ones that failed, and were told of */
		if (group->count == 0)
			continue;
		if (finish(groups, group, joins, arena, fields, &field, &why))
			done = on_group(arg, fields, &group->place, err);
		else
			done = on_fault(arg, &group->place, field, &why, err);
		arena_reset(arena);
	}
	arena_free(arena);
	return done;
}
