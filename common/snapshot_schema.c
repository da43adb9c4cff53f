/* snapshot_schema.c: the field tables as a JSON Schema (draft 2020-12).
 *
 * Trusts the tables. Says all that a schema can say; that no key repeats and no record
 * stands twice is in words. Without memory the answer is NULL. */
#include "common/snapshot_schema.h"

#include "common/fields.h"

static json_t *object_schema(const struct hs_field_row *rows, size_t count);

/* A text with something in it, behind trimming. */
static json_t *text_schema(const struct hs_field_row *row)
{
	if (!row->required)
		return json_pack("{s:[s, s], s:i}", "type", "string", "null", "maxLength",
		    row->max);
	return json_pack("{s:s, s:i, s:i, s:s}", "type", "string", "minLength", row->min,
	    "maxLength", row->max, "pattern", "\\S");
}

static json_t *value_schema(const struct hs_field_row *row)
{
	switch (row->type) {
	case HS_FIELD_TEXT:
		return text_schema(row);
	case HS_FIELD_DATE:
		return row->required ?
		    json_pack("{s:s, s:s}", "type", "string", "format", "date") :
		    json_pack("{s:[s, s], s:s}", "type", "string", "null", "format", "date");
	case HS_FIELD_INTEGER:
		return json_pack("{s:[s, s], s:i, s:i}", "type", "integer", "null", "minimum",
		    row->min, "maximum", row->max);
	case HS_FIELD_NUMBER:
		return json_pack("{s:[s, s], s:i, s:i}", "type", "number", "null", "minimum",
		    row->min, "maximum", row->max);
	case HS_FIELD_OBJECT:
		return json_pack("{s:[s, s]}", "type", "object", "null");
	case HS_FIELD_RECORDS:
		return json_pack("{s:s, s:o}", "type", "array", "items",
		    object_schema(hs_field_rows, HS_FIELD_COUNT));
	}
	return NULL;
}

/* Adds one field; false without memory. */
static bool add_field(const struct hs_field_row *row, json_t *properties, json_t *required)
{
	json_t *value = value_schema(row);

	if (json_object_set_new(properties, row->name, value) != 0 ||
	    json_object_set_new(value, "description", json_string(row->help)) != 0)
		return false;
	return !row->required || json_array_append_new(required, json_string(row->name)) == 0;
}

static json_t *object_schema(const struct hs_field_row *rows, size_t count)
{
	json_t *properties = json_object(), *required = json_array();

	for (size_t i = 0; i < count; i++) {
		if (!add_field(&rows[i], properties, required)) {
			json_decref(properties);
			json_decref(required);
			return NULL;
		}
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0,
	    "required", required, "properties", properties);
}

json_t *hs_snapshot_schema(void)
{
	json_t *schema = object_schema(hs_head_rows, HS_HEAD_COUNT);
	json_t *source, *whole;

	if (schema == NULL)
		return NULL;
	source = json_object_get(json_object_get(schema, "properties"), "source_name");
	if (json_object_set_new(source, "pattern", json_string("^[^:]*[^:\\s][^:]*$")) != 0) {
		json_decref(schema);
		return NULL;
	}
	whole = json_pack("{s:s, s:s, s:s}", "$schema",
	    "https://json-schema.org/draft/2020-12/schema", "title", "HoopScout snapshot",
	    "description", "Figures of player-seasons. Texts are trimmed before they are measured. "
	    "No key may stand twice in an object, and no two records may have the same competition, "
	    "season, team and player. UTF-8 without a byte order mark.");
	if (whole == NULL || json_object_update(whole, schema) != 0) {
		json_decref(whole);
		whole = NULL;
	}
	json_decref(schema);
	return whole;
}
