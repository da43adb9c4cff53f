/* compare_view.c: turns players and their seasons into a table, its marks and its bars.
 *
 * Trusts the columns of player_sql.h. All text is finished here: the template only places and
 * escapes it. Fails only for want of memory. */
#include "daemons/web/compare_view.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/country.h"
#include "common/db.h"
#include "common/error.h"
#include "daemons/web/figures.h"
#include "daemons/web/player_best.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/values.h"

enum { BAR_WIDTH = 100 };

int compare_view_row_of(const PGresult *result, int column, int64_t id)
{
	for (int row = 0; row < PQntuples(result); row++) {
		if (hs_db_int(result, row, column) == id)
			return row;
	}
	return -1;
}

/* Addresses. */

static json_t *address(const struct compare_query *query)
{
	struct evbuffer *text = evbuffer_new();
	json_t *url = NULL;

	if (text != NULL && evbuffer_add(text, "/compare?", 9) == 0 &&
	    compare_query_write(query, false, text)) {
		size_t length = evbuffer_get_length(text);
		const char *bytes = (const char *)evbuffer_pullup(text, -1);

		url = bytes == NULL ? NULL : json_stringn(bytes, length > 9 ? length : 8);
	}
	if (text != NULL)
		evbuffer_free(text);
	return url;
}

static json_t *address_without(const struct compare_query *query, size_t left_out)
{
	struct compare_query other = *query;	/* borrows the texts */

	other.count = 0;
	for (size_t i = 0; i < query->count; i++) {
		if (i != left_out)
			other.players[other.count++] = query->players[i];
	}
	return address(&other);
}

static json_t *address_with(const struct compare_query *query, int64_t player)
{
	struct compare_query other = *query;	/* borrows the texts */

	other.players[other.count++] = player;
	return address(&other);
}

static json_t *address_of_figures(const struct compare_query *query, enum compare_figures figures,
    char *season)
{
	struct compare_query other = *query;	/* borrows the texts */

	other.figures = figures;
	other.season = season;
	return address(&other);
}

/* Which row of a player's gives a metric; -1: none does. */
static int row_behind(const struct compare_query *query, const PGresult *rows, size_t player,
    int metric)
{
	char id[32];
	int row;

	if (query->figures != COMPARE_BEST)
		return compare_view_row_of(rows, SEASON_PLAYER, query->players[player]);
	snprintf(id, sizeof id, "%lld", (long long)query->players[player]);
	row = player_best_row(rows, id, metric, true);
	return row >= 0 ? row : player_best_row(rows, id, metric, false);
}

/* Heads of columns. */

static json_t *season_text(const PGresult *rows, int row)
{
	return json_sprintf("%s, %s, %s", PQgetvalue(rows, row, SEASON_SEASON),
	    PQgetvalue(rows, row, SEASON_COMPETITION), PQgetvalue(rows, row, SEASON_TEAM));
}

static json_t *season_line(const struct compare_query *query, const PGresult *rows, size_t player)
{
	int row;

	if (query->figures == COMPARE_BEST)
		return json_string("career bests");
	row = compare_view_row_of(rows, SEASON_PLAYER, query->players[player]);
	if (row >= 0)
		return season_text(rows, row);
	return query->figures == COMPARE_SEASON ? json_sprintf("no season %s", query->season) :
						  json_string("no season");
}

/* Why a row's figures have no percentile, or null. */
static json_t *unranked_text(const struct compare_query *query, const PGresult *rows, size_t player)
{
	int row = compare_view_row_of(rows, SEASON_PLAYER, query->players[player]);

	if (query->figures == COMPARE_BEST || row < 0)
		return json_null();
	if (figure_of(rows, row, SEASON_FIRST_METRIC) < 0)
		return json_string("not ranked: games not known");
	if (!player_has_enough_games(rows, row))
		return json_string("not ranked: too few games");
	/* of the games themselves, which all who are compared with have */
	if (PQgetisnull(rows, row, SEASON_FIRST_PERCENTILE))
		return json_string("not ranked: too few others known");
	return json_null();
}

static json_t *player_new(const struct compare_query *query, const struct compare_rows *from,
    size_t player)
{
	int row = compare_view_row_of(from->players, PLAYER_ID, query->players[player]);

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "id",
	    (json_int_t)query->players[player],
	    "name", text_json(from->players, row, PLAYER_FULL_NAME),
	    "url", json_sprintf("/players/%lld", (long long)query->players[player]),
	    "remove_url", address_without(query, player),
	    "line", season_line(query, from->rows, player),
	    "unranked", unranked_text(query, from->rows, player));
}

static json_t *players_new(const struct compare_query *query, const struct compare_rows *from)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < query->count; i++)
		done = json_array_append_new(list, player_new(query, from, i)) == 0;
	return view_or_nothing(list, done);
}

/* What is known of the players. */

static json_t *age_json(const char *birth_date, struct hs_date today)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct hs_date born;

	if (birth_date == NULL || !hs_date_parse(birth_date, strlen(birth_date), &born, &ignored))
		return json_string("-");
	return json_sprintf("%d", hs_date_age(born, today));
}

