/* quality_rows.c: three lists with one shape: a player, columns of text, a file.
 *
 * Trusts nothing of the query string. */
#include "daemons/web/quality_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/db.h"
#include "common/number.h"
#include "daemons/web/exchange.h"
#include "daemons/web/figures.h"
#include "daemons/web/quality_sql.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/values.h"

enum { NUMBER_BYTES = 24, MOST_HEADS = 9, MOST_VALUES = 5 };
enum { ROW_ABOUT, ROW_PLAYER_ID, ROW_PLAYER, ROW_FILE_ID, ROW_FILE, ROW_FIRST_TEXT };
enum { PARAM_PAGE, PARAM_COMPETITION, PARAM_SEASON, PARAM_FIELD, PARAMS };

/* ---- the statements: $1 what it is about, then how many rows, after how many ---- */

#define FIGURE(column) "trim_scale(" column " / 100.0)::text"
#define KNOWN(column) "case when " column " >= 0 then " FIGURE(column) " end"
#define FROM_ROWS \
	" join player_season ps on ps.player_id = l.of_player" \
	" and ps.competition_id = l.competition_id and ps.season_id = l.season_id" \
	" and ps.team_id = l.team_id join player p on p.player_id = l.of_player" \
	" join team t on t.team_id = l.team_id" \
	" left join import_file i on i.file_id = ps.import_file_id"

#define MISSING(name, condition) " when '" name "' then " condition
#define MISSING_FIGURE(name) MISSING(name, "l." name " < 0")

/* As quality_coverage_sql counts them. */
static const char missing_sql[] =
    "select $4::text, l.player_id, p.full_name, i.file_id, i.name, t.name,"
    " to_char(ps.snapshot_date, 'YYYY-MM-DD')"
    " from (select * from player_season_stats where competition_id in (select competition_id"
    " from competition c join source so using (source_id)"
    " where so.name || ':' || c.external_id = $1::text)"
    " and season_id = (select season_id from season where name = $5::text)) l" FROM_ROWS
    " where case $4::text"
    MISSING("birth_date", "l.born_on = '-infinity'") MISSING("nationality", "l.nationality_id = 0")
    MISSING_FIGURE("height") MISSING_FIGURE("weight") MISSING("position", "l.position_id = 0")
    MISSING("role", "l.role_id = 0") MISSING_FIGURE("games") MISSING_FIGURE("mpg")
    MISSING_FIGURE("ppg") MISSING_FIGURE("rpg") MISSING_FIGURE("apg") MISSING_FIGURE("spg")
    MISSING_FIGURE("bpg") MISSING_FIGURE("tov") MISSING_FIGURE("fg_pct")
    MISSING_FIGURE("three_pt_pct") MISSING_FIGURE("ft_pct") " else false end"
    " order by t.name, p.full_name, l.of_player, l.team_id"
    " limit $2::integer offset $3::integer";

static const char shares_sql[] =
    "select i.name, l.player_id, p.full_name, i.file_id, i.name, c.name, se.name, t.name, "
    KNOWN("l.fg_pct") ", " KNOWN("l.three_pt_pct") ", " KNOWN("l.ft_pct")
    " from player_season_stats l" FROM_ROWS
    " join competition c on c.competition_id = l.competition_id"
    " join season se on se.season_id = l.season_id where ps.import_file_id = $1::bigint"
    " and (l.fg_pct between 1 and 100 or l.three_pt_pct between 1 and 100"
    " or l.ft_pct between 1 and 100)"
    " order by se.name desc, t.name, p.full_name, l.of_player, l.competition_id, l.team_id"
    " limit $2::integer offset $3::integer";

#define SAID(t) \
	t "full_name, " t "birth_date, " t "height, " t "weight, " t "nationality, " t "position," \
	" " t "role"

/* A file that said what the player's first one did is in player_restated; of whom all files said the
 * same his own columns are that. */
