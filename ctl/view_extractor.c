/* view_extractor.c: sources and their runs: what came, where it went, and what to do next.
 *
 * Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <string.h>

#include "common/number.h"
#include "ctl/table.h"

enum { MOST_PROBLEMS = 20, PLACE_BYTES = 128, SOURCES_COLUMNS = 40, SOURCES_BYTES = 256 };

void view_extractor_event(struct output *output, const json_t *event)
{
	(void)output, (void)event;	/* progress is drawn elsewhere, and there is nothing else */
}

static enum style status_style(const char *status)
{
	if (strcmp(status, "failed") == 0 || strcmp(status, "lost") == 0)
		return STYLE_BAD;
	return strcmp(status, "cancelled") == 0 || strcmp(status, "running") == 0 ? STYLE_DOUBT :
	    STYLE_GOOD;
}

static void print_error(const struct screen *screen, const json_t *error)
{
	const char *where = text_of(error, "where");
	const char *message = text_of(error, "message");
	bool has_place = screen_needs_place(where, message);

	fprintf(screen->out, "  %s%s%s (%s)\n", has_place ? where : "", has_place ? ": " : "",
	    message, text_of(error, "code"));
}

/* "page 2, record 3, line 17", as far as it is known: of a mapping's mistakes nothing. */
static const char *place_words(const json_t *row, char buf[PLACE_BYTES])
{
	static const char *const keys[] = { "page", "record", "line" };
	size_t length = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < HS_COUNT(keys); i++) {
		long long number = number_of(row, keys[i]);
		char count[FIGURE_BYTES];

		/* a line alone would be another file's */
		if (number > 0 && number_of(row, "record") > 0)
			length += (size_t)snprintf(buf + length, PLACE_BYTES - length, "%s%s %s",
			    length > 0 ? ", " : "", keys[i], screen_count(number, count));
	}
	return buf;
}

/* Where it was first met in the feed, and how often then. */
static void print_where(const struct screen *screen, const json_t *problem)
{
	long long again = number_of(problem, "count") - 1, others = number_of(problem, "others");
	char place[PLACE_BYTES], count[FIGURE_BYTES];

	place_words(problem, place);
	if (place[0] == '\0' && again <= 0 && others == 0)
		return;
	fprintf(screen->out, "    %s%s", place, place[0] != '\0' ? " of the feed" : "in the feed");
	if (again > 0)
		fprintf(screen->out, "; the same in %s more", screen_count(again, count));
	if (others > 0)
		fprintf(screen->out, "; the like, of other values, in %s more",
		    screen_count(others, count));
	fputc('\n', screen->out);
}

static void print_problems(const struct screen *screen, const json_t *problems)
{
	const json_t *problem;
	size_t i;

	json_array_foreach(problems, i, problem) {
		const char *pointer = text_of(problem, "pointer");

		if (i == MOST_PROBLEMS)
			break;
		screen_print(screen, STYLE_TITLE, "  %s:", pointer[0] != '\0' ? pointer : "/");
		fprintf(screen->out, " %s ", text_of(problem, "message"));
		screen_print(screen, STYLE_DIM, "(%s)", text_of(problem, "code"));
		fputc('\n', screen->out);
		print_where(screen, problem);
	}
}

/* How many the rows speak of that print_problems shows. */
static long long count_shown(const json_t *problems)
{
	const json_t *problem;
	long long shown = 0;
	size_t i;

	json_array_foreach(problems, i, problem) {
		if (i == MOST_PROBLEMS)
			break;
		shown += number_of(problem, "count") + number_of(problem, "others");
	}
	return shown;
}

static void print_what_was_wrong(const struct screen *screen, const json_t *run)
{
	const json_t *error = json_object_get(run, "error");
	const json_t *problems = json_object_get(run, "problems");
	long long total = number_of(run, "problem_total"), hidden = total - count_shown(problems);
	char count[64];

	if (json_is_object(error))
		print_error(screen, error);
	if (total == 0)
		return;
	print_problems(screen, problems);
	fprintf(screen->out, "  %s, so nothing was written",
	    screen_some(total, "problem", "problems", count, sizeof count));
	if (hidden > 0)
		fprintf(screen->out, "; %s of them are not shown", screen_count(hidden, count));
	fputc('\n', screen->out);
}

