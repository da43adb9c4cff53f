/* search_sql.c: from struct search_query to SQL, by routes.
 *
 * Column names come from search_params and search_keys, and values travel apart: of what a
 * visitor wrote, nothing but the number of a page stands in the text, in digits. Every route
 * finds the page's players first, as player_id, name_folded and v (what is sorted by); names,
 * figures and what is behind them are joined for these few alone. The routes:
 *
 *   best   No filter speaks of a season, so player_best has the answer, in its indexes' order.
 *   walk   Filters of the figures alone, so most players may be eligible. The first players in
 *          player_best's order are looked up; what they reach is exact when it is better than
 *          anything that those behind them could have. Else more of them are, and else "rows".
 *   climb  The same from the lowest figure up: of whom every season is eligible, the best is exact
 *          already; these say how far up the others have to be looked up.
 *   rows   Any search: the players are grouped from their eligible rows. */
#include "daemons/web/search_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/web/search_where.h"

/* A statement in the making, and where its filters stand, for sql_repeat. */
struct page {
	const struct search_query *query;
	struct sql *sql;
	size_t row_from, row_to;	/* OF_SEASON_ROW */
	size_t player_from, player_to;	/* OF_PLAYER_ROW */
	size_t exact_from, exact_to;	/* put_exact */
};

struct route {
	const char *name;
	bool (*suits)(const struct search_query *query);
	void (*page)(struct page *page);
	void (*total)(struct sql *sql, const struct search_query *query);
};

static void put(struct page *page, const char *text)
{
	sql_put(page->sql, text);
}

/* In digits, so that the first pages without filters have no values, and are planned once. */
static void put_number(struct page *page, long long number)
{
	char digits[32];

	snprintf(digits, sizeof digits, "%lld", number);
	put(page, digits);
}

/* Filters: written once, repeated afterwards, so that each value is sent once. */

static void put_filters(struct page *page, enum subject subject, size_t *from, size_t *to)
{
	if (*to > 0) {
		sql_repeat(page->sql, *from, *to);
		return;
	}
	*from = page->sql->length;
	search_where(page->sql, subject, page->query);
	*to = page->sql->length;
}

static void put_row_filters(struct page *page)
{
	put_filters(page, OF_SEASON_ROW, &page->row_from, &page->row_to);
}

static void put_player_filters(struct page *page)
{
	put_filters(page, OF_PLAYER_ROW, &page->player_from, &page->player_to);
}

/* The order. */

static bool is_metric(enum search_key key)
{
	return (size_t)key >= SEARCH_FIRST_METRIC;
}

/* player_best's indexes give this order whole: what is not known, -1, is last by itself. */
static bool is_natural(const struct search_query *query)
{
	return query->sort == SEARCH_BY_NAME || (query->descending && query->sort != SEARCH_BY_AGE);
}

/* Whole years on the day asked for; -1 when not known, or not born yet. born is an expression. */
static void put_years(struct page *page, const char *born)
{
	put(page, "case when ");
	put(page, born);
	put(page, " = '-infinity' or ");
	put(page, born);
	put(page, " > ");
	search_where_date(page->sql, page->query->age_on);
	put(page, " then -1 else extract(year from age(");
	search_where_date(page->sql, page->query->age_on);
	put(page, "::timestamp, ");
	put(page, born);
	put(page, "::timestamp))::integer end");
}

/* What is sorted by, of a player in b. */
static void put_key_of_player(struct page *page)
{
	enum search_key sort = page->query->sort;

	if (sort == SEARCH_BY_NAME)
		put(page, "0");
	else if (sort == SEARCH_BY_AGE)
		put_years(page, "b.born_on");
	else
		sql_put_all(page->sql, "b.", search_keys[sort].key, NULL);
}

static size_t metric_of(const struct search_param_row *row)
{
	size_t key = SEARCH_FIRST_METRIC;

	while (strcmp(search_keys[key].key, row->column) != 0)
		key++;
	return key;
}

