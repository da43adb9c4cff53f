/* search_sql.c: from struct search_query to SQL, by routes.
 *
 * Column names come from search_params and search_keys, values travel apart: nothing
 * that a visitor wrote stands in the text. The hot tables hold hundredths, -1 for "not
 * known" and born_on -infinity for "no birth date"; see sql/001_entities.sql.
 *
 * Of "l" (player_season_stats) a filter speaks of the row itself, so that all filters
 * meet on one player-season; of "b" (player_best) it speaks of the player. */
#include "daemons/web/search_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/web/search_where.h"

struct route {
	const char *name;
	bool (*suits)(const struct search_query *query);
	void (*page)(struct sql *sql, const struct search_query *query);
	void (*total)(struct sql *sql, const struct search_query *query);
};

/* " where true and ..."; from where to where it stands, for sql_repeat. */
static void put_where(struct sql *sql, enum subject subject, const struct search_query *query,
    size_t *ret_from, size_t *ret_to)
{
	sql_put(sql, " where true");
	*ret_from = sql->length;
	search_where(sql, subject, query);
	*ret_to = sql->length;
}

/* The order. */

static bool is_metric(enum search_key key)
{
	return (size_t)key >= SEARCH_FIRST_METRIC;
}

/* Whole years on the day asked for; -1 when not known, or not born yet. born is an expression. */
static void put_years(struct sql *sql, const char *born, const struct search_query *query)
{
	sql_put(sql, "case when ");
	sql_put(sql, born);
	sql_put(sql, " = '-infinity' or ");
	sql_put(sql, born);
	sql_put(sql, " > ");
	search_where_date(sql, query->age_on);
	sql_put(sql, " then -1 else extract(year from age(");
	search_where_date(sql, query->age_on);
	sql_put(sql, "::timestamp, ");
	sql_put(sql, born);
	sql_put(sql, "::timestamp))::integer end");
}

/* The value to sort by, of a player's group of rows in l. */
static void put_best_of_rows(struct sql *sql, const struct search_query *query)
{
	if (query->sort == SEARCH_BY_AGE) {
		put_years(sql, "max(l.born_on)", query);
		return;
	}
	sql_put(sql, "max(l.");
	sql_put(sql, search_keys[query->sort].key);
	sql_put(sql, ")");
}

/* " order by ..." over table.v, table.name_folded and table.player_id; what is not known
 * comes last both ways. */
static void put_order(struct sql *sql, const char *table, const struct search_query *query)
{
	char text[200];

	if (query->sort == SEARCH_BY_NAME)
		snprintf(text, sizeof text, " order by %s.name_folded%s, %s.player_id", table,
		    query->descending ? " desc" : "", table);
	else if (query->descending)
		snprintf(text, sizeof text, " order by %s.v desc, %s.name_folded, %s.player_id",
		    table, table, table);
	else
		snprintf(text, sizeof text,
		    " order by (%s.v < 0), %s.v, %s.name_folded, %s.player_id", table, table, table,
		    table);
	sql_put(sql, text);
}

static void put_limit(struct sql *sql, const struct search_query *query)
{
	sql_put(sql, " limit ");
	sql_number(sql, query->per_page);
	sql_put(sql, " offset ");
	sql_number(sql, (long long)(query->page - 1) * query->per_page);
}

/* The page around its players. */

static void put_player_columns(struct sql *sql)
{
	sql_put(sql, "select page.player_id, p.full_name, to_char(p.birth_date, 'YYYY-MM-DD'), "
	    "p.nationality, p.position, p.role, p.height, p.weight");
}

static void put_metric_columns(struct sql *sql, const char *table)
{
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++) {
		sql_put(sql, ", ");
		sql_put(sql, table);
		sql_put(sql, search_keys[i].key);
	}
}

/* How many rows are eligible, and which one the best of the sorted metric comes from. */
static void put_behind(struct sql *sql, const struct search_query *query, size_t from, size_t to)
{
	const char *metric = is_metric(query->sort) ? search_keys[query->sort].key : "games";

	sql_put(sql, " left join lateral (select count(*) over () as seasons, l.games,"
	    " se.name as season, t.name as team from player_season_stats l"
	    " join season se using (season_id) join team t using (team_id)"
	    " where l.player_id = page.player_id");
	sql_repeat(sql, from, to);
	sql_put(sql, " order by l.");
	sql_put(sql, metric);
	sql_put(sql, " desc, l.games desc, se.name desc, t.name, l.competition_id, l.team_id"
	    " limit 1) behind on true");
}

/* Route "best": no filter speaks of a season, so every row of a player is eligible, and
 * player_best has his maxima ready. Order and limit first, the rest is joined after. */

