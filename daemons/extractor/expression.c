/* expression.c: an expression and a record -> a text, or null.
 *
 * Trusts the compiled mapping; of the record nothing: what is not of the kind that is wanted is an
 * error with the pointer. Results lie in the scope's arena. */
#include "daemons/extractor/expression.h"

#include <stdlib.h>
#include <string.h>

#include "common/decimal.h"
#include "common/snapshot_value.h"
#include "common/text.h"
#include "daemons/extractor/join.h"

/* ---- texts ---- */

static bool is_plain(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f;
}

/* Without white space around it; blank is null. */
static bool trim(const struct expression_scope *scope, const char **text, struct hs_error *err)
{
	const char *narrowed = *text;
	size_t length, whole;

	if (narrowed == NULL)
		return true;
	length = whole = strlen(narrowed);
	if (whole > 0 && is_plain(narrowed[0]) && is_plain(narrowed[whole - 1]))
		return true;
	if (hs_text_is_blank(narrowed, length)) {
		*text = NULL;
		return true;
	}
	hs_text_trim(&narrowed, &length);
	if (length == whole)
		return true;
	*text = arena_text(scope->arena, narrowed, length, err);
	return *text != NULL;
}

static bool have_same_digits(const struct hs_decimal *a, const struct hs_decimal *b)
{
	size_t i = 0, j = 0;

	for (;;) {
		i += i < a->length && a->digits[i] == '.';
		j += j < b->length && b->digits[j] == '.';
		if (i == a->length || j == b->length)
			return i == a->length && j == b->length;
		if (a->digits[i++] != b->digits[j++])
			return false;
	}
}

/* The same text, or the same number. */
static bool are_alike(const char *a, const char *b)
{
	struct hs_decimal left, right;

	return strcmp(a, b) == 0 || (hs_decimal_parse(a, strlen(a), &left) &&
	    hs_decimal_parse(b, strlen(b), &right) && left.negative == right.negative &&
	    left.point == right.point && have_same_digits(&left, &right));
}

static bool is_in(const struct expression_list *list, const char *text)
{
	if (text == NULL)
		return list->has_null;
	for (size_t i = 0; i < list->count; i++) {
		if (are_alike(list->texts[i], text))
			return true;
	}
	return false;
}

/* ---- what becomes of a value ---- */

static bool convert(const struct expression *expression, const struct expression_scope *scope,
    const char **text, struct hs_error *err)
{
	char out[CONVERT_OUT_BYTES];
	bool is_null;

	for (size_t i = 0; i < expression->step_count && *text != NULL; i++) {
		const struct expression_step *step = &expression->steps[i];

		if (!convert_apply(step->row, step->parameter, *text, strlen(*text), out, sizeof out,
			&is_null, err))
			return false;
		*text = is_null ? NULL : arena_text(scope->arena, out, strlen(out), err);
		if (*text == NULL && !is_null)
			return false;
	}
	return true;
}

