/* extractors_view.c: trusts the columns of extractors_sql.c; every text goes to templates as it is,
 * which escape it. */
#include "daemons/web/extractors_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/commands.h"
#include "common/db.h"
#include "common/number.h"
#include "common/text.h"
#include "daemons/web/command_request.h"
#include "daemons/web/extractors_report.h"
#include "daemons/web/extractors_sql.h"
#include "daemons/web/figures.h"
#include "daemons/web/imports_view.h"
#include "daemons/web/values.h"

enum { SIZE_BYTES = 32, LINE_BYTES = 256 };

static json_t *size_json(int64_t bytes)
{
	char text[SIZE_BYTES];

	return json_string(hs_size_text(bytes, text, sizeof text));
}

/* Names have letters, digits and "_", "-", "." only (source.c); the database may have others. */
static json_t *address_of(const char *name)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	return name[0] != '\0' && name[0] != '.' && strspn(name, plain) == strlen(name) ?
	    json_sprintf("/admin/extractors/%s", name) : json_null();
}

static const char *trigger_words(const char *trigger)
{
	static const struct { const char *trigger, *words; } known[] = {
		{ "command", "by hsctl" },
		{ "schedule", "by its schedule" },
		{ "catch-up", "late: its time was missed" },
		{ "admin", "from these pages" },
	};

	for (size_t i = 0; i < HS_COUNT(known); i++) {
		if (strcmp(known[i].trigger, trigger) == 0)
			return known[i].words;
	}
	return trigger;
}

/* ---- runs; first: the column where a run's begin ---- */

static json_t *error_text(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);
	json_t *error = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *message = json_string_value(json_object_get(error, "message"));
	json_t *found = message != NULL ? json_string(message) : json_null();

	json_decref(error);
	return found;
}

static void put_part(char line[LINE_BYTES], const char *text)
{
	size_t used = strlen(line);

	snprintf(line + used, LINE_BYTES - used, "%s%s", used > 0 ? ", " : "", text);
}

/* "fetching, 1.2 MB of 3.4 MB, 3 pages, 120 records"; what it waits for, when it waits. */
static json_t *progress_text(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);
	json_t *progress = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *stage = json_string_value(json_object_get(progress, "stage"));
	const char *note = json_string_value(json_object_get(progress, "note"));
	long long bytes = json_integer_value(json_object_get(progress, "bytes"));
	long long total = json_integer_value(json_object_get(progress, "total"));
	long long pages = json_integer_value(json_object_get(progress, "pages"));
	long long records = json_integer_value(json_object_get(progress, "records"));
	char line[LINE_BYTES] = "", part[SIZE_BYTES + 32], number[FIGURE_BYTES], size[SIZE_BYTES];

	put_part(line, note != NULL ? note : stage != NULL ? stage : "beginning");
	if (bytes > 0)
		put_part(line, hs_size_text(bytes, size, sizeof size));
	if (bytes > 0 && total >= bytes) {
		snprintf(part, sizeof part, "%s in all", hs_size_text(total, size, sizeof size));
		put_part(line, part);
	}
	if (pages > 1) {
		snprintf(part, sizeof part, "%s pages", count_text(pages, number));
		put_part(line, part);
	}
	if (records > 0) {
		snprintf(part, sizeof part, "%s records", count_text(records, number));
		put_part(line, part);
	}
	json_decref(progress);
	line[hs_utf8_valid_prefix(line, strlen(line))] = '\0';
	return json_string(line);
}

