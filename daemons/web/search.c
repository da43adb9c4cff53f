/* search.c: a request through the search's stages: query, SQL, rows, answer.
 *
 * Trusts nothing of the query string: search_query.c refuses, search_refused.c says so. Page, total
 * and the form's lists are of the same data: one transaction's, or of two that read the same
 * version of it. A page often finds the total on its way, some always; else one that takes longer
 * has it counted beside. */
#include "daemons/web/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/db.h"
#include "common/log.h"
#include "daemons/web/answers.h"
#include "daemons/web/catalog.h"
#include "daemons/web/data_version.h"
#include "daemons/web/replicas.h"
#include "daemons/web/reply.h"
#include "daemons/web/search_advice.h"
#include "daemons/web/search_form.h"
#include "daemons/web/search_names.h"
#include "daemons/web/search_query.h"
#include "daemons/web/search_refused.h"
#include "daemons/web/search_sql.h"
#include "daemons/web/search_view.h"
#include "daemons/web/web.h"

enum { AT_VERSION, AT_PAGE, AT_TOTAL, AT_CATALOG, AT_NAMES, AT_COUNT };

enum {
	ADVICE_PATIENCE_MS = 3000,
	HEAD_START_MS = 4	/* of the page, before the total is counted beside it */
};

/* One search, from its query string to its answer. */
struct search {
	struct search_query *query;
	char *canonical;	/* the query string that means it everywhere */
	char *total_key;
	struct search_sql *sql;
	int64_t version;		/* of the page's data */
	int64_t total;
	int64_t total_at;		/* the version that total is of; -1: not known yet */
	struct event *head_start;
	bool waiting;			/* the page is kept, and its total is all that is missing */
	bool form;			/* the page's form is wanted too */
	struct sql *names;		/* NULL: the filters have names of their own */
	size_t at[AT_COUNT];		/* where each statement's result is; 0 when it was not asked */
	PGresult *kept[AT_COUNT];	/* the results, while advice is asked for */
	struct search_advice *advice;
	exchange_done_fn *done;
};

static void search_free(void *work)
{
	struct search *search = work;

	search_query_free(search->query);
	search_sql_free(search->sql);
	search_advice_free(search->advice);
	if (search->head_start != NULL)
		event_free(search->head_start);
	if (search->names != NULL)
		sql_done(search->names);
	free(search->names);
	for (size_t i = 0; i < AT_COUNT; i++)
		PQclear(search->kept[i]);
	free(search->canonical);
	free(search->total_key);
	free(search);
}

/* The canonical address goes into the browser's bar; the one that is there already is
 * not pushed once more. */
static void set_push_url(struct exchange *exchange, const struct search *search)
{
	const char *current = exchange_header(exchange, "HX-Current-URL");
	char *url;

	if (asprintf(&url, "/%s%s", search->canonical[0] != '\0' ? "?" : "", search->canonical) < 0)
		return;
	if (current != NULL && (current = strstr(current, "://")) != NULL &&
	    (current = strchr(current + 3, '/')) != NULL && strcmp(current, url) == 0)
		reply_push_url(exchange, "false");
	else
		reply_push_url(exchange, url);
	free(url);
}

/* Asking. */

static long long look_ups(const struct exchange *exchange)
{
	return hs_setting_int(hs_child_settings(exchange->web->child), HS_SET_SEARCH_LOOK_UPS);
}

static void ask(struct exchange *exchange, bool total, bool catalog);

/* The first pages without a filter are the only ones that have no values. */
static bool is_often(const struct search_query *query, const struct sql *sql)
{
	return sql->count == 0 && query->page == 1 && query->per_page == SEARCH_USUAL_PER_PAGE;
}

static bool add_statement(struct search *search, size_t what, const struct sql *sql,
    struct hs_db_statement *statements, size_t *count, struct hs_error *err)
{
	struct hs_db_statement *statement = &statements[*count];

	search->at[what] = (*count)++;
	if (!sql_finish(sql, statement, err))
		return false;
	statement->often = is_often(search->query, sql);
	return true;
}

/* Whether the form's lists are of the page's data: any request may have replaced them since. */
static bool has_lists(const struct exchange *exchange)
{
	const struct search *search = exchange->work;

	return !search->form || catalog_version(exchange->web->catalog) == search->version;
}

/* Advice is worth a moment more; a page without it is no error. */

