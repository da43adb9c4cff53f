/* player_view.h: a player's rows as template values and as the API's JSON. */
#ifndef WEB_PLAYER_VIEW_H
#define WEB_PLAYER_VIEW_H

#include <jansson.h>
#include <libpq-fe.h>

#include "common/date.h"

/* The columns of the player's row. */
enum player_column {
	PLAYER_ID,
	PLAYER_FULL_NAME,
	PLAYER_FIRST_NAME,
	PLAYER_LAST_NAME,
	PLAYER_BIRTH_DATE,
	PLAYER_NATIONALITY,
	PLAYER_POSITION,
	PLAYER_ROLE,
	PLAYER_HEIGHT,
	PLAYER_WEIGHT,
	PLAYER_SOURCE,
	PLAYER_EXTERNAL_ID
};

/* The columns of his seasons and of his superseded figures. */
enum player_season_column {
	SEASON_SEASON,
	SEASON_COMPETITION,
	SEASON_TEAM,
	SEASON_POSITION,
	SEASON_ROLE,
	SEASON_SNAPSHOT_DATE,
	SEASON_FILE,
	SEASON_FILE_ID,
	SEASON_SOURCE,
	SEASON_COMPETITION_ID,
	SEASON_TEAM_ID,
	SEASON_SUPERSEDED_BY,	/* a file's name; of superseded figures only */
	SEASON_FIRST_METRIC
};

/* For the template. A new reference; NULL without memory. */
json_t *player_view_new(const PGresult *player, const PGresult *seasons, const PGresult *history,
    struct hs_date today);

/* For programs. A new reference; NULL without memory. */
json_t *player_view_api(const PGresult *player, const PGresult *seasons, const PGresult *history);

#endif