/* " and ...": every season of the player in b meets the thresholds. */
static void put_all_eligible(struct page *page)
{
	unsigned known = 0;

	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		const struct search_param_row *row = &search_params[i];
		const struct search_value *value = &page->query->values[i];

		if (!value->given || !row->of_season)
			continue;
		if (row->type == SEARCH_IS_FLOOR)
			sql_put_all(page->sql, " and b.", row->column, "_min >= ", NULL);
		else if (row->type == SEARCH_IS_CEILING)
			sql_put_all(page->sql, " and b.", row->column, " <= ", NULL);
		else {
			put(page, " and false");
			continue;
		}
		sql_number(page->sql, value->number);
		known |= 1U << (metric_of(row) - SEARCH_FIRST_METRIC);
	}
	put(page, " and b.gaps & ");
	put_number(page, known);
	put(page, " = 0");
}

/* Whether the thresholds are all of the figure that is sorted by: whoever reaches them does so
 * with his best. */
static bool is_of_sorted_figure(const struct search_query *query)
{
	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		const struct search_param_row *row = &search_params[i];

		if (query->values[i].given && row->of_season &&
		    (row->type != SEARCH_IS_FLOOR || metric_of(row) != (size_t)query->sort))
			return false;
	}
	return true;
}

/* "true and ...": the best eligible figure of the player in b is the best of all of his. */
static void put_exact(struct page *page)
{
	if (page->exact_to > 0) {
		sql_repeat(page->sql, page->exact_from, page->exact_to);
		return;
	}
	page->exact_from = page->sql->length;
	put(page, "true");
	if (!is_of_sorted_figure(page->query))
		put_all_eligible(page);
	page->exact_to = page->sql->length;
}

/* The same of a player's eligible rows in l. */
static void put_key_of_rows(struct page *page)
{
	enum search_key sort = page->query->sort;

	if (sort == SEARCH_BY_NAME)
		put(page, "0");
	else if (sort == SEARCH_BY_AGE)
		put_years(page, "max(l.born_on)");
	else {
		put(page, "max(l.");
		put(page, search_keys[sort].key);
		put(page, ")");
	}
}

/* " order by ..." over table's v, name_folded and player_id; what is not known comes last both
 * ways, unless all is known. */
static void put_order(struct page *page, const char *table, bool all_known)
{
	const struct search_query *query = page->query;
	const char *way = query->descending ? " desc" : "";
	char text[200];

	if (query->sort == SEARCH_BY_NAME)
		snprintf(text, sizeof text, " order by %s.name_folded%s, %s.player_id", table, way,
		    table);
	else if (query->descending || all_known)
		snprintf(text, sizeof text, " order by %s.v%s, %s.name_folded, %s.player_id",
		    table, way, table, table);
	else
		snprintf(text, sizeof text,
		    " order by (%s.v < 0), %s.v, %s.name_folded, %s.player_id", table, table, table,
		    table);
	put(page, text);
}

static long long page_end(const struct search_query *query)
{
	return (long long)query->page * query->per_page;
}

static void put_limit(struct page *page)
{
	put(page, " limit ");
	put_number(page, page->query->per_page);
	put(page, " offset ");
	put_number(page, page_end(page->query) - page->query->per_page);
}

/* Players in the order of player_best's indexes. */

/* Up to the last day of birth that can be among the first count ones, whole years of age kept
 * together. */
static void put_born_bound(struct page *page, long long count)
{
	bool oldest_first = page->query->descending;

	put(page, oldest_first ? " and b.born_on <= coalesce((select (" :
				 " and b.born_on > coalesce((select (");
	search_where_date(page->sql, page->query->age_on);
	put(page, " - make_interval(years => ");
	put_years(page, "last.born_on");
	put(page, oldest_first ? "))::date" : " + 1))::date");
	put(page, " from (select b.born_on from player_best b where b.born_on > '-infinity'"
	    " and b.born_on <= ");
	search_where_date(page->sql, page->query->age_on);
	put_player_filters(page);
	put(page, oldest_first ? " order by b.born_on" : " order by b.born_on desc");
	put(page, " limit 1 offset ");
	put_number(page, count - 1);
	put(page, oldest_first ? ") last), 'infinity')" : ") last), '-infinity')");
}

