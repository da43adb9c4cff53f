/* reply.c: fills replies: pages by template, JSON, and problems.
 *
 * Trusts handlers, not templates: one that fails to render becomes a plain 500. A problem's
 * detail is for the asker; what only we should know goes to the log. */
#include "daemons/web/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/log.h"
#include "common/template.h"
#include "common/text.h"
#include "daemons/web/figures.h"
#include "daemons/web/masthead.h"
#include "daemons/web/notice.h"
#include "daemons/web/replicas.h"
#include "daemons/web/search_query.h"
#include "daemons/web/statics.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { ETAG_BYTES = 16 };

static const struct { int status; const char *reason, *heading; } statuses[] = {
	{ 200, "OK", "" },
	{ 202, "Accepted", "" },
	{ 303, "See Other", "" },
	{ 304, "Not Modified", "" },
	{ 400, "Bad Request", "This request cannot be understood" },
	{ 401, "Unauthorized", "You are not signed in" },
	{ 403, "Forbidden", "This is not allowed" },
	{ 404, "Not Found", "There is nothing here" },
	{ 405, "Method Not Allowed", "That cannot be done here" },
	{ 413, "Content Too Large", "This is too much" },
	{ 415, "Unsupported Media Type", "This is not understood" },
	{ 422, "Unprocessable Content", "This was not accepted" },
	{ 429, "Too Many Requests", "Please wait a moment" },
	{ 500, "Internal Server Error", "Something went wrong on our side" },
	{ 503, "Service Unavailable", "Not at the moment" },
};

static const char *heading_of(int status)
{
	for (size_t i = 0; i < HS_COUNT(statuses); i++) {
		if (statuses[i].status == status)
			return statuses[i].heading;
	}
	return "";
}

const char *reply_reason(int status)
{
	for (size_t i = 0; i < HS_COUNT(statuses); i++) {
		if (statuses[i].status == status)
			return statuses[i].reason;
	}
	return "Unknown";
}

/* ETags. */

/* Page and fragment differ in their bodies, and so in their hashes. */
static void set_etag(struct exchange *exchange)
{
	static const char digits[] = "0123456789abcdef";
	struct reply *reply = &exchange->reply;
	size_t length = evbuffer_get_length(reply->body);
	const unsigned char *bytes = evbuffer_pullup(reply->body, -1);
	unsigned char hash[EVP_MAX_MD_SIZE];
	char *end = reply->etag;

	reply->etag[0] = '\0';
	if (bytes == NULL || EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL) != 1)
		return;
	*end++ = '"';
	for (size_t i = 0; i < ETAG_BYTES; i++) {
		*end++ = digits[hash[i] >> 4];
		*end++ = digits[hash[i] & 15];
	}
	*end++ = '"';
	*end = '\0';
}

