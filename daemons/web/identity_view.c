/* identity_view.c: trusts 011_identity.sql. All text is finished here: the template only places and
 * escapes it. Fails only for want of memory. */
#include "daemons/web/identity_view.h"

#include <stdbool.h>
#include <string.h>

#include "common/db.h"
#include "common/identity.h"
#include "daemons/web/figures.h"
#include "daemons/web/values.h"

enum { LOOK_IS_ON, LOOK_STEP };
enum { ASKED_NAME = 1 };

const char identity_asked_sql[] =
    "select identity_side(m.player_id), p.full_name from (select o.player_id from player_link k"
    " join player_link o on o.person_id = k.person_id where k.player_id = $1::integer"
    " union select p.player_id from player p where p.player_id = $1::integer) m"
    " join player_shown o using (player_id) join player_shown p on p.player_id = o.person_id"
    " order by m.player_id";

const char identity_looking_sql[] =
    "select exists (select from command_request where command = 'identity.suggest'"
    " and status in ('waiting', 'running') and asked_at > now() - interval '1 hour'),"
    " identity_look_at()";

static const char *text_or_none(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* "72 GP, 21.2 PPG, 7.8 RPG, 6 APG": what is known of it. */
static json_t *figures_text(const json_t *row)
{
	static const struct { const char *key, *head; } figures[] = {
		{ "games", "GP" }, { "ppg", "PPG" }, { "rpg", "RPG" }, { "apg", "APG" },
	};
	json_t *text = json_string("");

	for (size_t i = 0; text != NULL && i < HS_COUNT(figures); i++) {
		const json_t *figure = json_object_get(row, figures[i].key);
		json_t *longer;

		if (!json_is_number(figure))
			continue;
		longer = json_sprintf("%s%s%g %s", json_string_value(text),
		    json_string_length(text) > 0 ? ", " : "", json_number_value(figure),
		    figures[i].head);
		json_decref(text);
		text = longer;
	}
	return text;
}

/* "Slovenia, Guard, 201 cm" */
static json_t *about_text(const json_t *side)
{
	const char *nation = text_or_none(side, "nationality"), *position = text_or_none(side, "position");
	json_int_t height = json_integer_value(json_object_get(side, "height_cm"));
	char tall[32] = "";

	if (height > 0)
		snprintf(tall, sizeof tall, "%d cm", (int)height);
	return json_sprintf("%s%s%s%s%s", nation != NULL ? nation : "",
	    nation != NULL && position != NULL ? ", " : "", position != NULL ? position : "",
	    (nation != NULL || position != NULL) && height > 0 ? ", " : "", tall);
}

/* "by anna on 2026-11-29" */
static json_t *linked_text(const json_t *side)
{
	const char *at = text_or_none(side, "linked_at"), *by = text_or_none(side, "linked_by");

	return at == NULL || by == NULL ? json_null() :
	    json_sprintf("by %s on %.10s", by, at);
}

static bool finish_side(json_t *side)
{
	const json_t *rows = json_object_get(side, "rows");
	json_int_t more = json_integer_value(json_object_get(side, "rows_total")) -
	    (json_int_t)json_array_size(rows);
	bool done = true;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		done = done && view_put(row, "figures", figures_text(row));
	return done && view_put(side, "about", about_text(side)) &&
	    view_put(side, "linked", linked_text(side)) &&
	    view_put(side, "more", more > 0 ? json_sprintf("%d more", (int)more) : json_null());
}

/* The rows' JSON, their sides finished; NULL without memory. */
static json_t *documents(const PGresult *rows, bool (*finish)(json_t *document))
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++) {
		json_t *document = json_loads(hs_db_text(rows, i, 0), 0, NULL);

		done = document != NULL && finish(document) &&
		    json_array_append(list, document) == 0;
		json_decref(document);
	}
	return view_or_nothing(list, done);
}

static bool finish_pair(json_t *pair)
{
	json_t *sides = json_pack("[O, O]", json_object_get(pair, "a"), json_object_get(pair, "b"));
	json_t *reason;
	bool done = sides != NULL && finish_side(json_array_get(sides, 0)) &&
	    finish_side(json_array_get(sides, 1));
	size_t i;

	json_array_foreach(json_object_get(pair, "reasons"), i, reason)
		done = done && view_put(reason, "sum", json_sprintf("%+d",
		    (int)json_integer_value(json_object_get(reason, "points"))));
	return done ? view_put(pair, "sides", sides) : (json_decref(sides), false);
}

