/* merge_sql.c: the statements of a merge.
 *
 * The rules are design.md's sections 3 and 4. What costs, and what not, is performance.md's
 * "Import": ids instead of texts, a row that stays as it is is never written, what is
 * missing is inserted in the order of its key.
 * Constants only: column names come from the macros below, values travel as $1, $2, ...
 *
 * The walk: names of competitions, seasons and teams get their ids -> players are
 * inserted or follow -> stage_work classes the rows (c created, u updated, m moved on to a
 * newer statement of the same figures, s stale; a row that needs no write is not in it)
 * -> history -> player_season and player_season_stats -> copies of the player's columns
 * -> player_best -> what is shown of persons who are several players (011_identity.sql).
 *
 * player_season and history are by player, player_season_stats by person: its player_id is the
 * person's, and of_player says whose row it is. Of most players both are the same. */
#include "daemons/importer/merge_sql.h"

#include "common/error.h"
#include "daemons/importer/merge_columns.h"

#define MAXIMA(t) \
	"max(" t "games), max(" t "mpg), max(" t "ppg), max(" t "rpg), max(" t "apg), " \
	"max(" t "spg), max(" t "bpg), max(" t "tov), max(" t "fg_pct), max(" t "three_pt_pct), " \
	"max(" t "ft_pct)"
/* The least that is known of each, and which are missing in some season. */
#define LEASTS(t) \
	t "games_min, " t "mpg_min, " t "ppg_min, " t "rpg_min, " t "apg_min, " t "spg_min, " \
	t "bpg_min, " t "tov_min, " t "fg_pct_min, " t "three_pt_pct_min, " t "ft_pct_min, " t "gaps"
#define LEAST_COLUMNS \
	"games_min smallint, mpg_min smallint, ppg_min smallint, rpg_min smallint, " \
	"apg_min smallint, spg_min smallint, bpg_min smallint, tov_min smallint, " \
	"fg_pct_min smallint, three_pt_pct_min smallint, ft_pct_min smallint, " \
	"gaps smallint"
#define MINIMUM(column) "coalesce(min(" column ") filter (where " column " >= 0), -1)"
#define GAP(column, bit) "((" column " < 0)::integer << " bit ")"
#define MINIMA(t) \
	MINIMUM(t "games") ", " MINIMUM(t "mpg") ", " MINIMUM(t "ppg") ", " MINIMUM(t "rpg") ", " \
	MINIMUM(t "apg") ", " MINIMUM(t "spg") ", " MINIMUM(t "bpg") ", " MINIMUM(t "tov") ", " \
	MINIMUM(t "fg_pct") ", " MINIMUM(t "three_pt_pct") ", " MINIMUM(t "ft_pct") ", " \
	"bit_or(" GAP(t "games", "0") "|" GAP(t "mpg", "1") "|" GAP(t "ppg", "2") "|" \
	GAP(t "rpg", "3") "|" GAP(t "apg", "4") "|" GAP(t "spg", "5") "|" \
	GAP(t "bpg", "6") "|" GAP(t "tov", "7") "|" GAP(t "fg_pct", "8") "|" \
	GAP(t "three_pt_pct", "9") "|" GAP(t "ft_pct", "10") ")::smallint"
/* The player's columns that are copied into the hot tables. */
#define COPIES(t) \
	t "born_on, " t "nationality_id, " t "position_id, " t "role_id, " t "height, " t "weight"
#define COPY_COLUMNS \
	"born_on date, nationality_id integer, position_id integer, role_id integer, " \
	"height smallint, weight smallint"

const char merge_session[] =
    "set jit = off;"
    "set work_mem = '64MB';"
    "set temp_buffers = '32MB';"
    "set default_statistics_target = 10;"	/* of the stage tables: joins need no more */
    "set max_parallel_workers_per_gather = 0";

const char merge_stage_tables[] =
    "create temporary table stage_row (rec integer, pno integer, competition_no integer,"
    " season_no integer, team_no integer, position text, role text, " METRIC_COLUMNS ","
    " source_metadata jsonb, raw_payload jsonb) on commit drop;"
    "create temporary table stage_player (pno integer, external_id text, full_name text,"
    " name_folded text, first_name text, last_name text, birth_date date, nationality text,"
    " position text, role text, height smallint, weight smallint, kept boolean default true)"
    " on commit drop;"
    "create temporary table stage_name (kind integer, no integer, external_id text, name text,"
    " id integer) on commit drop;"
    "create temporary table stage_person (pno integer, player_id integer, person_id integer)"
    " on commit drop;"
    "create temporary table stage_touched (player_id integer, pno integer, hot boolean,"
    " has_changed boolean, is_new boolean, is_back boolean default false) on commit drop;"
    "create temporary table stage_statement (player_id integer, pno integer, is_same boolean,"
    " has_rows boolean) on commit drop;"
    "create temporary table stage_stale (rec integer, kind \"char\") on commit drop;"
    "create temporary table stage_hidden (" KEY_COLUMNS ", import_file_id bigint) on commit drop;"
    "create temporary table stage_near (at tid, import_file_id bigint, snapshot_date date,"
    " superseded_by bigint, " KEY_COLUMNS ", position text, role text, " METRIC_COLUMNS ","
    " source_metadata jsonb, raw_payload jsonb) on commit drop;"
    "create temporary table stage_work (rec integer, class \"char\", player_id integer,"
    " person_id integer, competition_id integer, season_id integer, team_id integer,"
    " position text, role text, "
    METRIC_COLUMNS ") on commit drop;"
    "create temporary table stage_copy (player_id integer, is_linked boolean, name_folded text, "
    COPY_COLUMNS ") on commit drop;"
    "create temporary table stage_linked (person_id integer) on commit drop;"
    "create temporary table stage_index (name text, definition text) on commit drop;"
    "create temporary table stage_best (player_id integer, " METRIC_COLUMNS ", " LEAST_COLUMNS ")"
    " on commit drop";

