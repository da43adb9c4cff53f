/* command_request.c: trusts 008_command_request.sql, and callers to have asked who it is.
 *
 * What progress and results hold comes from the daemons (play.c, run.c), maybe of another version:
 * what is not as expected is left out of the line. */
#include "daemons/web/command_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "daemons/web/account.h"
#include "daemons/web/audit.h"
#include "daemons/web/values.h"

enum { QUESTION_MS = 15000, LONG_WAIT_SECONDS = 10, NUMBER_BYTES = 24 };

#define UTC(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

#define COLUMNS(result) \
	"request_id, command, args, status, asked_by, " UTC("asked_at") ", " UTC("taken_at") ", " \
	UTC("finished_at") ", extract(epoch from coalesce(finished_at, now()) - asked_at)::text," \
	" host, progress, " result ", error, owner"

const char command_request_look_sql[] =
    "select " COLUMNS("result") " from command_request where request_id = $1::bigint";

const char command_request_list_sql[] =
    "select " COLUMNS("jsonb_strip_nulls(jsonb_build_object('status', result -> 'status',"
	" 'records', result -> 'records', 'error', result -> 'error', 'totals',"
	" result -> 'totals'))") " from command_request where $1::text is null or owner = $1::text"
    " order by request_id desc limit $2::bigint";

/* A run is cancelled where it runs. */
static const char ask_sql[] =
    "with made as (insert into command_request (command, owner, for_host, args, asked_by)"
    " select $1::text, $2::text, coalesce($3::text, (select host from extractor_run"
    " where $1::text = 'extractor.cancel' and source = $4::jsonb ->> 'name'"
    " and status = 'running')), $4::jsonb, $5::text returning request_id),"
    " logged as (" AUDIT_INSERT "select $1::text, false, $5::text, $6::text, $7::text,"
    " 'request ' || request_id || case when $4::jsonb ->> 'dry-run' = 'true' then ', dry run'"
    " when $4::jsonb ->> 'preview' = 'true' then ', preview' else '' end"
    " || coalesce(', by token ' || $8::text, '')"
    " from made), pruned as (" AUDIT_PRUNE("false") ")"
    " select request_id from made";

/* ---- asking ---- */

bool command_request_number(PGresult *const *results, const struct hs_error *why, int64_t *ret,
    struct hs_error *err)
{
	if (why != NULL && why->code == HS_LIMIT)
		return hs_error_set(err, HS_BUSY, "", "100 requests wait already: 'hsctl status' "
		    "tells which daemon does not take them");
	if (why != NULL) {
		*err = *why;
		return false;
	}
	*ret = hs_db_int(results[0], 0, 0);
	return true;
}

static bool check(const struct command_request *wanted, struct hs_error *err)
{
	const struct hs_command *row = &hs_commands[wanted->command];
	enum hs_command_id command;

	if (!hs_command_check_request(row->id, row->owner, wanted->args, &command, err))
		return false;
	return wanted->role >= row->by_web || hs_error_set(err, HS_NOT_ALLOWED, "",
		"%s is for the role %s", row->words, hs_role_name(row->by_web));
}

/* What it is about: the command's first argument. */
static const char *subject_of(const struct hs_command *row, const json_t *args,
    char buf[NUMBER_BYTES])
{
	const json_t *first = row->args[0].name != NULL ?
	    json_object_get(args, row->args[0].name) : NULL;

	if (!json_is_integer(first))
		return json_string_value(first);
	snprintf(buf, NUMBER_BYTES, "%lld", (long long)json_integer_value(first));
	return buf;
}

void command_request_by(const struct account *account, const char *address,
    struct command_request *ret)
{
	ret->asked_by = account->name;
	ret->role = account->role;
	ret->by_token = account->by_token[0] != '\0' ? account->by_token : NULL;
	ret->address = address;
}

