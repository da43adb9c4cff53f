/* nearest.c: edit distance, by three rows of its table.
 *
 * Trusts nothing: what is longer than HS_NEAREST_BYTES is cut. Cannot fail. */
#include "common/nearest.h"

#include <string.h>

enum { MOST_WRONG = 4 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t hs_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][HS_NEAREST_BYTES + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	a_length = least(a_length, HS_NEAREST_BYTES);
	b_length = least(b_length, HS_NEAREST_BYTES);
	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *oldest = before;

		now[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t changed = last[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = least(least(now[j - 1], last[j]) + 1, changed);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = oldest;
	}
	return last[b_length];
}

size_t hs_text_distance(const char *a, const char *b)
{
	return hs_edit_distance(a, strnlen(a, HS_NEAREST_BYTES), b, strnlen(b, HS_NEAREST_BYTES));
}

size_t hs_nearest_allowance(const char *typed)
{
	size_t length = strnlen(typed, HS_NEAREST_BYTES);

	return length < 3 ? 1 : least(length / 3, MOST_WRONG);
}

const char *hs_nearest(const char *typed, const char *const *names)
{
	size_t best = hs_nearest_allowance(typed) + 1;
	const char *found = NULL;

	for (; *names != NULL; names++) {
		size_t apart = hs_text_distance(typed, *names);

		/* a name of one or two letters has nothing left when all of them are wrong */
		if (apart < best && apart < strlen(*names)) {
			best = apart;
			found = *names;
		}
	}
	return found;
}
