/* view_snapshot.c: what was found in a snapshot, as compilers say it, and the schema.
 *
 * Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <string.h>

#include "common/number.h"

enum { EXCERPT_BYTES = 2048 };

/* Where the n-th character (from 1) begins; its end where there are fewer. */
static const char *character(const char *text, long long n)
{
	while (*text != '\0' && n > 1) {
		text++;
		while (((unsigned char)*text & 0xc0) == 0x80)
			text++;
		n--;
	}
	return text;
}

static size_t width_between(const char *from, const char *to)
{
	char part[EXCERPT_BYTES];

	snprintf(part, sizeof part, "%.*s", (int)(to - from), from);
	return screen_width(part);
}

/* The line in question, as much as fits, and a mark under the place. */
static void print_excerpt(const struct screen *screen, const json_t *problem, size_t indent)
{
	const char *text = json_string_value(json_object_get(problem, "excerpt")), *place;
	size_t room = screen->width - indent - 1;
	char shown[EXCERPT_BYTES];

	if (text == NULL || strlen(text) >= sizeof shown)
		return;
	place = character(text, number_of(problem, "excerpt_column"));
	while (width_between(text, place) > room / 2)
		text = character(text, 2);
	screen_cut(text, room, shown, sizeof shown);
	fprintf(screen->out, "%*s%s\n%*s", (int)indent, "", shown,
	    (int)(indent + width_between(text, place)), "");
	screen_print(screen, STYLE_BAD, "^");
	fputc('\n', screen->out);
}

void view_problems(struct output *output, const char *name, const json_t *problems, size_t most,
    size_t indent)
{
	const struct screen *screen = &output->screen;
	size_t i;
	json_t *problem;

	json_array_foreach(problems, i, problem) {
		const char *pointer = json_string_value(json_object_get(problem, "pointer"));

		if (i == most)
			break;
		fprintf(screen->out, "%*s", (int)indent, "");
		screen_print(screen, STYLE_TITLE, "%s:%lld:%lld:", name, number_of(problem, "line"),
		    number_of(problem, "column"));
		fputc(' ', screen->out);
		if (pointer != NULL && pointer[0] != '\0')
			fprintf(screen->out, "%s: ", pointer);
		fprintf(screen->out, "%s ", text_of(problem, "message"));
		screen_print(screen, STYLE_DIM, "(%s)", text_of(problem, "code"));
		fputc('\n', screen->out);
		print_excerpt(screen, problem, indent + 4);
	}
}

static void print_valid(struct output *output, const json_t *result)
{
	char records[48], size[FIGURE_BYTES], span[FIGURE_BYTES];
	FILE *out = output->screen.out;

	fprintf(out, "%s: ", text_of(result, "file"));
	screen_print(&output->screen, STYLE_GOOD, "valid");
	fprintf(out, ", %s\n", screen_some(number_of(result, "records"), "record", "records",
	    records, sizeof records));
	fprintf(out, "  source  %s, as of %s\n", text_of(result, "source_name"),
	    text_of(result, "snapshot_date"));
	fprintf(out, "  read    %s in %s\n",
	    hs_size_text(number_of(result, "bytes"), size, sizeof size),
	    screen_span(real_of(result, "seconds"), span));
}

static void print_invalid(struct output *output, const json_t *result)
{
	const json_t *problems = json_object_get(result, "problems");
	long long total = number_of(result, "problem_total");
	char count[64], records[64], kept[FIGURE_BYTES];
	FILE *out = output->screen.out;

	view_problems(output, text_of(result, "file"), problems, json_array_size(problems), 0);
	fprintf(out, "\n%s: ", text_of(result, "file"));
	screen_print(&output->screen, STYLE_BAD, "%s",
	    screen_some(total, "problem", "problems", count, sizeof count));
	if (total > (long long)json_array_size(problems))
		fprintf(out, " (the first %s are shown)",
		    screen_count((long long)json_array_size(problems), kept));
	fprintf(out, ", %s read", screen_some(number_of(result, "records"), "record", "records",
	    records, sizeof records));
	if (json_is_string(json_object_get(result, "source_name")))
		fprintf(out, "\n  source  %s, as of %s", text_of(result, "source_name"),
		    text_of(result, "snapshot_date"));
	fputs("\n  an import would refuse the whole file\n", out);
}

void view_check(struct output *output, const json_t *result)
{
	if (flag_of(result, "valid"))
		print_valid(output, result);
	else
		print_invalid(output, result);
}

void view_schema(struct output *output, const json_t *result)
{
	if (json_dumpf(result, output->screen.out, JSON_INDENT(2)) != 0)
		out_of_memory();
	fputc('\n', output->screen.out);
}
