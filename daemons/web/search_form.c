/* search_form.c: makes the form from search_params, the query and the lists of choices.
 *
 * What is chosen stays in the form even when it is not, or no more, among the choices:
 * a form never loses a filter that the URL has. Fails only for want of memory. */
#include "daemons/web/search_form.h"
#include "daemons/web/values.h"

#include <stdbool.h>
#include <string.h>

#include "common/db.h"

enum { KIND, VALUE, TEXT, NOTE, NARROW_FROM = 9 };

/* One more than SEARCH_FORM_CHOICES of each, to know whether there are more. */
const char search_form_choices_sql[] =
    "(select 'competition', s.name || ':' || c.external_id, c.name, s.name from competition c"
    " join source s using (source_id) order by lower(c.name), s.name, c.external_id limit 501)"
    " union all (select 'season', name, name, '' from season order by name desc limit 501)"
    " union all (select 'team', s.name || ':' || t.external_id, t.name, s.name from team t"
    " join source s using (source_id) order by lower(t.name), s.name, t.external_id limit 501)"
    " union all (select 'nationality', n, n, '' from (select distinct coalesce(country, name) as n"
    " from label where kind = 'nationality') x order by lower(n), n limit 501)"
    " union all (select 'position', name, name, '' from label where kind = 'position'"
    " order by lower(name), name limit 501)"
    " union all (select 'role', name, name, '' from label where kind = 'role'"
    " order by lower(name), name limit 501)";

static const enum search_param lists[] = {
	SEARCH_SEASON, SEARCH_COMPETITION, SEARCH_TEAM, SEARCH_POSITION, SEARCH_NATIONALITY,
	SEARCH_ROLE,
};

static const struct { enum search_param min, max; } ranges[] = {
	{ SEARCH_AGE_MIN, SEARCH_AGE_MAX },
	{ SEARCH_HEIGHT_MIN, SEARCH_HEIGHT_MAX },
	{ SEARCH_WEIGHT_MIN, SEARCH_WEIGHT_MAX },
};

static bool is_chosen(const struct search_value *value, const char *item)
{
	for (size_t i = 0; i < value->count; i++) {
		if (strcmp(value->items[i], item) == 0)
			return true;
	}
	return false;
}

static json_t *option(const struct search_param_row *row, size_t number, const char *value,
    const char *text, const char *note, bool chosen)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:b}", "id",
	    json_sprintf("%s-%zu", row->name, number), "param", row->name, "value", value, "text",
	    text, "note", note, "chosen", chosen);
}

/* The sources' names only help where there are several. */
static bool several_sources(const PGresult *choices, const char *kind)
{
	const char *first = NULL;

	for (int i = 0; i < PQntuples(choices); i++) {
		if (strcmp(hs_db_text(choices, i, KIND), kind) != 0)
			continue;
		if (first != NULL && strcmp(first, hs_db_text(choices, i, NOTE)) != 0)
			return true;
		first = hs_db_text(choices, i, NOTE);
	}
	return false;
}

static int row_of(const PGresult *choices, const char *kind, const char *item)
{
	for (int i = 0; i < PQntuples(choices); i++) {
		if (strcmp(hs_db_text(choices, i, KIND), kind) == 0 &&
		    strcmp(hs_db_text(choices, i, VALUE), item) == 0)
			return i;
	}
	return -1;
}

/* What is chosen comes first, where it is seen, among the choices or not. */
static bool put_chosen(json_t *options, const struct search_param_row *row,
    const struct search_value *value, const PGresult *choices, bool notes)
{
	for (size_t i = 0; i < value->count; i++) {
		const char *item = value->items[i];
		int at = row_of(choices, row->name, item);
		const char *text = at >= 0 ? hs_db_text(choices, at, TEXT) : item;
		const char *note = at >= 0 && notes ? hs_db_text(choices, at, NOTE) : "";

		if (json_array_append_new(options, option(row, i, item, text, note, true)) != 0)
			return false;
	}
	return true;
}

static bool put_others(json_t *options, const struct search_param_row *row,
    const struct search_value *value, const PGresult *choices, bool notes, bool *ret_more)
{
	size_t count = 0;

	for (int i = 0; i < PQntuples(choices); i++) {
		const char *item = hs_db_text(choices, i, VALUE);

		if (strcmp(hs_db_text(choices, i, KIND), row->name) != 0 || is_chosen(value, item))
			continue;
		if (++count > SEARCH_FORM_CHOICES) {
			*ret_more = true;
			break;
		}
		if (json_array_append_new(options, option(row, json_array_size(options), item,
			hs_db_text(choices, i, TEXT), notes ? hs_db_text(choices, i, NOTE) : "",
			false)) != 0)
			return false;
	}
	return true;
}

static json_t *list(const struct search_query *query, enum search_param param,
    const PGresult *choices)
{
	const struct search_param_row *row = &search_params[param];
	const struct search_value *value = &query->values[param];
	json_t *object = json_object(), *options = json_array();
	bool notes = several_sources(choices, row->name), more = false;
	bool filled = put_chosen(options, row, value, choices, notes) &&
	    put_others(options, row, value, choices, notes, &more);

	return view_or_nothing(object, view_put(object, "options", options) && filled &&
	    view_put(object, "param", json_string(row->name)) &&
	    view_put(object, "label", json_string(row->label)) &&
	    view_put(object, "chosen",
		value->count > 0 ? json_integer((json_int_t)value->count) : json_null()) &&
	    view_put(object, "any", json_boolean(json_array_size(options) > 0)) &&
	    view_put(object, "narrow", json_boolean(json_array_size(options) >= NARROW_FROM)) &&
	    view_put(object, "more", json_boolean(more)));
}

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

static bool put_lists(json_t *form, const struct search_query *query, const PGresult *choices)
{
	json_t *array = json_array();
	bool done = true;

	for (size_t i = 0; done && i < HS_COUNT(lists); i++)
		done = json_array_append_new(array, list(query, lists[i], choices)) == 0;
	return view_put(form, "lists", array) && done;
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

json_t *search_form_new(const struct search_query *query, const PGresult *choices)
{
	json_t *form = json_object();

	return view_or_nothing(form,
	    view_put(form, "name", json_string(query->name != NULL ? query->name : "")) &&
	    view_put(form, "age_on", field(query, SEARCH_AGE_ON)) && put_lists(form, query, choices) &&
	    put_ranges(form, query) && put_thresholds(form, query));
}
