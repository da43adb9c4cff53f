/* imports_view.c: trusts the columns of imports_sql.c; every text goes to templates as it is, which
 * escape it. */
#include "daemons/web/imports_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/number.h"
#include "daemons/web/command_request.h"
#include "daemons/web/figures.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/values.h"

enum { LINE_BYTES = 256, SIZE_BYTES = 32 };

const char *imports_seconds_text(double seconds, char buf[IMPORTS_SECONDS_BYTES])
{
	long long whole = seconds < 0 ? 0 : seconds > 1e12 ? 1000000000000 : (long long)seconds;

	if (seconds < 0.95)
		snprintf(buf, IMPORTS_SECONDS_BYTES, "%.0f ms", seconds < 0 ? 0 : 1000 * seconds);
	else if (seconds < 10)
		snprintf(buf, IMPORTS_SECONDS_BYTES, "%.1f s", seconds);
	else if (whole < 60)
		snprintf(buf, IMPORTS_SECONDS_BYTES, "%lld s", whole);
	else if (whole < 3600)
		snprintf(buf, IMPORTS_SECONDS_BYTES, "%lld min %lld s", whole / 60, whole % 60);
	else
		snprintf(buf, IMPORTS_SECONDS_BYTES, "%lld h %lld min", whole / 3600,
		    whole / 60 % 60);
	return buf;
}

/* ---- pieces ---- */

/* "3 imported · 1 failed": of the counts that are not 0; otherwise stands when all are. */
struct part { int column; const char *word; };

static json_t *parts_text(const PGresult *result, int row, const struct part *parts, size_t count,
    const char *otherwise)
{
	char line[LINE_BYTES] = "", number[FIGURE_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t value = hs_db_int(result, row, parts[i].column);

		if (value == 0 || used >= sizeof line)
			continue;
		snprintf(line + used, sizeof line - used, "%s%s %s", used > 0 ? " · " : "",
		    count_text(value, number), parts[i].word);
		used += strlen(line + used);
	}
	return json_string(used > 0 ? line : otherwise);
}

static json_t *records_text(const PGresult *result, int row, int first)
{
	const struct part parts[] = { { first, "new" }, { first + 1, "changed" },
		{ first + 2, "as before" }, { first + 3, "stale" } };

	return parts_text(result, row, parts, HS_COUNT(parts), "");
}

static json_t *count_json(const PGresult *result, int row, int column)
{
	char number[FIGURE_BYTES];

	return json_string(count_text(hs_db_int(result, row, column), number));
}

static json_t *seconds_json(const PGresult *result, int row, int column)
{
	char text[IMPORTS_SECONDS_BYTES];

	return json_string(
	    imports_seconds_text(strtod(hs_db_text(result, row, column), NULL), text));
}

static json_t *size_json(const PGresult *result, int row)
{
	char text[SIZE_BYTES];

	return json_string(hs_size_text(hs_db_int(result, row, FILE_SIZE), text, sizeof text));
}

static const char *trigger_words(const char *trigger)
{
	static const struct { const char *trigger, *words; } known[] = {
		{ "watch", "came into the folder" },
		{ "start", "when HoopScout started" },
		{ "command", "by hsctl" },
		{ "admin", "from these pages" },
	};

	for (size_t i = 0; i < HS_COUNT(known); i++) {
		if (strcmp(known[i].trigger, trigger) == 0)
			return known[i].words;
	}
	return trigger;
}

/* ---- rows ---- */

