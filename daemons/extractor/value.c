/* value.c: trees of JSON values in arenas, and pointers into them.
 *
 * Trusts the stream for valid UTF-8, numbers and depth; the number and size of the values are
 * bounded by the arena. */
#include "daemons/extractor/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_BYTES = 64 << 10,
	KEPT_BYTES = 1 << 20,	/* of the blocks that a reset keeps */
	ALIGNMENT = 16,
	INDEXED_COUNT = 256	/* a container with so many has an index */
};

/* ---- memory ---- */

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(ALIGNMENT) char bytes[];
};

struct arena {
	size_t max_bytes, taken;
	struct block *blocks;	/* the first is taken from */
	struct block *spare;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena != NULL)
		arena->max_bytes = max_bytes;
	return arena;
}

static void free_blocks(struct block *block)
{
	for (struct block *next; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks(arena->blocks);
	free_blocks(arena->spare);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	size_t kept = 0;

	for (struct block *block = arena->spare; block != NULL; block = block->next)
		kept += block->size;
	for (struct block *next, *block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		if (block->size > BLOCK_BYTES || kept + block->size > KEPT_BYTES) {
			free(block);
			continue;
		}
		kept += block->size;
		block->next = arena->spare;
		arena->spare = block;
	}
	arena->blocks = NULL;
	arena->taken = 0;
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->taken;
}

static struct block *add_block(struct arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct block *block = arena->spare;

	if (bytes <= BLOCK_BYTES && block != NULL) {
		arena->spare = block->next;
	} else {
		if ((block = malloc(sizeof *block + size)) == NULL)
			return NULL;
		block->size = size;
	}
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_take(struct arena *arena, size_t bytes, struct hs_error *err)
{
	size_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct block *block = arena->blocks;
	void *ret;

	if (size < bytes || size > arena->max_bytes - arena->taken) {
		hs_error_set(err, HS_RECORD_TOO_BIG, "", "it takes more than %zu MiB of memory",
		    arena->max_bytes >> 20);
		return NULL;
	}
	if ((block == NULL || size > block->size - block->used) &&
	    (block = add_block(arena, size)) == NULL) {
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a record of a feed");
		return NULL;
	}
	ret = block->bytes + block->used;
	block->used += size;
	arena->taken += size;
	return memset(ret, 0, size);
}

char *arena_text(struct arena *arena, const char *text, size_t length, struct hs_error *err)
{
	char *copy = arena_take(arena, length + 1, err);

	if (copy != NULL && length > 0)
		memcpy(copy, text, length);
	return copy;
}

/* ---- the tree ---- */

const char *value_text(const struct value *value)
{
	switch (value->kind) {
	case VALUE_FALSE:
		return "false";
	case VALUE_TRUE:
		return "true";
	case VALUE_NUMBER:
	case VALUE_TEXT:
		return value->text;
	case VALUE_NULL:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		break;
	}
	return NULL;
}

bool value_is_container(const struct value *value)
{
	return value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT;
}

struct value *value_add(struct arena *arena, struct value *container, enum value_kind kind,
    const char *key, const char *text, struct hs_error *err)
{
	struct value *value = arena_take(arena, sizeof *value, err);

	if (value == NULL)
		return NULL;
	value->kind = kind;
	value->key = key;
	value->text = text;
	if (container == NULL)
		return value;
	if (container->last != NULL)
		container->last->next = value;
	else
		container->first = value;
	container->last = value;
	container->count++;
	return value;
}

/* What finds an item by its number, or a member by its key, without going through all. */
struct value_index {
	struct arena *arena;
	bool is_tried;
	size_t count;
	const struct value **items;	/* members sorted by key, one of each; NULL: no room */
};

void value_builder_start(struct value_builder *builder, struct arena *arena)
{
	builder->arena = arena;
	builder->root = NULL;
	builder->key = NULL;
	builder->depth = 0;
}

static enum value_kind kind_of(enum hs_json_kind kind)
{
	switch (kind) {
	case HS_JSON_OBJECT_BEGIN:
		return VALUE_OBJECT;
	case HS_JSON_ARRAY_BEGIN:
		return VALUE_ARRAY;
	case HS_JSON_STRING:
		return VALUE_TEXT;
	case HS_JSON_NUMBER:
		return VALUE_NUMBER;
	case HS_JSON_TRUE:
		return VALUE_TRUE;
	case HS_JSON_FALSE:
		return VALUE_FALSE;
	case HS_JSON_OBJECT_END:
	case HS_JSON_ARRAY_END:
	case HS_JSON_KEY:
	case HS_JSON_NULL:
	case HS_JSON_TOO_BIG:
		break;
	}
	return VALUE_NULL;
}

/* A key, a text or a number, kept. */
static bool keep_text(struct value_builder *builder, const struct hs_json_event *event,
    const char **ret, struct hs_error *err)
{
	if (event->kind != HS_JSON_KEY && event->kind != HS_JSON_STRING &&
	    event->kind != HS_JSON_NUMBER) {
		*ret = NULL;
		return true;
	}
	if (event->is_cut)
		return hs_error_set(err, HS_TOO_LONG, "", "a text in it is longer than %zu bytes",
		    event->length);
	*ret = arena_text(builder->arena, event->text, event->length, err);
	return *ret != NULL;
}

/* Without room there is none: then looking takes longer. */
static void give_index(struct value_builder *builder, struct value *container)
{
	struct hs_error ignored;

	if (container->count < INDEXED_COUNT)
		return;
	container->index = arena_take(builder->arena, sizeof *container->index, &ignored);
	if (container->index != NULL)
		container->index->arena = builder->arena;
}

bool value_builder_take(struct value_builder *builder, const struct hs_json_event *event,
    bool *ret_done, struct hs_error *err)
{
	struct value *container = builder->depth > 0 ? builder->stack[builder->depth - 1] : NULL;
	struct value *value;
	const char *text = NULL;

	*ret_done = false;
	if (hs_json_is_end(event->kind)) {
		give_index(builder, container);
		*ret_done = --builder->depth == 0;
		return true;
	}
	if (!keep_text(builder, event, &text, err))
		return false;
	if (event->kind == HS_JSON_KEY) {
		builder->key = text;
		return true;
	}
	value = value_add(builder->arena, container, kind_of(event->kind), builder->key, text, err);
	if (value == NULL)
		return false;
	builder->key = NULL;
	if (container == NULL)
		builder->root = value;
	if (value_is_container(value))
		builder->stack[builder->depth++] = value;
	*ret_done = builder->depth == 0;
	return true;
}

/* ---- as JSON again ---- */

/* A text that is first measured, with buf NULL, and then written. */
struct writing {
	char *buf;
	size_t length;
};

static void put(struct writing *writing, const char *bytes, size_t length)
{
	if (writing->buf != NULL)
		memcpy(writing->buf + writing->length, bytes, length);
	writing->length += length;
}

static void put_string(struct writing *writing, const char *text)
{
	char escape[8];

	put(writing, "\"", 1);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			put(writing, "\\", 1);
			put(writing, text, 1);
		} else if ((unsigned char)*text < 0x20) {
			snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*text);
			put(writing, escape, 6);
		} else {
			put(writing, text, 1);
		}
	}
	put(writing, "\"", 1);
}

