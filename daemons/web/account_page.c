/* account_page.c: asks for the sessions and tokens, and for the old password before there is a new
 * one.
 *
 * Trusts guard.c that somebody is signed in. Whoever took over a session cannot try passwords here
 * faster than at the door. */
#include "daemons/web/account_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/account_tokens.h"
#include "daemons/web/api_token.h"
#include "daemons/web/asker.h"
#include "daemons/web/csrf.h"
#include "daemons/web/fields.h"
#include "daemons/web/hashing.h"
#include "daemons/web/notice.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/session.h"
#include "daemons/web/sign_in_sql.h"
#include "daemons/web/throttle.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { SESSIONS, TOKENS, PAGE_RESULTS };
enum { STATUS_REFUSED = 422, STATUS_WAIT = 429, NUMBER_BYTES = 24, PROBLEM_BYTES = 256 };

struct page {
	struct exchange *exchange;
	struct hashing_job *job;
	int status;
	char problem[PROBLEM_BYTES];	/* "" for none */
	char account[NUMBER_BYTES];
	char hash[HS_PASSWORD_HASH_BYTES], new_hash[HS_PASSWORD_HASH_BYTES];
	char key[TOKEN_DIGEST_BYTES];
	char token[TOKEN_TEXT_BYTES];
};

static void page_free(void *work)
{
	struct page *page = work;

	if (page->job != NULL)
		hashing_cancel(page->job);
	free(page);
}

static struct page *page_new(struct exchange *exchange)
{
	struct page *page = calloc(1, sizeof *page);

	if (page == NULL) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory; please try again.",
		    NULL);
		return NULL;
	}
	page->exchange = exchange;
	page->status = HTTP_OK;
	snprintf(page->account, sizeof page->account, "%lld", (long long)exchange->account->id);
	exchange->work = page;
	exchange->work_free = page_free;
	return page;
}

/* ---- the page ---- */

static json_t *sessions_of(const PGresult *result)
{
	json_t *list = json_array();

	for (int row = 0; list != NULL && row < PQntuples(result); row++) {
		json_t *one = json_pack("{s:s, s:s, s:s, s:b}", "since",
		    hs_db_text(result, row, 0), "seen", hs_db_text(result, row, 1), "address",
		    hs_db_text(result, row, 2), "is_this",
		    strcmp(hs_db_text(result, row, 3), "t") == 0);

		if (json_array_append_new(list, one) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void on_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct account *account = exchange->account;
	struct page *page = exchange->work;
	json_t *view;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	view = json_pack("{s:s, s:s, s:s, s:i, s:b, s:s?, s:o, s:b, s:o}", "title", "Your account",
	    "name", account->name, "role", hs_role_name(account->role), "least",
	    (int)HS_PASSWORD_MIN_CHARACTERS, "at_account", true, "problem",
	    page->problem[0] != '\0' ? page->problem : NULL, "sessions",
	    sessions_of(results[SESSIONS]), "any_token", PQntuples(results[TOKENS]) > 0, "tokens",
	    account_tokens_view(results[TOKENS]));
	view = view_or_nothing(view, csrf_put(exchange, view));
	reply_page(exchange, page->status, "account", view);
}

static void show(struct page *page)
{
	struct exchange *exchange = page->exchange;
	char digest[TOKEN_DIGEST_BYTES], idle[NUMBER_BYTES];
	const char *const values[] = { page->account, digest, idle };
	const struct hs_db_statement statements[PAGE_RESULTS] = {
		[SESSIONS] = { .sql = sign_in_sessions_sql, .values = values,
		    .count = HS_COUNT(values) },
		[TOKENS] = { .sql = api_token_own_sql, .values = values, .count = 1 },
	};
	struct hs_error err = HS_ERROR_INIT;

	snprintf(idle, sizeof idle, "%lld", hs_setting_int(
	    hs_child_settings(exchange->web->child), HS_SET_SESSION_IDLE_SECONDS));
	if (!token_digest(exchange->account->token, digest))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a page");
	else if (exchange_ask_account(exchange, statements, PAGE_RESULTS, on_found, &err))
		return;
	reply_error(exchange, &err);
}

static void refuse(struct page *page, int status, const char *problem)
{
	page->status = status;
	snprintf(page->problem, sizeof page->problem, "%s", problem);
	show(page);
}

void account_page(struct exchange *exchange)
{
	struct page *page = page_new(exchange);
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL)
		return;
	if (query_string_refuse(exchange->query, &err))
		show(page);
	else
		reply_error(exchange, &err);
}

/* ---- another password ---- */

static void on_changed(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct page *page = exchange->work;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
	} else if (PQntuples(results[0]) != 1) {
		refuse(page, STATUS_REFUSED, "Your account was changed at this moment by somebody "
		    "else. Please try again.");
	} else {
		hs_log(HS_LOG_INFO, "an account has another password",
		    HS_STR("account", exchange->account->name));
		memcpy(exchange->account->token, page->token, sizeof page->token);
		if (session_set_cookie(exchange, COOKIE_SESSION, page->token))
			notice_reply(exchange, "/account", NOTICE_DONE, "Your password is "
			    "changed. You are signed out everywhere else.");
		else
			reply_see_other(exchange, NULL);
	}
}

