/* extractors_report.c: trusts neither shape nor size of what the database has: another version may
 * have written it. Texts are escaped by the templates. */
#include "daemons/web/extractors_report.h"

#include <stdio.h>
#include <string.h>

#include "common/db.h"
#include "daemons/web/extractors_sql.h"
#include "daemons/web/figures.h"
#include "daemons/web/values.h"

enum { PLACE_BYTES = 128 };

/* "page 2, record 3, line 17 of the feed", as far as it is known. A line alone would be another
 * file's. */
static json_t *place_text(const json_t *item)
{
	static const char *const keys[] = { "page", "record", "line" };
	char line[PLACE_BYTES] = "", number[FIGURE_BYTES];
	size_t used = 0;

	for (size_t i = 0; i < HS_COUNT(keys); i++) {
		long long n = number_in(item, keys[i]);

		if (n <= 0 || number_in(item, "record") <= 0 || used >= sizeof line)
			continue;
		snprintf(line + used, sizeof line - used, "%s%s %s", used > 0 ? ", " : "", keys[i],
		    count_text(n, number));
		used += strlen(line + used);
	}
	return json_string(line);
}

static json_t *more_text(const json_t *problem)
{
	long long again = number_in(problem, "count") - 1, others = number_in(problem, "others");
	char first[FIGURE_BYTES], second[FIGURE_BYTES];

	if (again > 0 && others > 0)
		return json_sprintf("the same in %s more, the like in %s more",
		    count_text(again, first), count_text(others, second));
	if (again > 0)
		return json_sprintf("the same in %s more", count_text(again, first));
	return others > 0 ? json_sprintf("the like, of other values, in %s more",
	    count_text(others, second)) : json_string("");
}

static json_t *problem_new(const json_t *problem)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "pointer", text_in(problem, "pointer"), "code",
	    text_in(problem, "code"), "message", text_in(problem, "message"), "place",
	    place_text(problem), "more", more_text(problem));
}

static json_t *repeated_new(const json_t *item)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "full_name", text_in(item, "full_name"),
	    "season", text_in(item, "season"), "team_name", text_in(item, "team_name"), "pointer",
	    text_in(item, "pointer"), "place", place_text(item));
}

static json_t *field_new(const json_t *field)
{
	const json_t *first = json_object_get(field, "first");
	long long count = number_in(field, "count");
	char number[FIGURE_BYTES];

	return json_pack("{s:s, s:s, s:b, s:s, s:s?}", "field", text_in(field, "field"), "count",
	    count_text(count, number), "is_none", (int)(count == 0), "from",
	    text_in(field, "from"), "first", json_string_value(first));
}

/* A pointer that is misspelt is wrong in no record, and empty in all. */
static json_t *empty_new(const json_t *field)
{
	const char *from = text_in(field, "from"), *missing = text_in(field, "missing");
	bool says = json_is_string(json_object_get(field, "missing"));
	const char *why = !says || strcmp(missing, from) == 0 ? "the mapping looks for it at" :
	    missing[0] != '\0' ? "none has one at" : "it becomes none of what is at";

	return json_pack("{s:s, s:s, s:s}", "field", text_in(field, "field"), "why", why, "at",
	    says && missing[0] != '\0' ? missing : from);
}

static json_t *warning_new(const json_t *warning)
{
	const char *text = json_string_value(warning);

	return json_string(text != NULL ? text : "");
}

static bool put_list(json_t *view, const char *name, const json_t *items,
    json_t *(*item_new)(const json_t *item))
{
	json_t *list = json_array();
	bool done = list != NULL;
	const json_t *item;
	char any[40];
	size_t i;

	json_array_foreach(items, i, item)
		done = done && json_array_append_new(list, item_new(item)) == 0;
	snprintf(any, sizeof any, "any_%s", name);
	return view_put(view, any, json_boolean(json_array_size(list) > 0)) &&
	    view_put(view, name, view_or_nothing(list, done));
}

static bool put_counts(json_t *view, const json_t *report)
{
	static const struct { const char *key, *words; } counts[] = {
		{ "skipped", "left out by the mapping’s rules" },
		{ "left_out", "left out, as the mapping lets pass" },
		{ "repeated", "dropped: the feed repeats them" },
	};
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(counts); i++) {
		long long count = number_in(report, counts[i].key);

		if (count > 0)
			done = json_array_append_new(list, json_pack("{s:o, s:s}", "count",
			    some_text(count, "record", "records"), "words", counts[i].words)) == 0;
	}
	return view_put(view, "counts", view_or_nothing(list, done)) &&
	    view_put(view, "mapped", some_text(number_in(report, "mapped"), "mapped record",
		"mapped records"));
}

static json_t *json_column(const PGresult *result, int row, int column)
{
	const char *text = hs_db_text(result, row, column);

	return text != NULL ? json_loads(text, 0, NULL) : NULL;
}

/* NULL (nothing, or no JSON) is a report without anything. */
bool extractors_report_put(json_t *view, const PGresult *run, int row)
{
	json_t *report = json_column(run, row, XRUN_REPORT);
	json_t *problems = json_column(run, row, XRUN_PROBLEM_LIST);
	long long total = (long long)hs_db_int(run, row, XRUN_PROBLEMS);
	bool done = put_counts(view, report) &&
	    put_list(view, "fields", json_object_get(report, "fields"), field_new) &&
	    put_list(view, "empty_fields", json_object_get(report, "empty_fields"), empty_new) &&
	    put_list(view, "left_out_problems", json_object_get(report, "left_out_problems"),
		problem_new) &&
	    put_list(view, "repeated_first", json_object_get(report, "repeated_first"),
		repeated_new) &&
	    put_list(view, "warnings", json_object_get(report, "warnings"), warning_new) &&
	    put_list(view, "problems", problems, problem_new) &&
	    view_put(view, "problem_text",
		total > 0 ? some_text(total, "problem", "problems") : json_null());

	json_decref(report);
	json_decref(problems);
	return done;
}
