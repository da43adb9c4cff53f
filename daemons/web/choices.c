/* choices.c: a list from the catalog, with the numbers of players from the database.
 *
 * Trusts nothing of the query string. Counts are exact or absent: they are of the catalog's
 * own version of the data, and a count that takes longer than CHOICES_PATIENCE_MS is left
 * out, and said to be. While they are counted another request may replace the catalog: what
 * was found in it is found anew then. */
#include "daemons/web/choices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/db.h"
#include "common/text.h"
#include "daemons/web/answers.h"
#include "daemons/web/catalog.h"
#include "daemons/web/choices_sql.h"
#include "daemons/web/choices_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/search_chips.h"
#include "daemons/web/search_refused.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum {
	CHOICES_PATIENCE_MS = 3000,
	COUNTED_ALONE = 300,	/* ids; of more, all are counted at once */
	MOST_TRIES = 3		/* imports may come between catalog and counts */
};

static const char too_long[] =
    "No counts: counting takes too long for these filters. Narrow the search for counts.";
static const char too_busy[] = "No counts: the data changes too fast to be counted just now.";

struct choices {
	enum search_param param;
	struct search_query *query;
	struct evbuffer *search;	/* the query string without "find" and "done" */
	char *find, *folded;
	bool has_form, done;		/* a page's form, and whether that was sent */
	struct sql sql;
	size_t *entries;		/* what matches, in the catalog of that version */
	int64_t version;
	int64_t *players;
	size_t count;
	int tries;
	const char *uncounted;		/* why there are no counts */
};

static void choices_free(void *work)
{
	struct choices *choices = work;

	search_query_free(choices->query);
	evbuffer_free(choices->search);
	sql_done(&choices->sql);
	free(choices->find);
	free(choices->folded);
	free(choices->entries);
	free(choices->players);
	free(choices);
}

static void fail_without_memory(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;

	hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a list");
	reply_error(exchange, &err);
}

/* Answering. */

static bool put_hidden(json_t *list, enum search_param param, const char *text)
{
	return json_array_append_new(list, json_pack("{s:s, s:s}", "param",
	    search_params[param].name, "value", text)) == 0;
}

/* All else that the search has, for a form that leads back to it, on its first page. */
static json_t *hidden_new(const struct choices *choices)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < SEARCH_PARAM_COUNT; i++) {
		const struct search_value *value = &choices->query->values[i];
		char buf[SEARCH_TEXT_BYTES];
		const char *text = i == SEARCH_PAGE || value->count > 0 ? NULL :
		    search_query_text(choices->query, (enum search_param)i, buf);

		if (i == choices->param)
			continue;
		for (size_t k = 0; done && k < value->count; k++)
			done = put_hidden(list, (enum search_param)i, value->items[k]);
		if (done && value->count == 0 && !catalog_has((enum search_param)i) && text != NULL)
			done = put_hidden(list, (enum search_param)i, text);
	}
	return view_or_nothing(list, done);
}

static void answer_page(struct exchange *exchange, const struct choices_found *found)
{
	struct choices *choices = exchange->work;
	json_t *view = choices_view_found(choices->query, choices->param, exchange->web->catalog,
	    found);

	view = view_or_nothing(view, view != NULL &&
	    view_put(view, "find", json_string(choices->find != NULL ? choices->find : "")) &&
	    view_put(view, "uncounted",
		choices->uncounted != NULL ? json_string(choices->uncounted) : json_null()) &&
	    view_put(view, "title", json_sprintf("Choose %s", choices_plural(choices->param))) &&
	    view_put(view, "hidden", hidden_new(choices)) &&
	    view_put(view, "back", search_address(choices->query)));
	reply_page(exchange, HTTP_OK,
	    exchange->form == FORM_FRAGMENT ? "choices_fragment" : "choices", view);
}

static void answer(struct exchange *exchange)
{
	struct choices *choices = exchange->work;
	const struct choices_found found = {
		.entries = choices->entries, .count = choices->count,
		.players = choices->uncounted == NULL ? choices->players : NULL,
		.typed = choices->folded != NULL,
	};

	if (exchange->form != FORM_JSON) {
		answer_page(exchange, &found);
		return;
	}
	exchange->reply.cache = "private, no-cache";
	reply_json(exchange, HTTP_OK, choices_view_api(choices->query, choices->param,
	    exchange->web->catalog, &found, choices->uncounted));
}

/* Counting. */

static void read_catalog(struct exchange *exchange);

static bool find_entries(struct choices *choices, const struct catalog *catalog)
{
	size_t all = catalog_count(catalog, choices->param);

	free(choices->entries);
	choices->count = 0;
	choices->version = catalog_version(catalog);
	if ((choices->entries = calloc(all + 1, sizeof *choices->entries)) == NULL)
		return false;
	for (size_t i = 0; i < all; i++) {
		if (choices->folded == NULL ||
		    catalog_matches(catalog, choices->param, i, choices->folded))
			choices->entries[choices->count++] = i;
	}
	return true;
}

