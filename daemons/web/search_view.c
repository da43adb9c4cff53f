/* search_view.c: turns rows into what templates and programs read.
 *
 * Trusts the columns of search_sql.h. All text is finished here: templates only place it,
 * and escape it. Fails only for want of memory. */
#include "daemons/web/search_view.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/country.h"
#include "common/date.h"
#include "common/db.h"
#include "daemons/web/figures.h"
#include "daemons/web/search_chips.h"
#include "daemons/web/search_sql.h"
#include "daemons/web/values.h"

static json_t *address_of_page(const struct search_query *query, int64_t page)
{
	struct search_query other = *query;	/* borrows the lists */

	other.page = page < 1 ? 1 : page > SEARCH_MAX_PAGE ? SEARCH_MAX_PAGE : (int)page;
	return search_address(&other);
}

/* Heads of columns, which sort. */

/* The first click shows the best first; a further one turns the order round. */
static bool next_is_descending(const struct search_query *query, enum search_key key)
{
	if (query->sort == key)
		return !query->descending;
	return key != SEARCH_BY_NAME && key != SEARCH_BY_AGE;
}

static json_t *head_new(const struct search_query *query, enum search_key key)
{
	const struct search_key_row *row = &search_keys[key];
	struct search_query sorted = *query;	/* borrows the lists */
	json_t *head = json_object();
	bool current = query->sort == key;

	sorted.sort = key;
	sorted.descending = next_is_descending(query, key);
	sorted.page = 1;
	return view_or_nothing(head, view_put(head, "key", json_string(row->key)) &&
	    view_put(head, "head", json_string(row->head)) &&
	    view_put(head, "title", json_string(row->title)) && view_put(head, "url", search_address(&sorted)) &&
	    view_put(head, "is_name", json_boolean(key == SEARCH_BY_NAME)) &&
	    view_put(head, "best", json_boolean((size_t)key >= SEARCH_FIRST_METRIC)) &&
	    view_put(head, "sorted", !current ? json_null() :
		json_string(query->descending ? "descending" : "ascending")) &&
	    view_put(head, "arrow", json_string(!current ? "" : query->descending ? "↓" : "↑")));
}

static json_t *heads_new(const struct search_query *query)
{
	json_t *heads = json_array();
	bool done = heads != NULL;

	for (size_t i = 0; done && i < SEARCH_KEY_COUNT; i++)
		done = json_array_append_new(heads, head_new(query, (enum search_key)i)) == 0;
	return view_or_nothing(heads, done);
}

/* Rows. */

/* Age on the day asked for; -1 when not known, or not born yet. */
static int64_t age_of(const struct search_query *query, const char *birth_date)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct hs_date born;

	if (birth_date == NULL || !hs_date_parse(birth_date, strlen(birth_date), &born, &ignored) ||
	    hs_date_compare(born, query->age_on) > 0)
		return FIGURE_UNKNOWN;
	return (int64_t)hs_date_age(born, query->age_on) * 100;
}

/* A row's figure under a key, in hundredths. */
static int64_t figure_under(const struct search_query *query, const PGresult *page, int row,
    enum search_key key)
{
	switch (key) {
	case SEARCH_BY_AGE:
		return age_of(query, hs_db_text(page, row, SEARCH_COLUMN_BIRTH_DATE));
	case SEARCH_BY_HEIGHT:
		return figure_of(page, row, SEARCH_COLUMN_HEIGHT);
	case SEARCH_BY_WEIGHT:
		return figure_of(page, row, SEARCH_COLUMN_WEIGHT);
	default:
		return figure_of(page, row,
		    SEARCH_COLUMN_FIRST_METRIC + (int)key - SEARCH_FIRST_METRIC);
	}
}

/* "78 games, 2003": what stands behind the best that is sorted by. */
static json_t *behind_text(const PGresult *page, int row, enum search_key key)
{
	int64_t games = figure_of(page, row, SEARCH_COLUMN_BEHIND_GAMES);
	const char *season = hs_db_text(page, row, SEARCH_COLUMN_BEHIND_SEASON);
	char text[FIGURE_BYTES];

	if (season == NULL)
		return json_null();
	if (games < 0 || key == SEARCH_BY_GAMES)
		return json_string(season);
	return json_sprintf("%s GP, %s", figure_text(games, true, text), season);
}