const char merge_copy_rows[] =
    "copy stage_row (rec, pno, competition_no, season_no, team_no, position, role, " METRICS("") ","
    " source_metadata, raw_payload) from stdin (format binary)";
const char merge_copy_players[] =
    "copy stage_player (pno, external_id, full_name, name_folded, first_name, last_name,"
    " birth_date, nationality, position, role, height, weight) from stdin (format binary)";
const char merge_copy_names[] =
    "copy stage_name (kind, no, external_id, name) from stdin (format binary)";

const char merge_vacuum[] =
    "vacuum (analyze) player, player_season, player_season_stats, player_best";

/* A column of player (p) that the file (s, dated $2) has the say over: nobody has given it, or
 * someone did as of an earlier day, or as of the same day differently (the later import wins). */
#define TAKES(c) \
	"(s." c " is not null and (p." c "_on is null or $2::date > p." c "_on" \
	" or ($2::date = p." c "_on and s." c " is distinct from p." c ")))"
#define BECOMES(c) "(" TAKES(c) " and s." c " is distinct from p." c ")"
#define FOLLOW(c) \
	c " = case when " TAKES(c) " then s." c " else p." c " end, " \
	c "_on = case when " TAKES(c) " then $2::date else p." c "_on end"
#define GIVEN_ON(c) "case when s." c " is not null then $2::date end"

/* The last record that gives a column wins, across the parts of a roster too. */
#define LAST_GIVEN(c) \
	"(array_agg(" c " order by pno desc) filter (where " c " is not null))[1] as " c
#define FILL(c) c " = coalesce(k." c ", m." c ")"

#define DIFFERS \
	"(" METRICS("l.") ", ps.position, ps.role) is distinct from" \
	" (" METRICS("s.") ", s.position, s.role)"

/* Only for players whose last part lacks a column. */
static const char join_rosters[] =
    "update stage_player k set "
    FILL("first_name") ", " FILL("last_name") ", " FILL("birth_date") ", " FILL("nationality") ", "
    FILL("position") ", " FILL("role") ", " FILL("height") ", " FILL("weight")
    " from (select external_id, "
    LAST_GIVEN("first_name") ", " LAST_GIVEN("last_name") ", " LAST_GIVEN("birth_date") ", "
    LAST_GIVEN("nationality") ", " LAST_GIVEN("position") ", " LAST_GIVEN("role") ", "
    LAST_GIVEN("height") ", " LAST_GIVEN("weight")
    " from stage_player where not kept and external_id in (select external_id"
    " from stage_player l where l.kept and not (l.first_name is not null and"
    " l.last_name is not null and l.birth_date is not null and l.nationality is not null and"
    " l.position is not null and l.role is not null and l.height is not null and"
    " l.weight is not null)) group by external_id) m"
    " where k.kept and k.external_id = m.external_id";

static const char drop_older_parts[] =
    "update stage_player o set kept = false"
    " from (select external_id, max(pno) as last_pno from stage_player"
    " group by external_id having count(*) > 1) m"
    " where o.external_id = m.external_id and o.pno < m.last_pno";

static const char insert_source[] =
    "insert into source (source_id, name) select coalesce(max(source_id), 0) + 1, $1::text"
    " from source having not exists (select from source where name = $1::text)";

static const char insert_competitions[] =
    "insert into competition (competition_id, source_id, external_id, name, name_on)"
    " select (select coalesce(max(competition_id), 0) from competition)"
    " + row_number() over (order by n.no), $1::integer, n.external_id, n.name, $2::date"
    " from stage_name n where n.kind = 0 and not exists (select from competition c"
    " where c.source_id = $1::integer and c.external_id = n.external_id)";

static const char rename_competitions[] =
    "update competition c set name = n.name, name_on = $2::date from stage_name n"
    " where n.kind = 0 and c.source_id = $1::integer and c.external_id = n.external_id"
    " and ($2::date > c.name_on or ($2::date = c.name_on and n.name <> c.name))";