bool command_request_ask(struct hs_db_pool *pool, const struct command_request *wanted,
    hs_db_done_fn *done, void *arg, struct hs_db_job **ret, struct hs_error *err)
{
	const struct hs_command *row = &hs_commands[wanted->command];
	char number[NUMBER_BYTES], *args;
	bool is_asked;

	if (!check(wanted, err))
		return false;
	args = wanted->args != NULL ? json_dumps(wanted->args, JSON_COMPACT) : strdup("{}");
	if (args == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a request");
	const char *const values[] = { row->id, hs_process_name(row->owner), wanted->host, args,
		wanted->asked_by, wanted->address, subject_of(row, wanted->args, number),
		wanted->by_token };
	const struct hs_db_statement statement = { .sql = ask_sql, .values = values,
		.count = HS_COUNT(values) };

	is_asked = hs_db_pool_submit(pool, &statement, 1, QUESTION_MS, done, arg, ret, err);
	free(args);
	return is_asked;
}

/* ---- how it fares ---- */

static bool is_status(const json_t *request, const char *status)
{
	return strcmp(text_in(request, "status"), status) == 0;
}

/* Of an extractor's run, whose command is done however the run went. */
static const json_t *run_error(const json_t *request)
{
	const json_t *result = json_object_get(request, "result");

	return strcmp(text_in(request, "command"), "extractor.run") == 0 &&
	    strcmp(text_in(result, "status"), "failed") == 0 ? result : NULL;
}

static const char *plural(long long count)
{
	return count == 1 ? "" : "s";
}

static void waiting_text(const json_t *request, char *buf, size_t size)
{
	long long seconds = (long long)json_number_value(json_object_get(request, "seconds"));

	if (seconds < LONG_WAIT_SECONDS)
		snprintf(buf, size, "waiting");
	else
		snprintf(buf, size, "waiting for %lld s: is the daemon running?", seconds);
}

/* While files remain, an import says how many; the file that it has in hand is one of those. */
static void running_text(const json_t *request, char *buf, size_t size)
{
	const json_t *progress = json_object_get(request, "progress");
	long long done = number_in(json_object_get(progress, "events"), "file");
	long long left = number_in(progress, "left"), records = number_in(progress, "records");
	const char *file = text_in(progress, "file"), *stage = text_in(progress, "stage");
	size_t used;

	snprintf(buf, size, "running");
	used = strlen(buf);
	if (left > 0)
		snprintf(buf + used, size - used, ": %lld of %lld files", done, done + left);
	else if (done > 0)
		snprintf(buf + used, size - used, ": %lld file%s", done, plural(done));
	used = strlen(buf);
	if (file[0] != '\0' && stage[0] != '\0')
		snprintf(buf + used, size - used, "%s %s %.300s, %lld record%s",
		    done + left > 0 ? ";" : ":", stage, file, records, plural(records));
}

/* What came of files: only what there is. */
static void totals_text(const json_t *totals, char *buf, size_t size)
{
	static const char *const names[] = { "imported", "duplicate", "failed", "waiting" };
	size_t used = (size_t)snprintf(buf, size, "done: ");
	const size_t begin = used;

	for (size_t i = 0; i < HS_COUNT(names) && used < size; i++) {
		long long count = number_in(totals, names[i]);

		if (count != 0)
			used += (size_t)snprintf(buf + used, size - used, "%s%lld %s",
			    used > begin ? ", " : "", count, names[i]);
	}
	if (used == begin)
		snprintf(buf + used, size - used, "there was nothing to import");
}

static void done_text(const json_t *request, char *buf, size_t size)
{
	const json_t *result = json_object_get(request, "result");
	const json_t *totals = json_object_get(result, "totals"), *failed = run_error(request);
	long long records = number_in(result, "records");

	if (failed != NULL)
		snprintf(buf, size, "failed: %.500s", json_is_object(json_object_get(failed,
		    "error")) ? text_in(json_object_get(failed, "error"), "message")
			      : "its records have problems");
	else if (json_is_object(totals))
		totals_text(totals, buf, size);
	else if (text_in(result, "status")[0] != '\0')
		snprintf(buf, size, "done: %s, %lld record%s", text_in(result, "status"),
		    records, plural(records));
	else
		snprintf(buf, size, "done");
}

void command_request_text(const json_t *request, char buf[COMMAND_REQUEST_TEXT_BYTES])
{
	const size_t size = COMMAND_REQUEST_TEXT_BYTES;

	if (is_status(request, "waiting"))
		waiting_text(request, buf, size);
	else if (is_status(request, "running"))
		running_text(request, buf, size);
	else if (is_status(request, "done"))
		done_text(request, buf, size);
	else
		snprintf(buf, size, "%.20s: %.600s", text_in(request, "status"),
		    text_in(json_object_get(request, "error"), "message"));
	buf[hs_utf8_valid_prefix(buf, strlen(buf))] = '\0';
}

static json_t *json_column(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);
	json_t *value = text == NULL ? json_null() : json_loads(text, JSON_DECODE_ANY, NULL);

	return value != NULL ? value : json_null();
}

json_t *command_request_json(const PGresult *result, int row)
{
	json_t *request = json_pack("{s:I, s:s, s:o, s:s, s:s, s:s, s:s?, s:s?, s:f, s:s?, s:o, s:o,"
	    " s:o, s:s}", "request", (json_int_t)hs_db_int(result, row, 0),
	    "command", hs_db_text(result, row, 1), "args", json_column(result, row, 2),
	    "status", hs_db_text(result, row, 3), "asked_by", hs_db_text(result, row, 4),
	    "asked_at", hs_db_text(result, row, 5), "taken_at", hs_db_text(result, row, 6),
	    "finished_at", hs_db_text(result, row, 7), "seconds",
	    strtod(hs_db_text(result, row, 8), NULL), "host", hs_db_text(result, row, 9),
	    "progress", json_column(result, row, 10), "result", json_column(result, row, 11),
	    "error", json_column(result, row, 12), "owner", hs_db_text(result, row, 13));
	char text[COMMAND_REQUEST_TEXT_BYTES];
	bool is_over;

	if (request == NULL)
		return NULL;
	is_over = !is_status(request, "waiting") && !is_status(request, "running");
	command_request_text(request, text);
	json_object_set_new(request, "text", json_string(text));
	json_object_set_new(request, "is_over", json_boolean(is_over));
	json_object_set_new(request, "is_good",
	    json_boolean(is_status(request, "done") && run_error(request) == NULL &&
		number_in(json_object_get(json_object_get(request, "result"), "totals"),
		    "failed") == 0));
	return request;
}
