/* sql.c: builds a statement's text beside its values.
 *
 * Trusts its callers to pass constants as text. Fails by a mark that sql_finish
 * turns into an error; what was appended after the mark is lost, and never run. */
#include "daemons/web/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sql_init(struct sql *sql)
{
	sql->text[0] = '\0';
	sql->length = 0;
	sql->count = 0;
	sql->too_long = false;
	sql->no_memory = false;
}

void sql_done(struct sql *sql)
{
	for (size_t i = 0; i < sql->count; i++)
		free(sql->values[i]);
	sql->count = 0;
}

static void put_bytes(struct sql *sql, const char *text, size_t length)
{
	if (sql->too_long || length >= sizeof sql->text - sql->length) {
		sql->too_long = true;
		return;
	}
	memmove(sql->text + sql->length, text, length);
	sql->length += length;
	sql->text[sql->length] = '\0';
}

void sql_put(struct sql *sql, const char *text)
{
	put_bytes(sql, text, strlen(text));
}

void sql_put_all(struct sql *sql, const char *text, ...)
{
	va_list more;

	va_start(more, text);
	for (; text != NULL; text = va_arg(more, const char *))
		sql_put(sql, text);
	va_end(more);
}

void sql_repeat(struct sql *sql, size_t from, size_t to)
{
	if (from > to || to > sql->length)
		hs_panic("sql_repeat: %zu to %zu of %zu bytes", from, to, sql->length);
	put_bytes(sql, sql->text + from, to - from);
}

/* Takes value. */
static void put_value(struct sql *sql, char *value, const char *type)
{
	char place[32];

	if (value == NULL) {
		sql->no_memory = true;
		return;
	}
	if (sql->count == HS_DB_JOB_VALUES) {
		sql->too_long = true;
		free(value);
		return;
	}
	sql->values[sql->count++] = value;
	snprintf(place, sizeof place, "$%zu::%s", sql->count, type);
	sql_put(sql, place);
}

void sql_text(struct sql *sql, const char *value)
{
	put_value(sql, strdup(value), "text");
}

void sql_date(struct sql *sql, const char *value)
{
	put_value(sql, strdup(value), "date");
}

void sql_number(struct sql *sql, long long value)
{
	char digits[32];

	snprintf(digits, sizeof digits, "%lld", value);
	put_value(sql, strdup(digits), "integer");
}

/* PostgreSQL's array literal: {"a","b\"c"}. */
static char *array_literal(char *const *values, size_t count)
{
	size_t bytes = 3;
	char *literal, *end;

	for (size_t i = 0; i < count; i++)
		bytes += 2 * strlen(values[i]) + 3;
	if ((literal = malloc(bytes)) == NULL)
		return NULL;
	end = literal;
	*end++ = '{';
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*end++ = ',';
		*end++ = '"';
		for (const char *from = values[i]; *from != '\0'; from++) {
			if (*from == '"' || *from == '\\')
				*end++ = '\\';
			*end++ = *from;
		}
		*end++ = '"';
	}
	*end++ = '}';
	*end = '\0';
	return literal;
}

void sql_texts(struct sql *sql, char *const *values, size_t count)
{
	put_value(sql, array_literal(values, count), "text[]");
}

void sql_numbers(struct sql *sql, const int32_t *values, size_t count)
{
	enum { DIGITS = 12 };
	char *literal = malloc(count * DIGITS + 3), *end = literal;

	if (literal != NULL) {
		*end++ = '{';
		for (size_t i = 0; i < count; i++)
			end += snprintf(end, DIGITS + 1, "%s%d", i > 0 ? "," : "", (int)values[i]);
		memcpy(end, "}", 2);
	}
	put_value(sql, literal, "integer[]");
}

bool sql_finish(const struct sql *sql, struct hs_db_statement *ret, struct hs_error *err)
{
	if (sql->no_memory)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a query");
	if (sql->too_long)
		return hs_error_set(err, HS_TOO_LONG, "",
		    "this search is too long for one query: give fewer filters");
	*ret = (struct hs_db_statement){
		.sql = sql->text,
		.values = (const char *const *)sql->values,
		.count = sql->count,
	};
	return true;
}
