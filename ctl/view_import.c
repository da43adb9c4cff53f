/* view_import.c: import runs: what happened to each file, and what to do next.
 *
 * Trusts the figures; texts are escaped. Rows are printed as files end, so the columns
 * are fixed; the name's takes what the window has left. */
#include "ctl/views.h"

#include <string.h>

#include "common/number.h"
#include "ctl/table.h"

enum {
	STATUS_COLUMNS = 10,
	FIGURE_COLUMNS = 8,	/* 999,999 and a blank */
	WIDE_SCREEN = 100,
	WIDE_FIGURE_COLUMNS = 11,
	FIGURE_COUNT = 5,
	FIRST_PROBLEMS = 5,	/* shown as a file fails */
	MORE_PROBLEMS = 100	/* by import show: all that the importer sends */
};

static const struct {
	const char *key, *title;
} figures[FIGURE_COUNT] = {
	{ "records", "RECORDS" },
	{ "created", "CREATED" },
	{ "updated", "UPDATED" },
	{ "unchanged", "SAME" },
	{ "stale", "STALE" },
};

static size_t figure_columns(const struct screen *screen)
{
	return screen->width < WIDE_SCREEN ? FIGURE_COLUMNS : WIDE_FIGURE_COLUMNS;
}

static size_t name_columns(const struct screen *screen)
{
	return screen->width - STATUS_COLUMNS - FIGURE_COUNT * figure_columns(screen);
}

static void print_heading(struct output *output)
{
	const struct screen *screen = &output->screen;

	if (output->has_shown)
		return;
	output->has_shown = true;
	screen_print(screen, STYLE_TITLE, "%-*s%-*s", STATUS_COLUMNS, "",
	    (int)name_columns(screen), "FILE");
	for (size_t i = 0; i < FIGURE_COUNT; i++)
		screen_print(screen, STYLE_TITLE, "%*s", (int)figure_columns(screen),
		    figures[i].title);
	fputc('\n', screen->out);
}

static enum style status_style(const char *status)
{
	if (strcmp(status, "imported") == 0)
		return STYLE_GOOD;
	if (strcmp(status, "failed") == 0)
		return STYLE_BAD;
	return STYLE_DOUBT;
}

/* Its columns are left to what follows: a name that is too long gets a line of its own. */
static void print_status_and_name(const struct screen *screen, const json_t *file)
{
	const char *status = text_of(file, "status"), *name = text_of(file, "name");
	size_t columns = name_columns(screen), width = screen_width(name);
	size_t status_width = screen_width(status);

	screen_print(screen, status_style(status), "%s", status);
	fprintf(screen->out, "%*s%s",
	    (int)(status_width < STATUS_COLUMNS ? STATUS_COLUMNS - status_width : 1), "", name);
	if (width <= columns)
		fprintf(screen->out, "%*s", (int)(columns - width), "");
	else
		fprintf(screen->out, "\n%*s", (int)(STATUS_COLUMNS + columns), "");
}

static void print_figures(const struct screen *screen, const json_t *file)
{
	char count[FIGURE_BYTES];
	int room = (int)figure_columns(screen) - 1;

	for (size_t i = 0; i < FIGURE_COUNT; i++) {
		long long number = number_of(file, figures[i].key);

		/* millions go without commas rather than out of line */
		if (strlen(screen_count(number, count)) > (size_t)room)
			snprintf(count, sizeof count, "%lld", number);
		fprintf(screen->out, " %*s", room, count);
	}
	fputc('\n', screen->out);
}

/* Under which name it lies in archive or failed, when that is another one. */
static const char *stored_name(const json_t *file)
{
	const char *stored = json_string_value(json_object_get(file, "stored_as"));

	return stored != NULL && stored[0] != '\0' ? stored : text_of(file, "name");
}

