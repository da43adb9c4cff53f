/* player_api.c: a player's rows as programs read them.
 *
 * GET /api/v1/players/ID answers
 *	{"id":7,"full_name":"…","first_name":null,"last_name":null,"birth_date":"…",
 *	 "nationality":"…","position":"…","role":null,"height_cm":206,"weight_kg":113,
 *	 "source_name":"…",
 *	 "external_id":"…",
 *	 "identities":[{"id":7,"source_name":"…","external_id":"…","full_name":"…",
 *	   "birth_date":"…","linked_at":null}],
 *	 "seasons":[{"season":"2024","competition":{"id":"SOURCE:ID","name":"…"},
 *	   "team":{"id":"SOURCE:ID","name":"…"},"position":null,"role":null,
 *	   "figures":{"games":60,"mpg":34.5,…,"ft_pct":null},
 *	   "from":{"source":"…","player":"…","snapshot_date":"…","import_file_id":2,"import_file":"…"},
 *	   "ranked":{"min_games":17,"rows":404,"enough_games":true},
 *	   "percentiles":{"games":80,…,"ft_pct":null}}],
 *	 "career_bests":{"games":{"figure":82,"season":"…","competition":{…},"team":{…},"games":82,
 *	   "enough_games":true},…,"ft_pct":null},
 *	 "superseded":[the same as seasons, without ranked and percentiles, with "superseded_by":"FILE"]}
 * min_games is null where nobody's games are known, a percentile where there is none; career_bests
 * are of rows with enough games, where a player has such rows with that figure.
 *
 * Trusts the columns of player_sql.h. Fails only for want of memory. */
#include "daemons/web/player_view.h"

#include <stdbool.h>

#include "common/db.h"
#include "daemons/web/figures.h"
#include "daemons/web/player_best.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/values.h"

/* A member for each metric, from columns that begin at first. */
static json_t *metrics_json(const PGresult *rows, int row, int first, bool hundredths)
{
	json_t *metrics = json_object();
	bool done = metrics != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++) {
		int64_t figure = figure_of(rows, row, first + i);

		done = view_put(metrics, search_keys[SEARCH_FIRST_METRIC + i].key,
		    figure_json(figure < 0 || hundredths ? figure : figure * 100));
	}
	return view_or_nothing(metrics, done);
}

/* SOURCE:EXTERNAL_ID, as the search takes it. */
static json_t *identity(const PGresult *rows, int row, int column, int name_column)
{
	return json_pack("{s:o, s:o}", "id",
	    json_sprintf("%s:%s", hs_db_text(rows, row, SEASON_SOURCE),
	    hs_db_text(rows, row, column)), "name", text_json(rows, row, name_column));
}

static json_t *season_json(const PGresult *rows, int row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:I, s:o}}",
	    "season", text_json(rows, row, SEASON_SEASON),
	    "competition", identity(rows, row, SEASON_COMPETITION_ID, SEASON_COMPETITION),
	    "team", identity(rows, row, SEASON_TEAM_ID, SEASON_TEAM),
	    "position", text_json(rows, row, SEASON_POSITION),
	    "role", text_json(rows, row, SEASON_ROLE),
	    "figures", metrics_json(rows, row, SEASON_FIRST_METRIC, true),
	    "from", "source", text_json(rows, row, SEASON_SOURCE),
	    "player", text_json(rows, row, SEASON_OF),
	    "snapshot_date", text_json(rows, row, SEASON_SNAPSHOT_DATE),
	    "import_file_id", (json_int_t)hs_db_int(rows, row, SEASON_FILE_ID),
	    "import_file", text_json(rows, row, SEASON_FILE));
}

static json_t *ranked_season_json(const PGresult *rows, int row)
{
	json_t *season = season_json(rows, row);

	return view_or_nothing(season, season != NULL &&
	    view_put(season, "ranked", json_pack("{s:o, s:I, s:b}",
		"min_games", figure_json(figure_of(rows, row, SEASON_MIN_GAMES)),
		"rows", (json_int_t)hs_db_int(rows, row, SEASON_PEERS),
		"enough_games", player_has_enough_games(rows, row))) &&
	    view_put(season, "percentiles",
		metrics_json(rows, row, SEASON_FIRST_PERCENTILE, false)));
}

static json_t *superseded_season_json(const PGresult *rows, int row)
{
	json_t *season = season_json(rows, row);

	return view_or_nothing(season, season != NULL &&
	    view_put(season, "superseded_by", text_json(rows, row, SEASON_SUPERSEDED_BY)));
}

static json_t *list_json(const PGresult *rows, json_t *(*row_json)(const PGresult *rows, int row))
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++)
		done = json_array_append_new(list, row_json(rows, i)) == 0;
	return view_or_nothing(list, done);
}

static json_t *best_json(const PGresult *seasons, const char *player, int metric)
{
	int row = player_best_row(seasons, player, metric, true);

	if (row < 0)
		row = player_best_row(seasons, player, metric, false);
	if (row < 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}",
	    "figure", figure_json(figure_of(seasons, row, SEASON_FIRST_METRIC + metric)),
	    "season", text_json(seasons, row, SEASON_SEASON),
	    "competition", identity(seasons, row, SEASON_COMPETITION_ID, SEASON_COMPETITION),
	    "team", identity(seasons, row, SEASON_TEAM_ID, SEASON_TEAM),
	    "games", figure_json(figure_of(seasons, row, SEASON_FIRST_METRIC)),
	    "enough_games", player_has_enough_games(seasons, row));
}

static json_t *bests_json(const PGresult *seasons, const char *player)
{
	json_t *bests = json_object();
	bool done = bests != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++)
		done = view_put(bests, search_keys[SEARCH_FIRST_METRIC + i].key,
		    best_json(seasons, player, i));
	return view_or_nothing(bests, done);
}

static json_t *identity_json(const PGresult *rows, int row)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}",
	    "id", (json_int_t)hs_db_int(rows, row, IDENTITY_ID),
	    "source_name", text_json(rows, row, IDENTITY_SOURCE),
	    "external_id", text_json(rows, row, IDENTITY_EXTERNAL_ID),
	    "full_name", text_json(rows, row, IDENTITY_FULL_NAME),
	    "birth_date", text_json(rows, row, IDENTITY_BIRTH_DATE),
	    "linked_at", text_json(rows, row, IDENTITY_LINKED_AT));
}

json_t *player_view_api(const struct player_rows *rows)
{
	const PGresult *player = rows->player, *seasons = rows->seasons, *history = rows->history;

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
	    " s:o, s:I, s:I}",
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
	    "identities", list_json(rows->identities, identity_json),
	    "seasons", list_json(seasons, ranked_season_json),
	    "career_bests", bests_json(seasons, PQgetvalue(player, 0, PLAYER_ID)),
	    "superseded", list_json(history, superseded_season_json),
	    "seasons_total", (json_int_t)player_rows_known(seasons),
	    "superseded_total", (json_int_t)player_rows_known(history));
}
