/* report.c: what became of one file, in the shapes that others see.
 *
 * Trusts its own rows and counts; names were cleaned to valid UTF-8 on their way in. Without
 * memory a shape is NULL or lacks its problems; nothing else can fail. */
#include "daemons/importer/report.h"

#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "common/log.h"
#include "common/text.h"

static const char *const status_names[] = {
	[REPORT_IMPORTED] = "imported",
	[REPORT_DUPLICATE] = "duplicate",
	[REPORT_FAILED] = "failed",
	[REPORT_UNDONE] = "undone",
	[REPORT_WAITING] = "waiting",
};

void report_init(struct report *report, const char *name)
{
	memset(report, 0, sizeof *report);
	hs_utf8_clean(name, strlen(name), report->name, sizeof report->name);
}

void report_done(struct report *report)
{
	json_decref(report->problems);
	report->problems = NULL;
}

const char *report_status_name(enum report_status status)
{
	return status_names[status];
}

static enum report_status parse_status(const char *name)
{
	for (size_t i = 0; i < HS_COUNT(status_names); i++)
		if (strcmp(name, status_names[i]) == 0)
			return (enum report_status)i;
	hs_panic("import_file has a status that nobody writes: %s", name);
}

static void text_column(const PGresult *result, int row, int column, char *buf, size_t size)
{
	const char *text = hs_db_text(result, row, column);

	if (text == NULL)
		text = "";
	hs_utf8_clean(text, strlen(text), buf, size);
}

void report_from_row(const PGresult *result, int row, int column, struct report *ret)
{
	int64_t *const counts[] = { &ret->records, &ret->created, &ret->updated, &ret->unchanged,
		&ret->stale, &ret->new_players, &ret->new_teams, &ret->new_competitions,
		&ret->new_seasons, &ret->problem_total };
	const char *problems;
	int at = column;

	memset(ret, 0, sizeof *ret);
	ret->file_id = hs_db_int(result, row, at++);
	ret->run_id = hs_db_int(result, row, at++);
	text_column(result, row, at++, ret->name, sizeof ret->name);
	ret->status = parse_status(hs_db_text(result, row, at++));
	text_column(result, row, at++, ret->stored_as, sizeof ret->stored_as);
	text_column(result, row, at++, ret->source_name, sizeof ret->source_name);
	text_column(result, row, at++, ret->snapshot_date, sizeof ret->snapshot_date);
	ret->size_bytes = hs_db_int(result, row, at++);
	text_column(result, row, at++, ret->sha256, sizeof ret->sha256);
	for (size_t i = 0; i < HS_COUNT(counts); i++)
		*counts[i] = hs_db_int(result, row, at++);
	if ((problems = hs_db_text(result, row, at++)) != NULL)
		ret->problems = json_loads(problems, 0, NULL);
	ret->duration_ms = hs_db_int(result, row, at++);
	if (hs_db_text(result, row, at) != NULL)
		ret->duplicate_of = hs_db_int(result, row, at);
	text_column(result, row, at + 1, ret->duplicate_name, sizeof ret->duplicate_name);
}

/* "" becomes null. */
static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *id_or_null(int64_t id)
{
	return id > 0 ? json_integer(id) : json_null();
}

static json_t *first_problems(const struct report *report)
{
	json_t *first = json_array();

	for (size_t i = 0; i < json_array_size(report->problems) && i < REPORT_EVENT_PROBLEMS; i++)
		json_array_append(first, json_array_get(report->problems, i));
	return first;
}

static json_t *original(const struct report *report)
{
	if (report->duplicate_of == 0)
		return json_null();
	return json_pack("{s:I, s:s}", "file_id", (json_int_t)report->duplicate_of, "name",
	    report->duplicate_name);
}