/* The known ones only, unless the order is natural. */
static void put_known(struct page *page, long long count)
{
	enum search_key sort = page->query->sort;

	if (is_natural(page->query))
		return;
	if (sort != SEARCH_BY_AGE) {
		sql_put_all(page->sql, " and b.", search_keys[sort].key, " >= 0", NULL);
		return;
	}
	put(page, " and b.born_on > '-infinity' and b.born_on <= ");
	search_where_date(page->sql, page->query->age_on);
	put_born_bound(page, count);
}

/* "select player_id, name_folded, v ... order by ...". Of the first count of them, unless count is
 * 0, no one is left out. gate: a condition on nothing but earlier parts of the statement, or "". */
static void put_in_order(struct page *page, long long count, const char *gate)
{
	put(page, "select r.* from (select b.player_id, b.name_folded, ");
	put_key_of_player(page);
	put(page, " as v from player_best b where true");
	put(page, gate);
	put_player_filters(page);
	put_known(page, count);
	put(page, ") r");
	put_order(page, "r", true);
}

/* The first count of them. */
static void put_candidates(struct page *page, long long count, const char *gate)
{
	put_in_order(page, count, gate);
	put(page, " limit ");
	put_number(page, count);
}

/* The statement's frame: what is shown, around the page's players. */

/* Its parts before have made "page" of player_id, name_folded, v and counted. */
static void put_frame(struct page *page)
{
	const char *metric = is_metric(page->query->sort) ? search_keys[page->query->sort].key :
							    "games";

	put(page, " select page.player_id, p.full_name, to_char(p.birth_date, 'YYYY-MM-DD'),"
	    " p.nationality, p.position, p.role, p.height, p.weight");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++) {
		put(page, ", own.");
		put(page, search_keys[i].key);
	}
	put(page, ", own.seasons, behind.games, behind.season, behind.team, its.name, page.counted"
	    " from page join player p using (player_id) cross join lateral"
	    " (select count(distinct l.season_id) as seasons, count(*) as rows");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++) {
		put(page, ", max(l.");
		put(page, search_keys[i].key);
		put(page, ") as ");
		put(page, search_keys[i].key);
	}
	put(page, " from player_season_stats l where l.player_id = page.player_id");
	put_row_filters(page);
	put(page, ") own left join lateral (select l.games, se.name as season, t.name as team,"
	    " l.competition_id from player_season_stats l join season se using (season_id)"
	    " join team t using (team_id) where l.player_id = page.player_id");
	put_row_filters(page);
	put(page, " order by l.");
	put(page, metric);
	put(page, " desc, l.games desc, se.name desc, t.name, l.competition_id, l.team_id limit 1)"
	    " behind on true left join competition its"
	    " on own.rows = 1 and its.competition_id = behind.competition_id");
	put_order(page, "page", false);
}

/* Route "best". */

static bool best_suits(const struct search_query *query)
{
	return !search_query_of_season(query);
}

static void best_page(struct page *page)
{
	long long end = page_end(page->query);

	if (is_natural(page->query)) {
		put(page, "with page as (select r.*, null::bigint as counted from (");
		put_in_order(page, 0, "");
	} else {
		/* those of whom it is not known come last: only a page that reaches them needs all */
		put(page, "with leader as materialized (");
		put_candidates(page, end, "");
		put(page, "), enough as materialized (select count(*) >= ");
		put_number(page, end);
		put(page, " as holds from leader), page as (select r.*, null::bigint as counted from"
		    " (select * from leader where (select holds from enough) union all select b.player_id,"
		    " b.name_folded, ");
		put_key_of_player(page);
		put(page, " from player_best b where not (select holds from enough)");
		put_player_filters(page);
	}
	put(page, ") r");
	put_order(page, "r", false);
	put_limit(page);
	put(page, ")");
	put_frame(page);
}

