/* player_view.c: turns a player's rows into what his page and programs read.
 *
 * Trusts the columns of player.c. All text is finished here: the template only places and
 * escapes it. Fails only for want of memory. */
#include "daemons/web/player_view.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/figures.h"
#include "daemons/web/search_query.h"
#include "daemons/web/values.h"

/* The page. */

static bool put_fact(json_t *facts, const char *label, const char *text, const char *unit)
{
	return text == NULL ||
	    json_array_append_new(facts, json_pack("{s:s, s:o}", "label", label, "text",
		json_sprintf("%s%s%s", text, unit[0] != '\0' ? " " : "", unit))) == 0;
}

/* "29 years, born 1999-02-28" */
static bool put_birth(json_t *facts, const char *birth_date, struct hs_date today)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct hs_date born;
	char age[FIGURE_BYTES];

	if (birth_date == NULL || !hs_date_parse(birth_date, strlen(birth_date), &born, &ignored))
		return true;
	snprintf(age, sizeof age, "%d", hs_date_age(born, today));
	return put_fact(facts, "Age", age, "") && put_fact(facts, "Born", birth_date, "");
}

/* A whole figure's text, or NULL when it is not known. */
static const char *known_figure(const PGresult *player, int column, char buf[FIGURE_BYTES])
{
	int64_t figure = figure_of(player, 0, column);

	return figure < 0 ? NULL : figure_text(figure, true, buf);
}

static json_t *facts_new(const PGresult *player, struct hs_date today)
{
	json_t *facts = json_array();
	char height[FIGURE_BYTES], weight[FIGURE_BYTES];

	return view_or_nothing(facts,
	    put_fact(facts, "Position", hs_db_text(player, 0, PLAYER_POSITION), "") &&
	    put_fact(facts, "Role", hs_db_text(player, 0, PLAYER_ROLE), "") &&
	    put_fact(facts, "Nationality", hs_db_text(player, 0, PLAYER_NATIONALITY), "") &&
	    put_birth(facts, hs_db_text(player, 0, PLAYER_BIRTH_DATE), today) &&
	    put_fact(facts, "Height", known_figure(player, PLAYER_HEIGHT, height), "cm") &&
	    put_fact(facts, "Weight", known_figure(player, PLAYER_WEIGHT, weight), "kg"));
}

static json_t *heads_new(void)
{
	json_t *heads = json_array();
	bool done = heads != NULL;

	for (size_t i = SEARCH_FIRST_METRIC; done && i < SEARCH_KEY_COUNT; i++)
		done = json_array_append_new(heads, json_pack("{s:s, s:s}", "head",
		    i == SEARCH_BY_TOV ? "TOV" : search_keys[i].head, "title",
		    i == SEARCH_BY_TOV ? "Turnovers per game" : search_keys[i].title)) == 0;
	return view_or_nothing(heads, done);
}

static json_t *cells_new(const PGresult *rows, int row)
{
	json_t *cells = json_array();
	bool done = cells != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++) {
		int64_t figure = figure_of(rows, row, SEASON_FIRST_METRIC + i);
		char text[FIGURE_BYTES];

		done = json_array_append_new(cells, json_pack("{s:s, s:b}", "text",
		    figure_text(figure, search_keys[SEARCH_FIRST_METRIC + i].whole, text),
		    "unknown", figure < 0)) == 0;
	}
	return view_or_nothing(cells, done);
}

static json_t *season_new(const PGresult *rows, int row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "season", text_json(rows, row, SEASON_SEASON),
	    "competition", text_json(rows, row, SEASON_COMPETITION),
	    "team", text_json(rows, row, SEASON_TEAM),
	    "position", text_json(rows, row, SEASON_POSITION),
	    "role", text_json(rows, row, SEASON_ROLE),
	    "source", text_json(rows, row, SEASON_SOURCE),
	    "snapshot_date", text_json(rows, row, SEASON_SNAPSHOT_DATE),
	    "file", text_json(rows, row, SEASON_FILE),
	    "file_id", text_json(rows, row, SEASON_FILE_ID),
	    "superseded_by", text_json(rows, row, SEASON_SUPERSEDED_BY),
	    "cells", cells_new(rows, row));
}

static json_t *seasons_new(const PGresult *rows)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++)
		done = json_array_append_new(list, season_new(rows, i)) == 0;
	return view_or_nothing(list, done);
}