/* "Luka Dončić (one), L. Doncic (two)": the own name of each, and whose it is. */
static json_t *names_text(const json_t *sides)
{
	json_t *text = json_string(""), *side;
	size_t i;

	json_array_foreach(sides, i, side) {
		json_t *longer = text == NULL ? NULL : json_sprintf("%s%s%s (%s)",
		    json_string_value(text), i > 0 ? ", " : "", text_or_none(side, "full_name"),
		    text_or_none(side, "source"));

		json_decref(text);
		text = longer;
	}
	return text;
}

static bool finish_person(json_t *person)
{
	json_t *side;
	bool done = true;
	size_t i;

	json_array_foreach(json_object_get(person, "identities"), i, side)
		done = done && finish_side(side);
	return done && view_put(person, "names", names_text(json_object_get(person, "identities")));
}

/* "50 of 1,234 are shown.", or null. */
static json_t *rest_text(const PGresult *rows)
{
	char count[FIGURE_BYTES];

	if (PQntuples(rows) == 0 || hs_db_int(rows, 0, 1) <= PQntuples(rows))
		return json_null();
	return json_sprintf("%d of %s are shown.", PQntuples(rows),
	    count_text(hs_db_int(rows, 0, 1), count));
}

/* When it was, among how many; null before the first. */
static json_t *looked_text(const PGresult *rows)
{
	json_t *look, *text;
	const char *at;
	char count[FIGURE_BYTES];

	if (PQntuples(rows) == 0)
		return json_null();
	look = json_loads(hs_db_text(rows, 0, 0), 0, NULL);
	at = text_or_none(look, "looked_at");
	text = at == NULL ? NULL : json_sprintf("As of %.10s %.5s UTC, among %s players.%s", at, at + 11,
	    count_text(json_integer_value(json_object_get(look, "players")), count),
	    json_is_true(json_object_get(look, "is_behind")) ?
	    " The data has changed since: look again." : "");
	json_decref(look);
	return text;
}

/* Whether one goes on: how far it is; or null. */
static json_t *looking_text(const PGresult *rows)
{
	int64_t step = hs_db_int(rows, 0, LOOK_STEP);

	if (strcmp(hs_db_text(rows, 0, LOOK_IS_ON), "t") != 0)
		return json_null();
	if (step == 0)
		return json_string("The importer is asked to look through all players.");
	return json_sprintf("All players are being looked through: step %d of %d, %s.", (int)step,
	    (int)HS_IDENTITY_STEPS, hs_identity_step(step));
}

/* The player that is asked for, and who he is linked to; null when none is. */
static json_t *asked_new(const PGresult *rows)
{
	json_t *sides, *first;

	if (PQntuples(rows) == 0)
		return json_null();
	if ((sides = documents(rows, finish_side)) == NULL)
		return NULL;
	first = json_array_get(sides, 0);
	return json_pack("{s:O, s:o, s:o, s:O, s:b, s:o}", "id", json_object_get(first, "person_id"),
	    "full_name", text_json(rows, 0, ASKED_NAME), "names", names_text(sides), "identity",
	    json_object_get(first, "identity"), "linked", json_array_size(sides) > 1, "sides", sides);
}

json_t *identity_view_new(PGresult *const *results)
{
	json_t *view = json_object(), *asked = asked_new(results[IDENTITY_ASKED]);
	json_t *back = json_object_get(asked, "id");

	return view_or_nothing(view, view_put(view, "title", json_string("Who is who")) &&
	    view_put(view, "back", back != NULL ? json_incref(back) : json_string("")) &&
	    view_put(view, "asked", asked) &&
	    view_put(view, "looked", looked_text(results[IDENTITY_LOOKED])) &&
	    view_put(view, "looking", looking_text(results[IDENTITY_LOOKING])) &&
	    view_put(view, "pairs", documents(results[IDENTITY_PAIRS], finish_pair)) &&
	    view_put(view, "any_pair", json_boolean(PQntuples(results[IDENTITY_PAIRS]) > 0)) &&
	    view_put(view, "more_pairs", rest_text(results[IDENTITY_PAIRS])) &&
	    view_put(view, "people", documents(results[IDENTITY_PEOPLE], finish_person)) &&
	    view_put(view, "any_person", json_boolean(PQntuples(results[IDENTITY_PEOPLE]) > 0)) &&
	    view_put(view, "more_people", rest_text(results[IDENTITY_PEOPLE])));
}
