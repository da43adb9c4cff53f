/* json_path.c: a key or an index for each level, written as a pointer when it is wanted.
 *
 * Trusts json_stream.c with depths; keys may be anything, and are cut. Nothing can fail. */
#include "common/json_path.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

static void set_key(struct hs_path_level *level, const char *key, size_t length)
{
	static const char dots[] = "...";

	if (length < sizeof level->key) {
		memcpy(level->key, key, length);
		level->length = length;
		return;
	}
	hs_utf8_clean(key, length, level->key, sizeof level->key - sizeof dots + 1);
	level->length = strlen(level->key);
	memcpy(level->key + level->length, dots, sizeof dots);
	level->length += sizeof dots - 1;
}

void hs_path_enter(struct hs_path *path, const struct hs_json_event *event)
{
	struct hs_path_level *level = &path->levels[event->depth];

	if (hs_json_is_end(event->kind) || event->kind == HS_JSON_TOO_BIG) {
		path->depth = event->depth;
		return;
	}
	if (event->kind == HS_JSON_KEY)
		set_key(level, event->text, event->length);
	else if (event->depth > 0 && level->is_array)
		level->index++;
	path->depth = event->depth;
	if (hs_json_is_begin(event->kind)) {
		level[1].is_array = event->kind == HS_JSON_ARRAY_BEGIN;
		level[1].index = 0;
		level[1].length = 0;
	}
}

void hs_path_leave(struct hs_path *path, const struct hs_json_event *event)
{
	if (event->kind != HS_JSON_KEY && !hs_json_is_begin(event->kind) && path->depth > 0)
		path->depth = event->depth > 0 ? event->depth - 1 : 0;
}

/* One key or index; returns how many bytes of buf it took, or size when it does not fit. */
static size_t write_level(const struct hs_path_level *level, char *buf, size_t size)
{
	size_t length = 0;

	if (level->is_array)
		return (size_t)snprintf(buf, size, "/%llu",
		    (unsigned long long)(level->index > 0 ? level->index - 1 : 0));
	for (size_t i = 0; i <= level->length; i++) {
		char c = i == 0 ? '/' : level->key[i - 1];
		bool is_escaped = i > 0 && (c == '~' || c == '/');

		if (size - length < 3) {
			buf[length] = '\0';
			return size;
		}
		buf[length++] = is_escaped ? '~' : c;
		if (is_escaped)
			buf[length++] = c == '~' ? '0' : '1';
	}
	buf[length] = '\0';
	return length;
}

const char *hs_path_text(const struct hs_path *path, char *buf, size_t size)
{
	size_t length = 0;

	buf[0] = '\0';
	for (unsigned i = 1; i <= path->depth && length < size; i++)
		length += write_level(&path->levels[i], buf + length, size - length);
	return buf;
}
