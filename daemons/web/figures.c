/* figures.c: hundredths, counts and texts of a result, formatted.
 *
 * Trusts the result's columns. Fails only for want of memory, by NULL. */
#include "daemons/web/figures.h"

#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "common/decimal.h"

const char *figure_text(int64_t hundredths, bool whole, char buf[FIGURE_BYTES])
{
	if (hundredths < 0)
		return strcpy(buf, "-");
	hs_hundredths_text(hundredths, buf, FIGURE_BYTES);
	if (!whole && hundredths % 100 == 0)
		strcat(buf, ".0");
	return buf;
}

json_t *figure_json(int64_t hundredths)
{
	if (hundredths < 0)
		return json_null();
	return hundredths % 100 == 0 ? json_integer((json_int_t)(hundredths / 100)) :
				       json_real((double)hundredths / 100.0);
}

int64_t figure_of(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? FIGURE_UNKNOWN : hs_db_int(result, row, column);
}

const char *count_text(int64_t count, char buf[FIGURE_BYTES])
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
	char *end = buf;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return buf;
}

json_t *text_json(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);

	return text != NULL ? json_string(text) : json_null();
}

json_t *some_text(int64_t count, const char *one, const char *many)
{
	char number[FIGURE_BYTES];

	return json_sprintf("%s %s", count_text(count, number), count == 1 ? one : many);
}

bool is_text(const PGresult *result, int row, int column, const char *text)
{
	const char *value = hs_db_text(result, row, column);

	return value != NULL && strcmp(value, text) == 0;
}
