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

const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

long long number_in(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}
