/* quality_view.c: a report for people. All text is finished here: the template only places and
 * escapes it. Fails only without memory. */
#include "daemons/web/quality_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "daemons/web/figures.h"
#include "daemons/web/query_string.h"
#include "daemons/web/values.h"

enum { LEAST_SHOWN = 3 };

/* ---- as of when ---- */

static json_t *versions_text(const struct quality_report *report)
{
	if (report->version == report->last_version)
		return json_sprintf("%lld", (long long)report->version);
	return json_sprintf("%lld to %lld, since imports went on", (long long)report->version,
	    (long long)report->last_version);
}

static bool is_newest(const struct quality_shown *shown)
{
	return shown->report != NULL && shown->report->version == shown->newest &&
	    shown->report->last_version == shown->newest;
}

/* "2026-11-29 08:00:12 UTC" of "2026-11-29T08:00:12Z" */
static json_t *time_text(const char *at)
{
	return at == NULL || strlen(at) < 19 ? json_null() :
	    json_sprintf("%.10s %.8s UTC", at, at + 11);
}

static bool put_kept(json_t *state, const struct quality_report *report)
{
	return report == NULL || (view_put(state, "is_kept", json_true()) &&
	    view_put(state, "at", time_text(report->at)) &&
	    view_put(state, "versions", versions_text(report)) &&
	    view_put(state, "took", json_sprintf("%.1f", report->seconds)));
}

json_t *quality_view_state(const struct quality_shown *shown, bool is_fragment)
{
	const struct quality_progress *progress = &shown->progress;
	json_t *state = json_object();
	char *address = quality_query_address(&shown->query);
	bool done = address != NULL &&
	    view_put(state, "is_busy", json_boolean(progress->is_busy)) &&
	    view_put(state, "done", json_integer((json_int_t)progress->done)) &&
	    view_put(state, "steps", json_integer((json_int_t)progress->steps)) &&
	    view_put(state, "url", json_string(address)) &&
	    view_put(state, "failed", json_boolean(progress->failure.code != HS_OK)) &&
	    view_put(state, "is_there", json_boolean(is_fragment && !progress->is_busy &&
		progress->failure.code == HS_OK)) &&
	    view_put(state, "is_newest", json_boolean(is_newest(shown))) &&
	    view_put(state, "newest", json_integer((json_int_t)shown->newest)) &&
	    put_kept(state, shown->report);

	free(address);
	return view_or_nothing(state, done);
}

/* ---- sources ---- */

static json_t *days_text(const json_t *days)
{
	json_int_t number = json_integer_value(days);

	return !json_is_integer(days) ? json_null() :
	    json_sprintf("%lld day%s", (long long)number, number == 1 ? "" : "s");
}

static json_t *minute_text(const json_t *object)
{
	const char *at = json_string_value(json_object_get(object, "at"));

	return at == NULL || strlen(at) < 16 ? json_null() :
	    json_sprintf("%.10s %.5s", at, at + 11);
}

/* null where there is no object */
static json_t *copy_of(const json_t *object, const char *key)
{
	json_t *member = json_object_get(object, key);

	return member != NULL ? json_incref(member) : json_null();
}

static json_t *source_new(const json_t *source)
{
	const json_t *overdue = json_object_get(source, "overdue");
	const json_t *import = json_object_get(source, "last_import");
	const json_t *run = json_object_get(source, "last_run");
	struct quality_query query;
	json_t *object = json_object();
	char *address;
	bool done;

	quality_query_init(&query);
	query.show = QUALITY_SHOW_COVERAGE;
	snprintf(query.source, sizeof query.source, "%s",
	    json_string_value(json_object_get(source, "name")));
	address = quality_query_address(&query);
	done = address != NULL && view_put(object, "name", copy_of(source, "name")) &&
	    view_put(object, "url", json_string(address)) &&
	    view_put(object, "latest", copy_of(source, "latest")) &&
	    view_put(object, "since", days_text(json_object_get(source, "days"))) &&
	    view_put(object, "usual", days_text(json_object_get(source, "usual"))) &&
	    view_put(object, "allowed", days_text(json_object_get(source, "allowed"))) &&
	    view_put(object, "is_stale", json_boolean(json_is_true(overdue))) &&
	    view_put(object, "in_time", json_boolean(json_is_false(overdue))) &&
	    view_put(object, "imported", minute_text(import)) &&
	    view_put(object, "status", copy_of(import, "status")) &&
	    view_put(object, "file_id", copy_of(import, "file_id")) &&
	    view_put(object, "file", copy_of(import, "file")) &&
	    view_put(object, "ran", minute_text(run)) &&
	    view_put(object, "run_id", copy_of(run, "run")) &&
	    view_put(object, "run_status", copy_of(run, "status"));
	free(address);
	return view_or_nothing(object, done);
}