static void on_advice(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct search *search = exchange->work;

	if (err != NULL) {
		hs_log_error(HS_LOG_INFO, "no advice on an empty search", err);
		answers_read_at(exchange, -1);
		search_advice_free(search->advice);
		search->advice = NULL;
	} else {
		if (hs_db_int(results[0], 0, 0) != exchange->keep_version || !has_lists(exchange))
			answers_read_at(exchange, -1);	/* an import came between */
		for (size_t i = 0; i < search->advice->count; i++)
			search->advice->without[i].total = hs_db_int(results[i + 1], 0, 0);
	}
	(void)count;
	search->done(exchange, search->kept, AT_COUNT, NULL);
}

static bool keep_results(struct search *search, PGresult *const *results, size_t count)
{
	for (size_t i = 0; i < count && results[i] != search->kept[i]; i++) {
		PQclear(search->kept[i]);
		search->kept[i] = PQcopyResult(results[i], PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
		if (search->kept[i] == NULL)
			return false;
	}
	return true;
}

/* False: there is no filter to speak of, or no memory. */
static bool ask_advice(struct exchange *exchange, PGresult *const *results, size_t count)
{
	struct search *search = exchange->work;
	struct hs_db_statement statements[HS_DB_JOB_STATEMENTS] = { DATA_VERSION_STATEMENT };
	struct hs_error err = HS_ERROR_INIT;

	if (!search_advice_new(search->query, look_ups(exchange), &search->advice, &err))
		return false;
	for (size_t i = 0; i < search->advice->count && err.code == HS_OK; i++)
		sql_finish(&search->advice->without[i].sql->total, &statements[i + 1], &err);
	if (search->advice->count == 0 || err.code != HS_OK ||
	    !keep_results(search, results, count)) {
		search_advice_free(search->advice);
		search->advice = NULL;
		return false;
	}
	exchange->patience_ms = ADVICE_PATIENCE_MS;
	exchange_ask(exchange, statements, search->advice->count + 1, on_advice);
	return true;
}

/* Page and total are there, and of one version. */
static void finish(struct exchange *exchange, PGresult *const *results, size_t count)
{
	struct search *search = exchange->work;

	answers_keep_number(exchange, search->total_key, search->total, search->version);
	answers_read_at(exchange, search->version);
	if (search->total == 0 && exchange->form != FORM_JSON && ask_advice(exchange, results, count))
		return;
	search->done(exchange, results, count, NULL);
}

static void on_total(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct search *search = exchange->work;

	(void)count;
	if (err != NULL) {
		/* a page that is still under way may yet find it, or asks once more */
		if (search->waiting)
			reply_error(exchange, err);
		return;
	}
	search->total_at = hs_db_int(results[0], 0, 0);
	search->total = hs_db_int(results[1], 0, 0);
	if (!search->waiting)
		return;
	if (search->total_at == search->version && has_lists(exchange))
		finish(exchange, search->kept, AT_COUNT);
	else
		ask(exchange, true, search->form);	/* an import came between */
}

static bool start_total(struct exchange *exchange, struct hs_error *err)
{
	struct search *search = exchange->work;
	struct hs_db_statement statements[2] = { DATA_VERSION_STATEMENT };

	return sql_finish(&search->sql->total, &statements[1], err) &&
	    exchange_ask_beside(exchange, statements, HS_COUNT(statements), on_total, err);
}

/* While others wait for a connection, nobody takes two. */
static void on_head_start(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *exchange = arg;
	struct hs_db_pool_state state;
	struct hs_error err = HS_ERROR_INIT;

	(void)fd;
	(void)what;
	hs_db_pool_look(exchange->web->pool, &state);
	if (state.waiting == 0 && !start_total(exchange, &err))
		hs_log_error(HS_LOG_INFO, "a total is not counted beside its page", &err);
}

/* Without a timer the total is asked for when the page has come. */
static void begin_head_start(struct exchange *exchange)
{
	static const struct timeval after = { .tv_usec = HEAD_START_MS * 1000 };
	struct search *search = exchange->work;

	if (search->head_start == NULL)
		search->head_start = evtimer_new(exchange->web->base, on_head_start, exchange);
	if (search->head_start == NULL || evtimer_add(search->head_start, &after) != 0)
		hs_log(HS_LOG_WARNING, "no timer for a search's total");
}

static void end_head_start(struct exchange *exchange)
{
	struct search *search = exchange->work;

	if (search->head_start != NULL)
		evtimer_del(search->head_start);
}

static void wait_for_total(struct exchange *exchange, PGresult *const *results, size_t count)
{
	struct search *search = exchange->work;
	struct hs_error err = HS_ERROR_INIT;

	search->waiting = true;
	if (!keep_results(search, results, count))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a search");
	else if (exchange->beside != NULL || start_total(exchange, &err))
		return;
	reply_error(exchange, &err);
}

/* The total, when it is kept already or the page's own way has found it. */
static bool knows_total(struct search *search, PGresult *const *results)
{
	const PGresult *page = results[search->at[AT_PAGE]];

	if (search->at[AT_TOTAL] > 0)
		search->total = hs_db_int(results[search->at[AT_TOTAL]], 0, 0);
	else if (search->total_at == search->version)
		return true;
	else if (PQntuples(page) == 0 && search->query->page == 1)
		search->total = 0;
	else if (PQntuples(page) > 0 && !PQgetisnull(page, 0, SEARCH_COLUMN_COUNTED))
		search->total = hs_db_int(page, 0, SEARCH_COLUMN_COUNTED);
	else
		return false;
	return true;
}

static void on_results(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct search *search = exchange->work;
	struct hs_error problem = HS_ERROR_INIT;

	end_head_start(exchange);
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	search->version = hs_db_int(results[search->at[AT_VERSION]], 0, 0);
	if (search->at[AT_CATALOG] > 0 && !catalog_take(exchange->web->catalog,
		results[search->at[AT_CATALOG]], search->version, &problem)) {
		reply_error(exchange, &problem);
		return;
	}
	if (!has_lists(exchange)) {
		ask(exchange, search->at[AT_TOTAL] > 0, true);	/* an import came between */
		return;
	}
	if (!knows_total(search, results)) {
		wait_for_total(exchange, results, count);
		return;
	}
	exchange_drop_beside(exchange);
	finish(exchange, results, count);
}

/* Page, what the form's lists hold, and the total if it is to be, in one transaction, with the
 * version that they are of. */
static void ask(struct exchange *exchange, bool total, bool catalog)
{
	struct search *search = exchange->work;
	struct hs_db_statement statements[AT_COUNT] = { DATA_VERSION_STATEMENT };
	struct hs_error err = HS_ERROR_INIT;
	size_t count = 1;

	exchange_drop_beside(exchange);
	search->waiting = false;
	search->at[AT_TOTAL] = 0;
	if (!add_statement(search, AT_PAGE, &search->sql->page, statements, &count, &err) ||
	    (total && !add_statement(search, AT_TOTAL, &search->sql->total, statements, &count, &err))) {
		reply_error(exchange, &err);
		return;
	}
	if (search->names != NULL &&
	    !add_statement(search, AT_NAMES, search->names, statements, &count, &err)) {
		reply_error(exchange, &err);
		return;
	}
	search->at[AT_CATALOG] = 0;
	if (catalog) {
		search->at[AT_CATALOG] = count;
		statements[count++].sql = catalog_sql;
	}
	if (!total && search->total_at < 0 && !search->sql->page_counts)
		begin_head_start(exchange);
	exchange_ask(exchange, statements, count, on_results);
}

/* Answering. */

static void on_page_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct search *search = exchange->work;
	const struct search_found found = {
		.page = results[search->at[AT_PAGE]],
		.total = search->total,
		.names = search->at[AT_NAMES] > 0 ? results[search->at[AT_NAMES]] : NULL,
		.advice = search->advice,
		.incoming = hs_setting_text(hs_child_settings(exchange->web->child),
		    HS_SET_INCOMING_DIR),
	};
	json_t *view = search_view_new(search->query, &found);

	(void)count;
	(void)err;
	if (search->form && view != NULL &&
	    json_object_set_new(view, "form",
		search_form_new(search->query, exchange->web->catalog, NULL)) != 0) {
		json_decref(view);
		view = NULL;
	}
	reply_page(exchange, HTTP_OK, search->form ? "search" : "search_fragment", view);
}