/* "3 records were left out by the mapping's rules", and the like. */
static void print_count(const struct screen *screen, const json_t *report, const char *key,
    const char *sentence)
{
	long long count = number_of(report, key);
	char words[64];

	if (count > 0)
		fprintf(screen->out, "  %s %s %s\n", screen_some(count, "record", "records", words,
		    sizeof words), count == 1 ? "was" : "were", sentence);
}

static void print_repeated(const struct screen *screen, const json_t *item)
{
	char place[PLACE_BYTES];

	place_words(item, place);
	fprintf(screen->out, "    %s, %s, %s (%s%s%s)\n", text_of(item, "full_name"),
	    text_of(item, "season"), text_of(item, "team_name"), text_of(item, "pointer"),
	    place[0] != '\0' ? ": " : "", place);
}

/* Of a dry run: what each mapped field would be. */
static void print_fields(const struct screen *screen, const json_t *report)
{
	static const struct column columns[] = { { "FIELD", false }, { "RECORDS", true },
		{ "FROM", false }, { "FIRST VALUE", false } };
	const json_t *fields = json_object_get(report, "fields"), *field;
	struct table *table;
	char count[FIGURE_BYTES], from[SOURCES_BYTES], words[64];
	size_t i;

	if (json_array_size(fields) == 0 || number_of(report, "mapped") == 0)
		return;
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(fields, i, field) {
		screen_cut(text_of(field, "from"), SOURCES_COLUMNS, from, sizeof from);
		table_add(table, (const char *const[]){ text_of(field, "field"),
		    screen_count(number_of(field, "count"), count), from,
		    json_is_string(json_object_get(field, "first")) ? text_of(field, "first") :
		    "-" });
		if (number_of(field, "count") == 0)
			table_style(table, 1, STYLE_DOUBT);
	}
	fprintf(screen->out, "  the fields of %s:\n", screen_some(number_of(report, "mapped"),
	    "mapped record", "mapped records", words, sizeof words));
	table_print(table, screen, 4);
}

/* A pointer that is misspelt is wrong in no record, and empty in all. */
static void print_empty(const struct screen *screen, const json_t *report)
{
	const json_t *field;
	size_t i;

	json_array_foreach(json_object_get(report, "empty_fields"), i, field) {
		const char *from = text_of(field, "from");
		const char *missing = json_string_value(json_object_get(field, "missing"));

		if (missing == NULL || strcmp(missing, from) == 0)
			screen_print(screen, STYLE_DOUBT, "  no record has a value for %s: the mapping"
			    " looks for it at %s\n", text_of(field, "field"), from);
		else if (missing[0] != '\0')
			screen_print(screen, STYLE_DOUBT, "  no record has a value for %s: none has"
			    " one at %s\n", text_of(field, "field"), missing);
		else
			screen_print(screen, STYLE_DOUBT, "  no record has a value for %s: what is at"
			    " %s becomes none\n", text_of(field, "field"), from);
	}
}

static void print_report(const struct screen *screen, const json_t *report)
{
	const json_t *item;
	size_t i;

	print_fields(screen, report);
	print_empty(screen, report);

	print_count(screen, report, "skipped", "left out by the mapping's rules");
	print_count(screen, report, "left_out", "left out, as the mapping lets pass:");
	print_problems(screen, json_object_get(report, "left_out_problems"));
	print_count(screen, report, "repeated", "dropped: the feed repeats them");
	json_array_foreach(json_object_get(report, "repeated_first"), i, item)
		print_repeated(screen, item);
	json_array_foreach(json_object_get(report, "warnings"), i, item)
		screen_print(screen, STYLE_DOUBT, "  %s\n", json_string_value(item));
}

