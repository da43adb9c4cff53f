/* quality_report.c: rows become structs, and what is few becomes JSON at once.
 *
 * Trusts the columns of quality_sql.h. Fails only without memory. */
#include "daemons/web/quality_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/db.h"
#include "common/text.h"
#include "daemons/web/figures.h"
#include "daemons/web/query_string.h"
#include "daemons/web/values.h"

struct quality_report *quality_report_new(void)
{
	return calloc(1, sizeof(struct quality_report));
}

static void cover_free(struct quality_coverage *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].source);
		free(list[i].competition);
		free(list[i].competition_key);
		free(list[i].season);
	}
	free(list);
}

void quality_report_free(struct quality_report *report)
{
	if (report == NULL)
		return;
	cover_free(report->coverage, report->coverage_count);
	cover_free(report->sources, report->source_count);
	json_decref(report->stale);
	for (size_t i = 0; i < QUALITY_KINDS; i++)
		json_decref(report->findings[i].items);
	free(report);
}

static bool no_memory(struct hs_error *err)
{
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the data quality page");
}

/* ---- coverage ---- */

static bool read_coverage(const PGresult *rows, int row, struct quality_coverage *ret)
{
	const char *date = hs_db_text(rows, row, COVERAGE_DATE);

	snprintf(ret->date, sizeof ret->date, "%s", date != NULL ? date : "");
	ret->rows = hs_db_int(rows, row, COVERAGE_ROWS);
	ret->players = hs_db_int(rows, row, COVERAGE_PLAYERS);
	ret->teams = hs_db_int(rows, row, COVERAGE_TEAMS);
	for (int i = 0; i < QUALITY_FIELDS; i++)
		ret->known[i] = hs_db_int(rows, row, COVERAGE_FIRST_FIELD + i);
	return hs_text_copy(hs_db_text(rows, row, COVERAGE_SOURCE), &ret->source) &&
	    hs_text_copy(hs_db_text(rows, row, COVERAGE_COMPETITION), &ret->competition) &&
	    hs_text_copy(hs_db_text(rows, row, COVERAGE_COMPETITION_KEY), &ret->competition_key) &&
	    hs_text_copy(hs_db_text(rows, row, COVERAGE_SEASON), &ret->season);
}

static void add_up(struct quality_coverage *sum, const struct quality_coverage *one)
{
	if (strcmp(one->date, sum->date) > 0)
		memcpy(sum->date, one->date, sizeof sum->date);
	sum->rows += one->rows;
	for (size_t i = 0; i < QUALITY_FIELDS; i++)
		sum->known[i] += one->known[i];
}

/* The rows come by source. */
static bool sum_up(struct quality_report *report)
{
	struct quality_coverage *sums = calloc(report->coverage_count + 1, sizeof *sums);

	if ((report->sources = sums) == NULL)
		return false;
	for (size_t i = 0; i < report->coverage_count; i++) {
		const struct quality_coverage *one = &report->coverage[i];

		if (report->source_count == 0 ||
		    strcmp(sums[report->source_count - 1].source, one->source) != 0) {
			if (!hs_text_copy(one->source, &sums[report->source_count].source))
				return false;
			report->source_count++;
		}
		add_up(&sums[report->source_count - 1], one);
	}
	return true;
}

bool quality_report_cover(struct quality_report *report, const PGresult *rows,
    struct hs_error *err)
{
	int count = PQntuples(rows);

	if ((report->coverage = calloc((size_t)count + 1, sizeof *report->coverage)) == NULL)
		return no_memory(err);
	report->coverage_total = count > 0 ? hs_db_int(rows, 0, COVERAGE_TOTAL) : 0;
	for (int i = 0; i < count; i++) {
		report->coverage_count++;
		if (!read_coverage(rows, i, &report->coverage[i]))
			return no_memory(err);
	}
	return sum_up(report) || no_memory(err);
}

/* ---- sources ---- */

static json_t *number_json(const PGresult *rows, int row, int column)
{
	return PQgetisnull(rows, row, column) ? json_null() :
	    json_integer(hs_db_int(rows, row, column));
}

static json_t *overdue_json(const PGresult *rows, int row)
{
	if (PQgetisnull(rows, row, SOURCE_ALLOWED))
		return json_null();
	return json_boolean(hs_db_int(rows, row, SOURCE_DAYS) >
	    hs_db_int(rows, row, SOURCE_ALLOWED));
}

