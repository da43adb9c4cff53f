/* sign_in.c: from a name and a password to a session.
 *
 * Trusts nobody: a name that is none and a wrong password get the same answer after the same
 * work. What was typed as a name is shown to its typist alone; it goes into the trail when it is
 * an account's, since it may be a password in the wrong field. */
#include "daemons/web/sign_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/base_path.h"
#include "daemons/web/csrf.h"
#include "daemons/web/fields.h"
#include "daemons/web/guard.h"
#include "daemons/web/hashing.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/session.h"
#include "daemons/web/sign_in_sql.h"
#include "daemons/web/throttle.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { STATUS_WRONG = 401, STATUS_WAIT = 429, NAME_SHOWN_BYTES = 257, NUMBER_BYTES = 24,
	DEVICE_BYTES = TOKEN_DIGEST_BYTES + 8 };

static const char wrong[] = "The name or the password is wrong.";

struct sign_in {
	struct exchange *exchange;
	struct hashing_job *job;
	char name[NAME_SHOWN_BYTES];
	char *next;			/* where to, afterwards */
	struct asker asker;
	char place[HS_ADDRESS_BYTES], network[HS_ADDRESS_BYTES];
	char device_token[TOKEN_TEXT_BYTES];	/* the cookie's, or a new one; "" for none */
	char device[DEVICE_BYTES];
	char keys[THROTTLE_COUNT][TOKEN_DIGEST_BYTES];
	char account[NUMBER_BYTES];	/* its id; "" when there is no such account */
	char hash[HS_PASSWORD_HASH_BYTES], new_hash[HS_PASSWORD_HASH_BYTES];
	bool is_disabled, is_known_device;
	char token[TOKEN_TEXT_BYTES];
};

static void sign_in_free(void *work)
{
	struct sign_in *sign_in = work;

	if (sign_in->job != NULL)
		hashing_cancel(sign_in->job);
	free(sign_in->next);
	free(sign_in);
}

static struct sign_in *sign_in_new(struct exchange *exchange, const char *next)
{
	struct sign_in *sign_in = calloc(1, sizeof *sign_in);
	bool is_own = guard_is_own_path(next) && strncmp(next, "/sign-", 6) != 0;

	if (sign_in == NULL)
		return NULL;
	sign_in->exchange = exchange;
	sign_in->next = strdup(is_own ? next : "/");
	asker_of(exchange, &sign_in->asker);
	asker_place(&sign_in->asker, sign_in->place);
	asker_network(&sign_in->asker, sign_in->network);
	session_cookie(exchange, COOKIE_DEVICE, sign_in->device_token);
	exchange->work = sign_in;
	exchange->work_free = sign_in_free;
	return sign_in->next != NULL ? sign_in : NULL;
}

/* ---- the page ---- */

/* problem: NULL for none. */
static void show(struct sign_in *sign_in, int status, const char *problem)
{
	struct exchange *exchange = sign_in->exchange;
	json_t *view = json_pack("{s:s, s:s, s:s, s:b, s:s?}", "title", "Sign in", "next",
	    sign_in->next, "name", sign_in->name, "at_sign_in", true, "problem", problem);

	view = view_or_nothing(view, csrf_put(exchange, view));
	reply_page(exchange, status, "sign_in", view);
}

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	char **next = arg;

	if (strcmp(name, "next") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "This page knows one parameter, next: leave '%.60s' out.", name);
	if (*next != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "next is given twice");
	return (*next = strdup(value)) != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a parameter");
}

/* The page that the visitor comes from, when it is one of ours. */
static char *page_before(const struct exchange *exchange)
{
	const char *from = base_path_of_url(exchange, exchange_header(exchange, "Referer"));

	return strdup(from != NULL ? from : "/");
}

void sign_in_page(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;
	struct sign_in *sign_in = NULL;
	char *next = NULL;

	if (!query_string_read(exchange->query, on_parameter, &next, &err)) {
		reply_error(exchange, &err);
		free(next);
		return;
	}
	if (next == NULL)
		next = page_before(exchange);
	if (next != NULL)
		sign_in = sign_in_new(exchange, next);
	free(next);
	if (sign_in == NULL)
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory; please try again.",
		    NULL);
	else if (exchange->account != NULL)
		reply_see_other(exchange, sign_in->next);
	else
		show(sign_in, HTTP_OK, NULL);
}

/* ---- the end of it ---- */

