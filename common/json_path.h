/* json_path.h: where in a JSON text we are, as a JSON Pointer (RFC 6901). */
#ifndef HS_JSON_PATH_H
#define HS_JSON_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_stream.h"

enum { HS_PATH_KEY_BYTES = 128 };	/* a longer key is cut, and ends in "..." */

struct hs_path_level {
	bool is_array;
	uint64_t index;		/* of an array's element, from 1; 0 before the first */
	size_t length;
	char key[HS_PATH_KEY_BYTES];
};

/* Zeros are the path of the whole. */
struct hs_path {
	unsigned depth;		/* of the place that is pointed at: 0 is the whole */
	struct hs_path_level levels[HS_JSON_MAX_DEPTH + 1];
};

/* Goes where the event is: a key, a container that begins, an element; then back. */
void hs_path_enter(struct hs_path *path, const struct hs_json_event *event);
void hs_path_leave(struct hs_path *path, const struct hs_json_event *event);

/* The pointer, cut when it does not fit. Returns buf. */
const char *hs_path_text(const struct hs_path *path, char *buf, size_t size);

#endif
