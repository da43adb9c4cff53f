/* quality_sql.c: constants only. Each statement reads a hot table once, in its order on the disk;
 * names are joined to the few rows that are kept, after the limit. */
#include "daemons/web/quality_sql.h"

#define AT "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'"
/* A row's, in the cold tables by the player; the hot ones' player_id is the person's. */
#define KEY "of_player, competition_id, season_id, team_id"

const char quality_begin_sql[] = "select version, to_char(now() at time zone 'UTC', " AT "),"
    " to_regclass('player_statement') is not null,"
    " set_config('statement_timeout', '" QUALITY_STEP_SECONDS "s', true) from data_version";

/* ---- player-seasons ---- */

#define FIGURE(column) "trim_scale(" column " / 100.0)::text"
#define KNOWN(column, unit) \
	"case when " column " > 0 then " FIGURE(column) " || ' " unit "' end"

#define YEAR "nullif(substring(name from '[0-9]{4}'), '0000')::integer"

#define NAMES \
	" join player p on p.player_id = f.of_player join source so on so.source_id = p.source_id" \
	" left join player_link k on k.player_id = p.player_id" \
	" join competition c on c.competition_id = f.competition_id" \
	" join season se on se.season_id = f.season_id" \
	" join team t on t.team_id = f.team_id" \
	" left join player_season ps on ps.player_id = f.of_player" \
	" and ps.competition_id = f.competition_id and ps.season_id = f.season_id" \
	" and ps.team_id = f.team_id" \
	" left join import_file i on i.file_id = ps.import_file_id"

/* The cold row t of the hot row l, whose player_id is the person's. */
#define OF_ROW(t) t ".player_id = l.of_player and " SAME_TEAM(t)
#define SAME_TEAM(t) \
	t ".competition_id = l.competition_id and " t ".season_id = l.season_id" \
	" and " t ".team_id = l.team_id"

#define KEPT \
	" from (select * from found order by season_id desc, " KEY " limit " QUALITY_KEPT ") f" \
	" cross join (select count(*) as total from found) n"

/* Whose page shows the player p, with his link k. */
#define PERSON "coalesce(k.person_id, p.player_id)"

#define NAMED(detail) \
	" select n.total, " PERSON ", p.full_name, null, null, i.file_id, i.name, so.name," \
	" c.name, so.name || ':' || c.external_id, se.name, t.name," \
	" so.name || ':' || t.external_id, null, " \
	detail

#define ORDER " order by f.season_id desc, f.of_player, f.competition_id, f.team_id"

/* One row each that meets the condition, and what is said of it. */
#define ROWS(condition, detail) \
	"with found as materialized (select player_id, " KEY " from player_season_stats l where " \
	condition ")" NAMED(detail) KEPT NAMES \
	" join player_season_stats l on l.player_id = f.player_id and l.of_player = f.of_player" \
	" and " SAME_TEAM("f") ORDER

/* Each season's days are reckoned once: one is born before begins and youngest, and not before
 * oldest. */
#define AGED(condition, detail) \
	"with years as materialized (select season_id, year, make_date(year, 1, 1) as begins," \
	" make_date(greatest(year - " QUALITY_LEAST_AGE " + 1, 1), 1, 1) as youngest," \
	" make_date(greatest(year - " QUALITY_MOST_AGE ", 1), 1, 1) as oldest" \
	" from (select season_id, " YEAR " as year from season) x where year is not null)," \
	" found as materialized (select l.of_player, l.competition_id, season_id, l.team_id," \
	" l.born_on, y.year from player_season_stats l join years y using (season_id)" \
	" where l.born_on > '-infinity' and " condition ")" \
	NAMED(detail) KEPT NAMES ORDER

static const char born_after_sql[] = AGED("l.born_on >= y.begins",
    "'born ' || to_char(f.born_on, 'YYYY-MM-DD')");

static const char age_sql[] = AGED("l.born_on < y.begins"
    " and (l.born_on >= y.youngest or l.born_on < y.oldest)",
    "'aged ' || f.year - extract(year from f.born_on)::integer || ', born '"
    " || to_char(f.born_on, 'YYYY-MM-DD')");