static void on_end(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct sign_in *sign_in = exchange->work;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
	} else if (PQntuples(results[0]) != 1) {
		show(sign_in, STATUS_WRONG, wrong);	/* changed just now */
	} else if (!session_set_cookie(exchange, COOKIE_SESSION, sign_in->token) ||
	    !session_set_cookie(exchange, COOKIE_DEVICE, sign_in->device_token) ||
	    !session_set_cookie(exchange, COOKIE_BEFORE, NULL)) {
		reply_see_other(exchange, NULL);
	} else {
		hs_log(HS_LOG_INFO, "somebody signed in",
		    HS_STR("account", hs_db_text(results[0], 0, 1)),
		    HS_STR("address", sign_in->asker.address));
		reply_see_other(exchange, sign_in->next);
	}
}

static bool name_device(struct sign_in *sign_in)
{
	char digest[TOKEN_DIGEST_BYTES];

	if (!token_digest(sign_in->device_token, digest))
		return false;
	snprintf(sign_in->device, sizeof sign_in->device, "device %s", digest);
	return true;
}

/* One that the account does not know gets another cookie: somebody may have planted that. */
static bool have_device(struct sign_in *sign_in)
{
	return sign_in->is_known_device ||
	    (token_new(sign_in->device_token) && name_device(sign_in));
}

static void let_in(struct sign_in *sign_in)
{
	struct exchange *exchange = sign_in->exchange;
	const struct hs_settings *settings = hs_child_settings(exchange->web->child);
	char digest[TOKEN_DIGEST_BYTES], before[TOKEN_TEXT_BYTES], old[TOKEN_DIGEST_BYTES];
	char seconds[NUMBER_BYTES];
	const char *const values[] = { sign_in->account, sign_in->hash,
		sign_in->new_hash[0] != '\0' ? sign_in->new_hash : NULL, digest,
		old, sign_in->asker.address, sign_in->place, seconds,
		sign_in->keys[THROTTLE_ACCOUNT], sign_in->keys[THROTTLE_ADDRESS],
		sign_in->keys[THROTTLE_PAIR], sign_in->device, sign_in->keys[THROTTLE_NETWORK],
		sign_in->keys[THROTTLE_DEVICE] };
	const struct hs_db_statement statement = { .sql = sign_in_end_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	/* "" has a digest, too, which is no session's */
	session_cookie(exchange, COOKIE_SESSION, before);
	snprintf(seconds, sizeof seconds, "%lld",
	    hs_setting_int(settings, HS_SET_SESSION_SECONDS));
	if (!token_new(sign_in->token) || !token_digest(sign_in->token, digest) ||
	    !token_digest(before, old) || !have_device(sign_in))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory or no random bytes for a session");
	else if (exchange_ask_account(exchange, &statement, 1, on_end, &err))
		return;
	reply_error(exchange, &err);
}

static void on_failed(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)results;
	(void)count;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "a failed sign-in was not written down", err);
	show(exchange->work, STATUS_WRONG, wrong);
}