static const char insert_seasons[] =
    "insert into season (season_id, name)"
    " select (select coalesce(max(season_id), 0) from season) + row_number() over (order by n.no),"
    " n.external_id from stage_name n where n.kind = 1"
    " and not exists (select from season e where e.name = n.external_id)";

static const char insert_teams[] =
    "insert into team (team_id, source_id, external_id, name, name_on)"
    " select (select coalesce(max(team_id), 0) from team) + row_number() over (order by n.no),"
    " $1::integer, n.external_id, n.name, $2::date"
    " from stage_name n where n.kind = 2 and not exists (select from team t"
    " where t.source_id = $1::integer and t.external_id = n.external_id)";

static const char rename_teams[] =
    "update team t set name = n.name, name_on = $2::date from stage_name n"
    " where n.kind = 2 and t.source_id = $1::integer and t.external_id = n.external_id"
    " and ($2::date > t.name_on or ($2::date = t.name_on and n.name <> t.name))";

static const char number_names[] =
    "update stage_name n set id = x.id from ("
    "select 0 as kind, external_id, competition_id as id from competition"
    " where source_id = $1::integer"
    " union all select 1, name, season_id from season"
    " union all select 2, external_id, team_id from team where source_id = $1::integer) x"
    " where x.kind = n.kind and x.external_id = n.external_id";

static const char state_names[] =
    "insert into name_statement (kind, id, import_file_id, snapshot_date, name)"
    " select case kind when 0 then 'c' else 't' end, id, $1::bigint, $2::date, name"
    " from stage_name where kind in (0, 2)";

static const char insert_players[] =
    "insert into player (player_id, source_id, external_id, full_name, full_name_on,"
    " first_name, first_name_on, last_name, last_name_on, birth_date, birth_date_on,"
    " nationality, nationality_on, position, position_on, role, role_on,"
    " height, height_on, weight, weight_on, import_file_id)"
    " select $3::integer + row_number() over (order by s.pno), $1::integer, s.external_id,"
    " s.full_name, $2::date, s.first_name, " GIVEN_ON("first_name") ", s.last_name, "
    GIVEN_ON("last_name") ", s.birth_date, " GIVEN_ON("birth_date") ", s.nationality, "
    GIVEN_ON("nationality") ", s.position, " GIVEN_ON("position") ", s.role, " GIVEN_ON("role") ","
    " s.height, " GIVEN_ON("height") ", s.weight, " GIVEN_ON("weight") ", $4::bigint"
    " from stage_player s where s.kept and not exists (select from player p"
    " where p.source_id = $1::integer and p.external_id = s.external_id)";

static const char number_players[] =
    "insert into stage_person (pno, player_id, person_id)"
    " select s.pno, p.player_id, coalesce(k.person_id, p.player_id)"
    " from stage_player s join player p"
    " on p.source_id = $1::integer and p.external_id = s.external_id"
    " left join player_link k on k.player_id = p.player_id";

/* Of players that files stated before: whether this one says what the first of them did. */
static const char compare_statements[] =
    "insert into stage_statement (player_id, pno, is_same, has_rows)"
    " select p.player_id, s.pno, p.import_file_id is not null and"
    " case when b.player_id is null then (" PERSON("p.") ") is not distinct from (" PERSON("s.") ")"
    " else (" PERSON("b.") ") is not distinct from (" PERSON("s.") ") end, b.player_id is not null"
    " from stage_player s join stage_person m on m.pno = s.pno"
    " join player p on p.player_id = m.player_id"
    " left join player_statement b on b.player_id = p.player_id"
    " and b.import_file_id = p.import_file_id"
    " where s.kept and m.player_id <= $1::integer and p.full_name_on > '-infinity'";

static const char restate_players[] =
    "insert into player_restated (import_file_id, snapshot_date, players)"
    " select $1::bigint, $2::date, array_agg(player_id)"
    " from (select player_id from stage_statement where is_same order by player_id) x"
    " having count(*) > 0";

/* Until now nobody differed from the first, so his columns are what it said. */
static const char state_first[] =
    "insert into player_statement (player_id, import_file_id, snapshot_date, " PERSON("") ")"
    " select p.player_id, p.import_file_id, f.snapshot_date, " PERSON("p.")
    " from stage_statement x join player p on p.player_id = x.player_id"
    " join import_file f on f.file_id = p.import_file_id"
    " where not x.is_same and not x.has_rows";

static const char state_players[] =
    "insert into player_statement (player_id, import_file_id, snapshot_date, " PERSON("") ")"
    " select x.player_id, $1::bigint, $2::date, " PERSON("s.")
    " from stage_statement x join stage_player s on s.pno = x.pno where not x.is_same";

