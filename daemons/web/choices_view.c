/* choices_view.c: makes options from the catalog, the query and the counts.
 *
 * Fails only for want of memory. */
#include "daemons/web/choices_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/web/figures.h"
#include "daemons/web/values.h"

enum { NARROW_FROM = 9 };	/* a shorter list is seen at a glance */

const char *choices_plural(enum search_param param)
{
	switch (param) {
	case SEARCH_COMPETITION:
		return "competitions";
	case SEARCH_SEASON:
		return "seasons";
	case SEARCH_TEAM:
		return "teams";
	case SEARCH_NATIONALITY:
		return "nationalities";
	case SEARCH_POSITION:
		return "positions";
	default:
		return "roles";
	}
}

static bool is_chosen(const struct search_value *value, const char *item)
{
	for (size_t i = 0; i < value->count; i++) {
		if (strcmp(value->items[i], item) == 0)
			return true;
	}
	return false;
}

/* Options. */

/* players is -1 when they were not counted. */
static bool put_option(json_t *options, enum search_param param, json_t *id,
    const struct catalog_entry *entry, int64_t players, bool chosen)
{
	char number[FIGURE_BYTES];

	return json_array_append_new(options, json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:b}",
	    "id", id, "param", search_params[param].name, "value", entry->value, "text",
	    entry->text, "note", entry->note, "also", entry->also, "chosen", chosen, "players",
	    players >= 0 ? count_text(players, number) : "", "none", players == 0)) == 0;
}

/* The id of the control stays the same however the list is ordered, so the focus stays, too. */
static bool put_entry(json_t *options, enum search_param param, const struct catalog_entry *entry,
    int64_t players, bool chosen)
{
	return put_option(options, param,
	    json_sprintf("%s-%d", search_params[param].name, (int)entry->ids[0]), entry, players,
	    chosen);
}

static int64_t players_of(const struct choices_found *found, size_t entry)
{
	if (found == NULL || found->players == NULL)
		return -1;
	for (size_t i = 0; i < found->count; i++) {
		if (found->entries[i] == entry)
			return found->players[i];
	}
	return -1;
}

static bool put_chosen(json_t *options, const struct search_query *query,
    enum search_param param, const struct catalog *catalog, const struct choices_found *found)
{
	const struct search_value *value = &query->values[param];
	bool done = options != NULL;

	for (size_t i = 0; done && i < value->count; i++) {
		const char *item = value->items[i];
		size_t at = catalog_by_value(catalog, param, item);
		const struct catalog_entry unknown = { .value = item, .text = item, .note = "",
			.also = "" };

		done = at != SIZE_MAX ?
		    put_entry(options, param, catalog_at(catalog, param, at),
			players_of(found, at), true) :
		    put_option(options, param, json_sprintf("%s-x%zu", search_params[param].name, i),
			&unknown, -1, true);
	}
	return done;
}

/* The list around its options. Takes options. */
static json_t *list_new(const struct search_query *query, enum search_param param,
    const struct catalog *catalog, json_t *options)
{
	const struct search_param_row *row = &search_params[param];
	size_t chosen = query->values[param].count, all = catalog_count(catalog, param);
	bool large = all > CHOICES_WHOLE;
	char number[FIGURE_BYTES];

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:b, s:s}", "param", row->name,
	    "label", row->label, "plural", choices_plural(param), "options", options, "chosen",
	    chosen > 0 ? json_integer((json_int_t)chosen) : json_null(), "large",
	    large, "narrow", !large && all >= NARROW_FROM, "all", count_text((int64_t)all, number));
}

json_t *choices_view_plain(const struct search_query *query, enum search_param param,
    const struct catalog *catalog)
{
	json_t *options = json_array();
	bool done = put_chosen(options, query, param, catalog, NULL);
	size_t count = catalog_count(catalog, param);

	for (size_t i = 0; done && count <= CHOICES_WHOLE && i < count; i++) {
		const struct catalog_entry *entry = catalog_at(catalog, param, i);

		if (!is_chosen(&query->values[param], entry->value))
			done = put_entry(options, param, entry, -1, false);
	}
	return list_new(query, param, catalog, view_or_nothing(options, done));
}

/* What is found. */

struct ranked {
	size_t entry;
	int64_t players;
};

static int compare_players(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->players != b->players)
		return a->players < b->players ? 1 : -1;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

/* The list's own order, but for those who would give nobody: they come last. */
static int compare_any(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if ((a->players == 0) != (b->players == 0))
		return a->players == 0 ? 1 : -1;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

/* "50 of 8,000 teams, those with the most players; type to find others" */
static json_t *status_new(enum search_param param, const struct catalog *catalog,
    const struct choices_found *found, size_t shown)
{
	char some[FIGURE_BYTES], number[FIGURE_BYTES];
	size_t all = catalog_count(catalog, param);

	count_text((int64_t)(found->typed ? found->count : all), number);
	if (found->typed && found->count == 0)
		return json_sprintf("None of the %s is called so.", choices_plural(param));
	if (shown >= found->count)
		return found->typed ? json_sprintf("%s found", number) : json_string("");
	count_text((int64_t)shown, some);
	return json_sprintf("%s of %s %s%s; type %s", some, number,
	    found->typed ? "found" : choices_plural(param),
	    found->players != NULL ? ", those with the most players" : "",
	    found->typed ? "more to narrow them down" : "to find others");
}

static bool put_found(json_t *options, const struct search_query *query, enum search_param param,
    const struct catalog *catalog, const struct choices_found *found, size_t *ret_shown)
{
	bool whole = catalog_count(catalog, param) <= CHOICES_WHOLE;
	size_t most = whole ? CHOICES_WHOLE : CHOICES_SHOWN;
	struct ranked *ranked = calloc(found->count + 1, sizeof *ranked);
	bool done = ranked != NULL;

	for (size_t i = 0; done && i < found->count; i++)
		ranked[i] = (struct ranked){ found->entries[i],
		    found->players != NULL ? found->players[i] : -1 };
	if (done)
		qsort(ranked, found->count, sizeof *ranked, whole ? compare_any : compare_players);
	*ret_shown = found->count < most ? found->count : most;
	for (size_t i = 0; done && i < *ret_shown; i++) {
		const struct catalog_entry *entry = catalog_at(catalog, param, ranked[i].entry);

		if (!is_chosen(&query->values[param], entry->value))
			done = put_entry(options, param, entry, ranked[i].players, false);
	}
	free(ranked);
	return done;
}

json_t *choices_view_found(const struct search_query *query, enum search_param param,
    const struct catalog *catalog, const struct choices_found *found)
{
	json_t *options = json_array(), *list;
	size_t shown = 0;
	bool done = put_chosen(options, query, param, catalog, found) &&
	    put_found(options, query, param, catalog, found, &shown);

	list = list_new(query, param, catalog, view_or_nothing(options, done));
	return view_or_nothing(list,
	    view_put(list, "status", status_new(param, catalog, found, shown)));
}