static json_t *cell_new(const struct search_query *query, const PGresult *page, int row,
    enum search_key key)
{
	int64_t figure = figure_under(query, page, row, key);
	bool sorted = query->sort == key;
	char text[FIGURE_BYTES];
	json_t *cell = json_object();

	return view_or_nothing(cell, view_put(cell, "text",
	    json_string(figure_text(figure, search_keys[key].whole, text))) &&
	    view_put(cell, "key", json_string(search_keys[key].key)) &&
	    view_put(cell, "unknown", json_boolean(figure < 0)) &&
	    view_put(cell, "sorted", json_boolean(sorted)) &&
	    view_put(cell, "behind", sorted && figure >= 0 && (size_t)key >= SEARCH_FIRST_METRIC ?
		behind_text(page, row, key) : json_null()));
}

static json_t *about_text(const PGresult *page, int row, int column)
{
	const char *text = hs_db_text(page, row, column);

	return json_string(column == SEARCH_COLUMN_NATIONALITY ? hs_country_shown(text) : text);
}

/* "3 seasons"; of one row alone "Lakers, NBA, 2006". */
static json_t *eligible_text(const PGresult *page, int row)
{
	int64_t seasons = figure_of(page, row, SEARCH_COLUMN_SEASONS);

	/* the same in all rows: there is only one */
	if (!PQgetisnull(page, row, SEARCH_COLUMN_TEAM) &&
	    !PQgetisnull(page, row, SEARCH_COLUMN_COMPETITION) &&
	    !PQgetisnull(page, row, SEARCH_COLUMN_SEASON))
		return json_sprintf("%s, %s, %s", PQgetvalue(page, row, SEARCH_COLUMN_TEAM),
		    PQgetvalue(page, row, SEARCH_COLUMN_COMPETITION),
		    PQgetvalue(page, row, SEARCH_COLUMN_SEASON));
	return json_sprintf("%lld season%s", (long long)seasons, seasons == 1 ? "" : "s");
}

/* "C, Serbia, 3 seasons" */
static json_t *about_new(const PGresult *page, int row)
{
	static const int columns[] = {
		SEARCH_COLUMN_POSITION, SEARCH_COLUMN_ROLE, SEARCH_COLUMN_NATIONALITY,
	};
	json_t *about = json_array();
	bool done = about != NULL;

	for (size_t i = 0; done && i < HS_COUNT(columns); i++) {
		if (!PQgetisnull(page, row, columns[i]))
			done = json_array_append_new(about, about_text(page, row, columns[i])) == 0;
	}
	if (done && figure_of(page, row, SEARCH_COLUMN_SEASONS) > 0)
		done = json_array_append_new(about, eligible_text(page, row)) == 0;
	if (done && figure_of(page, row, SEARCH_COLUMN_SOURCES) > 1)
		done = json_array_append_new(about, json_sprintf("%d sources",
		    (int)figure_of(page, row, SEARCH_COLUMN_SOURCES))) == 0;
	return view_or_nothing(about, done);
}

static json_t *row_new(const struct search_query *query, const PGresult *page, int row)
{
	json_t *object = json_object(), *cells = json_array();
	bool done = cells != NULL;

	for (size_t i = SEARCH_BY_AGE; done && i < SEARCH_KEY_COUNT; i++)
		done = json_array_append_new(cells,
		    cell_new(query, page, row, (enum search_key)i)) == 0;
	return view_or_nothing(object, view_put(object, "cells", cells) && done &&
	    view_put(object, "url", json_sprintf("/players/%lld",
		(long long)hs_db_int(page, row, SEARCH_COLUMN_ID))) &&
	    view_put(object, "id", text_json(page, row, SEARCH_COLUMN_ID)) &&
	    view_put(object, "full_name", text_json(page, row, SEARCH_COLUMN_FULL_NAME)) &&
	    view_put(object, "source", text_json(page, row, SEARCH_COLUMN_SOURCE)) &&
	    view_put(object, "about", about_new(page, row)));
}