static const char touch_players[] =
    "insert into stage_touched (player_id, pno, hot, has_changed, is_new, is_back)"
    " select player_id, pno, hot or is_back, hot or has_other_names or is_back, false, is_back"
    " from (select p.player_id, s.pno, p.full_name_on = '-infinity' as is_back, "
    BECOMES("full_name") " or " BECOMES("birth_date") " or "
    BECOMES("nationality") " or " BECOMES("position") " or " BECOMES("role") " or "
    BECOMES("height") " or " BECOMES("weight") " as hot, "
    BECOMES("first_name") " or " BECOMES("last_name") " as has_other_names"
    " from stage_player s join stage_person m on m.pno = s.pno"
    " join player p on p.player_id = m.player_id"
    " where s.kept and m.player_id <= $1::integer and (" TAKES("full_name") " or "
    TAKES("first_name") " or " TAKES("last_name") " or " TAKES("birth_date") " or "
    TAKES("nationality") " or " TAKES("position") " or " TAKES("role") " or "
    TAKES("height") " or " TAKES("weight") ")) x";

static const char touch_new_players[] =
    "insert into stage_touched (player_id, pno, hot, has_changed, is_new)"
    " select m.player_id, m.pno, true, true, true"
    " from stage_person m join stage_player s on s.pno = m.pno"
    " where s.kept and m.player_id > $1::integer";

static const char follow_players[] =
    "update player p set " FOLLOW("full_name") ", " FOLLOW("first_name") ", "
    FOLLOW("last_name") ", " FOLLOW("birth_date") ", " FOLLOW("nationality") ", "
    FOLLOW("position") ", " FOLLOW("role") ", " FOLLOW("height") ", " FOLLOW("weight") ","
    " import_file_id = case when t.is_back then $3::bigint else p.import_file_id end"
    " from stage_touched t join stage_player s on s.pno = t.pno"
    " where p.player_id = t.player_id and not t.is_new and $1::integer is not null";

const char merge_insert_labels[] =
    "with new as (insert into label (label_id, kind, name)"
    " select (select coalesce(max(label_id), 0) from label)"
    " + row_number() over (order by x.kind, x.name), x.kind, x.name"
    " from (select distinct v.kind, v.name from stage_touched t join player p using (player_id)"
    " cross join lateral (values ('nationality', p.nationality), ('position', p.position),"
    " ('role', p.role)) v (kind, name) where t.hot and v.name is not null) x"
    " where not exists (select from label l where l.kind = x.kind and l.name = x.name)"
    " returning label_id, kind)"
    " select coalesce(min(label_id), 0) from new where kind = 'nationality'";

static const char class_rows[] =
    "insert into stage_work (rec, class, person_id, " KEY("") ", position, role, " METRICS("") ")"
    " select s.rec, case when ps.player_id is null then 'c'"
    " when $1::date < ps.snapshot_date then 's'"
    " when " DIFFERS " then 'u' else 'm' end, m.person_id, m.player_id, c.id, e.id, t.id,"
    " s.position, s.role, "
    METRICS("s.")
    " from stage_row s join stage_person m on m.pno = s.pno"
    " join stage_name c on c.no = s.competition_no join stage_name e on e.no = s.season_no"
    " join stage_name t on t.no = s.team_no"
    " left join player_season ps on ps.player_id = m.player_id and ps.competition_id = c.id"
    " and ps.season_id = e.id and ps.team_id = t.id"
    " left join player_season_stats l on l.player_id = m.person_id and l.competition_id = c.id"
    " and l.season_id = e.id and l.team_id = t.id and l.of_player = m.player_id"
    " where ps.player_id is null or ps.snapshot_date <> $1::date or " DIFFERS
    " or ps.source_metadata is distinct from s.source_metadata"
    " or ps.raw_payload is distinct from s.raw_payload";

static const char count_classes[] =
    "select count(*) filter (where class = 'c'), count(*) filter (where class = 'u'),"
    " count(*) filter (where class = 'm'), count(*) filter (where class = 's'),"
    /* as it was, of a player who is not */
    " case when exists (select from stage_touched where has_changed and not is_new) then"
    " (select count(*) from stage_touched t join stage_person m on m.player_id = t.player_id"
    " join stage_row r on r.pno = m.pno left join stage_work w on w.rec = r.rec"
    " where t.has_changed and not t.is_new and coalesce(w.class, 'm') = 'm') else 0 end"
    " from stage_work";

static const char keep_superseded[] =
    "insert into " HISTORY_COLUMNS " select " KEY("ps.") ", ps.import_file_id, ps.snapshot_date,"
    " $1::bigint, " METRICS("l.") ", ps.position, ps.role, ps.source_metadata, ps.raw_payload"
    " from stage_work w join player_season ps on " SAME_KEY("ps", "w")
    " join player_season_stats l on " SAME_HOT("l", "w") " where w.class = 'u'";

/* What was said before of a row that moves on: the same. */
static const char keep_moved[] =
    "insert into " RESTATED_COLUMNS " select import_file_id, snapshot_date, 'n'," RESTATED_GROUPS
    "select ps.import_file_id, ps.snapshot_date, " KEY("ps.") ", ps.source_metadata,"
    " ps.raw_payload, " ALONE("ps.", "w.rec")
    " from stage_work w join player_season ps on " SAME_KEY("ps", "w") " where w.class = 'm'"
    RESTATED_ORDER " import_file_id, snapshot_date, competition_id, season_id, alone";