static void change(struct page *page)
{
	struct exchange *exchange = page->exchange;
	char digest[TOKEN_DIGEST_BYTES], seconds[NUMBER_BYTES];
	struct asker asker;
	const char *const values[] = { page->account, page->hash, page->new_hash, digest,
		asker.address, seconds, page->key };
	const struct hs_db_statement statement = { .sql = own_password_end_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	asker_of(exchange, &asker);
	snprintf(seconds, sizeof seconds, "%lld", hs_setting_int(
	    hs_child_settings(exchange->web->child), HS_SET_SESSION_SECONDS));
	if (!token_new(page->token) || !token_digest(page->token, digest))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory or no random bytes for a session");
	else if (exchange_ask_account(exchange, &statement, 1, on_changed, &err))
		return;
	reply_error(exchange, &err);
}

static void on_judged(void *arg, const struct hashing_result *result)
{
	struct page *page = arg;

	page->job = NULL;
	if (result->err.code != HS_OK) {
		reply_error(page->exchange, &result->err);
	} else if (!result->is_right) {
		refuse(page, STATUS_REFUSED, "The current password is another one.");
	} else {
		memcpy(page->new_hash, result->new_hash, sizeof page->new_hash);
		change(page);
	}
}

static void on_begun(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct page *page = exchange->work;
	struct hashing_order order = { .password = field_of(exchange, "current"),
		.hash = page->hash, .renew = field_of(exchange, "new") };
	struct hs_error full = HS_ERROR_INIT;
	int seconds;

	(void)count;
	if (err == NULL && PQntuples(results[0]) != 1) {
		hs_error_set(&full, HS_NOT_FOUND, "", "Your account is gone.");
		err = &full;
	}
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if ((seconds = (int)hs_db_int(results[0], 0, 0)) > 0) {
		char problem[128];

		snprintf(problem, sizeof problem, "There were too many attempts. Please wait %d "
		    "seconds, then try again.", seconds);
		exchange->reply.retry_after = seconds;
		refuse(page, STATUS_WAIT, problem);
		return;
	}
	snprintf(page->hash, sizeof page->hash, "%s", hs_db_text(results[0], 0, 1));
	if (!hashing_start(exchange->web->accounts->hashing, &order, on_judged, page, &page->job,
		&full))
		reply_error(exchange, &full);
}

static void begin(struct page *page)
{
	struct exchange *exchange = page->exchange;
	char list[THROTTLE_LIST_BYTES];
	const char *const values[] = { page->account, page->key,
		throttle_list(THROTTLE_PAIR, list) };
	const struct hs_db_statement statement = { .sql = own_password_begin_sql,
		.values = values, .count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	if (!throttle_key(THROTTLE_PAIR, exchange->account->name, "its own page", page->key))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a password");
	else if (exchange_ask_account(exchange, &statement, 1, on_begun, &err))
		return;
	reply_error(exchange, &err);
}

/* "the password has ..." as a sentence on a page. */
static void refuse_new(struct page *page, const struct hs_error *err)
{
	char problem[PROBLEM_BYTES];

	snprintf(problem, sizeof problem, "The new%.200s.", err->message + strlen("the"));
	refuse(page, STATUS_REFUSED, problem);
}

void account_password_post(struct exchange *exchange)
{
	const char *wanted = field_of(exchange, "new");
	struct page *page = page_new(exchange);
	struct hs_error err = HS_ERROR_INIT;

	if (page == NULL)
		return;
	if (strcmp(wanted, field_of(exchange, "again")) != 0)
		refuse(page, STATUS_REFUSED, "The new password was not the same both times.");
	else if (!hs_password_check(wanted, strlen(wanted), &err))
		refuse_new(page, &err);
	else if (strlen(field_of(exchange, "current")) > HS_PASSWORD_MAX_BYTES)
		refuse(page, STATUS_REFUSED, "The current password is another one.");
	else if (!hashing_has_room(exchange->web->accounts->hashing))
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "Too many passwords are being checked. Please try again in a few seconds.",
		    NULL);
	else
		begin(page);
}
