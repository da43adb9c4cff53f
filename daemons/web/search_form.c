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

/* What a form is made of. */
struct filled {
	const struct search_query *query;
	const struct catalog *catalog;
	const struct refusals *refusals;	/* or NULL */
};

/* What is wrong with a field, or null. */
static json_t *wrong(const struct filled *filled, enum search_param param)
{
	const char *message = filled->refusals == NULL ? NULL :
	    refusals_of(filled->refusals, search_params[param].name);

	return message != NULL ? json_string(message) : json_null();
}

static json_t *field(const struct filled *filled, enum search_param param)
{
	char buf[SEARCH_TEXT_BYTES];
	const struct search_param_row *row = &search_params[param];
	const char *text = filled->query->refused[param];

	/* a field of a date can hold nothing else */
	if (text == NULL || row->type == SEARCH_IS_DATE)
		text = search_query_text(filled->query, param, buf);

	return json_pack("{s:s, s:s, s:i, s:o}", "param", row->name, "value",
	    text != NULL ? text : "", "max", row->max, "wrong", wrong(filled, param));
}

static json_t *range(const struct filled *filled, size_t which)
{
	const struct search_param_row *row = &search_params[ranges[which].min];

	return json_pack("{s:s, s:s, s:o, s:o}", "label", row->label, "unit", row->unit, "min",
	    field(filled, ranges[which].min), "max", field(filled, ranges[which].max));
}

static const char *title_of(const char *column)
{
	for (size_t i = 0; i < SEARCH_KEY_COUNT; i++) {
		if (strcmp(search_keys[i].key, column) == 0)
			return search_keys[i].title;
	}
	return "";
}

static json_t *threshold(const struct filled *filled, enum search_param param)
{
	const struct search_param_row *row = &search_params[param];
	json_t *object = field(filled, param);
	bool at_most = row->type == SEARCH_IS_CEILING;

	return view_or_nothing(object, view_put(object, "label", json_string(row->label)) &&
	    view_put(object, "title",
		json_string(at_most ? "Turnovers per game" : title_of(row->column))) &&
	    view_put(object, "sign", json_string(at_most ? "≤" : "≥")) &&
	    view_put(object, "words", json_string(at_most ? "at most" : "at least")));
}

static json_t *list(const struct filled *filled, enum search_param param)
{
	json_t *object = choices_view_plain(filled->query, param, filled->catalog);

	return view_or_nothing(object, view_put(object, "wrong", wrong(filled, param)) &&
	    view_put(object, "open", json_boolean(filled->query->values[param].count > 0 ||
		json_is_string(json_object_get(object, "wrong")))));
}

/* Those in which something can be chosen. */
static bool put_lists(json_t *form, const struct filled *filled)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = 0; done && i < HS_COUNT(lists); i++) {
		if (catalog_count(filled->catalog, lists[i]) > 0 ||
		    filled->query->values[lists[i]].count > 0)
			done = json_array_append_new(array, list(filled, lists[i])) == 0;
	}
	return view_put(form, "lists", array) && done &&
	    view_put(form, "any_list", json_boolean(json_array_size(array) > 0));
}

static bool put_ranges(json_t *form, const struct filled *filled)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = 0; done && i < HS_COUNT(ranges); i++)
		done = json_array_append_new(array, range(filled, i)) == 0;
	return view_put(form, "ranges", array) && done;
}

static bool put_thresholds(json_t *form, const struct filled *filled)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = SEARCH_GAMES_MIN; done && i <= SEARCH_FT_PCT_MIN; i++)
		done = json_array_append_new(array, threshold(filled, (enum search_param)i)) == 0;
	return view_put(form, "thresholds", array) && done;
}

/* Whether what is wrong lies behind the name, where narrow screens show it only when asked. */
static bool is_wrong_inside(const struct filled *filled)
{
	for (size_t i = SEARCH_NAME + 1; i < SEARCH_SORT && filled->refusals != NULL; i++) {
		if (refusals_of(filled->refusals, search_params[i].name) != NULL)
			return true;
	}
	return false;
}

json_t *search_form_new(const struct search_query *query, const struct catalog *catalog,
    const struct refusals *refusals)
{
	const struct filled filled = { query, catalog, refusals };
	json_t *form = json_object();

	return view_or_nothing(form, view_put(form, "clear_url", search_address_clear(query)) &&
	    view_put(form, "name", json_string(query->name != NULL ? query->name : "")) &&
	    view_put(form, "wrong", wrong(&filled, SEARCH_NAME)) &&
	    view_put(form, "wrong_inside", json_boolean(is_wrong_inside(&filled))) &&
	    view_put(form, "age_on", field(&filled, SEARCH_AGE_ON)) && put_lists(form, &filled) &&
	    put_ranges(form, &filled) && put_thresholds(form, &filled));
}
