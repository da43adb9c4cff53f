/* settings_json.c: every effective setting as JSON, secrets masked.
 *
 * Trusts the settings, which are checked. Values may hold the bytes of any path: what is
 * not UTF-8 is shown as U+FFFD. */
#include "common/settings_json.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static json_t *shown_value(const struct hs_settings *settings, enum hs_setting id)
{
	const char *value = hs_setting_text(settings, id);
	size_t length = strlen(value);
	json_t *shown;
	char *clean;

	if (hs_setting_rows[id].secret)
		return json_string(value[0] == '\0' ? "" : "********");
	if ((clean = malloc(3 * length + 1)) == NULL)
		return NULL;
	shown = json_string(hs_utf8_clean(value, length, clean, 3 * length + 1));
	free(clean);
	return shown;
}

static json_t *one_setting(const struct hs_settings *settings, enum hs_setting id)
{
	json_t *row = json_object();

	if (row == NULL ||
	    json_object_set_new(row, "name", json_string(hs_setting_rows[id].name)) != 0 ||
	    json_object_set_new(row, "value", shown_value(settings, id)) != 0 ||
	    json_object_set_new(row, "origin",
		json_string(hs_setting_origin_text(settings, id))) != 0 ||
	    json_object_set_new(row, "help", json_string(hs_setting_rows[id].help)) != 0) {
		json_decref(row);
		return NULL;
	}
	return row;
}

json_t *hs_settings_json(const struct hs_settings *settings)
{
	json_t *all = json_object(), *rows = json_array();
	bool done = all != NULL && rows != NULL && json_object_set(all, "settings", rows) == 0;

	for (int id = 0; done && id < HS_SETTING_COUNT; id++)
		done = json_array_append_new(rows, one_setting(settings, (enum hs_setting)id)) == 0;
	json_decref(rows);
	if (!done) {
		json_decref(all);
		return NULL;
	}
	return all;
}
