/* view_quality.c: the quality of the data as text: sources, findings, coverage, or the items of one
 * of them. Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <string.h>

#include "ctl/table.h"

enum { LOW_PERCENT = 50, LEAST_BYTES = 256, PLACE_BYTES = 512 };

/* ---- sources ---- */

static const char *days_words(const json_t *source, const char *key, char buf[FIGURE_BYTES])
{
	if (!json_is_integer(json_object_get(source, key)))
		return "-";
	snprintf(buf, FIGURE_BYTES, "%lld", number_of(source, key));
	return buf;
}

static void print_sources(struct output *output, const json_t *sources)
{
	static const struct column columns[] = { { "SOURCE", false }, { "PLAYERS", true },
		{ "LATEST", false }, { "DAYS", true }, { "USUAL", true },
		{ "IMPORTED (UTC)", false },
		{ "EXTRACTED (UTC)", false }, { "", false } };
	struct table *table;
	const json_t *source;
	size_t i;

	if (json_array_size(sources) == 0)
		return;
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(sources, i, source) {
		const json_t *overdue = json_object_get(source, "overdue");
		char players[FIGURE_BYTES], days[FIGURE_BYTES], usual[FIGURE_BYTES];
		char imported[FIGURE_BYTES], ran[FIGURE_BYTES];

		table_add(table, (const char *const[]){ text_of(source, "name"),
		    screen_count(number_of(source, "players"), players), text_of(source, "latest"),
		    days_words(source, "days", days), days_words(source, "usual", usual),
		    screen_time(text_of(json_object_get(source, "last_import"), "at"),
			SCREEN_TO_THE_MINUTE, imported),
		    screen_time(text_of(json_object_get(source, "last_run"), "at"),
			SCREEN_TO_THE_MINUTE, ran),
		    json_is_true(overdue) ? "stale" : json_is_false(overdue) ? "in time" : "" });
		table_style(table, 7, json_is_true(overdue) ? STYLE_BAD : STYLE_GOOD);
	}
	table_print(table, &output->screen, 0);
}

/* ---- findings ---- */

static void print_findings(struct output *output, const json_t *findings)
{
	static const struct column columns[] = { { "FINDING", false }, { "ITEMS", true },
		{ "WHAT IT MEANS", false } };
	struct table *table = table_new(columns, HS_COUNT(columns));
	const json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding) {
		bool is_missing = json_is_string(json_object_get(finding, "problem"));
		char count[FIGURE_BYTES];

		table_add(table, (const char *const[]){ text_of(finding, "name"), is_missing ? "?" :
		    screen_count(number_of(finding, "total"), count),
		    text_of(finding, is_missing ? "problem" : "explanation") });
		table_style(table, 1, number_of(finding, "total") > 0 || is_missing ? STYLE_DOUBT :
		    STYLE_GOOD);
	}
	table_print(table, &output->screen, 0);
}

static const char *name_in(const json_t *item, const char *key)
{
	return text_of(json_object_get(item, key), "name");
}

/* "#7 Luka Dončić and #9 Luka Doncic", or the file, or the nationality. */
static void who_words(const json_t *item, char buf[PLACE_BYTES])
{
	const json_t *player = json_object_get(item, "player");
	const json_t *other = json_object_get(item, "other");

	if (json_is_object(other))
		snprintf(buf, PLACE_BYTES, "#%lld %.200s and #%lld %.200s", number_of(player, "id"),
		    name_in(item, "player"), number_of(other, "id"), name_in(item, "other"));
	else if (json_is_object(player))
		snprintf(buf, PLACE_BYTES, "#%lld %.400s", number_of(player, "id"),
		    name_in(item, "player"));
	else if (json_is_object(json_object_get(item, "file")))
		snprintf(buf, PLACE_BYTES, "file %lld, %.400s",
		    number_of(json_object_get(item, "file"), "id"), name_in(item, "file"));
	else
		snprintf(buf, PLACE_BYTES, "%.400s", text_of(item, "nationality"));
}