static json_t *sources_new(const json_t *sources)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < json_array_size(sources); i++)
		done = json_array_append_new(list, source_new(json_array_get(sources, i))) == 0;
	return view_or_nothing(list, done);
}

/* ---- findings ---- */

static json_t *address_new(enum quality_show show, size_t kind)
{
	struct quality_query query;
	char *address;
	json_t *text;

	quality_query_init(&query);
	query.show = show;
	query.kind = kind;
	address = quality_query_address(&query);
	text = address != NULL ? json_string(address) : NULL;
	free(address);
	return text;
}

static json_t *finding_new(const struct quality_report *report, size_t kind)
{
	const struct quality_finding *finding = &report->findings[kind];
	char count[FIGURE_BYTES];

	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:s}", "title",
	    quality_kinds[kind].title, "explanation", quality_kinds[kind].explanation, "count",
	    finding->is_done ? count_text(finding->total, count) : "?", "any",
	    finding->total > 0, "missing", !finding->is_done, "url",
	    address_new(QUALITY_SHOW_FINDING, kind), "why", finding->why);
}

static json_t *findings_new(const struct quality_report *report)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < QUALITY_KINDS; i++)
		done = json_array_append_new(list, finding_new(report, i)) == 0;
	return view_or_nothing(list, done);
}

/* "NBA, 2017-18, Lakers", as far as there is such. */
static json_t *place_text(const json_t *item)
{
	static const char *const parts[] = { "competition", "season", "team" };
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < HS_COUNT(parts); i++) {
		json_t *part = json_object_get(item, parts[i]);

		if (json_is_string(part))
			done = json_array_append(list, part) == 0;
	}
	return view_or_nothing(list, done);
}

/* What an item of no player is called. */
static json_t *name_of(const json_t *item)
{
	static const char *const members[] = { "nationality", "team" };

	for (size_t i = 0; i < HS_COUNT(members); i++) {
		if (json_is_string(json_object_get(item, members[i])))
			return json_object_get(item, members[i]);
	}
	return json_object_get(item, "season");
}

/* Where its rows are, when neither the player's page nor the file's has them. */
static json_t *look_new(const json_t *item, const struct quality_kind *kind)
{
	if (kind->needs_statements)
		return json_pack("{s:o, s:s}", "url", json_sprintf("/admin/quality/players/%lld",
		    number_in(json_object_get(item, "player"), "id")), "text",
		    "What files said");
	if (kind->is_of_percentages)
		return json_pack("{s:o, s:s}", "url", json_sprintf("/admin/quality/shares/%lld",
		    number_in(json_object_get(item, "file"), "id")), "text", "The rows");
	return json_null();
}

static json_t *item_new(const json_t *item, const struct quality_kind *kind)
{
	json_t *object = json_deep_copy(item);
	const char *search = json_string_value(json_object_get(item, "search"));
	bool is_of_player = json_is_object(json_object_get(item, "player"));

	return view_or_nothing(object, object != NULL &&
	    view_put(object, "places", place_text(item)) &&
	    view_put(object, "look", look_new(item, kind)) &&
	    view_put(object, "rows", search == NULL || is_of_player ? json_null() :
		json_pack("{s:o, s:O}", "url", json_sprintf("/?%s", search), "text",
		    name_of(item))));
}

