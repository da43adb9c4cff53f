/* search.c: a request through the search's stages: query, SQL, rows, answer.
 *
 * Trusts nothing of the query string (search_query.c refuses). The statements of one
 * search are one job: page, total and the form's lists are of the same data. */
#include "daemons/web/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/web/reply.h"
#include "daemons/web/search_form.h"
#include "daemons/web/search_query.h"
#include "daemons/web/search_sql.h"
#include "daemons/web/search_view.h"

enum { PAGE, TOTAL, CHOICES, STATEMENTS };

/* One search, from its query string to its answer. */
struct search {
	struct search_query *query;
	struct search_sql *sql;
};

static void search_free(void *work)
{
	struct search *search = work;

	search_query_free(search->query);
	search_sql_free(search->sql);
	free(search);
}

/* The canonical address goes into the browser's bar; the one that is there already is
 * not pushed once more. */
static void set_push_url(struct exchange *exchange, const struct search_query *query)
{
	char *url = exchange->reply.push_url;
	size_t size = sizeof exchange->reply.push_url;
	const char *current = exchange_header(exchange, "HX-Current-URL");
	struct evbuffer *text = evbuffer_new();

	if (text == NULL || !search_query_write(query, text) || evbuffer_add(text, "", 1) != 0) {
		url[0] = '\0';
	} else {
		const char *canonical = (const char *)evbuffer_pullup(text, -1);
		int length = snprintf(url, size, "/%s%s", canonical[0] != '\0' ? "?" : "",
		    canonical);

		if (length < 0 || (size_t)length >= size)
			url[0] = '\0';
	}
	if (text != NULL)
		evbuffer_free(text);
	if (current != NULL && (current = strstr(current, "://")) != NULL &&
	    (current = strchr(current + 3, '/')) != NULL && strcmp(current, url) == 0)
		snprintf(url, size, "false");
}

static void on_page_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct search *search = exchange->work;
	bool whole = exchange->form == FORM_PAGE && count > CHOICES;
	json_t *view;

	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	view = search_view_new(search->query, results[PAGE], results[TOTAL]);
	if (whole && view != NULL &&
	    json_object_set_new(view, "form",
		search_form_new(search->query, results[CHOICES])) != 0) {
		json_decref(view);
		view = NULL;
	}
	if (!whole)
		set_push_url(exchange, search->query);
	reply_page(exchange, HTTP_OK, whole ? "search" : "search_fragment", view);
}

static void on_api_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct search *search = exchange->work;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	exchange->reply.cache = "private, no-cache";
	reply_json(exchange, HTTP_OK,
	    search_view_api(search->query, results[PAGE], results[TOTAL]));
}

/* Reads the query and makes its SQL; false after having answered what is wrong with it. */
static bool begin(struct exchange *exchange)
{
	struct search *search = calloc(1, sizeof *search);
	struct hs_error err = HS_ERROR_INIT;

	if (search == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a search");
		reply_error(exchange, &err);
		return false;
	}
	exchange->work = search;
	exchange->work_free = search_free;
	if (!search_query_parse(exchange->query, hs_date_today(), &search->query, &err) ||
	    !search_sql_new(search->query, &search->sql, &err)) {
		reply_error(exchange, &err);
		return false;
	}
	return true;
}

static void ask(struct exchange *exchange, size_t count, exchange_done_fn *done)
{
	const struct search *search = exchange->work;
	struct hs_db_statement statements[STATEMENTS];
	struct hs_error err = HS_ERROR_INIT;

	statements[CHOICES].sql = search_form_choices_sql;
	statements[CHOICES].values = NULL;
	statements[CHOICES].count = 0;
	if (!sql_finish(&search->sql->page, &statements[PAGE], &err) ||
	    !sql_finish(&search->sql->total, &statements[TOTAL], &err))
		reply_error(exchange, &err);
	else
		exchange_ask(exchange, statements, count, done);
}

void search_page(struct exchange *exchange)
{
	if (begin(exchange))
		ask(exchange, exchange->form == FORM_PAGE ? STATEMENTS : CHOICES, on_page_found);
}

void search_api(struct exchange *exchange)
{
	if (begin(exchange))
		ask(exchange, CHOICES, on_api_found);
}