static void print_items(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "WHO", false }, { "SOURCE", false },
		{ "COMPETITION", false }, { "SEASON", false }, { "TEAM", false }, { "", false } };
	const json_t *finding = json_object_get(result, "finding"), *item;
	long long total = number_of(finding, "total");
	struct table *table;
	char count[FIGURE_BYTES];
	size_t i;

	fprintf(output->screen.out, "%s: %s. %s\n", text_of(finding, "title"),
	    screen_count(total, count), text_of(finding, "explanation"));
	if (json_is_string(json_object_get(finding, "problem")))
		fprintf(output->screen.out, "%s\n", text_of(finding, "problem"));
	if (json_array_size(json_object_get(result, "items")) == 0)
		return;
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(json_object_get(result, "items"), i, item) {
		char who[PLACE_BYTES];

		who_words(item, who);
		table_add(table, (const char *const[]){ who, text_of(item, "source"),
		    text_of(item, "competition"), text_of(item, "season"), text_of(item, "team"),
		    text_of(item, "detail") });
	}
	table_print(table, &output->screen, 0);
	if (total > (long long)json_array_size(json_object_get(result, "items")))
		fprintf(output->screen.out, "and %s more\n", screen_count(total -
		    (long long)json_array_size(json_object_get(result, "items")), count));
}

/* ---- coverage ---- */

/* "role 0 %, height 12 %": what is known of less than half. */
static void low_words(const json_t *row, char buf[LEAST_BYTES])
{
	json_t *known = json_object_get(row, "known"), *number;
	long long rows = number_of(row, "player_seasons");
	size_t length = 0;
	const char *name;

	buf[0] = '\0';
	json_object_foreach(known, name, number) {
		long long share = rows > 0 ? (long long)json_integer_value(number) * 100 / rows : 0;
		int written;

		if (share >= LOW_PERCENT)
			continue;
		written = snprintf(buf + length, LEAST_BYTES - length, "%s%.20s %lld %%",
		    length > 0 ? ", " : "", name, share);
		if (written < 0 || (size_t)written >= LEAST_BYTES - length)
			return;
		length += (size_t)written;
	}
}

static void print_coverage(struct output *output, const json_t *rows)
{
	static const struct column columns[] = { { "SOURCE", false }, { "COMPETITION", false },
		{ "SEASON", false }, { "LATEST", false }, { "PLAYER-SEASONS", true },
		{ "KNOWN OF LESS THAN HALF", false } };
	struct table *table;
	const json_t *row;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(rows, i, row) {
		char count[FIGURE_BYTES], low[LEAST_BYTES];

		low_words(row, low);
		table_add(table, (const char *const[]){ text_of(row, "source"),
		    json_is_object(json_object_get(row, "competition")) ?
		    name_in(row, "competition") : "all", text_of(row, "season"),
		    text_of(row, "latest"), screen_count(number_of(row, "player_seasons"), count),
		    low[0] != '\0' ? low : "-" });
		table_style(table, 5, low[0] != '\0' ? STYLE_DOUBT : STYLE_PLAIN);
	}
	table_print(table, &output->screen, 0);
}

void view_quality(struct output *output, const json_t *result)
{
	FILE *out = output->screen.out;
	char at[FIGURE_BYTES];

	screen_print(&output->screen, STYLE_DIM, "As of %s UTC, version %lld of the data\n",
	    screen_time(text_of(result, "as_of"), SCREEN_TO_THE_SECOND, at),
	    number_of(result, "data_version"));
	if (json_is_object(json_object_get(result, "finding"))) {
		print_items(output, result);
		return;
	}
	if (json_is_array(json_object_get(result, "sources")))
		print_sources(output, json_object_get(result, "sources"));
	if (json_is_array(json_object_get(result, "findings"))) {
		fputc('\n', out);
		print_findings(output, json_object_get(result, "findings"));
		fputc('\n', out);
	}
	print_coverage(output, json_object_get(result, "coverage"));
	if (json_is_string(json_object_get(result, "coverage_problem")))
		fprintf(out, "%s\n", text_of(result, "coverage_problem"));
}