static json_t *import_json(const PGresult *rows, int row)
{
	if (PQgetisnull(rows, row, SOURCE_FILE_ID))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "at", text_json(rows, row, SOURCE_IMPORTED_AT),
	    "status", text_json(rows, row, SOURCE_IMPORT_STATUS), "file",
	    text_json(rows, row, SOURCE_FILE), "file_id", number_json(rows, row, SOURCE_FILE_ID));
}

static json_t *run_json(const PGresult *rows, int row)
{
	if (PQgetisnull(rows, row, SOURCE_RUN_AT))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "at", text_json(rows, row, SOURCE_RUN_AT), "status",
	    text_json(rows, row, SOURCE_RUN_STATUS), "source",
	    text_json(rows, row, SOURCE_RUN_NAME), "run", number_json(rows, row, SOURCE_RUN_ID));
}

static json_t *source_json(const PGresult *rows, int row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
	    text_json(rows, row, SOURCE_NAME), "players", number_json(rows, row, SOURCE_PLAYERS),
	    "teams", number_json(rows, row, SOURCE_TEAMS), "latest",
	    text_json(rows, row, SOURCE_DATE), "days", number_json(rows, row, SOURCE_DAYS),
	    "usual", number_json(rows, row, SOURCE_USUAL), "allowed",
	    number_json(rows, row, SOURCE_ALLOWED), "overdue", overdue_json(rows, row),
	    "last_import", import_json(rows, row), "last_run", run_json(rows, row));
}

bool quality_report_sources(struct quality_report *report, const PGresult *rows,
    struct hs_error *err)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++)
		done = json_array_append_new(list, source_json(rows, i)) == 0;
	report->stale = view_or_nothing(list, done);
	return done || no_memory(err);
}

/* ---- findings ---- */

static json_t *named_json(const PGresult *rows, int row, int id)
{
	if (PQgetisnull(rows, row, id))
		return json_null();
	return json_pack("{s:o, s:o}", "id", number_json(rows, row, id), "name",
	    text_json(rows, row, id + 1));
}

/* The search that finds its rows: of what is no player's and no file's. */
static json_t *search_json(const PGresult *rows, int row)
{
	static const struct { int column; const char *name; } parts[] = {
		{ QUALITY_NATIONALITY, "nationality" }, { QUALITY_COMPETITION_KEY, "competition" },
		{ QUALITY_SEASON, "season" }, { QUALITY_TEAM_KEY, "team" },
	};
	struct evbuffer *query = evbuffer_new();
	json_t *ret = NULL;
	bool done = query != NULL;

	for (size_t i = 0; done && i < HS_COUNT(parts); i++) {
		const char *value = hs_db_text(rows, row, parts[i].column);

		done = value == NULL || query_string_add(query, 0, parts[i].name, value);
	}
	if (done && evbuffer_get_length(query) == 0)
		ret = json_null();
	else if (done && evbuffer_add(query, "", 1) == 0)
		ret = json_string((const char *)evbuffer_pullup(query, -1));
	if (query != NULL)
		evbuffer_free(query);
	return ret;
}

static json_t *item_json(const PGresult *rows, int row)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "player",
	    named_json(rows, row, QUALITY_PLAYER_ID), "other",
	    named_json(rows, row, QUALITY_OTHER_ID), "file",
	    named_json(rows, row, QUALITY_FILE_ID), "source", text_json(rows, row, QUALITY_SOURCE),
	    "competition", text_json(rows, row, QUALITY_COMPETITION), "season",
	    text_json(rows, row, QUALITY_SEASON), "team", text_json(rows, row, QUALITY_TEAM),
	    "nationality", text_json(rows, row, QUALITY_NATIONALITY), "detail",
	    text_json(rows, row, QUALITY_DETAIL), "search", search_json(rows, row));
}

bool quality_report_find(struct quality_report *report, size_t kind, const PGresult *rows,
    struct hs_error *err)
{
	struct quality_finding *finding = &report->findings[kind];
	json_t *list = json_array();
	bool done = list != NULL;

	for (int i = 0; done && i < PQntuples(rows); i++)
		done = json_array_append_new(list, item_json(rows, i)) == 0;
	finding->items = view_or_nothing(list, done);
	finding->total = PQntuples(rows) > 0 ? hs_db_int(rows, 0, QUALITY_TOTAL) : 0;
	finding->is_done = done;
	return done || no_memory(err);
}