static json_t *rows_new(const struct search_query *query, const PGresult *page)
{
	json_t *rows = json_array();
	bool done = rows != NULL;

	for (int i = 0; done && i < PQntuples(page); i++)
		done = json_array_append_new(rows, row_new(query, page, i)) == 0;
	return view_or_nothing(rows, done);
}

/* The pager. */

static bool put_page_link(json_t *pager, const char *key, const struct search_query *query,
    int64_t page, bool is_there)
{
	return !is_there || view_put(pager, key,
	    json_pack("{s:o}", "url", address_of_page(query, page)));
}

static json_t *per_pages_new(const struct search_query *query)
{
	static const int offered[] = { 25, 50, 100 };
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(offered); i++) {
		struct search_query other = *query;	/* borrows the lists */

		other.per_page = offered[i];
		other.page = 1;
		done = json_array_append_new(list, json_pack("{s:i, s:b, s:o}", "count", offered[i],
		    "current", query->per_page == offered[i], "url", search_address(&other))) == 0;
	}
	return view_or_nothing(list, done);
}

static json_t *pager_new(const struct search_query *query, int64_t total, int shown)
{
	int64_t pages = total > 0 ? (total + query->per_page - 1) / query->per_page : 1;
	int64_t first = (int64_t)(query->page - 1) * query->per_page + 1;
	char from[FIGURE_BYTES], to[FIGURE_BYTES], last[FIGURE_BYTES], current[FIGURE_BYTES];
	json_t *pager = json_object();

	return view_or_nothing(pager, view_put(pager, "from", json_string(count_text(first, from))) &&
	    view_put(pager, "to", json_string(count_text(first + shown - 1, to))) &&
	    view_put(pager, "page", json_string(count_text(query->page, current))) &&
	    view_put(pager, "pages", json_string(count_text(pages, last))) &&
	    view_put(pager, "several", json_boolean(pages > 1)) &&
	    view_put(pager, "per_pages", per_pages_new(query)) &&
	    put_page_link(pager, "first", query, 1, query->page > 1) &&
	    put_page_link(pager, "previous", query, query->page <= pages ? query->page - 1 : pages,
		query->page > 1) &&
	    put_page_link(pager, "next", query, query->page + 1, query->page < pages) &&
	    put_page_link(pager, "last", query, pages, query->page != pages));
}

/* Links to the whole of it as a file. */
static json_t *exports_new(const struct search_query *query)
{
	static const struct { const char *extension, *name; } offered[] = {
		{ "csv", "CSV" }, { "json", "JSON" }, { "jsonl", "JSON Lines" },
	};
	struct search_query all = *query;	/* borrows the lists */
	json_t *list = json_array(), *address;
	bool done;

	all.page = 1;
	all.per_page = SEARCH_USUAL_PER_PAGE;
	address = search_address(&all);
	done = list != NULL && address != NULL;
	for (size_t i = 0; done && i < HS_COUNT(offered); i++)
		done = json_array_append_new(list, json_pack("{s:s, s:o}", "name", offered[i].name,
		    "url", json_sprintf("/export.%s%s", offered[i].extension,
		    json_string_value(address) + 1))) == 0;
	json_decref(address);
	return view_or_nothing(list, done);
}

/* The whole. */

static json_t *total_text(int64_t total, bool filtered)
{
	char text[FIGURE_BYTES];

	if (total == 0)
		return json_string(filtered ? "No player found" : "No players yet");
	return json_sprintf("%s player%s", count_text(total, text), total == 1 ? "" : "s");
}

json_t *search_view_kept(const struct search_query *query)
{
	static const enum search_param kept[] = { SEARCH_SORT, SEARCH_PER_PAGE };
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(kept); i++) {
		char buf[SEARCH_TEXT_BYTES];
		const char *text = search_query_text(query, kept[i], buf);

		if (text != NULL)
			done = json_array_append_new(list, json_pack("{s:s, s:s}", "param",
			    search_params[kept[i]].name, "value", text)) == 0;
	}
	return view_or_nothing(list, done);
}

