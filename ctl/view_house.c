/* view_house.c: migrations, settings and the version.
 *
 * Trusts the figures; texts are escaped. */
#include "ctl/views.h"

#include <string.h>

#include "ctl/table.h"

void view_migrate_event(struct output *output, const json_t *event)
{
	if (strcmp(text_of(event, "event"), "step") == 0)
		fprintf(output->screen.out, "applied %s\n", text_of(event, "name"));
}

void view_migrate(struct output *output, const json_t *result)
{
	long long newly = number_of(result, "newly");
	char count[64];

	if (newly == 0)
		fprintf(output->screen.out, "the database is up to date at %s\n",
		    text_of(result, "latest"));
	else
		fprintf(output->screen.out, "%s applied; the database is at %s\n",
		    screen_some(newly, "migration", "migrations", count, sizeof count),
		    text_of(result, "latest"));
}

/* "default", "environment", or "file" for any path, which goes to *ret_path. */
static const char *origin_word(const json_t *setting, const char **ret_path)
{
	const char *origin = text_of(setting, "origin");

	if (strcmp(origin, "default") == 0 || strcmp(origin, "environment") == 0)
		return origin;
	if (strchr(origin, '/') != NULL) {
		*ret_path = origin;
		return "file";
	}
	return origin;
}

void view_config(struct output *output, const json_t *result)
{
	static const struct column columns[] = { { "SETTING", false }, { "FROM", false },
		{ "VALUE", false } };
	struct table *table = table_new(columns, HS_COUNT(columns));
	const json_t *setting;
	const char *path = NULL;
	size_t i;

	json_array_foreach(json_object_get(result, "settings"), i, setting) {
		const char *origin = origin_word(setting, &path);
		const char *value = json_string_value(json_object_get(setting, "value"));
		bool is_default = strcmp(origin, "default") == 0;

		table_add(table, (const char *const[]){ text_of(setting, "name"), origin,
		    value != NULL ? value : "" });
		table_style(table, 0, is_default ? STYLE_PLAIN : STYLE_TITLE);
		table_style(table, 1, is_default ? STYLE_DIM : STYLE_PLAIN);
	}
	table_print(table, &output->screen, 0);
	if (path != NULL)
		fprintf(output->screen.out, "\n'file' is %s.\n", path);
}

void view_completion(struct output *output, const json_t *result)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(result, "lines"), i, line)
		if (json_is_string(line))
			fprintf(output->screen.out, "%s\n", json_string_value(line));
}

/* "ok" is only said; the rest says what to do, too. */
static void print_check(const struct screen *screen, const json_t *check)
{
	const char *state = text_of(check, "state");
	const json_t *advice = json_object_get(check, "advice");
	bool is_ok = strcmp(state, "ok") == 0;

	screen_print(screen, is_ok ? STYLE_GOOD : strcmp(state, "warning") == 0 ? STYLE_DOUBT :
	    STYLE_BAD, "%-8s", state);
	fprintf(screen->out, " %s: %s\n", text_of(check, "name"), text_of(check, "message"));
	if (!is_ok && json_is_string(advice))
		fprintf(screen->out, "         %s\n", json_string_value(advice));
}

void view_doctor(struct output *output, const json_t *result)
{
	long long warnings = number_of(result, "warnings"), failed = number_of(result, "failed");
	const json_t *check;
	char count[64];
	size_t i;

	json_array_foreach(json_object_get(result, "checks"), i, check)
		print_check(&output->screen, check);
	if (failed == 0 && warnings == 0) {
		fputs("\nAll is well.\n", output->screen.out);
		return;
	}
	fputc('\n', output->screen.out);
	if (failed > 0)
		screen_print(&output->screen, STYLE_BAD, "%s%s", screen_some(failed, "check failed",
		    "checks failed", count, sizeof count), warnings > 0 ? "; " : "");
	if (warnings > 0)
		screen_print(&output->screen, STYLE_DOUBT, "%s", screen_some(warnings, "warning",
		    "warnings", count, sizeof count));
	fputs(".\n", output->screen.out);
}

void view_version(struct output *output, const json_t *result)
{
	fprintf(output->screen.out, "HoopScout %s\n", text_of(result, "version"));
}
