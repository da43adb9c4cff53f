/* import_actions.c: trusts guard.c for role and proof, and the importer to check again what it is
 * asked.
 *
 * A file is named by its number; what the importer is told is what the database has of it. */
#include "daemons/web/import_actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/number.h"
#include "daemons/web/asking.h"
#include "daemons/web/fields.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/request_api.h"

enum { NUMBER_BYTES = 24, ADDRESS_BYTES = 96 };

struct action {
	char back[ADDRESS_BYTES];	/* the page that shows what comes of it */
};

static struct action *action_start(struct exchange *exchange)
{
	struct action *action = calloc(1, sizeof *action);
	struct hs_error err = HS_ERROR_INIT;

	if (action == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a request");
		reply_error(exchange, &err);
		return NULL;
	}
	exchange->work = action;
	exchange->work_free = free;
	return action;
}

/* Of an address that takes no parameters. */
static struct action *action_new(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;

	if (query_string_refuse(exchange->query, &err))
		return action_start(exchange);
	reply_error(exchange, &err);
	return NULL;
}

/* ---- what comes of asking ---- */

static void on_asked(struct exchange *exchange, int64_t request, const struct hs_error *err)
{
	const struct action *action = exchange->work;
	char address[ADDRESS_BYTES + NUMBER_BYTES + 16];

	if (exchange->form == FORM_JSON) {
		request_api_answer(exchange, request, err);
		return;
	}
	if (err != NULL) {
		asking_refuse(exchange, err);
		return;
	}
	snprintf(address, sizeof address, "%s?request=%lld", action->back, (long long)request);
	reply_see_other(exchange, address);
}

void import_now_post(struct exchange *exchange)
{
	struct action *action = action_new(exchange);

	if (action == NULL)
		return;
	snprintf(action->back, sizeof action->back, "/admin/imports");
	asking_start(exchange, HS_CMD_IMPORT_NOW, json_object(), on_asked);
}

/* ---- of one file ---- */

/* The row, when it is one of a file that lies in failed; else it has been answered. */
static bool is_failed_file(struct exchange *exchange, PGresult *const *results,
    const struct hs_error *err)
{
	if (err != NULL)
		reply_error(exchange, err);
	else if (PQntuples(results[0]) == 0)
		reply_problem(exchange, HTTP_NOTFOUND, "There is no imported file of this number.",
		    NULL);
	else if (strcmp(hs_db_text(results[0], 0, FILE_STATUS), "failed") != 0 ||
	    hs_db_text(results[0], 0, FILE_STORED_AS) == NULL ||
	    hs_db_text(results[0], 0, FILE_DELETED_AT) != NULL)
		reply_problem(exchange, 422, "This is for files that lie in the failed folder; "
		    "this one does not.", NULL);
	else
		return true;
	return false;
}

/* The number is what the admin saw: by now the name may be another file's. */
static json_t *file_args(const struct exchange *exchange, const PGresult *file)
{
	return json_pack("{s:s, s:I}", "file", hs_db_text(file, 0, FILE_STORED_AS), "id",
	    (json_int_t)exchange->id);
}

static void on_file_to_retry(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (is_failed_file(exchange, results, err))
		asking_start(exchange, HS_CMD_IMPORT_RETRY, file_args(exchange, results[0]),
		    on_asked);
}

static void on_file_to_delete(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (is_failed_file(exchange, results, err))
		asking_start(exchange, HS_CMD_IMPORT_DELETE, file_args(exchange, results[0]),
		    on_asked);
}

static void look_up(struct exchange *exchange, exchange_done_fn *done)
{
	struct action *action = action_new(exchange);
	char id[NUMBER_BYTES];
	const char *const values[] = { id };
	const struct hs_db_statement statement = { .sql = imports_file_sql, .values = values,
		.count = 1 };
	struct hs_error err = HS_ERROR_INIT;

	if (action == NULL)
		return;
	snprintf(id, sizeof id, "%lld", (long long)exchange->id);
	snprintf(action->back, sizeof action->back, "/admin/imports/files/%s", id);
	if (!exchange_ask_primary(exchange, &statement, 1, done, &err))
		reply_error(exchange, &err);
}

void import_retry_post(struct exchange *exchange)
{
	look_up(exchange, on_file_to_retry);
}

void import_delete_post(struct exchange *exchange)
{
	look_up(exchange, on_file_to_delete);
}

/* ---- undoing ---- */

void import_preview_post(struct exchange *exchange)
{
	struct action *action = action_new(exchange);

	if (action == NULL)
		return;
	snprintf(action->back, sizeof action->back, "/admin/imports/files/%lld/undo",
	    (long long)exchange->id);
	asking_start(exchange, HS_CMD_IMPORT_UNDO, json_pack("{s:I, s:b}", "file",
	    (json_int_t)exchange->id, "preview", 1), on_asked);
}

static bool parse_version(const char *text, long long *ret, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;

	return hs_parse_int(text, 1, INT64_MAX, "version", ret, &why) ||
	    hs_error_set(err, HS_BAD_ARGUMENT, "version", "%s", why.message);
}

static bool on_version(void *arg, const char *name, const char *value, struct hs_error *err)
{
	long long *version = arg;

	if (strcmp(name, "version") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "there is no parameter '%.60s'. There is: version", name);
	if (*version != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "version is given twice");
	return parse_version(value, version, err);
}

/* A form must carry the version of the data that its preview saw, a call may. */
static bool find_version(const struct exchange *exchange, long long *ret, struct hs_error *err)
{
	struct hs_error ignored = HS_ERROR_INIT;

	if (exchange->form == FORM_JSON)
		return query_string_read(exchange->query, on_version, ret, err);
	return query_string_refuse(exchange->query, err) &&
	    (parse_version(field_of(exchange, "version"), ret, &ignored) ||
		hs_error_set(err, HS_BAD_ARGUMENT, "version", "This form does not say what was "
		    "looked at: look first at what undoing the import changes."));
}

/* Whether it can be undone, and the data is still as it was, the importer knows, and says. */
void import_undo_post(struct exchange *exchange)
{
	struct hs_error err = HS_ERROR_INIT;
	struct action *action;
	long long version = 0;
	json_t *args;

	if (!find_version(exchange, &version, &err)) {
		reply_error(exchange, &err);
		return;
	}
	if ((action = action_start(exchange)) == NULL)
		return;
	snprintf(action->back, sizeof action->back, "/admin/imports/files/%lld",
	    (long long)exchange->id);
	args = json_pack("{s:I}", "file", (json_int_t)exchange->id);
	if (args != NULL && version > 0)
		json_object_set_new(args, "if-version", json_integer((json_int_t)version));
	asking_start(exchange, HS_CMD_IMPORT_UNDO, args, on_asked);
}
