/* identity_page.c: asks the primary, since a page that follows a form must know of it. Trusts
 * guard.c that an admin asks. */
#include "daemons/web/identity_page.h"

#include <stdio.h>
#include <string.h>

#include "common/identity.h"
#include "common/number.h"
#include "daemons/web/csrf.h"
#include "daemons/web/identity_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"

enum { NUMBER_BYTES = 24 };

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	long long *player = arg;

	if (strcmp(name, "player") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "This page takes the parameter player alone: leave '%.60s' out.", name);
	if (hs_parse_int(value, 1, INT32_MAX, name, player, err))
		return true;
	err->code = HS_BAD_ARGUMENT;
	snprintf(err->where, sizeof err->where, "%s", name);
	return false;
}

static void on_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *view;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	view = identity_view_new(results);
	if (view != NULL && !csrf_put(exchange, view)) {
		json_decref(view);
		view = NULL;
	}
	reply_page(exchange, HTTP_OK, "identities", view);
}

void identity_page(struct exchange *exchange)
{
	char person[NUMBER_BYTES], shown[NUMBER_BYTES];
	long long player = 0;
	const char *const asked[] = { person };
	const char *const suggested[] = { shown, "0" };
	const char *const listed[] = { NULL, shown, "0" };
	const struct hs_db_statement statements[IDENTITY_RESULTS] = {
		[IDENTITY_ASKED] = { identity_asked_sql, asked, 1 },
		[IDENTITY_LOOKED] = { hs_identity_looked_sql, NULL, 0 },
		[IDENTITY_LOOKING] = { identity_looking_sql, NULL, 0 },
		[IDENTITY_PAIRS] = { hs_identity_suggest_sql, suggested, 2 },
		[IDENTITY_APART] = { hs_identity_apart_sql, suggested, 2 },
		[IDENTITY_PEOPLE] = { hs_identity_list_sql, listed, 3 },
	};
	struct hs_error err = HS_ERROR_INIT;

	if (!query_string_read(exchange->query, on_parameter, &player, &err)) {
		reply_error(exchange, &err);
		return;
	}
	snprintf(person, sizeof person, "%lld", player);
	snprintf(shown, sizeof shown, "%d", (int)IDENTITY_SHOWN);
	if (!exchange_ask_primary(exchange, statements, IDENTITY_RESULTS, on_found, &err))
		reply_error(exchange, &err);
}
