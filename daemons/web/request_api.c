/* request_api.c: asks the primary, which alone knows what was asked for a moment ago. */
#include "daemons/web/request_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/account.h"
#include "daemons/web/asking.h"
#include "daemons/web/base_path.h"
#include "daemons/web/command_request.h"
#include "daemons/web/exchange.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"

enum { NUMBER_BYTES = 24, ADDRESS_BYTES = 64 };

void request_api_answer(struct exchange *exchange, int64_t request, const struct hs_error *err)
{
	char address[ADDRESS_BYTES], *url;

	if (err != NULL) {
		asking_refuse(exchange, err);
		return;
	}
	snprintf(address, sizeof address, "/api/v1/requests/%lld", (long long)request);
	if (!reply_push_url(exchange, address)) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory to say so, but it was "
		    "asked for.", NULL);
		return;
	}
	url = base_path_add(exchange, address);
	reply_json(exchange, REPLY_ACCEPTED, url == NULL ? NULL : json_pack("{s:I, s:s}", "request",
	    (json_int_t)request, "url", url));
	free(url);
}

/* What others asked for is an admin's to read: a result may have more than the pages show a scout. */
static bool may_see(const struct exchange *exchange, const PGresult *result)
{
	const struct account *account = exchange->account;

	return account->role == HS_ROLE_ADMIN ||
	    strcmp(hs_db_text(result, 0, COMMAND_REQUEST_ASKED_BY), account->name) == 0;
}

static void on_request(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else if (PQntuples(results[0]) == 0 || !may_see(exchange, results[0]))
		reply_problem(exchange, HTTP_NOTFOUND, "There is no request of this number, or it is "
		    "another's; the latest 1000 are kept.", NULL);
	else
		reply_json(exchange, HTTP_OK, command_request_json(results[0], 0));
}

void request_api(struct exchange *exchange)
{
	char id[NUMBER_BYTES];
	const char *const values[] = { id };
	const struct hs_db_statement statement = { .sql = command_request_look_sql,
		.values = values, .count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	snprintf(id, sizeof id, "%lld", (long long)exchange->id);
	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_primary(exchange, &statement, 1, on_request, &err))
		reply_error(exchange, &err);
}
