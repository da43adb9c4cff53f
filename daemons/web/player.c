/* player.c: one player: who he is, every season, and where each figure came from.
 *
 * The id is a number already (routes.c). Three statements of one snapshot: the player, his
 * seasons, what was superseded. No such player is 404. */
#include "daemons/web/player.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/db.h"
#include "common/text.h"
#include "daemons/web/figures.h"
#include "daemons/web/player_view.h"
#include "daemons/web/reply.h"

enum { PLAYER, SEASONS, HISTORY, STATEMENTS };

static const char player_sql[] =
    "select p.player_id, p.full_name, p.first_name, p.last_name,"
    " to_char(p.birth_date, 'YYYY-MM-DD'), p.nationality, p.position, p.role, p.height,"
    " p.weight, s.name, p.external_id"
    " from player p join source s using (source_id) where p.player_id = $1::integer";

#define FIGURES(table) \
	table ".games, " table ".mpg, " table ".ppg, " table ".rpg, " table ".apg, " \
	table ".spg, " table ".bpg, " table ".tov, " table ".fg_pct, " \
	table ".three_pt_pct, " table ".ft_pct"

static const char seasons_sql[] =
    "select se.name, c.name, t.name, ps.position, ps.role, to_char(ps.snapshot_date, 'YYYY-MM-DD'),"
    " f.name, f.file_id, s.name, c.external_id, t.external_id, '', " FIGURES("l")
    " from player_season ps join player_season_stats l"
    " using (player_id, competition_id, season_id, team_id)"
    " join competition c using (competition_id) join source s using (source_id)"
    " join season se using (season_id) join team t using (team_id)"
    " join import_file f on f.file_id = ps.import_file_id where ps.player_id = $1::integer"
    " order by se.name desc, c.name, t.name, ps.competition_id, ps.team_id"
    " limit " PLAYER_MAX_ROWS;

static const char history_sql[] =
    "select se.name, c.name, t.name, h.position, h.role, to_char(h.snapshot_date, 'YYYY-MM-DD'),"
    " f.name, f.file_id, s.name, c.external_id, t.external_id, newer.name, " FIGURES("h")
    " from player_season_history h join competition c using (competition_id)"
    " join source s using (source_id) join season se using (season_id) join team t using (team_id)"
    " join import_file f on f.file_id = h.import_file_id"
    " left join import_file newer on newer.file_id = h.superseded_by"
    " where h.player_id = $1::integer"
    " order by se.name desc, c.name, t.name, h.snapshot_date desc, h.superseded_at desc"
    " limit " PLAYER_MAX_ROWS;

static void ask(struct exchange *exchange, exchange_done_fn *done)
{
	char id[32];
	const char *values[] = { id };
	const struct hs_db_statement statements[STATEMENTS] = {
		[PLAYER] = { player_sql, values, 1 },
		[SEASONS] = { seasons_sql, values, 1 },
		[HISTORY] = { history_sql, values, 1 },
	};

	snprintf(id, sizeof id, "%lld", (long long)exchange->id);
	exchange_ask(exchange, statements, STATEMENTS, done);
}

/* False after having answered why there is nothing to show. */
static bool is_there(struct exchange *exchange, PGresult *const *results,
    const struct hs_error *err)
{
	if (err != NULL)
		reply_error(exchange, err);
	else if (PQntuples(results[PLAYER]) == 0)
		reply_problem(exchange, HTTP_NOTFOUND, "There is no player with this number.",
		    NULL);
	else
		return true;
	return false;
}

static void on_page_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (is_there(exchange, results, err))
		reply_page(exchange, HTTP_OK, "player",
		    player_view_new(results[PLAYER], results[SEASONS], results[HISTORY],
		    hs_date_today()));
}

static void on_api_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (!is_there(exchange, results, err))
		return;
	exchange->reply.cache = "private, no-cache";
	reply_json(exchange, HTTP_OK,
	    player_view_api(results[PLAYER], results[SEASONS], results[HISTORY]));
}

void player_page(struct exchange *exchange)
{
	ask(exchange, on_page_found);
}

void player_api(struct exchange *exchange)
{
	ask(exchange, on_api_found);
}
