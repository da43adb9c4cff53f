/* player_best.h: the best of a player's seasons, a metric at a time. */
#ifndef WEB_PLAYER_BEST_H
#define WEB_PLAYER_BEST_H

#include <stdbool.h>

#include <libpq-fe.h>

/* Whether fewer are better: of turnovers. */
bool player_fewer_is_better(int metric);

/* Whether a season's row has enough games to be ranked (player_sql.h). */
bool player_has_enough_games(const PGresult *seasons, int row);

/* The row of one player with the best figure; -1 when none is known. With enough, only rows with
 * enough games count. Of equal ones the one with most games, then the first. */
int player_best_row(const PGresult *seasons, const char *player, int metric, bool enough);

#endif
