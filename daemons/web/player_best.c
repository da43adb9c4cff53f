/* player_best.c: trusts the columns of player_sql.h. Cannot fail. */
#include "daemons/web/player_best.h"

#include <stdint.h>
#include <string.h>

#include "daemons/web/figures.h"
#include "daemons/web/player_sql.h"

bool player_fewer_is_better(int metric)
{
	return metric == SEARCH_BY_TOV - SEARCH_FIRST_METRIC;
}

bool player_has_enough_games(const PGresult *seasons, int row)
{
	int64_t least = figure_of(seasons, row, SEASON_MIN_GAMES);

	return least >= 0 && figure_of(seasons, row, SEASON_FIRST_METRIC) >= least;
}

static bool is_better(const PGresult *seasons, int metric, int row, int best)
{
	int64_t figure = figure_of(seasons, row, SEASON_FIRST_METRIC + metric);
	int64_t known = figure_of(seasons, best, SEASON_FIRST_METRIC + metric);

	if (figure == known)
		return figure_of(seasons, row, SEASON_FIRST_METRIC) >
		    figure_of(seasons, best, SEASON_FIRST_METRIC);
	return player_fewer_is_better(metric) ? figure < known : figure > known;
}

int player_best_row(const PGresult *seasons, const char *player, int metric, bool enough)
{
	int best = -1;

	for (int row = 0; row < PQntuples(seasons); row++) {
		if (strcmp(PQgetvalue(seasons, row, SEASON_PLAYER), player) != 0 ||
		    figure_of(seasons, row, SEASON_FIRST_METRIC + metric) < 0 ||
		    (enough && !player_has_enough_games(seasons, row)))
			continue;
		if (best < 0 || is_better(seasons, metric, row, best))
			best = row;
	}
	return best;
}
