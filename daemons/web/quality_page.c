/* quality_page.c: shows what is kept, at once, and has a newer one made when it is time to.
 *
 * Asks the database for the data's version alone. */
#include "daemons/web/quality_page.h"

#include <stdlib.h>

#include "common/db.h"
#include "common/log.h"
#include "daemons/web/account.h"
#include "daemons/web/csrf.h"
#include "daemons/web/data_version.h"
#include "daemons/web/notice.h"
#include "daemons/web/quality.h"
#include "daemons/web/quality_query.h"
#include "daemons/web/quality_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

/* Begins a newer one, and then tells what there is. False after having answered. */
static bool look(struct exchange *exchange, PGresult *const *results, const struct hs_error *err,
    struct quality_shown *ret)
{
	struct quality *quality = exchange->web->quality;
	const struct quality_query *query = exchange->work;

	if (err != NULL) {
		reply_error(exchange, err);
		return false;
	}
	ret->newest = hs_db_int(results[0], 0, 0);
	ret->query = *query;
	quality_visit(quality, ret->newest);
	ret->report = quality_kept(quality);
	quality_look(quality, &ret->progress);
	return true;
}

static void on_page_version(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct quality_shown shown;
	json_t *view;

	(void)count;
	if (!look(exchange, results, err, &shown))
		return;
	if (exchange->form == FORM_FRAGMENT) {
		exchange->reply.is_secret = true;
		reply_page(exchange, HTTP_OK, "quality/state", quality_view_state(&shown, true));
		return;
	}
	view = quality_view_page(&shown);
	reply_page(exchange, HTTP_OK, "quality",
	    view_or_nothing(view, view != NULL && csrf_put(exchange, view)));
}

static void on_api_version(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	struct quality_shown shown;

	(void)count;
	if (look(exchange, results, err, &shown))
		reply_json(exchange, HTTP_OK, quality_view_api(&shown));
}

static void start(struct exchange *exchange, exchange_done_fn *done)
{
	static const struct hs_db_statement version = DATA_VERSION_STATEMENT;
	struct quality_query *query = malloc(sizeof *query);
	struct hs_error err = HS_ERROR_INIT;

	exchange->work = query;
	exchange->work_free = free;
	if (query == NULL)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a page");
	else if (quality_query_read(exchange->query, query, &err)) {
		exchange_ask(exchange, &version, 1, done);
		return;
	}
	reply_error(exchange, &err);
}

void quality_page(struct exchange *exchange)
{
	start(exchange, on_page_version);
}

void quality_api(struct exchange *exchange)
{
	start(exchange, on_api_version);
}

static void begin(struct exchange *exchange)
{
	hs_log(HS_LOG_INFO, "the quality of the data is asked for anew",
	    HS_STR("account", exchange->account->name));
	quality_begin(exchange->web->quality);
}

void quality_api_post(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;

	if (!query_string_refuse(exchange->query, &err)) {
		reply_error(exchange, &err);
		return;
	}
	begin(exchange);
	reply_json(exchange, REPLY_ACCEPTED, json_pack("{s:b}", "is_computing", 1));
}

void quality_post(struct exchange *exchange)
{
	begin(exchange);
	notice_reply(exchange, "/admin/quality", NOTICE_DONE,
	    "The quality of the data is being found out anew.");
}
