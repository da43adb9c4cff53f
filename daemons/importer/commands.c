/* commands.c: what hsctl can ask the importer for.
 *
 * Trusts the arguments' types and ranges, which the skeleton has checked. Nothing here
 * waits: imports are followed by events, questions to the database go through the pool. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/db.h"
#include "common/operator_audit.h"
#include "daemons/importer/identity.h"
#include "daemons/importer/importer.h"
#include "daemons/importer/question.h"

enum {
	DEFAULT_RUNS = 20,
	WAITING_SHOWN = 200,
	FILES_SHOWN = 1000,	/* of one run; its totals count all */
	SHOWN_BYTES = 3 << 20,	/* beyond which files come without their problems */
	NUMBER_BYTES = 24
};

static void run_now(void *app, struct hs_call *call, const json_t *args)
{
	struct importer *importer = app;

	(void)args;
	scan_folder(importer);
	intake_hurry(importer->intake, NULL, hs_clock_seconds());
	play_follow(importer, call, NULL, 0);
	play_next(importer);
}

/* Else it is refused. */
static bool is_failed_name(struct hs_call *call, const char *file)
{
	if (file != NULL && file[0] != '\0' && strlen(file) <= NAME_MAX &&
	    strchr(file, '/') == NULL)
		return true;
	question_refuse(call, HS_BAD_ARGUMENT, "file",
	    "give the name of a file in the failed folder, without any path");
	return false;
}

static void run_retry(void *app, struct hs_call *call, const json_t *args)
{
	const char *file = json_string_value(json_object_get(args, "file"));
	struct importer *importer = app;

	if (!is_failed_name(call, file))
		return;
	hs_operator_audit(importer->pool, call, HS_CMD_IMPORT_RETRY, args);
	play_follow(importer, call, file, json_integer_value(json_object_get(args, "id")));
	play_next(importer);
}

static void note_asker(const struct hs_call *call, struct job *job)
{
	const char *account = hs_call_account(call);

	job->uid = hs_call_uid(call);
	if (account != NULL)
		snprintf(job->account, sizeof job->account, "%s", account);
}

static void run_undo(void *app, struct hs_call *call, const json_t *args)
{
	struct importer *importer = app;
	struct job job = { .kind = JOB_UNDO,
		.file_id = json_integer_value(json_object_get(args, "file")),
		.is_preview = json_is_true(json_object_get(args, "preview")),
		.if_version = json_integer_value(json_object_get(args, "if-version")) };

	note_asker(call, &job);
	hs_operator_audit(importer->pool, call, HS_CMD_IMPORT_UNDO, args);
	play_errand(app, call, &job);
	play_next(app);
}

static void run_delete(void *app, struct hs_call *call, const json_t *args)
{
	struct importer *importer = app;
	const char *file = json_string_value(json_object_get(args, "file"));
	struct job job = { .kind = JOB_DELETE,
		.file_id = json_integer_value(json_object_get(args, "id")) };

	if (!is_failed_name(call, file))
		return;
	memcpy(job.name, file, strlen(file) + 1);
	hs_operator_audit(importer->pool, call, HS_CMD_IMPORT_DELETE, args);
	note_asker(call, &job);
	play_errand(app, call, &job);
	play_next(app);
}

/* --- questions ------------------------------------------------------------------------ */

#define TOTALS \
	"count(f.file_id), count(*) filter (where f.status = 'imported')," \
	" count(*) filter (where f.status = 'duplicate')," \
	" count(*) filter (where f.status = 'failed')," \
	" coalesce(sum(f.records), 0), coalesce(sum(f.created), 0)," \
	" coalesce(sum(f.updated), 0), coalesce(sum(f.unchanged), 0), coalesce(sum(f.stale), 0)"

static const char list_runs[] =
    "select " RUNS_COLUMNS ", " TOTALS " from (select * from import_run order by run_id desc"
    " limit $1::bigint) r left join import_file f on f.run_id = r.run_id"
    " group by r.run_id, r.trigger, r.status, r.started_at, r.finished_at order by r.run_id desc";

static const char show_run[] =
    "select " RUNS_COLUMNS ", " TOTALS
    ", coalesce(extract(epoch from coalesce(r.finished_at, now())"
    " - r.started_at)::text, '0') from import_run r left join import_file f on f.run_id = r.run_id"
    " where r.run_id = $1::bigint"
    " group by r.run_id, r.trigger, r.status, r.started_at, r.finished_at";

static const char show_files[] =
    "select " REPORT_COLUMNS " from " REPORT_TABLES " where f.run_id = $1::bigint"
    " order by f.file_id limit $2::bigint";

static void totals_from_row(const PGresult *result, int row, int column, struct report_totals *ret)
{
	int64_t *const counts[] = { &ret->files, &ret->imported, &ret->duplicate, &ret->failed,
		&ret->records, &ret->created, &ret->updated, &ret->unchanged, &ret->stale };

	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < HS_COUNT(counts); i++)
		*counts[i] = hs_db_int(result, row, column + (int)i);
}

enum { TOTALS_COLUMN_COUNT = 9 };

