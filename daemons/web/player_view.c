/* player_view.c: turns a player's rows into what his page shows.
 *
 * Trusts the columns of player_sql.h. All text is finished here: the template only places and
 * escapes it. Fails only for want of memory. */
#include "daemons/web/player_view.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/figures.h"
#include "daemons/web/player_best.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/player_trends.h"
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

/* "92" and its bar, or null. */
static json_t *rank_new(const PGresult *rows, int row, int metric)
{
	int64_t percentile = figure_of(rows, row, SEASON_FIRST_PERCENTILE + metric);

	if (percentile < 0)
		return json_null();
	return json_pack("{s:o, s:o, s:b}", "text", json_sprintf("%d", (int)percentile),
	    "width", json_sprintf("%d", (int)percentile), "high", percentile >= 90);
}

static json_t *cells_new(const PGresult *rows, int row, bool ranked)
{
	json_t *cells = json_array();
	bool done = cells != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++) {
		int64_t figure = figure_of(rows, row, SEASON_FIRST_METRIC + i);
		char text[FIGURE_BYTES];

		done = json_array_append_new(cells, json_pack("{s:s, s:b, s:o}", "text",
		    figure_text(figure, search_keys[SEARCH_FIRST_METRIC + i].whole, text),
		    "unknown", figure < 0, "rank",
		    ranked ? rank_new(rows, row, i) : json_null())) == 0;
	}
	return view_or_nothing(cells, done);
}

/* Who it is of, where that does not go without saying: his source has several of this person. */
static json_t *of_text(const PGresult *rows, int row, const PGresult *identities)
{
	int of_source = 0;

	for (int i = 0; i < PQntuples(identities); i++)
		of_source += strcmp(PQgetvalue(identities, i, IDENTITY_SOURCE),
		    PQgetvalue(rows, row, SEASON_SOURCE)) == 0;
	return of_source > 1 ? text_json(rows, row, SEASON_OF) : json_null();
}

static json_t *season_new(const PGresult *rows, int row, const PGresult *identities, bool ranked)
{
	bool is_as = !PQgetisnull(rows, row, SEASON_POSITION) || !PQgetisnull(rows, row, SEASON_ROLE);

	return json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "season", text_json(rows, row, SEASON_SEASON),
	    "competition", text_json(rows, row, SEASON_COMPETITION),
	    "team", text_json(rows, row, SEASON_TEAM),
	    "as", is_as, "position", text_json(rows, row, SEASON_POSITION),
	    "role", text_json(rows, row, SEASON_ROLE),
	    "source", text_json(rows, row, SEASON_SOURCE),
	    "of", of_text(rows, row, identities),
	    "snapshot_date", text_json(rows, row, SEASON_SNAPSHOT_DATE),
	    "file", text_json(rows, row, SEASON_FILE),
	    "file_id", text_json(rows, row, SEASON_FILE_ID),
	    "superseded_by", text_json(rows, row, SEASON_SUPERSEDED_BY),
	    "cells", cells_new(rows, row, ranked));
}

static json_t *superseded_new(const PGresult *rows, const PGresult *identities)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++) {
		json_t *row = season_new(rows, i, identities, false);

		done = row != NULL && view_put(row, "grouped", json_false()) &&
		    json_array_append(list, row) == 0;
		json_decref(row);
	}
	return view_or_nothing(list, done);
}

/* What his percentiles of a season are taken among: "404 rows with 17 GP or more", or why there
 * are none. */
static json_t *among_text(const PGresult *rows, int row)
{
	int64_t least = figure_of(rows, row, SEASON_MIN_GAMES);
	char games[FIGURE_BYTES], count[FIGURE_BYTES];

	if (least < 0 || figure_of(rows, row, SEASON_FIRST_METRIC) < 0)
		return json_string("not ranked: games unknown");
	if (!player_has_enough_games(rows, row))
		return json_sprintf("not ranked: under %s GP", figure_text(least, true, games));
	return json_sprintf("of %s with %s+ GP",
	    count_text(hs_db_int(rows, row, SEASON_PEERS), count), figure_text(least, true, games));
}

static json_t *ranked_new(const PGresult *rows, int row, const PGresult *identities)
{
	json_t *season = season_new(rows, row, identities, true);

	return view_or_nothing(season, season != NULL && view_put(season, "grouped", json_true()) &&
	    view_put(season, "among", among_text(rows, row)));
}