static void tell_new_name(const struct screen *screen, const json_t *file)
{
	if (strcmp(stored_name(file), text_of(file, "name")) != 0)
		fprintf(screen->out, "%*sin archive as %s\n", STATUS_COLUMNS, "",
		    stored_name(file));
}

static void print_imported(const struct screen *screen, const json_t *file)
{
	static const struct {
		const char *key, *one, *many;
	} news[] = {
		{ "new_players", "player", "players" },
		{ "new_teams", "team", "teams" },
		{ "new_competitions", "competition", "competitions" },
		{ "new_seasons", "season", "seasons" },
	};
	const char *before = "new: ";
	char count[64];

	print_figures(screen, file);
	for (size_t i = 0; i < HS_COUNT(news); i++) {
		long long number = number_of(file, news[i].key);

		if (number == 0)
			continue;
		if (before[0] == 'n')
			fprintf(screen->out, "%*s", STATUS_COLUMNS, "");
		screen_print(screen, STYLE_DIM, "%s%s", before,
		    screen_some(number, news[i].one, news[i].many, count, sizeof count));
		before = ", ";
	}
	if (before[0] == ',')
		fputc('\n', screen->out);
	tell_new_name(screen, file);
}

static void print_duplicate(const struct screen *screen, const json_t *file)
{
	const json_t *of = json_object_get(file, "duplicate_of");

	fputs("  nothing to do\n", screen->out);
	if (json_is_object(of))
		fprintf(screen->out, "%*sthe same content as %s, imported before\n", STATUS_COLUMNS,
		    "", text_of(of, "name"));
	tell_new_name(screen, file);
}

