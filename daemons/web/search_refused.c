/* search_refused.c: from refusals to a page, a fragment or JSON.
 *
 * What is refused says so by the parameter's name and what it may be; which values a list
 * has is left to the list. Needs no database, but for the form's lists when no page had them
 * before: without it the form has none. Fails only for want of memory. */
#include "daemons/web/search_refused.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <jansson.h>

#include "common/db.h"
#include "common/log.h"
#include "daemons/web/catalog.h"
#include "daemons/web/choices_view.h"
#include "daemons/web/data_version.h"
#include "daemons/web/reply.h"
#include "daemons/web/search_form.h"
#include "daemons/web/search_view.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { LISTS_PATIENCE_MS = 1000 };

static const char heading[] = "This request cannot be understood";

struct refused {
	struct search_query *query;
	struct refusals refusals;
};

static void refused_free(void *work)
{
	struct refused *refused = work;

	search_query_free(refused->query);
	refusals_done(&refused->refusals);
	free(refused);
}

/* SEARCH_PARAM_COUNT: it is none of the search's. */
static enum search_param param_of(const struct hs_error *error)
{
	size_t param = 0;

	while (param < SEARCH_PARAM_COUNT && strcmp(search_params[param].name, error->where) != 0)
		param++;
	return (enum search_param)param;
}

static bool is_listed(enum search_param param)
{
	return param < SEARCH_PARAM_COUNT && catalog_has(param);
}

/* Programs. */

static json_t *values_of(const struct exchange *exchange, const struct hs_error *error)
{
	enum search_param param = param_of(error);

	return is_listed(param) ? json_sprintf("%s/api/v1/%s", exchange->base,
	    choices_plural(param)) : json_null();
}

static json_t *detail_of(const struct exchange *exchange, const struct hs_error *error)
{
	enum search_param param = param_of(error);

	if (!is_listed(param))
		return json_string(error->message);
	return json_sprintf("%s. %s/api/v1/%s has all that there are.", error->message,
	    exchange->base, choices_plural(param));
}

static json_t *error_json(const struct exchange *exchange, const struct hs_error *error)
{
	return json_pack("{s:o, s:o, s:o}", "parameter",
	    error->where[0] != '\0' ? json_string(error->where) : json_null(),
	    "detail", detail_of(exchange, error), "values", values_of(exchange, error));
}

static json_t *problem_json(const struct exchange *exchange, const struct refusals *refusals)
{
	const struct hs_error *first = refusals->list[0];
	json_t *errors = json_array();
	bool done = errors != NULL;

	for (size_t i = 0; done && i < refusals->count; i++)
		done = json_array_append_new(errors, error_json(exchange, refusals->list[i])) == 0;
	return json_pack("{s:s, s:s, s:i, s:o, s:s*, s:o, s:I}", "type", "about:blank", "title",
	    reply_reason(HTTP_BADREQUEST), "status", HTTP_BADREQUEST, "detail",
	    detail_of(exchange, first), "parameter", first->where[0] != '\0' ? first->where : NULL,
	    "errors", view_or_nothing(errors, done), "errors_total", (json_int_t)refusals->total);
}

static void fail_without_memory(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_NO_MEMORY, "", "no memory to say what is refused");
	reply_error(exchange, &err);
}

static void answer_json(struct exchange *exchange, const struct refusals *refusals)
{
	json_t *problem = problem_json(exchange, refusals);
	char *text = problem != NULL ? json_dumps(problem, JSON_COMPACT) : NULL;
	struct reply *reply = &exchange->reply;

	json_decref(problem);
	if (text == NULL || evbuffer_add(reply->body, text, strlen(text)) != 0) {
		free(text);
		fail_without_memory(exchange);
		return;
	}
	free(text);
	reply->status = HTTP_BADREQUEST;
	reply->type = "application/problem+json";
	exchange_answer(exchange);
}

/* People. */

/* Whether the form has a field of it. */
static bool has_field(const struct exchange *exchange, const struct search_query *query,
    enum search_param param)
{
	if (!is_listed(param))
		return param < SEARCH_SORT;
	return catalog_count(exchange->web->catalog, param) > 0 || query->values[param].count > 0;
}