json_t *imports_view_run_row(const PGresult *result, int row)
{
	static const struct part files[] = { { RUN_IMPORTED, "imported" },
		{ RUN_DUPLICATE, "duplicate" }, { RUN_FAILED, "failed" } };
	json_t *view = json_object();
	const char *trigger = hs_db_text(result, row, RUN_TRIGGER);
	json_int_t id = (json_int_t)hs_db_int(result, row, RUN_ID);

	return view_or_nothing(view, view_put(view, "id", json_integer(id)) &&
	    view_put(view, "url", json_sprintf("/admin/imports/runs/%lld", (long long)id)) &&
	    view_put(view, "files_url",
		json_sprintf("/admin/imports/files?run=%lld", (long long)id)) &&
	    view_put(view, "trigger", json_string(trigger)) &&
	    view_put(view, "trigger_words", json_string(trigger_words(trigger))) &&
	    view_put(view, "status", text_json(result, row, RUN_STATUS)) &&
	    view_put(view, "is_running",
		json_boolean(is_text(result, row, RUN_STATUS, "running"))) &&
	    view_put(view, "started", text_json(result, row, RUN_STARTED)) &&
	    view_put(view, "finished", text_json(result, row, RUN_FINISHED)) &&
	    view_put(view, "seconds", seconds_json(result, row, RUN_SECONDS)) &&
	    view_put(view, "files", count_json(result, row, RUN_FILES)) &&
	    view_put(view, "files_text",
		parts_text(result, row, files, HS_COUNT(files), "no files")) &&
	    view_put(view, "any_failed", json_boolean(hs_db_int(result, row, RUN_FAILED) > 0)) &&
	    view_put(view, "records", count_json(result, row, RUN_RECORDS)) &&
	    view_put(view, "records_text", records_text(result, row, RUN_CREATED)));
}

static bool put_status(json_t *view, const PGresult *result, int row)
{
	static const char *const known[] = { "imported", "duplicate", "failed", "undone" };
	int64_t problems = hs_db_int(result, row, FILE_PROBLEMS);

	for (size_t i = 0; i < HS_COUNT(known); i++) {
		char key[32];

		snprintf(key, sizeof key, "is_%s", known[i]);
		if (!view_put(view, key, json_boolean(is_text(result, row, FILE_STATUS, known[i]))))
			return false;
	}
	return view_put(view, "status", text_json(result, row, FILE_STATUS)) &&
	    view_put(view, "problem_total", problems > 0 ?
		some_text(problems, "error", "errors") : json_null());
}

json_t *imports_view_file_row(const PGresult *result, int row)
{
	json_t *view = json_object();
	long long id = (long long)hs_db_int(result, row, FILE_ID);
	long long run = (long long)hs_db_int(result, row, FILE_RUN);
	const char *trigger = hs_db_text(result, row, FILE_TRIGGER);

	return view_or_nothing(view, put_status(view, result, row) &&
	    view_put(view, "id", json_integer(id)) &&
	    view_put(view, "url", json_sprintf("/admin/imports/files/%lld", id)) &&
	    view_put(view, "run", json_integer(run)) &&
	    view_put(view, "run_url", json_sprintf("/admin/imports/runs/%lld", run)) &&
	    view_put(view, "name", text_json(result, row, FILE_NAME)) &&
	    view_put(view, "source", text_json(result, row, FILE_SOURCE)) &&
	    view_put(view, "snapshot", text_json(result, row, FILE_SNAPSHOT)) &&
	    view_put(view, "size", size_json(result, row)) &&
	    view_put(view, "records", count_json(result, row, FILE_RECORDS)) &&
	    view_put(view, "records_text", records_text(result, row, FILE_CREATED)) &&
	    view_put(view, "trigger", json_string(trigger)) &&
	    view_put(view, "trigger_words", json_string(trigger_words(trigger))) &&
	    view_put(view, "finished", text_json(result, row, FILE_FINISHED)) &&
	    view_put(view, "seconds", seconds_json(result, row, FILE_SECONDS)) &&
	    view_put(view, "sha256", text_json(result, row, FILE_SHA256)));
}

static json_t *rows_new(const PGresult *result, json_t *(*row_new)(const PGresult *result, int row))
{
	json_t *rows = json_array();
	bool done = rows != NULL;

	for (int row = 0; done && row < PQntuples(result); row++)
		done = json_array_append_new(rows, row_new(result, row)) == 0;
	return view_or_nothing(rows, done);
}

/* ---- the frame ---- */

