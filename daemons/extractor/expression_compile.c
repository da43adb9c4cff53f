/* expression_compile.c: from a mapping's JSON to an expression, with all its mistakes.
 *
 * Trusts nothing of the mapping but that it is JSON: a wrong key, a wrong type, a pointer, a
 * conversion or a join that is none is a mistake with its place, and the rest is still checked. */
#include "daemons/extractor/expression.h"

#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "daemons/extractor/mapping_check.h"

enum { MAX_PARTS = 32, MAX_PLACES = 6, MAX_STEPS = 16 };

static bool mistake(struct expression_compiler *compiler, enum hs_error_code code,
    const char *pointer, const char *sentence)
{
	hs_problems_add(compiler->mistakes, code, pointer, 0, 0, "%s", sentence);
	return false;
}

/* ---- the kinds ---- */

/* Where the expression that is compiled stands, and what of it. */
struct source {
	const json_t *whole;
	const json_t *json;		/* under the kind's key */
	const char *key;
	const char *pointer;		/* of the whole */
};

static bool at_key(struct expression_compiler *compiler, const struct source *source,
    const char *key, enum hs_error_code code, const char *sentence)
{
	char buf[HS_POINTER_BYTES];

	return mistake(compiler, code, mapping_pointer(buf, source->pointer, key), sentence);
}

/* It reads the record, which is not everywhere at hand. */
static bool reads_record(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	ret->has_record = true;
	return compiler->place.may_read_record || at_key(compiler, source, source->key,
	    HS_BAD_ARGUMENT, "there is no record here: only document, with and constant are at hand");
}

static bool compile_up(struct expression_compiler *compiler, const struct source *source,
    int64_t min, struct expression *ret)
{
	char buf[HS_POINTER_BYTES];
	int64_t up;

	if (!mapping_int(compiler, json_object_get(source->whole, "up"),
		mapping_pointer(buf, source->pointer, "up"), min, MAX_PARTS, min, &up))
		return false;
	ret->up = (unsigned)up;
	return ret->up <= compiler->place.levels || at_key(compiler, source,
	    json_object_get(source->whole, "up") != NULL ? "up" : source->key, HS_OUT_OF_RANGE,
	    "it goes farther out than each has steps");
}

static bool compile_at(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	char buf[HS_POINTER_BYTES];

	return reads_record(compiler, source, ret) &&
	    mapping_value_pointer(compiler, source->json,
		mapping_pointer(buf, source->pointer, source->key), &ret->pointer) &&
	    (strcmp(source->key, "at") == 0 || compile_up(compiler, source, 1, ret));
}

static bool compile_true(struct expression_compiler *compiler, const struct source *source)
{
	return json_is_true(source->json) ||
	    at_key(compiler, source, source->key, HS_WRONG_TYPE, "this can only be true");
}

static bool compile_key(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	return reads_record(compiler, source, ret) && compile_true(compiler, source) &&
	    compile_up(compiler, source, 0, ret);
}

static bool compile_document(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	char buf[HS_POINTER_BYTES];

	ret->has_record = true;
	mapping_pointer(buf, source->pointer, source->key);
	if (!compiler->place.may_read_document)
		return mistake(compiler, HS_BAD_ARGUMENT, buf, "no document is at hand here");
	return mapping_value_pointer(compiler, source->json, buf, &ret->pointer) &&
	    mapping_document_slot(compiler, &ret->pointer, buf, &ret->slot);
}

static bool compile_with(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	const struct expression_slots *slots = compiler->slots;

	ret->has_record = true;
	if (!json_is_string(source->json))
		return at_key(compiler, source, "with", HS_WRONG_TYPE, "this must be a name");
	if (!compiler->place.may_read_document)
		return at_key(compiler, source, "with", HS_BAD_ARGUMENT, "no URL is at hand here");
	for (size_t i = 0; i < slots->with_count; i++) {
		if (strcmp(slots->with[i], json_string_value(source->json)) == 0) {
			ret->slot = i;
			return true;
		}
	}
	return at_key(compiler, source, "with", HS_NOT_FOUND, "no item of urls has this name in its with");
}

static bool compile_constant(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	char buf[HS_POINTER_BYTES];

	ret->text = mapping_text(compiler, source->json,
	    mapping_pointer(buf, source->pointer, source->key));
	return ret->text != NULL;
}

