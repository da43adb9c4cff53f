/* values.c: fails only without memory. */
#include "daemons/web/values.h"

bool view_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

json_t *view_or_nothing(json_t *object, bool done)
{
	if (!done) {
		json_decref(object);
		return NULL;
	}
	return object;
}