static json_t *fact_json(const PGresult *players, int row, enum player_column column,
    struct hs_date today)
{
	const char *text = hs_db_text(players, row, (int)column);
	int64_t figure;
	char buf[FIGURE_BYTES];

	switch (column) {
	case PLAYER_BIRTH_DATE:
		return age_json(text, today);
	case PLAYER_HEIGHT:
	case PLAYER_WEIGHT:
		if ((figure = figure_of(players, row, (int)column)) < 0)
			return json_string("-");
		return json_sprintf("%s %s", figure_text(figure, true, buf),
		    column == PLAYER_HEIGHT ? "cm" : "kg");
	case PLAYER_NATIONALITY:
		return json_string(text != NULL ? hs_country_shown(text) : "-");
	default:
		return json_string(text != NULL ? text : "-");
	}
}

static json_t *facts_new(const struct compare_query *query, const PGresult *players,
    struct hs_date today)
{
	static const struct { enum player_column column; const char *head; } kinds[] = {
		{ PLAYER_POSITION, "Position" }, { PLAYER_NATIONALITY, "Nationality" },
		{ PLAYER_BIRTH_DATE, "Age" }, { PLAYER_HEIGHT, "Height" }, { PLAYER_WEIGHT, "Weight" },
	};
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(kinds); i++) {
		json_t *cells = json_array();

		done = json_array_append_new(list, json_pack("{s:s, s:o}", "head", kinds[i].head,
		    "cells", cells)) == 0;
		for (size_t k = 0; done && k < query->count; k++)
			done = json_array_append_new(cells, fact_json(players,
			    compare_view_row_of(players, PLAYER_ID, query->players[k]),
			    kinds[i].column, today)) == 0;
	}
	return view_or_nothing(list, done);
}

/* Figures. */

struct line {
	int rows[COMPARE_MAX_PLAYERS];
	int64_t figures[COMPARE_MAX_PLAYERS];
	bool best[COMPARE_MAX_PLAYERS];	/* nobody's, where all that count are the same */
	int64_t most;		/* -1: none is known */
};

/* A figure of too few games is shown, and is nobody's best. */
static void mark_best(const PGresult *rows, int metric, struct line *line, size_t count)
{
	int64_t least = INT16_MAX, most = FIGURE_UNKNOWN;
	bool counts[COMPARE_MAX_PLAYERS];

	for (size_t i = 0; i < count; i++) {
		int64_t figure = line->figures[i];

		counts[i] = figure >= 0 && player_has_enough_games(rows, line->rows[i]);
		if (!counts[i])
			continue;
		most = figure > most ? figure : most;
		least = figure < least ? figure : least;
	}
	for (size_t i = 0; i < count; i++)
		line->best[i] = counts[i] && most > least &&
		    line->figures[i] == (player_fewer_is_better(metric) ? least : most);
}

static void find_line(const struct compare_query *query, const PGresult *rows, int metric,
    struct line *ret)
{
	ret->most = FIGURE_UNKNOWN;
	for (size_t i = 0; i < query->count; i++) {
		int64_t figure;

		ret->rows[i] = row_behind(query, rows, i, metric);
		figure = ret->rows[i] < 0 ? FIGURE_UNKNOWN :
		    figure_of(rows, ret->rows[i], SEASON_FIRST_METRIC + metric);
		ret->figures[i] = figure;
		ret->most = figure > ret->most ? figure : ret->most;
	}
	mark_best(rows, metric, ret, query->count);
}

/* "92", or null. */
static json_t *rank_json(const PGresult *rows, int row, int metric)
{
	int64_t percentile = row < 0 ? FIGURE_UNKNOWN :
	    figure_of(rows, row, SEASON_FIRST_PERCENTILE + metric);

	if (percentile < 0)
		return json_null();
	return json_pack("{s:o, s:o, s:b}", "text", json_sprintf("%d", (int)percentile),
	    "width", json_sprintf("%d", (int)percentile), "high", percentile >= 90);
}

/* "2006, NBA, ..., 72 GP": what is behind a career's best. */
static json_t *behind_json(const struct compare_query *query, const PGresult *rows, int row)
{
	char games[FIGURE_BYTES];

	if (query->figures != COMPARE_BEST || row < 0)
		return json_null();
	return json_sprintf("%s, %s, %s GP", PQgetvalue(rows, row, SEASON_SEASON),
	    PQgetvalue(rows, row, SEASON_TEAM),
	    figure_text(figure_of(rows, row, SEASON_FIRST_METRIC), true, games));
}

