/* identity_page.c: trusts guard.c that an admin asks, and that his forms are his.
 *
 * A change is one statement of common/identity.h, at the primary, with its entry in the audit
 * trail. It waits for a file that is being merged; when that takes too long nothing was changed, and the
 * page says so. Looking through all players is the importer's: it is asked by the database. */
#include "daemons/web/identity_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/identity.h"
#include "common/number.h"
#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/asking.h"
#include "daemons/web/csrf.h"
#include "daemons/web/fields.h"
#include "daemons/web/figures.h"
#include "daemons/web/identity_view.h"
#include "daemons/web/notice.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { PATH_BYTES = 64, NUMBER_BYTES = 24, CHANGE_MS = 20000, ASK_MS = 15000 };

#define PAGE "/admin/identities"

/* ---- the page ---- */

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	long long *player = arg;

	if (strcmp(name, "player") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "This page takes the parameter player alone: leave '%.60s' out.", name);
	return hs_parse_int(value, 1, INT32_MAX, "player", player, err);
}

static void on_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	json_t *view;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	view = identity_view_new(results);
	if (view != NULL && !csrf_put(exchange, view)) {
		json_decref(view);
		view = NULL;
	}
	reply_page(exchange, HTTP_OK, "identities", view);
}

void identity_page(struct exchange *exchange)
{
	char person[NUMBER_BYTES], shown[NUMBER_BYTES];
	long long player = 0;
	const char *const asked[] = { person };
	const char *const suggested[] = { shown };
	const char *const listed[] = { NULL, shown };
	const struct hs_db_statement statements[IDENTITY_RESULTS] = {
		[IDENTITY_ASKED] = { identity_asked_sql, asked, 1 },
		[IDENTITY_LOOKED] = { hs_identity_looked_sql, NULL, 0 },
		[IDENTITY_LOOKING] = { identity_looking_sql, NULL, 0 },
		[IDENTITY_PAIRS] = { hs_identity_suggest_sql, suggested, 1 },
		[IDENTITY_PEOPLE] = { hs_identity_list_sql, listed, 2 },
	};
	struct hs_error err = HS_ERROR_INIT;

	if (!query_string_read(exchange->query, on_parameter, &player, &err)) {
		reply_error(exchange, &err);
		return;
	}
	snprintf(person, sizeof person, "%lld", player);
	snprintf(shown, sizeof shown, "%d", (int)IDENTITY_SHOWN);
	if (!exchange_ask_primary(exchange, statements, IDENTITY_RESULTS, on_found, &err))
		reply_error(exchange, &err);
}

/* ---- changes ---- */

/* Where the form stood. */
static const char *back_of(const struct exchange *exchange, char buf[PATH_BYTES])
{
	struct hs_error ignored = HS_ERROR_INIT;
	long long player;

	strcpy(buf, PAGE);
	if (hs_parse_int(field_of(exchange, "back"), 1, INT32_MAX, "back", &player, &ignored))
		snprintf(buf, PATH_BYTES, PAGE "?player=%lld", player);
	return buf;
}

struct work {
	struct hs_identity_change change;	/* borrows from the fields and the account */
	struct asker asker;
};

static void refuse(struct exchange *exchange, const struct hs_error *err)
{
	char text[NOTICE_TEXT_BYTES], path[PATH_BYTES];

	snprintf(text, sizeof text, "Nothing was changed: %.360s.", err->message);
	notice_reply(exchange, back_of(exchange, path), NOTICE_PROBLEM, text);
}

static void on_changed(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *why)
{
	static const char *const said[] = {
		[HS_IDENTITY_LINK] = "are one person now",
		[HS_IDENTITY_UNLINK] = "stands for himself again",
		[HS_IDENTITY_UNLIKE] = "are not suggested again",
	};
	const struct work *work = exchange->work;
	struct hs_error err = HS_ERROR_INIT;
	char text[NOTICE_TEXT_BYTES], path[PATH_BYTES];
	int64_t person;

	(void)count;
	if (why != NULL && (why->code == HS_TIMEOUT || why->code == HS_CANCELLED)) {
		hs_error_set(&err, HS_BUSY, "",
		    "a file is being imported; please try again when it is done");
		refuse(exchange, &err);
	} else if (why != NULL) {
		reply_error(exchange, why);
	} else if (!hs_identity_outcome(&work->change, results[0], &person, &err)) {
		refuse(exchange, &err);
	} else {
		bool has_other = work->change.verb != HS_IDENTITY_UNLINK;

		snprintf(text, sizeof text, "%.150s%s%.150s %s.", work->change.player,
		    has_other ? " and " : "", has_other ? work->change.other : "",
		    said[work->change.verb]);
		notice_reply(exchange, back_of(exchange, path), NOTICE_DONE, text);
	}
}

static void change(struct exchange *exchange, enum hs_identity_verb verb)
{
	const char *reason = field_of(exchange, "reason");
	const char *values[HS_IDENTITY_VALUES];
	struct hs_db_statement statement = { .values = values };
	struct work *work = calloc(1, sizeof *work);
	struct hs_error err = HS_ERROR_INIT;

	if (work == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a change");
		reply_error(exchange, &err);
		return;
	}
	exchange->work = work;
	exchange->work_free = free;
	asker_of(exchange, &work->asker);
	work->change = (struct hs_identity_change){ .verb = verb,
		.player = field_of(exchange, "player"), .other = field_of(exchange, "other"),
		.actor = exchange->account->name, .address = work->asker.address,
		.reason = reason[0] != '\0' ? reason : NULL };
	exchange->patience_ms = CHANGE_MS;
	if (!hs_identity_statement(&work->change, &statement.sql, values, &statement.count, &err))
		refuse(exchange, &err);
	else if (!exchange_ask_primary(exchange, &statement, 1, on_changed, &err))
		reply_error(exchange, &err);
}

void identity_link_post(struct exchange *exchange)
{
	change(exchange, HS_IDENTITY_LINK);
}

void identity_unlink_post(struct exchange *exchange)
{
	change(exchange, HS_IDENTITY_UNLINK);
}

void identity_unlike_post(struct exchange *exchange)
{
	change(exchange, HS_IDENTITY_UNLIKE);
}

/* ---- looking anew ---- */

static void on_asked(struct exchange *exchange, int64_t request, const struct hs_error *err)
{
	char path[PATH_BYTES];

	(void)request;
	if (err == NULL)
		notice_reply(exchange, back_of(exchange, path), NOTICE_DONE,
		    "All players are being looked through.");
	else if (err->code == HS_BUSY)
		refuse(exchange, err);
	else
		reply_error(exchange, err);
}

void identity_look_post(struct exchange *exchange)
{
	asking_start(exchange, HS_CMD_IDENTITY_SUGGEST, json_pack("{s:b}", "new", 1), on_asked);
}
