/* search_sql.c: from struct search_query to SQL, by routes.
 *
 * Column names come from search_params and search_keys, and values travel apart: of what a
 * visitor wrote, nothing but the number of a page stands in the text, in digits. Every route
 * finds the page's players first, as player_id, name_folded and v (what is sorted by); names,
 * figures and what is behind them are joined for these few alone. The routes:
 *
 *   best   No filter speaks of a season, so player_best has the answer, in its indexes' order.
 *   walk   Filters of the figures alone, so most players may be eligible. The first players in
 *          player_best's order are looked up, but for those of whom every season is eligible; what
 *          they reach is exact when it is better than anything that those behind them could have.
 *          Else more of them are, and else "rows".
 *   climb  The same from the lowest figure up: of whom every season is eligible, the best is exact
 *          already; these say how far up the others have to be looked up.
 *   deep   A page far down: how many players have which figure tells which of them are on it.
 *   rows   Any search: the players are grouped from their eligible rows. */
#include "daemons/web/search_sql.h"

#include <stdlib.h>

#include "daemons/web/search_page.h"
#include "daemons/web/search_where.h"

struct route {
	const char *name;
	bool counts;	/* its page, if not past the end, always has the total */
	bool (*suits)(const struct search_query *query, long long look_ups);
	void (*page)(struct page *page);
	void (*total)(struct sql *sql, const struct search_query *query);
};

/* Route "best". */

static bool best_suits(const struct search_query *query, long long look_ups)
{
	(void)look_ups;
	return !search_query_of_season(query);
}

static void best_page(struct page *page)
{
	long long end = page_end(page->query);

	if (page_is_natural(page->query)) {
		page_put(page, "with page as (select r.*, null::bigint as counted from (");
		page_in_order(page, 0, "");
	} else {
		/* those of whom it is not known come last: only a page that reaches them needs all */
		page_put(page, "with leader as materialized (");
		page_candidates(page, end, "");
		page_put(page, "), enough as materialized (select count(*) >= ");
		page_number(page, end);
		page_put(page, " as holds from leader), page as (select r.*, null::bigint as counted from"
		    " (select * from leader where (select holds from enough) union all select b.player_id,"
		    " b.name_folded, ");
		page_key_of_player(page);
		page_put(page, " from player_best b where not (select holds from enough)");
		page_player_filters(page);
	}
	page_put(page, ") r");
	page_order(page, "r", false);
	page_limit(page);
	page_put(page, ")");
	page_frame(page);
}

static void put_player_count(struct sql *sql, const struct search_query *query)
{
	sql_put(sql, "select count(*) from player_best b where true");
	search_where(sql, OF_PLAYER_ROW, query);
}

static bool is_filtered(const struct search_query *query)
{
	for (size_t i = 0; i < SEARCH_SORT; i++) {
		if (query->values[i].given)
			return true;
	}
	return false;
}

static void best_total(struct sql *sql, const struct search_query *query)
{
	if (is_filtered(query))
		put_player_count(sql, query);
	else
		sql_put(sql, "select players from data_version");
}

/* Route "rows". Only those that can be on the page (all that tie with its last one included)
 * get their names. */

static bool rows_suits(const struct search_query *query, long long look_ups)
{
	(void)query;
	(void)look_ups;
	return true;
}

static void rows_page(struct page *page)
{
	page_put(page, "with ");
	page_found(page, "");
	page_put(page, ", page as (select * from found)");
	page_frame(page);
}

/* Players are counted as bits, 64 to a group: few groups, so they stay in the cache.
 * It needs the dense ids that the importer hands out. "offset 0" keeps the planner from looking
 * through to player_id, from which it would expect, and make room for, sixty times as many. */
static void rows_total(struct sql *sql, const struct search_query *query)
{
	sql_put(sql, "select coalesce(sum(bit_count(x.m::bit(64))), 0)::bigint from"
	    " (select bit_or(r.m) as m from (select 1::bigint << (l.player_id & 63) as m,"
	    " l.player_id >> 6 as block from player_season_stats l where true");
	search_where(sql, OF_SEASON_ROW, query);
	sql_put(sql, " offset 0) r group by r.block) x");
}

/* Routes "deep", "climb" and "walk": search_deep.c, search_walk.c. */

/* From there on a page is found by counting, not by way of all that come before it. */
static bool is_deep(const struct search_query *query, long long look_ups)
{
	/* player_best's indexes lead past all those, too, whom a filter leaves out */
	bool far = !search_query_of_season(query) && is_filtered(query);

	return page_end(query) > look_ups / (far ? 60 : 6);
}

static bool deep_suits(const struct search_query *query, long long look_ups)
{
	if (!is_deep(query, look_ups))
		return false;
	if (!search_query_of_season(query))
		return is_filtered(query) || !page_is_natural(query);
	return !query->values[SEARCH_COMPETITION].given && !query->values[SEARCH_TEAM].given &&
	    !query->values[SEARCH_SEASON].given;
}

/* Competition and team have indexes, and few rows; a season has more, and still few enough to
 * find its best, but not to sort them all by name. */