static const struct expression_pair *find_pair(const struct expression *expression,
    const char *text)
{
	size_t low = 0, high = expression->table_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(text, expression->table[middle].from);

		if (order == 0)
			return &expression->table[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	for (size_t i = 0; i < expression->table_count; i++) {
		if (are_alike(expression->table[i].from, text))
			return &expression->table[i];
	}
	return NULL;
}

static bool look_up(const struct expression *expression, const char **text, struct hs_error *err)
{
	const struct expression_pair *pair;
	char shown[HS_SHOWN_BYTES];

	if (!expression->has_table || *text == NULL)
		return true;
	if ((pair = find_pair(expression, *text)) != NULL) {
		*text = pair->to;
		return true;
	}
	if (expression->otherwise == EXPRESSION_FAIL)
		return hs_error_set(err, HS_BAD_ARGUMENT, "", "the mapping's table has no %s: add it,"
		    " or say with \"otherwise\" what it means",
		    hs_shown_text(*text, strlen(*text), shown));
	if (expression->otherwise == EXPRESSION_NULL)
		*text = NULL;
	return true;
}

static bool change(const struct expression *expression, const struct expression_scope *scope,
    const char **text, struct hs_error *err)
{
	/* a constant may be a blank between two texts */
	if (expression->kind != EXPRESSION_CONSTANT && !trim(scope, text, err))
		return false;
	if (*text != NULL && is_in(&expression->null_if, *text))
		*text = NULL;
	return convert(expression, scope, text, err) && look_up(expression, text, err);
}

/* ---- where a value comes from ---- */

bool expression_text_at(const struct value *value, const struct value_pointer *pointer,
    const char **ret, struct hs_error *err)
{
	const struct value *found = value_at(value, pointer);

	if (found != NULL && value_is_container(found))
		return hs_error_set(err, HS_WRONG_TYPE, pointer->text,
		    "%s is there, and should be a text or number", found->kind == VALUE_ARRAY ?
		    "an array" : "an object");
	*ret = found == NULL ? NULL : value_text(found);
	return true;
}

static const struct expression_level *level_of(const struct expression *expression,
    const struct expression_scope *scope)
{
	return &scope->levels[scope->level_count - 1 - expression->up];
}

static bool take_first(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err)
{
	*ret = NULL;
	for (size_t i = 0; i < expression->part_count && *ret == NULL; i++) {
		if (!expression_evaluate(expression->parts[i], scope, ret, err))
			return false;
	}
	return true;
}

/* Puts the texts that are not null one after the other. */
static bool glue(const char *const *texts, size_t count, const char *separator,
    const struct expression_scope *scope, const char **ret, struct hs_error *err)
{
	size_t length = 0, between = strlen(separator), used = 0;
	char *whole;

	for (size_t i = 0; i < count; i++)
		length += texts[i] == NULL ? 0 : strlen(texts[i]) + between;
	*ret = NULL;
	if (length == 0)
		return true;
	if ((whole = arena_take(scope->arena, length + 1, err)) == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (texts[i] == NULL)
			continue;
		if (used > 0) {
			memcpy(whole + used, separator, between);
			used += between;
		}
		memcpy(whole + used, texts[i], strlen(texts[i]));
		used += strlen(texts[i]);
	}
	*ret = whole;
	return true;
}

/* All parts, in the arena. */
static bool take_parts(const struct expression *expression, const struct expression_scope *scope,
    const char ***ret, struct hs_error *err)
{
	const char **texts = arena_take(scope->arena, expression->part_count * sizeof *texts, err);

	if (texts == NULL)
		return false;
	for (size_t i = 0; i < expression->part_count; i++) {
		if (!expression_evaluate(expression->parts[i], scope, &texts[i], err))
			return false;
	}
	*ret = texts;
	return true;
}

static bool take_list(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err)
{
	const struct value *list = value_at(level_of(expression, scope)->value, &expression->list);
	static const struct value_pointer itself = { .text = "" };
	const char **texts;
	size_t count = 0;

	*ret = NULL;
	if (list == NULL || list->kind == VALUE_NULL)
		return true;
	if (list->kind != VALUE_ARRAY)
		return hs_error_set(err, HS_WRONG_TYPE, expression->list.text,
		    "an array should be there");
	if ((texts = arena_take(scope->arena, list->count * sizeof *texts, err)) == NULL)
		return false;
	for (const struct value *item = list->first; item != NULL; item = item->next, count++) {
		if (!expression_text_at(item, expression->has_pointer ? &expression->pointer : &itself,
			&texts[count], err) ||
		    !change(expression, scope, &texts[count], err)) {
			hs_error_at(err, expression->list.text);
			return false;
		}
	}
	return glue(texts, count, expression->text, scope, ret, err);
}

static bool take_lookup(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err)
{
	const char *key;

	if (!expression_evaluate(expression->parts[0], scope, &key, err))
		return false;
	*ret = key == NULL ? NULL :
	    joins_find(scope->joins, expression->slot, key, expression->column);
	return true;
}

static bool reckon(const struct expression *expression, const char *const *texts,
    char buf[EXACT_TEXT_BYTES], bool *ret_null, struct hs_error *err)
{
	switch (expression->kind) {
	case EXPRESSION_SUM:
		return exact_text_sum(texts, expression->part_count, buf, ret_null, err);
	case EXPRESSION_DIFFERENCE:
		return exact_text_difference(texts[0], texts[1], buf, ret_null, err);
	case EXPRESSION_QUOTIENT:
		return exact_text_quotient(texts[0], texts[1], expression->places, buf, ret_null,
		    err);
	default:
		return exact_text_percent(texts[0], texts[1], expression->places, buf, ret_null,
		    err);
	}
}

static bool take_reckoned(const struct expression *expression,
    const struct expression_scope *scope, const char **ret, struct hs_error *err)
{
	char buf[EXACT_TEXT_BYTES];
	const char **texts;
	bool is_null;

	if (!take_parts(expression, scope, &texts, err) ||
	    !reckon(expression, texts, buf, &is_null, err))
		return false;
	*ret = is_null ? NULL : arena_text(scope->arena, buf, strlen(buf), err);
	return is_null || *ret != NULL;
}

static bool take_when(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err)
{
	bool holds;

	if (!condition_holds(expression->condition, scope, &holds, err))
		return false;
	*ret = NULL;
	if (!holds && expression->part_count < 2)
		return true;
	return expression_evaluate(expression->parts[holds ? 0 : 1], scope, ret, err);
}

static bool take_value(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err)
{
	const char **texts;

	switch (expression->kind) {
	case EXPRESSION_AT:
		return expression_text_at(level_of(expression, scope)->value, &expression->pointer, ret, err);
	case EXPRESSION_KEY:
		*ret = level_of(expression, scope)->key;
		return true;
	case EXPRESSION_DOCUMENT:
		*ret = scope->document[expression->slot];
		return true;
	case EXPRESSION_WITH:
		*ret = scope->with == NULL ? NULL : scope->with[expression->slot];
		return true;
	case EXPRESSION_CONSTANT:
		*ret = expression->text;
		return true;
	case EXPRESSION_FIRST:
		return take_first(expression, scope, ret, err);
	case EXPRESSION_CONCAT:
		return take_parts(expression, scope, &texts, err) &&
		    glue(texts, expression->part_count, expression->text, scope, ret, err);
	case EXPRESSION_LIST:
		return take_list(expression, scope, ret, err);
	case EXPRESSION_LOOKUP:
		return take_lookup(expression, scope, ret, err);
	case EXPRESSION_SUM:
	case EXPRESSION_DIFFERENCE:
	case EXPRESSION_QUOTIENT:
	case EXPRESSION_PERCENT:
		return take_reckoned(expression, scope, ret, err);
	case EXPRESSION_WHEN:
		return take_when(expression, scope, ret, err);
	case EXPRESSION_MEAN:
	case EXPRESSION_TOTAL:
	case EXPRESSION_COUNT:
		*ret = scope->figures[expression->slot];
		return true;
	}
	hs_panic("an expression of kind %d", (int)expression->kind);
}

bool expression_evaluate(const struct expression *expression, const struct expression_scope *scope,
    const char **ret, struct hs_error *err)
{
	const char *text = NULL;

	if (!take_value(expression, scope, &text, err) ||
	    (expression->kind != EXPRESSION_LIST && !change(expression, scope, &text, err))) {
		/* what stands in an outer level has no place in the innermost one */
		if (expression->up > 0)
			err->where[0] = '\0';
		else if (expression->kind == EXPRESSION_AT)
			hs_error_at(err, expression->pointer.text);
		return false;
	}
	*ret = text != NULL ? text : expression->fallback;
	return true;
}

static bool compare(const struct condition *condition, const char *text, bool *ret,
    struct hs_error *err)
{
	struct hs_decimal number;
	char shown[HS_SHOWN_BYTES];
	int order;

	*ret = false;
	if (text == NULL)
		return true;
	if (!hs_decimal_parse(text, strlen(text), &number))
		return hs_error_set(err, HS_BAD_NUMBER, "", "%s is to be compared with %lld, and is no"
		    " number", hs_shown_text(text, strlen(text), shown),
		    (long long)condition->bound);
	order = hs_decimal_compare(&number, condition->bound);
	*ret = condition->kind == CONDITION_BELOW ? order < 0 : order > 0;
	return true;
}

bool condition_holds(const struct condition *condition, const struct expression_scope *scope,
    bool *ret, struct hs_error *err)
{
	const char *text;

	if (!expression_evaluate(condition->of, scope, &text, err))
		return false;
	if (condition->kind == CONDITION_BELOW || condition->kind == CONDITION_ABOVE)
		return compare(condition, text, ret, err);
	*ret = is_in(&condition->list, text) == (condition->kind == CONDITION_IN);
	return true;
}