static const char *words_of(const json_t *request)
{
	const char *id = json_string_value(json_object_get(request, "command"));
	enum hs_command_id command;

	if (id == NULL || !hs_command_find(id, &command))
		return "A request";
	switch (command) {
	case HS_CMD_IMPORT_NOW:
		return "Import now";
	case HS_CMD_IMPORT_RETRY:
		return "Import it again";
	case HS_CMD_IMPORT_UNDO:
		return json_is_true(json_object_get(json_object_get(request, "args"), "preview")) ?
		    "A look at what undoing changes" : "Undo the import";
	case HS_CMD_IMPORT_DELETE:
		return "Delete from failed";
	default:
		return hs_commands[command].words;
	}
}

/* Links to what came of it, as far as the result says. */
static json_t *request_new(const PGresult *result)
{
	json_t *view = PQntuples(result) > 0 ? command_request_json(result, 0) : json_null();
	json_int_t run = json_integer_value(json_object_get(json_object_get(json_object_get(view,
	    "result"), "run"), "run_id"));

	if (json_is_object(view) && !view_put(view, "words", json_string(words_of(view))))
		return view_or_nothing(view, false);
	if (run > 0 && !view_put(view, "its_run_url",
		json_sprintf("/admin/imports/runs/%lld", (long long)run)))
		return view_or_nothing(view, false);
	return view;
}

static json_t *moving_text(const struct following *frame)
{
	int64_t files = hs_db_int(frame->moving, 0, 1), requests = hs_db_int(frame->moving, 0, 2);
	char number[FIGURE_BYTES];

	if (is_text(frame->moving, 0, 0, "t"))
		return json_sprintf("An import is running: %s file%s done.",
		    count_text(files, number), files == 1 ? "" : "s");
	return requests > 0 ? json_string("The importer has been asked to work.") : json_string("");
}

bool imports_view_frame(json_t *view, const struct following *frame, const char *title)
{
	bool is_at_work = is_text(frame->moving, 0, 0, "t") || hs_db_int(frame->moving, 0, 2) > 0;

	return view_put(view, "at_imports", json_true()) && following_put(view, frame, title,
	    frame->request != NULL ? request_new(frame->request) : json_null(), is_at_work,
	    moving_text(frame));
}

/* ---- lists ---- */

struct head { const char *key, *title; bool is_number, falls; };

static const struct head run_heads[] = {
	{ "started", "Run", false, true },
	{ NULL, "Status", false, false },
	{ "files", "Files", true, true },
	{ "records", "Records", true, true },
	{ "seconds", "Took", true, true },
};

static const struct head file_heads[] = {
	{ "name", "File", false, false },
	{ "status", "Status", false, false },
	{ "records", "Records", true, true },
	{ "size", "Size", true, true },
	{ "finished", "When (UTC)", false, true },
};

/* The order that a click asks for: the other way round when it is this one already. */
static json_t *head_new(const struct imports_query *query, const struct head *head)
{
	bool is_sorted =
	    head->key != NULL && strcmp(query->sort + (query->sort[0] == '-'), head->key) == 0;
	bool falls = is_sorted ? query->sort[0] != '-' : head->falls;
	char sort[IMPORTS_WORD_BYTES];
	json_t *view = json_pack("{s:s, s:b, s:b}", "title", head->title, "number",
	    (int)head->is_number, "is_sorted", (int)is_sorted);
	char *url;

	if (head->key == NULL || view == NULL)
		return view;
	snprintf(sort, sizeof sort, "%s%s", falls ? "-" : "", head->key);
	url = imports_query_url_sort(query, sort);
	view = view_or_nothing(view,
	    url != NULL && view_put(view, "url", json_string(url)) &&
		view_put(view, "key", json_string(head->key)) &&
		(!is_sorted ||
		    (view_put(view, "sorted", json_string(falls ? "ascending" : "descending")) &&
			view_put(view, "arrow", json_string(falls ? "▲" : "▼")))));
	free(url);
	return view;
}

static json_t *heads_new(const struct imports_query *query)
{
	bool is_files = query->page_of == IMPORTS_FILES;
	const struct head *heads = is_files ? file_heads : run_heads;
	size_t count = is_files ? HS_COUNT(file_heads) : HS_COUNT(run_heads);
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < count; i++)
		done = json_array_append_new(list, head_new(query, &heads[i])) == 0;
	return view_or_nothing(list, done);
}