static const char idle_sql[] = ROWS("l.games = 0 and greatest(l.mpg, l.ppg, l.rpg, l.apg,"
    " l.spg, l.bpg, l.tov, l.fg_pct, l.three_pt_pct, l.ft_pct) > 0",
    "concat_ws(', ', '0 games', " KNOWN("l.mpg", "minutes") ", " KNOWN("l.ppg", "points") ", "
    KNOWN("l.rpg", "rebounds") ", " KNOWN("l.apg", "assists") ", " KNOWN("l.spg", "steals") ", "
    KNOWN("l.bpg", "blocks") ", " KNOWN("l.tov", "turnovers") ", " KNOWN("l.fg_pct", "FG%") ", "
    KNOWN("l.three_pt_pct", "3P%") ", " KNOWN("l.ft_pct", "FT%") ")");

static const char minutes_sql[] = ROWS("l.mpg > " QUALITY_MOST_MINUTES " * 100",
    FIGURE("l.mpg") " || ' minutes per game'");

static const char points_sql[] = ROWS("l.ppg > " QUALITY_MOST_POINTS " * 100",
    FIGURE("l.ppg") " || ' points per game'");

static const char empty_sql[] = ROWS("greatest(l.games, l.mpg, l.ppg, l.rpg, l.apg, l.spg,"
    " l.bpg, l.tov, l.fg_pct, l.three_pt_pct, l.ft_pct) < 0", "'no figure'");

/* Each set that a later snapshot follows, with the games that this one has. */
static const char fell_sql[] =
    "with said as (select player_id as of_player, competition_id, season_id, team_id, games,"
    " snapshot_date, superseded_at from player_season_history"
    " union all select l.of_player, l.competition_id, l.season_id, l.team_id, l.games,"
    " ps.snapshot_date, 'infinity' from (select distinct player_id, competition_id, season_id,"
    " team_id from player_season_history) h"
    " join player_season_stats l on " OF_ROW("h") " join player_season ps on " OF_ROW("ps") "),"
    " steps as (select *, lag(games) over w as before, lag(snapshot_date) over w as before_on"
    " from said where games >= 0"
    " window w as (partition by " KEY " order by snapshot_date, superseded_at)),"
    " found as materialized (select distinct on (" KEY ") * from steps"
    " where before > games and snapshot_date > before_on"
    " order by " KEY ", snapshot_date desc, superseded_at desc)"
    NAMED("'from ' || f.before / 100 || ' games on ' || to_char(f.before_on, 'YYYY-MM-DD')"
	" || ' to ' || f.games / 100 || ' on ' || to_char(f.snapshot_date, 'YYYY-MM-DD')")
    KEPT NAMES ORDER;

/* ---- several rows of a player in a season ---- */

#define SAME_SEASON \
	" where o.player_id = f.player_id and o.of_player = f.of_player" \
	" and o.competition_id = f.competition_id and o.season_id = f.season_id"

/* Of a person, who may be several players. A distinct count is never hashed: the index has the rows
 * in order. */
#define SEVERAL \
	"with several as materialized (select player_id, competition_id, season_id" \
	" from player_season_stats group by player_id, competition_id, season_id" \
	" having count(distinct team_id) > 1)"

static const char same_sql[] =
    SEVERAL ", found as materialized (select of_player, competition_id, season_id,"
    " min(team_id) as team_id, array_agg(team_id) as teams from several"
    " join player_season_stats using (player_id, competition_id, season_id)"
    " where games > 0 group by of_player, competition_id, season_id, games, mpg, ppg, rpg, apg,"
    " spg, bpg, tov, fg_pct, three_pt_pct, ft_pct having count(*) > 1)"
    NAMED("'the same figures for ' || (select string_agg(o.name, ' and ' order by o.name)"
	" from team o where o.team_id = any(f.teams))")
    KEPT NAMES ORDER;