void view_extractor_run(struct output *output, const json_t *result)
{
	const struct screen *screen = &output->screen;
	const char *status = text_of(result, "status");
	char bytes[FIGURE_BYTES], pages[64], records[64], span[FIGURE_BYTES];

	screen_print(screen, status_style(status), "%s", status);
	fprintf(screen->out, "  %s, run %lld: %s", text_of(result, "source"),
	    number_of(result, "run"),
	    hs_size_text(number_of(result, "bytes"), bytes, sizeof bytes));
	if (number_of(result, "pages") > 1)
		fprintf(screen->out, ", %s", screen_some(number_of(result, "pages"), "page",
		    "pages", pages, sizeof pages));
	if (number_of(result, "records") > 0)
		fprintf(screen->out, ", %s", screen_some(number_of(result, "records"), "record",
		    "records", records, sizeof records));
	fprintf(screen->out, ", %s\n", screen_span(real_of(result, "seconds"), span));
	if (json_is_string(json_object_get(result, "file")))
		fprintf(screen->out, "  %s\n", text_of(result, "file"));
	if (strcmp(status, "unchanged") == 0)
		fputs("  the feed has not changed since its latest snapshot\n", screen->out);
	if (strcmp(status, "checked") == 0)
		fputs("  a dry run: the importer would take it; nothing was written\n", screen->out);
	print_report(screen, json_object_get(result, "report"));
	print_what_was_wrong(screen, result);
}

/* All of them: a place in the file where it is no JSON, else the pointer. */
static void print_mistakes(const struct screen *screen, const json_t *result)
{
	const json_t *mistakes = json_object_get(result, "mistakes"), *mistake;
	long long hidden = number_of(result, "mistake_total") - (long long)json_array_size(mistakes);
	size_t i;

	json_array_foreach(mistakes, i, mistake) {
		const char *pointer = text_of(mistake, "pointer");

		if (number_of(mistake, "line") > 0)
			screen_print(screen, STYLE_TITLE, "  %s:%lld:%lld:", text_of(result, "mapping"),
			    number_of(mistake, "line"), number_of(mistake, "column"));
		else
			screen_print(screen, STYLE_TITLE, "  %s:", pointer[0] != '\0' ? pointer : "/");
		fprintf(screen->out, " %s ", text_of(mistake, "message"));
		screen_print(screen, STYLE_DIM, "(%s)", text_of(mistake, "code"));
		fputc('\n', screen->out);
	}
	if (hidden > 0)
		fprintf(screen->out, "  and %lld more, which one answer has no room for\n", hidden);
}

void view_extractor_check(struct output *output, const json_t *result)
{
	const struct screen *screen = &output->screen;
	long long total = number_of(result, "mistake_total");
	bool is_mapped = json_is_string(json_object_get(result, "mapping"));
	char count[64];

	if (total > 0) {
		print_mistakes(screen, result);
		fprintf(screen->out, "%s: %s in %s\n", text_of(result, "source"),
		    screen_some(total, "mistake", "mistakes", count, sizeof count),
		    text_of(result, "mapping"));
		return;
	}
	if (is_mapped)
		fprintf(screen->out, "%s is right: %s\n", text_of(result, "source"),
		    text_of(result, "mapping"));
	else
		fprintf(screen->out, "%s is built in and has no mapping\n",
		    text_of(result, "source"));
	if (!flag_of(result, "has_url"))
		fputs("  it names no URL: a run needs --url\n", screen->out);
	else
		fprintf(screen->out, "  try it: hsctl extractor run %s --dry-run\n",
		    text_of(result, "source"));
}

static void latest_words(const json_t *source, char *buf, size_t size)
{
	const json_t *running = json_object_get(source, "running");
	const json_t *latest = json_object_get(source, "latest");

	if (json_is_object(running))
		snprintf(buf, size, "%s", text_of(running, "stage"));
	else if (json_is_string(json_object_get(source, "mistake")))
		snprintf(buf, size, "bad mapping");
	else if (json_is_object(latest))
		snprintf(buf, size, "%s", text_of(latest, "status"));
	else
		snprintf(buf, size, "never run");
}

static const char *next_words(const json_t *when, bool is_on, char buf[FIGURE_BYTES])
{
	if (!flag_of(when, "enabled"))
		return "disabled";
	if (!json_is_string(json_object_get(when, "schedule")))
		return "by command";
	if (json_is_string(json_object_get(when, "schedule_problem")))
		return "bad schedule";
	return is_on ? screen_time(text_of(when, "next_run_at"), SCREEN_TO_THE_MINUTE, buf) :
	    "scheduler off";
}

