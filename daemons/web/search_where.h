/* search_where.h: the filters of a search as SQL conditions.
 *
 * The hot tables hold hundredths, -1 for "not known" and born_on -infinity for "no birth
 * date"; see sql/001_entities.sql. */
#ifndef WEB_SEARCH_WHERE_H
#define WEB_SEARCH_WHERE_H

#include "common/date.h"
#include "daemons/web/search_query.h"
#include "daemons/web/sql.h"

/* Whom the conditions are about. */
enum subject {
	/* "l", a row of player_season_stats: all filters meet on this one player-season */
	OF_SEASON_ROW,
	/* "b", a row of player_best: those that speak of the player, and of each threshold that he
	 * reaches it in some season; whether he has one that meets all is for his rows to say */
	OF_PLAYER_ROW
};

/* Appends " and ..." for each filter given. */
void search_where(struct sql *sql, enum subject subject, const struct search_query *query);

/* Appends "$n::date". */
void search_where_date(struct sql *sql, struct hs_date date);

#endif