static void on_api_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct search *search = exchange->work;

	(void)count;
	(void)err;
	exchange->reply.cache = "private, no-cache";
	reply_json(exchange, HTTP_OK,
	    search_view_api(search->query, results[search->at[AT_PAGE]], search->total));
}

/* Reading. */

static char *text_of(struct evbuffer *text, bool written)
{
	char *copy = NULL;

	if (text != NULL && written && evbuffer_add(text, "", 1) == 0) {
		const char *bytes = (const char *)evbuffer_pullup(text, -1);

		if (bytes != NULL)
			copy = strdup(bytes);
	}
	if (text != NULL)
		evbuffer_free(text);
	return copy;
}

static char *canonical_of(const struct search_query *query)
{
	struct evbuffer *text = evbuffer_new();

	return text_of(text, text != NULL && search_query_write(query, text));
}

/* Totals depend on the filters alone: sorting and paging never count again. */
static char *total_key_of(const struct search_query *query)
{
	struct evbuffer *text = evbuffer_new();
	struct search_query filters = *query;	/* borrows the lists */
	char day[HS_DATE_TEXT_BYTES];

	filters.sort = SEARCH_BY_PPG;
	filters.descending = true;
	filters.page = 1;
	filters.per_page = SEARCH_USUAL_PER_PAGE;
	return text_of(text, text != NULL &&
	    evbuffer_add_printf(text, "total %s ", hs_date_text(query->age_on, day)) > 0 &&
	    search_query_write(&filters, text));
}

