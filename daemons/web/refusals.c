/* refusals.c: fails only for want of memory. */
#include "daemons/web/refusals.h"

#include <stdlib.h>
#include <string.h>

static bool is_known(const struct refusals *refusals, const struct hs_error *refused)
{
	for (size_t i = 0; i < refusals->count; i++) {
		if (strcmp(refusals->list[i]->where, refused->where) == 0 &&
		    strcmp(refusals->list[i]->message, refused->message) == 0)
			return true;
	}
	return false;
}

bool refusals_add(struct refusals *refusals, const struct hs_error *refused)
{
	struct hs_error *copy;

	if (is_known(refusals, refused))
		return true;
	if (refusals->count < REFUSALS_MOST) {
		if ((copy = malloc(sizeof *copy)) == NULL)
			return false;
		*copy = *refused;
		refusals->list[refusals->count++] = copy;
	}
	refusals->total++;
	return true;
}

const char *refusals_of(const struct refusals *refusals, const char *parameter)
{
	for (size_t i = 0; i < refusals->count; i++) {
		if (strcmp(refusals->list[i]->where, parameter) == 0)
			return refusals->list[i]->message;
	}
	return NULL;
}

void refusals_done(struct refusals *refusals)
{
	for (size_t i = 0; i < refusals->count; i++)
		free(refusals->list[i]);
	*refusals = (struct refusals){ 0 };
}