static void put_player_count(struct sql *sql, const struct search_query *query)
{
	sql_put(sql, "select count(*) from player_best b where true");
	search_where(sql, OF_PLAYER_ROW, query);
}

static void best_total(struct sql *sql, const struct search_query *query)
{
	for (size_t i = 0; i < SEARCH_SORT; i++) {
		if (query->values[i].given) {
			put_player_count(sql, query);
			return;
		}
	}
	sql_put(sql, "select players from data_version");
}

/* Route "rows". Only those that can be on the page (all that tie with its last one included)
 * get their names. */

static bool rows_suits(const struct search_query *query)
{
	(void)query;
	return true;
}

/* "grouped as ..., found as ..."; gate as above. */
static void put_found(struct page *page, const char *gate)
{
	const struct search_query *query = page->query;

	put(page, "grouped as materialized (select l.player_id, ");
	put_key_of_rows(page);
	put(page, " as v from player_season_stats l where true");
	put(page, gate);
	put_row_filters(page);
	put(page, " group by l.player_id), found as (select r.*,"
	    " (select count(*) from grouped) as counted from"
	    " (select g.player_id, b.name_folded, g.v from (select * from grouped g");
	if (query->sort != SEARCH_BY_NAME) {
		put(page, query->descending ? " order by g.v desc" : " order by (g.v < 0), g.v");
		put(page, " fetch first (");
		put_number(page, page_end(query));
		put(page, ") rows with ties");
	}
	/* the gate once more: nobody's name is read for nothing */
	put(page, ") g join (select n.player_id, n.name_folded from player_best n where true");
	put(page, gate);
	put(page, ") b using (player_id)) r");
	put_order(page, "r", false);
	put_limit(page);
	put(page, ")");
}

static void rows_page(struct page *page)
{
	put(page, "with ");
	put_found(page, "");
	put(page, ", page as (select * from found)");
	put_frame(page);
}

/* Players are counted as bits, 64 to a group: few groups, so they stay in the cache.
 * It needs the dense ids that the importer hands out. */
static void rows_total(struct sql *sql, const struct search_query *query)
{
	sql_put(sql, "select coalesce(sum(bit_count(x.m::bit(64))), 0)::bigint from (select"
	    " bit_or(1::bigint << (l.player_id & 63)) as m from player_season_stats l where true");
	search_where(sql, OF_SEASON_ROW, query);
	sql_put(sql, " group by l.player_id >> 6) x");
}

/* Route "walk". */

enum {
	WALK_MORE = 200, WALK_FAR_TIMES = 8, WALK_FAR_MORE = 3000,
	WALK_LAST_END = 20000	/* behind it, looking players up one by one does not pay */
};

/* Competition and team have indexes, and few rows; a season has more, and still few enough to
 * find its best, but not to sort them all by name. */
static bool is_tight(const struct search_query *query)
{
	return query->values[SEARCH_COMPETITION].given || query->values[SEARCH_TEAM].given ||
	    (query->values[SEARCH_SEASON].given && is_metric(query->sort));
}

static bool walk_suits(const struct search_query *query)
{
	return !is_tight(query) && page_end(query) <= WALK_LAST_END;
}

/* How many of those in reach come before all that lie behind the last one near. A player's best
 * eligible figure is at most his best: by these the near ones are ordered. */
static void put_sure(struct page *page, const char *n)
{
	sql_put_all(page->sql, "(select count(*) from reach", n, " r", NULL);
	if (is_metric(page->query->sort))
		sql_put_all(page->sql, ", (select * from near", n,
		    " order by v, name_folded desc, player_id desc limit 1) last where r.v > last.v"
		    " or (r.v = last.v and (r.name_folded, r.player_id) <="
		    " (last.name_folded, last.player_id))", NULL);
	put(page, ")");
}

/* "nearN as ..., reachN as ..., enoughN as ...": the first count players, those of them who are
 * eligible, and whether the page is among these: holds; whole when all players were looked at, and
 * not only all of whom it is known what is sorted by. */