json_t *report_json(const struct report *report)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:o,"
			 " s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:o}",
	    "file_id", id_or_null(report->file_id), "run_id", id_or_null(report->run_id),
	    "name", report->name, "status", report_status_name(report->status),
	    "stored_as", text_or_null(report->stored_as),
	    "source_name", text_or_null(report->source_name),
	    "snapshot_date", text_or_null(report->snapshot_date),
	    "size_bytes", (json_int_t)report->size_bytes, "sha256", text_or_null(report->sha256),
	    "records", (json_int_t)report->records, "created", (json_int_t)report->created,
	    "updated", (json_int_t)report->updated, "unchanged", (json_int_t)report->unchanged,
	    "stale", (json_int_t)report->stale, "new_players", (json_int_t)report->new_players,
	    "new_teams", (json_int_t)report->new_teams,
	    "new_competitions", (json_int_t)report->new_competitions,
	    "new_seasons", (json_int_t)report->new_seasons,
	    "problem_total", (json_int_t)report->problem_total, "problems", first_problems(report),
	    "duration_ms", (json_int_t)report->duration_ms, "duplicate_of", original(report),
	    "reason", text_or_null(report->reason));
}

static void log_imported(const struct report *report)
{
	double seconds = (double)(report->duration_ms > 0 ? report->duration_ms : 1) / 1000;

	hs_log(HS_LOG_INFO, "imported a file", HS_STR("file", report->name),
	    HS_STR("stored_as", report->stored_as), HS_STR("source", report->source_name),
	    HS_STR("snapshot_date", report->snapshot_date), HS_INT("bytes", report->size_bytes),
	    HS_INT("records", report->records), HS_INT("created", report->created),
	    HS_INT("updated", report->updated), HS_INT("unchanged", report->unchanged),
	    HS_INT("stale", report->stale), HS_SECS("seconds", seconds),
	    HS_INT("rows_per_second", (double)report->records / seconds),
	    HS_INT("run", report->run_id));
}

static void log_failed(const struct report *report)
{
	const json_t *first = json_array_get(report->problems, 0);

	hs_log(HS_LOG_WARNING, "refused a file", HS_STR("file", report->name),
	    HS_STR("stored_as", report->stored_as), HS_INT("bytes", report->size_bytes),
	    HS_INT("problems", report->problem_total),
	    HS_STR("code", json_string_value(json_object_get(first, "code"))),
	    HS_STR("where", json_string_value(json_object_get(first, "pointer"))),
	    HS_STR("error", json_string_value(json_object_get(first, "message"))),
	    HS_INT("run", report->run_id));
}

void report_log(const struct report *report)
{
	switch (report->status) {
	case REPORT_IMPORTED:
		log_imported(report);
		break;
	case REPORT_FAILED:
		log_failed(report);
		break;
	case REPORT_DUPLICATE:
		hs_log(HS_LOG_INFO, "shelved a duplicate", HS_STR("file", report->name),
		    HS_STR("stored_as", report->stored_as),
		    HS_STR("same_as", report->duplicate_name), HS_INT("run", report->run_id));
		break;
	case REPORT_UNDONE:
		hs_log(HS_LOG_INFO, "shelved a file whose import was undone",
		    HS_STR("file", report->name), HS_STR("stored_as", report->stored_as),
		    HS_INT("file_id", report->file_id));
		break;
	case REPORT_WAITING:
		hs_log(HS_LOG_WARNING, "a file waits in incoming", HS_STR("file", report->name),
		    HS_STR("error", report->reason));
		break;
	}
}

void report_add(struct report_totals *totals, const struct report *report)
{
	totals->files++;
	totals->imported += report->status == REPORT_IMPORTED;
	totals->duplicate += report->status == REPORT_DUPLICATE;
	totals->failed += report->status == REPORT_FAILED;
	totals->waiting += report->status == REPORT_WAITING;
	totals->records += report->records;
	totals->created += report->created;
	totals->updated += report->updated;
	totals->unchanged += report->unchanged;
	totals->stale += report->stale;
}

json_t *report_totals_json(const struct report_totals *totals, double seconds)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}",
	    "files", (json_int_t)totals->files, "imported", (json_int_t)totals->imported,
	    "duplicate", (json_int_t)totals->duplicate, "failed", (json_int_t)totals->failed,
	    "waiting", (json_int_t)totals->waiting, "records", (json_int_t)totals->records,
	    "created", (json_int_t)totals->created, "updated", (json_int_t)totals->updated,
	    "unchanged", (json_int_t)totals->unchanged, "stale", (json_int_t)totals->stale,
	    "seconds", seconds);
}