static void add_source(struct table *table, const json_t *source, bool is_on)
{
	const json_t *latest = json_object_get(source, "latest");
	const json_t *when = json_object_get(source, "when");
	char status[64], records[FIGURE_BYTES], begun[FIGURE_BYTES], next[FIGURE_BYTES];

	latest_words(source, status, sizeof status);
	table_add(table, (const char *const[]){ text_of(source, "name"),
	    screen_time(text_of(latest, "started_at"), SCREEN_TO_THE_MINUTE, begun), status,
	    screen_count(number_of(latest, "records"), records), next_words(when, is_on, next) });
	if (json_is_object(json_object_get(source, "running")))
		table_style(table, 2, STYLE_DOUBT);
	else if (json_is_object(latest))
		table_style(table, 2, status_style(text_of(latest, "status")));
}

static void print_schedules(const struct screen *screen, const json_t *sources)
{
	const char *heading = "\n  schedules\n";
	const json_t *source;
	size_t i;

	json_array_foreach(sources, i, source) {
		const json_t *when = json_object_get(source, "when");

		if (!json_is_string(json_object_get(when, "schedule")))
			continue;
		fprintf(screen->out, "%s    %s: %s", heading, text_of(source, "name"),
		    text_of(when, "schedule"));
		if (json_is_string(json_object_get(when, "time_zone")))
			fprintf(screen->out, ", %s", text_of(when, "time_zone"));
		fputc('\n', screen->out);
		heading = "";
	}
}

static void print_what_it_lacks(const struct screen *screen, const json_t *source)
{
	const json_t *running = json_object_get(source, "running");
	const json_t *when = json_object_get(source, "when");

	if (json_is_string(json_object_get(running, "note")))
		fprintf(screen->out, "\n%s is %s\n", text_of(source, "name"),
		    text_of(running, "note"));

	if (json_is_string(json_object_get(when, "schedule_problem")))
		fprintf(screen->out, "\n%s has a bad schedule: %s\n", text_of(source, "name"),
		    text_of(when, "schedule_problem"));
	if (json_is_string(json_object_get(source, "mistake")))
		fprintf(screen->out, "\n%s cannot run: hsctl extractor check %s says why.\n",
		    text_of(source, "name"), text_of(source, "name"));
	else if (!flag_of(source, "has_url"))
		fprintf(screen->out, "\n%s has no URL: %s, or give --url.\n",
		    text_of(source, "name"), json_is_string(json_object_get(source, "mapping")) ?
		    "name one in its mapping" : "set EXTRACTOR_PUBLIC_JSON_URL");
}

void view_extractor_list(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "SOURCE", false }, { "LATEST (UTC)", false },
		{ "STATUS", false }, { "RECORDS", true }, { "NEXT (UTC)", false } };
	struct table *table = table_new(columns, HS_COUNT(columns));
	bool is_on = flag_of(json_object_get(result, "scheduler"), "enabled");
	const json_t *source;
	size_t i;

	json_array_foreach(json_object_get(result, "sources"), i, source)
		add_source(table, source, is_on);
	table_print(table, &output->screen, 0);
	print_schedules(&output->screen, json_object_get(result, "sources"));
	json_array_foreach(json_object_get(result, "sources"), i, source)
		print_what_it_lacks(&output->screen, source);
	if (!is_on)
		fputs("\nThe scheduler is off: SCHEDULER_ENABLED=yes turns it on.\n",
		    output->screen.out);
}

