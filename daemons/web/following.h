/* following.h: what the pages have in common that follow the importer's or the extractor's work: a
 * request that was asked for, and whether anything moves, so that the page looks again by itself. */
#ifndef WEB_FOLLOWING_H
#define WEB_FOLLOWING_H

#include <stdbool.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/exchange.h"

/* Borrowed. */
struct following {
	const char *self;	/* the address that is asked for */
	bool may_act;		/* an admin looks: then the page has forms */
	const PGresult *moving;	/* what is under way: imports_sql.h, extractors_sql.h */
	const PGresult *request;	/* command_request_look_sql; NULL: none is shown */
};

/* Of a page whose last results are what moves, at that place, and then, if one is shown, the request. */
struct following following_of(const struct exchange *exchange, const char *self,
    PGresult *const *results, size_t moving, bool has_request);

/* Puts "title", "self", "may_act", "request", "is_moving" (work, or a request that is not over) and
 * "moving_text". Takes request and moving_text. False without memory. */
bool following_put(json_t *view, const struct following *following, const char *title,
    json_t *request, bool is_at_work, json_t *moving_text);

/* Answers with the template, or for htmx its fragment. Takes view. Only who may act gets what proves a
 * form; what is shown is nowhere kept. */
void following_show(struct exchange *exchange, const char *template, const char *fragment,
    json_t *view);

#endif
