/* nearest.c: edit distance over the table's words.
 *
 * Trusts the table; what was typed is cut to NEAREST_BYTES. */
#include "ctl/nearest.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 2 * NEAREST_BYTES + 2 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t low = a < b ? a : b;

	return low < c ? low : c;
}

/* Insertions, deletions, replacements, and swaps of neighbours (the commonest slip) as one each. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LINE + 1], b_length = strnlen(b, LINE), i = 0;
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (; a[i] != '\0' && i < LINE; i++) {
		size_t *oldest = before;

		now[0] = i + 1;
		for (size_t j = 0; j < b_length; j++) {
			now[j + 1] = least(now[j] + 1, last[j + 1] + 1, last[j] + (a[i] != b[j]));
			if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] &&
			    before[j - 1] + 1 < now[j + 1])
				now[j + 1] = before[j - 1] + 1;
		}
		before = last;
		last = now;
		now = oldest;
	}
	return last[b_length];
}

/* A third of the letters may be wrong. */
static size_t allowance(const char *typed)
{
	size_t length = strlen(typed);

	return length < 3 ? 1 : length / 3 < 4 ? length / 3 : 4;
}

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
	size_t best = allowance(typed) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < HS_COMMAND_COUNT; i++) {
		char words[LINE];
		size_t apart;

		if (first_word_only)
			first_word(hs_commands[i].words, words, sizeof words);
		else
			snprintf(words, sizeof words, "%s", hs_commands[i].words);
		apart = distance(typed, words);
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
	best = allowance(typed) + 1;
	for (size_t i = 0; i < HS_COUNT(everywhere) + HS_COMMAND_ARGS; i++) {
		const struct hs_command_arg *arg = i < HS_COUNT(everywhere) ? NULL :
		    &row->args[i - HS_COUNT(everywhere)];
		const char *option = arg == NULL ? everywhere[i] : arg->name;
		size_t apart;

		if (option == NULL)
			break;
		if (arg != NULL && !arg->is_option)
			continue;
		apart = distance(typed, option);
		if (apart < best) {
			best = apart;
			found = option;
		}
	}
	return found;
}
