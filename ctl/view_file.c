/* view_file.c: the files that came in, one of them, and what undoing it changes.
 *
 * Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "ctl/table.h"

enum { FILE_STATUS_COLUMN = 2, CHECKSUM_SHOWN = 12, LINE_BYTES = 256 };

static void add_file(struct table *table, const json_t *file)
{
	char id[FIGURE_BYTES], finished[FIGURE_BYTES], records[FIGURE_BYTES];
	const char *status = text_of(file, "status");
	char checksum[CHECKSUM_SHOWN + 1];

	snprintf(id, sizeof id, "%lld", number_of(file, "file_id"));
	screen_time(text_of(file, "finished_at"), SCREEN_TO_THE_MINUTE, finished);
	screen_count(number_of(file, "records"), records);
	snprintf(checksum, sizeof checksum, "%.*s", CHECKSUM_SHOWN, text_of(file, "sha256"));
	table_add(table, (const char *const[]){ id, finished, status, records,
	    text_of(file, "source_name"), text_of(file, "snapshot_date"), checksum,
	    text_of(file, "name") });
	if (strcmp(status, "failed") == 0)
		table_style(table, FILE_STATUS_COLUMN, STYLE_BAD);
	else if (strcmp(status, "undone") == 0)
		table_style(table, FILE_STATUS_COLUMN, STYLE_DOUBT);
}

void view_import_files(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "FILE", true }, { "CAME IN (UTC)", false },
		[FILE_STATUS_COLUMN] = { "STATUS", false }, { "RECORDS", true },
		{ "SOURCE", false }, { "AS OF", false }, { "SHA-256", false }, { "NAME", false } };
	const json_t *files = json_object_get(result, "files"), *file;
	struct table *table;
	char total[64];
	size_t i;

	if (json_array_size(files) == 0) {
		fputs("There is no such file.\n", output->screen.out);
		return;
	}
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(files, i, file)
		add_file(table, file);
	table_print(table, &output->screen, 0);
	fprintf(output->screen.out, "\n%s in all", screen_some(number_of(result, "total"), "file",
	    "files", total, sizeof total));
	if (number_of(result, "total") > number_of(result, "limit"))
		fprintf(output->screen.out, "; this is page %lld of %lld",
		    number_of(result, "page"), (number_of(result, "total") +
		    number_of(result, "limit") - 1) / number_of(result, "limit"));
	fputc('\n', output->screen.out);
}

/* --- one file ------------------------------------------------------------------------- */

static void print_line(const struct screen *screen, const char *label, const char *text)
{
	fprintf(screen->out, "  %-10s%s\n", label, text);
}

static void print_counts(const struct screen *screen, const json_t *file)
{
	char line[LINE_BYTES], counts[5][FIGURE_BYTES];

	snprintf(line, sizeof line, "%s: %s created, %s updated, %s the same, %s stale",
	    screen_count(number_of(file, "records"), counts[0]),
	    screen_count(number_of(file, "created"), counts[1]),
	    screen_count(number_of(file, "updated"), counts[2]),
	    screen_count(number_of(file, "unchanged"), counts[3]),
	    screen_count(number_of(file, "stale"), counts[4]));
	print_line(screen, "records", line);
	snprintf(line, sizeof line, "%s players, %s teams, %s competitions, %s seasons",
	    screen_count(number_of(file, "new_players"), counts[0]),
	    screen_count(number_of(file, "new_teams"), counts[1]),
	    screen_count(number_of(file, "new_competitions"), counts[2]),
	    screen_count(number_of(file, "new_seasons"), counts[3]));
	print_line(screen, "new", line);
}

