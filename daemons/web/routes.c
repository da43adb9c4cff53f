/* routes.c: method and path to handler, by a table.
 *
 * Trusts server.c to have refused what is no path. A handler answers by reply.h and never
 * writes to the socket. */
#include "daemons/web/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "daemons/web/account_page.h"
#include "daemons/web/account_tokens.h"
#include "daemons/web/audit_page.h"
#include "daemons/web/compare.h"
#include "daemons/web/export.h"
#include "daemons/web/extractors_api.h"
#include "daemons/web/extractor_actions.h"
#include "daemons/web/extractors.h"
#include "daemons/web/choices.h"
#include "daemons/web/guard.h"
#include "daemons/web/health.h"
#include "daemons/web/import_actions.h"
#include "daemons/web/import_download.h"
#include "daemons/web/imports.h"
#include "daemons/web/imports_api.h"
#include "daemons/web/identity_actions.h"
#include "daemons/web/identity_api.h"
#include "daemons/web/identity_page.h"
#include "daemons/web/metrics.h"
#include "daemons/web/player.h"
#include "daemons/web/quality_page.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"
#include "daemons/web/search.h"
#include "daemons/web/sign_in.h"
#include "daemons/web/statics.h"
#include "daemons/web/traffic.h"
#include "daemons/web/upload.h"

struct route {
	unsigned methods;
	const char *path;	/* {id} is a number, {name} a plain one, * at the end anything that is left */
	enum may may;
	void (*handle)(struct exchange *exchange);
	const char *allow;	/* of all rows with this path */
};

#define LOOK EVHTTP_REQ_GET | EVHTTP_REQ_HEAD

