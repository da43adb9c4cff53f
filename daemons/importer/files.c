/* files.c: which files came in, and all that is known of one.
 *
 * Trusts the arguments' types and ranges, which the skeleton has checked. Questions go through the
 * pool, so that nothing here waits; looking whether a file is still there is one call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/db.h"
#include "common/text.h"
#include "daemons/importer/importer.h"
#include "daemons/importer/question.h"

enum {
	DEFAULT_FILES = 20,
	NUMBER_BYTES = 24,
	SEARCH_BYTES = 256
};

#define TIME(column) "to_char(" column " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* Behind REPORT_COLUMNS. */
enum { TRIGGER = REPORT_COLUMN_COUNT, FINISHED_AT, UNDONE_AT, UNDONE_BY, UNDO_COUNTS, DELETED_AT,
	DELETED_BY, ORIGINAL_STATUS, CAN_BE_UNDONE, TOTAL };
#define MORE_COLUMNS \
	", r.trigger, " TIME("f.finished_at") ", " TIME("f.undone_at") ", f.undone_by," \
	" f.undo_counts, " TIME("f.deleted_at") ", f.deleted_by, d.status," \
	" (f.status = 'imported' and f.has_statements)::integer"
#define FILES REPORT_TABLES " join import_run r on r.run_id = f.run_id"

static const char list_files[] =
    "select " REPORT_COLUMNS MORE_COLUMNS ", count(*) over () from " FILES
    " where ($1::text is null or f.status = $1::text) and ($2::text is null"
    " or position(lower($2::text) in lower(f.name)) > 0"
    " or starts_with(encode(f.sha256, 'hex'), lower($2::text)))"
    " order by f.file_id desc limit $3::bigint offset $4::bigint";

static const char show_file[] =
    "select " REPORT_COLUMNS MORE_COLUMNS " from " FILES " where f.file_id = $1::bigint";

static void put_text(json_t *file, const char *key, const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);

	json_object_set_new(file, key, text != NULL ? json_string(text) : json_null());
}

/* Where it lies, and whether it is there. */
static void put_place(const struct importer *importer, json_t *file, const struct report *report)
{
	enum hs_setting folder = report->status == REPORT_FAILED ? HS_SET_FAILED_DIR :
								   HS_SET_ARCHIVE_DIR;
	char path[PATH_MAX];
	struct hs_error ignored = HS_ERROR_INIT;

	if (report->stored_as[0] == '\0' || !hs_format(path, sizeof path, &ignored, "%s/%s",
		hs_setting_text(importer->settings, folder), report->stored_as)) {
		json_object_set_new(file, "path", json_null());
		json_object_set_new(file, "is_there", json_false());
		return;
	}
	json_object_set_new(file, "path", json_string(path));
	json_object_set_new(file, "is_there", json_boolean(access(path, F_OK) == 0));
}

/* With all problems, or with none. */
static json_t *file_json(const struct importer *importer, const PGresult *result, int row,
    bool has_problems)
{
	const char *counts = hs_db_text(result, row, UNDO_COUNTS);
	struct report report;
	json_t *file;

	report_from_row(result, row, 0, &report);
	if ((file = report_json(&report)) == NULL) {
		report_done(&report);
		return NULL;
	}
	put_text(file, "trigger", result, row, TRIGGER);
	put_text(file, "finished_at", result, row, FINISHED_AT);
	put_text(file, "undone_at", result, row, UNDONE_AT);
	put_text(file, "undone_by", result, row, UNDONE_BY);
	put_text(file, "deleted_at", result, row, DELETED_AT);
	put_text(file, "deleted_by", result, row, DELETED_BY);
	json_object_set_new(file, "can_be_undone",
	    json_boolean(hs_db_int(result, row, CAN_BE_UNDONE) != 0));
	json_object_set_new(file, "undo_counts",
	    counts != NULL ? json_loads(counts, 0, NULL) : json_null());
	if (hs_db_text(result, row, ORIGINAL_STATUS) != NULL)
		put_text(json_object_get(file, "duplicate_of"), "status", result, row,
		    ORIGINAL_STATUS);
	json_object_set(file, "problems", has_problems ? report.problems : NULL);
	if (has_problems)
		put_place(importer, file, &report);
	else
		json_object_del(file, "problems");
	report_done(&report);
	return file;
}