static void answer_uncounted(struct exchange *exchange, const char *why)
{
	struct choices *choices = exchange->work;
	const struct catalog *catalog = exchange->web->catalog;

	if (choices->version != catalog_version(catalog) && !find_entries(choices, catalog)) {
		fail_without_memory(exchange);
		return;
	}
	choices->uncounted = why;
	answer(exchange);
}

static void on_counts(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct choices *choices = exchange->work;
	const struct catalog *catalog = exchange->web->catalog;
	int64_t *players = NULL, *of_entry = NULL;

	(void)count;
	exchange->patience_ms = 0;
	if (err != NULL && err->code != HS_TIMEOUT) {
		reply_error(exchange, err);
		return;
	}
	if (err != NULL) {
		answer_uncounted(exchange, too_long);
		return;
	}
	if (hs_db_int(results[0], 0, 0) != choices->version ||
	    choices->version != catalog_version(catalog)) {
		read_catalog(exchange);
		return;
	}
	of_entry = calloc(catalog_count(catalog, choices->param) + 1, sizeof *of_entry);
	players = calloc(choices->count + 1, sizeof *players);
	if (of_entry == NULL || players == NULL) {
		free(of_entry);
		free(players);
		fail_without_memory(exchange);
		return;
	}
	for (int i = 0; i < PQntuples(results[1]); i++) {
		size_t entry = catalog_by_id(catalog, choices->param,
		    (int32_t)hs_db_int(results[1], i, 0));

		if (entry != SIZE_MAX)
			of_entry[entry] += hs_db_int(results[1], i, 1);
	}
	for (size_t i = 0; i < choices->count; i++)
		players[i] = of_entry[choices->entries[i]];
	free(of_entry);
	choices->players = players;
	answers_read_at(exchange, choices->version);
	answer(exchange);
}

/* The ids of all that matches, when they are few; else 0, and all are counted. */
static size_t ids_of_matches(const struct choices *choices, const struct catalog *catalog,
    int32_t ids[COUNTED_ALONE])
{
	size_t count = 0;

	if (choices->folded == NULL)
		return 0;
	for (size_t i = 0; i < choices->count; i++) {
		const struct catalog_entry *entry = catalog_at(catalog, choices->param,
		    choices->entries[i]);

		for (size_t k = 0; k < entry->id_count; k++) {
			if (count == COUNTED_ALONE)
				return 0;
			ids[count++] = entry->ids[k];
		}
	}
	return count;
}

static void count_players(struct exchange *exchange)
{
	struct choices *choices = exchange->work;
	const struct catalog *catalog = exchange->web->catalog;
	struct hs_db_statement statements[2] = { DATA_VERSION_STATEMENT };
	struct hs_error err = HS_ERROR_INIT;
	int32_t ids[COUNTED_ALONE];

	if (!find_entries(choices, catalog)) {
		fail_without_memory(exchange);
		return;
	}
	if (choices->count == 0 || choices->tries > MOST_TRIES) {
		choices->uncounted = choices->count > 0 ? too_busy : NULL;
		if (choices->count == 0)
			answers_read_at(exchange, catalog_version(catalog));
		answer(exchange);
		return;
	}
	sql_done(&choices->sql);
	sql_init(&choices->sql);
	choices_sql(&choices->sql, choices->query, choices->param, ids,
	    ids_of_matches(choices, catalog, ids));
	exchange->patience_ms = CHOICES_PATIENCE_MS;
	if (sql_finish(&choices->sql, &statements[1], &err))
		exchange_ask(exchange, statements, 2, on_counts);
	else
		reply_error(exchange, &err);
}

/* The catalog. */

static void on_catalog(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct hs_error problem = HS_ERROR_INIT;

	(void)count;
	if (err == NULL && !catalog_take(exchange->web->catalog, results[1],
		hs_db_int(results[0], 0, 0), &problem))
		err = &problem;
	if (err != NULL)
		reply_error(exchange, err);
	else
		count_players(exchange);
}

static void read_catalog(struct exchange *exchange)
{
	static const struct hs_db_statement statements[] = {
		DATA_VERSION_STATEMENT, { .sql = catalog_sql },
	};
	struct choices *choices = exchange->work;

	choices->tries++;
	exchange_ask(exchange, statements, HS_COUNT(statements), on_catalog);
}

static void on_version(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else if (hs_db_int(results[0], 0, 0) == catalog_version(exchange->web->catalog))
		count_players(exchange);
	else
		read_catalog(exchange);
}

/* No such answer is kept. */
static void find_out(struct exchange *exchange)
{
	static const struct hs_db_statement statement = DATA_VERSION_STATEMENT;

	exchange_ask(exchange, &statement, 1, on_version);
}

/* Reading. */

