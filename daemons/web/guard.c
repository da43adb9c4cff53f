/* guard.c: from the routes' column to a decision.
 *
 * Trusts session.c to say who is signed in. When the database cannot say, what is open to anyone is
 * answered as to a stranger, and the rest is "not at the moment". */
#include "daemons/web/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/base_path.h"
#include "daemons/web/bearer.h"
#include "daemons/web/connections.h"
#include "daemons/web/csrf.h"
#include "daemons/web/fields.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/session.h"
#include "daemons/web/upload.h"
#include "daemons/web/web.h"

enum { HTTP_UNAUTHORIZED = 401, HTTP_FORBIDDEN = 403, PATH_BYTES = 2048 };

static bool is_public(const struct exchange *exchange)
{
	return hs_setting_bool(hs_child_settings(exchange->web->child), HS_SET_PUBLIC_SEARCH);
}

static bool needs_nobody(const struct exchange *exchange)
{
	return exchange->may <= MAY_ANYONE &&
	    (exchange->may != MAY_BY_SETTING || is_public(exchange));
}

bool guard_is_closed(const struct exchange *exchange)
{
	return !needs_nobody(exchange) ||
	    (exchange->account != NULL && exchange->account->by_token[0] != '\0');
}

/* ---- where to ---- */

bool guard_is_own_path(const char *text)
{
	size_t length = strlen(text);

	if (text[0] != '/' || text[1] == '/' || length >= PATH_BYTES)
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f || text[i] == '\\')
			return false;
	}
	return true;
}

bool guard_way_back(const char *path, char **ret)
{
	struct evbuffer *query;
	bool done;

	if (!guard_is_own_path(path) || strcmp(path, "/") == 0 ||
	    strncmp(path, "/sign-", 6) == 0)
		return (*ret = strdup("")) != NULL;
	if ((query = evbuffer_new()) == NULL)
		return false;
	done = query_string_add(query, 0, "next", path) && evbuffer_add(query, "", 1) == 0 &&
	    (*ret = strdup((const char *)evbuffer_pullup(query, -1))) != NULL;
	evbuffer_free(query);
	return done;
}

/* The address of the page that the asker looks at. */
static char *address_of(const struct exchange *exchange)
{
	const char *now = exchange_header(exchange, "HX-Current-URL");
	char *address = NULL;

	if (exchange->form == FORM_FRAGMENT && (now = base_path_of_url(exchange, now)) != NULL)
		return strdup(now);
	if (exchange->method == EVHTTP_REQ_POST)
		return strdup("/");
	if (asprintf(&address, "%s%s%s", exchange->path, exchange->query[0] != '\0' ? "?" : "",
	    exchange->query) < 0)
		return NULL;
	return address;
}

/* "/sign-in?next=..."; NULL without memory. */
static char *sign_in_address(const struct exchange *exchange)
{
	char *address = address_of(exchange), *query = NULL, *ret = NULL;

	if (address != NULL && guard_way_back(address, &query) &&
	    asprintf(&ret, "/sign-in%s%s", query[0] != '\0' ? "?" : "", query) < 0)
		ret = NULL;
	free(address);
	free(query);
	return ret;
}

/* ---- no ---- */

static void send_to_sign_in(struct exchange *exchange)
{
	char *address = exchange->form != FORM_JSON ? sign_in_address(exchange) : NULL;
	char detail[400];

	if (exchange->form == FORM_PAGE) {
		reply_see_other(exchange, address);
	} else if (exchange->form == FORM_JSON) {
		exchange->reply.authenticate = BEARER_CHALLENGE;
		snprintf(detail, sizeof detail, "This is for those who are signed in, at %s/sign-in, "
		    "or who send a token: Authorization: Bearer hst_... (hsctl token create).",
		    exchange->base);
		reply_problem(exchange, HTTP_UNAUTHORIZED, detail, NULL);
	} else {
		exchange->reply.leave_to = address;
		address = NULL;
		reply_problem(exchange, HTTP_UNAUTHORIZED, "You are not signed in any more.", NULL);
	}
	free(address);
}

static void refuse(struct exchange *exchange, const char *why)
{
	reply_problem(exchange, HTTP_FORBIDDEN, why, NULL);
}

/* ---- yes or no ---- */

bool guard_has_role(enum may may, enum hs_role role)
{
	return may == MAY_ADMIN ? role >= HS_ROLE_ADMIN :
	    (may != MAY_SCOUT && may != MAY_SCRAPE) || role >= HS_ROLE_SCOUT;
}

/* A token is no browser's to send by itself, so it proves that its owner means it. */
static void accept_call(struct exchange *exchange)
{
	const char *proof = exchange_header(exchange, CSRF_HEADER);
	struct evbuffer *body = evhttp_request_get_input_buffer(exchange->request);

	if (exchange->account->by_token[0] == '\0' &&
	    !csrf_believes(exchange, proof != NULL ? proof : ""))
		refuse(exchange, "By a cookie this takes the header " CSRF_HEADER ", with what the "
		    "forms of a page of ours carry; a program sends a token instead.");
	else if (evbuffer_get_length(body) > 0 && exchange->handle != upload_api_post)
		reply_problem(exchange, HTTP_BADREQUEST, "This takes no body: leave it out.", NULL);
	else
		exchange->handle(exchange);
}

static void accept_form(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;

	/* an upload's proof is the first part of its body, which is not read yet: upload.c */
	if (exchange->connection != NULL && connection_has_body(exchange->connection))
		exchange->handle(exchange);
	else if (!fields_read(exchange, &err))
		reply_error(exchange, &err);
	else if (!csrf_check(exchange))
		refuse(exchange, "The form was not sent by a page of ours that is still good. Open "
		    "the page again and send it from there.");
	else
		exchange->handle(exchange);
}

static void refuse_role(struct exchange *exchange)
{
	const struct account *account = exchange->account;
	char why[96];

	snprintf(why, sizeof why, "This is for %s; your %s is %s.", exchange->may == MAY_ADMIN ?
	    "admins" : "scouts and admins", account->by_token[0] != '\0' ? "token" : "account",
	    exchange->may == MAY_ADMIN && account->by_token[0] == '\0' ? "none" :
	    account->role == HS_ROLE_SCOUT ? "a scout's" : "a viewer's");
	refuse(exchange, why);
}

static void decide(struct exchange *exchange, const struct hs_error *err)
{
	bool is_open = needs_nobody(exchange);

	if (err != NULL && is_open)
		hs_log_error(HS_LOG_WARNING, "a visitor counts as not signed in", err);
	if (err != NULL && !is_open)
		reply_error(exchange, err);
	else if (!is_open && exchange->account == NULL)
		send_to_sign_in(exchange);
	else if (!is_open && !guard_has_role((enum may)exchange->may, exchange->account->role))
		refuse_role(exchange);
	else if (exchange->method == EVHTTP_REQ_POST && exchange->form == FORM_JSON)
		accept_call(exchange);
	else if (exchange->method == EVHTTP_REQ_POST)
		accept_form(exchange);
	else
		exchange->handle(exchange);
}

void guard_enter(struct exchange *exchange, enum may may,
    void (*handle)(struct exchange *exchange))
{
	exchange->may = may;
	exchange->handle = handle;
	if (may == MAY_ALWAYS ||
	    (may == MAY_SCRAPE && asker_is_direct(exchange, HS_SET_METRICS_FROM)))
		handle(exchange);
	else if (bearer_is_given(exchange))
		bearer_look_up(exchange, decide);
	else
		session_look_up(exchange, decide);
}
