/* search_walk.c: pages found by looking up, one by one, the players who can be on them.
 *
 * How many have to be is not known before, so each statement decides on its way: what a step could
 * not settle is left to the next one, and the last one groups all eligible rows. */
#include "daemons/web/search_page.h"
#include "daemons/web/search_where.h"

enum { WALK_MORE = 200, WALK_FAR_TIMES = 8, WALK_FAR_MORE = 3000 };

/* How many of those in reach come before all that lie behind the last one near. A player's best
 * eligible figure is at most his best: by these the near ones are ordered. */
static void put_sure(struct page *page, const char *n)
{
	sql_put_all(page->sql, "(select count(*) from reach", n, " r", NULL);
	if (page_is_metric(page->query->sort))
		sql_put_all(page->sql, ", (select * from near", n,
		    " order by v, name_folded desc, player_id desc limit 1) last where r.v > last.v"
		    " or (r.v = last.v and (r.name_folded, r.player_id) <="
		    " (last.name_folded, last.player_id))", NULL);
	page_put(page, ")");
}

/* "nearN as ..., reachN as ..., enoughN as ...": the first count players, those of them who are
 * eligible, and whether the page is among these: holds; whole when all players were looked at, and
 * not only all of whom it is known what is sorted by. */
static void put_step(struct page *page, const char *n, long long count, const char *gate)
{
	bool bounded = page_is_metric(page->query->sort);
	struct sql *sql = page->sql;

	sql_put_all(sql, "near", n, " as materialized (", NULL);
	page_candidates(page, count, gate);
	sql_put_all(sql, "), reach", n, " as materialized (select c.player_id, c.name_folded, c.v from near",
	    n, " c where c.exact union all select c.player_id, c.name_folded, ",
	    bounded ? "x.v" : "c.v", " from near", n, " c cross join lateral (select ", NULL);
	if (bounded)
		page_key_of_rows(page);
	else
		page_put(page, "1");
	page_put(page, " as v from player_season_stats l where l.player_id = c.player_id");
	page_row_filters(page);
	sql_put_all(sql, bounded ? "" : " limit 1", ") x where not c.exact and x.v is not null), enough", n,
	    " as materialized (select s.whole or case when s.all_near then s.reached else s.sure end"
	    " >= ", NULL);
	page_number(page, page_end(page->query));
	page_put(page, " as holds, s.whole from (select n.all_near, n.all_near and ");
	page_put(page, page_is_natural(page->query) ? "true" : "false");
	sql_put_all(sql, " as whole, (select count(*) from reach", n, ") as reached, ", NULL);
	put_sure(page, n);
	sql_put_all(sql, " as sure from (select count(*) < ", NULL);
	page_number(page, count);
	sql_put_all(sql, " as all_near from near", n, ") n) s)", NULL);
}

/* " union all (...)": the page out of a step. */
static void put_part(struct page *page, const char *n, const char *gate)
{
	sql_put_all(page->sql, "(select r.*, case when e.whole then (select count(*) from reach", n,
	    ") end as counted from reach", n, " r, enough", n, " e where (select holds from enough", n,
	    ")", gate, NULL);
	page_order(page, "r", true);
	page_limit(page);
	page_put(page, ")");
}

void search_walk_page(struct page *page)
{
	long long end = page_end(page->query);

	page_put(page, "with ");
	put_step(page, "1", end + end / 2 + WALK_MORE, "");
	page_put(page, ", ");
	put_step(page, "2", WALK_FAR_TIMES * end + WALK_FAR_MORE,
	    " and not (select holds from enough1)");
	page_put(page, ", ");
	page_found(page, " and not (select holds from enough1) and not (select holds from enough2)");
	page_put(page, ", page as (");
	put_part(page, "1", "");
	page_put(page, " union all ");
	put_part(page, "2", " and not (select holds from enough1)");
	page_put(page, " union all (select * from found))");
	page_frame(page);
}

/* Route "climb". */

/* " from player_best b where ...": whose figure is known and who may be eligible. */
static void put_climbers(struct page *page)
{
	page_put(page, " from player_best b where true");
	page_player_filters(page);
	page_known(page, page_end(page->query));
}

/* "bound as ..., near as ...": the figure that as many as are needed are not above, and all who
 * may be as low as that. */
static void put_near(struct page *page)
{
	const char *key = search_keys[page->query->sort].key;

	sql_put_all(page->sql, "bound as materialized (select b.", key, " as v", NULL);
	put_climbers(page);
	page_put(page, " and ");
	page_exact(page);
	sql_put_all(page->sql, " order by b.", key, " limit 1 offset ", NULL);
	page_number(page, page_end(page->query) - 1);
	sql_put_all(page->sql, "), near as materialized (select b.player_id, b.name_folded, b.",
	    key, " as v, ", NULL);
	page_exact(page);
	page_put(page, " as exact");
	put_climbers(page);
	/* the first condition follows from the second, and is quicker to say no */
	sql_put_all(page->sql, " and b.", key, "_min <= coalesce((select v from bound), 32767)"
	    " and case when ", NULL);
	page_exact(page);
	sql_put_all(page->sql, " then b.", key, " else b.", key,
	    "_min end <= coalesce((select v from bound), 32767))", NULL);
}

void search_climb_page(struct page *page)
{
	page_put(page, "with ");
	put_near(page);
	page_put(page, ", few as materialized (select count(*) filter (where not exact) <= ");
	page_number(page, page->look_ups);
	page_put(page, " as holds from near), low as materialized (select n.player_id, n.name_folded from"
	    " near n where not n.exact and (select holds from few) and (select true from"
	    " player_season_stats l where l.player_id = n.player_id and l.");
	page_put(page, search_keys[page->query->sort].key);
	page_put(page, " > (select v from bound)");
	page_row_filters(page);
	page_put(page, " limit 1) is null), reach as materialized (select n.player_id, n.name_folded,"
	    " n.v from near n where n.exact and (select holds from few) union all select n.player_id,"
	    " n.name_folded, x.v from low n cross join lateral (select ");
	page_key_of_rows(page);
	page_put(page, " as v from player_season_stats l where l.player_id = n.player_id");
	page_row_filters(page);
	page_put(page, ") x where x.v >= 0), enough as materialized (select (select count(*) from reach) >= ");
	page_number(page, page_end(page->query));
	page_put(page, " as holds), ");
	page_found(page, " and not (select holds from enough)");
	page_put(page, ", page as ((select r.*, null::bigint as counted from reach r"
	    " where (select holds from enough)");
	page_order(page, "r", true);
	page_limit(page);
	page_put(page, ") union all (select * from found))");
	page_frame(page);
}