static json_t *count_of(int rows, const char *noun)
{
	return json_sprintf("%d %s%s", rows, noun, rows == 1 ? "" : "s");
}

json_t *player_view_new(const PGresult *player, const PGresult *seasons, const PGresult *history,
    struct hs_date today)
{
	json_t *view = json_object();
	bool is_known = PQntuples(history) > 0;

	return view_or_nothing(view, view_put(view, "title", text_json(player, 0, PLAYER_FULL_NAME)) &&
	    view_put(view, "full_name", text_json(player, 0, PLAYER_FULL_NAME)) &&
	    view_put(view, "source", text_json(player, 0, PLAYER_SOURCE)) &&
	    view_put(view, "external_id", text_json(player, 0, PLAYER_EXTERNAL_ID)) &&
	    view_put(view, "facts", facts_new(player, today)) && view_put(view, "heads", heads_new()) &&
	    view_put(view, "seasons_count", count_of(PQntuples(seasons), "season")) &&
	    view_put(view, "seasons", seasons_new(seasons)) &&
	    view_put(view, "history", !is_known ? json_null() :
		json_pack("{s:o, s:o}", "count", count_of(PQntuples(history), "superseded set"),
		    "rows", seasons_new(history))));
}

/* The API. */

static json_t *figures_json(const PGresult *rows, int row)
{
	json_t *figures = json_object();
	bool done = figures != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++)
		done = view_put(figures, search_keys[SEARCH_FIRST_METRIC + i].key,
		    figure_json(figure_of(rows, row, SEASON_FIRST_METRIC + i)));
	return view_or_nothing(figures, done);
}

/* SOURCE:EXTERNAL_ID, as the search takes it. */
static json_t *identity(const PGresult *rows, int row, int column, int name_column)
{
	return json_pack("{s:o, s:o}", "id",
	    json_sprintf("%s:%s", hs_db_text(rows, row, SEASON_SOURCE),
	    hs_db_text(rows, row, column)), "name", text_json(rows, row, name_column));
}

static json_t *season_json(const PGresult *rows, int row, bool superseded)
{
	json_t *season = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:I, s:o}}",
	    "season", text_json(rows, row, SEASON_SEASON),
	    "competition", identity(rows, row, SEASON_COMPETITION_ID, SEASON_COMPETITION),
	    "team", identity(rows, row, SEASON_TEAM_ID, SEASON_TEAM),
	    "position", text_json(rows, row, SEASON_POSITION),
	    "role", text_json(rows, row, SEASON_ROLE),
	    "figures", figures_json(rows, row),
	    "from", "source", text_json(rows, row, SEASON_SOURCE),
	    "snapshot_date", text_json(rows, row, SEASON_SNAPSHOT_DATE),
	    "import_file_id", (json_int_t)hs_db_int(rows, row, SEASON_FILE_ID),
	    "import_file", text_json(rows, row, SEASON_FILE));

	return view_or_nothing(season, !superseded ||
	    view_put(season, "superseded_by", text_json(rows, row, SEASON_SUPERSEDED_BY)));
}

static json_t *seasons_json(const PGresult *rows, bool superseded)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++)
		done = json_array_append_new(list, season_json(rows, i, superseded)) == 0;
	return view_or_nothing(list, done);
}

json_t *player_view_api(const PGresult *player, const PGresult *seasons, const PGresult *history)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "id", (json_int_t)hs_db_int(player, 0, PLAYER_ID),
	    "full_name", text_json(player, 0, PLAYER_FULL_NAME),
	    "first_name", text_json(player, 0, PLAYER_FIRST_NAME),
	    "last_name", text_json(player, 0, PLAYER_LAST_NAME),
	    "birth_date", text_json(player, 0, PLAYER_BIRTH_DATE),
	    "nationality", text_json(player, 0, PLAYER_NATIONALITY),
	    "position", text_json(player, 0, PLAYER_POSITION),
	    "role", text_json(player, 0, PLAYER_ROLE),
	    "height_cm", figure_json(figure_of(player, 0, PLAYER_HEIGHT)),
	    "weight_kg", figure_json(figure_of(player, 0, PLAYER_WEIGHT)),
	    "source_name", text_json(player, 0, PLAYER_SOURCE),
	    "external_id", text_json(player, 0, PLAYER_EXTERNAL_ID),
	    "seasons", seasons_json(seasons, false),
	    "superseded", seasons_json(history, true));
}