static json_t *choices_new(const struct imports_query *query, const char *name, const char *chosen)
{
	const char *choices = imports_query_choices(query->page_of, name);
	json_t *list = json_array();
	bool done = list != NULL;

	while (done && *choices != '\0') {
		size_t length = strcspn(choices, ",");

		done = json_array_append_new(
			   list, json_pack("{s:s%, s:b}", "value", choices, length, "chosen",
				     (int)(strlen(chosen) == length &&
					   strncmp(chosen, choices, length) == 0))) == 0;
		choices += length + (choices[length] == ',');
	}
	return view_or_nothing(list, done);
}

/* One that is asked for stands in the list though no file has it. */
static json_t *sources_new(const PGresult *sources, const char *chosen)
{
	json_t *list = json_array();
	bool done = list != NULL, is_there = chosen[0] == '\0';

	for (int row = 0; done && row < PQntuples(sources); row++) {
		const char *name = hs_db_text(sources, row, 0);
		bool is_chosen = strcmp(name, chosen) == 0;

		is_there = is_there || is_chosen;
		done = json_array_append_new(list,
		    json_pack("{s:s, s:b}", "value", name, "chosen", (int)is_chosen)) == 0;
	}
	if (done && !is_there)
		done = json_array_append_new(list,
		    json_pack("{s:s, s:b}", "value", chosen, "chosen", 1)) == 0;
	return view_or_nothing(list, done);
}

static bool put_form(json_t *view, const struct imports_query *query, const PGresult *sources)
{
	return view_put(view, "q", json_string(query->q)) &&
	    view_put(view, "from", json_string(query->from)) &&
	    view_put(view, "to", json_string(query->to)) &&
	    view_put(view, "of_run", query->run > 0 ? json_integer(query->run) : json_null()) &&
	    view_put(view, "sort", json_string(query->sort)) &&
	    view_put(view, "statuses", choices_new(query, "status", query->status)) &&
	    view_put(view, "triggers", choices_new(query, "trigger", query->trigger)) &&
	    (sources == NULL || view_put(view, "sources", sources_new(sources, query->source)));
}

static bool put_link(json_t *pager, const char *key, const struct imports_query *query,
    int64_t page, bool is_there)
{
	char *url = is_there ? imports_query_url_page(query, page) : NULL;
	bool done = !is_there || (url != NULL && view_put(pager, key,
	    json_pack("{s:s}", "url", url)));

	free(url);
	return done;
}

static json_t *pager_new(const struct imports_query *query, int64_t total, int shown)
{
	int64_t pages = total > 0 ? (total + query->per_page - 1) / query->per_page : 1;
	int64_t first = (query->page - 1) * query->per_page + 1;
	char from[FIGURE_BYTES], to[FIGURE_BYTES], last[FIGURE_BYTES], current[FIGURE_BYTES];
	json_t *pager = json_object();

	return view_or_nothing(
	    pager, view_put(pager, "from", json_string(count_text(first, from))) &&
		       view_put(pager, "to", json_string(count_text(first + shown - 1, to))) &&
		       view_put(pager, "page", json_string(count_text(query->page, current))) &&
		       view_put(pager, "pages", json_string(count_text(pages, last))) &&
		       view_put(pager, "beyond", json_boolean(query->page > pages)) &&
		       view_put(pager, "several", json_boolean(pages > 1 || query->page > 1)) &&
		       put_link(pager, "first", query, 1, query->page > 1) &&
		       put_link(pager, "previous", query,
			   query->page <= pages ? query->page - 1 : pages, query->page > 1) &&
		       put_link(pager, "next", query, query->page + 1, query->page < pages) &&
		       put_link(pager, "last", query, pages, query->page < pages));
}

static json_t *total_text(const struct imports_query *query, int64_t total)
{
	const char *what = query->page_of == IMPORTS_FILES ? "file" : "run";
	char number[FIGURE_BYTES];

	if (total == 0)
		return json_sprintf(imports_query_is_filtered(query) ? "No %s found" : "No %ss yet",
		    what);
	return json_sprintf("%s %s%s", count_text(total, number), what, total == 1 ? "" : "s");
}