static json_t *count_of(int rows, const char *noun)
{
	return json_sprintf("%d %s%s", rows, noun, rows == 1 ? "" : "s");
}

/* Two competitions may have one name; the external ids tell them apart, by source. */
static bool is_same_competition(const PGresult *rows, int a, int b)
{
	return strcmp(PQgetvalue(rows, a, SEASON_COMPETITION_ID),
		   PQgetvalue(rows, b, SEASON_COMPETITION_ID)) == 0 &&
	    strcmp(PQgetvalue(rows, a, SEASON_SOURCE), PQgetvalue(rows, b, SEASON_SOURCE)) == 0;
}

/* Seasons, not rows: a traded player has several of one. */
static int seasons_between(const PGresult *rows, int first, int end)
{
	int count = 0;

	for (int row = first; row < end; row++)
		count += row == first || strcmp(PQgetvalue(rows, row, SEASON_SEASON),
		    PQgetvalue(rows, row - 1, SEASON_SEASON)) != 0;
	return count;
}

static bool has_few_games(const PGresult *rows, int first, int end)
{
	for (int row = first; row < end; row++) {
		if (!player_has_enough_games(rows, row))
			return true;
	}
	return false;
}

static json_t *competition_new(const PGresult *rows, int first, int end,
    const PGresult *identities)
{
	json_t *competition = json_object(), *list = json_array();
	json_t *trends = player_trends_new(rows, first, end);
	bool done = list != NULL;

	for (int row = first; done && row < end; row++)
		done = json_array_append_new(list, ranked_new(rows, row, identities)) == 0;
	return view_or_nothing(competition, view_put(competition, "rows", list) && done &&
	    view_put(competition, "any_trend", json_boolean(json_array_size(trends) > 0)) &&
	    view_put(competition, "trends", trends) &&
	    view_put(competition, "name", text_json(rows, first, SEASON_COMPETITION)) &&
	    view_put(competition, "source", text_json(rows, first, SEASON_SOURCE)) &&
	    view_put(competition, "count", count_of(seasons_between(rows, first, end), "season")) &&
	    view_put(competition, "few", json_boolean(has_few_games(rows, first, end))) &&
	    view_put(competition, "traded",
		json_boolean(seasons_between(rows, first, end) < end - first)));
}

static json_t *competitions_new(const PGresult *rows, const PGresult *identities)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int first = 0, end; done && first < PQntuples(rows); first = end) {
		for (end = first + 1; end < PQntuples(rows); end++) {
			if (!is_same_competition(rows, first, end))
				break;
		}
		done = json_array_append_new(list, competition_new(rows, first, end, identities)) == 0;
	}
	return view_or_nothing(list, done);
}

/* Career bests. */

/* The season, team and games behind a figure. */
static json_t *behind_new(const PGresult *rows, int row)
{
	char games[FIGURE_BYTES];

	return json_pack("{s:o, s:o, s:o, s:s}", "season", text_json(rows, row, SEASON_SEASON),
	    "competition", text_json(rows, row, SEASON_COMPETITION),
	    "team", text_json(rows, row, SEASON_TEAM), "games",
	    figure_text(figure_of(rows, row, SEASON_FIRST_METRIC), true, games));
}

/* The figure and what is behind it, as members of object. */
static bool put_best(json_t *object, const PGresult *rows, int row, int metric)
{
	char text[FIGURE_BYTES];

	return view_put(object, "figure", json_string(figure_text(
	    figure_of(rows, row, SEASON_FIRST_METRIC + metric),
	    search_keys[SEARCH_FIRST_METRIC + metric].whole, text))) &&
	    view_put(object, "behind", behind_new(rows, row));
}

/* A better one from too few games. */
static json_t *small_best_new(const PGresult *rows, int row, int metric)
{
	json_t *best = json_object();

	return view_or_nothing(best, put_best(best, rows, row, metric));
}