/* Of enable and disable. */
void view_extractor_switch(struct output *output, const json_t *result)
{
	const json_t *when = json_object_get(result, "when");
	FILE *out = output->screen.out;
	char next[FIGURE_BYTES];

	fprintf(out, "%s: ", text_of(result, "source"));
	if (!flag_of(when, "enabled")) {
		fputs("disabled; hsctl extractor run still runs it\n", out);
		if (json_is_object(json_object_get(result, "running")))
			fputs("  its run under way goes on: hsctl extractor cancel ends it\n", out);
	} else if (!json_is_string(json_object_get(when, "schedule"))) {
		fputs("enabled, but it has no schedule: see hsd-extractor(8)\n", out);
	} else if (json_is_string(json_object_get(when, "schedule_problem"))) {
		fprintf(out, "enabled, but its schedule is bad: %s\n",
		    text_of(when, "schedule_problem"));
	} else if (!flag_of(json_object_get(result, "scheduler"), "enabled")) {
		fputs("enabled, but the scheduler is off: SCHEDULER_ENABLED=yes turns it on\n", out);
	} else {
		fprintf(out, "enabled; next run %s (UTC)\n", screen_time(text_of(when,
		    "next_run_at"), SCREEN_TO_THE_SECOND, next));
	}
}

/* Whether a run before it in the list, and so after it in time, told of the same source. */
static bool is_told(const json_t *runs, size_t before, const char *source)
{
	for (size_t i = 0; i < before; i++) {
		const json_t *run = json_array_get(runs, i);

		if (strcmp(text_of(run, "source"), source) == 0 &&
		    json_is_object(json_object_get(run, "report")))
			return true;
	}
	return false;
}

/* Of each source's latest run that has a report, when it did not fail. */
static void print_empty_of_latest(const struct screen *screen, const json_t *runs)
{
	const json_t *run;
	size_t i;

	json_array_foreach(runs, i, run) {
		const json_t *report = json_object_get(run, "report");

		if (strcmp(text_of(run, "status"), "failed") == 0 ||
		    json_array_size(json_object_get(report, "empty_fields")) == 0 ||
		    is_told(runs, i, text_of(run, "source")))
			continue;
		fprintf(screen->out, "\nrun %lld of %s:\n", number_of(run, "run"),
		    text_of(run, "source"));
		print_empty(screen, report);
	}
}

void view_extractor_history(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "RUN", true }, { "STARTED (UTC)", false },
		{ "SOURCE", false }, { "BY", false }, { "BYTES", true }, { "RECORDS", true },
		{ "TOOK", true }, { "STATUS", false }, { "URL", false } };
	enum { URL_COLUMNS = 60 };
	const json_t *runs = json_object_get(result, "runs"), *run;
	struct table *table;
	size_t i;

	if (json_array_size(runs) == 0) {
		bool is_of_one = json_is_string(json_object_get(result, "source"));

		fprintf(output->screen.out, "%s has not run yet: hsctl extractor run %s.\n",
		    is_of_one ? text_of(result, "source") : "The extractor",
		    is_of_one ? text_of(result, "source") : "NAME");
		return;
	}
	table = table_new(columns, HS_COUNT(columns));
	json_array_foreach(runs, i, run) {
		char number[FIGURE_BYTES], bytes[FIGURE_BYTES], records[FIGURE_BYTES];
		char span[FIGURE_BYTES], started[FIGURE_BYTES], url[4 * URL_COLUMNS + 1];

		screen_cut(text_of(run, "url"), URL_COLUMNS, url, sizeof url);
		snprintf(number, sizeof number, "%lld", number_of(run, "run"));
		table_add(table, (const char *const[]){ number,
		    screen_time(text_of(run, "started_at"), SCREEN_TO_THE_MINUTE, started),
		    text_of(run, "source"), text_of(run, "trigger"),
		    hs_size_text(number_of(run, "bytes"), bytes, sizeof bytes),
		    screen_count(number_of(run, "records"), records),
		    screen_span(real_of(run, "seconds"), span), text_of(run, "status"), url });
		table_style(table, 7, status_style(text_of(run, "status")));
	}
	table_print(table, &output->screen, 0);
	print_empty_of_latest(&output->screen, runs);
	json_array_foreach(runs, i, run) {
		if (strcmp(text_of(run, "status"), "failed") != 0)
			continue;
		fprintf(output->screen.out, "\nrun %lld, %s:\n", number_of(run, "run"),
		    text_of(run, "url"));
		print_what_was_wrong(&output->screen, run);
	}
}

void view_extractor_cancel(struct output *output, const json_t *result)
{
	fprintf(output->screen.out, flag_of(result, "cancelled") ?
	    "%s: its run is told to end\n" : "%s has no run under way\n",
	    text_of(result, "source"));
}
