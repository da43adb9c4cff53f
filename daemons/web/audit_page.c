/* audit_page.c: one question, one table. Trusts guard.c that an admin asks. */
#include "daemons/web/audit_page.h"

#include <stdio.h>
#include <string.h>

#include "daemons/web/audit.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

enum { SHOWN = 200, NUMBER_BYTES = 24 };

/* "2026-11-29T08:00:00Z" as a table shows it. */
static bool put_time(json_t *entry)
{
	const char *at = json_string_value(json_object_get(entry, "at"));

	return at != NULL && strlen(at) == 20 &&
	    view_put(entry, "when", json_sprintf("%.10s %.8s", at, at + 11));
}

static json_t *entries_of(const PGresult *result)
{
	json_t *list = json_array();

	for (int row = 0; list != NULL && row < PQntuples(result); row++) {
		json_t *entry = audit_json(result, row);

		if (!put_time(entry) || json_array_append(list, entry) != 0) {
			json_decref(list);
			list = NULL;
		}
		json_decref(entry);
	}
	return list;
}

static void on_entries(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	exchange->reply.is_secret = true;
	reply_page(exchange, HTTP_OK, "audit", json_pack("{s:s, s:i, s:b, s:o}", "title",
	    "Audit trail", "most", (int)SHOWN, "is_full", PQntuples(results[0]) == SHOWN,
	    "entries", entries_of(results[0])));
}

void audit_page(struct exchange *exchange)
{
	char most[NUMBER_BYTES];
	const char *const values[] = { most };
	const struct hs_db_statement statement = { .sql = audit_list_sql, .values = values,
		.count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	snprintf(most, sizeof most, "%d", (int)SHOWN);
	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_primary(exchange, &statement, 1, on_entries, &err))
		reply_error(exchange, &err);
}
