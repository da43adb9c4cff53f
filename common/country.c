/* country.c: looks a text up among the spellings of countries. Cannot fail: what is not found
 * is no country's. */
#include "common/country.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *key, const void *spelling)
{
	return strcmp(key, ((const struct hs_country_spelling *)spelling)->key);
}

const struct hs_country *hs_country_find(const char *text, size_t length)
{
	char key[HS_COUNTRY_KEY_BYTES];
	const struct hs_country_spelling *found;

	if (!hs_country_key(text, length, key))
		return NULL;
	found = bsearch(key, hs_country_spellings, hs_country_spelling_count, sizeof *found, compare);
	return found != NULL ? &hs_countries[found->country] : NULL;
}

const char *hs_country_shown(const char *text)
{
	const struct hs_country *country = hs_country_find(text, strlen(text));

	return country != NULL ? country->name : text;
}