static bool read_find(struct choices *choices, const char *text, struct hs_error *err)
{
	char folded[HS_FOLDED_NAME_BYTES];
	size_t length = strlen(text);

	hs_text_trim(&text, &length);
	if (length == 0 || choices->find != NULL)
		return length == 0 || hs_error_set(err, HS_BAD_ARGUMENT, "find",
		    "find is given twice; give it once");
	if (hs_utf8_count(text, length) > CATALOG_FIND_CHARACTERS)
		return hs_error_set(err, HS_BAD_ARGUMENT, "find",
		    "find may have at most %d characters", CATALOG_FIND_CHARACTERS);
	if (!hs_name_fold(text, length, folded, sizeof folded, err))
		return false;
	choices->find = strndup(text, length);
	choices->folded = strdup(folded);
	return (choices->find != NULL && choices->folded != NULL) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a list");
}

static bool read_pair(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct choices *choices = arg;

	if (strcmp(name, "find") == 0)
		return read_find(choices, value, err);
	if (choices->has_form && strcmp(name, "done") == 0) {
		choices->done = true;
		return true;
	}
	return query_string_add(choices->search, 0, name, value) ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a list");
}

static bool read_query(struct exchange *exchange, struct refusals *refusals, struct hs_error *err)
{
	struct choices *choices = exchange->work;
	const char *text;

	if (!query_string_read_all(exchange->query, read_pair, choices, refusals, err))
		return false;
	if (evbuffer_add(choices->search, "", 1) != 0 ||
	    (text = (const char *)evbuffer_pullup(choices->search, -1)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a list");
	return search_query_parse(text, exchange->today, refusals, &choices->query, err);
}

/* What the answer depends on beside the data. */
static char *key_of(const struct exchange *exchange)
{
	const struct choices *choices = exchange->work;
	struct search_query filters = *choices->query;	/* borrows the lists */
	struct evbuffer *text = evbuffer_new();
	char day[HS_DATE_TEXT_BYTES], *key = NULL;
	const char *bytes;

	if (text == NULL)
		return NULL;
	if (exchange->form == FORM_FRAGMENT) {
		filters.sort = SEARCH_BY_PPG;
		filters.descending = true;
		filters.page = 1;
		filters.per_page = SEARCH_USUAL_PER_PAGE;
	}
	if (evbuffer_add_printf(text, "%s %s %s %s?",
		exchange->form == FORM_FRAGMENT ? "fragment" : "page", exchange->path,
		hs_date_text(choices->query->age_on, day),
		choices->find != NULL ? choices->find : "") > 0 &&
	    search_query_write(&filters, text) && evbuffer_add(text, "", 1) == 0 &&
	    (bytes = (const char *)evbuffer_pullup(text, -1)) != NULL)
		key = strdup(bytes);
	evbuffer_free(text);
	return key;
}

static const char *singular(enum search_param param)
{
	return search_params[param].name;
}

/* Of a path that ends with the list's name. */
static bool param_of(const char *path, const char *(*name_of)(enum search_param),
    enum search_param *ret)
{
	const char *name = strrchr(path, '/') + 1;

	for (size_t i = 0; i < SEARCH_PARAM_COUNT; i++) {
		enum search_param param = (enum search_param)i;

		if (catalog_has(param) && strcmp(name_of(param), name) == 0) {
			*ret = param;
			return true;
		}
	}
	return false;
}

static void start(struct exchange *exchange)
{
	struct choices *choices = exchange->work;
	struct refusals refusals = { 0 };
	struct search_query *query;
	struct hs_error err = HS_ERROR_INIT;
	json_t *back;
	char *key;

	if (!read_query(exchange, &refusals, &err)) {
		refusals_done(&refusals);
		reply_search_error(exchange, &err);
		return;
	}
	if (refusals.count > 0) {
		query = choices->query;
		choices->query = NULL;
		search_refused(exchange, query, &refusals);
		return;
	}
	if (choices->done) {
		back = search_address(choices->query);
		reply_see_other(exchange, json_string_value(back));
		json_decref(back);
		return;
	}
	if ((key = key_of(exchange)) == NULL) {
		fail_without_memory(exchange);
		return;
	}
	answers_reply(exchange, key, find_out);
	free(key);
}

static void begin(struct exchange *exchange, enum search_param param)
{
	struct choices *choices;

	if ((choices = calloc(1, sizeof *choices)) == NULL ||
	    (choices->search = evbuffer_new()) == NULL) {
		free(choices);
		fail_without_memory(exchange);
		return;
	}
	choices->param = param;
	choices->has_form = exchange->form != FORM_JSON;
	sql_init(&choices->sql);
	exchange->work = choices;
	exchange->work_free = choices_free;
	start(exchange);
}

void choices_page(struct exchange *exchange)
{
	enum search_param param;

	if (param_of(exchange->path, singular, &param))
		begin(exchange, param);
	else
		reply_problem(exchange, HTTP_NOTFOUND, "There is no such list. There are: competition, "
		    "season, team, nationality, position, role.", NULL);
}

void choices_api(struct exchange *exchange)
{
	enum search_param param;

	if (param_of(exchange->path, choices_plural, &param))
		begin(exchange, param);
	else
		reply_problem(exchange, HTTP_NOTFOUND, "There is no such list; /api/v1/openapi.json "
		    "says what there is.", NULL);
}
