/* undo_sql.c: the statements that take a file out of the entities.
 *
 * Constants only: the file's number travels as $1. The way: all that files stated of the same
 * player-seasons (undo_said) -> replay.c says what becomes of each (undo_new) -> rows whose
 * current statement is another go to stage_work, as in a merge (d: none is left, u: other
 * figures, m: only by whom and as of when) -> the tables. Players' columns and the names are
 * derived anew from what is left: of each column, the newest statement that gives it. */
#include "daemons/importer/undo_sql.h"

#include "common/error.h"
#include "daemons/importer/merge_columns.h"

const char undo_tables[] =
    "create temporary table undo_key (person_id integer, " KEY_COLUMNS ") on commit drop;"
    "create temporary table undo_said (number integer, " KEY_COLUMNS ", import_file_id bigint,"
    " snapshot_date date, kind \"char\", is_fixed boolean, superseded_by bigint, at tid, "
    METRIC_COLUMNS ", position text, role text, source_metadata jsonb, raw_payload jsonb,"
    " extras integer default 0) on commit drop;"
    "create temporary table undo_new (number integer, kind \"char\", superseded_by bigint,"
    " figures_from integer, extras_from integer) on commit drop;"
    "create temporary table undo_person (player_id integer, is_first boolean) on commit drop;"
    "create temporary table undo_statement (player_id integer, import_file_id bigint,"
    " snapshot_date date, full_name text, first_name text, last_name text, birth_date date,"
    " nationality text, position text, role text, height smallint, weight smallint)"
    " on commit drop;"
    "create temporary table undo_player (player_id integer, is_first boolean, first_file bigint,"
    " full_name text, full_name_on date, first_name text, first_name_on date, last_name text,"
    " last_name_on date, birth_date date, birth_date_on date, nationality text,"
    " nationality_on date, position text, position_on date, role text, role_on date,"
    " height smallint, height_on date, weight smallint, weight_on date,"
    " has_changed boolean default false, hot boolean default false) on commit drop;"
    "create temporary table undo_name (kind \"char\", id integer, name text, name_on date)"
    " on commit drop";

/* --- what files stated ------------------------------------------------------------------ */

static const char find_keys[] =
    "insert into undo_key (person_id, " KEY("") ")"
    " select coalesce(l.person_id, x.player_id), " KEY("x.")
    " from (select " KEY("") " from player_season where import_file_id = $1::bigint"
    " union all select " KEY("") " from player_season_history where import_file_id = $1::bigint"
    " union all select e.player_id, r.competition_id, r.season_id, e.team_id"
    " from player_season_restated r"
    " cross join lateral unnest(r.teams, r.players) e (team_id, player_id)"
    " where r.import_file_id = $1::bigint) x left join player_link l on l.player_id = x.player_id";

static const char gather_said[] =
    "insert into undo_said (number, " KEY("") ", import_file_id, snapshot_date, kind, is_fixed,"
    " superseded_by, at, " SAID("") ", source_metadata, raw_payload)"
    " select row_number() over (order by " KEY("x.") ", x.import_file_id), x.* from ("
    "select " KEY("k.") ", ps.import_file_id, ps.snapshot_date, 'c'::\"char\" as kind, false,"
    " null::bigint, ps.ctid, " METRICS("l.") ", ps.position, ps.role, ps.source_metadata,"
    " ps.raw_payload from undo_key k join player_season ps on " SAME_KEY("ps", "k")
    " join player_season_stats l on " SAME_HOT("l", "k")
    " union all select " KEY("k.") ", h.import_file_id, h.snapshot_date, 'h',"
    " not coalesce(f.has_statements or o.has_statements, false), h.superseded_by, h.ctid, "
    SAID("h.") ", h.source_metadata, h.raw_payload from undo_key k"
    " join player_season_history h on " SAME_KEY("h", "k")
    " left join import_file f on f.file_id = h.superseded_by"
    " left join import_file o on o.file_id = h.import_file_id"
    " union all select " KEY("k.") ", r.import_file_id, r.snapshot_date, r.kind, false, null, r.at,"
    " null, null, null, null, null, null, null, null, null, null, null, null, null,"
    " r.source_metadata, r.raw_payload from (select g.ctid as at, g.*, e.team_id, e.player_id"
    " from player_season_restated g"
    " cross join lateral unnest(g.teams, g.players) e (team_id, player_id)"
    " where (g.competition_id, g.season_id) in (select competition_id, season_id from undo_key)"
    " offset 0) r join undo_key k on " SAME_KEY("k", "r") ") x";