static bool is_tight(const struct search_query *query)
{
	return query->values[SEARCH_COMPETITION].given || query->values[SEARCH_TEAM].given ||
	    (query->values[SEARCH_SEASON].given && page_is_metric(query->sort));
}

static bool walk_suits(const struct search_query *query, long long look_ups)
{
	return !is_tight(query) && !is_deep(query, look_ups);
}

static bool climb_suits(const struct search_query *query, long long look_ups)
{
	return walk_suits(query, look_ups) && page_is_metric(query->sort) && !query->descending;
}

/* Totals. */

static void walk_total(struct sql *sql, const struct search_query *query)
{
	if (page_is_one_threshold(query))
		put_player_count(sql, query);
	else
		rows_total(sql, query);
}

static void deep_total(struct sql *sql, const struct search_query *query)
{
	if (search_query_of_season(query))
		walk_total(sql, query);
	else
		best_total(sql, query);
}

/* All of them, for exports: nothing is gained by looking at the best ones first. */

/* Where a player's rows are from stands in their key, so they are not read. Of few players each is
 * looked up ("offset 0" keeps the planner, which expects more of them, from reading all). */
static void put_few_players(struct page *page)
{
	page_put(page, "with r as materialized (select b.*, ");
	page_key_of_player(page);
	page_put(page, " as v, own.* from player_best b cross join lateral (select ");
	page_only(page);
	page_put(page, " from player_season_stats l where l.player_id = b.player_id) own where true");
	page_player_filters(page);
	page_put(page, ")");
}

static void put_all_players(struct page *page)
{
	page_put(page, "with r as (select b.*, ");
	page_key_of_player(page);
	page_put(page, " as v, own.season_id, own.competition_id, own.team_id from player_best b"
	    " join (select l.player_id, ");
	page_only(page);
	page_put(page, " from player_season_stats l group by l.player_id) own using (player_id))");
}

static void put_all_found(struct page *page)
{
	page_put(page, "with r as (select b.name_folded, e.* from (select l.player_id, ");
	page_key_of_rows(page);
	page_put(page, " as v");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++)
		sql_put_all(page->sql, ", max(l.", search_keys[i].key, ") as ", search_keys[i].key,
		    NULL);
	page_put(page, ", ");
	page_only(page);
	page_put(page, " from player_season_stats l where true");
	page_row_filters(page);
	page_put(page, " group by l.player_id) e join player_best b using (player_id))");
}

/* Of a person in several sources there is no s. */
#define IDENTITY(t) \
	"coalesce(s.name, (select x.name from source x where x.source_id = " t ".source_id))" \
	" || ':' || " t ".external_id"

void search_sql_all(const struct search_query *query, struct sql *sql)
{
	struct page page = { .query = query, .sql = sql };
	bool few = !search_query_of_season(query) && is_filtered(query);

	if (search_query_of_season(query))
		put_all_found(&page);
	else if (few)
		put_few_players(&page);
	else
		put_all_players(&page);
	page_put(&page, " select r.player_id, p.full_name, to_char(p.birth_date, 'YYYY-MM-DD'),"
	    " p.nationality, p.position, p.role, p.height, p.weight");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++)
		sql_put_all(sql, ", r.", search_keys[i].key, NULL);
	page_put(&page, ", s.name, se.name, c.name, " IDENTITY("c") ", t.name, " IDENTITY("t") " from r");
	page_put(&page, few ? " cross join lateral (select * from player_shown h"
	    " where h.player_id = r.player_id offset 0) p" : " join player_shown p using (player_id)");
	page_put(&page, " left join source s on s.source_id = p.only_source_id"
	    " left join season se on se.season_id = r.season_id"
	    " left join competition c on c.competition_id = r.competition_id"
	    " left join team t on t.team_id = r.team_id");
	page_order(&page, "r", false);
}

/* The first that suits is taken. */
static const struct route routes[] = {
	{ "deep", true, deep_suits, search_deep_page, deep_total },
	{ "best", false, best_suits, best_page, best_total },
	{ "climb", false, climb_suits, search_climb_page, walk_total },
	{ "walk", false, walk_suits, search_walk_page, walk_total },
	{ "rows", true, rows_suits, rows_page, walk_total },
};

bool search_sql_new(const struct search_query *query, long long look_ups, struct search_sql **ret,
    struct hs_error *err)
{
	struct search_sql *sql = malloc(sizeof *sql);
	const struct route *route = routes;
	struct hs_db_statement unused;
	struct page page = { .query = query, .look_ups = look_ups };

	if (sql == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a search");
	while (!route->suits(query, look_ups))
		route++;
	sql->route = route->name;
	sql->page_counts = route->counts;
	sql_init(&sql->page);
	sql_init(&sql->total);
	page.sql = &sql->page;
	route->page(&page);
	sql->total_at_hand = !is_filtered(query);
	route->total(&sql->total, query);
	if (!sql_finish(&sql->page, &unused, err) || !sql_finish(&sql->total, &unused, err)) {
		search_sql_free(sql);
		return false;
	}
	*ret = sql;
	return true;
}

void search_sql_free(struct search_sql *sql)
{
	if (sql == NULL)
		return;
	sql_done(&sql->page);
	sql_done(&sql->total);
	free(sql);
}
