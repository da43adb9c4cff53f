/* imports_query.c: a table of parameters, with what each may be and on which pages.
 *
 * Trusts query_string.c to decode. */
#include "daemons/web/imports_query.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/date.h"
#include "common/number.h"
#include "daemons/web/query_string.h"

enum kind { KIND_TEXT, KIND_CHOICE, KIND_DAY, KIND_NUMBER };

static const struct param {
	const char *name;
	int pages;
	enum kind kind;
	size_t offset, size;
	const char *choices;
	long long min, max;
	bool is_filter;
} params[] = {
#define FIELD(field) offsetof(struct imports_query, field), sizeof((struct imports_query *)0)->field
	{ "q", IMPORTS_FILES, KIND_TEXT, FIELD(q), NULL, 0, 0, true },
	{ "status", IMPORTS_FILES, KIND_CHOICE, FIELD(status), "imported,duplicate,failed,undone",
	    0, 0, true },
	{ "status", IMPORTS_RUNS, KIND_CHOICE, FIELD(status), "running,done,interrupted", 0, 0,
	    true },
	{ "source", IMPORTS_FILES, KIND_TEXT, FIELD(source), NULL, 0, 0, true },
	{ "trigger", IMPORTS_RUNS | IMPORTS_FILES, KIND_CHOICE, FIELD(trigger),
	    "watch,start,command,admin", 0, 0, true },
	{ "from", IMPORTS_RUNS | IMPORTS_FILES, KIND_DAY, FIELD(from), NULL, 0, 0, true },
	{ "to", IMPORTS_RUNS | IMPORTS_FILES, KIND_DAY, FIELD(to), NULL, 0, 0, true },
	{ "run", IMPORTS_FILES, KIND_NUMBER, FIELD(run), NULL, 1, INT32_MAX, true },
	{ "sort", IMPORTS_FILES, KIND_CHOICE, FIELD(sort),
	    "finished,name,status,source,snapshot,size,records,problems", 0, 0, false },
	{ "sort", IMPORTS_RUNS, KIND_CHOICE, FIELD(sort), "started,seconds,files,failed,records", 0,
	    0, false },
	{ "page", IMPORTS_RUNS | IMPORTS_FILES, KIND_NUMBER, FIELD(page), NULL, 1,
	    IMPORTS_MOST_PAGES, false },
	{ "per_page", IMPORTS_RUNS | IMPORTS_FILES, KIND_NUMBER, FIELD(per_page), NULL, 10,
	    IMPORTS_MOST_PER_PAGE, false },
	{ "request", IMPORTS_PAGES, KIND_NUMBER, FIELD(request), NULL, 1, INT32_MAX, false },
#undef FIELD
};

static const char *const usual_sorts[] = {
	[IMPORTS_RUNS] = "-started", [IMPORTS_FILES] = "-finished", [IMPORTS_ONE] = "",
};

static const struct param *find(enum imports_page page_of, const char *name)
{
	for (size_t i = 0; i < HS_COUNT(params); i++) {
		if ((params[i].pages & (int)page_of) != 0 && strcmp(params[i].name, name) == 0)
			return &params[i];
	}
	return NULL;
}

const char *imports_query_choices(enum imports_page page_of, const char *name)
{
	const struct param *param = find(page_of, name);

	return param != NULL && param->choices != NULL ? param->choices : "";
}

/* ---- reading ---- */

static bool is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	while (length > 0 && *choices != '\0') {
		size_t item = strcspn(choices, ",");

		if (item == length && strncmp(choices, value, item) == 0)
			return true;
		choices += item + (choices[item] == ',');
	}
	return false;
}

static bool check_choice(const struct param *param, const char *value, struct hs_error *err)
{
	bool is_sort = strcmp(param->name, "sort") == 0;

	return is_choice(param->choices, is_sort && value[0] == '-' ? value + 1 : value) ||
	    hs_error_set(err, HS_BAD_ARGUMENT, param->name, "%s may be one of %s%s, not '%.60s'",
		param->name, param->choices, is_sort ? ", with - before it for descending" : "",
		value);
}

static bool put_text(const struct param *param, const char *value, struct imports_query *query,
    struct hs_error *err)
{
	struct hs_date day;

	if (param->kind == KIND_CHOICE && !check_choice(param, value, err))
		return false;
	if (param->kind == KIND_DAY && !hs_date_parse(value, strlen(value), &day, err)) {
		err->code = HS_BAD_ARGUMENT;
		snprintf(err->where, sizeof err->where, "%s", param->name);
		return false;
	}
	if (strlen(value) >= param->size)
		return hs_error_set(err, HS_BAD_ARGUMENT, param->name,
		    "%s may have at most %zu bytes", param->name, param->size - 1);
	memcpy((char *)query + param->offset, value, strlen(value) + 1);
	return true;
}