static const char number_extras[] =
    "update undo_said s set extras = x.n from (select number, dense_rank() over (partition by "
    KEY("") " order by source_metadata, raw_payload) as n from undo_said"
    " where source_metadata is not null or raw_payload is not null) x where x.number = s.number";

static const struct undo_step gather_steps[] = {
	{ find_keys, true },
	{ "analyze undo_key", false },
	{ gather_said, false },
	{ number_extras, false },
	{ "analyze undo_said (number, player_id, competition_id, season_id, team_id, kind)", false },
};

const struct undo_part undo_gather = { "looking up what files stated", gather_steps,
	HS_COUNT(gather_steps) };

const char undo_read_said[] =
    "declare said no scroll cursor for select number, row(" KEY("") ")::text, import_file_id,"
    " snapshot_date - date '2000-01-01', kind, is_fixed::integer, coalesce(superseded_by, 0),"
    " case when kind in ('c', 'h') then row(" SAID("") ")::text else '' end, extras"
    " from undo_said order by number";

const char undo_write_new[] =
    "insert into undo_new (number, kind, superseded_by, figures_from, extras_from)"
    " select * from unnest($1::integer[], $2::\"char\"[], $3::bigint[], $4::integer[],"
    " $5::integer[])";

/* --- player-seasons --------------------------------------------------------------------- */

static const char class_rows[] =
    "insert into stage_work (person_id, rec, class, " KEY("") ", " SAID("") ")"
    " select coalesce(k.person_id, o.player_id), n.number, case when n.number is null then 'd'"
    " when (" SAID("f.") ") is distinct from"
    " (" SAID("o.") ") then 'u' else 'm' end, " KEY("o.") ", " SAID("f.")
    " from undo_new u join undo_said o on o.number = u.number and o.kind = 'c'"
    " left join (undo_new n join undo_said s on s.number = n.number and n.kind = 'c')"
    " on " SAME_KEY("s", "o") " left join undo_said f on f.number = n.figures_from"
    " left join player_link k on k.player_id = o.player_id";

static const char move_player_seasons[] =
    "update player_season ps set import_file_id = s.import_file_id,"
    " snapshot_date = s.snapshot_date, position = w.position, role = w.role,"
    " source_metadata = x.source_metadata, raw_payload = x.raw_payload"
    " from stage_work w join undo_said s on s.number = w.rec join undo_new n on n.number = w.rec"
    " join undo_said x on x.number = n.extras_from where " SAME_KEY("ps", "w");

static const char drop_history[] =
    "delete from player_season_history h using undo_new u join undo_said s on s.number = u.number"
    " where s.kind = 'h' and u.kind <> 'h' and h.ctid = s.at";

static const char move_history[] =
    "update player_season_history h set superseded_by = u.superseded_by,"
    " superseded_at = coalesce(f.finished_at, h.superseded_at)"
    " from undo_new u join undo_said s on s.number = u.number"
    " left join import_file f on f.file_id = u.superseded_by"
    " where s.kind = 'h' and u.kind = 'h' and h.ctid = s.at";

static const char add_history[] =
    "insert into player_season_history (" KEY("") ", import_file_id, snapshot_date, superseded_by,"
    " superseded_at, " SAID("") ", source_metadata, raw_payload)"
    " select " KEY("s.") ", s.import_file_id, s.snapshot_date, u.superseded_by,"
    " coalesce(f.finished_at, now()), " SAID("o.") ", x.source_metadata, x.raw_payload"
    " from undo_new u join undo_said s on s.number = u.number"
    " join undo_said o on o.number = u.figures_from join undo_said x on x.number = u.extras_from"
    " left join import_file f on f.file_id = u.superseded_by"
    " where s.kind <> 'h' and u.kind = 'h'";

