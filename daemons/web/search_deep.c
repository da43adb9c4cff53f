/* search_deep.c: a page far down, found by counting.
 *
 * Sorting hundreds of thousands to show the last few of them is slow, and so is passing by them all.
 * How many players have each figure is quickly counted: it tells which figures the page begins and
 * ends with, and only who has these is sorted. Of names, their first letters are the figure. Of whom
 * not every season is eligible, the rows tell: looked up where these players are few, else read. */
#include "daemons/web/search_page.h"

enum { LETTERS = 3 };

/* What is counted: from it v can be made, of age whole years. table has the player's columns. */
static void put_counted(struct page *page, const char *table)
{
	enum search_key sort = page->query->sort;

	if (sort == SEARCH_BY_NAME) {
		sql_put_all(page->sql, "left(", table, ".name_folded, ", NULL);
		page_number(page, LETTERS);
		page_put(page, ")");
	} else
		sql_put_all(page->sql, table, ".",
		    sort == SEARCH_BY_AGE ? "born_on" : search_keys[sort].key, NULL);
}

/* Whether all of it is in player_best: nobody's rows are needed. */
static bool is_all_exact(const struct search_query *query)
{
	return !search_query_of_season(query);
}

/* What is sorted by, as player_best has it; the name is there anyway. */
static const char *own_column(const struct search_query *query)
{
	return query->sort == SEARCH_BY_NAME ? NULL :
	    query->sort == SEARCH_BY_AGE     ? "born_on" :
					       search_keys[query->sort].key;
}

/* "doubtful as ..., few as ..., rest as ...": who is eligible by his rows alone, with what is
 * sorted by of these rows. */
static void put_rest(struct page *page)
{
	const char *own = own_column(page->query);
	bool of_rows = page_is_metric(page->query->sort);

	page_put(page, "doubtful as materialized (select b.player_id, b.name_folded");
	if (own != NULL)
		sql_put_all(page->sql, ", b.", own, NULL);
	page_put(page, " from player_best b where true");
	page_player_filters(page);
	page_put(page, " and not (");
	page_exact(page);
	page_put(page, ")), few as materialized (select count(*) <= ");
	page_number(page, page->look_ups);
	page_put(page, " as holds from doubtful), rest as materialized (select d.player_id,"
	    " d.name_folded");
	if (own != NULL)
		sql_put_all(page->sql, of_rows ? ", x." : ", d.", own, NULL);
	page_put(page, " from doubtful d cross join lateral (select ");
	if (of_rows)
		sql_put_all(page->sql, "max(l.", own, ") as ", own, NULL);
	else
		page_put(page, "1");
	page_put(page, " from player_season_stats l where l.player_id = d.player_id");
	page_row_filters(page);
	page_put(page, of_rows ? "" : " limit 1");
	page_put(page, ") x where (select holds from few)");
	if (of_rows)
		sql_put_all(page->sql, " and x.", own, " is not null", NULL);
	page_put(page, " union all select d.player_id, d.name_folded");
	if (own != NULL)
		sql_put_all(page->sql, of_rows ? ", g." : ", d.", own, NULL);
	page_put(page, " from doubtful d join (select l.player_id");
	if (of_rows)
		sql_put_all(page->sql, ", max(l.", own, ") as ", own, NULL);
	page_put(page, " from player_season_stats l join doubtful n using (player_id)"
	    " where not (select holds from few)");
	page_row_filters(page);
	page_put(page, " group by l.player_id) g using (player_id)), ");
}

/* " from player_best b where ...": whose figures are from there. */
static void put_exact_players(struct page *page)
{
	page_put(page, " from player_best b where true");
	page_player_filters(page);
	if (!is_all_exact(page->query)) {
		page_put(page, " and ");
		page_exact(page);
	}
}

static void put_way(struct page *page)
{
	const struct search_query *query = page->query;

	page_put(page, query->sort == SEARCH_BY_NAME ? (query->descending ? "v desc" : "v") :
		query->descending		     ? "v desc" :
						       "(v < 0), v");
}

/* "counts as ..., keyed as ..., passed as ..., hit as ...": how many players have each c; v of each
 * c; how many there are up to and with each v; which v the page has, and how many come before. */
static void put_counts(struct page *page)
{
	page_put(page, "counts as materialized (select u.c, count(*) as n from (select ");
	put_counted(page, "b");
	page_put(page, " as c");
	put_exact_players(page);
	if (!is_all_exact(page->query)) {
		page_put(page, " union all select ");
		put_counted(page, "r");
		page_put(page, " from rest r");
	}
	page_put(page, ") u group by u.c), keyed as materialized (select c, n, ");
	if (page->query->sort == SEARCH_BY_AGE)
		page_years(page, "c");
	else
		page_put(page, "c");
	page_put(page, " as v from counts), passed as (select v, sum(n) as n, sum(sum(n)) over (order by ");
	put_way(page);
	page_put(page, ") as upto from keyed group by v), hit as materialized (select v, upto - n as"
	    " before from passed where upto > ");
	page_number(page, page_offset(page->query));
	page_put(page, " and upto - n < ");
	page_number(page, page_end(page->query));
	page_put(page, "), ");
}

/* " and ...": the player in table has one of the page's v. */
static void put_is_hit(struct page *page, const char *table)
{
	enum search_key sort = page->query->sort;

	if (sort == SEARCH_BY_NAME) {
		/* up to the next letters that anybody has, not all that begin with the page's last
		 * ones: these may be a whole name, "li", which "li wei" only begins with */
		sql_put_all(page->sql, " and ", table, ".name_folded >= (select min(v) from hit) and ",
		    table, ".name_folded < coalesce((select min(v) from passed where v >"
		    " (select max(v) from hit)), (select max(name_folded) || '!' from player_best))",
		    NULL);
		return;
	}
	page_put(page, " and ");
	put_counted(page, table);
	page_put(page, sort == SEARCH_BY_AGE ?
		" = any(array(select k.c from keyed k join hit using (v)))" :
		" = any(array(select v from hit))");
}

void search_deep_page(struct page *page)
{
	bool by_age = page->query->sort == SEARCH_BY_AGE;
	const char *own = own_column(page->query);

	page_put(page, "with ");
	if (!is_all_exact(page->query))
		put_rest(page);
	put_counts(page);
	page_put(page, "page as (select r.*, (select sum(n) from counts)::bigint as counted from"
	    " (select b.player_id, b.name_folded, ");
	page_key_of_player(page);
	page_put(page, " as v");
	put_exact_players(page);
	put_is_hit(page, "b");
	if (!is_all_exact(page->query)) {
		page_put(page, " union all select r.player_id, r.name_folded, ");
		if (by_age)
			page_years(page, "r.born_on");
		else
			sql_put_all(page->sql, own != NULL ? "r." : "0", own != NULL ? own : "", NULL);
		page_put(page, " from rest r where true");
		put_is_hit(page, "r");
	}
	page_put(page, ") r");
	page_order(page, "r", false);
	page_put(page, " limit ");
	page_number(page, page->query->per_page);
	page_put(page, " offset ");
	page_number(page, page_offset(page->query));
	page_put(page, " - (select min(before) from hit)::bigint)");
	page_frame(page);
}