json_t *imports_view_list(const struct imports_query *query, const struct following *frame,
    const PGresult *total, const PGresult *list, const PGresult *sources)
{
	bool is_files = query->page_of == IMPORTS_FILES;
	int64_t count = hs_db_int(total, 0, 0);
	json_t *view = json_object();

	return view_or_nothing(view, view != NULL &&
	    imports_view_frame(view, frame, is_files ? "Imported files" : "Import history") &&
	    view_put(view, "is_files", json_boolean(is_files)) &&
	    view_put(view, "is_runs", json_boolean(!is_files)) &&
	    view_put(view, "filtered", json_boolean(imports_query_is_filtered(query))) &&
	    view_put(view, "total", total_text(query, count)) &&
	    view_put(view, "any", json_boolean(PQntuples(list) > 0)) &&
	    view_put(view, "beyond", json_boolean(count > 0 && PQntuples(list) == 0)) &&
	    view_put(view, "heads", heads_new(query)) &&
	    view_put(view, "rows", rows_new(list, is_files ? imports_view_file_row :
							     imports_view_run_row)) &&
	    put_form(view, query, sources) &&
	    view_put(view, "pager", pager_new(query, count, PQntuples(list))));
}

/* ---- one of them ---- */

json_t *imports_view_run(const struct following *frame, const PGresult *run,
    const PGresult *total, const PGresult *files)
{
	json_t *view = imports_view_run_row(run, 0);
	char title[64];

	snprintf(title, sizeof title, "Import run %lld", (long long)hs_db_int(run, 0, RUN_ID));
	return view_or_nothing(view, view != NULL && imports_view_frame(view, frame, title) &&
	    view_put(view, "rows", rows_new(files, imports_view_file_row)) &&
	    view_put(view, "any", json_boolean(PQntuples(files) > 0)) &&
	    view_put(view, "more",
		json_boolean(hs_db_int(total, 0, 0) > (int64_t)PQntuples(files))));
}

/* Where the count-th character begins, from 1; the end when there are not so many. */
static size_t character_at(const char *text, json_int_t count)
{
	size_t at = 0;

	while (text[at] != '\0' && --count > 0) {
		at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/* The line in question, with the character in question apart; null where there is none. */
static json_t *excerpt_new(const json_t *problem)
{
	const char *text = json_string_value(json_object_get(problem, "excerpt"));
	json_int_t column = json_integer_value(json_object_get(problem, "excerpt_column"));
	size_t at, length;

	if (text == NULL || text[0] == '\0')
		return json_null();
	at = column > 0 ? character_at(text, column) : strlen(text);
	length = character_at(text + at, 2);
	return json_pack("{s:s%, s:s%, s:s}", "before", text, at, "at", text + at, length, "after",
	    text + at + length);
}

/* What is not as this version writes it is left out. */
static json_t *problem_new(const json_t *problem)
{
	const char *pointer = json_string_value(json_object_get(problem, "pointer"));
	json_int_t line = json_integer_value(json_object_get(problem, "line"));
	json_int_t column = json_integer_value(json_object_get(problem, "column"));
	const char *code = json_string_value(json_object_get(problem, "code"));
	const char *message = json_string_value(json_object_get(problem, "message"));

	return json_pack("{s:s?, s:I, s:I, s:b, s:s, s:s, s:o}", "pointer",
	    pointer != NULL && pointer[0] != '\0' ? pointer : NULL, "line", line, "column", column,
	    "has_line", (int)(line > 0), "code", code != NULL ? code : "", "message",
	    message != NULL ? message : "", "excerpt", excerpt_new(problem));
}

static bool put_problems(json_t *view, const PGresult *file)
{
	const char *text = hs_db_text(file, 0, FILE_PROBLEM_LIST);
	json_t *found = text != NULL ? json_loads(text, 0, NULL) : NULL, *problem;
	int64_t left = hs_db_int(file, 0, FILE_PROBLEMS) - (int64_t)json_array_size(found);
	json_t *list = json_array();
	bool done = list != NULL;
	size_t i;

	json_array_foreach(found, i, problem)
		done = done && json_array_append_new(list, problem_new(problem)) == 0;
	json_decref(found);
	return view_put(view, "any_problems", json_boolean(json_array_size(list) > 0)) &&
	    view_put(view, "problems", view_or_nothing(list, done)) &&
	    view_put(view, "problems_left", left > 0 ?
		some_text(left, "error", "errors") : json_null());
}

static json_t *duplicates_new(const PGresult *duplicates)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int row = 0; done && row < PQntuples(duplicates); row++)
		done = json_array_append_new(list, json_pack("{s:o, s:s, s:s}", "url",
		    json_sprintf("/admin/imports/files/%lld",
			(long long)hs_db_int(duplicates, row, 0)),
		    "name", hs_db_text(duplicates, row, 1), "finished",
		    hs_db_text(duplicates, row, 2))) == 0;
	return view_or_nothing(list, done);
}