static void list_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct question *question = arg;
	json_t *files = json_array();
	int64_t total = 0;

	(void)count;
	if (err != NULL) {
		hs_call_error(question->call, err);
		json_decref(files);
		free(question);
		return;
	}
	for (int row = 0; row < PQntuples(results[0]); row++) {
		json_array_append_new(files, file_json(question->importer, results[0], row, false));
		total = hs_db_int(results[0], row, TOTAL);
	}
	hs_call_result(question->call, json_pack("{s:o, s:I, s:I, s:I}", "files", files,
	    "total", (json_int_t)total, "page", (json_int_t)question->page,
	    "limit", (json_int_t)question->limit));
	free(question);
}

static long long number_or(const json_t *args, const char *key, long long otherwise)
{
	const json_t *number = json_object_get(args, key);

	return json_is_integer(number) ? (long long)json_integer_value(number) : otherwise;
}

static bool is_status(const char *status)
{
	static const enum report_status known[] = { REPORT_IMPORTED, REPORT_DUPLICATE,
		REPORT_FAILED, REPORT_UNDONE };

	for (size_t i = 0; i < HS_COUNT(known); i++)
		if (strcmp(report_status_name(known[i]), status) == 0)
			return true;
	return false;
}

void files_list(void *app, struct hs_call *call, const json_t *args)
{
	const char *status = json_string_value(json_object_get(args, "status"));
	const char *search = json_string_value(json_object_get(args, "search"));
	char limit[NUMBER_BYTES], offset[NUMBER_BYTES];
	const char *values[] = { status, search, limit, offset };
	const struct hs_db_statement statement = { .sql = list_files, .values = values,
		.count = HS_COUNT(values) };
	struct question *question;

	if (status != NULL && !is_status(status)) {
		question_refuse(call, HS_BAD_ARGUMENT, "status",
		    "a file is imported, duplicate, failed or undone");
		return;
	}
	if (search != NULL && strlen(search) > SEARCH_BYTES) {
		question_refuse(call, HS_BAD_ARGUMENT, "search",
		    "search takes at most 256 bytes of a name or checksum");
		return;
	}
	if ((question = question_new(app, call)) == NULL)
		return;
	question->limit = number_or(args, "limit", DEFAULT_FILES);
	question->page = number_or(args, "page", 1);
	snprintf(limit, sizeof limit, "%lld", question->limit);
	snprintf(offset, sizeof offset, "%lld", (question->page - 1) * question->limit);
	question_ask(question, &statement, 1, list_done);
}

static void show_done(void *arg, PGresult *const *results, size_t count, const struct hs_error *err)
{
	struct question *question = arg;
	struct hs_error missing = HS_ERROR_INIT;

	(void)count;
	if (err == NULL && PQntuples(results[0]) == 0) {
		hs_error_set(&missing, HS_NOT_FOUND, "file",
		    "there is no file %lld: see hsctl import files", question->number);
		err = &missing;
	}
	if (err != NULL)
		hs_call_error(question->call, err);
	else
		hs_call_result(question->call, json_pack("{s:o}", "file",
		    file_json(question->importer, results[0], 0, true)));
	free(question);
}

void files_show(void *app, struct hs_call *call, const json_t *args)
{
	struct question *question = question_new(app, call);
	char file[NUMBER_BYTES];
	const char *values[] = { file };
	const struct hs_db_statement statement = { .sql = show_file, .values = values, .count = 1 };

	if (question == NULL)
		return;
	question->number = number_or(args, "file", 0);
	snprintf(file, sizeof file, "%lld", question->number);
	question_ask(question, &statement, 1, show_done);
}