static const char find_near[] =
    "insert into stage_near (at, " KEY("") ") select s.at, " KEY("s.")
    " from undo_new u join undo_said s on s.number = u.number"
    " where s.kind in ('n', 'p', 's') and u.kind <> 'x'";

static const char add_restated[] =
    "insert into " RESTATED_COLUMNS " select import_file_id, snapshot_date, kind," RESTATED_GROUPS
    "select y.*, " ALONE("y.", "y.number") " from (select s.number, s.import_file_id,"
    " s.snapshot_date, u.kind, " KEY("s.") ","
    " case when u.kind <> 's' then x.source_metadata end as source_metadata,"
    " case when u.kind <> 's' then x.raw_payload end as raw_payload"
    " from undo_new u join undo_said s on s.number = u.number"
    " join undo_said x on x.number = u.extras_from where u.kind in ('n', 'p', 's')) y"
    RESTATED_ORDER " import_file_id, snapshot_date, kind, competition_id, season_id, alone";

static const struct undo_step figures_steps[] = {
	{ "analyze undo_new", false },
	{ class_rows, false },
	{ "analyze stage_work", false },
	{ "delete from player_season ps using stage_work w where w.class = 'd' and "
	  SAME_KEY("ps", "w"), false },
	{ "delete from player_season_stats l using stage_work w where w.class = 'd' and "
	  SAME_HOT("l", "w"), false },
	{ move_player_seasons, false },
	{ drop_history, false },
	{ move_history, false },
	{ add_history, false },
	{ "delete from player_season_restated where import_file_id = $1::bigint", true },
	{ find_near, false },
	{ "create index stage_near_at on stage_near (at, player_id, team_id)", false },
	{ "analyze stage_near (at, player_id, team_id)", false },
	{ add_restated, false },
};

const struct undo_part undo_figures = { "putting figures back", figures_steps,
	HS_COUNT(figures_steps) };

/* --- players and names ------------------------------------------------------------------ */

static const char find_people[] =
    "insert into undo_person (player_id, is_first)"
    " select player_id, coalesce(import_file_id = $1::bigint, false) from player"
    " where player_id in (select player_id from player where import_file_id = $1::bigint"
    " union all select player_id from player_statement where import_file_id = $1::bigint"
    " union all select unnest(players) from player_restated where import_file_id = $1::bigint)";

/* Those that are written; else the first one, which his columns are. */
static const char gather_statements[] =
    "insert into undo_statement (player_id, import_file_id, snapshot_date, " PERSON("") ")"
    " select s.player_id, s.import_file_id, s.snapshot_date, " PERSON("s.")
    " from undo_person u join player_statement s on s.player_id = u.player_id"
    " union all select p.player_id, f.file_id, f.snapshot_date, " PERSON("p.")
    " from undo_person u join player p on p.player_id = u.player_id"
    " join import_file f on f.file_id = p.import_file_id where not exists"
    " (select from player_statement s where s.player_id = p.player_id)";

static const char gather_restated[] =
    "insert into undo_statement (player_id, import_file_id, snapshot_date, " PERSON("") ")"
    " select e.player_id, e.import_file_id, e.snapshot_date, " PERSON("b.")
    " from (select r.import_file_id, r.snapshot_date, unnest(r.players) as player_id"
    " from player_restated r join import_file f on f.file_id = r.import_file_id"
    " where f.source_name = (select source_name from import_file where file_id = $1::bigint)"
    " offset 0) e join undo_person u on u.player_id = e.player_id"
    " join player p on p.player_id = e.player_id"
    " join undo_statement b on b.player_id = e.player_id and b.import_file_id = p.import_file_id";

#define LATEST(c) \
	"(array_agg(s." c " order by s.snapshot_date desc, s.import_file_id desc)" \
	" filter (where s." c " is not null))[1], max(s.snapshot_date) filter (where s." c \
	" is not null)"
