/* extractor_actions.c: trusts guard.c for role and proof, routes.c for what a name is made of, and
 * the extractor to check again what it is asked.
 *
 * A source that nobody knows is refused here, so that no request waits for it. */
#include "daemons/web/extractor_actions.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/db.h"
#include "daemons/web/asking.h"
#include "daemons/web/extractors_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"

enum { ADDRESS_BYTES = 160 };

struct action {
	enum hs_command_id command;
	bool is_dry;
};

static void on_asked(struct exchange *exchange, int64_t request, const struct hs_error *err)
{
	char address[ADDRESS_BYTES];

	if (exchange->form == FORM_JSON) {
		request_api_answer(exchange, request, err);
		return;
	}
	if (err != NULL) {
		asking_refuse(exchange, err);
		return;
	}
	snprintf(address, sizeof address, "/admin/extractors/%s?request=%lld", exchange->name,
	    (long long)request);
	reply_see_other(exchange, address);
}

static void ask(struct exchange *exchange)
{
	const struct action *action = exchange->work;

	asking_start(exchange, action->command, action->is_dry ?
	    json_pack("{s:s, s:b}", "name", exchange->name, "dry-run", 1) :
	    json_pack("{s:s}", "name", exchange->name), on_asked);
}

static void on_source(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else if (PQntuples(results[0]) == 0)
		reply_problem(exchange, HTTP_NOTFOUND, "There is no source of this name.", NULL);
	else
		ask(exchange);
}

static void start(struct exchange *exchange, enum hs_command_id command, bool is_dry)
{
	struct action *action = calloc(1, sizeof *action);
	const char *const values[] = { exchange->name };
	const struct hs_db_statement statement = { .sql = extractors_source_sql, .values = values,
		.count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	exchange->work = action;
	exchange->work_free = free;
	if (action == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a request");
		reply_error(exchange, &err);
		return;
	}
	*action = (struct action){ command, is_dry };
	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_primary(exchange, &statement, 1, on_source, &err))
		reply_error(exchange, &err);
}

void extractor_run_post(struct exchange *exchange)
{
	start(exchange, HS_CMD_EXTRACTOR_RUN, false);
}

void extractor_dry_run_post(struct exchange *exchange)
{
	start(exchange, HS_CMD_EXTRACTOR_RUN, true);
}

void extractor_cancel_post(struct exchange *exchange)
{
	start(exchange, HS_CMD_EXTRACTOR_CANCEL, false);
}

void extractor_enable_post(struct exchange *exchange)
{
	start(exchange, HS_CMD_EXTRACTOR_ENABLE, false);
}

void extractor_disable_post(struct exchange *exchange)
{
	start(exchange, HS_CMD_EXTRACTOR_DISABLE, false);
}