/* ---- coverage ---- */

static int share_of(const struct quality_coverage *row, size_t field)
{
	return row->rows == 0 ? 0 : (int)(row->known[field] * 100 / row->rows);
}

/* Rounded down, so that 100 is all of them; "<1" is some. */
static json_t *share_text(const struct quality_coverage *row, size_t field)
{
	int share = share_of(row, field);

	return share == 0 && row->known[field] > 0 ? json_string("<1") :
	    json_sprintf("%d", share);
}

/* The rows that lack it; null: none does, or they are of several competitions' seasons. */
static json_t *missing_url(const struct quality_coverage *row, size_t field)
{
	struct evbuffer *query;
	json_t *ret = NULL;

	if (row->competition == NULL || row->known[field] >= row->rows)
		return json_null();
	query = evbuffer_new();
	if (query != NULL && query_string_add(query, 0, "competition", row->competition_key) &&
	    query_string_add(query, 0, "season", row->season) &&
	    query_string_add(query, 0, "field", quality_fields[field].name) &&
	    evbuffer_add(query, "", 1) == 0)
		ret = json_sprintf("/admin/quality/missing?%s",
		    (const char *)evbuffer_pullup(query, -1));
	if (query != NULL)
		evbuffer_free(query);
	return ret;
}

static json_t *cells_new(const struct quality_coverage *row)
{
	json_t *cells = json_array();
	bool done = cells != NULL;

	for (size_t i = 0; done && i < QUALITY_FIELDS; i++)
		done = json_array_append_new(cells, json_pack("{s:o, s:b, s:o, s:s}",
		    "text", share_text(row, i), "low", share_of(row, i) < QUALITY_LOW_PERCENT,
		    "missing", missing_url(row, i), "of", quality_fields[i].title)) == 0;
	return view_or_nothing(cells, done);
}

/* The field that is known least of those that are not taken; -1 when none is low. */
static int least_of(const struct quality_coverage *row, const bool taken[QUALITY_FIELDS])
{
	int least = -1;

	for (int i = 0; i < QUALITY_FIELDS; i++) {
		if (!taken[i] && share_of(row, (size_t)i) < QUALITY_LOW_PERCENT &&
		    (least < 0 || row->known[i] < row->known[least]))
			least = i;
	}
	return least;
}

/* "Role 0 %, Height 12 %", the lowest first. */
static json_t *least_new(const struct quality_coverage *row)
{
	bool taken[QUALITY_FIELDS] = { false };
	json_t *list = json_array();
	bool done = list != NULL;
	int field;

	for (int i = 0; done && i < LEAST_SHOWN && (field = least_of(row, taken)) >= 0; i++) {
		taken[field] = true;
		done = json_array_append_new(list, json_pack("{s:s, s:o}", "title",
		    quality_fields[field].title, "text", share_text(row, (size_t)field))) == 0;
	}
	return view_or_nothing(list, done);
}

static int low_count(const struct quality_coverage *row)
{
	int count = 0;

	for (size_t i = 0; i < QUALITY_FIELDS; i++)
		count += share_of(row, i) < QUALITY_LOW_PERCENT;
	return count;
}

static json_t *search_address(const struct quality_coverage *row)
{
	struct evbuffer *query = evbuffer_new();
	json_t *ret = NULL;

	if (query != NULL && query_string_add(query, 0, "competition", row->competition_key) &&
	    query_string_add(query, 0, "season", row->season) && evbuffer_add(query, "", 1) == 0)
		ret = json_sprintf("/?%s", (const char *)evbuffer_pullup(query, -1));
	if (query != NULL)
		evbuffer_free(query);
	return ret;
}

