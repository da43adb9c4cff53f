/* quality_api.c: a report for programs. Fails only without memory. */
#include <stdlib.h>

#include "daemons/web/quality_view.h"
#include "daemons/web/values.h"

static json_t *known_new(const struct quality_coverage *row)
{
	json_t *known = json_object();
	bool done = known != NULL;

	for (size_t i = 0; done && i < QUALITY_FIELDS; i++)
		done = view_put(known, quality_fields[i].name, json_integer(row->known[i]));
	return view_or_nothing(known, done);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *coverage_new(const struct quality_coverage *row)
{
	json_t *one = json_pack("{s:s, s:o, s:I, s:o}", "source", row->source, "latest",
	    text_or_null(row->date), "player_seasons", (json_int_t)row->rows, "known",
	    known_new(row));

	if (one == NULL || row->competition == NULL)
		return one;
	return view_or_nothing(one, view_put(one, "competition", json_pack("{s:s, s:s}", "id",
	    row->competition_key, "name", row->competition)) &&
	    view_put(one, "season", json_string(row->season)) &&
	    view_put(one, "players", json_integer(row->players)) &&
	    view_put(one, "teams", json_integer(row->teams)));
}

static json_t *by_source_new(const struct quality_report *report)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < report->source_count; i++)
		done = json_array_append_new(list, coverage_new(&report->sources[i])) == 0;
	return view_or_nothing(list, done);
}

static json_t *finding_new(const struct quality_report *report, size_t kind)
{
	const struct quality_finding *finding = &report->findings[kind];

	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:o}", "name", quality_kinds[kind].name,
	    "title", quality_kinds[kind].title, "explanation", quality_kinds[kind].explanation,
	    "total", finding->is_done ? json_integer(finding->total) : json_null(), "kept",
	    (json_int_t)json_array_size(finding->items), "problem", text_or_null(finding->why));
}

static json_t *findings_new(const struct quality_report *report)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < QUALITY_KINDS; i++)
		done = json_array_append_new(list, finding_new(report, i)) == 0;
	return view_or_nothing(list, done);
}

static bool put_all(json_t *object, const struct quality_report *report)
{
	return view_put(object, "sources", report->stale != NULL ? json_incref(report->stale) :
	    json_null()) &&
	    view_put(object, "sources_problem", text_or_null(report->sources_why)) &&
	    view_put(object, "findings", findings_new(report)) &&
	    view_put(object, "coverage", by_source_new(report)) &&
	    view_put(object, "coverage_total", json_integer(report->coverage_total)) &&
	    view_put(object, "coverage_problem", text_or_null(report->coverage_why));
}

static bool put_page(json_t *object, const struct quality_query *query, size_t total)
{
	return view_put(object, "total", json_integer((json_int_t)total)) &&
	    view_put(object, "page", json_integer(query->page)) &&
	    view_put(object, "per_page", json_integer(query->per_page));
}

static bool put_coverage(json_t *object, const struct quality_report *report,
    const struct quality_query *query)
{
	struct quality_slice slice;
	json_t *list = json_array();
	bool done = list != NULL && quality_slice(report, query, &slice);

	if (!done) {
		json_decref(list);
		return false;
	}
	for (size_t i = 0; done && i < slice.count; i++)
		done = json_array_append_new(list, coverage_new(slice.rows[i])) == 0;
	free(slice.rows);
	return view_put(object, "coverage", list) && done && put_page(object, query, slice.total) &&
	    view_put(object, "coverage_problem", text_or_null(report->coverage_why));
}

static bool put_finding(json_t *object, const struct quality_report *report,
    const struct quality_query *query)
{
	const json_t *items = report->findings[query->kind].items;
	size_t first = (size_t)(query->page - 1) * (size_t)query->per_page;
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = first; done && i < json_array_size(items) &&
	    i < first + (size_t)query->per_page; i++)
		done = json_array_append(list, json_array_get(items, i)) == 0;
	return view_put(object, "items", list) && done &&
	    view_put(object, "finding", finding_new(report, query->kind)) &&
	    put_page(object, query, json_array_size(items));
}

static bool put_rest(json_t *object, const struct quality_shown *shown)
{
	switch (shown->query.show) {
	case QUALITY_SHOW_COVERAGE:
		return put_coverage(object, shown->report, &shown->query);
	case QUALITY_SHOW_FINDING:
		return put_finding(object, shown->report, &shown->query);
	default:
		return put_all(object, shown->report);
	}
}

/* The members that there will be. */
static bool put_nothing(json_t *object, enum quality_show show)
{
	static const char *const members[][7] = {
		[QUALITY_SHOW_ALL] = { "sources", "sources_problem", "findings", "coverage",
		    "coverage_total", "coverage_problem" },
		[QUALITY_SHOW_COVERAGE] = { "coverage", "coverage_problem", "total", "page",
		    "per_page" },
		[QUALITY_SHOW_FINDING] = { "finding", "items", "total", "page", "per_page" },
	};

	for (size_t i = 0; members[show][i] != NULL; i++) {
		if (!view_put(object, members[show][i], json_null()))
			return false;
	}
	return true;
}

json_t *quality_view_api(const struct quality_shown *shown)
{
	const struct quality_report *report = shown->report;
	json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:I, s:b}", "as_of",
	    report != NULL ? json_string(report->at) : json_null(), "data_version",
	    report != NULL ? json_integer(report->version) : json_null(), "last_data_version",
	    report != NULL ? json_integer(report->last_version) : json_null(), "seconds",
	    report != NULL ? json_real(report->seconds) : json_null(), "newest_data_version",
	    (json_int_t)shown->newest, "is_computing", shown->progress.is_busy);

	return view_or_nothing(object, object != NULL && (report != NULL ?
	    put_rest(object, shown) : put_nothing(object, shown->query.show)));
}