static json_t *run_new(const PGresult *result, int row, int first)
{
	long long id = (long long)hs_db_int(result, row, first + XRUN_ID);
	int64_t pages = hs_db_int(result, row, first + XRUN_PAGES);
	int64_t problems = hs_db_int(result, row, first + XRUN_PROBLEMS);
	bool is_running = is_text(result, row, first + XRUN_STATUS, "running");
	char seconds[IMPORTS_SECONDS_BYTES];
	json_t *view = json_object();

	imports_seconds_text(strtod(hs_db_text(result, row, first + XRUN_SECONDS), NULL), seconds);
	return view_or_nothing(view, view_put(view, "id", json_integer(id)) &&
	    view_put(view, "url", json_sprintf("/admin/extractors/runs/%lld", id)) &&
	    view_put(view, "status", text_json(result, row, first + XRUN_STATUS)) &&
	    view_put(view, "is_running", json_boolean(is_running)) &&
	    view_put(view, "trigger", text_json(result, row, first + XRUN_TRIGGER)) &&
	    view_put(view, "trigger_words",
		json_string(trigger_words(hs_db_text(result, row, first + XRUN_TRIGGER)))) &&
	    view_put(view, "started", text_json(result, row, first + XRUN_STARTED)) &&
	    view_put(view, "finished", text_json(result, row, first + XRUN_FINISHED)) &&
	    view_put(view, "seconds", json_string(seconds)) &&
	    view_put(view, "pages", pages > 1 ? some_text(pages, "page", "pages") : json_null()) &&
	    view_put(view, "bytes", size_json(hs_db_int(result, row, first + XRUN_BYTES))) &&
	    view_put(view, "records", some_text(hs_db_int(result, row, first + XRUN_RECORDS),
		"record", "records")) &&
	    view_put(view, "problem_count",
		problems > 0 ? some_text(problems, "problem", "problems") : json_null()) &&
	    view_put(view, "error", error_text(result, row, first + XRUN_ERROR)) &&
	    view_put(view, "progress", is_running ?
		progress_text(result, row, first + XRUN_PROGRESS) : json_null()));
}

static json_t *runs_new(const PGresult *result)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int row = 0; done && row < PQntuples(result); row++)
		done = json_array_append_new(list, run_new(result, row, 0)) == 0;
	return view_or_nothing(list, done);
}

static bool put_one_run(json_t *view, const PGresult *run)
{
	const char *source = hs_db_text(run, 0, XRUN_SOURCE);
	const char *file = hs_db_text(run, 0, XRUN_FILE);

	return view_put(view, "source", json_string(source)) &&
	    view_put(view, "source_url", address_of(source)) &&
	    view_put(view, "feed", text_json(run, 0, XRUN_URL)) &&
	    view_put(view, "host", text_json(run, 0, XRUN_HOST)) &&
	    view_put(view, "file", text_json(run, 0, XRUN_FILE)) &&
	    view_put(view, "source_name", text_json(run, 0, XRUN_SOURCE_NAME)) &&
	    view_put(view, "snapshot", text_json(run, 0, XRUN_SNAPSHOT)) &&
	    view_put(view, "is_dry", json_boolean(is_text(run, 0, XRUN_STATUS, "checked"))) &&
	    view_put(view, "is_unchanged", json_boolean(is_text(run, 0, XRUN_STATUS, "unchanged"))) &&
	    view_put(view, "file_name", file != NULL && strrchr(file, '/') != NULL ?
		json_string(strrchr(file, '/') + 1) : json_null()) &&
	    view_put(view, "import_url", hs_db_text(run, 0, XRUN_IMPORT_ID) == NULL ? json_null() :
		json_sprintf("/admin/imports/files/%lld",
		    (long long)hs_db_int(run, 0, XRUN_IMPORT_ID))) &&
	    view_put(view, "import_status", text_json(run, 0, XRUN_IMPORT_STATUS)) &&
	    extractors_report_put(view, run, 0);
}

/* ---- sources ---- */

/* The column names of its schedule; what stands where there is no next time says why. */
static const char *no_next(const PGresult *result, int row)
{
	if (hs_db_text(result, row, SOURCE_TOLD) == NULL)
		return "hsd-extractor does not know it any more";
	if (is_text(result, row, SOURCE_ENABLED, "f"))
		return "disabled";
	if (hs_db_text(result, row, SOURCE_SCHEDULE) == NULL)
		return "when asked for";
	if (hs_db_text(result, row, SOURCE_PROBLEM) != NULL)
		return "not before its problem is solved";
	if (!is_text(result, row, SOURCE_SCHEDULER_ON, "t"))
		return "the scheduler is off (SCHEDULER_ENABLED)";
	return "not settled yet";
}