static bool put_number(const struct param *param, const char *value, struct imports_query *query,
    struct hs_error *err)
{
	long long number;
	int64_t kept;

	if (!hs_parse_int(value, param->min, param->max, param->name, &number, err)) {
		err->code = HS_BAD_ARGUMENT;
		snprintf(err->where, sizeof err->where, "%s", param->name);
		return false;
	}
	kept = number;
	memcpy((char *)query + param->offset, &kept, sizeof kept);
	return true;
}

static bool is_given(const struct param *param, const struct imports_query *query)
{
	const char *at = (const char *)query + param->offset;
	int64_t number;

	if (param->kind != KIND_NUMBER)
		return at[0] != '\0';
	memcpy(&number, at, sizeof number);
	return number != 0;
}

static bool on_pair(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct imports_query *query = arg;
	const struct param *param = find(query->page_of, name);

	if (param == NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "this page has no parameter '%.60s': leave it out", name);
	if (value[0] == '\0')
		return true;
	if (is_given(param, query))
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice", name);
	return param->kind == KIND_NUMBER ? put_number(param, value, query, err) :
	    put_text(param, value, query, err);
}

bool imports_query_read(const char *text, enum imports_page page_of, struct imports_query *ret,
    struct hs_error *err)
{
	struct imports_query query = { .page_of = page_of };

	if (!query_string_read(text, on_pair, &query, err))
		return false;
	if (query.sort[0] == '\0')
		snprintf(query.sort, sizeof query.sort, "%s", usual_sorts[page_of]);
	if (query.page == 0)
		query.page = 1;
	if (query.per_page == 0)
		query.per_page = IMPORTS_PER_PAGE;
	*ret = query;
	return true;
}

bool imports_query_is_filtered(const struct imports_query *query)
{
	for (size_t i = 0; i < HS_COUNT(params); i++) {
		if (params[i].is_filter && is_given(&params[i], query))
			return true;
	}
	return false;
}

/* ---- writing ---- */

/* The value as it stands in an address; NULL: it goes without saying. */
static const char *value_of(const struct param *param, const struct imports_query *query,
    char buf[IMPORTS_WORD_BYTES])
{
	int64_t number;

	if (!is_given(param, query) || strcmp(param->name, "request") == 0 ||
	    (strcmp(param->name, "sort") == 0 &&
		strcmp(query->sort, usual_sorts[query->page_of]) == 0))
		return NULL;
	if (param->kind != KIND_NUMBER)
		return (const char *)query + param->offset;
	memcpy(&number, (const char *)query + param->offset, sizeof number);
	if ((strcmp(param->name, "page") == 0 && number == 1) ||
	    (strcmp(param->name, "per_page") == 0 && number == IMPORTS_PER_PAGE))
		return NULL;
	snprintf(buf, IMPORTS_WORD_BYTES, "%lld", (long long)number);
	return buf;
}

char *imports_query_url(const struct imports_query *query)
{
	const char *path = query->page_of == IMPORTS_FILES ? "/admin/imports/files" :
							     "/admin/imports";
	struct evbuffer *out = evbuffer_new();
	char word[IMPORTS_WORD_BYTES], *url = NULL;
	size_t start = strlen(path) + 1;
	bool done = out != NULL && evbuffer_add_printf(out, "%s?", path) > 0;

	for (size_t i = 0; done && i < HS_COUNT(params); i++) {
		const char *value = (params[i].pages & (int)query->page_of) != 0 ?
		    value_of(&params[i], query, word) : NULL;

		if (value != NULL)
			done = query_string_add(out, start, params[i].name, value);
	}
	if (done && evbuffer_add(out, "", 1) == 0)
		url = strdup((const char *)evbuffer_pullup(out, -1));
	if (url != NULL && url[start] == '\0')
		url[start - 1] = '\0';
	if (out != NULL)
		evbuffer_free(out);
	return url;
}

char *imports_query_url_page(const struct imports_query *query, int64_t page)
{
	struct imports_query other = *query;

	other.page = page;
	return imports_query_url(&other);
}

char *imports_query_url_sort(const struct imports_query *query, const char *sort)
{
	struct imports_query other = *query;

	other.page = 1;
	snprintf(other.sort, sizeof other.sort, "%s", sort);
	return imports_query_url(&other);
}