static const char said_sql[] =
    "with member as (select o.player_id from player_link k"
    " join player_link o on o.person_id = k.person_id where k.player_id = $1::integer"
    " union select $1::integer),"
    " first as (select p.player_id, p.import_file_id, f.snapshot_date,"
    " b.player_id is not null as has_rows, "
    "case when b.player_id is null then p.full_name else b.full_name end as full_name,"
    " case when b.player_id is null then p.birth_date else b.birth_date end as birth_date,"
    " case when b.player_id is null then p.height else b.height end as height,"
    " case when b.player_id is null then p.weight else b.weight end as weight,"
    " case when b.player_id is null then p.nationality else b.nationality end as nationality,"
    " case when b.player_id is null then p.position else b.position end as position,"
    " case when b.player_id is null then p.role else b.role end as role"
    " from member m join player p using (player_id)"
    " join import_file f on f.file_id = p.import_file_id"
    " left join player_statement b on b.player_id = p.player_id"
    " and b.import_file_id = p.import_file_id where p.full_name_on > '-infinity'),"
    " said as (select s.player_id, s.import_file_id, s.snapshot_date, " SAID("s.")
    " from member m join player_statement s using (player_id)"
    " union all select player_id, import_file_id, snapshot_date, " SAID("")
    " from first where not has_rows"
    " union all select f.player_id, r.import_file_id, r.snapshot_date, " SAID("f.")
    " from first f join player_restated r on f.player_id = any(r.players))"
    " select (select o.full_name from player_shown s join player_shown o"
    " on o.player_id = s.person_id where s.player_id = $1::integer),"
    " coalesce(k.person_id, p.player_id), so.name || ':' || p.external_id, i.file_id, i.name,"
    " to_char(x.snapshot_date, 'YYYY-MM-DD'), x.full_name, to_char(x.birth_date, 'YYYY-MM-DD'), "
    KNOWN("x.height") ", " KNOWN("x.weight") ", x.nationality, x.position, x.role"
    " from said x join player p using (player_id) join source so using (source_id)"
    " left join player_link k using (player_id)"
    " left join import_file i on i.file_id = x.import_file_id"
    " order by x.snapshot_date desc, x.import_file_id desc, x.player_id"
    " limit $2::integer offset $3::integer";

struct list {
	const char *sql, *title;	/* a title's %s is what the first column says */
	const char *about;
	const char *nothing;
	bool is_of_one;			/* $1 is the address's number; else the parameters */
	const char *heads[MOST_HEADS];
};

static const struct list missing_list = { missing_sql, "Player-seasons without %s",
	"Those of one competition and season of which this is not known.",
	"There is no such player-season (any more).", false,
	{ "Player", "Team", "Snapshot", "File" } };
static const struct list shares_list = { shares_sql, "Percentages of 1 or less in %s",
	"They may be meant as parts of 1, not of 100. Rows that a newer file has changed are no longer "
	"this file's.", "No row of this file has such a percentage (any more).", true,
	{ "Player", "Competition", "Season", "Team", "FG%", "3P%", "FT%", "File" } };
static const struct list said_list = { said_sql, "What files said of %s",
	"Each file that states the player, the newest snapshot first.",
	"No file states a player of this number.", true,
	{ "Source’s player", "Snapshot", "Name", "Born", "cm", "kg", "Nationality, position, role",
	    "File" } };

/* ---- what is wanted ---- */

struct wanted {
	const struct list *list;
	const char *title_of;		/* of the field */
	long long page;
	char *given[PARAMS];
	char first[NUMBER_BYTES], count[NUMBER_BYTES], id[NUMBER_BYTES];
};

static void wanted_free(void *arg)
{
	struct wanted *wanted = arg;

	for (size_t i = 0; i < PARAMS; i++)
		free(wanted->given[i]);
	free(wanted);
}

