/* quality_query.c: a small query string; every value is bounded. */
#include "daemons/web/quality_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/number.h"
#include "daemons/web/quality_sql.h"
#include "daemons/web/query_string.h"

const struct quality_sort_row quality_sorts[QUALITY_SORTS] = {
	[QUALITY_BY_NAME] = { "name", "by name" },
	[QUALITY_BY_KNOWN] = { "known", "least known first" },
	[QUALITY_BY_ROWS] = { "rows", "largest first" },
	[QUALITY_BY_LATEST] = { "latest", "oldest snapshot first" },
};

void quality_query_init(struct quality_query *query)
{
	*query = (struct quality_query){ .page = 1, .per_page = QUALITY_USUAL_PER_PAGE };
}

bool quality_query_show(const char *text, struct quality_query *query, struct hs_error *err)
{
	if (strcmp(text, "coverage") == 0) {
		query->show = QUALITY_SHOW_COVERAGE;
		return true;
	}
	for (size_t i = 0; i < QUALITY_KINDS; i++) {
		if (strcmp(text, quality_kinds[i].name) == 0) {
			query->show = QUALITY_SHOW_FINDING;
			query->kind = i;
			return true;
		}
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, "show", "There is no finding '%.60s': the data "
	    "quality page names them all.", text);
}

static bool read_sort(const char *text, struct quality_query *query, struct hs_error *err)
{
	for (int i = 0; i < QUALITY_SORTS; i++) {
		if (strcmp(text, quality_sorts[i].name) == 0) {
			query->sort = (enum quality_sort)i;
			return true;
		}
	}
	return hs_error_set(err, HS_BAD_ARGUMENT, "sort",
	    "sort is name, known, rows or latest, not '%.60s'.", text);
}

static bool read_number(const char *text, const char *name, int most, int *ret,
    struct hs_error *err)
{
	long long number;

	if (!hs_parse_int(text, 1, most, name, &number, err)) {
		*err = (struct hs_error)HS_ERROR_INIT;
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "%s is a whole number from 1 to %d.", name, most);
	}
	*ret = (int)number;
	return true;
}

enum { PARAM_SHOW, PARAM_SORT, PARAM_PAGE, PARAM_PER_PAGE, PARAM_SOURCE, PARAMS };

static const char *const params[PARAMS] = { "show", "sort", "page", "per_page", "source" };

struct reading {
	struct quality_query query;
	bool seen[PARAMS];
};

static bool read_value(int param, const char *value, struct quality_query *query,
    struct hs_error *err)
{
	switch (param) {
	case PARAM_SHOW:
		return quality_query_show(value, query, err);
	case PARAM_SORT:
		return read_sort(value, query, err);
	case PARAM_PAGE:
		return read_number(value, "page", QUALITY_MOST_PAGE, &query->page, err);
	case PARAM_PER_PAGE:
		return read_number(value, "per_page", QUALITY_MOST_PER_PAGE, &query->per_page,
		    err);
	default:
		if (strlen(value) >= sizeof query->source)
			return hs_error_set(err, HS_BAD_ARGUMENT, "source",
			    "No source has so long a name.");
		snprintf(query->source, sizeof query->source, "%s", value);
		return true;
	}
}

static bool on_pair(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct reading *reading = arg;
	int param = 0;

	while (param < PARAMS && strcmp(name, params[param]) != 0)
		param++;
	if (param == PARAMS)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "There is no parameter '%.60s' here: leave it out.", name);
	if (value[0] == '\0')
		return true;
	if (reading->seen[param])
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice.", name);
	reading->seen[param] = true;
	return read_value(param, value, &reading->query, err);
}
bool quality_query_read(const char *text, struct quality_query *ret, struct hs_error *err)
{
	struct reading reading = { .seen = { false } };

	quality_query_init(&reading.query);
	if (!query_string_read(text, on_pair, &reading, err))
		return false;
	*ret = reading.query;
	return true;
}

static bool add_number(struct evbuffer *out, const char *name, int number, int usual)
{
	char text[16];

	snprintf(text, sizeof text, "%d", number);
	return number == usual || query_string_add(out, 0, name, text);
}

char *quality_query_address(const struct quality_query *query)
{
	struct evbuffer *out = evbuffer_new();
	const char *show = query->show == QUALITY_SHOW_COVERAGE ? "coverage" :
	    quality_kinds[query->kind].name;
	char *ret = NULL;

	if (out != NULL && (query->show == QUALITY_SHOW_ALL ||
	    query_string_add(out, 0, "show", show)) &&
	    (query->source[0] == '\0' || query_string_add(out, 0, "source", query->source)) &&
	    (query->sort == QUALITY_BY_NAME ||
	    query_string_add(out, 0, "sort", quality_sorts[query->sort].name)) &&
	    add_number(out, "page", query->page, 1) &&
	    add_number(out, "per_page", query->per_page, QUALITY_USUAL_PER_PAGE) &&
	    evbuffer_add(out, "", 1) == 0) {
		const char *text = (const char *)evbuffer_pullup(out, -1);

		if (asprintf(&ret, "/admin/quality%s%s", text[0] != '\0' ? "?" : "", text) < 0)
			ret = NULL;
	}
	if (out != NULL)
		evbuffer_free(out);
	return ret;
}