/* Rows that are not in stage_work: as they are, in everything. */
static const char keep_same[] =
    "insert into " RESTATED_COLUMNS " select $1::bigint, $2::date, 's', competition_id, season_id,"
    " array_agg(team_id), array_agg(player_id), null, null from ("
    "select m.player_id, c.id as competition_id, e.id as season_id, t.id as team_id"
    " from stage_row s join stage_person m on m.pno = s.pno"
    " join stage_name c on c.no = s.competition_no join stage_name e on e.no = s.season_no"
    " join stage_name t on t.no = s.team_no"
    " where not exists (select from stage_work w where w.rec = s.rec)"
    RESTATED_ORDER " competition_id, season_id";

/* The next newer set that has figures of its own: in history, or the current one. */
#define NEXT_NEWER(w) \
	" join player_season ps on " SAME_KEY("ps", w) \
	" join player_season_stats l on " SAME_HOT("l", w) \
	" left join lateral (select h.player_id, " SAID("h.") " from player_season_history h" \
	" where " SAME_KEY("h", w) " and h.snapshot_date > $1::date" \
	" order by h.snapshot_date, h.import_file_id limit 1) n on true"
#define DIFFERS_FROM_NEXT(w) \
	"case when n.player_id is null" \
	" then (" METRICS("l.") ", ps.position, ps.role) is distinct from (" SAID(w ".") ")" \
	" else (" SAID("n.") ") is distinct from (" SAID(w ".") ") end"

/* Of stale sets: the last one of their day that points at the next newer one. */
static const char find_hidden[] =
    "insert into stage_hidden (" KEY("") ", import_file_id)"
    " select " KEY("w.") ", max(r.import_file_id) from (select g.import_file_id, g.competition_id,"
    " g.season_id, e.team_id, e.player_id from player_season_restated g"
    " cross join lateral unnest(g.teams, g.players) e (team_id, player_id)"
    " where g.kind = 'n' and g.snapshot_date = $1::date"
    " and (g.competition_id, g.season_id) in (select competition_id, season_id from stage_work"
    " where class = 's') offset 0) r"
    " join stage_work w on " SAME_KEY("w", "r") " where w.class = 's' group by " KEY("w.");

/* A stale set says something new (h) when it differs from the last one of its day; where its day
 * has none, or that points at the next newer one, from the next newer one. */
static const char class_stale[] =
    "insert into stage_stale (rec, kind)"
    " select w.rec, case when o.player_id is not null then"
    " case when (" SAID("o.") ") is distinct from (" SAID("w.") ") then 'h' else 'p' end"
    " when " DIFFERS_FROM_NEXT("w") " then 'h' else 'n' end"
    " from stage_work w" NEXT_NEWER("w") " left join stage_hidden d on " SAME_KEY("d", "w")
    " left join lateral (select h.player_id, " SAID("h.") " from player_season_history h"
    " where " SAME_KEY("h", "w") " and h.snapshot_date = $1::date"
    " and (d.import_file_id is null or h.import_file_id > d.import_file_id)"
    " order by h.import_file_id desc limit 1) o on true"
    " where w.class = 's'";

/* What older statements said by pointing at the next newer one, which is another now, they get as
 * figures of their own: the newest of them, to which the others point then. */
static const char find_near[] =
    "insert into stage_near (at, import_file_id, snapshot_date, superseded_by, " KEY("") ", "
    SAID("") ", source_metadata, raw_payload)"
    " select distinct on (" KEY("w.") ") r.at, r.import_file_id, r.snapshot_date, $2::bigint, "
    KEY("w.") ", coalesce(n.games, l.games), coalesce(n.mpg, l.mpg), coalesce(n.ppg, l.ppg),"
    " coalesce(n.rpg, l.rpg), coalesce(n.apg, l.apg), coalesce(n.spg, l.spg),"
    " coalesce(n.bpg, l.bpg), coalesce(n.tov, l.tov), coalesce(n.fg_pct, l.fg_pct),"
    " coalesce(n.three_pt_pct, l.three_pt_pct), coalesce(n.ft_pct, l.ft_pct),"
    " case when n.player_id is null then ps.position else n.position end,"
    " case when n.player_id is null then ps.role else n.role end,"
    " r.source_metadata, r.raw_payload"
    " from (select g.ctid as at, g.import_file_id, g.snapshot_date, g.competition_id, g.season_id,"
    " e.team_id, e.player_id, g.source_metadata, g.raw_payload from player_season_restated g"
    " cross join lateral unnest(g.teams, g.players) e (team_id, player_id)"
    " where g.kind = 'n' and g.snapshot_date <= $1::date"
    " and (g.competition_id, g.season_id) in (select w.competition_id, w.season_id"
    " from stage_stale x join stage_work w on w.rec = x.rec where x.kind = 'h') offset 0) r"
    " join (select w.* from stage_stale x join stage_work w on w.rec = x.rec"
    " where x.kind = 'h' offset 0) w on " SAME_KEY("w", "r") NEXT_NEWER("w")
    " where " DIFFERS_FROM_NEXT("w")
    " and not exists (select from player_season_history b where " SAME_KEY("b", "w")
    " and b.snapshot_date <= $1::date"
    " and (b.snapshot_date, b.import_file_id) > (r.snapshot_date, r.import_file_id))"
    " order by " KEY("w.") ", r.snapshot_date desc, r.import_file_id desc";

