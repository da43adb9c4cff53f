/* expression_sources.c: an expression -> where its value comes from, for people. */
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

static void collect(struct words *words, const struct expression *expression,
    const struct expression_slots *slots)
{
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
		add(words, "with ", slots->with[expression->slot]);
		return;
	case EXPRESSION_CONSTANT:
		add(words, "constant", "");
		return;
	case EXPRESSION_COUNT:
		add(words, "count", "");
		return;
	case EXPRESSION_LOOKUP:
		add_lookup(words, expression, slots);
		break;
	case EXPRESSION_WHEN:
		collect(words, expression->condition->of, slots);
		break;
	case EXPRESSION_FIRST:
	case EXPRESSION_CONCAT:
	case EXPRESSION_SUM:
	case EXPRESSION_DIFFERENCE:
	case EXPRESSION_QUOTIENT:
	case EXPRESSION_PERCENT:
	case EXPRESSION_MEAN:
	case EXPRESSION_TOTAL:
		break;
	}
	for (size_t i = 0; i < expression->part_count && words->length + 1 < words->size; i++)
		collect(words, expression->parts[i], slots);
}

const char *expression_sources(const struct expression *expression,
    const struct expression_slots *slots, char *buf, size_t size)
{
	struct words words = { .buf = buf, .size = size };

	buf[0] = '\0';
	collect(&words, expression, slots);
	return buf;
}