/* The one with the most games has the sum of the others' games, and their points. */
static const char total_sql[] =
    SEVERAL ", summed as (select player_id, of_player, competition_id, season_id,"
    " max(games) as games"
    " from several join player_season_stats using (player_id, competition_id, season_id)"
    " where games > 0 and ppg >= 0"
    " group by player_id, of_player, competition_id, season_id"
    " having count(*) > 2 and 2 * max(games) = sum(games)),"
    " found as materialized (select f.of_player, f.competition_id, f.season_id, l.team_id, f.games"
    " from summed f join player_season_stats l on l.player_id = f.player_id"
    " and l.of_player = f.of_player and l.competition_id = f.competition_id"
    " and l.season_id = f.season_id and l.games = f.games"
    " where abs(l.ppg::bigint * l.games - (select sum(o.ppg::bigint * o.games)"
    " from player_season_stats o" SAME_SEASON " and o.team_id <> l.team_id and o.games > 0"
    " and o.ppg >= 0)) <= " QUALITY_POINTS_APART " * l.games)"
    NAMED("f.games / 100 || ' games, as many as the other teams of the season together'")
    KEPT NAMES ORDER;

/* ---- what files stated of a player, one after the other ---- */

/* Of those of whom all files said the same there are no statements. */
#define STATED(column, condition, detail) \
	"with steps as (select player_id, import_file_id, snapshot_date, " column " as said," \
	" lag(" column ") over w as before, lag(snapshot_date) over w as before_on" \
	" from player_statement where " column " is not null" \
	" window w as (partition by player_id order by snapshot_date, import_file_id))," \
	" found as materialized (select distinct on (player_id) * from steps" \
	" where " condition " order by player_id, snapshot_date desc, import_file_id desc)" \
	" select n.total, " PERSON ", p.full_name, null, null, i.file_id, i.name, so.name, null," \
	" null, null, null, null, null, " detail " || ' on ' || " DAY("f.before_on") \
	" || ', then on ' || " DAY("f.snapshot_date") \
	" from (select * from found order by snapshot_date desc, player_id" \
	" limit " QUALITY_KEPT ") f" \
	" cross join (select count(*) as total from found) n" \
	" join player p on p.player_id = f.player_id join source so on so.source_id = p.source_id" \
	" left join player_link k on k.player_id = p.player_id" \
	" left join import_file i on i.file_id = f.import_file_id" \
	" order by f.snapshot_date desc, f.player_id"
#define DAY(column) "to_char(" column ", 'YYYY-MM-DD')"

static const char height_sql[] = STATED("height", "abs(said - before) >= " QUALITY_HEIGHT_STEP
    " * 100", "'from ' || " FIGURE("f.before") " || ' to ' || " FIGURE("f.said") " || ' cm:'");

static const char weight_sql[] = STATED("weight", "abs(said - before) >= " QUALITY_WEIGHT_STEP
    " * 100", "'from ' || " FIGURE("f.before") " || ' to ' || " FIGURE("f.said") " || ' kg:'");

/* Near enough to hs_name_fold for telling whether two names are the same one. */
#define FOLDED(name) \
	"btrim(regexp_replace(translate(regexp_replace(normalize(lower(" name "), nfkd)," \
	" '[\\u0300-\\u036f]', '', 'g'), 'đłøı-''’.', 'dloi '), '\\s+', ' ', 'g'))"

static const char name_sql[] = STATED("full_name", FOLDED("said") " <> " FOLDED("before"),
    "'from ' || f.before || ' to ' || f.said || ':'");

/* ---- players, files, names ---- */

/* Of players, as their sources have them: of who is linked, player_link has the name. */
static const char twins_sql[] =
    "with found as materialized (select p.source_id, p.birth_date as born_on,"
    " min(array[" PERSON ", p.player_id]) as one, max(array[" PERSON ", p.player_id]) as other,"
    " count(*) as players from player p"
    " left join player_link k on k.player_id = p.player_id"
    " left join player_best b on b.player_id = p.player_id"
    " where p.birth_date is not null and p.full_name_on > '-infinity'"
    " group by p.source_id, coalesce(k.name_folded, b.name_folded), p.birth_date"
    " having min(" PERSON ") < max(" PERSON "))"
    " select n.total, " PERSON ", p.full_name, coalesce(ok.person_id, o.player_id), o.full_name,"
    " null, null, so.name, null, null, null, null, null, null, f.players || ' players, born '"
    " || to_char(f.born_on, 'YYYY-MM-DD')"
    " from (select * from found order by one limit " QUALITY_KEPT ") f"
    " cross join (select count(*) as total from found) n"
    " join player p on p.player_id = f.one[2] join player o on o.player_id = f.other[2]"
    " left join player_link k on k.player_id = p.player_id"
    " left join player_link ok on ok.player_id = o.player_id"
    " join source so on so.source_id = p.source_id order by f.one";