static const char keep_near[] =
    "insert into " HISTORY_COLUMNS " select " KEY("") ", import_file_id, snapshot_date,"
    " superseded_by, " SAID("") ", source_metadata, raw_payload from stage_near";

static const char keep_stale[] =
    "insert into " HISTORY_COLUMNS " select " KEY("w.") ", $1::bigint, $2::date,"
    " ps.import_file_id, " SAID("w.") ", r.source_metadata, r.raw_payload"
    " from stage_stale x join stage_work w on w.rec = x.rec"
    " join stage_row r on r.rec = x.rec join player_season ps on " SAME_KEY("ps", "w")
    " where x.kind = 'h'";

static const char keep_stale_same[] =
    "insert into " RESTATED_COLUMNS " select $1::bigint, $2::date, kind," RESTATED_GROUPS
    "select x.kind, " KEY("w.") ", r.source_metadata, r.raw_payload, " ALONE("r.", "w.rec")
    " from stage_stale x join stage_work w on w.rec = x.rec join stage_row r on r.rec = x.rec"
    " where x.kind <> 'h'"
    RESTATED_ORDER " kind, competition_id, season_id, alone";

const char merge_index_near[] =
    "create index stage_near_at on stage_near (at, player_id, team_id)";

/* Takes the statements of stage_near out of the rows that they share with others. */
const char merge_part_near[] =
    "update player_season_restated g set (teams, players) = ("
    "select coalesce(array_agg(e.team_id order by e.n), '{}'),"
    " coalesce(array_agg(e.player_id order by e.n), '{}')"
    " from unnest(g.teams, g.players) with ordinality e (team_id, player_id, n)"
    " where not exists (select from stage_near r where r.at = g.ctid"
    " and r.player_id = e.player_id and r.team_id = e.team_id))"
    " where g.ctid in (select at from stage_near)";
const char merge_drop_parted[] =
    "delete from player_season_restated where cardinality(players) = 0";

static const char insert_player_seasons[] =
    "insert into player_season (" KEY("") ", import_file_id, snapshot_date, position, role,"
    " source_metadata, raw_payload)"
    " select " KEY("w.") ", $1::bigint, $2::date, w.position, w.role,"
    " x.source_metadata, x.raw_payload"
    " from stage_work w left join stage_row x on $3::boolean and x.rec = w.rec"
    " where w.class = 'c' order by " KEY("w.");

static const char move_player_seasons[] =
    "update player_season ps set import_file_id = $1::bigint, snapshot_date = $2::date,"
    " position = w.position, role = w.role, source_metadata = x.source_metadata,"
    " raw_payload = x.raw_payload"
    " from stage_work w left join stage_row x on $3::boolean and x.rec = w.rec"
    " where w.class in ('u', 'm') and " SAME_KEY("ps", "w");

static const char update_stats[] =
    "update player_season_stats l set (" METRICS("") ") = row(" METRICS("w.") ")"
    " from stage_work w where w.class = 'u' and " SAME_HOT("l", "w");

static const char copy_players[] =
    "insert into stage_copy (player_id, is_linked, name_folded, " COPIES("") ")"
    " select p.player_id, k.player_id is not null,"
    " case when s.full_name = p.full_name then s.name_folded end,"
    " coalesce(p.birth_date, '-infinity'), coalesce(n.label_id, 0), coalesce(o.label_id, 0),"
    " coalesce(r.label_id, 0), coalesce(p.height, -1), coalesce(p.weight, -1)"
    " from (select player_id from stage_work where class in ('c', 'u', 'd')"
    " union select player_id from stage_touched where hot) x"
    " join player p on p.player_id = x.player_id"
    " left join player_link k on k.player_id = p.player_id"
    " left join (stage_touched t join stage_player s on s.pno = t.pno) on t.player_id = p.player_id"
    " left join label n on n.kind = 'nationality' and n.name = p.nationality"
    " left join label o on o.kind = 'position' and o.name = p.position"
    " left join label r on r.kind = 'role' and r.name = p.role";

static const char refresh_copies[] =
    "update player_season_stats l set (" COPIES("") ") = row(" COPIES("c.") ")"
    " from stage_touched t join stage_copy c on c.player_id = t.player_id"
    " where t.hot and not t.is_new and not c.is_linked and l.player_id = t.player_id"
    " and (" COPIES("l.") ") is distinct from (" COPIES("c.") ")";

/* A row's way into fifteen indexes costs three times what building them afterwards does. It
 * locks searches out meanwhile, so it is done only while there is nothing to be found, and not
 * for long (merge.c bounds it); and only by the tables' owner. */
