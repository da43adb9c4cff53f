/* search_page.h: the statement of a search's page, in the making.
 *
 * Of search_sql.c and the files of its routes alone. "b" is a row of player_best, "l" one of
 * player_season_stats; "v" is what is sorted by, -1 where it is not known. */
#ifndef WEB_SEARCH_PAGE_H
#define WEB_SEARCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemons/web/search_query.h"
#include "daemons/web/sql.h"

/* The statement, and where its filters stand, for sql_repeat. */
struct page {
	const struct search_query *query;
	struct sql *sql;
	long long look_ups;		/* players whose rows are read one by one, at most */
	size_t row_from, row_to;	/* OF_SEASON_ROW */
	size_t player_from, player_to;	/* OF_PLAYER_ROW */
	size_t exact_from, exact_to;	/* page_exact */
};

/* What a search is like. */
bool page_is_metric(enum search_key key);
/* player_best's indexes give its order whole: what is not known, -1, is last by itself. */
bool page_is_natural(const struct search_query *query);
/* One threshold is all that it says of seasons: whoever reaches it does so with his best. */
bool page_is_one_threshold(const struct search_query *query);
/* How many players come before the page's end, and before its first. */
long long page_end(const struct search_query *query);
long long page_offset(const struct search_query *query);

/* Each of the rest appends to the statement. */
void page_put(struct page *page, const char *text);
/* In digits, so that the first pages without filters have no values, and are planned once. */
void page_number(struct page *page, long long number);
/* " and ..." for each filter; a second time without sending its value again. */
void page_row_filters(struct page *page);
void page_player_filters(struct page *page);
/* "true and ...": the player in b is eligible, and has his best figure (if one is sorted by) from
 * an eligible row. Of whom it is not true, his rows have to tell. */
void page_exact(struct page *page);
/* Whole years on the day asked for; -1 when not known, or not born yet. born is an expression. */
void page_years(struct page *page, const char *born);
/* v of the player in b, and of a player's eligible rows in l, grouped. */
void page_key_of_player(struct page *page);
void page_key_of_rows(struct page *page);
/* " order by ..." over table's v, name_folded and player_id; what is not known comes last both
 * ways, unless all is known. */
void page_order(struct page *page, const char *table, bool all_known);
/* " limit ... offset ...". */
void page_limit(struct page *page);

/* " and ...": the player in b is among those of whom v is known, and who can be among the first
 * count of them. Nothing where the order is natural. */
void page_known(struct page *page, long long count);
/* "select player_id, name_folded, v, exact ... order by ...", exact (page_exact) only where a filter
 * speaks of seasons. Of the first count of them, unless count is
 * 0, no one is left out. gate: " and ..." on nothing but earlier parts of the statement, or "". */
void page_in_order(struct page *page, long long count, const char *gate);
/* The first count of them. */
void page_candidates(struct page *page, long long count, const char *gate);
/* "grouped as ..., found as ...": the page, with counted, out of all eligible rows. */
void page_found(struct page *page, const char *gate);

/* Columns of l, grouped: season_id, competition_id and team_id where they are the same
 * in all rows; else null. */
void page_only(struct page *page);
/* What is shown, around "page": its player_id, name_folded, v and counted were made before. */
void page_frame(struct page *page);

/* The routes' whole statements. */
void search_walk_page(struct page *page);
void search_climb_page(struct page *page);
void search_deep_page(struct page *page);

#endif