static json_t *list_row(const PGresult *result, int row)
{
	json_t *run = runs_row_json(result, row), *sums;
	struct report_totals totals;

	totals_from_row(result, row, RUNS_COLUMN_COUNT, &totals);
	sums = report_totals_json(&totals, 0);
	json_object_del(sums, "waiting");
	json_object_del(sums, "seconds");
	json_object_update(run, sums);
	json_decref(sums);
	return run;
}

static json_t *list_json(const struct importer *importer, const PGresult *result)
{
	json_t *runs = json_array(), *waiting, *list;

	for (int row = 0; row < PQntuples(result); row++)
		json_array_append_new(runs, list_row(result, row));
	waiting = intake_waiting(importer->intake, WAITING_SHOWN, hs_clock_seconds());
	list = json_pack("{s:o, s:o}", "runs", runs, "waiting", waiting);
	scan_tell_ignored(importer, list);
	return list;
}

static void list_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct question *question = arg;

	(void)count;
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, list_json(question->importer, results[0]));
	free(question);
}

static void run_list(void *app, struct hs_call *call, const json_t *args)
{
	const json_t *limit = json_object_get(args, "limit");
	struct question *question = question_new(app, call);
	char number[NUMBER_BYTES];
	const char *values[] = { number };
	const struct hs_db_statement statement = { .sql = list_runs, .values = values, .count = 1 };

	if (question == NULL)
		return;
	snprintf(number, sizeof number, "%lld",
	    json_is_integer(limit) ? (long long)json_integer_value(limit) : DEFAULT_RUNS);
	question_ask(question, &statement, 1, list_done);
}

static void show_result(struct question *question, const PGresult *run, const PGresult *files)
{
	struct report_totals totals;
	struct report report;
	json_t *sums;
	size_t told_bytes = 0;
	const char *seconds = hs_db_text(run, 0, RUNS_COLUMN_COUNT + TOTALS_COLUMN_COUNT);

	for (int row = 0; row < PQntuples(files); row++) {
		json_t *file;

		report_from_row(files, row, 0, &report);
		/* all of it is sent at once: a long tale of woe must not fill the channel */
		if (told_bytes > SHOWN_BYTES)
			json_array_clear(report.problems);
		file = report_json(&report);
		told_bytes += file == NULL ? 0 : json_dumpb(file, NULL, 0, JSON_COMPACT);
		hs_call_event(question->call, "file", json_pack("{s:o}", "file", file));
		report_done(&report);
	}
	totals_from_row(run, 0, RUNS_COLUMN_COUNT, &totals);
	sums = report_totals_json(&totals, strtod(seconds, NULL));
	hs_call_result(question->call,
	    json_pack("{s:o, s:o}", "run", runs_row_json(run, 0), "totals", sums));
}

static void show_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct question *question = arg;
	char message[96];

	(void)count;
	if (err != NULL) {
		hs_call_error(question->call, err);
	} else if (PQntuples(results[0]) == 0) {
		snprintf(message, sizeof message,
		    "there is no import run %lld: see hsctl import list", question->number);
		question_refuse(question->call, HS_NOT_FOUND, "run", message);
	} else {
		show_result(question, results[0], results[1]);
	}
	free(question);
}

static void run_show(void *app, struct hs_call *call, const json_t *args)
{
	struct question *question = question_new(app, call);
	char run[NUMBER_BYTES], limit[NUMBER_BYTES];

	if (question == NULL)
		return;
	question->number = json_integer_value(json_object_get(args, "run"));
	snprintf(run, sizeof run, "%lld", question->number);
	snprintf(limit, sizeof limit, "%d", FILES_SHOWN);

	const char *values[] = { run, limit };
	const struct hs_db_statement statements[] = {
		{ .sql = show_run, .values = values, .count = 1 },
		{ .sql = show_files, .values = values, .count = 2 },
	};
	question_ask(question, statements, HS_COUNT(statements), show_done);
}

const struct hs_child_handler importer_handlers[] = {
	{ HS_CMD_IMPORT_NOW, run_now },
	{ HS_CMD_IMPORT_LIST, run_list },
	{ HS_CMD_IMPORT_SHOW, run_show },
	{ HS_CMD_IMPORT_RETRY, run_retry },
	{ HS_CMD_IDENTITY_SUGGEST, identity_suggest },
	{ HS_CMD_IDENTITY_LIST, identity_list },
	{ HS_CMD_IDENTITY_LINK, identity_link },
	{ HS_CMD_IDENTITY_UNLINK, identity_unlink },
	{ HS_CMD_IDENTITY_UNLIKE, identity_unlike },
	{ HS_CMD_IDENTITY_APART, identity_apart },
	{ HS_CMD_IDENTITY_TAKE_BACK, identity_take_back },
	{ HS_CMD_IMPORT_FILES, files_list },
	{ HS_CMD_IMPORT_FILE, files_show },
	{ HS_CMD_IMPORT_UNDO, run_undo },
	{ HS_CMD_IMPORT_DELETE, run_delete },
};
const size_t importer_handler_count = HS_COUNT(importer_handlers);