/* Makes *ret_key, the caller's to free: all that the answer depends on beside the data. */
static bool make_keys(struct exchange *exchange, struct search *search, char **ret_key,
    struct hs_error *err)
{
	static const char *const forms[] = {
		[FORM_PAGE] = "page", [FORM_FRAGMENT] = "fragment", [FORM_JSON] = "json",
	};
	char day[HS_DATE_TEXT_BYTES];

	search->canonical = canonical_of(search->query);
	search->total_key = total_key_of(search->query);
	if (search->canonical == NULL || search->total_key == NULL ||
	    asprintf(ret_key, "%s %s?%s %s", forms[exchange->form], exchange->path, search->canonical,
		hs_date_text(exchange->today, day)) < 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a search");
	if (exchange->form == FORM_FRAGMENT)
		set_push_url(exchange, search);
	return true;
}

static bool make_names(struct search *search)
{
	if (!search->query->values[SEARCH_COMPETITION].given &&
	    !search->query->values[SEARCH_TEAM].given)
		return true;
	if ((search->names = malloc(sizeof *search->names)) == NULL)
		return false;
	sql_init(search->names);
	return search_names_sql(search->query, search->names);
}

/* No such answer is kept. */
static void find_out(struct exchange *exchange)
{
	struct search *search = exchange->work;
	struct hs_error err = HS_ERROR_INIT;
	struct answers_state answers;

	if (exchange->form != FORM_JSON && !make_names(search)) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a search");
		reply_error(exchange, &err);
		return;
	}
	if (!search_sql_new(search->query, look_ups(exchange), &search->sql, &err)) {
		reply_error(exchange, &err);
		return;
	}
	if (replicas_apart(exchange) || !answers_number(exchange->web->answers, search->total_key,
		&search->total, &search->total_at))
		search->total_at = -1;
	answers_look(exchange->web->answers, &answers);
	ask(exchange, search->total_at < 0 && search->sql->total_at_hand, search->form &&
	    catalog_version(exchange->web->catalog) != answers.version);
}

static void start(struct exchange *exchange, exchange_done_fn *done)
{
	struct search *search = calloc(1, sizeof *search);
	struct refusals refusals = { 0 };
	struct search_query *query;
	struct hs_error err = HS_ERROR_INIT;
	char *key = NULL;

	if (search == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a search");
		reply_error(exchange, &err);
		return;
	}
	exchange->work = search;
	exchange->work_free = search_free;
	search->done = done;
	search->form = exchange->form == FORM_PAGE;
	if (!search_query_parse(exchange->query, exchange->today, &refusals, &search->query, &err)) {
		refusals_done(&refusals);
		reply_search_error(exchange, &err);
		return;
	}
	if (refusals.count > 0) {
		query = search->query;
		search->query = NULL;
		search_refused(exchange, query, &refusals);
		return;
	}
	if (make_keys(exchange, search, &key, &err))
		answers_reply(exchange, key, find_out);
	else
		reply_error(exchange, &err);
	free(key);
}

void search_page(struct exchange *exchange)
{
	start(exchange, on_page_found);
}

void search_api(struct exchange *exchange)
{
	start(exchange, on_api_found);
}