static void print_place(const struct screen *screen, const json_t *file)
{
	char when[FIGURE_BYTES];

	if (json_is_string(json_object_get(file, "deleted_at"))) {
		screen_time(text_of(file, "deleted_at"), SCREEN_TO_THE_SECOND, when);
		fprintf(screen->out, "  %-10sdeleted by %s, %s (UTC)\n", "stored",
		    text_of(file, "deleted_by"), when);
	} else if (json_is_string(json_object_get(file, "path"))) {
		fprintf(screen->out, "  %-10s%s%s\n", "stored", text_of(file, "path"),
		    flag_of(file, "is_there") ? "" : " (it is not there any more)");
	} else {
		print_line(screen, "stored", "still in incoming, or moved away from it");
	}
}

static void print_state(const struct screen *screen, const json_t *file)
{
	const json_t *original = json_object_get(file, "duplicate_of");
	const char *status = text_of(file, "status");
	char when[FIGURE_BYTES];

	fprintf(screen->out, "File %lld: %s\n  %-10s", number_of(file, "file_id"),
	    text_of(file, "name"), "status");
	screen_print(screen, strcmp(status, "imported") == 0 ? STYLE_GOOD :
	    strcmp(status, "failed") == 0 ? STYLE_BAD : STYLE_DOUBT, "%s", status);
	if (json_is_object(original))
		fprintf(screen->out, " of file %lld, %s%s", number_of(original, "file_id"),
		    text_of(original, "name"), strcmp(text_of(original, "status"), "undone") == 0 ?
		    ", whose import was undone since: put it into incoming to import it" : "");
	if (strcmp(status, "undone") == 0) {
		screen_time(text_of(file, "undone_at"), SCREEN_TO_THE_SECOND, when);
		fprintf(screen->out, " by %s, %s (UTC)", text_of(file, "undone_by"), when);
	}
	fputc('\n', screen->out);
}

void view_import_file(struct output *output, const json_t *result)
{
	const struct screen *screen = &output->screen;
	const json_t *file = json_object_get(result, "file");
	const json_t *problems = json_object_get(file, "problems");
	char line[LINE_BYTES], finished[FIGURE_BYTES], span[FIGURE_BYTES], size[FIGURE_BYTES];
	long long total = number_of(file, "problem_total");

	print_state(screen, file);
	screen_time(text_of(file, "finished_at"), SCREEN_TO_THE_SECOND, finished);
	snprintf(line, sizeof line, "%s (UTC) in run %lld by %s, taking %s", finished,
	    number_of(file, "run_id"), text_of(file, "trigger"),
	    screen_span((double)number_of(file, "duration_ms") / 1000, span));
	print_line(screen, "came in", line);
	fprintf(screen->out, "  %-10s%s, as of %s\n", "source", text_of(file, "source_name"),
	    text_of(file, "snapshot_date"));
	if (strcmp(text_of(file, "status"), "duplicate") != 0 && total == 0)
		print_counts(screen, file);
	print_line(screen, "size", hs_size_text(number_of(file, "size_bytes"), size, sizeof size));
	print_line(screen, "SHA-256", text_of(file, "sha256"));
	print_place(screen, file);
	if (total == 0)
		return;
	screen_print(screen, STYLE_BAD, "\n%s", screen_some(total, "problem", "problems", line,
	    sizeof line));
	if (total > (long long)json_array_size(problems))
		fprintf(screen->out, ", of which the first %zu are kept",
		    json_array_size(problems));
	fputc('\n', screen->out);
	view_problems(output, text_of(file, "name"), problems, json_array_size(problems), 0);
}

/* --- undoing -------------------------------------------------------------------------- */