static void put_opening(struct writing *writing, const struct value *value, bool with_key)
{
	if (with_key && value->key != NULL) {
		put_string(writing, value->key);
		put(writing, ":", 1);
	}
	if (value->kind == VALUE_OBJECT)
		put(writing, "{", 1);
	else if (value->kind == VALUE_ARRAY)
		put(writing, "[", 1);
	else if (value->kind == VALUE_TEXT)
		put_string(writing, value->text);
	else if (value->kind == VALUE_NULL)
		put(writing, "null", 4);
	else
		put(writing, value_text(value), strlen(value_text(value)));
}

/* Goes through the tree without calling itself; its depth is the stream's. */
static void put_tree(struct writing *writing, const struct value *root)
{
	const struct value *stack[HS_JSON_MAX_DEPTH + 1];
	const struct value *value = root;
	size_t depth = 0;

	for (;;) {
		put_opening(writing, value, value != root);
		if (value->first != NULL) {
			stack[depth++] = value;
			value = value->first;
			continue;
		}
		if (value_is_container(value))
			put(writing, value->kind == VALUE_OBJECT ? "}" : "]", 1);
		while (depth > 0 && value->next == NULL) {
			value = stack[--depth];
			put(writing, value->kind == VALUE_OBJECT ? "}" : "]", 1);
		}
		if (depth == 0)
			return;
		put(writing, ",", 1);
		value = value->next;
	}
}

bool value_write(const struct value *value, struct arena *arena, char **ret, size_t *ret_length,
    struct hs_error *err)
{
	struct writing writing = { .buf = NULL };
	char *buf;

	put_tree(&writing, value);
	if ((buf = arena_take(arena, writing.length + 1, err)) == NULL)
		return false;
	writing = (struct writing){ .buf = buf };
	put_tree(&writing, value);
	*ret = buf;
	*ret_length = writing.length;
	return true;
}

/* ---- pointers ---- */

/* One token, up to the next '/' or the end, with its escapes undone. */
static bool parse_token(const char **text, struct arena *arena, struct value_token *ret,
    struct hs_error *err)
{
	size_t length = strcspn(*text, "/"), used = 0;
	char *copy = arena_take(arena, length + 1, err);

	if (copy == NULL)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = (*text)[i];

