/* identity_actions.c: trusts guard.c that an admin asks, and that his forms are his.
 *
 * A change is one statement of common/identity.h, at the primary, with its entry in the audit
 * trail. It waits for a file that is being merged, on a connection of its own; when that takes too
 * long the answer says that it may have been done: the database may have been at its end when we
 * gave up. Looking through all players is the importer's: it is asked by the
 * database. */
#include "daemons/web/identity_actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/identity.h"
#include "common/number.h"
#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/asking.h"
#include "daemons/web/fields.h"
#include "daemons/web/notice.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"

enum { PATH_BYTES = 64, CHANGE_MS = 20000, STATUS_REFUSED = 422 };
enum { PLAYER, OTHER, REASON, PARAMETERS };

#define PAGE "/admin/identities"

struct work {
	enum hs_identity_verb verb;
	struct hs_identity_change change;	/* borrows from given or the fields, and the account */
	char *given[PARAMETERS];		/* of a call */
	struct asker asker;
};

static void work_free(void *arg)
{
	struct work *work = arg;

	for (size_t i = 0; i < PARAMETERS; i++)
		free(work->given[i]);
	free(work);
}

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

/* ---- what came of it ---- */

static void refuse(struct exchange *exchange, const struct hs_error *err)
{
	char text[NOTICE_TEXT_BYTES], path[PATH_BYTES];

	if (exchange->form != FORM_JSON) {
		snprintf(text, sizeof text, "%s%.360s.", err->code == HS_TIMEOUT ? "" :
		    "Nothing was changed: ", err->message);
		notice_reply(exchange, back_of(exchange, path), NOTICE_PROBLEM, text);
	} else if (err->code == HS_EXISTS || err->code == HS_LIMIT) {
		reply_problem(exchange, STATUS_REFUSED, err->message, NULL);
	} else if (err->code == HS_BUSY || err->code == HS_TIMEOUT) {
		reply_problem(exchange, HTTP_SERVUNAVAIL, err->message, NULL);
	} else {
		reply_error(exchange, err);
	}
}

static void say_done(struct exchange *exchange)
{
	static const char *const said[] = {
		[HS_IDENTITY_LINK] = "are one person now",
		[HS_IDENTITY_UNLINK] = "stands alone again",
		[HS_IDENTITY_UNLIKE] = "are not suggested again",
	};
	const struct hs_identity_change *change = &((struct work *)exchange->work)->change;
	bool has_other = change->verb != HS_IDENTITY_UNLINK;
	char text[NOTICE_TEXT_BYTES], path[PATH_BYTES];

	snprintf(text, sizeof text, "%.150s%s%.150s %s.", change->player, has_other ? " and " : "",
	    has_other ? change->other : "", said[change->verb]);
	notice_reply(exchange, back_of(exchange, path), NOTICE_DONE, text);
}

static json_t *done_json(const struct hs_identity_change *change, int64_t person)
{
	return json_pack("{s:s, s:s?, s:o, s:o}", "player", change->player, "other",
	    change->verb != HS_IDENTITY_UNLINK ? change->other : NULL, "person",
	    person > 0 ? json_integer((json_int_t)person) : json_null(), "url", person > 0 ?
	    json_sprintf("/api/v1/players/%lld", (long long)person) : json_null());
}

static void on_changed(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *why)
{
	const struct work *work = exchange->work;
	struct hs_error err = HS_ERROR_INIT;
	int64_t person;

	(void)count;
	if (why != NULL && (why->code == HS_TIMEOUT || why->code == HS_CANCELLED ||
		why->code == HS_DB_AWAY)) {
		hs_error_set(&err, HS_TIMEOUT, "", "No answer came in time, as while a file is "
		    "imported. It may have been done, or be done in a moment: look again before you "
		    "try again");
		refuse(exchange, &err);
	} else if (why != NULL) {
		reply_error(exchange, why);
	} else if (!hs_identity_outcome(&work->change, results[0], &person, &err)) {
		refuse(exchange, &err);
	} else if (exchange->form == FORM_JSON) {
		reply_json(exchange, HTTP_OK, done_json(&work->change, person));
	} else {
		say_done(exchange);
	}
}

/* ---- what is wanted ---- */

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	static const char *const names[PARAMETERS] = { "player", "other", "reason" };
	struct work *work = arg;
	size_t i = 0;

	while (i < PARAMETERS && strcmp(names[i], name) != 0)
		i++;
	if (i == PARAMETERS || (i == OTHER && work->verb == HS_IDENTITY_UNLINK) ||
	    (i == REASON && work->verb != HS_IDENTITY_LINK))
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "there is no parameter '%.60s'. There is: player%s%s", name,
		    work->verb != HS_IDENTITY_UNLINK ? ", other" : "",
		    work->verb == HS_IDENTITY_LINK ? ", reason" : "");
	if (work->given[i] != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice", name);
	return (work->given[i] = strdup(value)) != NULL ||
	    hs_error_set(err, HS_NO_MEMORY, "", "no memory for a change");
}

static const char *wanted(const struct exchange *exchange, size_t which, const char *name)
{
	const struct work *work = exchange->work;

	if (exchange->form != FORM_JSON)
		return field_of(exchange, name);
	return work->given[which] != NULL ? work->given[which] : "";
}

static void change(struct exchange *exchange, enum hs_identity_verb verb)
{
	const struct account *account = exchange->account;
	const char *values[HS_IDENTITY_VALUES], *reason;
	struct hs_db_statement statement = { .values = values };
	struct work *work = calloc(1, sizeof *work);
	struct hs_error err = HS_ERROR_INIT;

	if (work == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a change");
		reply_error(exchange, &err);
		return;
	}
	exchange->work = work;
	exchange->work_free = work_free;
	exchange->patience_ms = CHANGE_MS;
	work->verb = verb;
	if (exchange->form == FORM_JSON &&
	    !query_string_read(exchange->query, on_parameter, work, &err)) {
		reply_error(exchange, &err);
		return;
	}
	reason = wanted(exchange, REASON, "reason");
	asker_of(exchange, &work->asker);
	work->change = (struct hs_identity_change){ .verb = verb,
		.player = wanted(exchange, PLAYER, "player"),
		.other = wanted(exchange, OTHER, "other"), .actor = account->name,
		.by_token = account->by_token, .address = work->asker.address,
		.reason = reason[0] != '\0' ? reason : NULL };
	if (!hs_identity_statement(&work->change, &statement.sql, values, &statement.count, &err))
		refuse(exchange, &err);
	else if (!exchange_ask_patient(exchange, &statement, 1, on_changed, &err))
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

	if (exchange->form == FORM_JSON)
		request_api_answer(exchange, request, err);
	else if (err == NULL)
		notice_reply(exchange, back_of(exchange, path), NOTICE_DONE,
		    "All players are being looked through.");
	else if (err->code == HS_BUSY)
		refuse(exchange, err);
	else
		reply_error(exchange, err);
}

void identity_look_post(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;

	if (!query_string_refuse(exchange->query, &err))
		reply_error(exchange, &err);
	else
		asking_start(exchange, HS_CMD_IDENTITY_SUGGEST, json_pack("{s:b}", "new", 1),
		    on_asked);
}
