/* view_identity.c: persons and pairs as text. Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include "common/number.h"

void view_identity_event(struct output *output, const json_t *event)
{
	(void)output, (void)event;	/* progress is drawn elsewhere, and there is nothing else */
}

static const char *known(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "unknown";
}

static void print_rows(const struct screen *screen, const json_t *side)
{
	const json_t *rows = json_object_get(side, "rows"), *row;
	long long more = number_of(side, "rows_total") - (long long)json_array_size(rows);
	size_t i;

	json_array_foreach(rows, i, row) {
		const json_t *games = json_object_get(row, "games"), *ppg = json_object_get(row, "ppg");

		fprintf(screen->out, "      %s, %s, %s", text_of(row, "season"), text_of(row, "team"),
		    text_of(row, "competition"));
		if (json_is_integer(games))
			fprintf(screen->out, ", %lld games", number_of(row, "games"));
		if (json_is_number(ppg))
			fprintf(screen->out, ", %g points", json_number_value(ppg));
		fputc('\n', screen->out);
	}
	if (more > 0)
		fprintf(screen->out, "      and %lld more\n", more);
}

/* A player as a source has them. */
static void print_side(const struct screen *screen, const json_t *side)
{
	long long height = number_of(side, "height_cm");

	fprintf(screen->out, "    ");
	screen_print(screen, STYLE_TITLE, "%s", text_of(side, "identity"));
	fprintf(screen->out, "  %s, born %s, %s", text_of(side, "full_name"),
	    known(side, "birth_date"), known(side, "nationality"));
	if (height > 0)
		fprintf(screen->out, ", %lld cm", height);
	fputc('\n', screen->out);
}

static void print_link(const struct screen *screen, const json_t *side)
{
	const char *reason = json_string_value(json_object_get(side, "reason"));
	char when[FIGURE_BYTES];

	screen_print(screen, STYLE_DIM, "      linked %s by %s%s%s",
	    screen_time(text_of(side, "linked_at"), SCREEN_TO_THE_MINUTE, when),
	    text_of(side, "linked_by"), reason != NULL ? ": " : "", reason != NULL ? reason : "");
	fputc('\n', screen->out);
}

static void print_rest(const struct screen *screen, const json_t *result, const char *list,
    const char *what)
{
	long long shown = (long long)json_array_size(json_object_get(result, list));
	long long total = number_of(result, "total");
	char count[FIGURE_BYTES];

	if (total > shown)
		fprintf(screen->out, "%s more %s: --limit shows more.\n",
		    screen_count(total - shown, count), what);
}

void view_identity_list(struct output *output, const json_t *result)
{
	const json_t *people = json_object_get(result, "people"), *person, *side;
	size_t i, k;

	if (json_array_size(people) == 0)
		fputs("Nobody is linked to anybody.\n", output->screen.out);
	json_array_foreach(people, i, person) {
		screen_print(&output->screen, STYLE_TITLE, "%s", text_of(person, "full_name"));
		fprintf(output->screen.out, " (player %lld) is\n", number_of(person, "id"));
		json_array_foreach(json_object_get(person, "identities"), k, side) {
			print_side(&output->screen, side);
			print_link(&output->screen, side);
		}
	}
	print_rest(&output->screen, result, "people", "persons");
}

void view_identity_unlink(struct output *output, const json_t *result)
{
	fputs("Unlinked: the player stands alone again.\n", output->screen.out);
	if (json_array_size(json_object_get(result, "people")) > 0) {
		fputs("The others stay linked:\n", output->screen.out);
		view_identity_list(output, result);
	}
}

void view_identity_unlike(struct output *output, const json_t *result)
{
	(void)result;
	fputs("Noted: the two are not suggested again.\n", output->screen.out);
}

static void print_reasons(const struct screen *screen, const json_t *pair)
{
	const json_t *reason;
	size_t i;

	json_array_foreach(json_object_get(pair, "reasons"), i, reason)
		fprintf(screen->out, "%s%s %+lld", i > 0 ? ", " : "  ", text_of(reason, "words"),
		    number_of(reason, "points"));
	fputc('\n', screen->out);
}

void view_identity_suggest(struct output *output, const json_t *result)
{
	static const char *const sides[] = { "a", "b" };
	const json_t *pairs = json_object_get(result, "pairs"), *pair;
	const json_t *look = json_object_get(result, "look");
	char when[FIGURE_BYTES], players[FIGURE_BYTES];
	size_t i;

	json_array_foreach(pairs, i, pair) {
		screen_print(&output->screen, STYLE_TITLE, "%lld of 100",
		    number_of(pair, "score"));
		print_reasons(&output->screen, pair);
		for (size_t k = 0; k < HS_COUNT(sides); k++) {
			print_side(&output->screen, json_object_get(pair, sides[k]));
			print_rows(&output->screen, json_object_get(pair, sides[k]));
		}
	}
	if (json_array_size(pairs) == 0)
		fputs("No two players look like one person.\n", output->screen.out);
	print_rest(&output->screen, result, "pairs", "pairs");
	fprintf(output->screen.out, "As of %s UTC, among %s players; %s--new looks again.\n",
	    screen_time(text_of(look, "looked_at"), SCREEN_TO_THE_MINUTE, when),
	    screen_count(number_of(look, "players"), players),
	    json_is_true(json_object_get(look, "is_behind")) ? "the data has changed since: " : "");
}
