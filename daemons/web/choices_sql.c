/* choices_sql.c: players grouped by what may be chosen, each player once in each group.
 *
 * A nationality, position or role is the player's: where no filter speaks of a season,
 * player_best has one row for each. Else players are counted as bits, as search_sql.c does.
 * Fails only as sql.c does. */
#include "daemons/web/choices_sql.h"

#include "daemons/web/search_where.h"

static void put_ids(struct sql *sql, const char *table, const char *column, const int32_t *ids,
    size_t count)
{
	if (count == 0)
		return;
	sql_put_all(sql, " and ", table, ".", column, "_id = any(", NULL);
	sql_numbers(sql, ids, count);
	sql_put(sql, ")");
}

void choices_sql(struct sql *sql, const struct search_query *query, enum search_param param,
    const int32_t *ids, size_t id_count)
{
	const char *column = search_params[param].column;
	struct search_query others = *query;	/* borrows the lists */

	others.values[param].given = false;
	if (!search_params[param].of_season && !search_query_of_season(&others)) {
		sql_put_all(sql, "select b.", column, "_id, count(*) from player_best b where true",
		    NULL);
		search_where(sql, OF_PLAYER_ROW, &others);
		put_ids(sql, "b", column, ids, id_count);
		sql_put_all(sql, " group by b.", column, "_id", NULL);
		return;
	}
	if (param == SEARCH_TEAM || param == SEARCH_COMPETITION) {
		/* players are scattered over them: a group of 64 would hold one or two */
		sql_put_all(sql, "select l.", column, "_id, count(distinct l.player_id)"
		    " from player_season_stats l where true", NULL);
		search_where(sql, OF_SEASON_ROW, &others);
		put_ids(sql, "l", column, ids, id_count);
		sql_put_all(sql, " group by l.", column, "_id", NULL);
		return;
	}
	sql_put_all(sql, "select x.id, sum(bit_count(x.m::bit(64)))::bigint from (select l.", column,
	    "_id as id, bit_or(1::bigint << (l.player_id & 63)) as m"
	    " from player_season_stats l where true", NULL);
	search_where(sql, OF_SEASON_ROW, &others);
	put_ids(sql, "l", column, ids, id_count);
	sql_put_all(sql, " group by l.", column, "_id, l.player_id >> 6) x group by x.id", NULL);
}
