/* account_tokens.c: trusts guard.c that somebody is signed in, and that the form is his. A secret
 * is nowhere: the database has none, and it was shown once. */
#include "daemons/web/account_tokens.h"

#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/api_token.h"
#include "daemons/web/audit.h"
#include "daemons/web/notice.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

enum { TOKEN_ID, NAME, ROLE, ALLOWS, STATE, CREATED_AT, CREATED_BY, EXPIRES_AT, USED_AT };
enum { NUMBER_BYTES = 24 };

/* "scout; viewer now, as this account": what it may at most, and what now. */
static json_t *rights_text(const PGresult *tokens, int row)
{
	const char *role = hs_db_text(tokens, row, ROLE), *allows = hs_db_text(tokens, row, ALLOWS);

	return strcmp(role, allows) == 0 ? json_string(role) :
	    json_sprintf("%s; %s now, as this account", role, allows);
}

json_t *account_tokens_view(const PGresult *tokens)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int row = 0; done && row < PQntuples(tokens); row++) {
		const char *used = hs_db_text(tokens, row, USED_AT);

		done = json_array_append_new(list, json_pack("{s:I, s:s, s:o, s:b, s:s, s:s, s:s, s:s}",
		    "id", (json_int_t)hs_db_int(tokens, row, TOKEN_ID), "name",
		    hs_db_text(tokens, row, NAME), "rights", rights_text(tokens, row), "is_over",
		    strcmp(hs_db_text(tokens, row, STATE), "expired") == 0, "created",
		    hs_db_text(tokens, row, CREATED_AT), "by", hs_db_text(tokens, row, CREATED_BY),
		    "expires", hs_db_text(tokens, row, EXPIRES_AT), "used",
		    used != NULL ? used : "never")) == 0;
	}
	return view_or_nothing(list, done);
}

static void on_revoked(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	char text[NOTICE_TEXT_BYTES];

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
	} else if (PQntuples(results[0]) == 0) {
		notice_reply(exchange, "/account", NOTICE_PROBLEM,
		    "Nothing was changed: that token is revoked already, or is not yours.");
	} else {
		snprintf(text, sizeof text, "The token %s is revoked: programs cannot use it any "
		    "more.", hs_db_text(results[0], 0, 0));
		hs_log(HS_LOG_INFO, "an account has revoked a token of its own",
		    HS_STR("account", exchange->account->name),
		    HS_STR("token", hs_db_text(results[0], 0, 0)));
		notice_reply(exchange, "/account", NOTICE_DONE, text);
	}
}

void account_token_revoke_post(struct exchange *exchange)
{
	char token[NUMBER_BYTES], account[NUMBER_BYTES];
	struct audit_who who;
	const char *values[] = { token, account, NULL, NULL };
	const struct hs_db_statement statement = { .sql = api_token_revoke_own_sql,
		.values = values, .count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	audit_who(exchange, &who);
	values[2] = who.actor;
	values[3] = who.asker.address;
	snprintf(token, sizeof token, "%lld", (long long)exchange->id);
	snprintf(account, sizeof account, "%lld", (long long)exchange->account->id);
	if (!query_string_refuse(exchange->query, &err) ||
	    !exchange_ask_account(exchange, &statement, 1, on_revoked, &err))
		reply_error(exchange, &err);
}
