/* replay.c: the statements about one player-season, taken in anew without one of them.
 *
 * Trusts nothing but the order of the files. First all get the figures that they point at, then
 * each finds its place among those before it, as merge_sql.c's class_rows and class_stale have it.
 * Snapshots mostly come in the order of their days: then each step looks at the current one. */
#include "daemons/importer/replay.h"

#include <stdlib.h>

/* Those that came so far, in the order of (day, file). */
struct shelf {
	struct replay_statement *statements;
	size_t *places;
	size_t count;
	struct replay_statement *current;	/* NULL: none so far */
};

static struct replay_statement *at(const struct shelf *shelf, size_t place)
{
	return &shelf->statements[shelf->places[place]];
}

static bool points_back(const struct replay_statement *statement)
{
	return statement->kind == REPLAY_PREVIOUS || statement->kind == REPLAY_SAME;
}

/* The first place after all of that day: what comes now has the highest file number. */
static size_t place_of(const struct shelf *shelf, int day)
{
	size_t place = shelf->count;

	while (place > 0 && at(shelf, place - 1)->day > day)
		place--;
	return place;
}

static size_t put(struct shelf *shelf, size_t number)
{
	size_t place = place_of(shelf, shelf->statements[number].day);

	for (size_t i = shelf->count; i > place; i--)
		shelf->places[i] = shelf->places[i - 1];
	shelf->places[place] = number;
	shelf->count++;
	return place;
}

/* --- what each says --------------------------------------------------------------------- */

static bool contradiction(struct hs_error *err)
{
	return hs_error_set(err, HS_DB_ERROR, "player_season_restated",
	    "what files stated of a player-season is not whole in the database: nothing was undone");
}

static bool resolve_next(const struct shelf *shelf, struct hs_error *err)
{
	const struct replay_statement *next = NULL;

	for (size_t place = shelf->count; place > 0; place--) {
		struct replay_statement *one = at(shelf, place - 1);

		if (points_back(one))
			continue;
		if (one->kind == REPLAY_NEXT) {
			if (next == NULL)
				return contradiction(err);
			one->figures = next->figures;
			one->figures_from = next->figures_from;
		}
		next = one;
	}
	return true;
}

static bool resolve_back(const struct shelf *shelf, struct hs_error *err)
{
	for (size_t place = 0; place < shelf->count; place++) {
		struct replay_statement *one = at(shelf, place);

		if (!points_back(one))
			continue;
		if (place == 0)
			return contradiction(err);
		one->figures = at(shelf, place - 1)->figures;
		one->figures_from = at(shelf, place - 1)->figures_from;
		if (one->kind != REPLAY_SAME)
			continue;
		one->extras = at(shelf, place - 1)->extras;
		one->extras_from = at(shelf, place - 1)->extras_from;
	}
	return true;
}

static bool resolve(struct shelf *shelf, size_t count, struct hs_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct replay_statement *one = &shelf->statements[i];

		one->figures_from = one->extras_from = i;
		one->new_kind = REPLAY_GONE;
		one->new_superseded_by = 0;
		put(shelf, i);
	}
	return resolve_next(shelf, err) && resolve_back(shelf, err);
}

/* --- taken in anew ---------------------------------------------------------------------- */

static void supersede(struct replay_statement *old, int64_t by)
{
	old->new_kind = REPLAY_HISTORY;
	old->new_superseded_by = by;
}

static void take_newer(struct shelf *shelf, struct replay_statement *one)
{
	struct replay_statement *current = shelf->current;

	if (current->figures == one->figures && current->day == one->day &&
	    current->extras == one->extras) {
		one->new_kind = REPLAY_SAME;
		return;
	}
	if (current->figures == one->figures)
		current->new_kind = REPLAY_NEXT;
	else
		supersede(current, one->file);
	one->new_kind = REPLAY_CURRENT;
	shelf->current = one;
}

/* The last one of its day, when that is in history; NULL when there is none, or it points at the
 * next newer one. */
static const struct replay_statement *same_day(const struct shelf *shelf, size_t place)
{
	int day = at(shelf, place)->day;

	for (size_t i = place; i > 0 && at(shelf, i - 1)->day == day; i--) {
		if (at(shelf, i - 1)->new_kind == REPLAY_NEXT)
			return NULL;
		if (at(shelf, i - 1)->new_kind == REPLAY_HISTORY)
			return at(shelf, i - 1);
	}
	return NULL;
}

static const struct replay_statement *next_newer(const struct shelf *shelf, size_t place)
{
	for (size_t i = place + 1; i < shelf->count; i++)
		if (at(shelf, i)->new_kind == REPLAY_HISTORY ||
		    at(shelf, i)->new_kind == REPLAY_CURRENT)
			return at(shelf, i);
	return shelf->current;
}

/* The newest before it that points at the next newer one, which is another from now on. */
static void free_near(const struct shelf *shelf, size_t place, int64_t by)
{
	for (size_t i = place; i > 0 && at(shelf, i - 1)->new_kind != REPLAY_HISTORY; i--) {
		if (at(shelf, i - 1)->new_kind != REPLAY_NEXT)
			continue;
		supersede(at(shelf, i - 1), by);
		return;
	}
}

static void take_stale(struct shelf *shelf, size_t place)
{
	struct replay_statement *one = at(shelf, place);
	const struct replay_statement *twin = same_day(shelf, place);
	const struct replay_statement *next = next_newer(shelf, place);

	if (twin != NULL && twin->figures == one->figures) {
		one->new_kind = REPLAY_PREVIOUS;
	} else if (twin == NULL && next->figures == one->figures) {
		one->new_kind = REPLAY_NEXT;
	} else {
		if (next->figures != one->figures)
			free_near(shelf, place, one->file);
		supersede(one, shelf->current->file);
	}
}

static void take(struct shelf *shelf, size_t number)
{
	struct replay_statement *one = &shelf->statements[number];
	size_t place = put(shelf, number);

	if (shelf->current == NULL) {
		one->new_kind = REPLAY_CURRENT;
		shelf->current = one;
	} else if (one->day >= shelf->current->day) {
		take_newer(shelf, one);
	} else {
		take_stale(shelf, place);
	}
}

bool replay_key(struct replay_statement *statements, size_t count, struct hs_error *err)
{
	struct shelf shelf = { .statements = statements,
		.places = calloc(count + 1, sizeof *shelf.places) };
	bool done;

	if (shelf.places == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for what files stated");
	if ((done = resolve(&shelf, count, err))) {
		shelf.count = 0;
		for (size_t i = 0; i < count; i++) {
			if (!statements[i].is_fixed)
				continue;
			supersede(&statements[i], statements[i].superseded_by);
			put(&shelf, i);
		}
		for (size_t i = 0; i < count; i++)
			if (!statements[i].is_fixed && !statements[i].is_undone)
				take(&shelf, i);
	}
	free(shelf.places);
	return done;
}
