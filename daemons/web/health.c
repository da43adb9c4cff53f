/* health.c: asks the database one small question and says how things stand.
 *
 * Trusts what the pool knows already: with the database away it answers at once, without
 * asking. Any failure is an answer, 503 with the reason; nothing here fails. */
#include "daemons/web/health.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/migrate.h"
#include "common/text.h"
#include "daemons/web/reply.h"
#include "daemons/web/web.h"

bool health_count_migrations(const struct hs_settings *settings, size_t *ret, struct hs_error *err)
{
	char path[4096];

	return hs_format(path, sizeof path, err, "%s/sql",
	    hs_setting_text(settings, HS_SET_DATA_DIR)) && hs_migrations_count(path, ret, err);
}

static void answer_unavailable(struct exchange *exchange, const char *reason)
{
	exchange->reply.retry_after = REPLY_RETRY_SECONDS;
	reply_json(exchange, HTTP_SERVUNAVAIL,
	    json_pack("{s:s, s:s}", "status", "unavailable", "reason", reason));
}

static void on_answer(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	size_t known = exchange->web->migrations;
	int64_t applied;

	(void)count;
	if (err != NULL) {
		bool missing = strstr(err->message, "42P01") != NULL;

		answer_unavailable(exchange,
		    missing ? "the database's migrations are missing: run hsctl migrate" :
		    err->code == HS_TIMEOUT ? "the database did not answer in time" : err->message);
		return;
	}
	applied = hs_db_int(results[0], 0, 0);
	if (applied < (int64_t)known) {
		char reason[128];

		snprintf(reason, sizeof reason,
		    "%lld of %zu migrations are missing: run hsctl migrate",
		    (long long)known - (long long)applied, known);
		answer_unavailable(exchange, reason);
		return;
	}
	reply_json(exchange, HTTP_OK, json_pack("{s:s, s:s, s:I}", "status", "ok", "database", "ok",
	    "migrations", (json_int_t)applied));
}

void health_answer(struct exchange *exchange)
{
	static const struct hs_db_statement question = {
		.sql = "select count(*) from schema_migration",
	};
	struct hs_db_pool_state state;

	hs_db_pool_look(exchange->web->pool, &state);
	if (!state.usable && state.last.code != HS_OK) {
		answer_unavailable(exchange, state.last.message);
		return;
	}
	exchange->patience_ms = HEALTH_PATIENCE_MS;
	exchange_ask(exchange, &question, 1, on_answer);
}