static const char note_indexes[] =
    "insert into stage_index (name, definition)"
    " select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)"
    " from pg_index i join pg_class t on t.oid = i.indrelid"
    " where t.oid in ('player_best'::regclass, 'player_season_stats'::regclass)"
    " and not i.indisunique and pg_has_role(t.relowner, 'USAGE')";

static const char drop_indexes[] =
    "do $$ declare one record; begin for one in select name from stage_index loop"
    " execute 'drop index ' || one.name; end loop; end $$";

static const char build_indexes[] =
    "do $$ declare one record; begin for one in select definition from stage_index loop"
    " execute one.definition; end loop; end $$";

static const char insert_stats[] =
    "insert into player_season_stats (of_player, player_id, competition_id, season_id, team_id, "
    COPIES("") ", " METRICS("") ")"
    " select w.player_id, w.person_id, w.competition_id, w.season_id, w.team_id, "
    COPIES("c.") ", " METRICS("w.")
    " from stage_work w join stage_copy c on c.player_id = w.player_id"
    " where w.class = 'c' order by w.person_id, w.competition_id, w.season_id, w.team_id";

static const char find_best[] =
    "insert into stage_best (player_id, " METRICS("") ", " LEASTS("") ")"
    " select l.player_id, " MAXIMA("l.") ", " MINIMA("l.")
    " from stage_copy c join player_season_stats l on l.player_id = c.player_id"
    " where not c.is_linked group by l.player_id";

static const char update_best[] =
    "update player_best b set (name_folded, " COPIES("") ", " METRICS("") ", " LEASTS("") ")"
    " = row(coalesce(c.name_folded, b.name_folded), " COPIES("c.") ", " METRICS("n.") ", "
    LEASTS("n.") ")"
    " from stage_copy c join stage_best n on n.player_id = c.player_id"
    " where b.player_id = c.player_id and (b.name_folded, " COPIES("b.") ", " METRICS("b.")
    ", " LEASTS("b.") ") is distinct from (coalesce(c.name_folded, b.name_folded), " COPIES("c.") ", "
    METRICS("n.") ", " LEASTS("n.") ")";

static const char insert_best[] =
    "insert into player_best (player_id, name_folded, " COPIES("") ", " METRICS("") ", " LEASTS("") ")"
    " select c.player_id, c.name_folded, " COPIES("c.") ", " METRICS("n.") ", " LEASTS("n.")
    " from stage_touched t join stage_copy c on c.player_id = t.player_id"
    " join stage_best n on n.player_id = t.player_id"
    " where t.is_new or t.is_back order by c.player_id";

/* Whoever was touched: that a column was said again, as it is, makes it the person's newest. */
static const char find_linked[] =
    "insert into stage_linked (person_id) select distinct k.person_id from player_link k"
    " where k.player_id in (select player_id from stage_work where class in ('c', 'u', 'd'))"
    " or k.player_id in (select player_id from stage_touched)";

static const char follow_names[] =
    "update player_link k set name_folded = s.name_folded from stage_touched t"
    " join stage_player s on s.pno = t.pno join player p on p.player_id = t.player_id"
    " where k.player_id = t.player_id and t.hot and s.full_name = p.full_name"
    " and k.name_folded <> s.name_folded";

const char merge_refresh_persons[] =
    "select identity_refresh(array(select person_id from stage_linked), null)";