static bool put_original(json_t *view, const PGresult *file)
{
	const char *name = hs_db_text(file, 0, FILE_ORIGINAL_NAME);

	return view_put(view, "original", name == NULL ? json_null() :
	    json_pack("{s:o, s:s, s:s, s:b}", "url", json_sprintf("/admin/imports/files/%lld",
		(long long)hs_db_int(file, 0, FILE_DUPLICATE_OF)), "name", name, "finished",
		hs_db_text(file, 0, FILE_ORIGINAL_FINISHED), "is_undone",
		(int)is_text(file, 0, FILE_ORIGINAL_STATUS, "undone")));
}

/* Who took it back, or away; and what may be done with it now. */
static bool put_end(json_t *view, const PGresult *file)
{
	bool is_imported = is_text(file, 0, FILE_STATUS, "imported");
	bool is_deleted = hs_db_text(file, 0, FILE_DELETED_AT) != NULL;

	return view_put(view, "undone_at", text_json(file, 0, FILE_UNDONE_AT)) &&
	    view_put(view, "undone_by", text_json(file, 0, FILE_UNDONE_BY)) &&
	    view_put(view, "deleted_at", text_json(file, 0, FILE_DELETED_AT)) &&
	    view_put(view, "deleted_by", text_json(file, 0, FILE_DELETED_BY)) &&
	    view_put(view, "may_undo", json_boolean(is_imported &&
		is_text(file, 0, FILE_HAS_STATEMENTS, "t"))) &&
	    view_put(view, "cannot_undo", json_boolean(is_imported &&
		!is_text(file, 0, FILE_HAS_STATEMENTS, "t"))) &&
	    view_put(view, "may_retry", json_boolean(!is_deleted &&
		is_text(file, 0, FILE_STATUS, "failed") &&
		hs_db_text(file, 0, FILE_STORED_AS) != NULL));
}

static json_t *counts_new(const PGresult *file)
{
	static const struct part counts[] = {
		{ FILE_RECORDS, "Records" }, { FILE_CREATED, "New" }, { FILE_UPDATED, "Changed" },
		{ FILE_UNCHANGED, "As before" }, { FILE_STALE, "Stale" },
		{ FILE_NEW_PLAYERS, "New players" }, { FILE_NEW_TEAMS, "New teams" },
		{ FILE_NEW_COMPETITIONS, "New competitions" }, { FILE_NEW_SEASONS, "New seasons" },
	};
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(counts); i++)
		done = json_array_append_new(list, json_pack("{s:s, s:o}", "what", counts[i].word,
		    "count", count_json(file, 0, counts[i].column))) == 0;
	return view_or_nothing(list, done);
}

json_t *imports_view_file(const struct following *frame, const PGresult *file,
    const PGresult *duplicates)
{
	json_t *view = imports_view_file_row(file, 0);

	return view_or_nothing(view, view != NULL &&
	    imports_view_frame(view, frame, hs_db_text(file, 0, FILE_NAME)) &&
	    view_put(view, "started", text_json(file, 0, FILE_STARTED)) &&
	    view_put(view, "counts", counts_new(file)) && put_problems(view, file) &&
	    put_original(view, file) && put_end(view, file) &&
	    view_put(view, "any_duplicates", json_boolean(PQntuples(duplicates) > 0)) &&
	    view_put(view, "duplicates", duplicates_new(duplicates)));
}