static json_t *cell_new(const struct compare_query *query, const struct compare_rows *from,
    const struct line *line, size_t player, int metric)
{
	int64_t figure = line->figures[player];
	int name = compare_view_row_of(from->players, PLAYER_ID, query->players[player]);
	char text[FIGURE_BYTES];
	double width = figure > 0 ? (double)figure * BAR_WIDTH / (double)line->most : 0;

	return json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "text",
	    figure_text(figure, search_keys[SEARCH_FIRST_METRIC + metric].whole, text),
	    "unknown", figure < 0, "best", line->best[player],
	    "rank", rank_json(from->rows, line->rows[player], metric),
	    "behind", figure < 0 ? json_null() : behind_json(query, from->rows, line->rows[player]),
	    "width", json_sprintf("%.1f", width),
	    "name", text_json(from->players, name, PLAYER_FULL_NAME));
}

static json_t *metric_new(const struct compare_query *query, const struct compare_rows *from,
    int metric)
{
	bool fewer = player_fewer_is_better(metric);
	const struct search_key_row *key = &search_keys[SEARCH_FIRST_METRIC + metric];
	json_t *cells = json_array();
	struct line line;
	bool done = cells != NULL;

	find_line(query, from->rows, metric, &line);
	for (size_t i = 0; done && i < query->count; i++)
		done = json_array_append_new(cells, cell_new(query, from, &line, i, metric)) == 0;
	cells = view_or_nothing(cells, done);
	return json_pack("{s:s, s:s, s:b, s:o}", "head", fewer ? "TOV" : key->head, "title",
	    fewer ? "Turnovers per game" : key->title, "any", line.most >= 0, "cells", cells);
}

static json_t *metrics_new(const struct compare_query *query, const struct compare_rows *from)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++)
		done = json_array_append_new(list, metric_new(query, from, i)) == 0;
	return view_or_nothing(list, done);
}

/* What can be chosen. */

static json_t *choice_new(json_t *text, json_t *url, bool current)
{
	return json_pack("{s:o, s:o, s:b}", "text", text, "url", url, "current", current);
}

static json_t *seasons_new(const struct compare_query *query, const PGresult *seasons)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(seasons); i++) {
		char *season = PQgetvalue(seasons, i, 0);

		done = json_array_append_new(list, choice_new(json_string(season),
		    address_of_figures(query, COMPARE_SEASON, season),
		    query->season != NULL && strcmp(season, query->season) == 0)) == 0;
	}
	return view_or_nothing(list, done);
}

static json_t *modes_new(const struct compare_query *query)
{
	return json_pack("[o, o]", choice_new(json_string("Latest season of each"),
	    address_of_figures(query, COMPARE_LATEST, NULL), query->figures == COMPARE_LATEST),
	    choice_new(json_string("Career bests"), address_of_figures(query, COMPARE_BEST, NULL),
	    query->figures == COMPARE_BEST));
}

/* "Guard", "Serbia", "2001–2009": what tells namesakes apart. */
static json_t *about_new(const PGresult *found, int row)
{
	json_t *about = json_array();
	bool done = about != NULL;

	for (int column = FOUND_POSITION; done && column <= FOUND_SEASONS; column++) {
		const char *text = hs_db_text(found, row, column);

		if (text != NULL && text[0] != '\0')
			done = json_array_append_new(about, json_string(
			    column == FOUND_NATIONALITY ? hs_country_shown(text) : text)) == 0;
	}
	return view_or_nothing(about, done);
}

static json_t *found_new(const struct compare_query *query, const PGresult *found)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(found) && i < COMPARE_MAX_FOUND; i++)
		done = json_array_append_new(list, json_pack("{s:o, s:o, s:o}",
		    "name", text_json(found, i, FOUND_NAME), "about", about_new(found, i),
		    "url", address_with(query, hs_db_int(found, i, FOUND_ID)))) == 0;
	list = view_or_nothing(list, done);
	return json_pack("{s:b, s:b, s:o}", "any", PQntuples(found) > 0, "more",
	    PQntuples(found) > COMPARE_MAX_FOUND, "list", list);
}

json_t *compare_view_new(const struct compare_query *query, const struct compare_rows *from,
    struct hs_date today)
{
	json_t *view = json_object();
	char *season = query->season;

	return view_or_nothing(view, view_put(view, "title", json_string("Compare players")) &&
	    view_put(view, "at_compare", json_true()) &&
	    view_put(view, "count", json_integer((json_int_t)query->count)) &&
	    view_put(view, "any", json_boolean(query->count > 0)) &&
	    view_put(view, "players", players_new(query, from)) &&
	    view_put(view, "room", json_boolean(query->count < COMPARE_MAX_PLAYERS)) &&
	    view_put(view, "modes", modes_new(query)) &&
	    view_put(view, "best", json_boolean(query->figures == COMPARE_BEST)) &&
	    view_put(view, "season", season != NULL ? json_string(season) : json_null()) &&
	    view_put(view, "any_season", json_boolean(PQntuples(from->seasons) > 0)) &&
	    view_put(view, "seasons", seasons_new(query, from->seasons)) &&
	    view_put(view, "facts", facts_new(query, from->players, today)) &&
	    view_put(view, "metrics", metrics_new(query, from)) &&
	    view_put(view, "name", json_string(query->name != NULL ? query->name : "")) &&
	    view_put(view, "found", from->found == NULL ? json_null() :
		found_new(query, from->found)));
}
