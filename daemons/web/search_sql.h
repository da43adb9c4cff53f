/* search_sql.h: a search as two statements: the page and the total.
 *
 * Run in one snapshot (one job of the pool), they agree. Which route a search takes is
 * a row of a table in search_sql.c; every route gives the same columns. */
#ifndef WEB_SEARCH_SQL_H
#define WEB_SEARCH_SQL_H

#include <stdbool.h>

#include "common/error.h"
#include "daemons/web/search_query.h"
#include "daemons/web/sql.h"

/* The page's columns. Figures are hundredths; -1, or null of a player's own, is "not known". */
enum search_column {
	SEARCH_COLUMN_ID,
	SEARCH_COLUMN_FULL_NAME,
	SEARCH_COLUMN_BIRTH_DATE,
	SEARCH_COLUMN_NATIONALITY,
	SEARCH_COLUMN_POSITION,
	SEARCH_COLUMN_ROLE,
	SEARCH_COLUMN_HEIGHT,
	SEARCH_COLUMN_WEIGHT,
	SEARCH_COLUMN_FIRST_METRIC,	/* SEARCH_METRIC_COUNT of them */
	SEARCH_COLUMN_SOURCE = SEARCH_COLUMN_FIRST_METRIC + SEARCH_METRIC_COUNT,
	/* of all eligible rows, where it is the same; else null */
	SEARCH_COLUMN_SEASON,
	SEARCH_COLUMN_COMPETITION,
	SEARCH_COLUMN_COMPETITION_ID,	/* SOURCE:EXTERNAL_ID */
	SEARCH_COLUMN_TEAM,
	SEARCH_COLUMN_TEAM_ID,		/* SOURCE:EXTERNAL_ID */
	SEARCH_COLUMN_ALL_COUNT,	/* so far of every row, those of search_sql_all too */
	/* seasons with an eligible row */
	SEARCH_COLUMN_SEASONS = SEARCH_COLUMN_ALL_COUNT,
	/* the row behind the best of the metric sorted by: its games and season */
	SEARCH_COLUMN_BEHIND_GAMES,
	SEARCH_COLUMN_BEHIND_SEASON,
	/* the total, where the page's way found it too; else null */
	SEARCH_COLUMN_COUNTED,
	SEARCH_COLUMN_SOURCES,		/* of one who is several players; else 0 */
	SEARCH_COLUMN_COUNT
};

/* Large: not for the stack. */
struct search_sql {
	const char *route;	/* its name, for the log and for tests */
	bool total_at_hand;	/* it is written down in one row: nothing is counted */
	bool page_counts;	/* a page that holds anybody always has the total, too */
	struct sql page, total;
};

/* Gives *ret. look_ups: how many players it may look up one by one, HOOPSCOUT_SEARCH_LOOK_UPS.
 * Errors: HS_TOO_LONG, HS_NO_MEMORY. */
bool search_sql_new(const struct search_query *query, long long look_ups, struct search_sql **ret,
    struct hs_error *err);

/* Every player found, in the page's order, with the first SEARCH_COLUMN_ALL_COUNT columns. sql is
 * the caller's, and initialized. */
void search_sql_all(const struct search_query *query, struct sql *sql);

/* Accepts NULL. */
void search_sql_free(struct search_sql *sql);

#endif