static bool on_parameter(void *arg, const char *name, const char *value, struct hs_error *err)
{
	static const char *const names[PARAMS] = { "page", "competition", "season", "field" };
	struct wanted *wanted = arg;
	size_t i = 0;

	while (i < PARAMS && strcmp(names[i], name) != 0)
		i++;
	if (i == PARAMS || (i != PARAM_PAGE && wanted->list->is_of_one))
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "There is no parameter '%.60s' here: leave it out.", name);
	if (wanted->given[i] != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice.", name);
	if ((wanted->given[i] = strdup(value)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a page");
	if (i != PARAM_PAGE ||
	    hs_parse_int(value, 1, QUALITY_ROWS_MOST_PAGE, name, &wanted->page, err))
		return true;
	*err = (struct hs_error)HS_ERROR_INIT;
	return hs_error_set(err, HS_BAD_ARGUMENT, name, "page is a whole number from 1 to %d.",
	    (int)QUALITY_ROWS_MOST_PAGE);
}

static bool check(struct wanted *wanted, struct hs_error *err)
{
	static const char *const needed[PARAMS] = { NULL, "competition", "season", "field" };

	for (size_t i = PARAM_COMPETITION; i < PARAMS && !wanted->list->is_of_one; i++) {
		if (wanted->given[i] == NULL)
			return hs_error_set(err, HS_BAD_ARGUMENT, needed[i],
			    "%s is not given: the coverage on the data quality page leads here.",
			    needed[i]);
	}
	for (size_t i = 0; i < QUALITY_FIELDS && !wanted->list->is_of_one; i++) {
		if (strcmp(wanted->given[PARAM_FIELD], quality_fields[i].name) == 0)
			wanted->title_of = quality_fields[i].title;
	}
	return wanted->list->is_of_one || wanted->title_of != NULL ||
	    hs_error_set(err, HS_BAD_ARGUMENT, "field", "There is no field '%.60s'.",
		wanted->given[PARAM_FIELD]);
}

/* ---- the page ---- */

static json_t *heads_new(const struct list *list)
{
	json_t *heads = json_array();
	bool done = heads != NULL;

	for (size_t i = 0; done && i < MOST_HEADS && list->heads[i] != NULL; i++)
		done = json_array_append_new(heads, json_string(list->heads[i])) == 0;
	return view_or_nothing(heads, done);
}

static json_t *row_new(const PGresult *rows, int row)
{
	json_t *cells = json_array();
	bool done = cells != NULL;

	for (int i = ROW_FIRST_TEXT; done && i < PQnfields(rows); i++) {
		const char *text = hs_db_text(rows, row, i);

		done = json_array_append_new(cells,
		    json_string(text != NULL && text[0] != '\0' ? text : "-")) == 0;
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "player_id", text_json(rows, row, ROW_PLAYER_ID),
	    "player", text_json(rows, row, ROW_PLAYER), "file_id",
	    text_json(rows, row, ROW_FILE_ID), "file", text_json(rows, row, ROW_FILE), "cells",
	    view_or_nothing(cells, done));
}

/* The address of another page of the list; null: there is none. */
static json_t *page_url(const struct exchange *exchange, long long page, bool is_there)
{
	static const char *const names[PARAMS] = { NULL, "competition", "season", "field" };
	const struct wanted *wanted = exchange->work;
	struct evbuffer *out;
	char number[NUMBER_BYTES];
	json_t *url = NULL;
	bool done;

	if (!is_there)
		return json_null();
	if ((out = evbuffer_new()) == NULL)
		return NULL;
	snprintf(number, sizeof number, "%lld", page);
	done = true;
	for (size_t i = PARAM_COMPETITION; done && i < PARAMS && !wanted->list->is_of_one; i++)
		done = query_string_add(out, 0, names[i], wanted->given[i]);
	if (done && query_string_add(out, 0, "page", number) && evbuffer_add(out, "", 1) == 0)
		url = json_sprintf("%s?%s", exchange->path,
		    (const char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	return url;
}

static json_t *title_new(const struct wanted *wanted, const PGresult *rows)
{
	const char *about = PQntuples(rows) > 0 ? hs_db_text(rows, 0, ROW_ABOUT) : NULL;
	const char *where = strstr(wanted->list->title, "%s");

	if (wanted->title_of != NULL)
		about = wanted->title_of;
	return json_sprintf("%.*s%s", (int)(where - wanted->list->title), wanted->list->title,
	    about != NULL ? about : "what is not there");
}

static void on_rows(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct wanted *wanted = exchange->work;
	json_t *view, *list;
	int shown;
	bool done;

	(void)count;
	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	if (wanted->list->is_of_one && wanted->page == 1 && PQntuples(results[0]) == 0) {
		reply_problem(exchange, HTTP_NOTFOUND, wanted->list->nothing, NULL);
		return;
	}
	shown = PQntuples(results[0]) > QUALITY_ROWS_PER_PAGE ? QUALITY_ROWS_PER_PAGE :
	    PQntuples(results[0]);
	list = json_array();
	done = list != NULL;
	for (int i = 0; done && i < shown; i++)
		done = json_array_append_new(list, row_new(results[0], i)) == 0;
	view = json_object();
	reply_page(exchange, HTTP_OK, "quality_rows", view_or_nothing(view,
	    view_put(view, "rows", view_or_nothing(list, done)) &&
	    view_put(view, "title", title_new(wanted, results[0])) &&
	    view_put(view, "about", json_string(wanted->list->about)) &&
	    view_put(view, "nothing", json_string(wanted->list->nothing)) &&
	    view_put(view, "heads", heads_new(wanted->list)) &&
	    view_put(view, "any", json_boolean(shown > 0)) &&
	    view_put(view, "page", json_integer((json_int_t)wanted->page)) &&
	    view_put(view, "place", wanted->list->is_of_one ? json_null() : json_sprintf("%s, %s",
		wanted->given[PARAM_COMPETITION], wanted->given[PARAM_SEASON])) &&
	    view_put(view, "previous", page_url(exchange, wanted->page - 1, wanted->page > 1)) &&
	    view_put(view, "next", page_url(exchange, wanted->page + 1,
		PQntuples(results[0]) > shown && wanted->page < QUALITY_ROWS_MOST_PAGE))));
}

static void start(struct exchange *exchange, const struct list *list)
{
	struct wanted *wanted = calloc(1, sizeof *wanted);
	struct hs_error err = HS_ERROR_INIT;

	exchange->work = wanted;
	exchange->work_free = wanted_free;
	if (wanted == NULL) {
		exchange->work_free = NULL;
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a page");
		reply_error(exchange, &err);
		return;
	}
	wanted->list = list;
	wanted->page = 1;
	if (!query_string_read(exchange->query, on_parameter, wanted, &err) ||
	    !check(wanted, &err)) {
		reply_error(exchange, &err);
		return;
	}
	snprintf(wanted->id, sizeof wanted->id, "%lld", (long long)exchange->id);
	snprintf(wanted->first, sizeof wanted->first, "%lld",
	    (wanted->page - 1) * QUALITY_ROWS_PER_PAGE);
	snprintf(wanted->count, sizeof wanted->count, "%d", QUALITY_ROWS_PER_PAGE + 1);

	const char *const values[MOST_VALUES] = {
		list->is_of_one ? wanted->id : wanted->given[PARAM_COMPETITION],
		wanted->count, wanted->first, wanted->given[PARAM_FIELD],
		wanted->given[PARAM_SEASON] };
	const struct hs_db_statement statement = { .sql = list->sql, .values = values,
		.count = list->is_of_one ? 3 : MOST_VALUES };

	exchange_ask(exchange, &statement, 1, on_rows);
}

void quality_rows_missing(struct exchange *exchange)
{
	start(exchange, &missing_list);
}

void quality_rows_shares(struct exchange *exchange)
{
	start(exchange, &shares_list);
}

void quality_rows_said(struct exchange *exchange)
{
	start(exchange, &said_list);
}
