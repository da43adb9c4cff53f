/* values.h: putting together what templates and the API show, without a check at every line:
 * a view goes on to its end, and what could not be put shows in one flag. */
#ifndef WEB_VALUES_H
#define WEB_VALUES_H

#include <stdbool.h>

#include <jansson.h>

/* Sets a member; takes value. False without memory (value NULL too). */
bool view_put(json_t *object, const char *key, json_t *value);

/* A member, as far as the object has one of that kind: its text, borrowed, else ""; its whole number,
 * else 0. */
const char *text_in(const json_t *object, const char *key);
long long number_in(const json_t *object, const char *key);

/* The object (taken) when all of it is done, else NULL. */
json_t *view_or_nothing(json_t *object, bool done);

#endif