static void put_step(struct page *page, const char *n, long long count, const char *gate)
{
	bool bounded = is_metric(page->query->sort);
	struct sql *sql = page->sql;

	sql_put_all(sql, "near", n, " as materialized (", NULL);
	put_candidates(page, count, gate);
	sql_put_all(sql, "), reach", n, " as materialized (select c.player_id, c.name_folded, ",
	    bounded ? "x.v" : "c.v", " from near", n, " c cross join lateral (select ", NULL);
	if (bounded)
		put_key_of_rows(page);
	else
		put(page, "1");
	put(page, " as v from player_season_stats l where l.player_id = c.player_id");
	put_row_filters(page);
	sql_put_all(sql, bounded ? "" : " limit 1", ") x where x.v is not null), enough", n,
	    " as materialized (select s.whole or case when s.all_near then s.reached else s.sure end"
	    " >= ", NULL);
	put_number(page, page_end(page->query));
	put(page, " as holds, s.whole from (select n.all_near, n.all_near and ");
	put(page, is_natural(page->query) ? "true" : "false");
	sql_put_all(sql, " as whole, (select count(*) from reach", n, ") as reached, ", NULL);
	put_sure(page, n);
	sql_put_all(sql, " as sure from (select count(*) < ", NULL);
	put_number(page, count);
	sql_put_all(sql, " as all_near from near", n, ") n) s)", NULL);
}

/* " union all (...)": the page out of a step. */
static void put_part(struct page *page, const char *n, const char *gate)
{
	sql_put_all(page->sql, "(select r.*, case when e.whole then (select count(*) from reach", n,
	    ") end as counted from reach", n, " r, enough", n, " e where (select holds from enough", n,
	    ")", gate, NULL);
	put_order(page, "r", true);
	put_limit(page);
	put(page, ")");
}

static void walk_page(struct page *page)
{
	long long end = page_end(page->query);

	put(page, "with ");
	put_step(page, "1", end + end / 2 + WALK_MORE, "");
	put(page, ", ");
	put_step(page, "2", WALK_FAR_TIMES * end + WALK_FAR_MORE,
	    " and not (select holds from enough1)");
	put(page, ", ");
	put_found(page, " and not (select holds from enough1) and not (select holds from enough2)");
	put(page, ", page as (");
	put_part(page, "1", "");
	put(page, " union all ");
	put_part(page, "2", " and not (select holds from enough1)");
	put(page, " union all (select * from found))");
	put_frame(page);
}

/* Route "climb". */

enum { CLIMB_MOST_LOOKED_UP = 60000 };	/* from there on, grouping all of them is as fast */

static bool climb_suits(const struct search_query *query)
{
	return walk_suits(query) && is_metric(query->sort) && !query->descending;
}

/* " from player_best b where ...": whose figure is known and who may be eligible. */
static void put_climbers(struct page *page)
{
	put(page, " from player_best b where true");
	put_player_filters(page);
	put_known(page, page_end(page->query));
}

/* "bound as ..., near as ...": the figure that as many as are needed are not above, and all who
 * may be as low as that. */
static void put_near(struct page *page)
{
	const char *key = search_keys[page->query->sort].key;

	sql_put_all(page->sql, "bound as materialized (select b.", key, " as v", NULL);
	put_climbers(page);
	put(page, " and ");
	put_exact(page);
	sql_put_all(page->sql, " order by b.", key, " limit 1 offset ", NULL);
	put_number(page, page_end(page->query) - 1);
	sql_put_all(page->sql, "), near as materialized (select b.player_id, b.name_folded, b.",
	    key, " as v, ", NULL);
	put_exact(page);
	put(page, " as exact");
	put_climbers(page);
	put(page, " and case when ");
	put_exact(page);
	sql_put_all(page->sql, " then b.", key, " else b.", key,
	    "_min end <= coalesce((select v from bound), 32767))", NULL);
}