static json_t *source_new(const PGresult *result, int row)
{
	const char *name = hs_db_text(result, row, SOURCE_NAME);
	bool has_run = hs_db_text(result, row, SOURCE_RUN) != NULL;
	bool is_known = hs_db_text(result, row, SOURCE_TOLD) != NULL;
	bool is_running = has_run && is_text(result, row, SOURCE_ASKED + 1 + XRUN_STATUS, "running");
	bool is_enabled = is_text(result, row, SOURCE_ENABLED, "t");
	json_t *view = json_object();

	return view_or_nothing(view, view_put(view, "name", json_string(name)) &&
	    view_put(view, "address", address_of(name)) &&
	    view_put(view, "is_known", json_boolean(is_known)) &&
	    view_put(view, "about", text_json(result, row, SOURCE_ABOUT)) &&
	    view_put(view, "url_host", text_json(result, row, SOURCE_URL_HOST)) &&
	    view_put(view, "schedule", text_json(result, row, SOURCE_SCHEDULE)) &&
	    view_put(view, "words", text_json(result, row, SOURCE_WORDS)) &&
	    view_put(view, "zone", text_json(result, row, SOURCE_ZONE)) &&
	    view_put(view, "source_problem", text_json(result, row, SOURCE_PROBLEM)) &&
	    view_put(view, "machine", text_json(result, row, SOURCE_HOST)) &&
	    view_put(view, "told", text_json(result, row, SOURCE_TOLD)) &&
	    view_put(view, "is_silent", json_boolean(is_text(result, row, SOURCE_SILENT, "t"))) &&
	    view_put(view, "is_enabled", json_boolean(is_enabled)) &&
	    view_put(view, "next", text_json(result, row, SOURCE_NEXT)) &&
	    view_put(view, "no_next", json_string(no_next(result, row))) &&
	    view_put(view, "is_asked", json_boolean(hs_db_int(result, row, SOURCE_ASKED) > 0)) &&
	    view_put(view, "is_under_way", json_boolean(is_running)) &&
	    view_put(view, "can_run", json_boolean(is_known && !is_running &&
		hs_db_text(result, row, SOURCE_URL_HOST) != NULL)) &&
	    view_put(view, "latest",
		has_run ? run_new(result, row, SOURCE_ASKED + 1) : json_null()));
}

/* ---- the frame ---- */

static const char *words_of(const json_t *request)
{
	const char *id = json_string_value(json_object_get(request, "command"));
	const json_t *args = json_object_get(request, "args");
	enum hs_command_id command;

	if (id == NULL || !hs_command_find(id, &command))
		return "A request";
	switch (command) {
	case HS_CMD_EXTRACTOR_RUN:
		return json_is_true(json_object_get(args, "dry-run")) ? "Dry run" : "Run now";
	case HS_CMD_EXTRACTOR_CANCEL:
		return "Cancel";
	case HS_CMD_EXTRACTOR_ENABLE:
		return "Enable";
	case HS_CMD_EXTRACTOR_DISABLE:
		return "Disable";
	default:
		return hs_commands[command].words;
	}
}

static json_t *request_new(const PGresult *result)
{
	json_t *view = PQntuples(result) > 0 ? command_request_json(result, 0) : json_null();
	long long run = json_integer_value(json_object_get(json_object_get(view, "result"), "run"));

	if (json_is_object(view) && !view_put(view, "words", json_string(words_of(view))))
		return view_or_nothing(view, false);
	if (run > 0 && !view_put(view, "its_run_url", json_sprintf("/admin/extractors/runs/%lld", run)))
		return view_or_nothing(view, false);
	return view;
}

static json_t *moving_text(const struct following *frame)
{
	int64_t runs = hs_db_int(frame->moving, 0, 0);
	char number[FIGURE_BYTES];

	if (runs == 1)
		return json_string("A run is under way.");
	if (runs > 1)
		return json_sprintf("%s runs are under way.", count_text(runs, number));
	return hs_db_int(frame->moving, 0, 1) > 0 ?
	    json_string("The extractor has been asked to work.") : json_string("");
}

