/* api_list.c: reads page and per_page, strictly, and answers with what they are. */
#include "daemons/web/api_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/number.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct api_list *list = arg;
	bool is_page = strcmp(name, "page") == 0;
	long long *number = is_page ? &list->page : &list->per_page;
	long long most = is_page ? list->most_page : API_LIST_MOST_PER_PAGE;

	if (!is_page && strcmp(name, "per_page") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "there is no parameter '%.60s'. There are: page, per_page", name);
	if (*number != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice", name);
	if (hs_parse_int(value, 1, most, name, number, err))
		return true;
	err->code = HS_BAD_ARGUMENT;
	snprintf(err->where, sizeof err->where, "%s", name);
	return false;
}

const struct api_list *api_list_new(struct exchange *exchange, long long most_page)
{
	struct api_list *list = calloc(1, sizeof *list);
	struct hs_error err = HS_ERROR_INIT;

	exchange->work = list;
	exchange->work_free = free;
	if (list == NULL)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a list");
	else
		list->most_page = most_page;
	if (list == NULL || !query_string_read(exchange->query, on_parameter, list, &err)) {
		reply_error(exchange, &err);
		return NULL;
	}
	if (list->page == 0)
		list->page = 1;
	if (list->per_page == 0)
		list->per_page = API_LIST_PER_PAGE;
	snprintf(list->first, sizeof list->first, "%lld", (list->page - 1) * list->per_page);
	snprintf(list->count, sizeof list->count, "%lld", list->per_page);
	return list;
}

json_t *api_list_json(const struct exchange *exchange, const char *name, json_t *rows,
    const PGresult *total)
{
	const struct api_list *list = exchange->work;

	return json_pack("{s:I, s:I, s:I, s:o}", "total", (json_int_t)hs_db_int(total, 0, 0), "page",
	    (json_int_t)list->page, "per_page", (json_int_t)list->per_page, name, rows);
}
