/* nearest.c: the nearest of the table's words.
 *
 * Trusts the table; what was typed is cut to NEAREST_BYTES. */
#include "ctl/nearest.h"

#include <stdio.h>
#include <string.h>

#include "common/nearest.h"

enum { LINE = 2 * NEAREST_BYTES + 2 };

_Static_assert((int)LINE <= (int)HS_NEAREST_BYTES, "two words are looked at as a whole");

/* "snapshot check" typed as "check": the words of a command that ends so. */
static const char *command_ending(const char *word)
{
	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		const char *blank = strchr(hs_commands[i].words, ' ');

		if (blank != NULL && strcmp(blank + 1, word) == 0)
			return hs_commands[i].words;
	}
	return NULL;
}

/* "import" of "import now" into buf. */
static void first_word(const char *words, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", (int)strcspn(words, " "), words);
}

static const char *nearest_words(const char *typed, bool first_word_only)
{
	size_t best = hs_nearest_allowance(typed) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		char words[LINE];
		size_t apart;

		if (first_word_only)
			first_word(hs_commands[i].words, words, sizeof words);
		else
			snprintf(words, sizeof words, "%s", hs_commands[i].words);
		apart = hs_text_distance(typed, words);
		if (apart < best) {
			best = apart;
			found = hs_commands[i].words;
		}
	}
	return found;
}

const char *nearest_command(const char *first, const char *second)
{
	char typed[LINE];
	const char *found = NULL;

	if (second != NULL) {
		snprintf(typed, sizeof typed, "%.*s %.*s", (int)NEAREST_BYTES, first,
		    (int)NEAREST_BYTES, second);
		found = nearest_words(typed, false);
	}
	snprintf(typed, sizeof typed, "%.*s", (int)NEAREST_BYTES, first);
	if (found == NULL)
		found = command_ending(typed);
	return found != NULL ? found : nearest_words(typed, true);
}

const char *nearest_option(const struct hs_command *row, const char *token)
{
	static const char *const everywhere[] = { "help", "json", "socket" };
	const char *name = token + strspn(token, "-"), *found = NULL;
	char typed[LINE];
	size_t best;

	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
	best = hs_nearest_allowance(typed) + 1;
	for (size_t i = 0; i < HS_COUNT(everywhere) + HS_COMMAND_ARGS; i++) {
		const struct hs_command_arg *arg = i < HS_COUNT(everywhere) ? NULL :
		    &row->args[i - HS_COUNT(everywhere)];
		const char *option = arg == NULL ? everywhere[i] : arg->name;
		size_t apart;

		if (option == NULL)
			break;
		if (arg != NULL && !arg->is_option)
			continue;
		apart = hs_text_distance(typed, option);
		if (apart < best) {
			best = apart;
			found = option;
		}
	}
	return found;
}
