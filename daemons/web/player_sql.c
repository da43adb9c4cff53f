/* player_sql.c: constants only. The index on (competition_id, season_id) finds a row's peers: a
 * league's season has some hundred rows, a career some dozen seasons. */
#include "daemons/web/player_sql.h"

#include "common/db.h"

/* Who is in player_best has seasons, himself or as a person: of others no file states anything. */
const char player_rows_sql[] =
    "select p.player_id, p.full_name, p.first_name, p.last_name,"
    " to_char(p.birth_date, 'YYYY-MM-DD'), p.nationality, p.position, p.role, p.height,"
    " p.weight, s.name, p.external_id, p.person_id"
    " from player_shown p join source s using (source_id)"
    " where p.player_id = any($1::integer[])"
    " and exists (select from player_best b where b.player_id = p.person_id)";

/* The players of $1, and those who are linked to them; found before, so that indexes can be used. */
#define THEIR_PLAYERS \
	"any(array(select unnest($1::integer[]) union all select player_id from player_link" \
	" where person_id = any($1::integer[])))"

const char player_identities_sql[] =
    "select p.player_id, p.full_name, to_char(p.birth_date, 'YYYY-MM-DD'), s.name, p.external_id,"
    " to_char(k.linked_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    " k.linked_by, k.reason"
    " from player p join source s using (source_id) left join player_link k using (player_id)"
    " where p.player_id = " THEIR_PLAYERS " and p.full_name_on > '-infinity'"
    " order by s.name, p.external_id";

#define FIGURES(table) \
	table ".games, " table ".mpg, " table ".ppg, " table ".rpg, " table ".apg, " \
	table ".spg, " table ".bpg, " table ".tov, " table ".fg_pct, " \
	table ".three_pt_pct, " table ".ft_pct"

#define COLUMNS \
	"select se.name, c.name, t.name, ps.position, ps.role," \
	" to_char(ps.snapshot_date, 'YYYY-MM-DD'), f.name, f.file_id, s.name, c.external_id," \
	" t.external_id, op.external_id, '', " FIGURES("l") ", l.player_id, l.min_games, "

#define JOINS \
	" join player_season ps on ps.player_id = l.of_player" \
	" and ps.competition_id = l.competition_id and ps.season_id = l.season_id" \
	" and ps.team_id = l.team_id" \
	" join competition c on c.competition_id = l.competition_id join source s using (source_id)" \
	" join season se on se.season_id = l.season_id join team t on t.team_id = l.team_id" \
	" join import_file f on f.file_id = ps.import_file_id" \
	" join player op on op.player_id = l.of_player"

#define BAR \
	" cross join lateral (select case when max(o.games) >= 0 then" \
	" greatest(" PLAYER_LEAST_GAMES ", ceil(max(o.games) / 500.0))::integer * 100 end as min_games" \
	" from player_season_stats o" \
	" where o.competition_id = l.competition_id and o.season_id = l.season_id) bar"

#define KNOWN(metric) "count(*) filter (where o." metric " >= 0)"

#define PERCENTILE(metric, worse) \
	", case when l.games >= bar.min_games and l." metric " >= 0 and " KNOWN(metric) \
	" >= " PLAYER_LEAST_PEERS " then floor(100.0 * (count(*) filter (where o." metric \
	" >= 0 and o." metric " " worse " l." metric ") + count(*) filter (where o." metric \
	" = l." metric ") / 2.0) / " KNOWN(metric) ")::integer end as p_" metric

#define PERCENTILES \
	" cross join lateral (select count(*) as peers" PERCENTILE("games", "<") \
	PERCENTILE("mpg", "<") PERCENTILE("ppg", "<") PERCENTILE("rpg", "<") \
	PERCENTILE("apg", "<") PERCENTILE("spg", "<") PERCENTILE("bpg", "<") \
	PERCENTILE("tov", ">") PERCENTILE("fg_pct", "<") PERCENTILE("three_pt_pct", "<") \
	PERCENTILE("ft_pct", "<") \
	" from player_season_stats o where o.competition_id = l.competition_id" \
	" and o.season_id = l.season_id and o.games >= bar.min_games) r"

#define ALL " from (select * from player_season_stats where player_id = any($1::integer[])) l"

#define ONE(season) \
	" from (select distinct on (one.player_id) one.* from player_season_stats one" \
	" join season named using (season_id) where one.player_id = any($1::integer[])" season \
	" order by one.player_id, " PLAYER_SEASON_KEY("named.name") " desc, one.games desc," \
	" one.competition_id, one.team_id) l"

/* Planned by themselves (offset 0): with all that is joined, planning takes longer than running. */
#define RANKED(rows) \
	" from (select l.*, bar.min_games, r.*" rows BAR PERCENTILES " offset 0) l" JOINS
#define PLAIN(rows) " from (select l.*, bar.min_games" rows BAR " offset 0) l" JOINS

#define RANKS \
	"l.peers, l.p_games, l.p_mpg, l.p_ppg, l.p_rpg, l.p_apg, l.p_spg, l.p_bpg, l.p_tov," \
	" l.p_fg_pct, l.p_three_pt_pct, l.p_ft_pct"

#define ORDER \
	" order by max(" PLAYER_SEASON_KEY("se.name") ") over (partition by l.competition_id) desc," \
	" c.name, l.competition_id, " PLAYER_SEASON_KEY("se.name") " desc, l.games desc, t.name," \
	" l.team_id limit " PLAYER_MAX_ROWS

const char player_seasons_sql[] = COLUMNS RANKS ", count(*) over ()" RANKED(ALL) ORDER;

const char player_plain_seasons_sql[] =
    COLUMNS "null, null, null, null, null, null, null, null, null, null, null, null"
    PLAIN(ALL) ORDER;

const char player_latest_sql[] = COLUMNS RANKS RANKED(ONE(""));

const char player_named_season_sql[] = COLUMNS RANKS RANKED(ONE(" and named.name = $2::text"));

const char player_history_sql[] =
    "select se.name, c.name, t.name, h.position, h.role, to_char(h.snapshot_date, 'YYYY-MM-DD'),"
    " f.name, f.file_id, s.name, c.external_id, t.external_id, op.external_id, newer.name, "
    FIGURES("h")
    ", count(*) over ()"
    " from (select * from player_season_history where player_id = " THEIR_PLAYERS " offset 0) h"
    " join competition c using (competition_id)"
    " join source s using (source_id) join season se using (season_id) join team t using (team_id)"
    " join import_file f on f.file_id = h.import_file_id"
    " join player op on op.player_id = h.player_id"
    " left join import_file newer on newer.file_id = h.superseded_by"
    " order by " PLAYER_SEASON_KEY("se.name") " desc, c.name, t.name,"
    " h.snapshot_date desc, h.superseded_at desc"
    " limit " PLAYER_MAX_ROWS;

int64_t player_rows_known(const PGresult *rows)
{
	return PQntuples(rows) == 0 ? 0 : hs_db_int(rows, 0, PQnfields(rows) - 1);
}