/* Takes over what a part has. */
static bool add_part(struct expression_compiler *compiler, const json_t *json, const char *pointer,
    struct expression *ret)
{
	const struct expression *part = expression_compile(compiler, json, pointer);

	ret->parts[ret->part_count++] = part;
	if (part == NULL)
		return false;
	ret->has_figures |= part->has_figures;
	ret->has_record |= part->has_record;
	return true;
}

static bool compile_list_of_parts(struct expression_compiler *compiler, const struct source *source,
    size_t min, size_t max, struct expression *ret)
{
	char list[HS_POINTER_BYTES], buf[HS_POINTER_BYTES];
	size_t count = json_array_size(source->json);
	bool done = true;

	mapping_pointer(list, source->pointer, source->key);
	if (!json_is_array(source->json) || count < min || count > max)
		return mistake(compiler, HS_WRONG_TYPE, list, max == 2 ?
		    "this must be a list of two expressions" :
		    "this must be a list of 1 to 32 expressions");
	if ((ret->parts = mapping_take(compiler, count * sizeof *ret->parts)) == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		done &= add_part(compiler, json_array_get(source->json, i),
		    mapping_item_pointer(buf, list, i), ret);
	return done;
}

static bool compile_parts(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	return compile_list_of_parts(compiler, source, 1, MAX_PARTS, ret);
}

static bool compile_separator(struct expression_compiler *compiler, const struct source *source,
    const char *fallback, struct expression *ret)
{
	const json_t *json = json_object_get(source->whole, "separator");

	if (json != NULL && !json_is_string(json))
		return at_key(compiler, source, "separator", HS_WRONG_TYPE, "this must be a text");
	ret->text = json == NULL ? fallback : mapping_copy(compiler, json_string_value(json));
	return ret->text != NULL;
}

static bool compile_concat(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	bool done = compile_separator(compiler, source, "", ret);

	return compile_parts(compiler, source, ret) && done;
}

static bool compile_list(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	const json_t *item = json_object_get(source->whole, "item");
	char buf[HS_POINTER_BYTES];

	if (!reads_record(compiler, source, ret) ||
	    !compile_separator(compiler, source, "-", ret) ||
	    !mapping_value_pointer(compiler, source->json,
		mapping_pointer(buf, source->pointer, "list"), &ret->list))
		return false;
	ret->has_pointer = item != NULL;
	return item == NULL || mapping_value_pointer(compiler, item,
	    mapping_pointer(buf, source->pointer, "item"), &ret->pointer);
}

static struct expression_join *find_join(struct expression_compiler *compiler, const json_t *name,
    size_t *ret)
{
	struct expression_slots *slots = compiler->slots;

	for (size_t i = 0; json_is_string(name) && i < slots->join_count; i++) {
		if (strcmp(slots->joins[i].name, json_string_value(name)) == 0) {
			*ret = i;
			return &slots->joins[i];
		}
	}
	return NULL;
}

static bool compile_column(struct expression_compiler *compiler, const struct source *source,
    struct expression_join *join, struct expression *ret)
{
	struct value_pointer wanted;
	char buf[HS_POINTER_BYTES];

	if (!mapping_value_pointer(compiler, json_object_get(source->whole, "value"),
		mapping_pointer(buf, source->pointer, "value"), &wanted))
		return false;
	for (size_t i = 0; i < join->column_count; i++) {
		if (strcmp(join->columns[i].text, wanted.text) == 0) {
			ret->column = i;
			return true;
		}
	}
	if (join->column_count == EXPRESSION_MAX_COLUMNS)
		return mistake(compiler, HS_LIMIT, buf, "at most 16 values of a join are looked up");
	join->columns[join->column_count] = wanted;
	ret->column = join->column_count++;
	return true;
}

static bool compile_lookup(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	const json_t *key = json_object_get(source->whole, "key");
	struct expression_join *join = find_join(compiler, source->json, &ret->slot);
	char buf[HS_POINTER_BYTES];

	if (!compiler->place.may_lookup)
		return at_key(compiler, source, "lookup", HS_BAD_ARGUMENT,
		    "nothing can be looked up here");
	if (join == NULL)
		return at_key(compiler, source, "lookup", HS_NOT_FOUND, "joins has no such name");
	if (key == NULL)
		return at_key(compiler, source, "key", HS_MISSING_FIELD,
		    "a lookup needs the key of the row that is wanted, an expression");
	if ((ret->parts = mapping_take(compiler, sizeof *ret->parts)) == NULL)
		return false;
	return add_part(compiler, key, mapping_pointer(buf, source->pointer, "key"), ret) &&
	    compile_column(compiler, source, join, ret);
}

static bool compile_places(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	char buf[HS_POINTER_BYTES];
	int64_t places;

	if (!mapping_int(compiler, json_object_get(source->whole, "places"),
		mapping_pointer(buf, source->pointer, "places"), 0, MAX_PLACES, 1, &places))
		return false;
	ret->places = (int)places;
	return true;
}

static bool compile_two(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	bool done = ret->kind == EXPRESSION_DIFFERENCE || compile_places(compiler, source, ret);

	return compile_list_of_parts(compiler, source, 2, 2, ret) && done;
}

static bool compile_when(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	const json_t *then = json_object_get(source->whole, "then");
	const json_t *other = json_object_get(source->whole, "else");
	char buf[HS_POINTER_BYTES];
	bool done;

	if (then == NULL)
		return at_key(compiler, source, "then", HS_MISSING_FIELD,
		    "say what the value is when the condition holds");
	ret->condition = condition_compile(compiler, source->json,
	    mapping_pointer(buf, source->pointer, "when"));
	if ((ret->parts = mapping_take(compiler, 2 * sizeof *ret->parts)) == NULL)
		return false;
	done = ret->condition != NULL;
	if (done) {
		ret->has_figures = ret->condition->of->has_figures;
		ret->has_record = ret->condition->of->has_record;
	}
	done &= add_part(compiler, then, mapping_pointer(buf, source->pointer, "then"), ret);
	return (other == NULL || add_part(compiler, other,
	    mapping_pointer(buf, source->pointer, "else"), ret)) && done;
}

static bool compile_figure(struct expression_compiler *compiler, const struct source *source,
    struct expression *ret)
{
	struct expression_slots *slots = compiler->slots;
	char buf[HS_POINTER_BYTES];
	bool done;

	if (!compiler->place.may_have_figures || compiler->is_in_figure)
		return at_key(compiler, source, source->key, HS_BAD_ARGUMENT,
		    compiler->is_in_figure ? "a figure over a group cannot be made of another" :
		    "mean, total and count are for the fields of a mapping that has a group");
	if (slots->figure_count == EXPRESSION_MAX_SLOTS)
		return at_key(compiler, source, source->key, HS_LIMIT,
		    "a mapping has at most 64 figures over a group");
	if (ret->kind == EXPRESSION_COUNT) {
		done = compile_true(compiler, source);
	} else {
		if ((ret->parts = mapping_take(compiler, sizeof *ret->parts)) == NULL)
			return false;
		compiler->is_in_figure = true;
		done = add_part(compiler, source->json,
		    mapping_pointer(buf, source->pointer, source->key), ret);
		compiler->is_in_figure = false;
		done &= ret->kind != EXPRESSION_MEAN || compile_places(compiler, source, ret);
	}
	ret->has_record = false;
	ret->has_figures = true;
	ret->slot = slots->figure_count;
	slots->figures[slots->figure_count++] = ret;
	return done;
}

enum { MAX_OPERANDS = 3 };

/* "lookup" has a key too, so it stands before it. */
static const struct kind_row {
	const char *key;
	enum expression_kind kind;
	bool (*compile)(struct expression_compiler *compiler, const struct source *source,
	    struct expression *ret);
	const char *operands[MAX_OPERANDS];
} kinds[] = {
	{ "at", EXPRESSION_AT, compile_at, { NULL } },
	{ "parent", EXPRESSION_AT, compile_at, { "up" } },
	{ "document", EXPRESSION_DOCUMENT, compile_document, { NULL } },
	{ "lookup", EXPRESSION_LOOKUP, compile_lookup, { "key", "value" } },
	{ "key", EXPRESSION_KEY, compile_key, { "up" } },
	{ "with", EXPRESSION_WITH, compile_with, { NULL } },
	{ "constant", EXPRESSION_CONSTANT, compile_constant, { NULL } },
	{ "first", EXPRESSION_FIRST, compile_parts, { NULL } },
	{ "concat", EXPRESSION_CONCAT, compile_concat, { "separator" } },
	{ "list", EXPRESSION_LIST, compile_list, { "separator", "item" } },
	{ "sum", EXPRESSION_SUM, compile_parts, { NULL } },
	{ "difference", EXPRESSION_DIFFERENCE, compile_two, { NULL } },
	{ "quotient", EXPRESSION_QUOTIENT, compile_two, { "places" } },
	{ "percent", EXPRESSION_PERCENT, compile_two, { "places" } },
	{ "when", EXPRESSION_WHEN, compile_when, { "then", "else" } },
	{ "mean", EXPRESSION_MEAN, compile_figure, { "places" } },
	{ "total", EXPRESSION_TOTAL, compile_figure, { NULL } },
	{ "count", EXPRESSION_COUNT, compile_figure, { NULL } },
};

/* ---- what becomes of the value ---- */

static bool compile_values(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression_list *ret)
{
	char buf[HS_POINTER_BYTES];
	size_t count = json_array_size(json);
	bool done = true;

	if (!json_is_array(json) || count == 0)
		return mistake(compiler, HS_WRONG_TYPE, pointer,
		    "this must be a list of values, as in [0, \"--\", null]");
	if ((ret->texts = mapping_take(compiler, count * sizeof *ret->texts)) == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(json, i);
		const char *text = NULL;

		if (json_is_null(item)) {
			ret->has_null = true;
			continue;
		}
		if (json_is_boolean(item))
			text = json_is_true(item) ? "true" : "false";
		else
			text = mapping_text(compiler, item, mapping_item_pointer(buf, pointer, i));
		ret->texts[ret->count++] = text;
		done &= text != NULL;
	}
	return done;
}

static bool refuse_conversion(struct expression_compiler *compiler, const char *name,
    const char *pointer)
{
	size_t best = hs_nearest_allowance(name) + 1;
	const char *found = NULL;

	for (size_t i = 0; convert_at(i) != NULL; i++) {
		size_t apart = hs_text_distance(name, convert_at(i)->name);

		if (apart < best) {
			best = apart;
			found = convert_at(i)->name;
		}
	}
	hs_problems_add(compiler->mistakes, HS_NOT_FOUND, pointer, 0, 0, found != NULL ?
	    "there is no such conversion: did you mean %s?" :
	    "there is no such conversion: hoopscout-mapping(5) has them all%s",
	    found != NULL ? found : "");
	return false;
}

static bool compile_step(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression_step *ret)
{
	char buf[HS_POINTER_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	const char *name = json_string_value(json);

	if (json_is_object(json) && json_object_size(json) == 1) {
		void *first = json_object_iter((json_t *)json);

		name = json_object_iter_key(first);
		mapping_pointer(buf, pointer, name);
		ret->parameter = mapping_text(compiler, json_object_iter_value(first), buf);
		if (ret->parameter == NULL)
			return false;
		pointer = buf;
	}
	if (name == NULL)
		return mistake(compiler, HS_WRONG_TYPE, pointer, "this must be a conversion's name, or"
		    " an object of its name and parameter, as in {\"round\": 1}");
	if ((ret->row = convert_find(name, strlen(name))) == NULL)
		return refuse_conversion(compiler, name, pointer);
	return convert_check_parameter(ret->row, ret->parameter, &err) ||
	    mistake(compiler, err.code, pointer, err.message);
}

static bool compile_steps(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression *ret)
{
	size_t count = json_is_array(json) ? json_array_size(json) : 1;
	struct expression_step *steps;
	char buf[HS_POINTER_BYTES];
	bool done = true;

	if (count == 0 || count > MAX_STEPS)
		return mistake(compiler, HS_OUT_OF_RANGE, pointer, "this must have 1 to 16 conversions");
	if ((steps = mapping_take(compiler, count * sizeof *steps)) == NULL)
		return false;
	ret->steps = steps;
	ret->step_count = count;
	if (!json_is_array(json))
		return compile_step(compiler, json, pointer, &steps[0]);
	for (size_t i = 0; i < count; i++)
		done &= compile_step(compiler, json_array_get(json, i),
		    mapping_item_pointer(buf, pointer, i), &steps[i]);
	return done;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct expression_pair *left = a, *right = b;

	return strcmp(left->from, right->from);
}

static bool compile_table(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression *ret)
{
	struct expression_pair *table;
	char buf[HS_POINTER_BYTES];
	const json_t *value;
	const char *key;
	bool done = true;

	if (!json_is_object(json) || json_object_size(json) == 0)
		return mistake(compiler, HS_WRONG_TYPE, pointer,
		    "this must be an object of what each value becomes, as in {\"1\": \"Guard\"}");
	table = mapping_take(compiler, json_object_size(json) * sizeof *table);
	if (table == NULL)
		return false;
	ret->table = table;
	ret->has_table = true;
	json_object_foreach((json_t *)json, key, value) {
		struct expression_pair *pair = &table[ret->table_count];

		if ((pair->from = mapping_copy(compiler, key)) == NULL)
			return false;
		ret->table_count++;
		if (!json_is_null(value)) {
			pair->to = mapping_text(compiler, value, mapping_pointer(buf, pointer, key));
			done &= pair->to != NULL;
		}
	}
	qsort(table, ret->table_count, sizeof *table, compare_pairs);
	return done;
}

static bool compile_otherwise(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression *ret)
{
	static const char *const words[] = {
		[EXPRESSION_FAIL] = "fail", [EXPRESSION_NULL] = "null", [EXPRESSION_KEEP] = "keep",
	};

	if (!ret->has_table)
		return mistake(compiler, HS_BAD_ARGUMENT, pointer, "there is no table to go with it");
	for (size_t i = 0; json_is_string(json) && i < HS_COUNT(words); i++) {
		if (strcmp(json_string_value(json), words[i]) == 0) {
			ret->otherwise = (enum expression_otherwise)i;
			return true;
		}
	}
	return mistake(compiler, HS_BAD_ARGUMENT, pointer,
	    "this must be \"fail\", \"null\" or \"keep\"");
}

static bool compile_default(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression *ret)
{
	ret->fallback = mapping_text(compiler, json, pointer);
	return ret->fallback != NULL;
}

static bool compile_null_if(struct expression_compiler *compiler, const json_t *json,
    const char *pointer, struct expression *ret)
{
	return compile_values(compiler, json, pointer, &ret->null_if);
}

/* In the order in which they are done. */
static const struct {
	const char *key;
	bool (*compile)(struct expression_compiler *compiler, const json_t *json,
	    const char *pointer, struct expression *ret);
} changes[] = {
	{ "null_if", compile_null_if },
	{ "convert", compile_steps },
	{ "table", compile_table },
	{ "otherwise", compile_otherwise },
	{ "default", compile_default },
};

/* ---- an expression ---- */

static const struct kind_row *find_kind(const json_t *json, const char **ret_second)
{
	const struct kind_row *found = NULL;

	*ret_second = NULL;
	for (size_t i = 0; i < HS_COUNT(kinds); i++) {
		const struct kind_row *row = &kinds[i];

		if (json_object_get(json, row->key) == NULL)
			continue;
		if (found == NULL)
			found = row;
		else if (found->kind != EXPRESSION_LOOKUP || row->kind != EXPRESSION_KEY)
			*ret_second = row->key;
	}
	return found;
}

static void check_expression_keys(struct expression_compiler *compiler, const json_t *json,
    const struct kind_row *row, const char *pointer)
{
	const char *names[1 + MAX_OPERANDS + HS_COUNT(changes) + 1] = { row->key };
	size_t count = 1;

	for (size_t i = 0; i < MAX_OPERANDS && row->operands[i] != NULL; i++)
		names[count++] = row->operands[i];
	for (size_t i = 0; i < HS_COUNT(changes); i++)
		names[count++] = changes[i].key;
	mapping_check_keys(compiler->mistakes, json, pointer, names);
}

/* What its keys were meant to be, when one is nearly a kind. */
static void refuse_kindless(struct expression_compiler *compiler, const json_t *json,
    const char *pointer)
{
	const char *names[HS_COUNT(kinds) + 1] = { NULL }, *key, *nearest;
	char buf[HS_POINTER_BYTES];
	const json_t *value;

	for (size_t i = 0; i < HS_COUNT(kinds); i++)
		names[i] = kinds[i].key;
	json_object_foreach((json_t *)json, key, value) {
		if ((nearest = hs_nearest(key, names)) == NULL)
			continue;
		hs_problems_add(compiler->mistakes, HS_UNKNOWN_FIELD,
		    mapping_pointer(buf, pointer, key), 0, 0,
		    "this does not say where a value comes from: did you mean %s?", nearest);
		return;
	}
	mistake(compiler, HS_MISSING_FIELD, pointer, "this does not say where the value comes"
	    " from: at, parent, document, key, with, constant, first, concat, list, lookup,"
	    " sum, difference, quotient, percent, when, mean, total or count");
}

static const struct kind_row *settle_kind(struct expression_compiler *compiler, const json_t *json,
    const char *pointer)
{
	char buf[HS_POINTER_BYTES];
	const struct kind_row *row;
	const char *second;

	if (!json_is_object(json)) {
		mistake(compiler, HS_WRONG_TYPE, pointer, "this must be an expression: a JSON Pointer"
		    " such as \"/name\", or an object such as {\"constant\": \"NBA\"}");
		return NULL;
	}
	if ((row = find_kind(json, &second)) == NULL) {
		refuse_kindless(compiler, json, pointer);
		return NULL;
	}
	if (second != NULL) {
		mistake(compiler, HS_BAD_ARGUMENT, mapping_pointer(buf, pointer, second),
		    "the value comes from elsewhere already: nest the two, as in"
		    " {\"first\": [{...}, {...}]}");
		return NULL;
	}
	check_expression_keys(compiler, json, row, pointer);
	return row;
}

static const struct expression *compile_pointer(struct expression_compiler *compiler,
    const json_t *json, const char *pointer)
{
	struct expression *ret = mapping_take(compiler, sizeof *ret);

	if (ret == NULL || !mapping_value_pointer(compiler, json, pointer, &ret->pointer))
		return NULL;
	ret->has_record = true;
	if (compiler->place.may_read_record)
		return ret;
	mistake(compiler, HS_BAD_ARGUMENT, pointer,
	    "there is no record here: only document, with and constant are at hand");
	return NULL;
}

static const struct expression *compile_object(struct expression_compiler *compiler,
    const json_t *json, const char *pointer)
{
	const struct kind_row *row = settle_kind(compiler, json, pointer);
	struct expression *ret = mapping_take(compiler, sizeof *ret);
	char buf[HS_POINTER_BYTES];
	bool done;

	if (row == NULL || ret == NULL)
		return NULL;
	ret->kind = row->kind;
	const struct source source = { .whole = json, .json = json_object_get(json, row->key),
		.key = row->key, .pointer = pointer };
	done = row->compile(compiler, &source, ret);
	for (size_t i = 0; i < HS_COUNT(changes); i++) {
		const json_t *value = json_object_get(json, changes[i].key);

		if (value != NULL)
			done &= changes[i].compile(compiler, value,
			    mapping_pointer(buf, pointer, changes[i].key), ret);
	}
	return done ? ret : NULL;
}

const struct expression *expression_compile(struct expression_compiler *compiler,
    const json_t *json, const char *pointer)
{
	const struct expression *ret;

	if (compiler->depth == EXPRESSION_MAX_DEPTH) {
		mistake(compiler, HS_TOO_DEEP, pointer, "expressions lie at most 16 deep in each other");
		return NULL;
	}
	compiler->depth++;
	ret = json_is_string(json) ? compile_pointer(compiler, json, pointer) :
	    compile_object(compiler, json, pointer);
	compiler->depth--;
	return ret;
}

const struct condition *condition_compile(struct expression_compiler *compiler, const json_t *json,
    const char *pointer)
{
	static const char *const names[] = { "of", "in", "not_in", "below", "above", NULL };
	struct condition *ret = mapping_take(compiler, sizeof *ret);
	const json_t *of = json_object_get(json, "of"), *against = NULL;
	char buf[HS_POINTER_BYTES];

	if (ret == NULL || !mapping_check_keys(compiler->mistakes, json, pointer, names))
		return NULL;
	for (size_t i = 1; names[i] != NULL; i++) {
		const json_t *found = json_object_get(json, names[i]);

		if (found != NULL && against != NULL)
			against = json_null();
		else if (found != NULL) {
			against = found;
			ret->kind = (enum condition_kind)(i - 1);
		}
	}
	if (of == NULL || against == NULL || json_is_null(against)) {
		mistake(compiler, HS_MISSING_FIELD, pointer,
		    "a condition has \"of\", an expression, and one of in, not_in, below, above");
		return NULL;
	}
	ret->of = expression_compile(compiler, of, mapping_pointer(buf, pointer, "of"));
	mapping_pointer(buf, pointer, names[1 + (int)ret->kind]);
	if (ret->kind == CONDITION_BELOW || ret->kind == CONDITION_ABOVE ?
		!mapping_int(compiler, against, buf, INT32_MIN, INT32_MAX, 0, &ret->bound) :
		!compile_values(compiler, against, buf, &ret->list))
		return NULL;
	return ret->of != NULL ? ret : NULL;
}