/* So that the line can be copied into a shell, whatever the file is called. */
static void print_shell_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._+-";

	if (word[0] == '-')
		fputs("-- ", out);
	if (word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

static void print_failed(struct output *output, const json_t *file, size_t most)
{
	const struct screen *screen = &output->screen;
	const json_t *problems = json_object_get(file, "problems");
	const json_t *reason = json_object_get(file, "reason");
	long long total = number_of(file, "problem_total");
	size_t shown = json_array_size(problems) < most ? json_array_size(problems) : most;
	char count[64];

	screen_print(screen, STYLE_BAD, "  %s",
	    screen_some(total, "problem", "problems", count, sizeof count));
	fputc('\n', screen->out);
	view_problems(output, text_of(file, "name"), problems, most, 2);
	if (total > (long long)shown)
		fprintf(screen->out, "  ... and %s more, all in %s.errors.json beside it\n",
		    screen_count(total - (long long)shown, count), stored_name(file));
	if (json_is_string(reason) && json_string_length(reason) > 0)
		fprintf(screen->out, "  %s\n", json_string_value(reason));
	fprintf(screen->out, "  It lies in the failed folder as %s. Fix it there, then:\n",
	    stored_name(file));
	fputs("  hsctl import retry ", screen->out);
	print_shell_word(screen->out, stored_name(file));
	fputc('\n', screen->out);
}

static void print_file(struct output *output, const json_t *file, size_t most_problems)
{
	const char *status = text_of(file, "status");

	print_heading(output);
	print_status_and_name(&output->screen, file);
	if (strcmp(status, "imported") == 0 || strcmp(status, "undone") == 0)
		print_imported(&output->screen, file);
	else if (strcmp(status, "duplicate") == 0)
		print_duplicate(&output->screen, file);
	else if (strcmp(status, "failed") == 0)
		print_failed(output, file, most_problems);
	else
		fprintf(output->screen.out, "  %s\n", text_of(file, "reason"));
}

void view_import_event(struct output *output, const json_t *event)
{
	if (strcmp(text_of(event, "event"), "file") == 0)
		print_file(output, json_object_get(event, "file"), FIRST_PROBLEMS);
}

void view_show_event(struct output *output, const json_t *event)
{
	if (strcmp(text_of(event, "event"), "file") == 0)
		print_file(output, json_object_get(event, "file"), MORE_PROBLEMS);
}

static void print_file_counts(FILE *out, const json_t *totals)
{
	static const char *const parts[] = { "imported", "duplicate", "failed", "waiting" };
	const char *before = ": ";
	char count[FIGURE_BYTES];

	for (size_t i = 0; i < HS_COUNT(parts); i++) {
		if (number_of(totals, parts[i]) == 0)
			continue;
		fprintf(out, "%s%s %s", before, screen_count(number_of(totals, parts[i]), count),
		    parts[i]);
		before = ", ";
	}
}

/* Those that were taken in: a failed file's records count for nothing. */
static long long taken_records(const json_t *totals)
{
	return number_of(totals, "created") + number_of(totals, "updated") +
	    number_of(totals, "unchanged") + number_of(totals, "stale");
}

static void print_rate(FILE *out, const json_t *totals)
{
	double seconds = real_of(totals, "seconds");
	long long records = taken_records(totals);
	char rate[FIGURE_BYTES];

	if (seconds > 0 && records > 0)
		fprintf(out, " (%s rows/s)",
		    screen_count((long long)((double)records / seconds), rate));
}

static void print_totals(const struct screen *screen, const json_t *totals)
{
	char count[64], records[64], span[FIGURE_BYTES];
	FILE *out = screen->out;

	fputc('\n', out);
	screen_print(screen, STYLE_TITLE, "%s in %s",
	    screen_some(number_of(totals, "files"), "file", "files", count, sizeof count),
	    screen_span(real_of(totals, "seconds"), span));
	print_file_counts(out, totals);
	fputc('\n', out);
	if (taken_records(totals) == 0)
		return;
	fprintf(out, "%s", screen_some(taken_records(totals), "record", "records", records,
	    sizeof records));
	print_rate(out, totals);
	for (size_t i = 1; i < FIGURE_COUNT; i++)
		fprintf(out, "%s%s %s", i == 1 ? "\n  " : ", ",
		    screen_count(number_of(totals, figures[i].key), count), figures[i].key);
	fputc('\n', out);
}

/* What lies in incoming and is none of the importer's. */
static void print_ignored(const struct screen *screen, const json_t *result)
{
	const json_t *ignored = json_object_get(result, "ignored"), *name;
	long long total = number_of(result, "ignored_total");
	char count[FIGURE_BYTES];
	size_t i;

	json_array_foreach(ignored, i, name)
		fprintf(screen->out, "ignored: %s in incoming is not *.json\n",
		    json_string_value(name));
	if (total > (long long)json_array_size(ignored))
		fprintf(screen->out, "ignored: %s more there\n",
		    screen_count(total - (long long)json_array_size(ignored), count));
}

/* Files that the importer took, and refused, before the command came. */
static void print_failed_before(struct output *output, const json_t *files)
{
	const json_t *file;
	size_t i;

	if (json_array_size(files) == 0)
		return;
	fputs("Refused by itself within the last minute:\n", output->screen.out);
	json_array_foreach(files, i, file)
		print_file(output, file, FIRST_PROBLEMS);
	fputc('\n', output->screen.out);
}

void view_import_now(struct output *output, const json_t *result)
{
	const json_t *run = json_object_get(result, "run");
	const json_t *totals = json_object_get(result, "totals");

	print_failed_before(output, json_object_get(result, "failed_before"));
	print_ignored(&output->screen, result);
	if (number_of(totals, "files") == 0 &&
	    json_array_size(json_object_get(result, "failed_before")) > 0) {
		fputs("There is nothing else to import: no snapshot lies in incoming.\n",
		    output->screen.out);
		return;
	}
	if (number_of(totals, "files") == 0 && !output->has_shown) {
		fputs("There is nothing to import: no snapshot lies in incoming.\n",
		    output->screen.out);
		return;
	}
	print_totals(&output->screen, totals);
	if (json_is_object(run))
		fprintf(output->screen.out, "It was run %lld: hsctl import show %lld\n",
		    number_of(run, "run_id"), number_of(run, "run_id"));
}

enum { FAILED_COLUMN = 4, RUN_STATUS_COLUMN = 7 };

void view_import_show(struct output *output, const json_t *result)
{
	const json_t *run = json_object_get(result, "run");
	const json_t *totals = json_object_get(result, "totals");
	char started[FIGURE_BYTES], finished[FIGURE_BYTES];

	screen_time(text_of(run, "started_at"), SCREEN_TO_THE_SECOND, started);
	screen_time(text_of(run, "finished_at"), SCREEN_TO_THE_SECOND, finished);
	if (number_of(totals, "files") > 0)
		print_totals(&output->screen, totals);
	fprintf(output->screen.out, "Run %lld by %s: %s, from %s to %s (UTC)\n",
	    number_of(run, "run_id"), text_of(run, "trigger"), text_of(run, "status"), started,
	    finished);
}

static void add_run(struct table *table, const json_t *run)
{
	char id[FIGURE_BYTES], started[FIGURE_BYTES], files[FIGURE_BYTES], failed[FIGURE_BYTES];
	char records[FIGURE_BYTES], changed[FIGURE_BYTES];

	snprintf(id, sizeof id, "%lld", number_of(run, "run_id"));
	screen_time(text_of(run, "started_at"), SCREEN_TO_THE_MINUTE, started);
	screen_count(number_of(run, "files"), files);
	screen_count(number_of(run, "failed"), failed);
	screen_count(taken_records(run), records);
	screen_count(number_of(run, "created") + number_of(run, "updated"), changed);
	table_add(table, (const char *const[]){ id, started, text_of(run, "trigger"), files, failed,
	    records, changed, text_of(run, "status") });
	if (number_of(run, "failed") > 0)
		table_style(table, FAILED_COLUMN, STYLE_BAD);
	if (strcmp(text_of(run, "status"), "done") != 0)
		table_style(table, RUN_STATUS_COLUMN, STYLE_DOUBT);
}

void view_import_list(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "RUN", true }, { "STARTED (UTC)", false },
		{ "BY", false }, { "FILES", true }, [FAILED_COLUMN] = { "FAILED", true },
		{ "RECORDS", true }, { "CHANGED", true },
		[RUN_STATUS_COLUMN] = { "STATUS", false } };
	const json_t *runs = json_object_get(result, "runs"), *run;
	const json_t *waiting = json_object_get(result, "waiting");
	size_t i;

	if (json_array_size(runs) == 0) {
		fputs("Nothing has been imported yet: put a snapshot (*.json) into incoming.\n",
		    output->screen.out);
	} else {
		struct table *table = table_new(columns, HS_COUNT(columns));

		json_array_foreach(runs, i, run)
			add_run(table, run);
		table_print(table, &output->screen, 0);
	}
	if (json_array_size(waiting) > 0 || number_of(result, "ignored_total") > 0)
		fputc('\n', output->screen.out);
	view_waiting(output, waiting);
	print_ignored(&output->screen, result);
}

void view_waiting(struct output *output, const json_t *waiting)
{
	const json_t *one;
	size_t i;

	if (json_array_size(waiting) == 0)
		return;
	screen_print(&output->screen, STYLE_TITLE, "  waiting in incoming");
	fputc('\n', output->screen.out);
	json_array_foreach(waiting, i, one) {
		const json_t *next = json_object_get(one, "next_try_seconds");
		char since[FIGURE_BYTES], span[FIGURE_BYTES];

		fprintf(output->screen.out, "    %s: %s (for %s", text_of(one, "file"),
		    text_of(one, "reason"), screen_span(real_of(one, "since_seconds"), since));
		if (json_is_number(next))
			fprintf(output->screen.out, "; next try in %s",
			    screen_span(json_number_value(next), span));
		fputs(")\n", output->screen.out);
	}
}