static void climb_page(struct page *page)
{
	put(page, "with ");
	put_near(page);
	put(page, ", few as materialized (select count(*) filter (where not exact) <= ");
	put_number(page, CLIMB_MOST_LOOKED_UP);
	put(page, " as holds from near), reach as materialized (select n.player_id, n.name_folded,"
	    " n.v from near n where n.exact and (select holds from few) union all select n.player_id,"
	    " n.name_folded, x.v from near n cross join lateral (select ");
	put_key_of_rows(page);
	put(page, " as v from player_season_stats l where l.player_id = n.player_id");
	put_row_filters(page);
	put(page, ") x where not n.exact and (select holds from few) and x.v >= 0), enough as"
	    " materialized (select (select count(*) from reach) >= ");
	put_number(page, page_end(page->query));
	put(page, " as holds), ");
	put_found(page, " and not (select holds from enough)");
	put(page, ", page as ((select r.*, null::bigint as counted from reach r"
	    " where (select holds from enough)");
	put_order(page, "r", true);
	put_limit(page);
	put(page, ") union all (select * from found))");
	put_frame(page);
}

/* Totals. */

static size_t count_of_season(const struct search_query *query, enum search_param *ret_last)
{
	size_t count = 0;

	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		if (query->values[i].given && search_params[i].of_season) {
			*ret_last = (enum search_param)i;
			count++;
		}
	}
	return count;
}

/* One threshold alone: whoever reaches it in some season does so with his best. */
static bool is_one_threshold(const struct search_query *query)
{
	enum search_param param = SEARCH_PARAM_COUNT;

	return count_of_season(query, &param) == 1 &&
	    (search_params[param].type == SEARCH_IS_FLOOR ||
		search_params[param].type == SEARCH_IS_CEILING);
}

static void walk_total(struct sql *sql, const struct search_query *query)
{
	if (is_one_threshold(query))
		put_player_count(sql, query);
	else
		rows_total(sql, query);
}

/* All of them, for exports: nothing is gained by looking at the best ones first. */

static void put_all_players(struct page *page)
{
	put(page, "select b.*, ");
	put_key_of_player(page);
	put(page, " as v from player_best b where true");
	put_player_filters(page);
}

static void put_all_found(struct page *page)
{
	put(page, "select b.name_folded, e.* from (select l.player_id, ");
	put_key_of_rows(page);
	put(page, " as v");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++)
		sql_put_all(page->sql, ", max(l.", search_keys[i].key, ") as ", search_keys[i].key,
		    NULL);
	put(page, " from player_season_stats l where true");
	put_row_filters(page);
	put(page, " group by l.player_id) e join player_best b using (player_id)");
}

void search_sql_all(const struct search_query *query, struct sql *sql)
{
	struct page page = { .query = query, .sql = sql };

	put(&page, "select r.player_id, p.full_name, to_char(p.birth_date, 'YYYY-MM-DD'),"
	    " p.nationality, p.position, p.role, p.height, p.weight");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++)
		sql_put_all(sql, ", r.", search_keys[i].key, NULL);
	put(&page, " from (");
	if (best_suits(query))
		put_all_players(&page);
	else
		put_all_found(&page);
	put(&page, ") r join player p using (player_id)");
	put_order(&page, "r", false);
}

/* The first that suits is taken. */
static const struct route routes[] = {
	{ "best", best_suits, best_page, best_total },
	{ "climb", climb_suits, climb_page, walk_total },
	{ "walk", walk_suits, walk_page, walk_total },
	{ "rows", rows_suits, rows_page, walk_total },
};

bool search_sql_new(const struct search_query *query, struct search_sql **ret,
    struct hs_error *err)
{
	struct search_sql *sql = malloc(sizeof *sql);
	const struct route *route = routes;
	struct hs_db_statement unused;
	struct page page = { .query = query };

	if (sql == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a search");
	while (!route->suits(query))
		route++;
	sql->route = route->name;
	sql->may_count = route->page != best_page;
	sql_init(&sql->page);
	sql_init(&sql->total);
	page.sql = &sql->page;
	route->page(&page);
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
