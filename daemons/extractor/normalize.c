/* normalize.c: a record x a mapping -> texts by field -> values that the importer takes.
 *
 * Trusts the mapping, which was checked; of the record nothing. The snapshot's rules are asked
 * here already, so that a problem has the place in the feed, where it can be mended. */
#include "daemons/extractor/normalize.h"

#include <stdio.h>
#include <string.h>

#include "common/decimal.h"
#include "common/snapshot_value.h"

/* ---- what is in a record ---- */

enum { MAX_LEVELS = MAPPING_MAX_EACH + 1, SOURCES_BYTES = 200 };

struct expansion {
	const struct mapping *mapping;
	struct expression_scope scope;
	struct expression_level levels[MAX_LEVELS];
	const struct normalize_listener *listener;
	const struct parse_options *options;	/* of the record's reading */
};

static bool tell_fault(const struct expansion *expansion, const char *place, const char *where,
    const char *sentence, struct hs_error *err)
{
	const struct normalize_listener *listener = expansion->listener;
	struct hs_error why = HS_ERROR_INIT;

	hs_error_set(&why, HS_WRONG_TYPE, where, "%s", sentence);
	return listener->on_fault(listener->arg, place, &why, err);
}

static bool expand(struct expansion *expansion, size_t depth, const char *place,
    struct hs_error *err);

static bool expand_item(struct expansion *expansion, size_t depth, const struct value *item,
    size_t number, const char *place, struct hs_error *err)
{
	const struct value_pointer *each = &expansion->mapping->each[depth];
	char buf[PARSE_PLACE_BYTES], index[32];

	snprintf(index, sizeof index, "%zu", number);
	snprintf(buf, sizeof buf, "%s%s", place, each->text);
	value_pointer_append(buf, sizeof buf, item->key != NULL ? item->key : index);
	if (!value_is_container(item))
		return tell_fault(expansion, buf, "",
		    "an object or array should be there, for it is to become a record", err);
	expansion->levels[depth + 1] =
	    (struct expression_level){ .value = item, .key = item->key };
	return expand(expansion, depth + 1, buf, err);
}

static bool expand(struct expansion *expansion, size_t depth, const char *place,
    struct hs_error *err)
{
	const struct mapping *mapping = expansion->mapping;
	const struct value *list;
	size_t number = 0;

	if (depth == mapping->each_count) {
		expansion->scope.level_count = depth + 1;
		return expansion->listener->on_item(expansion->listener->arg, &expansion->scope,
		    place, err);
	}
	list = value_at(expansion->levels[depth].value, &mapping->each[depth]);
	if (list == NULL || list->kind == VALUE_NULL)
		return true;
	if (!value_is_container(list))
		return tell_fault(expansion, place, mapping->each[depth].text,
		    "an array or object should be there, for each of its items is to become a"
		    " record", err);
	for (const struct value *item = list->first; item != NULL; item = item->next) {
		if (parse_is_stopped(expansion->options, err) ||
		    !expand_item(expansion, depth, item, number++, place, err))
			return false;
	}
	return true;
}

bool normalize_expand(const struct mapping *mapping, const struct parse_record *record,
    const struct expression_scope *base, const struct normalize_listener *listener,
    struct hs_error *err)
{
	struct expansion expansion = { .mapping = mapping, .scope = *base, .listener = listener,
		.options = record->options };
	char place[PARSE_PLACE_BYTES];

	expansion.scope.arena = record->arena;
	expansion.scope.levels = expansion.levels;
	expansion.levels[0] =
	    (struct expression_level){ .value = record->value, .key = record->key };
	return expand(&expansion, 0, parse_place(&mapping->records, record, place), err);
}

/* ---- what it becomes ---- */

static bool blame_rule(struct hs_error *err)
{
	struct hs_error why = *err;

	return hs_error_set(err, why.code, why.where, "a rule that skips records: %s", why.message);
}

bool normalize_skips(const struct mapping *mapping, const struct expression_scope *scope, bool *ret,
    struct hs_error *err)
{
	*ret = false;
	for (size_t i = 0; i < mapping->skip_count && !*ret; i++) {
		if (!condition_holds(mapping->skips[i], scope, ret, err))
			return blame_rule(err);
	}
	return true;
}

