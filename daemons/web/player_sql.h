/* player_sql.h: the statements that a player's page, his JSON and a comparison share.
 *
 * A row of seasons carries, beside its figures, where each stands among the rows of the same
 * competition and season: those with enough games, which are a fifth of the most that anyone
 * played there, and PLAYER_LEAST_GAMES. A percentile is the share of these rows that are worse,
 * equal ones (itself too) counted as half, rounded down; fewer turnovers are better. Where fewer
 * than PLAYER_LEAST_PEERS rows know a figure, or the row itself has too few games, there is none.
 * A traded player's rows stand for themselves. */
#ifndef WEB_PLAYER_SQL_H
#define WEB_PLAYER_SQL_H

#include <stdint.h>

#include <libpq-fe.h>

#include "daemons/web/search_query.h"

/* Seasons, and superseded sets of figures, that are shown; how many there are, the last column of
 * each row says. */
#define PLAYER_MAX_ROWS "2000"

/* What seasons are sorted by, the newest one last, of an expression that is a season's name: its
 * year, the first four digits of "2024-25" or "E2024" (as catalog.c has it), then the name. Without
 * such digits it is older than all others. */
#define PLAYER_SEASON_KEY(name) \
	"(concat(substring(" name " from '[0-9]{4}'), ' ', " name ") collate \"C\")"

#define PLAYER_LEAST_GAMES "5"
#define PLAYER_LEAST_PEERS "10"

/* The columns of a player's row. */
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
	PLAYER_EXTERNAL_ID,
	PLAYER_PERSON		/* who is shown for him: he himself, or whom he is linked to */
};

/* The columns of his seasons and of his superseded figures; these end with the metrics. */
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
	SEASON_OF,		/* which of his source's players: an external id */
	SEASON_SUPERSEDED_BY,	/* a file's name; of superseded figures only */
	SEASON_FIRST_METRIC,
	SEASON_PLAYER = SEASON_FIRST_METRIC + SEARCH_METRIC_COUNT,
	SEASON_MIN_GAMES,	/* hundredths, as figures are; null where nobody's games are known */
	SEASON_PEERS,		/* rows with so many */
	SEASON_FIRST_PERCENTILE
};

/* The columns of the identities that a person has: one of each source's player. */
enum player_identity_column {
	IDENTITY_ID,
	IDENTITY_FULL_NAME,
	IDENTITY_BIRTH_DATE,
	IDENTITY_SOURCE,
	IDENTITY_EXTERNAL_ID,
	IDENTITY_LINKED_AT,	/* null, as the rest, of who is not linked */
	IDENTITY_LINKED_BY,
	IDENTITY_REASON
};

/* $1: an integer[] of players. Of a person all his columns are what is shown of him; all other
 * statements want persons. Who has no seasons, as his files were undone, is not there. */
extern const char player_rows_sql[];
extern const char player_identities_sql[];

/* $1: an integer[] of players. All their seasons, with the competition first that was played
 * in last, its latest season first, the team with most games first. */
extern const char player_seasons_sql[];

/* The same without percentiles, which are null. */
extern const char player_plain_seasons_sql[];

/* Of each player one row: his latest season, or that of the season named $2; of several rows
 * (two teams, two competitions) the one with most games. */
extern const char player_latest_sql[];
extern const char player_named_season_sql[];

/* $1: an integer[] of players. What was superseded. */
extern const char player_history_sql[];

/* How many rows there are of player_seasons_sql or of player_history_sql, those beyond
 * PLAYER_MAX_ROWS included. */
int64_t player_rows_known(const PGresult *rows);

#endif