#define IS_SHARE(metric) "(max(l." metric ") between 1 and 100 and " COUNTED(metric) " >= " \
	QUALITY_LEAST_PERCENTAGES ")"
#define COUNTED(metric) "count(*) filter (where l." metric " > 0)"
#define SHARE(metric, head) \
	"case when " IS_SHARE(metric) " then '" head " at most ' || " \
	FIGURE("max(l." metric ")") " || ' in ' || " COUNTED(metric) " || ' rows' end"

/* Files with such percentages are few; of these all rows are read. */
static const char scale_sql[] =
    "with candidates as materialized (select ps.import_file_id from player_season_stats l"
    " join player_season ps on " OF_ROW("ps") " where l.fg_pct between 1 and 100"
    " or l.three_pt_pct between 1 and 100 or l.ft_pct between 1 and 100"
    " group by ps.import_file_id having count(*) >= " QUALITY_LEAST_PERCENTAGES "),"
    " found as materialized (select ps.import_file_id as file_id, concat_ws(', ', "
    SHARE("fg_pct", "FG%") ", " SHARE("three_pt_pct", "3P%") ", " SHARE("ft_pct", "FT%")
    ") as detail"
    " from player_season ps join candidates using (import_file_id)"
    " join player_season_stats l on " OF_ROW("ps") " group by ps.import_file_id"
    " having " IS_SHARE("fg_pct") " or " IS_SHARE("three_pt_pct") " or " IS_SHARE("ft_pct") ")"
    " select n.total, null, null, null, null, f.file_id, i.name, i.source_name, null, null, null,"
    " null, null, null, f.detail"
    " from (select * from found order by file_id desc limit " QUALITY_KEPT ") f"
    " cross join (select count(*) as total from found) n"
    " left join import_file i on i.file_id = f.file_id order by f.file_id desc";

static const char nationality_sql[] =
    "with found as materialized (select x.label_id, x.name, count(*) as players from label x"
    " join player_best b on b.nationality_id = x.label_id"
    " where x.kind = 'nationality' and x.country is null group by x.label_id)"
    " select n.total, null, null, null, null, null, null, null, null, null, null, null, null,"
    " f.name, f.players || case when f.players = 1 then ' player' else ' players' end"
    " from (select * from found order by players desc, name limit " QUALITY_KEPT ") f"
    " cross join (select count(*) as total from found) n order by f.players desc, f.name";

#define YEAR_OF_SE "nullif(substring(se.name from '[0-9]{4}'), '0000')"

static const char yearless_sql[] =
    "with found as materialized (select se.season_id, se.name, (select count(*)"
    " from player_season_stats l where l.season_id = se.season_id) as rows from season se"
    " where " YEAR_OF_SE " is null)"
    " select n.total, null, null, null, null, null, null, null, null, null, f.name, null, null,"
    " null, f.rows || ' player-season' || case when f.rows = 1 then '' else 's' end"
    " from (select * from found where rows > 0 order by rows desc, name limit " QUALITY_KEPT ") f"
    " cross join (select count(*) as total from found where rows > 0) n"
    " order by f.rows desc, f.name";

static const char teams_sql[] =
    "with found as materialized (select competition_id, season_id, team_id, count(*) as players"
    " from player_season_stats group by competition_id, season_id, team_id"
    " having count(*) < " QUALITY_LEAST_TEAM ")"
    " select n.total, null, null, null, null, null, null, so.name, c.name,"
    " so.name || ':' || c.external_id, se.name, t.name, so.name || ':' || t.external_id, null,"
    " f.players || case when f.players = 1 then ' player' else ' players' end"
    " from (select * from found order by season_id desc, competition_id, team_id"
    " limit " QUALITY_KEPT ") f cross join (select count(*) as total from found) n"
    " join competition c on c.competition_id = f.competition_id"
    " join source so on so.source_id = c.source_id join season se on se.season_id = f.season_id"
    " join team t on t.team_id = f.team_id"
    " order by f.season_id desc, f.competition_id, f.team_id";

