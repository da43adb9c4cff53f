/* identity_api.c: asks the primary, which alone knows what was changed a moment ago. Rows are JSON
 * already: common/identity.h. */
#include "daemons/web/identity_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/identity.h"
#include "common/number.h"
#include "daemons/web/exchange.h"
#include "daemons/web/identity_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

enum { PER_PAGE = 50, MOST_PER_PAGE = 200, MOST_PAGE = 100000, NUMBER_BYTES = 24 };
enum { LOOKED, LOOKING, PAIRS, PAIRS_TOTAL, SUGGESTION_RESULTS };

struct place {
	long long page, per_page;	/* 0: not given */
	char first[NUMBER_BYTES], count[NUMBER_BYTES];
};

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	struct place *place = arg;
	bool is_page = strcmp(name, "page") == 0;
	long long *number = is_page ? &place->page : &place->per_page;

	if (!is_page && strcmp(name, "per_page") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "there is no parameter '%.60s'. There are: page, per_page", name);
	if (*number != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice", name);
	if (hs_parse_int(value, 1, is_page ? MOST_PAGE : MOST_PER_PAGE, name, number, err))
		return true;
	err->code = HS_BAD_ARGUMENT;
	snprintf(err->where, sizeof err->where, "%s", name);
	return false;
}

/* NULL after having answered. */
static struct place *place_new(struct exchange *exchange)
{
	struct place *place = calloc(1, sizeof *place);
	struct hs_error err = HS_ERROR_INIT;

	exchange->work = place;
	exchange->work_free = free;
	if (place == NULL)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a list");
	if (place == NULL || !query_string_read(exchange->query, on_parameter, place, &err)) {
		reply_error(exchange, &err);
		return NULL;
	}
	if (place->page == 0)
		place->page = 1;
	if (place->per_page == 0)
		place->per_page = PER_PAGE;
	snprintf(place->first, sizeof place->first, "%lld", (place->page - 1) * place->per_page);
	snprintf(place->count, sizeof place->count, "%lld", place->per_page);
	return place;
}

/* ---- what was found ---- */

static json_t *documents(const PGresult *rows)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++)
		done = json_array_append_new(list,
		    json_loads(hs_db_text(rows, i, 0), 0, NULL)) == 0;
	return view_or_nothing(list, done);
}

/* total is a statement's only row: a page beyond the last one has no rows to tell it. */
static json_t *list_new(const struct exchange *exchange, const char *name, const PGresult *rows,
    const PGresult *total)
{
	const struct place *place = exchange->work;

	return json_pack("{s:I, s:I, s:I, s:o}", "total", (json_int_t)hs_db_int(total, 0, 0), "page",
	    (json_int_t)place->page, "per_page", (json_int_t)place->per_page, name,
	    documents(rows));
}

static void on_list(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else
		reply_json(exchange, HTTP_OK,
		    list_new(exchange, "people", results[0], results[1]));
}

void identity_api_list(struct exchange *exchange)
{
	static const char total_sql[] = "select count(distinct person_id) from player_link";
	const struct place *place = place_new(exchange);
	struct hs_error err = HS_ERROR_INIT;

	if (place == NULL)
		return;

	const char *const values[] = { NULL, place->count, place->first };
	const struct hs_db_statement statements[] = {
		{ .sql = hs_identity_list_sql, .values = values, .count = HS_COUNT(values) },
		{ .sql = total_sql },
	};

	if (!exchange_ask_primary(exchange, statements, HS_COUNT(statements), on_list, &err))
		reply_error(exchange, &err);
}

static void on_apart(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else
		reply_json(exchange, HTTP_OK,
		    list_new(exchange, "pairs", results[0], results[1]));
}

void identity_api_apart(struct exchange *exchange)
{
	static const char total_sql[] = "select count(*) from player_unlike";
	const struct place *place = place_new(exchange);
	struct hs_error err = HS_ERROR_INIT;

	if (place == NULL)
		return;

	const char *const values[] = { place->count, place->first };
	const struct hs_db_statement statements[] = {
		{ .sql = hs_identity_apart_sql, .values = values, .count = HS_COUNT(values) },
		{ .sql = total_sql },
	};

	if (!exchange_ask_primary(exchange, statements, HS_COUNT(statements), on_apart, &err))
		reply_error(exchange, &err);
}

static void on_suggestions(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const PGresult *looked = results != NULL ? results[LOOKED] : NULL;
	json_t *list;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	list = list_new(exchange, "pairs", results[PAIRS], results[PAIRS_TOTAL]);
	reply_json(exchange, HTTP_OK, view_or_nothing(list, list != NULL &&
	    view_put(list, "look", PQntuples(looked) == 0 ? json_null() :
		json_loads(hs_db_text(looked, 0, 0), 0, NULL)) &&
	    view_put(list, "is_looking", json_boolean(strcmp(hs_db_text(results[LOOKING], 0, 0),
		"t") == 0)) &&
	    view_put(list, "step", json_integer((json_int_t)hs_db_int(results[LOOKING], 0, 1)))));
}

void identity_api_suggestions(struct exchange *exchange)
{
	static const char total_sql[] = "select count(*) from identity_suggestions()";
	const struct place *place = place_new(exchange);
	struct hs_error err = HS_ERROR_INIT;

	if (place == NULL)
		return;

	const char *const values[] = { place->count, place->first };
	const struct hs_db_statement statements[SUGGESTION_RESULTS] = {
		[LOOKED] = { .sql = hs_identity_looked_sql },
		[LOOKING] = { .sql = identity_looking_sql },
		[PAIRS] = { .sql = hs_identity_suggest_sql, .values = values,
		    .count = HS_COUNT(values) },
		[PAIRS_TOTAL] = { .sql = total_sql },
	};

	if (!exchange_ask_primary(exchange, statements, HS_COUNT(statements), on_suggestions, &err))
		reply_error(exchange, &err);
}
