/* import_undo.c: trusts nothing of a request's result but that it is JSON: the importer may be of
 * another version. What is not as expected is left out. */
#include "daemons/web/import_undo.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "daemons/web/figures.h"
#include "daemons/web/search_query.h"
#include "daemons/web/values.h"

static const struct { const char *key, *what; } counts[] = {
	{ "player_seasons", "Seasons of players that it states" },
	{ "put_back", "Get other figures again" },
	{ "removed", "Go: no other file states them" },
	{ "restated", "Keep their figures: another file says the same" },
	{ "untouched", "Stay: newer files say what is shown" },
	{ "players_changed", "Players with other particulars" },
	{ "players_gone", "Players whom no file states any more" },
	{ "teams_renamed", "Teams with another name" },
	{ "competitions_renamed", "Competitions with another name" },
};

static json_t *counts_new(const json_t *result)
{
	const json_t *found = json_object_get(result, "counts");
	json_t *list = json_array();
	char number[FIGURE_BYTES];
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(counts); i++) {
		json_int_t count = json_integer_value(json_object_get(found, counts[i].key));

		done = json_array_append_new(list, json_pack("{s:s, s:s}", "what", counts[i].what,
		    "count", count_text(count, number))) == 0;
	}
	return view_or_nothing(list, done);
}

/* A figure or a text for people; "-": nothing is known. */
static json_t *value_text(const json_t *value)
{
	json_t *text;
	char *digits;

	if (value == NULL || json_is_null(value))
		return json_string("-");
	if (json_is_string(value))
		return json_string(json_string_value(value));
	digits =
	    json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(FIGURE_DIGITS));
	text = digits != NULL ? json_string(digits) : NULL;
	free(digits);
	return text;
}

/* What a key of a result means, as a player's page says it; a key that we do not know as it is. */
static const char *word_of(const char *key)
{
	static const struct { const char *key, *word; } words[] = {
		{ "full_name", "Name" }, { "first_name", "First name" },
		{ "last_name", "Last name" }, { "birth_date", "Born" },
		{ "nationality", "Nationality" }, { "position", "Position" }, { "role", "Role" },
		{ "height_cm", "Height in cm" }, { "weight_kg", "Weight in kg" },
		{ "snapshot_date", "Snapshot" },
		{ "tov", "TOV" },	/* not a search's maximum */
	};

	for (size_t i = 0; i < HS_COUNT(words); i++)
		if (strcmp(words[i].key, key) == 0)
			return words[i].word;
	for (size_t i = 0; i < HS_COUNT(search_keys); i++)
		if (strcmp(search_keys[i].key, key) == 0)
			return search_keys[i].head;
	return key;
}

/* What differs; when there is nothing afterwards, all that was known. */
static json_t *changes_new(json_t *before, const json_t *after)
{
	json_t *list = json_array(), *old;
	bool done = list != NULL, is_gone = !json_is_object(after);
	const char *key;

	json_object_foreach(before, key, old) {
		const json_t *new = json_object_get(after, key);

		if (!done || strcmp(key, "file_id") == 0 ||
		    (is_gone ? json_is_null(old) : json_equal(old, new)))
			continue;
		done = json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "what",
		    word_of(key), "before", value_text(old), "after",
		    is_gone ? json_string("") : value_text(new))) == 0;
	}
	return view_or_nothing(list, done);
}

static json_t *rows_new(const json_t *result, const char *name)
{
	const json_t *found = json_object_get(result, name);
	json_t *list = json_array(), *row;
	bool done = list != NULL;
	size_t i;

	json_array_foreach(found, i, row)
		done = done && json_array_append_new(list, json_pack(
		    "{s:s, s:s, s:s, s:s, s:s, s:o, s:b}", "player", text_in(row, "player"), "team",
		    text_in(row, "team"), "competition", text_in(row, "competition"), "season",
		    text_in(row, "season"), "becomes", text_in(row, "becomes"), "changes",
		    changes_new(json_object_get(row, "before"), json_object_get(row, "after")),
		    "is_gone", (int)!json_is_object(json_object_get(row, "after")))) == 0;
	return view_or_nothing(list, done);
}

bool import_undo_put(json_t *view, int64_t file)
{
	const json_t *request = json_object_get(view, "request");
	const json_t *args = json_object_get(request, "args");
	const json_t *result = json_object_get(request, "result");
	json_int_t version = json_integer_value(json_object_get(result, "data_version"));
	json_t *preview;

	if (strcmp(text_in(request, "command"), "import.undo") != 0 ||
	    !json_is_true(json_object_get(request, "is_good")) ||
	    !json_is_true(json_object_get(args, "preview")) ||
	    json_integer_value(json_object_get(args, "file")) != file)
		return view_put(view, "preview", json_null());
	preview = json_object();
	preview = view_or_nothing(preview, preview != NULL && view_put(preview, "version",
	    version > 0 ? json_sprintf("%lld", (long long)version) : json_string("")) &&
	    view_put(preview, "sums", counts_new(result)) &&
	    view_put(preview, "seasons", rows_new(result, "rows")) &&
	    view_put(preview, "players", rows_new(result, "players")) &&
	    view_put(preview, "any_seasons",
		json_boolean(json_array_size(json_object_get(result, "rows")) > 0)) &&
	    view_put(preview, "any_players",
		json_boolean(json_array_size(json_object_get(result, "players")) > 0)));
	return view_put(view, "preview", preview);
}