const struct merge_step merge_steps[] = {
	{ .sql = "analyze stage_row (rec, pno, competition_no, season_no, team_no)" },
	{ .sql = "analyze stage_name" },
	{ .sql = insert_source, .values = { MERGE_SOURCE_NAME }, .count = MERGE_CHANGES },
	{ .sql = "select source_id from source where name = $1::text",
	    .values = { MERGE_SOURCE_NAME }, .count = MERGE_GET_SOURCE },

	{ .sql = insert_competitions, .values = { MERGE_SOURCE, MERGE_DATE },
	    .count = MERGE_NEW_COMPETITIONS },
	{ .sql = rename_competitions, .values = { MERGE_SOURCE, MERGE_DATE },
	    .count = MERGE_CHANGES },
	{ .sql = insert_seasons, .count = MERGE_NEW_SEASONS },
	{ .sql = insert_teams, .values = { MERGE_SOURCE, MERGE_DATE }, .count = MERGE_NEW_TEAMS },
	{ .sql = rename_teams, .values = { MERGE_SOURCE, MERGE_DATE }, .count = MERGE_CHANGES },
	{ .sql = number_names, .values = { MERGE_SOURCE } },
	{ .sql = state_names, .values = { MERGE_FILE, MERGE_DATE } },

	{ .sql = "analyze stage_player (pno, external_id)" },
	{ .sql = drop_older_parts, .when = MERGE_ROSTERS },
	{ .sql = join_rosters, .when = MERGE_ROSTERS },
	{ .sql = "select coalesce(max(player_id), 0) from player", .count = MERGE_GET_LAST_PLAYER },
	{ .sql = insert_players, .values = { MERGE_SOURCE, MERGE_DATE, MERGE_LAST_PLAYER, MERGE_FILE },
	    .count = MERGE_NEW_PLAYERS },
	{ .sql = number_players, .values = { MERGE_SOURCE } },
	{ .sql = "analyze stage_person" },
	{ .sql = compare_statements, .values = { MERGE_LAST_PLAYER },
	    .count = MERGE_KNOWN_PLAYERS },
	{ .sql = restate_players, .values = { MERGE_FILE, MERGE_DATE }, .when = MERGE_KNOWN },
	{ .sql = state_first, .when = MERGE_KNOWN },
	{ .sql = state_players, .values = { MERGE_FILE, MERGE_DATE }, .when = MERGE_KNOWN },
	{ .sql = touch_players, .values = { MERGE_LAST_PLAYER, MERGE_DATE },
	    .count = MERGE_HOT_PLAYERS },
	{ .sql = follow_players, .values = { MERGE_LAST_PLAYER, MERGE_DATE, MERGE_FILE },
	    .count = MERGE_CHANGES },
	{ .sql = "select count(*) from stage_touched t where t.is_back and not exists (select"
	  " from player_link k where k.player_id = t.player_id)",
	    .count = MERGE_GET_BACK_PLAYERS },
	{ .sql = touch_new_players, .values = { MERGE_LAST_PLAYER }, .count = MERGE_HOT_PLAYERS },
	{ .sql = "analyze stage_touched", .when = MERGE_HOT },
	{ .sql = merge_insert_labels, .when = MERGE_HOT, .count = MERGE_GET_NEW_LABEL },

	{ .sql = class_rows, .values = { MERGE_DATE } },
	{ .sql = count_classes, .count = MERGE_GET_CLASSES },
	{ .sql = "analyze stage_work", .when = MERGE_BEST },
	{ .sql = keep_superseded, .values = { MERGE_FILE }, .when = MERGE_UPDATED },
	{ .sql = find_hidden, .values = { MERGE_DATE }, .when = MERGE_STALE },
	{ .sql = "analyze stage_hidden", .when = MERGE_STALE },
	{ .sql = class_stale, .values = { MERGE_DATE }, .when = MERGE_STALE },
	{ .sql = "analyze stage_stale", .when = MERGE_STALE },
	{ .sql = find_near, .values = { MERGE_DATE, MERGE_FILE }, .when = MERGE_STALE },
	{ .sql = keep_stale, .values = { MERGE_FILE, MERGE_DATE }, .when = MERGE_STALE,
	    .count = MERGE_CHANGES },
	{ .sql = keep_stale_same, .values = { MERGE_FILE, MERGE_DATE }, .when = MERGE_STALE },
	{ .sql = keep_near, .when = MERGE_STALE, .count = MERGE_NEAR },
	{ .sql = merge_index_near, .when = MERGE_PARTED },
	{ .sql = merge_part_near, .when = MERGE_PARTED },
	{ .sql = merge_drop_parted, .when = MERGE_PARTED },
	{ .sql = keep_moved, .when = MERGE_RESTATED },
	{ .sql = keep_same, .values = { MERGE_FILE, MERGE_DATE }, .when = MERGE_SAME },
	{ .sql = insert_player_seasons, .values = { MERGE_FILE, MERGE_DATE, MERGE_HAS_EXTRAS },
	    .when = MERGE_CREATED },
	{ .sql = move_player_seasons, .values = { MERGE_FILE, MERGE_DATE, MERGE_HAS_EXTRAS },
	    .when = MERGE_MOVED },
	{ .sql = update_stats, .when = MERGE_UPDATED },

	{ .sql = copy_players, .when = MERGE_BEST },
	{ .sql = "analyze stage_copy (player_id)", .when = MERGE_BEST },
	{ .sql = refresh_copies, .when = MERGE_HOT },
	{ .sql = note_indexes, .when = MERGE_REBUILD },
	{ .sql = drop_indexes, .when = MERGE_REBUILD },
	{ .sql = insert_stats, .when = MERGE_CREATED },
	{ .sql = find_best, .when = MERGE_BEST },
	{ .sql = update_best, .when = MERGE_BEST },
	{ .sql = insert_best, .when = MERGE_HOT },
	{ .sql = find_linked, .when = MERGE_BEST, .count = MERGE_LINKED_PERSONS },
	{ .sql = follow_names, .when = MERGE_LINKED },
	{ .sql = merge_refresh_persons, .when = MERGE_LINKED, .count = MERGE_GET_MORE_PLAYERS },
	{ .sql = build_indexes, .when = MERGE_REBUILD },
};

const size_t merge_step_count = HS_COUNT(merge_steps);

const char *const merge_refresh[] = { update_stats, copy_players, "analyze stage_copy (player_id)",
	refresh_copies, find_best, update_best, find_linked, follow_names };
const size_t merge_refresh_count = HS_COUNT(merge_refresh);
