/* search_page.c: the pieces that a search's statement is made of, whatever its route.
 *
 * Fails only as sql.c does: with the statement as a whole. */
#include "daemons/web/search_page.h"

#include <stdio.h>
#include <string.h>

#include "daemons/web/player_sql.h"
#include "daemons/web/search_where.h"

void page_put(struct page *page, const char *text)
{
	sql_put(page->sql, text);
}

void page_number(struct page *page, long long number)
{
	char digits[32];

	snprintf(digits, sizeof digits, "%lld", number);
	page_put(page, digits);
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

void page_row_filters(struct page *page)
{
	put_filters(page, OF_SEASON_ROW, &page->row_from, &page->row_to);
}

void page_player_filters(struct page *page)
{
	put_filters(page, OF_PLAYER_ROW, &page->player_from, &page->player_to);
}

/* The order. */

bool page_is_metric(enum search_key key)
{
	return (size_t)key >= SEARCH_FIRST_METRIC;
}

bool page_is_natural(const struct search_query *query)
{
	return query->sort == SEARCH_BY_NAME || (query->descending && query->sort != SEARCH_BY_AGE);
}

void page_years(struct page *page, const char *born)
{
	page_put(page, "case when ");
	page_put(page, born);
	page_put(page, " = '-infinity' or ");
	page_put(page, born);
	page_put(page, " > ");
	search_where_date(page->sql, page->query->age_on);
	page_put(page, " then -1 else extract(year from age(");
	search_where_date(page->sql, page->query->age_on);
	page_put(page, "::timestamp, ");
	page_put(page, born);
	page_put(page, "::timestamp))::integer end");
}

void page_key_of_player(struct page *page)
{
	enum search_key sort = page->query->sort;

	if (sort == SEARCH_BY_NAME)
		page_put(page, "0");
	else if (sort == SEARCH_BY_AGE)
		page_years(page, "b.born_on");
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
			page_put(page, " and false");
			continue;
		}
		sql_number(page->sql, value->number);
		known |= 1U << (metric_of(row) - SEARCH_FIRST_METRIC);
	}
	page_put(page, " and b.gaps & ");
	page_number(page, known);
	page_put(page, " = 0");
}

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

bool page_is_one_threshold(const struct search_query *query)
{
	enum search_param param = SEARCH_PARAM_COUNT;

	return count_of_season(query, &param) == 1 &&
	    (search_params[param].type == SEARCH_IS_FLOOR ||
		search_params[param].type == SEARCH_IS_CEILING);
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

void page_exact(struct page *page)
{
	if (page->exact_to > 0) {
		sql_repeat(page->sql, page->exact_from, page->exact_to);
		return;
	}
	page->exact_from = page->sql->length;
	page_put(page, "true");
	if (page_is_metric(page->query->sort) ? !is_of_sorted_figure(page->query) :
						!page_is_one_threshold(page->query))
		put_all_eligible(page);
	page->exact_to = page->sql->length;
}

void page_key_of_rows(struct page *page)
{
	enum search_key sort = page->query->sort;

	if (sort == SEARCH_BY_NAME)
		page_put(page, "0");
	else if (sort == SEARCH_BY_AGE)
		page_years(page, "max(l.born_on)");
	else {
		page_put(page, "max(l.");
		page_put(page, search_keys[sort].key);
		page_put(page, ")");
	}
}

void page_order(struct page *page, const char *table, bool all_known)
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
	page_put(page, text);
}

long long page_end(const struct search_query *query)
{
	return (long long)query->page * query->per_page;
}

long long page_offset(const struct search_query *query)
{
	return page_end(query) - query->per_page;
}

void page_limit(struct page *page)
{
	page_put(page, " limit ");
	page_number(page, page->query->per_page);
	page_put(page, " offset ");
	page_number(page, page_offset(page->query));
}

/* Players in the order of player_best's indexes. */

/* Up to the last day of birth that can be among the first count ones, whole years of age kept
 * together. */
static void put_born_bound(struct page *page, long long count)
{
	bool oldest_first = page->query->descending;

	page_put(page, oldest_first ? " and b.born_on <= coalesce((select (" :
				 " and b.born_on > coalesce((select (");
	search_where_date(page->sql, page->query->age_on);
	page_put(page, " - make_interval(years => ");
	page_years(page, "last.born_on");
	page_put(page, oldest_first ? "))::date" : " + 1))::date");
	page_put(page, " from (select b.born_on from player_best b where b.born_on > '-infinity'"
	    " and b.born_on <= ");
	search_where_date(page->sql, page->query->age_on);
	page_player_filters(page);
	page_put(page, oldest_first ? " order by b.born_on" : " order by b.born_on desc");
	page_put(page, " limit 1 offset ");
	page_number(page, count - 1);
	page_put(page, oldest_first ? ") last), 'infinity')" : ") last), '-infinity')");
}

