/* main.c: hsd-web: searches, pages and the API over HTTP.
 *
 * Trusts the supervisor (sockets, settings) and the database's rows; trusts no client.
 * Every query runs on the event base and none blocks it. With the database away it stays
 * up and says so; it cannot start without templates, static files and a socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/child.h"
#include "common/log.h"
#include "common/text.h"
#include "common/tls.h"
#include "daemons/web/account.h"
#include "daemons/web/account_commands.h"
#include "daemons/web/answers.h"
#include "daemons/web/catalog.h"
#include "daemons/web/export.h"
#include "daemons/web/health.h"
#include "daemons/web/metrics.h"
#include "daemons/web/quality.h"
#include "daemons/web/quality_commands.h"
#include "daemons/web/replicas.h"
#include "daemons/web/server.h"
#include "daemons/web/statics.h"
#include "daemons/web/traffic.h"
#include "daemons/web/upload.h"
#include "daemons/web/web.h"

enum { FIRST_ANSWER_MS = 2000, MOST_HANDLERS = 64 };

static bool load_templates(const struct web *web, struct hs_templates **ret, struct hs_error *err)
{
	struct hs_templates *templates = NULL;
	char path[4096];

	if (!hs_format(path, sizeof path, err, "%s/templates",
		hs_setting_text(hs_child_settings(web->child), HS_SET_DATA_DIR)) ||
	    !hs_templates_load(path, &templates, err))
		return false;
	if (!hs_templates_set_base(templates, web->base_path, err)) {
		hs_templates_free(templates);
		return false;
	}
	*ret = templates;
	return true;
}

static void web_free(void *app)
{
	struct web *web = app;

	if (web == NULL)
		return;
	server_free(web->server);
	exports_free(web->exports);
	uploads_free(web->uploads);
	replicas_free(web->replicas);
	quality_free(web->quality);
	accounts_free(web->accounts);
	answers_free(web->answers);
	catalog_free(web->catalog);
	hs_db_pool_free(web->pool);
	hs_settings_free(web->settings);
	statics_free(web->statics);
	hs_templates_free(web->templates);
	hs_tls_free(web->tls);
	free(web->base_path);
	scrapes_free(web->scrapes);
	traffic_free(web->traffic);
	free(web);
}

/* Ready is who has met the database, or has waited long enough to say that it is away. */
static void on_first_answer(void *arg, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)results;
	(void)count;
	if (err != NULL)
		hs_log_error(HS_LOG_WARNING, "starting without the database", err);
	hs_child_ready(arg);
}

static bool meet_database(struct web *web, struct hs_error *err)
{
	static const struct hs_db_statement question = { .sql = "select 1" };

	return hs_db_pool_submit(web->pool, &question, 1, FIRST_ANSWER_MS, on_first_answer,
	    web->child, NULL, err);
}

