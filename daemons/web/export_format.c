/* export_format.c: writes one row at a time. Trusts the columns of search_sql.h. */
#include "daemons/web/export_format.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/db.h"
#include "common/error.h"
#include "daemons/web/figures.h"
#include "daemons/web/search_query.h"
#include "daemons/web/search_sql.h"
#include "daemons/web/search_view.h"

static bool put(struct evbuffer *out, const char *text)
{
	return evbuffer_add(out, text, strlen(text)) == 0;
}

/* CSV. */

/* The columns before the metrics, as the API calls them. */
static const char *const own_columns[] = {
	[SEARCH_COLUMN_ID] = "id", [SEARCH_COLUMN_FULL_NAME] = "full_name",
	[SEARCH_COLUMN_BIRTH_DATE] = "birth_date", [SEARCH_COLUMN_NATIONALITY] = "nationality",
	[SEARCH_COLUMN_POSITION] = "position", [SEARCH_COLUMN_ROLE] = "role",
	[SEARCH_COLUMN_HEIGHT] = "height_cm", [SEARCH_COLUMN_WEIGHT] = "weight_kg",
};

/* And those behind them. */
static const struct { enum search_column column; const char *name; } last_columns[] = {
	{ SEARCH_COLUMN_SOURCE, "source" }, { SEARCH_COLUMN_SEASON, "season" },
	{ SEARCH_COLUMN_COMPETITION, "competition" }, { SEARCH_COLUMN_TEAM, "team" },
};

static bool csv_begin(struct evbuffer *out)
{
	bool done = put(out, "\xef\xbb\xbf");

	for (size_t i = 0; i < HS_COUNT(own_columns); i++)
		done = done && (i == 0 || put(out, ",")) && put(out, own_columns[i]);
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++)
		done = done && put(out, ",") && put(out, search_keys[i].key);
	for (size_t i = 0; i < HS_COUNT(last_columns); i++)
		done = done && put(out, ",") && put(out, last_columns[i].name);
	return done && put(out, "\r\n");
}

/* What sheets end a cell at, whatever the file says: many take ';', and then our quotes mean
 * nothing to them. */
static const char separators[] = ";\t\r\n";

/* A sheet runs what begins so, in some of them after blanks too; some take the wide ones for
 * = + - @. */
static bool is_formula(const char *text)
{
	static const char *const wide[] = { "＝", "＋", "－", "＠" };

	text += strspn(text, " ");
	for (size_t i = 0; i < HS_COUNT(wide); i++) {
		if (strncmp(text, wide[i], strlen(wide[i])) == 0)
			return true;
	}
	return text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
}

static bool starts_badly(const char *text)
{
	return is_formula(text) || (text[0] != '\0' && strchr("\t\r\n", text[0]) != NULL);
}

static bool needs_quotes(const char *text)
{
	if (starts_badly(text) || strpbrk(text, ",\"\r\n") != NULL)
		return true;
	while ((text = strpbrk(text, separators)) != NULL) {
		if (is_formula(++text))
			return true;
	}
	return false;
}

/* An apostrophe stands before whatever would be run. */
static bool put_csv_text(struct evbuffer *out, const char *text)
{
	bool starts = false;	/* a cell, to some */

	if (!needs_quotes(text))
		return put(out, text);
	if (!put(out, "\"") || (starts_badly(text) && !put(out, "'")))
		return false;
	for (; text[0] != '\0'; text++) {
		if (starts && is_formula(text) && !put(out, "'"))
			return false;
		starts = strchr(separators, text[0]) != NULL;
		if (evbuffer_add(out, text, 1) != 0 || (text[0] == '"' && !put(out, "\"")))
			return false;
	}
	return put(out, "\"");
}

static bool is_figure(int column)
{
	return column == SEARCH_COLUMN_HEIGHT || column == SEARCH_COLUMN_WEIGHT ||
	    (column >= SEARCH_COLUMN_FIRST_METRIC &&
		column < SEARCH_COLUMN_FIRST_METRIC + SEARCH_METRIC_COUNT);
}

static bool put_csv_cell(struct evbuffer *out, const PGresult *row, int column)
{
	char text[FIGURE_BYTES];
	int64_t figure;

	if (PQgetisnull(row, 0, column))
		return true;
	if (!is_figure(column))
		return put_csv_text(out, hs_db_text(row, 0, column));
	figure = figure_of(row, 0, column);
	return figure < 0 || put(out, figure_text(figure, true, text));
}

static bool csv_row(struct evbuffer *out, const PGresult *row, int64_t rows)
{
	bool done = true;

	(void)rows;
	for (int i = 0; i < SEARCH_COLUMN_FIRST_METRIC + SEARCH_METRIC_COUNT; i++)
		done = done && (i == 0 || put(out, ",")) && put_csv_cell(out, row, i);
	for (size_t i = 0; i < HS_COUNT(last_columns); i++)
		done = done && put(out, ",") && put_csv_cell(out, row, (int)last_columns[i].column);
	return done && put(out, "\r\n");
}

static bool csv_end(struct evbuffer *out, int64_t rows)
{
	(void)out;
	(void)rows;
	return true;
}

/* JSON. */

static bool put_player(struct evbuffer *out, const PGresult *row)
{
	json_t *player = search_view_player(row, 0);
	char *text = player != NULL ?
	    json_dumps(player, JSON_COMPACT | JSON_REAL_PRECISION(FIGURE_DIGITS)) : NULL;
	bool done = text != NULL && put(out, text);

	json_decref(player);
	free(text);
	return done;
}

static bool json_begin(struct evbuffer *out)
{
	return put(out, "{\"players\":[");
}

static bool json_row(struct evbuffer *out, const PGresult *row, int64_t rows)
{
	return put(out, rows > 0 ? ",\n" : "\n") && put_player(out, row);
}

static bool json_end(struct evbuffer *out, int64_t rows)
{
	return evbuffer_add_printf(out, "\n],\"total\":%lld}\n", (long long)rows) > 0;
}

static bool jsonl_begin(struct evbuffer *out)
{
	(void)out;
	return true;
}

static bool jsonl_row(struct evbuffer *out, const PGresult *row, int64_t rows)
{
	(void)rows;
	return put_player(out, row) && put(out, "\n");
}

const struct export_format *export_format_find(const char *extension)
{
	static const struct export_format formats[] = {
		{ "csv", "text/csv; charset=utf-8; header=present", csv_begin, csv_row, csv_end },
		{ "json", "application/json", json_begin, json_row, json_end },
		{ "jsonl", "application/jsonl", jsonl_begin, jsonl_row, csv_end },
	};

	for (size_t i = 0; i < HS_COUNT(formats); i++) {
		if (strcmp(formats[i].extension, extension) == 0)
			return &formats[i];
	}
	return NULL;
}