static bool best_suits(const struct search_query *query)
{
	return !search_query_of_season(query);
}

static void best_page(struct sql *sql, const struct search_query *query)
{
	size_t from, to;

	put_player_columns(sql);
	put_metric_columns(sql, "page.");
	sql_put(sql, ", behind.seasons, behind.games, behind.season, behind.team"
	    " from (select r.* from (select b.*, ");
	if (query->sort == SEARCH_BY_AGE) {
		put_years(sql, "b.born_on", query);
	} else if (query->sort == SEARCH_BY_NAME) {
		sql_put(sql, "0");
	} else {
		sql_put(sql, "b.");
		sql_put(sql, search_keys[query->sort].key);
	}
	sql_put(sql, " as v from player_best b");
	put_where(sql, OF_PLAYER_ROW, query, &from, &to);
	sql_put(sql, ") r");
	put_order(sql, "r", query);
	put_limit(sql, query);
	sql_put(sql, ") page join player p using (player_id)");
	put_behind(sql, query, 0, 0);
	put_order(sql, "page", query);
}

static void best_total(struct sql *sql, const struct search_query *query)
{
	size_t from, to;

	sql_put(sql, "select count(*) from player_best b");
	put_where(sql, OF_PLAYER_ROW, query, &from, &to);
}

/* Route "rows": any search. The players are grouped from their eligible rows; only those
 * that can be on the page (all that tie with its last one included) get their names, and
 * only those on the page their figures. */

static bool rows_suits(const struct search_query *query)
{
	(void)query;
	return true;
}

/* The players up to the page's end, as player_id and v. */
static void put_leaders(struct sql *sql, const struct search_query *query, size_t *ret_from,
    size_t *ret_to)
{
	sql_put(sql, "(select g.* from (select l.player_id, ");
	if (query->sort == SEARCH_BY_NAME)
		sql_put(sql, "0");
	else
		put_best_of_rows(sql, query);
	sql_put(sql, " as v from player_season_stats l");
	put_where(sql, OF_SEASON_ROW, query, ret_from, ret_to);
	sql_put(sql, " group by l.player_id) g");
	if (query->sort != SEARCH_BY_NAME) {
		sql_put(sql, query->descending ? " order by g.v desc" : " order by (g.v < 0), g.v");
		sql_put(sql, " fetch first (");
		sql_number(sql, (long long)query->page * query->per_page);
		sql_put(sql, ") rows with ties");
	}
	sql_put(sql, ")");
}

static void rows_page(struct sql *sql, const struct search_query *query)
{
	size_t from, to;

	put_player_columns(sql);
	put_metric_columns(sql, "best.");
	sql_put(sql, ", behind.seasons, behind.games, behind.season, behind.team"
	    " from (select r.* from (select e.player_id, e.v, b.name_folded from ");
	put_leaders(sql, query, &from, &to);
	sql_put(sql, " e join player_best b using (player_id)) r");
	put_order(sql, "r", query);
	put_limit(sql, query);
	sql_put(sql, ") page join player p using (player_id) cross join lateral (select true");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++) {
		sql_put(sql, ", max(l.");
		sql_put(sql, search_keys[i].key);
		sql_put(sql, ") as ");
		sql_put(sql, search_keys[i].key);
	}
	sql_put(sql, " from player_season_stats l where l.player_id = page.player_id");
	sql_repeat(sql, from, to);
	sql_put(sql, ") best");
	put_behind(sql, query, from, to);
	put_order(sql, "page", query);
}

/* Players are counted as bits, 64 to a group: few groups, so they stay in the cache.
 * It needs the dense ids that the importer hands out. */
static void rows_total(struct sql *sql, const struct search_query *query)
{
	size_t from, to;

	sql_put(sql, "select coalesce(sum(bit_count(x.m::bit(64))), 0)::bigint from (select"
	    " bit_or(1::bigint << (l.player_id & 63)) as m from player_season_stats l");
	put_where(sql, OF_SEASON_ROW, query, &from, &to);
	sql_put(sql, " group by l.player_id >> 6) x");
}

/* The first that suits is taken. */
static const struct route routes[] = {
	{ "best", best_suits, best_page, best_total },
	{ "rows", rows_suits, rows_page, rows_total },
};

bool search_sql_new(const struct search_query *query, struct search_sql **ret,
    struct hs_error *err)
{
	struct search_sql *sql = malloc(sizeof *sql);
	const struct route *route = routes;
	struct hs_db_statement unused;

	if (sql == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a search");
	while (!route->suits(query))
		route++;
	sql->route = route->name;
	sql_init(&sql->page);
	sql_init(&sql->total);
	route->page(&sql->page, query);
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
