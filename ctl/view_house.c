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

void view_version(struct output *output, const json_t *result)
{
	fprintf(output->screen.out, "HoopScout %s\n", text_of(result, "version"));
}
