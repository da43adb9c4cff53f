/* search_chips.c: makes chips and advice from search_params and the query.
 *
 * Fails only for want of memory. */
#include "daemons/web/search_chips.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/text.h"
#include "daemons/web/choices_view.h"
#include "daemons/web/figures.h"
#include "daemons/web/search_names.h"
#include "daemons/web/values.h"

enum { TEXT_BYTES = 1024, VALUE_BYTES = 900 };

/* Above MANY items in all, FEW of one parameter have a chip each. */
enum { MANY = 20, FEW = 4 };

/* Addresses. */

static json_t *address_of(struct evbuffer *text, bool written)
{
	json_t *address = NULL;

	if (written && text != NULL && evbuffer_add(text, "", 1) == 0) {
		const char *query = (const char *)evbuffer_pullup(text, -1);

		if (query != NULL)
			address = json_sprintf("/%s%s", query[0] != '\0' ? "?" : "", query);
	}
	if (text != NULL)
		evbuffer_free(text);
	return address;
}

json_t *search_address(const struct search_query *query)
{
	struct evbuffer *text = evbuffer_new();

	return address_of(text, text != NULL && search_query_write(query, text));
}

json_t *search_address_clear(const struct search_query *query)
{
	const struct search_query clear = {
		.sort = query->sort, .descending = query->descending, .page = 1,
		.per_page = query->per_page,
	};

	return search_address(&clear);
}

static json_t *address_without(const struct search_query *query, enum search_param param,
    size_t item)
{
	struct evbuffer *text = evbuffer_new();

	return address_of(text, text != NULL &&
	    search_query_write_without(query, param, item, text));
}

/* Chips. */

static const char *sign_of(enum search_param param)
{
	enum search_type type = search_params[param].type;

	if (type == SEARCH_IS_FLOOR || param == SEARCH_AGE_MIN)
		return " ≥";
	if (type == SEARCH_IS_CEILING || param == SEARCH_AGE_MAX)
		return " ≤";
	return type == SEARCH_IS_DATE ? "" : ":";
}

/* "PPG ≥ 20", "Height ≤ 200 cm", "Team: Los Angeles Lakers". */
static void filter_text(const struct search_query *query, const PGresult *names,
    enum search_param param, size_t item, char buf[TEXT_BYTES])
{
	const struct search_param_row *row = &search_params[param];
	char value[SEARCH_TEXT_BYTES];
	const char *text = item != SIZE_MAX ? query->values[param].items[item] :
					      search_query_text(query, param, value);

	if (row->type == SEARCH_IS_IDENTITY)
		text = search_names_of(names, param, text);
	snprintf(buf, TEXT_BYTES, "%s%s %.*s%s%s", row->label, sign_of(param),
	    hs_utf8_cut(text, VALUE_BYTES), text, row->unit[0] != '\0' ? " " : "", row->unit);
}

static bool put_chip(json_t *chips, const struct search_query *query, const PGresult *names,
    enum search_param param, size_t item)
{
	char text[TEXT_BYTES];

	filter_text(query, names, param, item, text);
	return json_array_append_new(chips, json_pack("{s:s, s:o}", "text", text, "url",
	    address_without(query, param, item))) == 0;
}

/* "400 seasons": each chip has the whole address, so there cannot be one for each of them. */
static bool put_chip_of_many(json_t *chips, const struct search_query *query,
    enum search_param param)
{
	return json_array_append_new(chips, json_pack("{s:o, s:o}", "text",
	    json_sprintf("%zu %s", query->values[param].count, choices_plural(param)), "url",
	    address_without(query, param, SIZE_MAX))) == 0;
}

static size_t items_of(const struct search_query *query)
{
	size_t count = 0;

	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++)
		count += query->values[i].count;
	return count;
}

json_t *search_chips_new(const struct search_query *query, const PGresult *names)
{
	json_t *chips = json_array();
	bool done = chips != NULL;
	size_t most = items_of(query) > MANY ? FEW : MANY;

	for (size_t i = 0; done && i < SEARCH_SORT; i++) {
		const struct search_value *value = &query->values[i];

		if (value->count > most) {
			done = put_chip_of_many(chips, query, (enum search_param)i);
			continue;
		}
		for (size_t k = 0; done && k < value->count; k++)
			done = put_chip(chips, query, names, (enum search_param)i, k);
		if (done && value->given && value->count == 0)
			done = put_chip(chips, query, names, (enum search_param)i, SIZE_MAX);
	}
	return view_or_nothing(chips, done);
}

/* Advice. */

static bool put_advice(json_t *list, const struct search_query *query, const PGresult *names,
    enum search_param param, int64_t total)
{
	const struct search_value *value = &query->values[param];
	char text[TEXT_BYTES], number[FIGURE_BYTES];

	if (value->count > 1)
		snprintf(text, sizeof text, "%s (all %zu)", search_params[param].label,
		    value->count);
	else
		filter_text(query, names, param, value->count == 1 ? 0 : SIZE_MAX, text);
	return json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "text", text, "count",
	    json_sprintf("%s player%s", count_text(total, number), total == 1 ? "" : "s"), "url",
	    address_without(query, param, SIZE_MAX))) == 0;
}

/* The one with the most players that is not put yet, or SIZE_MAX. */
static size_t next_best(const struct search_advice *advice, const bool *put)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < advice->count; i++) {
		if (!put[i] && advice->without[i].total > 0 && (best == SIZE_MAX ||
			advice->without[i].total > advice->without[best].total))
			best = i;
	}
	return best;
}

json_t *search_advice_view(const struct search_query *query, const PGresult *names,
    const struct search_advice *advice)
{
	bool put[SEARCH_ADVICE_MOST] = { false }, done;
	json_t *list, *view;
	size_t at;

	if (advice == NULL)
		return json_null();
	list = json_array();
	done = list != NULL;
	while (done && (at = next_best(advice, put)) != SIZE_MAX) {
		put[at] = true;
		done = put_advice(list, query, names, advice->without[at].param,
		    advice->without[at].total);
	}
	view = json_pack("{s:b, s:o}", "any", json_array_size(list) > 0, "list", list);
	return view_or_nothing(view, done);
}