/* If-None-Match: "a", W/"b", or *. */
static bool names_etag(const char *list, const char *etag)
{
	size_t length = strlen(etag);

	while (*list != '\0') {
		list += strspn(list, " \t,");
		if (list[0] == '*')
			return true;
		if (list[0] == 'W' && list[1] == '/')
			list += 2;
		if (strncmp(list, etag, length) == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool reply_if_changed(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;
	const char *list = exchange_header(exchange, "If-None-Match");

	if (reply->etag[0] == '\0' || list == NULL || !names_etag(list, reply->etag))
		return false;
	reply->status = HTTP_NOTMODIFIED;
	return true;
}

/* Pages. */

static void drain(struct evbuffer *body)
{
	if (evbuffer_drain(body, evbuffer_get_length(body)) != 0)
		hs_panic("a reply's body cannot be emptied");
}

/* When even the page that says so cannot be made. */
static void answer_plainly(struct exchange *exchange)
{
	static const char text[] = "Something went wrong on our side; the log says what.\n";

	drain(exchange->reply.body);
	exchange->reply.status = HTTP_INTERNAL;
	exchange->reply.type = "text/plain; charset=utf-8";
	exchange->reply.cache = NULL;
	exchange->reply.etag[0] = '\0';
	if (evbuffer_add_reference(exchange->reply.body, text, sizeof text - 1, NULL, NULL) != 0)
		exchange->reply.close = true;
	exchange_answer(exchange);
}

/* What every page shows beside its own. Before the reply's cache is decided: a notice is a
 * secret. */
static bool put_frame(struct exchange *exchange, json_t *data)
{
	return json_object_set(data, "assets", statics_assets(exchange->web->statics)) == 0 &&
	    masthead_put(exchange, data) &&
	    (exchange->form != FORM_PAGE || view_put(data, "notice", notice_take(exchange)));
}

void reply_page(struct exchange *exchange, int status, const char *template, json_t *data)
{
	struct web *web = exchange->web;
	struct reply *reply = &exchange->reply;
	struct hs_error err = HS_ERROR_INIT;

	reply->status = status;
	reply->type = "text/html; charset=utf-8";
	if (data == NULL || !put_frame(exchange, data))
		hs_error_set(&err, HS_NO_MEMORY, template, "no memory for a page");
	else
		hs_template_render(web->templates, template, data, reply->body, &err);
	json_decref(data);
	reply->cache = status == HTTP_OK && !reply->is_secret ? "private, no-cache" : NULL;
	if (err.code != HS_OK) {
		hs_log_error(HS_LOG_ERROR, "cannot render a page", &err);
		answer_plainly(exchange);
		return;
	}
	if (reply->cache != NULL) {
		set_etag(exchange);
		reply_if_changed(exchange);
	}
	exchange_answer(exchange);
}

static void fill_json(struct exchange *exchange, int status, const char *type, json_t *body)
{
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(FIGURE_DIGITS);
	char *text = body != NULL ? json_dumps(body, flags) : NULL;
	struct reply *reply = &exchange->reply;

	json_decref(body);
	reply->status = status;
	reply->type = type;
	if (text == NULL || evbuffer_add(reply->body, text, strlen(text)) != 0) {
		free(text);
		answer_plainly(exchange);
		return;
	}
	free(text);
	if (status == HTTP_OK && reply->cache != NULL) {
		set_etag(exchange);
		reply_if_changed(exchange);
	}
	exchange_answer(exchange);
}

void reply_json(struct exchange *exchange, int status, json_t *body)
{
	fill_json(exchange, status, "application/json", body);
}

/* Problems. */

bool reply_push_url(struct exchange *exchange, const char *url)
{
	char *copy = url != NULL && strlen(url) < EXCHANGE_URL_BYTES ? strdup(url) : NULL;

	free(exchange->reply.push_url);
	exchange->reply.push_url = copy;
	return copy != NULL;
}

void reply_see_other(struct exchange *exchange, const char *path)
{
	struct reply *reply = &exchange->reply;

	if (!reply_push_url(exchange, path)) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, "Not enough memory; please try again.",
		    NULL);
		return;
	}
	reply->status = REPLY_SEE_OTHER;
	exchange_answer(exchange);
}

/* A link, or null. */
static json_t *way_on(const struct exchange *exchange)
{
	const struct reply *reply = &exchange->reply;

	if (reply->way_on == NULL)
		return json_null();
	return json_pack("{s:s, s:s}", "url", reply->way_on, "text", reply->way_on_says);
}

void reply_problem(struct exchange *exchange, int status, const char *detail,
    const char *parameter)
{
	json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s*}", "type", "about:blank", "title",
	    reply_reason(status), "status", status, "detail", detail, "parameter", parameter);

	if (status == HTTP_SERVUNAVAIL)
		exchange->reply.retry_after = REPLY_RETRY_SECONDS;
	if (exchange->form == FORM_JSON) {
		fill_json(exchange, status, "application/problem+json", problem);
		return;
	}
	reply_push_url(exchange, "false");
	problem = view_or_nothing(problem, problem != NULL &&
	    view_put(problem, "heading", json_string(heading_of(status))) &&
	    view_put(problem, "way_on", way_on(exchange)));
	reply_page(exchange, status,
	    exchange->form == FORM_FRAGMENT ? "problem_fragment" : "problem", problem);
}

void reply_search_error(struct exchange *exchange, const struct hs_error *err)
{
	if (err->code == HS_BAD_ARGUMENT && exchange->form == FORM_PAGE) {
		exchange->reply.way_on = search_query_way_on(exchange->query, false);
		exchange->reply.way_on_says = "Back to the search without it";
	}
	reply_error(exchange, err);
}

static const char without_primary[] = "The database is passing from one server to another, which "
    "takes a few seconds. Searches go on meanwhile; please try this again in a moment.";

void reply_error(struct exchange *exchange, const struct hs_error *err)
{
	switch (err->code) {
	case HS_BAD_ARGUMENT:
	case HS_BAD_UTF8:
	case HS_TOO_LONG:
		reply_problem(exchange, HTTP_BADREQUEST, err->message,
		    err->where[0] != '\0' ? err->where : NULL);
		return;
	case HS_NOT_FOUND:
		reply_problem(exchange, HTTP_NOTFOUND, err->message, NULL);
		return;
	case HS_TIMEOUT:
	case HS_CANCELLED:
		hs_log_error(HS_LOG_WARNING, "a query took too long", err);
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "The database did not answer in time. Please try again, or narrow the search.",
		    NULL);
		return;
	case HS_DB_AWAY:
	case HS_DB_CONFLICT:
	case HS_BUSY:
	case HS_LIMIT:
	case HS_NO_MEMORY:
		hs_log_error(HS_LOG_WARNING, "a query could not be run", err);
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    replicas_without_primary(exchange->web->replicas) ? without_primary
			: "The database cannot be asked just now. Please try again in a moment.",
		    NULL);
		return;
	default:
		break;
	}
	hs_log_error(HS_LOG_ERROR, "a query failed", err);
	if (strstr(err->message, "42P01") != NULL)	/* undefined table */
		reply_problem(exchange, HTTP_SERVUNAVAIL,
		    "The database is not set up yet: its migrations are missing (hsctl migrate).",
		    NULL);
	else
		reply_problem(exchange, HTTP_INTERNAL,
		    "The request could not be answered; the log says why.", NULL);
}