void page_known(struct page *page, long long count)
{
	enum search_key sort = page->query->sort;

	if (page_is_natural(page->query))
		return;
	if (sort != SEARCH_BY_AGE) {
		sql_put_all(page->sql, " and b.", search_keys[sort].key, " >= 0", NULL);
		return;
	}
	page_put(page, " and b.born_on > '-infinity' and b.born_on <= ");
	search_where_date(page->sql, page->query->age_on);
	put_born_bound(page, count);
}

void page_in_order(struct page *page, long long count, const char *gate)
{
	page_put(page, "select r.* from (select b.player_id, b.name_folded, ");
	page_key_of_player(page);
	page_put(page, " as v");
	if (search_query_of_season(page->query)) {
		page_put(page, ", ");
		page_exact(page);
		page_put(page, " as exact");
	}
	page_put(page, " from player_best b where true");
	page_put(page, gate);
	page_player_filters(page);
	page_known(page, count);
	page_put(page, ") r");
	page_order(page, "r", true);
}

void page_candidates(struct page *page, long long count, const char *gate)
{
	page_in_order(page, count, gate);
	page_put(page, " limit ");
	page_number(page, count);
}

/* The statement's frame: what is shown, around the page's players. */

void page_only(struct page *page)
{
	static const char *const columns[] = { "season_id", "competition_id", "team_id" };

	for (size_t i = 0; i < HS_COUNT(columns); i++)
		sql_put_all(page->sql, i > 0 ? ", " : "", "case when min(l.", columns[i],
		    ") = max(l.", columns[i], ") then min(l.", columns[i], ") end as ", columns[i],
		    NULL);
}

/* Looked up for the few that are shown: joined, they would make the statement long to plan. */
static void put_only_names(struct page *page)
{
	page_put(page, ", (select s.name from source s where s.source_id = p.only_source_id),"
	    " (select s.name from season s where s.season_id = own.season_id)");
	for (size_t i = 0; i < 2; i++) {
		const char *table = i == 0 ? "competition" : "team";

		sql_put_all(page->sql, ", (select i.name from ", table, " i where i.", table,
		    "_id = own.", table, "_id), (select (select s.name from source s"
		    " where s.source_id = i.source_id) || ':' || i.external_id from ", table, " i where i.",
		    table, "_id = own.", table, "_id)", NULL);
	}
}

void page_frame(struct page *page)
{
	const char *metric = page_is_metric(page->query->sort) ? search_keys[page->query->sort].key :
							    "games";

	page_put(page, " select page.player_id, p.full_name, to_char(p.birth_date, 'YYYY-MM-DD'),"
	    " p.nationality, p.position, p.role, p.height, p.weight");
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++) {
		page_put(page, ", own.");
		page_put(page, search_keys[i].key);
	}
	put_only_names(page);
	page_put(page, ", own.seasons, behind.games, behind.season, page.counted,"
	    " (select count(distinct q.source_id) from player_link k join player q"
	    " on q.player_id = k.player_id where k.person_id = page.player_id"
	    " and q.full_name_on > '-infinity')"
	    " from page join player_shown p using (player_id) cross join lateral"
	    " (select count(distinct l.season_id) as seasons, ");
	page_only(page);
	for (size_t i = SEARCH_FIRST_METRIC; i < SEARCH_KEY_COUNT; i++) {
		page_put(page, ", max(l.");
		page_put(page, search_keys[i].key);
		page_put(page, ") as ");
		page_put(page, search_keys[i].key);
	}
	page_put(page, " from player_season_stats l where l.player_id = page.player_id");
	page_row_filters(page);
	page_put(page, ") own left join lateral (select l.games, se.name as season"
	    " from player_season_stats l join season se using (season_id)"
	    " join team t using (team_id) where l.player_id = page.player_id");
	page_row_filters(page);
	page_put(page, " order by l.");
	page_put(page, metric);
	page_put(page, " desc, l.games desc, " PLAYER_SEASON_KEY("se.name") " desc, t.name,"
	    " l.competition_id, l.team_id limit 1) behind on true");
	page_order(page, "page", false);
}

void page_found(struct page *page, const char *gate)
{
	const struct search_query *query = page->query;

	page_put(page, "grouped as materialized (select l.player_id, ");
	page_key_of_rows(page);
	page_put(page, " as v from player_season_stats l where true");
	page_put(page, gate);
	page_row_filters(page);
	page_put(page, " group by l.player_id), found as (select r.*,"
	    " (select count(*) from grouped) as counted from"
	    " (select g.player_id, b.name_folded, g.v from (select * from grouped g");
	if (query->sort != SEARCH_BY_NAME) {
		page_put(page, query->descending ? " order by g.v desc" : " order by (g.v < 0), g.v");
		page_put(page, " fetch first (");
		page_number(page, page_end(query));
		page_put(page, ") rows with ties");
	}
	/* the gate once more: nobody's name is read for nothing */
	page_put(page, ") g join (select n.player_id, n.name_folded from player_best n where true");
	page_put(page, gate);
	page_put(page, ") b using (player_id)) r");
	page_order(page, "r", false);
	page_limit(page);
	page_put(page, ")");
}