const struct quality_kind quality_kinds[QUALITY_KINDS] = {
	{ "born-after-season", "Born after the season began",
	    "The player was born in the season's year or later.",
	    false, born_after_sql },
	{ "age", "Too young or too old",
	    "The season's year less the year of birth is under " QUALITY_LEAST_AGE " or over "
	    QUALITY_MOST_AGE ".", false, age_sql },
	{ "height-changed", "Heights that jumped",
	    "Two files, one after the other, differ by " QUALITY_HEIGHT_STEP " cm or more.",
	    true, height_sql },
	{ "weight-changed", "Weights that jumped",
	    "Two files, one after the other, differ by " QUALITY_WEIGHT_STEP " kg or more.",
	    true, weight_sql },
	{ "name-changed", "Names that changed",
	    "Two files, one after the other, differ in the name, accents and case aside.",
	    true, name_sql },
	{ "twins", "One name and birth date twice",
	    "A source has two or more players with the same name, accents and case aside, and the "
	    "same birth date.", false, twins_sql },
	{ "percentage-scale", "Percentages as shares of one",
	    "In a file with at least " QUALITY_LEAST_PERCENTAGES " of them above 0, no FG%, 3P% or "
	    "FT% is over 1: they may be meant as parts of 1, not of 100.",
	    false, scale_sql },
	{ "no-games", "Figures without a game",
	    "The games are 0, and yet another figure is above 0.", false, idle_sql },
	{ "minutes", "Too many minutes",
	    "There are more than " QUALITY_MOST_MINUTES " minutes per game.",
	    false, minutes_sql },
	{ "points", "Too many points",
	    "There are more than " QUALITY_MOST_POINTS " points per game.",
	    false, points_sql },
	{ "games-fell", "Games that went down",
	    "A later snapshot of the same season has fewer games than an earlier one.",
	    false, fell_sql },
	{ "same-figures", "The same figures for two teams",
	    "A player has exactly the same figures, with games, for two teams of one season.",
	    false, same_sql },
	{ "total-row", "A total beside the teams",
	    "One of at least three rows of a player's season has the games and the points of the "
	    "others together: it may be their total.", false, total_sql },
	{ "nationality", "Unknown nationalities",
	    "The text is no country that HoopScout knows.", false, nationality_sql },
	{ "season-year", "Seasons without a year",
	    "The name has no four digits in a row, so nothing tells when the season was.",
	    false, yearless_sql },
	{ "small-team", "Teams with few players",
	    "The team has fewer than " QUALITY_LEAST_TEAM " players in that season.",
	    false, teams_sql },
	{ "no-figures", "Player-seasons without a figure",
	    "Neither the games nor any other figure is known.", false, empty_sql },
};

/* ---- coverage ---- */

const struct quality_field quality_fields[QUALITY_FIELDS] = {
	{ "birth_date", "Born", "Birth date" }, { "nationality", "Nat.", "Nationality" },
	{ "height", "Height", "Height" }, { "weight", "Weight", "Weight" },
	{ "position", "Pos.", "Position" }, { "role", "Role", "Role" },
	{ "games", "GP", "Games" }, { "mpg", "MPG", "Minutes" }, { "ppg", "PPG", "Points" },
	{ "rpg", "RPG", "Rebounds" }, { "apg", "APG", "Assists" }, { "spg", "SPG", "Steals" },
	{ "bpg", "BPG", "Blocks" }, { "tov", "TOV", "Turnovers" }, { "fg_pct", "FG%", "FG%" },
	{ "three_pt_pct", "3P%", "3P%" }, { "ft_pct", "FT%", "FT%" },
};

#define COUNT(condition) ", count(*) filter (where " condition ")"

#define NO_FIELDS \
	"null, null, null, null, null, null, null, null, null, null, null, null, null, null," \
	" null, null, null"

/* Four looks at the rows, laid over one another and not joined: of sums of groups the planner knows
 * too little, and would loop over them. */
