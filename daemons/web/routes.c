/* routes.c: method and path to handler, by a table.
 *
 * Trusts server.c to have refused what is no path. A handler answers by reply.h and never
 * writes to the socket. */
#include "daemons/web/routes.h"

#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "daemons/web/compare.h"
#include "daemons/web/export.h"
#include "daemons/web/choices.h"
#include "daemons/web/health.h"
#include "daemons/web/player.h"
#include "daemons/web/reply.h"
#include "daemons/web/search.h"
#include "daemons/web/statics.h"

/* Whether the asker may; answers itself when not. */
typedef bool guard_fn(struct exchange *exchange);

struct route {
	unsigned methods;
	const char *path;	/* {id} is a number, * is anything that is left */
	guard_fn *guard;
	void (*handle)(struct exchange *exchange);
	const char *allow;
};

static bool everyone(struct exchange *exchange)
{
	(void)exchange;
	return true;
}

#define LOOK EVHTTP_REQ_GET | EVHTTP_REQ_HEAD

static const struct route routes[] = {
	{ LOOK, "/", everyone, search_page, "GET, HEAD" },
	{ LOOK, "/choices/*", everyone, choices_page, "GET, HEAD" },
	{ LOOK, "/players/{id}", everyone, player_page, "GET, HEAD" },
	{ LOOK, "/compare", everyone, compare_page, "GET, HEAD" },
	{ LOOK, "/api/v1/players", everyone, search_api, "GET, HEAD" },
	{ LOOK, "/api/v1/players/{id}", everyone, player_api, "GET, HEAD" },
	{ LOOK, "/api/v1/competitions", everyone, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/seasons", everyone, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/teams", everyone, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/nationalities", everyone, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/positions", everyone, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/roles", everyone, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/openapi.json", everyone, statics_answer_openapi, "GET, HEAD" },
	{ LOOK, "/export.*", everyone, export_answer, "GET, HEAD" },
	{ LOOK, "/health", everyone, health_answer, "GET, HEAD" },
	{ LOOK, "/health/", everyone, health_answer, "GET, HEAD" },
	{ LOOK, "/static/*", everyone, statics_answer, "GET, HEAD" },
	{ LOOK, "/favicon.ico", everyone, statics_answer_icon, "GET, HEAD" },
};

static bool suits(const char *pattern, const char *path, int64_t *ret_id)
{
	size_t plain = strcspn(pattern, "{*");
	struct hs_error ignored = HS_ERROR_INIT;
	long long id;

	if (strncmp(pattern, path, plain) != 0)
		return false;
	if (pattern[plain] == '\0')
		return path[plain] == '\0';
	if (pattern[plain] == '*')
		return true;
	if (!hs_parse_int(path + plain, 1, INT32_MAX, "id", &id, &ignored))
		return false;
	*ret_id = id;
	return true;
}

void routes_handle(struct exchange *exchange)
{
	for (size_t i = 0; i < HS_COUNT(routes); i++) {
		if (!suits(routes[i].path, exchange->path, &exchange->id))
			continue;
		if ((routes[i].methods & (unsigned)exchange->method) == 0) {
			exchange->reply.allow = routes[i].allow;
			reply_problem(exchange, HTTP_BADMETHOD,
			    "This address can only be looked at (GET).", NULL);
		} else if (routes[i].guard(exchange)) {
			routes[i].handle(exchange);
		}
		return;
	}
	reply_problem(exchange, HTTP_NOTFOUND, exchange->form == FORM_JSON ?
	    "Nothing has this address; /api/v1/openapi.json says what there is." :
	    "No page has this address.", NULL);
}
