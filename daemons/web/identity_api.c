/* identity_api.c: asks the primary, which alone knows what was changed a moment ago. Rows are JSON
 * already: common/identity.h. */
#include "daemons/web/identity_api.h"

#include <string.h>

#include "common/db.h"
#include "common/identity.h"
#include "daemons/web/api_list.h"
#include "daemons/web/exchange.h"
#include "daemons/web/identity_view.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

enum { MOST_PAGE = 100000 };
enum { LOOKED, LOOKING, PAIRS, PAIRS_TOTAL, SUGGESTION_RESULTS };

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

static void answer(struct exchange *exchange, const char *name, PGresult *const *results,
    const struct hs_error *err)
{
	if (err != NULL)
		reply_error(exchange, err);
	else
		reply_json(exchange, HTTP_OK,
		    api_list_json(exchange, name, documents(results[0]), results[1]));
}

static void on_people(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	answer(exchange, "people", results, err);
}

static void on_apart(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	answer(exchange, "pairs", results, err);
}

void identity_api_list(struct exchange *exchange)
{
	static const char total_sql[] = "select count(distinct person_id) from player_link";
	const struct api_list *part = api_list_new(exchange, MOST_PAGE);
	struct hs_error err = HS_ERROR_INIT;

	if (part == NULL)
		return;

	const char *const values[] = { NULL, part->count, part->first };
	const struct hs_db_statement statements[] = {
		{ .sql = hs_identity_list_sql, .values = values, .count = HS_COUNT(values) },
		{ .sql = total_sql },
	};

	if (!exchange_ask_primary(exchange, statements, HS_COUNT(statements), on_people, &err))
		reply_error(exchange, &err);
}

void identity_api_apart(struct exchange *exchange)
{
	static const char total_sql[] = "select count(*) from player_unlike";
	const struct api_list *part = api_list_new(exchange, MOST_PAGE);
	struct hs_error err = HS_ERROR_INIT;

	if (part == NULL)
		return;

	const char *const values[] = { part->count, part->first };
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
	list = api_list_json(exchange, "pairs", documents(results[PAIRS]), results[PAIRS_TOTAL]);
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
	const struct api_list *part = api_list_new(exchange, MOST_PAGE);
	struct hs_error err = HS_ERROR_INIT;

	if (part == NULL)
		return;

	const char *const values[] = { part->count, part->first };
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