static const struct route routes[] = {
	{ LOOK, "/", MAY_BY_SETTING, search_page, "GET, HEAD" },
	{ LOOK, "/choices/*", MAY_BY_SETTING, choices_page, "GET, HEAD" },
	{ LOOK, "/players/{id}", MAY_BY_SETTING, player_page, "GET, HEAD" },
	{ LOOK, "/compare", MAY_BY_SETTING, compare_page, "GET, HEAD" },
	{ LOOK, "/api/v1/players", MAY_BY_SETTING, search_api, "GET, HEAD" },
	{ LOOK, "/api/v1/players/{id}", MAY_BY_SETTING, player_api, "GET, HEAD" },
	{ LOOK, "/api/v1/competitions", MAY_BY_SETTING, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/seasons", MAY_BY_SETTING, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/teams", MAY_BY_SETTING, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/nationalities", MAY_BY_SETTING, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/positions", MAY_BY_SETTING, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/roles", MAY_BY_SETTING, choices_api, "GET, HEAD" },
	{ LOOK, "/api/v1/openapi.json", MAY_BY_SETTING, statics_answer_openapi, "GET, HEAD" },
	{ LOOK, "/api/v1/imports", MAY_SCOUT, imports_api_runs, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/api/v1/imports/now", MAY_ADMIN, import_now_post, "POST" },
	{ LOOK, "/api/v1/imports/files", MAY_SCOUT, imports_api_files, "GET, HEAD" },
	{ LOOK, "/api/v1/imports/files/{id}", MAY_SCOUT, imports_api_file, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/api/v1/imports/files/{id}/retry", MAY_ADMIN, import_retry_post, "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/imports/files/{id}/preview", MAY_ADMIN, import_preview_post,
	    "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/imports/files/{id}/undo", MAY_ADMIN, import_undo_post, "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/imports/files/{id}/delete", MAY_ADMIN, import_delete_post,
	    "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/imports/upload", MAY_ADMIN, upload_api_post, "POST" },
	{ LOOK, "/api/v1/extractors", MAY_SCOUT, extractors_api_list, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/api/v1/extractors/{name}/run", MAY_ADMIN, extractors_api_run, "POST" },
	{ LOOK, "/api/v1/identities", MAY_SCOUT, identity_api_list, "GET, HEAD" },
	{ LOOK, "/api/v1/identities/suggestions", MAY_SCOUT, identity_api_suggestions, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/api/v1/identities/look", MAY_ADMIN, identity_look_post, "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/identities/link", MAY_ADMIN, identity_link_post, "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/identities/unlink", MAY_ADMIN, identity_unlink_post, "POST" },
	{ EVHTTP_REQ_POST, "/api/v1/identities/unlike", MAY_ADMIN, identity_unlike_post, "POST" },
	{ LOOK, "/api/v1/requests/{id}", MAY_SCOUT, request_api, "GET, HEAD" },
	{ LOOK, "/export.*", MAY_BY_SETTING, export_answer, "GET, HEAD" },
	{ LOOK, "/sign-in", MAY_ANYONE, sign_in_page, "GET, HEAD, POST" },
	{ EVHTTP_REQ_POST, "/sign-in", MAY_ANYONE, sign_in_post, "GET, HEAD, POST" },
	{ EVHTTP_REQ_POST, "/sign-out", MAY_SIGNED_IN, sign_out_post, "POST" },
	{ LOOK, "/account", MAY_SIGNED_IN, account_page, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/account/password", MAY_SIGNED_IN, account_password_post, "POST" },
	{ EVHTTP_REQ_POST, "/account/tokens/{id}/revoke", MAY_SIGNED_IN, account_token_revoke_post,
	    "POST" },
	{ LOOK, "/admin/imports", MAY_SCOUT, imports_runs_page, "GET, HEAD" },
	{ LOOK, "/admin/imports/files", MAY_SCOUT, imports_files_page, "GET, HEAD" },
	{ LOOK, "/admin/imports/runs/{id}", MAY_SCOUT, imports_run_page, "GET, HEAD" },
	{ LOOK, "/admin/imports/files/{id}", MAY_SCOUT, imports_file_page, "GET, HEAD" },
	{ LOOK, "/admin/imports/files/{id}/file", MAY_SCOUT, import_download_file, "GET, HEAD" },
	{ LOOK, "/admin/imports/files/{id}/errors", MAY_SCOUT, import_download_errors, "GET, HEAD" },
	{ LOOK, "/admin/imports/files/{id}/undo", MAY_ADMIN, import_undo_page, "GET, HEAD, POST" },
	{ EVHTTP_REQ_POST, "/admin/imports/files/{id}/undo", MAY_ADMIN, import_undo_post,
	    "GET, HEAD, POST" },
	{ EVHTTP_REQ_POST, "/admin/imports/files/{id}/preview", MAY_ADMIN, import_preview_post,
	    "POST" },
	{ LOOK, "/admin/imports/files/{id}/delete", MAY_ADMIN, import_delete_page,
	    "GET, HEAD, POST" },
	{ EVHTTP_REQ_POST, "/admin/imports/files/{id}/delete", MAY_ADMIN, import_delete_post,
	    "GET, HEAD, POST" },
	{ LOOK, "/admin/imports/uploads", MAY_ADMIN, uploads_page, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/admin/imports/upload", MAY_ADMIN, upload_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/imports/now", MAY_ADMIN, import_now_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/imports/files/{id}/retry", MAY_ADMIN, import_retry_post, "POST" },
	{ LOOK, "/admin/quality", MAY_SCOUT, quality_page, "GET, HEAD, POST" },
	{ EVHTTP_REQ_POST, "/admin/quality", MAY_SCOUT, quality_post, "GET, HEAD, POST" },
	{ LOOK, "/api/v1/quality", MAY_SCOUT, quality_api, "GET, HEAD" },
	{ LOOK, "/admin/extractors", MAY_SCOUT, extractors_page, "GET, HEAD" },
	{ LOOK, "/admin/extractors/{name}", MAY_SCOUT, extractors_source_page, "GET, HEAD" },
	{ LOOK, "/admin/extractors/runs/{id}", MAY_SCOUT, extractors_run_page, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/admin/extractors/{name}/run", MAY_ADMIN, extractor_run_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/extractors/{name}/dry-run", MAY_ADMIN, extractor_dry_run_post,
	    "POST" },
	{ EVHTTP_REQ_POST, "/admin/extractors/{name}/cancel", MAY_ADMIN, extractor_cancel_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/extractors/{name}/enable", MAY_ADMIN, extractor_enable_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/extractors/{name}/disable", MAY_ADMIN, extractor_disable_post,
	    "POST" },
	{ LOOK, "/audit", MAY_ADMIN, audit_page, "GET, HEAD" },
	{ LOOK, "/admin/identities", MAY_ADMIN, identity_page, "GET, HEAD" },
	{ EVHTTP_REQ_POST, "/admin/identities/link", MAY_ADMIN, identity_link_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/identities/unlink", MAY_ADMIN, identity_unlink_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/identities/unlike", MAY_ADMIN, identity_unlike_post, "POST" },
	{ EVHTTP_REQ_POST, "/admin/identities/look", MAY_ADMIN, identity_look_post, "POST" },
	{ LOOK, "/health", MAY_ALWAYS, health_answer, "GET, HEAD" },
	{ LOOK, "/health/", MAY_ALWAYS, health_answer, "GET, HEAD" },
	{ LOOK, "/metrics", MAY_SCRAPE, metrics_answer, "GET, HEAD" },
	{ LOOK, "/static/*", MAY_ALWAYS, statics_answer, "GET, HEAD" },
	{ LOOK, "/favicon.ico", MAY_ALWAYS, statics_answer_icon, "GET, HEAD" },
};

/* The number at the beginning of text, up to a '/' or its end; then *ret_rest. */
static bool take_id(const char *text, int64_t *ret_id, const char **ret_rest)
{
	size_t length = strcspn(text, "/");
	struct hs_error ignored = HS_ERROR_INIT;
	char number[16];
	long long id;

	if (length >= sizeof number)
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	if (!hs_parse_int(number, 1, INT32_MAX, "id", &id, &ignored))
		return false;
	*ret_id = id;
	*ret_rest = text + length;
	return true;
}

/* The plain name at the beginning of text, up to a '/' or its end: letters, digits, "_", "-" and
 * ".", which it does not begin with. */
static bool take_name(const char *text, char ret_name[EXCHANGE_NAME_BYTES], const char **ret_rest)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t length = strspn(text, allowed);

	if (length == 0 || length >= EXCHANGE_NAME_BYTES || text[0] == '.' ||
	    (text[length] != '\0' && text[length] != '/'))
		return false;
	memcpy(ret_name, text, length);
	ret_name[length] = '\0';
	*ret_rest = text + length;
	return true;
}

static bool suits(const char *pattern, struct exchange *exchange)
{
	static const char id[] = "{id}", name[] = "{name}";
	const char *path = exchange->path, *rest;
	size_t plain = strcspn(pattern, "{*");

	if (strncmp(pattern, path, plain) != 0)
		return false;
	if (pattern[plain] == '\0')
		return path[plain] == '\0';
	if (pattern[plain] == '*')
		return true;
	if (strncmp(pattern + plain, name, strlen(name)) == 0)
		return take_name(path + plain, exchange->name, &rest) &&
		    strcmp(pattern + plain + strlen(name), rest) == 0;
	return take_id(path + plain, &exchange->id, &rest) &&
	    strcmp(pattern + plain + strlen(id), rest) == 0;
}

static void refuse_method(struct exchange *exchange, const struct route *route)
{
	exchange->reply.allow = route->allow;
	reply_problem(exchange, HTTP_BADMETHOD, (route->methods & EVHTTP_REQ_GET) != 0 ?
	    "This address can only be looked at (GET)." :
	    exchange->form == FORM_JSON ? "This address is only asked to do something (POST)." :
	    "This address only takes forms (POST).", NULL);
}

static void say_nothing_is_here(struct exchange *exchange)
{
	char detail[320];

	snprintf(detail, sizeof detail,
	    "Nothing has this address; %s/api/v1/openapi.json says what there is.", exchange->base);
	reply_problem(exchange, HTTP_NOTFOUND, exchange->form == FORM_JSON ? detail :
	    "No page has this address.", NULL);
}

const char *routes_path(int route)
{
	if (route < 0 || (size_t)route >= HS_COUNT(routes))
		return NULL;
	return routes[route].path;
}

/* A page that is not there has the head of its visitor all the same. */
void routes_handle(struct exchange *exchange)
{
	const struct route *other = NULL;

	for (size_t i = 0; i < HS_COUNT(routes); i++) {
		if (!suits(routes[i].path, exchange))
			continue;
		if (exchange->route == TRAFFIC_NO_ROUTE)
			exchange->route = (int)i;
		if ((routes[i].methods & (unsigned)exchange->method) != 0) {
			guard_enter(exchange, routes[i].may, routes[i].handle);
			return;
		}
		other = &routes[i];
	}
	if (other != NULL)
		refuse_method(exchange, other);
	else if (exchange->form == FORM_PAGE && ((unsigned)exchange->method & (LOOK)) != 0)
		guard_enter(exchange, MAY_ANYONE, say_nothing_is_here);
	else
		say_nothing_is_here(exchange);
}