#define DATED(t) \
	t "full_name, " t "full_name_on, " t "first_name, " t "first_name_on, " t "last_name, " \
	t "last_name_on, " t "birth_date, " t "birth_date_on, " t "nationality, " \
	t "nationality_on, " t "position, " t "position_on, " t "role, " t "role_on, " t "height, " \
	t "height_on, " t "weight, " t "weight_on"

static const char derive_players[] =
    "insert into undo_player (player_id, is_first, first_file, " DATED("") ")"
    " select u.player_id, u.is_first, min(s.import_file_id) filter (where s.import_file_id > 0), "
    LATEST("full_name") ", " LATEST("first_name") ", " LATEST("last_name") ", "
    LATEST("birth_date") ", " LATEST("nationality") ", " LATEST("position") ", " LATEST("role")
    ", " LATEST("height") ", " LATEST("weight")
    " from undo_person u left join undo_statement s on s.player_id = u.player_id"
    " group by u.player_id, u.is_first";

#define HOT_PERSON(t) \
	t "full_name, " t "birth_date, " t "nationality, " t "position, " t "role, " t "height, " \
	t "weight"

static const char mark_changes[] =
    "update undo_player n set has_changed = true, hot = (" HOT_PERSON("p.") ") is distinct from ("
    HOT_PERSON("n.") ") from player p where p.player_id = n.player_id and n.full_name is not null"
    " and (" PERSON("p.") ") is distinct from (" PERSON("n.") ")";

/* Of whom the file was the first: another is now, and what the others said is kept against that. Files
 * of other sources state none of them. */
static const char part_restated[] =
    "update player_restated r set players = array(select e.player_id from unnest(r.players) e"
    " (player_id) where not exists (select from undo_person u where u.is_first"
    " and u.player_id = e.player_id))"
    " where exists (select from undo_person where is_first)"
    " and r.import_file_id = any(array(select f.file_id from import_file f where f.source_name ="
    " (select source_name from import_file where file_id = $1::bigint)))"
    " and exists (select from unnest(r.players) e (player_id) join undo_person u"
    " on u.player_id = e.player_id where u.is_first)";

#define AGAINST_FIRST \
	" from undo_player n join undo_statement b on b.player_id = n.player_id" \
	" and b.import_file_id = n.first_file join undo_statement s on s.player_id = n.player_id"

static const char state_first[] =
    "insert into player_statement (player_id, import_file_id, snapshot_date, " PERSON("") ")"
    " select s.player_id, s.import_file_id, s.snapshot_date, " PERSON("s.") AGAINST_FIRST
    " where n.is_first and (s.import_file_id = n.first_file or (" PERSON("s.")
    ") is distinct from (" PERSON("b.") ")) and n.player_id in (select n.player_id" AGAINST_FIRST
    " where n.is_first and (" PERSON("s.") ") is distinct from (" PERSON("b.") "))";

static const char restate_first[] =
    "insert into player_restated (import_file_id, snapshot_date, players)"
    " select s.import_file_id, s.snapshot_date, array_agg(s.player_id)" AGAINST_FIRST
    " where n.is_first and s.import_file_id <> n.first_file and (" PERSON("s.")
    ") is not distinct from (" PERSON("b.") ") group by s.import_file_id, s.snapshot_date";

static const char find_names[] =
    "insert into undo_name (kind, id, name, name_on) select x.kind, x.id, l.name, l.snapshot_date"
    " from name_statement x left join lateral (select o.name, o.snapshot_date"
    " from name_statement o where o.kind = x.kind and o.id = x.id"
    " and o.import_file_id <> x.import_file_id"
    " order by o.snapshot_date desc, o.import_file_id desc limit 1) l on true"
    " where x.import_file_id = $1::bigint";

static const struct undo_step derive_steps[] = {
	{ find_people, true },
	{ "analyze undo_person", false },
	{ gather_statements, false },
	{ "analyze undo_statement", false },
	{ gather_restated, true },
	{ "delete from undo_statement where import_file_id = $1::bigint", true },
	{ derive_players, false },
	{ "analyze undo_player", false },
	{ mark_changes, false },
	{ find_names, true },
};

