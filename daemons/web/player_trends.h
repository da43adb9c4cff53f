/* player_trends.h: a player's figures over the seasons of one competition, as small charts. */
#ifndef WEB_PLAYER_TRENDS_H
#define WEB_PLAYER_TRENDS_H

#include <jansson.h>
#include <libpq-fe.h>

/* The charts of the rows from first up to end, which are of one competition, the latest season
 * first. An array, empty when there is no metric with two seasons. A new reference; NULL without
 * memory. */
json_t *player_trends_new(const PGresult *seasons, int first, int end);

#endif
