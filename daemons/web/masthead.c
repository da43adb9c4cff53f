/* masthead.c: pure; who may follow a link is decided by the routes, not here. */
#include "daemons/web/masthead.h"

#include <string.h>

#include "daemons/web/account.h"
#include "daemons/web/guard.h"
#include "daemons/web/values.h"

/* In this order. may: as the route of path has it. */
static const struct { const char *path; enum may may; const char *text; } links[] = {
	{ "/admin/imports", MAY_SCOUT, "Imports" },
	{ "/admin/quality", MAY_SCOUT, "Quality" },
	{ "/admin/identities", MAY_ADMIN, "Who is who" },
	{ "/audit", MAY_ADMIN, "Audit trail" },
};

/* The page itself, and those below it. */
static bool is_here(const struct exchange *exchange, const char *path)
{
	size_t length = strlen(path);

	return strncmp(exchange->path, path, length) == 0 &&
	    (exchange->path[length] == '\0' || exchange->path[length] == '/');
}

static json_t *links_for(const struct exchange *exchange)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < HS_COUNT(links); i++) {
		if (!guard_has_role(links[i].may, exchange->account->role))
			continue;
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "path",
			links[i].path, "text", links[i].text, "is_here",
			is_here(exchange, links[i].path))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

bool masthead_put(const struct exchange *exchange, json_t *data)
{
	const struct account *account = exchange->account;

	if (account == NULL)
		return view_put(data, "visitor", json_null());
	return view_put(data, "visitor", json_pack("{s:s, s:s, s:b, s:b, s:o}", "name",
	    account->name, "role", hs_role_name(account->role), "is_scout",
	    account->role >= HS_ROLE_SCOUT, "is_admin", account->role == HS_ROLE_ADMIN, "links",
	    links_for(exchange)));
}
