/* search_form.c: makes the form from search_params, the query and the catalog.
 *
 * Fails only for want of memory. */
#include "daemons/web/search_form.h"
#include "daemons/web/values.h"

#include <stdbool.h>
#include <string.h>

#include "common/error.h"
#include "daemons/web/choices_view.h"
#include "daemons/web/search_chips.h"

static const enum search_param lists[] = {
	SEARCH_SEASON, SEARCH_COMPETITION, SEARCH_TEAM, SEARCH_POSITION, SEARCH_NATIONALITY,
	SEARCH_ROLE,
};

static const struct { enum search_param min, max; } ranges[] = {
	{ SEARCH_AGE_MIN, SEARCH_AGE_MAX },
	{ SEARCH_HEIGHT_MIN, SEARCH_HEIGHT_MAX },
	{ SEARCH_WEIGHT_MIN, SEARCH_WEIGHT_MAX },
};

static json_t *field(const struct search_query *query, enum search_param param)
{
	char buf[SEARCH_TEXT_BYTES];
	const struct search_param_row *row = &search_params[param];
	const char *text = search_query_text(query, param, buf);

	return json_pack("{s:s, s:s, s:i}", "param", row->name, "value", text != NULL ? text : "",
	    "max", row->max);
}

static json_t *range(const struct search_query *query, size_t which)
{
	const struct search_param_row *row = &search_params[ranges[which].min];

	return json_pack("{s:s, s:s, s:o, s:o}", "label", row->label, "unit", row->unit, "min",
	    field(query, ranges[which].min), "max", field(query, ranges[which].max));
}

static const char *title_of(const char *column)
{
	for (size_t i = 0; i < SEARCH_KEY_COUNT; i++) {
		if (strcmp(search_keys[i].key, column) == 0)
			return search_keys[i].title;
	}
	return "";
}

static json_t *threshold(const struct search_query *query, enum search_param param)
{
	const struct search_param_row *row = &search_params[param];
	json_t *object = field(query, param);
	bool at_most = row->type == SEARCH_IS_CEILING;

	return view_or_nothing(object, view_put(object, "label", json_string(row->label)) &&
	    view_put(object, "title",
		json_string(at_most ? "Turnovers per game" : title_of(row->column))) &&
	    view_put(object, "sign", json_string(at_most ? "≤" : "≥")) &&
	    view_put(object, "words", json_string(at_most ? "at most" : "at least")));
}

/* Those in which something can be chosen. */
static bool put_lists(json_t *form, const struct search_query *query, const struct catalog *catalog)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = 0; done && i < HS_COUNT(lists); i++) {
		if (catalog_count(catalog, lists[i]) > 0 || query->values[lists[i]].count > 0)
			done = json_array_append_new(array,
			    choices_view_plain(query, lists[i], catalog)) == 0;
	}
	return view_put(form, "lists", array) && done &&
	    view_put(form, "any_list", json_boolean(json_array_size(array) > 0));
}

static bool put_ranges(json_t *form, const struct search_query *query)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = 0; done && i < HS_COUNT(ranges); i++)
		done = json_array_append_new(array, range(query, i)) == 0;
	return view_put(form, "ranges", array) && done;
}

static bool put_thresholds(json_t *form, const struct search_query *query)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = SEARCH_GAMES_MIN; done && i <= SEARCH_FT_PCT_MIN; i++)
		done = json_array_append_new(array, threshold(query, (enum search_param)i)) == 0;
	return view_put(form, "thresholds", array) && done;
}

json_t *search_form_new(const struct search_query *query, const struct catalog *catalog)
{
	json_t *form = json_object();

	return view_or_nothing(form, view_put(form, "clear_url", search_address_clear(query)) &&
	    view_put(form, "name", json_string(query->name != NULL ? query->name : "")) &&
	    view_put(form, "age_on", field(query, SEARCH_AGE_ON)) && put_lists(form, query, catalog) &&
	    put_ranges(form, query) && put_thresholds(form, query));
}
