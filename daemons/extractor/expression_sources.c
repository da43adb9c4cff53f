/* expression_sources.c: an expression -> where its value comes from, and where there was none, for
 * people. */
#include "daemons/extractor/expression.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

const char *expression_pointer(const struct expression *expression)
{
	if (expression->up > 0)
		return NULL;
	if (expression->kind == EXPRESSION_AT)
		return expression->pointer.text;
	return expression->kind == EXPRESSION_LIST ? expression->list.text : NULL;
}

/* What is written so far; what does not fit ends in "...". */
struct words {
	char *buf;
	size_t size, length;
};

static void add(struct words *words, const char *kind, const char *name)
{
	static const char dots[] = "...";
	size_t left = words->size - words->length;
	int length = snprintf(words->buf + words->length, left, "%s%s%s",
	    words->length > 0 ? ", " : "", kind, name);

	if (length >= 0 && (size_t)length < left) {
		words->length += (size_t)length;
		return;
	}
	words->length = (size_t)hs_utf8_cut(words->buf, words->size - sizeof dots);
	memcpy(words->buf + words->length, dots, sizeof dots);
	words->size = words->length + 1;	/* it is full */
}

static void add_lookup(struct words *words, const struct expression *expression,
    const struct expression_slots *slots)
{
	const struct expression_join *join = &slots->joins[expression->slot];
	char name[128];

	snprintf(name, sizeof name, "%.60s ", join->name);
	add(words, name, join->columns[expression->column].text);
}

/* What is collected: all places, or only those that were not found. They are counted in the order
 * in which they are met. */
struct walk {
	struct words words;
	const struct expression_slots *slots;
	bool only_missing;
	uint64_t found;
	size_t place;
};

static bool is_place(const struct expression *expression)
{
	switch (expression->kind) {
	case EXPRESSION_AT:
	case EXPRESSION_LIST:
	case EXPRESSION_KEY:
	case EXPRESSION_DOCUMENT:
	case EXPRESSION_WITH:
	case EXPRESSION_LOOKUP:
		return true;
	default:
		return false;
	}
}

static bool was_found(uint64_t found, size_t place)
{
	return place >= EXPRESSION_MAX_FOUND || (found >> place & 1) != 0;
}

/* Of alternatives one is enough. */
static bool has_found(const struct walk *walk, size_t from)
{
	for (size_t place = from; place < walk->place; place++) {
		if (was_found(walk->found, place))
			return true;
	}
	return false;
}

static void add_place(struct walk *walk, const struct expression *expression)
{
	struct words *words = &walk->words;

	switch (expression->kind) {
	case EXPRESSION_AT:
		add(words, expression->up > 0 ? "parent " : "", expression->pointer.text);
		return;
	case EXPRESSION_LIST:
		add(words, expression->up > 0 ? "parent " : "", expression->list.text);
		return;
	case EXPRESSION_KEY:
		add(words, "key", "");
		return;
	case EXPRESSION_DOCUMENT:
		add(words, "document ", expression->pointer.text);
		return;
	case EXPRESSION_WITH:
		add(words, "with ", walk->slots->with[expression->slot]);
		return;
	case EXPRESSION_LOOKUP:
		add_lookup(words, expression, walk->slots);
		return;
	default:
		return;
	}
}

static void collect(struct walk *walk, const struct expression *expression)
{
	size_t from = walk->place, length = walk->words.length, size = walk->words.size;

	if (is_place(expression) &&
	    !(walk->only_missing && was_found(walk->found, walk->place)))
		add_place(walk, expression);
	walk->place += is_place(expression);
	if (expression->kind == EXPRESSION_CONSTANT && !walk->only_missing)
		add(&walk->words, "constant", "");
	if (expression->kind == EXPRESSION_COUNT && !walk->only_missing)
		add(&walk->words, "count", "");
	if (expression->kind == EXPRESSION_WHEN)
		collect(walk, expression->condition->of);
	for (size_t i = 0; i < expression->part_count; i++)
		collect(walk, expression->parts[i]);
	if (expression->kind == EXPRESSION_FIRST && walk->only_missing && has_found(walk, from)) {
		walk->words.length = length;
		walk->words.size = size;
		walk->words.buf[length] = '\0';
	}
}

const char *expression_sources(const struct expression *expression,
    const struct expression_slots *slots, char *buf, size_t size)
{
	struct walk walk = { .words = { .buf = buf, .size = size }, .slots = slots };

	buf[0] = '\0';
	collect(&walk, expression);
	return buf;
}

const char *expression_missing(const struct expression *expression,
    const struct expression_slots *slots, uint64_t found, char *buf, size_t size)
{
	struct walk walk = { .words = { .buf = buf, .size = size }, .slots = slots,
		.only_missing = true, .found = found };

	buf[0] = '\0';
	collect(&walk, expression);
	return buf;
}

/* As it is written, before anything becomes of it. What cannot be read is there, and is told of
 * elsewhere; what is looked up by a figure over a group is not known yet, and counts as found. */
static bool has_value(const struct expression *expression, const struct expression_scope *scope)
{
	struct expression bare = *expression;
	struct hs_error ignored = HS_ERROR_INIT;
	const char *text = NULL;

	bare.null_if = (struct expression_list){ .count = 0 };
	bare.step_count = 0;
	bare.has_table = false;
	return expression->has_figures || !expression_evaluate(&bare, scope, &text, &ignored) ||
	    text != NULL;
}

static void look(const struct expression *expression, const struct expression_scope *scope,
    uint64_t *found, size_t *place)
{
	if (is_place(expression)) {
		if (!was_found(*found, *place) && has_value(expression, scope))
			*found |= UINT64_C(1) << *place;
		(*place)++;
	}
	if (expression->kind == EXPRESSION_WHEN)
		look(expression->condition->of, scope, found, place);
	for (size_t i = 0; i < expression->part_count; i++)
		look(expression->parts[i], scope, found, place);
}

bool expression_look(const struct expression *expression, const struct expression_scope *scope,
    uint64_t *found)
{
	size_t count = 0;

	look(expression, scope, found, &count);
	return count >= EXPRESSION_MAX_FOUND ? *found == UINT64_MAX :
	    *found == (UINT64_C(1) << count) - 1;
}
