/* country_key.c: takes from a text all that makes no difference between spellings of a country.
 *
 * Trusts nothing: the text may be any bytes. Stands apart from country.c because the program
 * that makes the table needs it too. */
#include <string.h>

#include "common/country.h"
#include "common/error.h"
#include "common/text.h"

#define BETWEEN_WORDS " ,()[]&_"

static const struct { const char *word, *instead; } words[] = {
	{ "and", "" }, { "of", "" }, { "the", "" },
	{ "st", "saint" }, { "rep", "republic" }, { "dem", "democratic" },
};

static const char *word_instead(const char *word, size_t *length)
{
	for (size_t i = 0; i < HS_COUNT(words); i++) {
		if (strlen(words[i].word) == *length && memcmp(words[i].word, word, *length) == 0) {
			*length = strlen(words[i].instead);
			return words[i].instead;
		}
	}
	return word;
}

bool hs_country_key(const char *text, size_t length, char buf[HS_COUNTRY_KEY_BYTES])
{
	char folded[HS_FOLDED_NAME_BYTES];
	struct hs_error ignored = HS_ERROR_INIT;
	size_t used = 0;

	if (!hs_name_fold(text, length, folded, sizeof folded, &ignored))
		return false;
	for (const char *at = folded + strspn(folded, BETWEEN_WORDS); *at != '\0';) {
		size_t part = strcspn(at, BETWEEN_WORDS);
		const char *next = at + part + strspn(at + part, BETWEEN_WORDS), *word = at;

		/* a word alone is a name or a code: AND is Andorra, ST is São Tomé */
		if (used > 0 || *next != '\0')
			word = word_instead(at, &part);
		at = next;
		if (part == 0)
			continue;
		if (part + 1 >= HS_COUNTRY_KEY_BYTES - used)
			return false;
		if (used > 0)
			buf[used++] = ' ';
		memcpy(buf + used, word, part);
		used += part;
	}
	buf[used] = '\0';
	return used > 0;
}
