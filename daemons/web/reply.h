/* reply.h: what a handler answers: a page, JSON, or a problem in the form the asker reads.
 *
 * Each fills exchange->reply and ends with exchange_answer: it takes the exchange. */
#ifndef WEB_REPLY_H
#define WEB_REPLY_H

#include <jansson.h>

#include "common/error.h"
#include "daemons/web/exchange.h"

enum { REPLY_RETRY_SECONDS = 5, REPLY_SEE_OTHER = 303 };

/* Renders a template. Takes data, an object, NULL when there was no memory for it. The common
 * members (assets; visitor, who is signed in: masthead.h; notice: notice.h) are added here. A 200
 * gets an ETag, and is a 304 when the client has it, unless reply.is_secret: then no-store. */
void reply_page(struct exchange *exchange, int status, const char *template, json_t *data);

/* Takes body; NULL when there was no memory for it. Numbers have at most five digits, two of
 * them decimals. */
void reply_json(struct exchange *exchange, int status, json_t *body);

/* The address that htmx puts into the browser's bar, or "false". Copied; false when there is no
 * memory for it, or url is NULL or longer than an address may be: then there is none. */
bool reply_push_url(struct exchange *exchange, const char *url);

/* Leads the browser to another page of ours: a 303. path NULL: there was no memory for it. */
void reply_see_other(struct exchange *exchange, const char *path);

/* What went wrong, as a page, a fragment or application/problem+json. parameter names the
 * one at fault, or is NULL. */
void reply_problem(struct exchange *exchange, int status, const char *detail,
    const char *parameter);

/* The same from an error; logs it when it is ours. */
void reply_error(struct exchange *exchange, const struct hs_error *err);

/* The same of a search that is refused: the page leads to what is left of it without that. */
void reply_search_error(struct exchange *exchange, const struct hs_error *err);

/* Whether the client's If-None-Match names reply.etag; then the reply is a 304. */
bool reply_if_changed(struct exchange *exchange);

/* "Not Found" for 404. */
const char *reply_reason(int status);

#endif