const char quality_coverage_sql[] =
    "with looks as (select competition_id, season_id, count(*) as rows"
    COUNT("born_on > '-infinity'") " as k1" COUNT("nationality_id <> 0") " as k2"
    COUNT("height >= 0") " as k3" COUNT("weight >= 0") " as k4" COUNT("position_id <> 0") " as k5"
    COUNT("role_id <> 0") " as k6" COUNT("games >= 0") " as k7" COUNT("mpg >= 0") " as k8"
    COUNT("ppg >= 0") " as k9" COUNT("rpg >= 0") " as k10" COUNT("apg >= 0") " as k11"
    COUNT("spg >= 0") " as k12" COUNT("bpg >= 0") " as k13" COUNT("tov >= 0") " as k14"
    COUNT("fg_pct >= 0") " as k15" COUNT("three_pt_pct >= 0") " as k16"
    COUNT("ft_pct >= 0") " as k17, null::bigint as players,"
    " null::bigint as teams, null::date as latest"
    " from player_season_stats group by competition_id, season_id"
    " union all select competition_id, season_id, null, " NO_FIELDS ", count(*), null, null from"
    " (select distinct on (player_id, competition_id, season_id) competition_id, season_id"
    " from player_season_stats order by player_id, competition_id, season_id) x"
    " group by competition_id, season_id"
    " union all select competition_id, season_id, null, " NO_FIELDS ", null, count(*), null from"
    " (select distinct competition_id, season_id, team_id from player_season_stats) x"
    " group by competition_id, season_id"
    " union all select competition_id, season_id, null, " NO_FIELDS ", null, null,"
    " max(snapshot_date) from player_season group by competition_id, season_id),"
    " known as (select competition_id, season_id, max(rows) as rows, max(players) as players,"
    " max(teams) as teams, max(latest) as latest, max(k1) as k1, max(k2) as k2, max(k3) as k3,"
    " max(k4) as k4, max(k5) as k5, max(k6) as k6, max(k7) as k7, max(k8) as k8, max(k9) as k9,"
    " max(k10) as k10, max(k11) as k11, max(k12) as k12, max(k13) as k13, max(k14) as k14,"
    " max(k15) as k15, max(k16) as k16, max(k17) as k17 from looks"
    " group by competition_id, season_id having max(rows) > 0)"
    " select count(*) over (), so.name, c.name, so.name || ':' || c.external_id, se.name,"
    " to_char(k.latest, 'YYYY-MM-DD'), k.rows, k.players, k.teams, k1, k2, k3, k4, k5, k6, k7,"
    " k8, k9, k10, k11, k12, k13, k14, k15, k16, k17"
    " from known k join competition c using (competition_id) join source so using (source_id)"
    " join season se using (season_id)"
    " order by so.name, c.name, c.competition_id, se.name desc limit " QUALITY_COVERAGE_KEPT;

/* ---- sources ---- */

const char quality_sources_sql[] =
    "with days as (select distinct source_name as name, snapshot_date as day from import_file"
    " where status in ('imported', 'duplicate') and snapshot_date is not null),"
    " gaps as (select name, day, day - lag(day) over w as gap,"
    " row_number() over (partition by name order by day desc) as n from days"
    " window w as (partition by name order by day)),"
    " usual as (select name, max(day) as latest, current_date - max(day) as since,"
    " case when count(gap) filter (where n <= " QUALITY_GAPS ") >= " QUALITY_LEAST_GAPS
    " then percentile_disc(0.5) within group (order by gap) filter (where n <= " QUALITY_GAPS ")"
    " end as gap from gaps group by name),"
    " files as (select distinct on (source_name) source_name as name, file_id, name as file,"
    " status, finished_at from import_file where source_name is not null"
    " order by source_name, file_id desc),"
    " fetchers as (select distinct source, source_name from extractor_run"
    " where source_name is not null),"
    " runs as (select distinct on (f.source_name) f.source_name as name, r.source, r.status,"
    " coalesce(r.finished_at, r.started_at) as at from fetchers f"
    " join extractor_run r on r.source = f.source order by f.source_name, r.run_id desc)"
    " select s.name, (select count(*) from player p where p.source_id = s.source_id"
    " and p.full_name_on > '-infinity'),"
    " (select count(*) from team t where t.source_id = s.source_id and t.name_on > '-infinity'),"
    " to_char(u.latest, 'YYYY-MM-DD'), u.since, u.gap,"
    " greatest(u.gap * " QUALITY_OVERDUE_FACTOR ", u.gap + " QUALITY_OVERDUE_DAYS "),"
    " to_char(f.finished_at at time zone 'UTC', " AT "), f.status, f.file_id, f.file,"
    " to_char(r.at at time zone 'UTC', " AT "), r.status, r.source"
    " from source s left join usual u using (name) left join files f using (name)"
    " left join runs r using (name) order by s.name";
