/* choices_api.c: a list as programs read it.
 *
 * GET /api/v1/teams answers
 *	{"total":8000,"page":1,"per_page":25,"uncounted":null,
 *	 "teams":[{"id":"SOURCE:ID","name":"…","source":"SOURCE","players":12}]}
 * in the list's own order: seasons newest first, the others by name. id is what the search's
 * parameter takes; source stands where ids are a source's own; players is null, and uncounted
 * says why, when counting takes too long.
 *
 * Fails only for want of memory. */
#include "daemons/web/choices_view.h"

#include <string.h>

#include "daemons/web/values.h"

static json_t *entry_json(enum search_param param, const struct catalog_entry *entry,
    const int64_t *players)
{
	json_t *object = json_pack("{s:s, s:s, s:o}", "id", entry->value, "name", entry->text,
	    "players", players != NULL ? json_integer((json_int_t)*players) : json_null());

	if (search_params[param].type != SEARCH_IS_IDENTITY)
		return object;
	return view_or_nothing(object, object != NULL && view_put(object, "source",
	    json_stringn(entry->value, strcspn(entry->value, ":"))));
}

json_t *choices_view_api(const struct search_query *query, enum search_param param,
    const struct catalog *catalog, const struct choices_found *found, const char *uncounted)
{
	size_t first = ((size_t)query->page - 1) * (size_t)query->per_page;
	size_t end = first + (size_t)query->per_page;
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = first; done && i < end && i < found->count; i++)
		done = json_array_append_new(list, entry_json(param,
		    catalog_at(catalog, param, found->entries[i]),
		    found->players != NULL ? &found->players[i] : NULL)) == 0;
	return json_pack("{s:I, s:i, s:i, s:s?, s:o}", "total", (json_int_t)found->count,
	    "page", query->page, "per_page", query->per_page, "uncounted", uncounted,
	    choices_plural(param), view_or_nothing(list, done));
}