static void keep_out(struct sign_in *sign_in, const char *why)
{
	const char *const values[] = { sign_in->account[0] != '\0' ? sign_in->account : NULL,
		sign_in->asker.address, why };
	const struct hs_db_statement statement = { .sql = sign_in_fail_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	hs_log(HS_LOG_INFO, "a sign-in failed", HS_STR("address", sign_in->asker.address),
	    HS_STR("reason", why));
	if (!exchange_ask_account(sign_in->exchange, &statement, 1, on_failed, &err))
		reply_error(sign_in->exchange, &err);
}

/* ---- the password ---- */

static void on_judged(void *arg, const struct hashing_result *result)
{
	struct sign_in *sign_in = arg;

	sign_in->job = NULL;
	if (result->err.code != HS_OK) {
		reply_error(sign_in->exchange, &result->err);
		return;
	}
	memcpy(sign_in->new_hash, result->new_hash, sizeof sign_in->new_hash);
	if (!result->is_right)
		keep_out(sign_in, sign_in->account[0] != '\0' ? "wrong password" : "unknown name");
	else if (sign_in->is_disabled)
		keep_out(sign_in, "disabled");
	else
		let_in(sign_in);
}

static void judge(struct sign_in *sign_in)
{
	struct exchange *exchange = sign_in->exchange;
	const struct hashing_order order = { .password = field_of(exchange, "password"),
		.hash = sign_in->hash[0] != '\0' ? sign_in->hash : NULL };
	struct hs_error err = HS_ERROR_INIT;

	if (!hashing_start(exchange->web->accounts->hashing, &order, on_judged, sign_in,
		&sign_in->job, &err))
		reply_error(exchange, &err);
}

static void ask_to_wait(struct sign_in *sign_in, int seconds)
{
	char problem[128];

	snprintf(problem, sizeof problem, "There were too many attempts. Please wait %d second%s, "
	    "then try again.", seconds, seconds == 1 ? "" : "s");
	hs_log(HS_LOG_INFO, "a sign-in has to wait", HS_STR("address", sign_in->asker.address),
	    HS_INT("seconds", seconds));
	sign_in->exchange->reply.retry_after = seconds;
	show(sign_in, STATUS_WAIT, problem);
}

static void on_begun(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct sign_in *sign_in = exchange->work;
	const char *account, *hash;
	int seconds;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if ((seconds = (int)hs_db_int(results[0], 0, 0)) > 0) {
		ask_to_wait(sign_in, seconds);
		return;
	}
	sign_in->is_known_device = strcmp(hs_db_text(results[0], 0, 4), "t") == 0;
	account = hs_db_text(results[0], 0, 1);
	hash = hs_db_text(results[0], 0, 2);
	if (account != NULL) {
		snprintf(sign_in->account, sizeof sign_in->account, "%s", account);
		snprintf(sign_in->hash, sizeof sign_in->hash, "%s", hash);
		sign_in->is_disabled = strcmp(hs_db_text(results[0], 0, 3), "t") == 0;
	}
	judge(sign_in);
}

static bool make_keys(struct sign_in *sign_in)
{
	for (int i = 0; i < THROTTLE_COUNT; i++) {
		const char *place = i == THROTTLE_NETWORK ? sign_in->network :
		    i == THROTTLE_DEVICE ? sign_in->device : sign_in->place;

		if (!throttle_key((enum throttle)i, sign_in->name, place, sign_in->keys[i]))
			return false;
	}
	return true;
}

static void begin(struct sign_in *sign_in)
{
	struct exchange *exchange = sign_in->exchange;
	char lists[THROTTLE_COUNT][THROTTLE_LIST_BYTES];
	const char *values[3 + THROTTLE_COUNT + THROTTLE_CLEARED] = { sign_in->name, sign_in->place,
		sign_in->device };
	const struct hs_db_statement statement = { .sql = sign_in_begin_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	if (!name_device(sign_in) || !make_keys(sign_in)) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to sign in");
		reply_error(exchange, &err);
		return;
	}
	for (int i = 0; i < THROTTLE_COUNT; i++)
		values[3 + i] = sign_in->keys[i];
	for (int i = 0; i < THROTTLE_CLEARED; i++)
		values[3 + THROTTLE_COUNT + i] = throttle_list((enum throttle)i, lists[i]);
	if (!exchange_ask_account(exchange, &statement, 1, on_begun, &err))
		reply_error(exchange, &err);
}

/* As accounts are named: lower case, no blanks around; cut where none is so long. */
static void take_name(struct sign_in *sign_in, const char *text)
{
	size_t length = strlen(text);

	hs_text_trim(&text, &length);
	snprintf(sign_in->name, sizeof sign_in->name, "%.*s",
	    hs_utf8_cut(text, length < sizeof sign_in->name ? length : sizeof sign_in->name - 1),
	    text);
	for (char *c = sign_in->name; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
}

void sign_in_post(struct exchange *exchange)
{
	struct sign_in *sign_in = sign_in_new(exchange, field_of(exchange, "next"));

	if (sign_in == NULL) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory; please try again.",
		    NULL);
		return;
	}
	take_name(sign_in, field_of(exchange, "name"));
	if (strlen(field_of(exchange, "password")) > HS_PASSWORD_MAX_BYTES)
		show(sign_in, STATUS_WRONG, wrong);	/* nobody has such a one */
	else if (!hashing_has_room(exchange->web->accounts->hashing))
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "Too many people sign in at this moment. Please try again in a few seconds.",
		    NULL);
	else
		begin(sign_in);
}

/* ---- out ---- */

static void on_signed_out(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	bool is_public = hs_setting_bool(hs_child_settings(exchange->web->child),
	    HS_SET_PUBLIC_SEARCH);

	(void)results;
	(void)count;
	if (err != NULL)
		reply_error(exchange, err);
	else if (!session_set_cookie(exchange, COOKIE_SESSION, NULL))
		reply_see_other(exchange, NULL);
	else
		reply_see_other(exchange, is_public ? "/" : "/sign-in");
}

void sign_out_post(struct exchange *exchange)
{
	char digest[TOKEN_DIGEST_BYTES], account[NUMBER_BYTES];
	bool everywhere = field_of(exchange, "everywhere")[0] != '\0';
	struct asker asker;
	const char *const values[] = { account, digest, everywhere ? "true" : "false",
		asker.address };
	const struct hs_db_statement statement = { .sql = sign_out_sql, .values = values,
		.count = HS_COUNT(values) };
	struct hs_error err = HS_ERROR_INIT;

	asker_of(exchange, &asker);
	snprintf(account, sizeof account, "%lld", (long long)exchange->account->id);
	if (!token_digest(exchange->account->token, digest))
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to sign out");
	else if (exchange_ask_account(exchange, &statement, 1, on_signed_out, &err))
		return;
	reply_error(exchange, &err);
}