static json_t *coverage_new(const struct quality_coverage *row)
{
	char rows[FIGURE_BYTES], players[FIGURE_BYTES], teams[FIGURE_BYTES];
	int more = low_count(row) - LEAST_SHOWN;
	json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:o}", "source", row->source,
	    "rows", count_text(row->rows, rows), "latest", row->date[0] != '\0' ? row->date : "-",
	    "cells", cells_new(row), "least", least_new(row), "mean",
	    (int)(quality_mean(row) / 100), "more",
	    more > 0 ? json_sprintf("%d", more) : json_null());

	if (object == NULL || row->competition == NULL)
		return object;
	return view_or_nothing(object,
	    view_put(object, "competition", json_string(row->competition)) &&
	    view_put(object, "season", json_string(row->season)) &&
	    view_put(object, "players", json_string(count_text(row->players, players))) &&
	    view_put(object, "teams", json_string(count_text(row->teams, teams))) &&
	    view_put(object, "url", search_address(row)));
}

static json_t *heads_new(void)
{
	json_t *heads = json_array();
	bool done = heads != NULL;

	for (size_t i = 0; done && i < QUALITY_FIELDS; i++)
		done = json_array_append_new(heads, json_pack("{s:s, s:s}", "head",
		    quality_fields[i].head, "title", quality_fields[i].title)) == 0;
	return view_or_nothing(heads, done);
}

static json_t *by_source_new(const struct quality_report *report)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; done && i < report->source_count; i++)
		done = json_array_append_new(list, coverage_new(&report->sources[i])) == 0;
	return view_or_nothing(list, done);
}

/* ---- pages ---- */

static bool put_link(json_t *pager, const char *key, const struct quality_query *query, int page,
    bool is_there)
{
	struct quality_query other = *query;
	char *address;
	bool done;

	other.page = page;
	address = is_there ? quality_query_address(&other) : NULL;
	done = !is_there || (address != NULL &&
	    view_put(pager, key, json_pack("{s:s}", "url", address)));
	free(address);
	return done;
}

static json_t *pager_new(const struct quality_query *query, size_t total, size_t shown)
{
	size_t per_page = (size_t)query->per_page;
	int pages = (int)(total == 0 ? 1 : (total + per_page - 1) / per_page);
	size_t first = (size_t)(query->page - 1) * per_page + 1;
	char from[FIGURE_BYTES], to[FIGURE_BYTES];
	json_t *pager = json_pack("{s:s, s:s, s:i, s:i, s:b, s:b}", "from",
	    count_text((int64_t)first, from), "to", count_text((int64_t)(first + shown) - 1, to),
	    "page", query->page, "pages", pages, "several", pages > 1 || query->page > pages,
	    "beyond", query->page > pages);

	return view_or_nothing(pager, pager != NULL &&
	    put_link(pager, "first", query, 1, query->page > 1) &&
	    put_link(pager, "previous", query, query->page > pages ? pages : query->page - 1,
		query->page > 1) &&
	    put_link(pager, "next", query, query->page + 1, query->page < pages) &&
	    put_link(pager, "last", query, pages, query->page != pages));
}

static json_t *sorts_new(const struct quality_query *query)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < QUALITY_SORTS; i++) {
		struct quality_query other = *query;
		char *address;

		other.sort = (enum quality_sort)i;
		other.page = 1;
		address = quality_query_address(&other);
		done = address != NULL && json_array_append_new(list, json_pack("{s:s, s:s, s:b}",
		    "title", quality_sorts[i].title, "url", address, "current",
		    query->sort == other.sort)) == 0;
		free(address);
	}
	return view_or_nothing(list, done);
}

static bool put_coverage(json_t *view, const struct quality_report *report,
    const struct quality_query *query)
{
	struct quality_slice slice;
	json_t *list = json_array();
	char count[FIGURE_BYTES];
	bool done;

	if (list == NULL || !quality_slice(report, query, &slice)) {
		json_decref(list);
		return false;
	}
	done = true;
	for (size_t i = 0; done && i < slice.count; i++)
		done = json_array_append_new(list, coverage_new(slice.rows[i])) == 0;
	free(slice.rows);
	return view_put(view, "rows", list) && done && view_put(view, "sorts", sorts_new(query)) &&
	    view_put(view, "pager", pager_new(query, slice.total, slice.count)) &&
	    view_put(view, "any", json_boolean(slice.count > 0)) &&
	    view_put(view, "of_source", query->source[0] != '\0' ? json_string(query->source) :
		json_null()) &&
	    view_put(view, "cut", (int64_t)report->coverage_count < report->coverage_total ?
		json_string(count_text(report->coverage_total, count)) : json_null()) &&
	    view_put(view, "heads", heads_new()) &&
	    view_put(view, "why", json_string(report->coverage_why));
}

