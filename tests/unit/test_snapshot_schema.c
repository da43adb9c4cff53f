/* test_snapshot_schema.c: the published schema says what the table says. */
#include "common/snapshot_schema.h"

#include <string.h>

#include "common/fields.h"
#include "tests/unit/harness.h"

static json_t *at(json_t *from, const char *key)
{
	return json_object_get(from, key);
}

static json_t *record_of(json_t *schema)
{
	return at(at(at(schema, "properties"), "records"), "items");
}

static bool lists(json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *element = json_string_value(json_array_get(list, i));

		if (element != NULL && strcmp(element, text) == 0)
			return true;
	}
	return false;
}

static const char *type_name(enum hs_field_type type)
{
	switch (type) {
	case HS_FIELD_TEXT:
	case HS_FIELD_DATE:
		return "string";
	case HS_FIELD_INTEGER:
		return "integer";
	case HS_FIELD_NUMBER:
		return "number";
	case HS_FIELD_OBJECT:
		return "object";
	case HS_FIELD_RECORDS:
		return "array";
	}
	return "";
}

static void check_property(const struct hs_field_row *row, json_t *property)
{
	json_t *type = at(property, "type");

	expect_text(row->name, json_string_value(at(property, "description")), row->help);
	if (row->required) {
		expect_text(row->name, json_string_value(type), type_name(row->type));
	} else {
		expect_true(row->name, lists(type, type_name(row->type)));
		expect_true(row->name, lists(type, "null"));
	}
	if (row->type == HS_FIELD_TEXT)
		expect_int(row->name, json_integer_value(at(property, "maxLength")), row->max);
	if (row->type == HS_FIELD_DATE)
		expect_text(row->name, json_string_value(at(property, "format")), "date");
	if (row->type == HS_FIELD_INTEGER || row->type == HS_FIELD_NUMBER) {
		expect_int(row->name, json_integer_value(at(property, "minimum")), row->min);
		expect_int(row->name, json_integer_value(at(property, "maximum")), row->max);
	}
}

static void check_object(json_t *schema, const struct hs_field_row *rows, size_t count)
{
	size_t required = 0;

	expect_text("type", json_string_value(at(schema, "type")), "object");
	expect_true("strict", json_is_false(at(schema, "additionalProperties")));
	expect_int("properties", json_object_size(at(schema, "properties")), count);
	for (size_t i = 0; i < count; i++) {
		check_property(&rows[i], at(at(schema, "properties"), rows[i].name));
		expect_int(rows[i].name, lists(at(schema, "required"), rows[i].name),
		    rows[i].required);
		required += rows[i].required;
	}
	expect_int("required", json_array_size(at(schema, "required")), required);
}

static void test_follows_the_tables(void)
{
	json_t *schema = hs_snapshot_schema();

	check_object(schema, hs_head_rows, HS_HEAD_COUNT);
	check_object(record_of(schema), hs_field_rows, HS_FIELD_COUNT);
	json_decref(schema);
}

static void test_says_what_it_is(void)
{
	json_t *schema = hs_snapshot_schema();
	json_t *source = at(at(schema, "properties"), "source_name");

	expect_text("draft", json_string_value(at(schema, "$schema")),
	    "https://json-schema.org/draft/2020-12/schema");
	expect_contains("no colon", json_string_value(at(source, "pattern")), "[^:]");
	expect_contains("in words", json_string_value(at(schema, "description")), "twice");
	json_decref(schema);
}

int main(void)
{
	static const struct hs_case suite[] = {
		{ "follows the tables", test_follows_the_tables },
		{ "says what it is", test_says_what_it_is },
	};

	return hs_run_suite("snapshot_schema", suite, HS_COUNT(suite));
}
