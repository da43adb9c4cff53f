/* session.c: cookies in and out, and the question whose a session is.
 *
 * Trusts the database for the time: several machines have several clocks. */
#include "daemons/web/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/web/asker.h"
#include "daemons/web/web.h"

enum { LINE_BYTES = 1200, NUMBER_BYTES = 24, NAME_BYTES = 32, PATIENCE_MS = 3000 };

static const char *const names[COOKIE_COUNT] = {
	[COOKIE_SESSION] = "hoopscout",
	[COOKIE_BEFORE] = "hoopscout-form",
	[COOKIE_NOTICE] = "hoopscout-notice",
	[COOKIE_DEVICE] = "hoopscout-device",
};

/* A browser takes __Host- for cookies of the whole host alone. */
static const char host_prefix[] = "__Host-", secure_prefix[] = "__Secure-";

_Static_assert(sizeof ((struct reply *)0)->cookies / sizeof(char *) == COOKIE_COUNT,
    "a reply has room for each cookie");

static void cookie_name(enum cookie cookie, bool is_https, const char *base, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", !is_https ? "" : base[0] == '\0' ? host_prefix : secure_prefix,
	    names[cookie]);
}

const char *session_cookie_line(enum cookie cookie, const char *value, bool is_https,
    const char *base, char *buf, size_t size)
{
	char name[NAME_BYTES];
	const char *age = value == NULL ? "; Max-Age=0" :
	    cookie == COOKIE_NOTICE ? "; Max-Age=60" :
	    cookie == COOKIE_DEVICE ? "; Max-Age=31536000" : "";

	cookie_name(cookie, is_https, base, name, sizeof name);
	snprintf(buf, size, "%s=%s; Path=%s; HttpOnly; SameSite=Lax%s%s", name,
	    value != NULL ? value : "", base[0] != '\0' ? base : "/",
	    is_https ? "; Secure" : "", age);
	return buf;
}

void session_find_cookie(const char *header, const char *name,
    bool (*is_one)(const char *text, size_t length), char *ret, size_t size)
{
	size_t name_length = strlen(name);

	ret[0] = '\0';
	while (header != NULL && *header != '\0') {
		const char *pair = header + strspn(header, "; \t"), *value;
		size_t length = strcspn(pair, ";");

		header = pair + length;
		if (strncmp(pair, name, name_length) != 0 || pair[name_length] != '=')
			continue;
		value = pair + name_length + 1;
		length -= name_length + 1;
		if (length >= size || !is_one(value, length) || (ret[0] != '\0' &&
			(strncmp(ret, value, length) != 0 || ret[length] != '\0'))) {
			ret[0] = '\0';
			return;
		}
		memcpy(ret, value, length);
		ret[length] = '\0';
	}
}

void session_cookie_value(const struct exchange *exchange, enum cookie cookie,
    bool (*is_one)(const char *text, size_t length), char *ret, size_t size)
{
	struct asker asker;
	char name[NAME_BYTES];

	asker_of(exchange, &asker);
	cookie_name(cookie, asker.is_https, exchange->base, name, sizeof name);
	session_find_cookie(exchange_header(exchange, "Cookie"), name, is_one, ret, size);
}

void session_cookie(const struct exchange *exchange, enum cookie cookie,
    char ret[TOKEN_TEXT_BYTES])
{
	session_cookie_value(exchange, cookie, token_is_one, ret, TOKEN_TEXT_BYTES);
}

bool session_set_cookie(struct exchange *exchange, enum cookie cookie, const char *value)
{
	struct asker asker;
	char line[LINE_BYTES];

	asker_of(exchange, &asker);
	free(exchange->reply.cookies[cookie]);
	exchange->reply.cookies[cookie] = strdup(session_cookie_line(cookie, value,
	    asker.is_https, exchange->base, line, sizeof line));
	return exchange->reply.cookies[cookie] != NULL;
}

/* ---- whose it is ---- */

#define IS_ALIVE \
	"s.token_sha256 = $1::bytea and s.ends_at > now()" \
	" and s.seen_at > now() - make_interval(secs => $2::integer)"

/* One that was being made while the account got another password does not count. */
static const char look_up[] =
    "with seen as (update account_session s set seen_at = now() where " IS_ALIVE
    " and s.seen_at < now() - interval '1 minute')"
    " select a.account_id, a.name, a.role from account_session s join account a using (account_id)"
    " where " IS_ALIVE " and not a.is_disabled and s.created_at >= a.password_set_at";

void session_read_account(const PGresult *result, int row, struct account *ret)
{
	ret->id = hs_db_int(result, row, 0);
	snprintf(ret->name, sizeof ret->name, "%s", hs_db_text(result, row, 1));
	if (!hs_role_parse(hs_db_text(result, row, 2), &ret->role))
		hs_panic("an account has the role %s", hs_db_text(result, row, 2));
}

static void on_session(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct account *account;

	(void)count;
	exchange->patience_ms = 0;
	if (err == NULL && PQntuples(results[0]) == 1) {
		if ((account = calloc(1, sizeof *account)) == NULL)
			hs_panic("no memory for an account");
		session_read_account(results[0], 0, account);
		session_cookie(exchange, COOKIE_SESSION, account->token);
		exchange->account = account;
	}
	exchange->on_account(exchange, err);
}

void session_look_up(struct exchange *exchange,
    void (*next)(struct exchange *exchange, const struct hs_error *err))
{
	const struct hs_settings *settings = hs_child_settings(exchange->web->child);
	char token[TOKEN_TEXT_BYTES], digest[TOKEN_DIGEST_BYTES], idle[NUMBER_BYTES];
	const char *const values[] = { digest, idle };
	const struct hs_db_statement statement = { .sql = look_up, .values = values,
		.count = HS_COUNT(values), .often = true };
	struct hs_error err = HS_ERROR_INIT;

	session_cookie(exchange, COOKIE_SESSION, token);
	if (token[0] == '\0') {
		next(exchange, NULL);
		return;
	}
	snprintf(idle, sizeof idle, "%lld",
	    hs_setting_int(settings, HS_SET_SESSION_IDLE_SECONDS));
	exchange->on_account = next;
	exchange->patience_ms = PATIENCE_MS;
	if (!token_digest(token, digest)) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory to find a session");
		next(exchange, &err);
	} else if (!exchange_ask_account(exchange, &statement, 1, on_session, &err)) {
		next(exchange, &err);
	}
}