static json_t *best_new(const PGresult *rows, const char *player, int metric)
{
	json_t *best = json_object();
	int any = player_best_row(rows, player, metric, false);
	int enough = player_best_row(rows, player, metric, true);
	bool fewer = player_fewer_is_better(metric);
	int64_t figure = enough < 0 ? 0 : figure_of(rows, enough, SEASON_FIRST_METRIC + metric);

	return view_or_nothing(best, put_best(best, rows, enough < 0 ? any : enough, metric) &&
	    view_put(best, "title", json_string(fewer ? "Fewest turnovers" :
		search_keys[SEARCH_FIRST_METRIC + metric].title)) &&
	    view_put(best, "few", json_boolean(enough < 0)) &&
	    view_put(best, "more", enough < 0 ||
		figure_of(rows, any, SEASON_FIRST_METRIC + metric) == figure ? json_null() :
		small_best_new(rows, any, metric)));
}

static json_t *bests_new(const PGresult *rows, const char *player)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 1; done && i <= SEARCH_METRIC_COUNT; i++) {	/* games come last */
		int metric = i % SEARCH_METRIC_COUNT;

		if (player_best_row(rows, player, metric, false) >= 0)
			done = json_array_append_new(list, best_new(rows, player, metric)) == 0;
	}
	return view_or_nothing(list, done);
}

/* "Only 2,000 of 2,345 rows are shown ...", or null when all are. */
static json_t *cut_text(const PGresult *rows, const char *which)
{
	char shown[FIGURE_BYTES], known[FIGURE_BYTES];

	if (PQntuples(rows) >= player_rows_known(rows))
		return json_null();
	return json_sprintf("Only %s of %s rows are shown%s.", count_text(PQntuples(rows), shown),
	    count_text(player_rows_known(rows), known), which);
}

static json_t *history_new(const PGresult *history, const PGresult *identities)
{
	int64_t known = player_rows_known(history);
	char count[FIGURE_BYTES];

	if (known == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "count", json_sprintf("%s superseded set%s",
	    count_text(known, count), known == 1 ? "" : "s"),
	    "cut", cut_text(history, ", those of the latest seasons"),
	    "rows", superseded_new(history, identities));
}

/* Who the player is to each source: the name and date of birth where they are not what is shown. */
static json_t *identity_new(const PGresult *identities, int row, const PGresult *player)
{
	const char *born = hs_db_text(identities, row, IDENTITY_BIRTH_DATE);
	const char *shown = hs_db_text(player, 0, PLAYER_BIRTH_DATE);
	bool other_name = strcmp(PQgetvalue(identities, row, IDENTITY_FULL_NAME),
	    PQgetvalue(player, 0, PLAYER_FULL_NAME)) != 0;
	bool other_birth = born != NULL && (shown == NULL || strcmp(born, shown) != 0);

	return json_pack("{s:o, s:o, s:o, s:o}", "source",
	    text_json(identities, row, IDENTITY_SOURCE), "external_id",
	    text_json(identities, row, IDENTITY_EXTERNAL_ID), "name",
	    other_name ? text_json(identities, row, IDENTITY_FULL_NAME) : json_null(), "born",
	    other_birth ? text_json(identities, row, IDENTITY_BIRTH_DATE) : json_null());
}

static json_t *identities_new(const PGresult *identities, const PGresult *player)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(identities); i++)
		done = json_array_append_new(list, identity_new(identities, i, player)) == 0;
	return view_or_nothing(list, done);
}

json_t *player_view_new(const struct player_rows *rows, struct hs_date today, const char *back)
{
	const PGresult *player = rows->player, *seasons = rows->seasons;
	json_t *view = json_object(), *bests = bests_new(seasons, PQgetvalue(player, 0, PLAYER_ID));

	return view_or_nothing(view, view_put(view, "title", text_json(player, 0, PLAYER_FULL_NAME)) &&
	    view_put(view, "back_url", json_string(back)) &&
	    view_put(view, "id", text_json(player, 0, PLAYER_ID)) &&
	    view_put(view, "full_name", text_json(player, 0, PLAYER_FULL_NAME)) &&
	    view_put(view, "linked", json_boolean(PQntuples(rows->identities) > 1)) &&
	    view_put(view, "identities", identities_new(rows->identities, player)) &&
	    view_put(view, "facts", facts_new(player, today)) && view_put(view, "heads", heads_new()) &&
	    view_put(view, "any_best", json_boolean(json_array_size(bests) > 0)) &&
	    view_put(view, "bests", bests) &&
	    view_put(view, "competitions", competitions_new(seasons, rows->identities)) &&
	    view_put(view, "cut", cut_text(seasons, "; career bests are of these")) &&
	    view_put(view, "history", history_new(rows->history, rows->identities)));
}