static bool put_finding(json_t *view, const struct quality_report *report,
    const struct quality_query *query)
{
	const struct quality_finding *finding = &report->findings[query->kind];
	size_t count = json_array_size(finding->items), first, shown = 0;
	json_t *list = json_array();
	char total[FIGURE_BYTES], kept[FIGURE_BYTES];
	bool done = list != NULL;

	first = (size_t)(query->page - 1) * (size_t)query->per_page;
	for (size_t i = first; done && i < count && shown < (size_t)query->per_page; i++, shown++)
		done = json_array_append_new(list,
		    item_new(json_array_get(finding->items, i),
			&quality_kinds[query->kind])) == 0;
	return view_put(view, "items", list) && done &&
	    view_put(view, "finding", finding_new(report, query->kind)) &&
	    view_put(view, "any", json_boolean(shown > 0)) &&
	    view_put(view, "pager", pager_new(query, count, shown)) &&
	    view_put(view, "cut", (int64_t)count >= finding->total ? json_null() :
		json_sprintf("The first %s of %s are kept.", count_text((int64_t)count, kept),
		    count_text(finding->total, total)));
}

static bool put_all(json_t *view, const struct quality_report *report)
{
	char count[FIGURE_BYTES];

	return view_put(view, "sources", sources_new(report->stale)) &&
	    view_put(view, "any_source", json_boolean(json_array_size(report->stale) > 0)) &&
	    view_put(view, "sources_why", json_string(report->sources_why)) &&
	    view_put(view, "findings", findings_new(report)) &&
	    view_put(view, "rows", by_source_new(report)) &&
	    view_put(view, "any", json_boolean(report->source_count > 0)) &&
	    view_put(view, "why", json_string(report->coverage_why)) &&
	    view_put(view, "heads", heads_new()) &&
	    view_put(view, "coverage_url", address_new(QUALITY_SHOW_COVERAGE, 0)) &&
	    view_put(view, "coverage_count",
		json_string(count_text(report->coverage_total, count)));
}

static const char *title_of(const struct quality_query *query)
{
	return query->show == QUALITY_SHOW_COVERAGE ? "Coverage" :
	    query->show == QUALITY_SHOW_FINDING ? quality_kinds[query->kind].title :
	    "Data quality";
}

static bool put_what(json_t *view, const struct quality_shown *shown)
{
	switch (shown->query.show) {
	case QUALITY_SHOW_COVERAGE:
		return view_put(view, "of_coverage", json_true()) &&
		    put_coverage(view, shown->report, &shown->query);
	case QUALITY_SHOW_FINDING:
		return view_put(view, "of_finding", json_true()) &&
		    put_finding(view, shown->report, &shown->query);
	default:
		return view_put(view, "of_all", json_true()) && put_all(view, shown->report);
	}
}

json_t *quality_view_page(const struct quality_shown *shown)
{
	const struct quality_query *query = &shown->query;
	json_t *view = json_object();

	return view_or_nothing(view, view_put(view, "title", json_string(title_of(query))) &&
	    view_put(view, "is_part", json_boolean(query->show != QUALITY_SHOW_ALL)) &&
	    view_put(view, "low", json_integer(QUALITY_LOW_PERCENT)) &&
	    view_put(view, "gaps", json_string(QUALITY_GAPS)) &&
	    view_put(view, "factor", json_string(QUALITY_OVERDUE_FACTOR)) &&
	    view_put(view, "days", json_string(QUALITY_OVERDUE_DAYS)) &&
	    view_put(view, "state", quality_view_state(shown, false)) &&
	    (shown->report == NULL || put_what(view, shown)));
}