json_t *search_view_new(const struct search_query *query, const struct search_found *found)
{
	const PGresult *page = found->page;
	int64_t total = found->total;
	json_t *view = json_object(), *chips = search_chips_new(query, found->names);
	bool filtered = json_array_size(chips) > 0;

	return view_or_nothing(view, view_put(view, "chips", chips) &&
	    view_put(view, "advice", search_advice_view(query, found->names, found->advice)) &&
	    view_put(view, "filtered", json_boolean(filtered)) &&
	    view_put(view, "clear_url", search_address_clear(query)) &&
	    view_put(view, "total", total_text(total, filtered)) &&
	    view_put(view, "any", json_boolean(total > 0)) &&
	    view_put(view, "empty_house", json_boolean(total == 0 && !filtered)) &&
	    view_put(view, "incoming", json_string(found->incoming)) &&
	    view_put(view, "beyond", json_boolean(total > 0 && PQntuples(page) == 0)) &&
	    view_put(view, "heads", heads_new(query)) &&
	    view_put(view, "bests", json_integer(SEARCH_METRIC_COUNT)) &&
	    view_put(view, "at_players", json_true()) &&
	    view_put(view, "sorted_by", head_new(query, query->sort)) &&
	    view_put(view, "rows", rows_new(query, page)) &&
	    view_put(view, "kept", search_view_kept(query)) &&
	    view_put(view, "exports", exports_new(query)) &&
	    view_put(view, "pager", pager_new(query, total, PQntuples(page))));
}

/* The API. */

static json_t *best_json(const PGresult *page, int row)
{
	json_t *best = json_object();
	bool done = best != NULL;

	for (int i = 0; done && i < SEARCH_METRIC_COUNT; i++)
		done = view_put(best, search_keys[SEARCH_FIRST_METRIC + i].key,
		    figure_json(figure_of(page, row, SEARCH_COLUMN_FIRST_METRIC + i)));
	return view_or_nothing(best, done);
}

/* What the eligible rows have in common, or null. */
static json_t *named_json(const PGresult *page, int row, int name, int external_id)
{
	if (PQgetisnull(page, row, name))
		return json_null();
	return json_pack("{s:o, s:o}", "id", text_json(page, row, external_id), "name",
	    text_json(page, row, name));
}

json_t *search_view_player(const PGresult *page, int row)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
	    (json_int_t)hs_db_int(page, row, SEARCH_COLUMN_ID), "full_name",
	    text_json(page, row, SEARCH_COLUMN_FULL_NAME), "birth_date",
	    text_json(page, row, SEARCH_COLUMN_BIRTH_DATE), "nationality",
	    text_json(page, row, SEARCH_COLUMN_NATIONALITY), "position",
	    text_json(page, row, SEARCH_COLUMN_POSITION), "role",
	    text_json(page, row, SEARCH_COLUMN_ROLE), "height_cm",
	    figure_json(figure_of(page, row, SEARCH_COLUMN_HEIGHT)), "weight_kg",
	    figure_json(figure_of(page, row, SEARCH_COLUMN_WEIGHT)), "best_eligible",
	    best_json(page, row), "source", text_json(page, row, SEARCH_COLUMN_SOURCE), "season",
	    text_json(page, row, SEARCH_COLUMN_SEASON), "competition",
	    named_json(page, row, SEARCH_COLUMN_COMPETITION, SEARCH_COLUMN_COMPETITION_ID), "team",
	    named_json(page, row, SEARCH_COLUMN_TEAM, SEARCH_COLUMN_TEAM_ID));
}

json_t *search_view_api(const struct search_query *query, const PGresult *page,
    int64_t total)
{
	json_t *players = json_array();
	bool done = players != NULL;

	for (int i = 0; done && i < PQntuples(page); i++)
		done = json_array_append_new(players, search_view_player(page, i)) == 0;
	if (!done) {
		json_decref(players);
		return NULL;
	}
	return json_pack("{s:I, s:i, s:i, s:o}", "total", (json_int_t)total,
	    "page", query->page, "per_page", query->per_page, "players", players);
}
