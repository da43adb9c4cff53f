/* link_header.c: a walk over links, and over the parameters of each. What is malformed ends it. */
#include "daemons/extractor/link_header.h"

#include <string.h>
#include <strings.h>

static const char blanks[] = " \t";

/* Whether a relation's value, words with blanks between, holds "next". */
static bool has_next(const char *value, size_t length)
{
	size_t i = 0;

	while (i < length) {
		size_t start;

		while (i < length && strchr(blanks, value[i]) != NULL)
			i++;
		for (start = i; i < length && strchr(blanks, value[i]) == NULL;)
			i++;
		if (i - start == 4 && strncasecmp(value + start, "next", 4) == 0)
			return true;
	}
	return false;
}

/* Reads "; NAME=VALUE" and gives where it ends, or NULL when it is none. */
static const char *read_parameter(const char *at, bool *is_next)
{
	const char *name, *value;
	size_t name_length, length;

	at += strspn(at, blanks);
	if (*at != ';')
		return NULL;
	name = at + 1 + strspn(at + 1, blanks);
	name_length = strcspn(name, "=;, \t");
	at = name + name_length;
	at += strspn(at, blanks);
	if (*at != '=')
		return at;
	at += 1 + strspn(at + 1, blanks);
	if (*at == '"') {
		value = at + 1;
		for (length = 0; value[length] != '"' && value[length] != '\0'; length++) {
			if (value[length] == '\\' && value[length + 1] != '\0')
				length++;
		}
		at = value + length + (value[length] == '"');
	} else {
		value = at;
		length = strcspn(value, ";, \t");
		at = value + length;
	}
	if (name_length == 3 && strncasecmp(name, "rel", 3) == 0 && has_next(value, length))
		*is_next = true;
	return at;
}

bool link_header_next(const char *value, const char **ret_target, size_t *ret_length)
{
	const char *at = value;

	for (;;) {
		const char *target, *after;
		size_t length;
		bool is_next = false;

		at += strspn(at, ", \t");
		if (*at != '<')
			return false;
		target = at + 1;
		length = strcspn(target, ">");
		if (target[length] == '\0')
			return false;
		at = target + length + 1;
		while ((after = read_parameter(at, &is_next)) != NULL)
			at = after;
		if (is_next) {
			*ret_target = target;
			*ret_length = length;
			return true;
		}
		at += strspn(at, blanks);
		if (*at != ',')
			return false;
	}
}
