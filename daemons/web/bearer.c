/* bearer.c: from the Authorization header to an account.
 *
 * Trusts nobody. A token has 256 random bits, so nobody guesses one: the waits are there to
 * keep the noise of a program with an old token down. They are counted apart from those of
 * passwords: such a program keeps nobody at its address from signing in. */
#include "daemons/web/bearer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/api_token.h"
#include "daemons/web/asker.h"
#include "daemons/web/reply.h"
#include "daemons/web/session.h"
#include "daemons/web/sign_in_sql.h"
#include "daemons/web/throttle.h"

enum { STATUS_WRONG = 401, STATUS_PAGES = 403, STATUS_WAIT = 429, PATIENCE_MS = 3000 };

static const char scheme[] = "Bearer";

/* NULL: none. */
static const char *text_of(const struct exchange *exchange)
{
	const char *header = exchange_header(exchange, "Authorization");
	size_t length = strlen(scheme);

	if (header == NULL || strncasecmp(header, scheme, length) != 0 ||
	    (header[length] != ' ' && header[length] != '\0'))
		return NULL;
	return header + length + strspn(header + length, " ");
}

static bool is_for_programs(const char *path)
{
	return strncmp(path, "/api/", 5) == 0 || strncmp(path, "/export.", 8) == 0 ||
	    strcmp(path, "/metrics") == 0;
}

bool bearer_is_given(const struct exchange *exchange)
{
	const char *text = text_of(exchange);

	return text != NULL && (is_for_programs(exchange->path) ||
	    strncmp(text, API_TOKEN_PREFIX, strlen(API_TOKEN_PREFIX)) == 0);
}

/* ---- no ---- */

static void on_counted(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	int seconds;

	(void)count;
	exchange->patience_ms = 0;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if ((seconds = (int)hs_db_int(results[0], 0, 0)) > 0) {
		exchange->reply.retry_after = seconds;
		reply_problem(exchange, STATUS_WAIT, "There were too many requests with a wrong "
		    "token from this address; Retry-After says how long to wait.", NULL);
		return;
	}
	exchange->reply.authenticate = BEARER_CHALLENGE ", error=\"invalid_token\"";
	reply_problem(exchange, STATUS_WRONG, "This token is of no use: it is wrong, was revoked or "
	    "has expired, or its account is disabled. 'hsctl token list' shows those that there "
	    "are.", NULL);
}

/* "" has a digest, too, which is no token's. */
static void refuse(struct exchange *exchange, const char *text)
{
	char list[THROTTLE_LIST_BYTES], place[HS_ADDRESS_BYTES], counted[HS_ADDRESS_BYTES + 8];
	char key[TOKEN_DIGEST_BYTES], digest[TOKEN_DIGEST_BYTES];
	struct asker asker;
	const char *const values[] = { key, throttle_list(THROTTLE_ADDRESS, list), digest,
		asker.address };
	const struct hs_db_statement statement = { .sql = token_fail_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	asker_of(exchange, &asker);
	asker_place(&asker, place);
	snprintf(counted, sizeof counted, "token %s", place);
	if (!throttle_key(THROTTLE_ADDRESS, "", counted, key) || !token_digest(text, digest))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to judge a token");
	else if (exchange_ask_account(exchange, &statement, 1, on_counted, &err))
		return;
	reply_error(exchange, &err);
}

/* ---- yes or no ---- */

static struct account *account_new(const PGresult *result)
{
	struct account *account = calloc(1, sizeof *account);
	enum hs_role most;

	if (account == NULL)
		hs_panic("no memory for an account");
	session_read_account(result, 0, account);
	if (!hs_role_parse(hs_db_text(result, 0, 3), &most))
		hs_panic("a token has the role %s", hs_db_text(result, 0, 3));
	if (account->role > most)
		account->role = most;
	snprintf(account->by_token, sizeof account->by_token, "%s", hs_db_text(result, 0, 4));
	return account;
}

static void on_token(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (err == NULL && PQntuples(results[0]) != 1) {
		refuse(exchange, text_of(exchange));
		return;
	}
	exchange->patience_ms = 0;
	if (err == NULL)
		exchange->account = account_new(results[0]);
	exchange->on_account(exchange, err);
}

void bearer_look_up(struct exchange *exchange,
    void (*next)(struct exchange *exchange, const struct hs_error *err))
{
	const char *text = text_of(exchange);
	char digest[TOKEN_DIGEST_BYTES], detail[1024];
	const char *const values[] = { digest };
	const struct hs_db_statement statement = { .sql = api_token_look_up_sql, .values = values,
		.count = HS_COUNT(values), .often = true };
	struct hs_error err = HS_ERROR_INIT;

	exchange->form = FORM_JSON;
	if (!is_for_programs(exchange->path)) {
		snprintf(detail, sizeof detail, "A token is for %s/api/v1, %s/export and %s/metrics;"
		    " pages are for browsers, by %s/sign-in.", exchange->base, exchange->base,
		    exchange->base, exchange->base);
		reply_problem(exchange, STATUS_PAGES, detail, NULL);
		return;
	}
	exchange->on_account = next;
	exchange->patience_ms = PATIENCE_MS;
	if (!api_token_is_one(text)) {
		refuse(exchange, text);
	} else if (!token_digest(text, digest)) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to find a token");
		next(exchange, &err);
	} else if (!exchange_ask_account(exchange, &statement, 1, on_token, &err)) {
		next(exchange, &err);
	}
}