static bool put_frame(json_t *view, const struct following *frame, const char *title)
{
	bool is_at_work = hs_db_int(frame->moving, 0, 0) > 0 || hs_db_int(frame->moving, 0, 1) > 0;

	return view_put(view, "at_extractors", json_true()) && following_put(view, frame, title,
	    frame->request != NULL ? request_new(frame->request) : json_null(), is_at_work,
	    moving_text(frame));
}

/* ---- pages ---- */

json_t *extractors_view_list(const struct following *frame, const PGresult *sources)
{
	json_t *view = json_object(), *list = json_array();
	bool done = view != NULL && list != NULL;

	for (int row = 0; done && row < PQntuples(sources); row++)
		done = json_array_append_new(list, source_new(sources, row)) == 0;
	return view_or_nothing(view, view_put(view, "sources", view_or_nothing(list, done)) &&
	    view_put(view, "any", json_boolean(PQntuples(sources) > 0)) &&
	    put_frame(view, frame, "Extractors"));
}

static bool put_page_link(json_t *pager, const char *key, const char *address, int64_t page,
    bool is_there)
{
	return view_put(pager, key, !is_there || address == NULL ? json_null() :
	    json_pack("{s:o}", "url",
		json_sprintf("%s?page=%lld", address, (long long)page)));
}

static json_t *pager_new(const char *address, int64_t total, int64_t page, int shown)
{
	int64_t pages = total > 0 ? (total + EXTRACTORS_PER_PAGE - 1) / EXTRACTORS_PER_PAGE : 1;
	int64_t first = (page - 1) * EXTRACTORS_PER_PAGE + 1;
	json_t *pager = json_pack("{s:I, s:I, s:I, s:I, s:b, s:b}", "from", (json_int_t)first, "to",
	    (json_int_t)(first + shown - 1), "page", (json_int_t)page, "pages", (json_int_t)pages,
	    "beyond", (int)(page > pages), "several", (int)(pages > 1 || page > 1));

	return view_or_nothing(pager, pager != NULL &&
	    put_page_link(pager, "first", address, 1, page > 1) &&
	    put_page_link(pager, "previous", address, page <= pages ? page - 1 : pages, page > 1) &&
	    put_page_link(pager, "next", address, page + 1, page < pages) &&
	    put_page_link(pager, "last", address, pages, page < pages));
}

static json_t *asked_new(const PGresult *asked)
{
	json_t *view;

	if (asked == NULL || PQntuples(asked) == 0 || is_text(asked, 0, XRUN_STATUS, "running"))
		return json_null();
	view = run_new(asked, 0, 0);
	return view_or_nothing(view, view != NULL && put_one_run(view, asked));
}

json_t *extractors_view_source(const struct following *frame, const PGresult *source,
    const PGresult *total, const PGresult *runs, int64_t page, const PGresult *asked)
{
	json_t *view = source_new(source, 0);
	const char *address = json_string_value(json_object_get(view, "address"));
	int64_t count = hs_db_int(total, 0, 0);

	return view_or_nothing(view, view != NULL &&
	    put_frame(view, frame, hs_db_text(source, 0, SOURCE_NAME)) &&
	    view_put(view, "runs", runs_new(runs)) &&
	    view_put(view, "any", json_boolean(PQntuples(runs) > 0)) &&
	    view_put(view, "beyond", json_boolean(count > 0 && PQntuples(runs) == 0)) &&
	    view_put(view, "pager", pager_new(address, count, page, PQntuples(runs))) &&
	    view_put(view, "asked_run", asked_new(asked)));
}

json_t *extractors_view_run(const struct following *frame, const PGresult *run)
{
	json_t *view = run_new(run, 0, 0);
	char title[64];

	snprintf(title, sizeof title, "Extractor run %lld", (long long)hs_db_int(run, 0, XRUN_ID));
	return view_or_nothing(view, view != NULL && put_frame(view, frame, title) &&
	    put_one_run(view, run) &&
	    view_put(view, "is_under_way", json_boolean(is_text(run, 0, XRUN_STATUS, "running"))));
}