const struct undo_part undo_derive = { "looking up players", derive_steps,
	HS_COUNT(derive_steps) };

const char undo_read_names[] =
    "select n.player_id, n.full_name from undo_player n join player p using (player_id)"
    " where n.has_changed and n.full_name <> p.full_name";

const char undo_write_names[] =
    "insert into stage_player (pno, full_name, name_folded) select pno, full_name, name_folded"
    " from json_to_recordset($1::json) x (pno integer, full_name text, name_folded text)";

#define FROM_LEFT(column) column " = n." column ", " column "_on = n." column "_on"

static const char update_players[] =
    "update player p set full_name = coalesce(n.full_name, p.full_name),"
    " full_name_on = coalesce(n.full_name_on, '-infinity'), "
    FROM_LEFT("first_name") ", " FROM_LEFT("last_name") ", " FROM_LEFT("birth_date") ", "
    FROM_LEFT("nationality") ", " FROM_LEFT("position") ", " FROM_LEFT("role") ", "
    FROM_LEFT("height") ", " FROM_LEFT("weight") ","
    " import_file_id = case when n.is_first then n.first_file else p.import_file_id end"
    " from undo_player n where n.player_id = p.player_id and (n.is_first or (" DATED("p.")
    ") is distinct from (" DATED("n.") "))";

static const char touch_players[] =
    "insert into stage_touched (player_id, pno, hot, has_changed, is_new)"
    " select player_id, player_id, hot, true, false from undo_player where has_changed";

#define RENAME(table, key, kind) \
	"update " table " t set name = coalesce(n.name, t.name)," \
	" name_on = coalesce(n.name_on, '-infinity') from undo_name n" \
	" where n.kind = '" kind "' and n.id = t." key \
	" and (n.name, n.name_on) is distinct from (t.name, t.name_on)"

static const struct undo_step players_steps[] = {
	{ "delete from player_statement s using undo_person u where s.player_id = u.player_id"
	  " and (u.is_first or s.import_file_id = $1::bigint)", true },
	{ "delete from player_restated where import_file_id = $1::bigint", true },
	{ part_restated, true },
	{ "delete from player_restated where cardinality(players) = 0", false },
	{ state_first, false },
	{ restate_first, false },
	{ update_players, false },
	{ touch_players, false },
	{ "insert into stage_linked (person_id) select k.person_id from undo_player n"
	  " join player_link k on k.player_id = n.player_id", false },
	{ "delete from name_statement where import_file_id = $1::bigint", true },
	{ RENAME("competition", "competition_id", "c"), false },
	{ RENAME("team", "team_id", "t"), false },
};

const struct undo_part undo_players = { "putting players back", players_steps,
	HS_COUNT(players_steps) };

const char undo_drop_best[] =
    "delete from player_best b where b.player_id in (select player_id from stage_work"
    " where class = 'd') and not exists (select from player_season_stats l"
    " where l.player_id = b.player_id)";

const char undo_drop_seasons[] =
    "delete from season e where e.season_id in (select season_id from stage_work"
    " where class = 'd') and not exists (select from player_season_stats l"
    " where l.season_id = e.season_id)";

/* What a player has whom another stands for (linked, 011_identity.sql) is in no hot table, but is
 * needed when they are unlinked: so it counts what players have, of whom a file tells. */
const char undo_drop_labels[] =
    "delete from label where exists (select from undo_player where has_changed or full_name is null)"
    " and label_id = any (array(select label_id from label except ("
    "select l.label_id from label l join ("
    "select distinct 'nationality' as kind, nationality as name from player"
    " where full_name_on > '-infinity' union all"
    " select distinct 'position', position from player where full_name_on > '-infinity' union all"
    " select distinct 'role', role from player where full_name_on > '-infinity') p using (kind, name)"
    " union select nationality_id from player_best union select position_id from player_best"
    " union select role_id from player_best)))";

/* --- what becomes ----------------------------------------------------------------------- */