/* The list's own page, with the rest of the search. */
static json_t *choose_url(const struct exchange *exchange, enum search_param param)
{
	char *way_on = search_query_way_on(exchange->query, false);
	json_t *url = json_sprintf("/choices/%s%s", search_params[param].name,
	    way_on != NULL ? way_on + 1 : "");

	free(way_on);
	return url;
}

static json_t *problem_view(const struct exchange *exchange, const struct refused *refused,
    const struct hs_error *error)
{
	enum search_param param = param_of(error);
	bool field = has_field(exchange, refused->query, param);

	return json_pack("{s:s, s:o, s:s, s:o}", "detail", error->message, "field",
	    field ? json_string(error->where) : json_null(),
	    "label", param < SEARCH_PARAM_COUNT ? search_params[param].label : "", "choose_url",
	    is_listed(param) ? choose_url(exchange, param) : json_null());
}

static json_t *problems_view(const struct exchange *exchange, const struct refused *refused)
{
	const struct refusals *refusals = &refused->refusals;
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < refusals->count; i++)
		done = json_array_append_new(list,
		    problem_view(exchange, refused, refusals->list[i])) == 0;
	return view_or_nothing(list, done);
}

static json_t *way_on_view(const struct exchange *exchange, const struct refusals *refusals)
{
	char *address = search_query_way_on(exchange->query, false);
	json_t *link = address == NULL ? json_null() : json_pack("{s:s, s:s}", "url", address,
	    "text", refusals->total > 1 ? "Back to the search without them" :
					  "Back to the search without it");

	free(address);
	return link;
}

static void answer(struct exchange *exchange)
{
	const struct refused *refused = exchange->work;
	const struct refusals *refusals = &refused->refusals;
	bool is_page = exchange->form == FORM_PAGE;
	size_t more = refusals->total - refusals->count;
	json_t *view = json_object();

	reply_push_url(exchange, "false");
	view = view_or_nothing(view, view_put(view, "heading", json_string(heading)) &&
	    view_put(view, "title", json_string(heading)) &&
	    view_put(view, "problems", problems_view(exchange, refused)) &&
	    view_put(view, "more", more == 0 ? json_null() : json_sprintf("%zu more", more)) &&
	    view_put(view, "kept", search_view_kept(refused->query)) &&
	    (!is_page || (view_put(view, "way_on", way_on_view(exchange, refusals)) &&
		view_put(view, "form", search_form_new(refused->query, exchange->web->catalog,
		    refusals)))));
	reply_page(exchange, HTTP_BADREQUEST, is_page ? "refused" : "refused_fragment", view);
}

static void on_lists(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct hs_error problem = HS_ERROR_INIT;

	(void)count;
	if (err == NULL)
		catalog_take(exchange->web->catalog, results[1], hs_db_int(results[0], 0, 0),
		    &problem);
	if (err != NULL || problem.code != HS_OK)
		hs_log_error(HS_LOG_INFO, "a refused search's form has no lists",
		    err != NULL ? err : &problem);
	answer(exchange);
}

static void answer_person(struct exchange *exchange)
{
	const struct hs_db_statement statements[] = { DATA_VERSION_STATEMENT,
		{ .sql = catalog_sql } };

	exchange->patience_ms = LISTS_PATIENCE_MS;
	if (exchange->form == FORM_PAGE && catalog_version(exchange->web->catalog) < 0)
		exchange_ask(exchange, statements, HS_COUNT(statements), on_lists);
	else
		answer(exchange);
}

void search_refused(struct exchange *exchange, struct search_query *query,
    struct refusals *refusals)
{
	struct refused *refused = malloc(sizeof *refused);

	if (refused == NULL) {
		search_query_free(query);
		refusals_done(refusals);
		fail_without_memory(exchange);
		return;
	}
	*refused = (struct refused){ .query = query, .refusals = *refusals };
	*refusals = (struct refusals){ 0 };
	if (exchange->work_free != NULL)
		exchange->work_free(exchange->work);
	exchange->work = refused;
	exchange->work_free = refused_free;
	if (exchange->form == FORM_JSON)
		answer_json(exchange, &refused->refusals);
	else
		answer_person(exchange);
}