		if (c == '~') {
			c = (*text)[++i];
			if (i >= length || (c != '0' && c != '1'))
				return hs_error_set(err, HS_BAD_ARGUMENT, "",
				    "in a JSON Pointer, ~ is written ~0 and / in a key ~1");
			c = c == '0' ? '~' : '/';
		}
		copy[used++] = c;
	}
	ret->text = copy;
	ret->length = used;
	ret->index = UINT64_MAX;
	if (used > 0 && used <= 18 && strspn(copy, "0123456789") == used &&
	    (copy[0] != '0' || used == 1))
		ret->index = strtoull(copy, NULL, 10);
	*text += length;
	return true;
}

bool value_pointer_parse(const char *text, struct arena *arena, struct value_pointer *ret,
    struct hs_error *err)
{
	struct value_pointer pointer = { .text = arena_text(arena, text, strlen(text), err) };
	size_t count = 0;

	if (pointer.text == NULL)
		return false;
	if (text[0] != '\0' && text[0] != '/')
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "a JSON Pointer begins with /: write"
		    " \"/%.100s\", or a text as {\"constant\": \"%.100s\"}", text, text);
	for (const char *c = text; *c != '\0'; c++)
		count += *c == '/';
	if (count > VALUE_MAX_TOKENS)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "a JSON Pointer has at most %d steps here, and this one %zu", VALUE_MAX_TOKENS,
		    count);
	pointer.tokens = arena_take(arena, count * sizeof *pointer.tokens, err);
	if (pointer.tokens == NULL)
		return false;
	while (pointer.count < count) {
		text++;
		if (!parse_token(&text, arena, &pointer.tokens[pointer.count++], err))
			return false;
	}
	*ret = pointer;
	return true;
}

struct numbered {
	const struct value *value;
	size_t number;
};

static int compare_members(const void *a, const void *b)
{
	const struct numbered *left = a, *right = b;
	int order = strcmp(left->value->key, right->value->key);

	return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

/* Sorts the members; of those with one key only the last stays. Returns how many there are. */
static size_t sort_members(struct numbered *members, size_t count)
{
	size_t used = 0;

	qsort(members, count, sizeof *members, compare_members);
	for (size_t i = 0; i < count; i++) {
		if (used > 0 && strcmp(members[used - 1].value->key, members[i].value->key) == 0)
			used--;
		members[used++] = members[i];
	}
	return used;
}

static void make_index(const struct value *value)
{
	struct numbered *items = calloc(value->count, sizeof *items);
	struct value_index *index = value->index;
	struct hs_error ignored;
	size_t count = 0;

	index->is_tried = true;
	if (items == NULL)
		return;
	for (const struct value *item = value->first; item != NULL; item = item->next, count++)
		items[count] = (struct numbered){ item, count };
	if (value->kind == VALUE_OBJECT)
		count = sort_members(items, count);
	index->count = count;
	index->items = arena_take(index->arena, count * sizeof *index->items, &ignored);
	for (size_t i = 0; index->items != NULL && i < count; i++)
		index->items[i] = items[i].value;
	free(items);
}

static const struct value *find_member(const struct value_index *index, const char *key)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key, index->items[middle]->key);

		if (order == 0)
			return index->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool has_index(const struct value *value)
{
	if (!value_is_container(value) || value->index == NULL)
		return false;
	if (!value->index->is_tried)
		make_index(value);
	return value->index->items != NULL;
}

static const struct value *step(const struct value *value, const struct value_token *token)
{
	const struct value *found = NULL;
	uint64_t index = 0;

	if (has_index(value)) {
		if (value->kind == VALUE_OBJECT)
			return find_member(value->index, token->text);
		return token->index >= value->index->count ? NULL :
		    value->index->items[token->index];
	}
	if (value->kind == VALUE_ARRAY && token->index < value->count) {
		for (found = value->first; index < token->index; index++)
			found = found->next;
	} else if (value->kind == VALUE_OBJECT) {
		for (const struct value *at = value->first; at != NULL; at = at->next) {
			if (at->key[0] == token->text[0] && strcmp(at->key, token->text) == 0)
				found = at;
		}
	}
	return found;
}

const struct value *value_at(const struct value *value, const struct value_pointer *pointer)
{
	for (size_t i = 0; i < pointer->count && value != NULL; i++)
		value = step(value, &pointer->tokens[i]);
	return value;
}

char *value_pointer_append(char *buf, size_t size, const char *token)
{
	static const char dots[] = "...";
	size_t used = strlen(buf), room = size - sizeof dots;

	if (used >= room)
		return buf;
	buf[used++] = '/';
	for (; *token != '\0'; token++) {
		char escaped = *token == '~' ? '0' : *token == '/' ? '1' : '\0';

		if (used + 2 > room) {
			/* not in the middle of a character */
			if (((unsigned char)*token & 0xc0) == 0x80) {
				while (((unsigned char)buf[used - 1] & 0xc0) == 0x80)
					used--;
				used--;
			}
			memcpy(buf + used, dots, sizeof dots);
			return buf;
		}
		buf[used++] = escaped != '\0' ? '~' : *token;
		if (escaped != '\0')
			buf[used++] = escaped;
	}
	buf[used] = '\0';
	return buf;
}
