/* player_trends.c: rows, turned round, become a chart's points.
 *
 * A season in which he was with several teams has several rows; the order of player_sql.h puts
 * the one with most games first, and the line goes through that. Means over teams would be
 * figures that no source has stated. Fails only for want of memory. */
#include "daemons/web/player_trends.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "daemons/web/chart.h"
#include "daemons/web/figures.h"
#include "daemons/web/player_best.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/search_query.h"

static const char *season_of(const PGresult *seasons, int row)
{
	return PQgetvalue(seasons, row, SEASON_SEASON);
}

static void fill_point(const PGresult *seasons, int row, int metric, struct chart_point *point)
{
	const char *team = PQgetvalue(seasons, row, SEASON_TEAM);
	char figure[FIGURE_BYTES], games[FIGURE_BYTES];

	point->season = season_of(seasons, row);
	point->figure = figure_of(seasons, row, SEASON_FIRST_METRIC + metric);
	point->few = !player_has_enough_games(seasons, row);
	point->label[0] = '\0';
	snprintf(point->label, sizeof point->label, "%.*s: %s, %.*s (%s GP)",
	    hs_utf8_cut(point->season, 30), point->season,
	    figure_text(point->figure, search_keys[SEARCH_FIRST_METRIC + metric].whole, figure),
	    hs_utf8_cut(team, 60), team,
	    figure_text(figure_of(seasons, row, SEASON_FIRST_METRIC), true, games));
}

/* Oldest season first, and within a season the rows as they come. */
static void fill_points(const PGresult *seasons, int first, int end, int metric,
    struct chart_point *points)
{
	size_t used = 0;

	for (int last = end - 1; last >= first; ) {
		int begin = last;

		while (begin > first &&
		    strcmp(season_of(seasons, begin - 1), season_of(seasons, last)) == 0)
			begin--;
		for (int row = begin; row <= last; row++) {
			fill_point(seasons, row, metric, &points[used]);
			points[used++].aside = row > begin;
		}
		last = begin - 1;
	}
}

static bool is_share(int metric)
{
	return metric + SEARCH_FIRST_METRIC >= SEARCH_BY_FG_PCT;
}

static bool add_chart(json_t *charts, const PGresult *seasons, int first, int end, int metric,
    struct chart_point *points)
{
	const struct search_key_row *key = &search_keys[SEARCH_FIRST_METRIC + metric];
	char id[64];
	struct chart_spec spec = {
		.id = id,
		.title = metric + SEARCH_FIRST_METRIC == SEARCH_BY_TOV ? "Turnovers per game" : key->title,
		.whole = key->whole,
		.from_zero = !is_share(metric),
	};
	json_t *chart;

	snprintf(id, sizeof id, "trend-%d-%s", first, key->key);
	fill_points(seasons, first, end, metric, points);
	if ((chart = chart_new(&spec, points, (size_t)(end - first))) == NULL)
		return false;
	if (json_is_null(chart)) {
		json_decref(chart);
		return true;
	}
	return json_array_append_new(charts, chart) == 0;
}

json_t *player_trends_new(const PGresult *seasons, int first, int end)
{
	struct chart_point *points = calloc((size_t)(end - first), sizeof *points);
	json_t *charts = json_array();
	bool done = points != NULL && charts != NULL;

	for (int metric = 1; done && metric <= SEARCH_METRIC_COUNT; metric++)	/* games come last */
		done = add_chart(charts, seasons, first, end, metric % SEARCH_METRIC_COUNT, points);
	free(points);
	if (!done) {
		json_decref(charts);
		return NULL;
	}
	return charts;
}