/* The members that differ, as "ppg 12.5 -> 11, rpg - -> 3"; all of them when there is no other. */
static void print_differences(const struct screen *screen, const json_t *before,
    const json_t *after)
{
	const char *key, *comma = "";
	const json_t *old;

	json_object_foreach((json_t *)(size_t)before, key, old) {
		const json_t *new = json_object_get(after, key);
		char *left, *right;

		if (json_equal(old, new) || (!json_is_object(after) && json_is_null(old)))
			continue;
		left = json_dumps(old, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		right = json_dumps(new, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		if (left == NULL || (new != NULL && right == NULL))
			out_of_memory();
		fprintf(screen->out, "%s%s %s", comma, key, json_is_null(old) ? "-" : left);
		if (json_is_object(after))
			fprintf(screen->out, " -> %s", json_is_null(new) ? "-" : right);
		free(left);
		free(right);
		comma = ", ";
	}
	fputc('\n', screen->out);
}

static void print_rows(const struct screen *screen, const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		fprintf(screen->out, "  %s, %s, %s, %s: ", text_of(row, "player"),
		    text_of(row, "team"), text_of(row, "competition"), text_of(row, "season"));
		screen_print(screen, STYLE_DOUBT, "%s", text_of(row, "becomes"));
		fputs("\n    ", screen->out);
		print_differences(screen, json_object_get(row, "before"),
		    json_object_get(row, "after"));
	}
}

static void print_players(const struct screen *screen, const json_t *players)
{
	const json_t *player;
	size_t i;

	json_array_foreach(players, i, player) {
		fprintf(screen->out, "  %s: ", text_of(player, "player"));
		screen_print(screen, STYLE_DOUBT, "%s", text_of(player, "becomes"));
		fputs("\n    ", screen->out);
		print_differences(screen, json_object_get(player, "before"),
		    json_object_get(player, "after"));
	}
}

static void print_sums(const struct screen *screen, const json_t *counts)
{
	static const struct {
		const char *key, *what;
	} sums[] = {
		{ "put_back", "put back to other figures" },
		{ "removed", "removed: no other file states them" },
		{ "restated", "same figures, by another file" },
		{ "untouched", "not affected: other files say what is shown" },
	};
	char count[64];

	fprintf(screen->out, "%s that it states:\n", screen_some(number_of(counts,
	    "player_seasons"), "player-season", "player-seasons", count, sizeof count));
	for (size_t i = 0; i < HS_COUNT(sums); i++)
		fprintf(screen->out, "  %9s  %s\n",
		    screen_count(number_of(counts, sums[i].key), count), sums[i].what);
	fprintf(screen->out, "Players: %s", screen_count(number_of(counts, "players_changed"),
	    count));
	fprintf(screen->out, " with other columns, %s that no file states any more\n",
	    screen_count(number_of(counts, "players_gone"), count));
	if (number_of(counts, "teams_renamed") + number_of(counts, "competitions_renamed") > 0)
		fprintf(screen->out, "Names: %lld of teams, %lld of competitions become others\n",
		    number_of(counts, "teams_renamed"),
		    number_of(counts, "competitions_renamed"));
}

void view_import_undo(struct output *output, const json_t *result)
{
	const struct screen *screen = &output->screen;
	bool is_preview = flag_of(result, "preview");
	long long file = number_of(result, "file_id");

	screen_print(screen, STYLE_TITLE, is_preview ? "Undoing file %lld, %s, would do this"
						     : "The import of file %lld, %s, is undone",
	    file, text_of(result, "name"));
	fprintf(screen->out, "\n(source %s, as of %s)\n", text_of(result, "source_name"),
	    text_of(result, "snapshot_date"));
	print_sums(screen, json_object_get(result, "counts"));
	if (json_array_size(json_object_get(result, "rows")) > 0)
		fputs("The first player-seasons, before -> after:\n", screen->out);
	print_rows(screen, json_object_get(result, "rows"));
	if (json_array_size(json_object_get(result, "players")) > 0)
		fputs("The first players:\n", screen->out);
	print_players(screen, json_object_get(result, "players"));
	if (is_preview)
		fprintf(screen->out, "Nothing was changed. To do just this: hsctl import undo %lld "
		    "--if-version %lld\n", file, number_of(result, "data_version"));
	else
		fputs("The file stays in archive; put it into incoming to import it again.\n",
		    screen->out);
}

void view_import_delete(struct output *output, const json_t *result)
{
	fprintf(output->screen.out, "%s and its report are deleted from failed\n",
	    text_of(result, "file"));
}