#define PLAIN(t, column) "round(nullif(" t column ", -1) / 100.0, 2)"
#define FIGURES_JSON(t, file, day) \
	"json_build_object('file_id', " file ", 'snapshot_date', " day ", 'position', " t "position," \
	" 'role', " t "role, 'games', nullif(" t "games, -1) / 100, 'mpg', " PLAIN(t, "mpg") \
	", 'ppg', " PLAIN(t, "ppg") ", 'rpg', " PLAIN(t, "rpg") ", 'apg', " PLAIN(t, "apg") \
	", 'spg', " PLAIN(t, "spg") ", 'bpg', " PLAIN(t, "bpg") ", 'tov', " PLAIN(t, "tov") \
	", 'fg_pct', " PLAIN(t, "fg_pct") ", 'three_pt_pct', " PLAIN(t, "three_pt_pct") \
	", 'ft_pct', " PLAIN(t, "ft_pct") ")"
#define CLASSES(class) "(select count(*) from stage_work where class = '" class "')"
#define PERSON_JSON(t) \
	"json_build_object('full_name', " t "full_name, 'first_name', " t "first_name," \
	" 'last_name', " t "last_name, 'birth_date', " t "birth_date, 'nationality', " t \
	"nationality, 'position', " t "position, 'role', " t "role, 'height_cm', " \
	PLAIN(t, "height") ", 'weight_kg', " PLAIN(t, "weight") ")"

/* Chosen first, and by few tables: the planner cannot tell how many rows a join of whole keys
 * gives. */
#define FIRST_ROWS \
	"select w.class, " KEY("w.") ", p.full_name, row_number() over (order by" \
	" w.class = 'm', w.class = 'd', p.full_name collate \"C\", " KEY("w.") ") as place" \
	" from stage_work w join player p on p.player_id = w.player_id" \
	" order by place limit $1::integer"

const char undo_look[] =
    "select json_build_object('counts', json_build_object("
    "'player_seasons', (select count(*) from undo_key), 'put_back', " CLASSES("u") ","
    " 'removed', " CLASSES("d") ", 'restated', " CLASSES("m") ","
    " 'untouched', (select count(*) from undo_key) - (select count(*) from stage_work),"
    " 'players_changed', (select count(*) from undo_player where has_changed),"
    " 'players_gone', (select count(*) from undo_player where full_name is null),"
    " 'competitions_renamed', (select count(*) from undo_name n join competition c"
    " on c.competition_id = n.id where n.kind = 'c' and n.name <> c.name),"
    " 'teams_renamed', (select count(*) from undo_name n join team t"
    " on t.team_id = n.id where n.kind = 't' and n.name <> t.name)),"
    " 'rows', coalesce((select json_agg(json_build_object('player', z.full_name,"
    " 'competition', c.name, 'season', e.name, 'team', t.name, 'becomes',"
    " case z.class when 'u' then 'put back' when 'd' then 'removed' else 'restated' end,"
    " 'before', " FIGURES_JSON("o.", "o.import_file_id", "o.snapshot_date") ", 'after',"
    " case when z.class <> 'd' then " FIGURES_JSON("w.", "s.import_file_id", "s.snapshot_date")
    " end) order by z.place) from (" FIRST_ROWS ") z"
    " join competition c on c.competition_id = z.competition_id"
    " join season e on e.season_id = z.season_id join team t on t.team_id = z.team_id"
    " join undo_said o on " SAME_KEY("o", "z") " and o.kind = 'c'"
    " join stage_work w on " SAME_KEY("w", "z")
    " left join undo_said s on s.number = w.rec), '[]'),"
    " 'players', coalesce((select json_agg(json_build_object('player', y.full_name,"
    " 'becomes', y.becomes, 'before', y.old, 'after', y.new) order by y.place) from ("
    "select p.full_name, case when n.full_name is null then 'gone' else 'changed' end as becomes,"
    " " PERSON_JSON("p.") " as old, case when n.full_name is not null then " PERSON_JSON("n.")
    " end as new, row_number() over (order by n.full_name is null, p.full_name collate \"C\","
    " p.player_id)"
    " as place from undo_player n join player p on p.player_id = n.player_id"
    " where n.has_changed or n.full_name is null"
    " order by place limit $1::integer) y), '[]'))::text";