/* A sentence of a check begins with the field's name already. */
static bool names_field(const struct hs_error *err, const char *name)
{
	size_t length = strlen(name);

	return strncmp(err->message, name, length) == 0 &&
	    (err->message[length] == ' ' || err->message[length] == ':');
}

bool normalize_blame(const struct mapping *mapping, enum hs_field field, struct hs_error *err)
{
	const struct expression *expression = mapping->fields[field];
	const char *pointer = expression != NULL ? expression_pointer(expression) : NULL;
	char sources[SOURCES_BYTES], from[SOURCES_BYTES + 16] = "";
	const char *name = hs_field_rows[field].name;
	struct hs_error why = *err;

	if (why.where[0] == '\0' && pointer == NULL && expression != NULL)
		snprintf(from, sizeof from, " (from %s)", expression_sources(expression,
		    &mapping->slots, sources, sizeof sources));
	if (pointer != NULL)
		hs_error_at(&why, pointer);
	if (!names_field(&why, name))
		return hs_error_set(err, why.code, why.where, "%s%s: %s", name, from, why.message);
	return hs_error_set(err, why.code, why.where, "%s%s%s", name, from,
	    why.message + strlen(name));
}

bool normalize_fields(const struct mapping *mapping, const struct expression_scope *scope,
    const char *ret[HS_FIELD_COUNT], enum hs_field *ret_field, struct hs_error *err)
{
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		ret[i] = NULL;
		if (mapping->fields[i] == NULL ||
		    expression_evaluate(mapping->fields[i], scope, &ret[i], err))
			continue;
		*ret_field = (enum hs_field)i;
		return normalize_blame(mapping, *ret_field, err);
	}
	return true;
}

static bool check_field(const struct hs_field_row *row, const char *text, struct hs_date today,
    struct emit_value *ret, struct hs_error *err)
{
	bool is_number = row->type == HS_FIELD_INTEGER || row->type == HS_FIELD_NUMBER;
	struct hs_json_event event = { .kind = is_number ? HS_JSON_NUMBER : HS_JSON_STRING,
		.text = text, .length = strlen(text) };
	struct hs_decimal number;
	struct hs_value value;
	char shown[HS_SHOWN_BYTES];

	if (is_number && !hs_decimal_parse(text, event.length, &number))
		return hs_error_set(err, HS_WRONG_TYPE, "",
		    "%s would be %s, which is no number: name a conversion in the mapping, or say"
		    " with null_if that it means null", row->name,
		    hs_shown_text(text, event.length, shown));
	if (!hs_value_check(row, &event, today, &value, err))
		return false;
	if (is_number)
		*ret = (struct emit_value){ .text = text, .length = event.length };
	else if (row->type == HS_FIELD_DATE)
		*ret = (struct emit_value){ .text = text, .length = event.length };
	else
		*ret = (struct emit_value){ .text = value.text, .length = value.length };
	return true;
}

/* One field: its rule, and whether it may be missing. */
static bool check(size_t field, const char *text, struct hs_date today, struct emit_value *ret,
    struct hs_error *err)
{
	const struct hs_field_row *row = &hs_field_rows[field];

	*ret = (struct emit_value){ .text = NULL };
	if (text != NULL && !check_field(row, text, today, ret, err))
		return false;
	return !row->required || ret->text != NULL || hs_error_set(err, HS_MISSING_FIELD, "",
	    "%s has no value here, and every record of a snapshot must have one: see what the"
	    " mapping says of it, or skip such records", row->name);
}

bool normalize_check(const struct mapping *mapping, const char *const texts[HS_FIELD_COUNT],
    struct hs_date today, struct emit_value ret[HS_FIELD_COUNT], enum hs_field *ret_field,
    struct hs_error *err)
{
	for (size_t i = 0; i < HS_FIELD_COUNT; i++) {
		if (check(i, texts[i], today, &ret[i], err))
			continue;
		*ret_field = (enum hs_field)i;
		return normalize_blame(mapping, *ret_field, err);
	}
	return true;
}