static bool web_start(struct hs_child *child, void **ret_app, struct hs_error *err)
{
	const struct hs_settings *settings = hs_child_settings(child);
	struct web *web = calloc(1, sizeof *web);

	if (web == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start");
	if ((web->catalog = catalog_new()) == NULL ||
	    (web->base_path = strdup(hs_setting_text(settings, HS_SET_BASE_PATH))) == NULL) {
		web_free(web);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to start");
	}
	web->child = child;
	web->base = hs_child_base(child);
	if (!hs_tls_new(settings, &web->tls, err) || !load_templates(web, &web->templates, err) ||
	    !statics_load(settings, web->base_path, &web->statics, err) ||
	    !health_count_migrations(settings, &web->migrations, err) ||
	    !hs_settings_load(NULL, &web->settings, err) ||
	    !hs_db_pool_new(web->base, web->settings, HS_DB_READER, "hsd-web",
		(size_t)hs_setting_int(web->settings, HS_SET_WEB_DB_CONNECTIONS), &web->pool,
		err) ||
	    !accounts_new(web->base, web->settings, &web->accounts, err) ||
	    !answers_new(web->base, web->settings, web->catalog, &web->answers, err) ||
	    !exports_new(web->base, &web->exports, err) ||
	    !uploads_new(web->base, &web->uploads, err) ||
	    !quality_new(web->base, web->settings, &web->quality, err) ||
	    !replicas_new(web, &web->replicas, err) ||
	    !traffic_new(&web->traffic, err) || !scrapes_new(web, &web->scrapes, err) ||
	    !server_new(web, &web->server, err) || !meet_database(web, err)) {
		web_free(web);
		return false;
	}
	*ret_app = web;
	return true;
}

static void on_stopped(void *arg)
{
	hs_child_stopped(arg);
}

static void web_stop(void *app)
{
	struct web *web = app;

	uploads_stop(web->uploads);
	server_stop(web->server, on_stopped, web->child);
}

/* The certificate is not needed where it is not used, but one that is used must not go away. */
static bool renew_tls(const struct web *web, struct hs_tls **ret, struct hs_error *err)
{
	if (!hs_tls_new(hs_child_settings(web->child), ret, err))
		return false;
	return *ret != NULL || web->tls == NULL || !server_speaks_tls(web->server) ||
	    hs_error_set(err, HS_BAD_SETTING, "HOOPSCOUT_TLS_CERTIFICATE",
		"it is empty now, and an address for HTTPS is open: the old one stays");
}

/* All or nothing: a page and its style sheet belong together. */
static bool web_reload(void *app, struct hs_error *err)
{
	struct web *web = app;
	const struct hs_settings *settings = hs_child_settings(web->child);
	struct hs_templates *templates = NULL;
	struct statics *statics = NULL;
	struct hs_tls *tls = NULL;

	web->reload_problem[0] = '\0';
	if (!renew_tls(web, &tls, err) || !load_templates(web, &templates, err) ||
	    !statics_load(settings, web->base_path, &statics, err)) {
		snprintf(web->reload_problem, sizeof web->reload_problem, "%s", err->message);
		hs_templates_free(templates);
		hs_tls_free(tls);
		return false;
	}
	hs_tls_free(web->tls);
	web->tls = tls;
	hs_templates_free(web->templates);
	statics_free(web->statics);
	web->templates = templates;
	web->statics = statics;
	answers_reload(web->answers, settings);
	return true;
}

static json_t *web_status(void *app)
{
	const struct web *web = app;
	struct hs_db_pool_state pool;
	struct answers_state answers;
	struct server_state server;

	const char *problem = "";

	server_look(web->server, &server);
	answers_look(web->answers, &answers);
	hs_db_pool_look(web->pool, &pool);
	if (!pool.usable)
		problem = pool.last.message;
	else if (replicas_without_primary(web->replicas))
		problem = "no host of POSTGRES_HOST is the primary: nothing can be written";
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I},"
	    " s:{s:I, s:I, s:I, s:b, s:s, s:o*}}", "https", hs_tls_status(web->tls), "reload_problem",
	    web->reload_problem, "requests",
	    (json_int_t)server.requests, "in_hand", (json_int_t)server.in_hand, "connections",
	    (json_int_t)server.connections, "answers", "version",
	    (json_int_t)answers.version, "kept", (json_int_t)answers.count, "bytes",
	    (json_int_t)answers.bytes, "hits", (json_int_t)answers.hits, "misses",
	    (json_int_t)answers.misses, "database", "open", (json_int_t)pool.open, "busy",
	    (json_int_t)pool.busy, "waiting", (json_int_t)pool.waiting, "usable",
	    problem[0] == '\0', "message", problem, "hosts",
	    replicas_json(web->replicas));
}

/* Of several files one list. */
static size_t add_handlers(struct hs_child_handler *all, size_t count,
    const struct hs_child_handler *more, size_t more_count)
{
	if (count + more_count > MOST_HANDLERS)
		hs_panic("hsd-web has more than %d commands", (int)MOST_HANDLERS);
	memcpy(all + count, more, more_count * sizeof *more);
	return count + more_count;
}

int main(int argc, char **argv)
{
	struct hs_child_handler handlers[MOST_HANDLERS];
	size_t count = add_handlers(handlers, 0, account_handlers, account_handler_count);
	const struct hs_child_spec spec = {
		.process = HS_PROC_WEB,
		.help = "Serves HoopScout's pages and its API over HTTP, on the sockets that "
			"hsd-supervisor binds.",
		.start = web_start,
		.stop = web_stop,
		.reload = web_reload,
		.status = web_status,
		.free = web_free,
		.takes_requests = true,
		.handlers = handlers,
		.handler_count = add_handlers(handlers, count, quality_handlers,
		    quality_handler_count),
	};

	return hs_child_run(&spec, argc, argv);
}
