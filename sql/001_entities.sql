-- The entities of HoopScout, laid out for search.
--
-- Figures are whole hundredths in int2: 25.44 points a game is 2544, 206 cm is 20600;
-- -1 means "not known" in the two hot tables (no null bitmap, and >= never accepts it).
-- Only the importer (and, later, an admin's corrections) writes here, so the copies of a
-- player's columns in the hot tables cannot disagree; they have no foreign keys because
-- checking a million rows costs more than loading them, and a test compares them instead.

create extension if not exists pg_trgm;

create table data_version (
	only_row boolean primary key default true check (only_row),
	version bigint not null
);
comment on table data_version is 'One row: rises in the transaction of every import that changed something.';
insert into data_version (version) values (1);

create table source (
	source_id integer primary key,
	name text not null unique
);

create table label (
	label_id integer primary key,
	kind text not null check (kind in ('nationality', 'position', 'role')),
	name text not null,
	unique (kind, name)
);
comment on table label is 'Each nationality, position and role as a source wrote it; ids stand in the hot tables, 0 for none.';

create table competition (
	competition_id integer primary key,
	source_id integer not null references source,
	external_id text not null,
	name text not null,
	name_on date not null,
	unique (source_id, external_id)
);

create table season (
	season_id integer primary key,
	name text not null unique
);

create table team (
	team_id integer primary key,
	source_id integer not null references source,
	external_id text not null,
	name text not null,
	name_on date not null,
	unique (source_id, external_id)
);

-- A player's own columns follow the newest snapshot that gives them; the *_on columns
-- remember its date, so that the order in which files arrive does not matter.
create table player (
	player_id integer primary key,
	source_id integer not null references source,
	external_id text not null,
	full_name text not null,
	full_name_on date not null,
	first_name text,
	first_name_on date,
	last_name text,
	last_name_on date,
	birth_date date,
	birth_date_on date,
	nationality text,
	nationality_on date,
	position text,
	position_on date,
	role text,
	role_on date,
	height smallint,
	height_on date,
	weight smallint,
	weight_on date,
	unique (source_id, external_id)
) with (fillfactor = 90);
comment on column player.player_id is 'Dense: handed out as max + 1 by the importer, since search counts players in bit sets.';
comment on column player.height is 'Hundredths of a centimetre.';
comment on column player.weight is 'Hundredths of a kilogram.';

create table import_run (
	run_id bigint primary key generated always as identity,
	trigger text not null check (trigger in ('watch', 'command', 'admin', 'start')),
	status text not null default 'running' check (status in ('running', 'done', 'interrupted')),
	started_at timestamptz not null default now(),
	finished_at timestamptz
);

create table import_file (
	file_id bigint primary key generated always as identity,
	run_id bigint not null references import_run,
	name text not null,
	size_bytes bigint not null,
	sha256 bytea not null,
	status text not null check (status in ('imported', 'duplicate', 'failed')),
	duplicate_of bigint references import_file,
	stored_as text,
	source_name text,
	snapshot_date date,
	source_metadata jsonb,
	raw_payload jsonb,
	records bigint not null default 0,
	created bigint not null default 0,
	updated bigint not null default 0,
	unchanged bigint not null default 0,
	stale bigint not null default 0,
	new_competitions bigint not null default 0,
	new_seasons bigint not null default 0,
	new_teams bigint not null default 0,
	new_players bigint not null default 0,
	problem_total bigint not null default 0,
	problems jsonb not null default '[]',
	started_at timestamptz not null,
	finished_at timestamptz not null default now()
);
comment on column import_file.stored_as is 'The name in archive or failed; null until the file has been moved there.';
comment on column import_file.problems is 'The first 100: [{"code","pointer","line","column","message"}], as in NAME.errors.json.';
create unique index import_file_once on import_file (sha256) where status = 'imported';
create index import_file_sha256 on import_file (sha256);
create index import_file_run on import_file (run_id);

-- The cold row: who said it, when, and all that is shown but not searched.
create table player_season (
	player_id integer not null,
	competition_id integer not null,
	season_id integer not null,
	team_id integer not null,
	import_file_id bigint not null,
	snapshot_date date not null,
	position text,
	role text,
	source_metadata jsonb,
	raw_payload jsonb,
	primary key (player_id, competition_id, season_id, team_id)
) with (fillfactor = 90);
comment on column player_season.import_file_id is 'The newest snapshot that states these figures.';

-- The hot row: figures and the player's filter columns, narrow and never null.
create table player_season_stats (
	player_id integer not null,
	competition_id integer not null,
	season_id integer not null,
	team_id integer not null,
	born_on date not null,
	nationality_id integer not null,
	position_id integer not null,
	role_id integer not null,
	height smallint not null,
	weight smallint not null,
	games smallint not null,
	mpg smallint not null,
	ppg smallint not null,
	rpg smallint not null,
	apg smallint not null,
	spg smallint not null,
	bpg smallint not null,
	tov smallint not null,
	fg_pct smallint not null,
	three_pt_pct smallint not null,
	ft_pct smallint not null,
	primary key (player_id, competition_id, season_id, team_id)
) with (fillfactor = 90);
comment on column player_season_stats.born_on is '-infinity when not known.';
create index player_season_stats_competition on player_season_stats (competition_id, season_id);
create index player_season_stats_season on player_season_stats (season_id);
create index player_season_stats_team on player_season_stats (team_id);

-- One row a player: his maxima over all seasons, his least turnovers, his folded name.
create table player_best (
	player_id integer primary key,
	name_folded text collate "C" not null,
	born_on date not null,
	nationality_id integer not null,
	position_id integer not null,
	role_id integer not null,
	height smallint not null,
	weight smallint not null,
	games smallint not null,
	mpg smallint not null,
	ppg smallint not null,
	rpg smallint not null,
	apg smallint not null,
	spg smallint not null,
	bpg smallint not null,
	tov smallint not null,
	fg_pct smallint not null,
	three_pt_pct smallint not null,
	ft_pct smallint not null,
	tov_min smallint not null
) with (fillfactor = 90);
create index player_best_name on player_best (name_folded, player_id);
create index player_best_name_trigrams on player_best using gin (name_folded gin_trgm_ops);
create index player_best_games on player_best (games desc, name_folded, player_id);
create index player_best_mpg on player_best (mpg desc, name_folded, player_id);
create index player_best_ppg on player_best (ppg desc, name_folded, player_id);
create index player_best_rpg on player_best (rpg desc, name_folded, player_id);
create index player_best_apg on player_best (apg desc, name_folded, player_id);
create index player_best_spg on player_best (spg desc, name_folded, player_id);
create index player_best_bpg on player_best (bpg desc, name_folded, player_id);
create index player_best_tov on player_best (tov desc, name_folded, player_id);
create index player_best_fg_pct on player_best (fg_pct desc, name_folded, player_id);
create index player_best_three_pt_pct on player_best (three_pt_pct desc, name_folded, player_id);
create index player_best_ft_pct on player_best (ft_pct desc, name_folded, player_id);

-- Every superseded set of figures: who said what, as of when.
create table player_season_history (
	player_id integer not null,
	competition_id integer not null,
	season_id integer not null,
	team_id integer not null,
	import_file_id bigint not null,
	snapshot_date date not null,
	superseded_by bigint not null,
	superseded_at timestamptz not null default now(),
	position text,
	role text,
	games smallint not null,
	mpg smallint not null,
	ppg smallint not null,
	rpg smallint not null,
	apg smallint not null,
	spg smallint not null,
	bpg smallint not null,
	tov smallint not null,
	fg_pct smallint not null,
	three_pt_pct smallint not null,
	ft_pct smallint not null
);
comment on column player_season_history.superseded_by is 'The import file that brought other figures, or that had brought newer ones already.';
create index player_season_history_player on player_season_history (player_id, competition_id, season_id, team_id);

-- Figures for people: plain numbers, and null where nothing is known.
create view player_season_figures as
select p.player_id, p.full_name, so.name as source_name, p.external_id as player_external_id,
	c.name as competition_name, c.external_id as competition_external_id, se.name as season,
	t.name as team_name, t.external_id as team_external_id, ps.position, ps.role,
	nullif(l.games, -1) / 100 as games_played,
	round(nullif(l.mpg, -1) / 100.0, 2) as minutes_per_game,
	round(nullif(l.ppg, -1) / 100.0, 2) as points_per_game,
	round(nullif(l.rpg, -1) / 100.0, 2) as rebounds_per_game,
	round(nullif(l.apg, -1) / 100.0, 2) as assists_per_game,
	round(nullif(l.spg, -1) / 100.0, 2) as steals_per_game,
	round(nullif(l.bpg, -1) / 100.0, 2) as blocks_per_game,
	round(nullif(l.tov, -1) / 100.0, 2) as turnovers_per_game,
	round(nullif(l.fg_pct, -1) / 100.0, 2) as fg_pct,
	round(nullif(l.three_pt_pct, -1) / 100.0, 2) as three_pt_pct,
	round(nullif(l.ft_pct, -1) / 100.0, 2) as ft_pct,
	ps.snapshot_date, ps.import_file_id
from player_season ps
join player_season_stats l using (player_id, competition_id, season_id, team_id)
join player p using (player_id)
join source so on so.source_id = p.source_id
join competition c using (competition_id)
join season se using (season_id)
join team t using (team_id);
