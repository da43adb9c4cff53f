-- What every file stated, so that an import can be undone: as if the file had never been imported.
--
-- Of a player-season the statements in the order of (snapshot_date, import_file_id) are: the current one
-- (player_season), those with figures of their own (player_season_history), and those that said what another
-- says (player_season_restated). A file that says again what is known writes a few bytes a record.

alter table import_file
	drop constraint import_file_status_check,
	add constraint import_file_status_check check (status in ('imported', 'duplicate', 'failed', 'undone')),
	add column has_statements boolean not null default false,
	add column undone_at timestamptz,
	add column undone_by text,
	add column undo_counts jsonb,
	add column deleted_at timestamptz,
	add column deleted_by text;
alter table import_file alter column has_statements set default true;
comment on column import_file.has_statements is
	'All that it stated is kept, so that it can be undone; not so of files that were imported before statements were kept.';
comment on column import_file.deleted_at is 'A failed file: it was deleted from the failed folder.';

alter table player_season_history
	add column source_metadata jsonb,
	add column raw_payload jsonb;

create table player_season_restated (
	import_file_id bigint not null,
	snapshot_date date not null,
	kind "char" not null check (kind in ('n', 'p', 's')),
	competition_id integer not null,
	season_id integer not null,
	teams integer[] not null,
	players integer[] not null,
	source_metadata jsonb,
	raw_payload jsonb
);
comment on table player_season_restated is
	'Statements without figures of their own: for each pair of teams and players, one of the file. Alone in their row when they have metadata or a payload.';
comment on column player_season_restated.kind is
	'n: the figures of the next newer statement that is not p or s; p: those of the statement before it; s: those, and its metadata and payload too.';
create index player_season_restated_season on player_season_restated (competition_id, season_id);

-- What files stated of players. Of whom all files said the same nothing is written: then his columns are what they
-- said, the first being player.import_file_id. Else that first statement is here, and each that differs from it.
create table player_statement (
	player_id integer not null,
	import_file_id bigint not null,
	snapshot_date date not null,
	full_name text,
	first_name text,
	last_name text,
	birth_date date,
	nationality text,
	position text,
	role text,
	height smallint,
	weight smallint,
	primary key (player_id, import_file_id, snapshot_date)
);
comment on column player_statement.import_file_id is '0: what was known before statements were kept, by its dates.';

create table player_restated (
	import_file_id bigint not null,
	snapshot_date date not null,
	players integer[] not null
);
comment on table player_restated is 'The file stated of these players what player.import_file_id had stated.';

create table name_statement (
	kind "char" not null check (kind in ('c', 't')),
	id integer not null,
	import_file_id bigint not null,
	snapshot_date date not null,
	name text not null,
	primary key (kind, id, import_file_id)
);
comment on table name_statement is 'What files called competitions (c) and teams (t); import_file_id 0 as in player_statement.';

alter table player add column import_file_id bigint;
comment on column player.import_file_id is
	'The first file that stated him, by its number; null when that is not known, or none states him any more.';
comment on column player.full_name_on is '-infinity: no file states him any more; he comes back with the next one that does.';

comment on column competition.name_on is '-infinity: no file states it any more.';
comment on column team.name_on is '-infinity: no file states it any more.';

-- The only file of its source has stated all that is known of it.
create temporary table only_file on commit drop as
select min(f.file_id) as file_id, min(f.snapshot_date) as snapshot_date, s.source_id
from import_file f join source s on s.name = f.source_name
where f.status = 'imported' group by s.source_id having count(*) = 1;

update import_file f set has_statements = true from only_file o where o.file_id = f.file_id;
update player p set import_file_id = o.file_id from only_file o where o.source_id = p.source_id;

insert into player_statement
select p.player_id, 0, d.day, case when p.full_name_on = d.day then p.full_name end,
	case when p.first_name_on = d.day then p.first_name end, case when p.last_name_on = d.day then p.last_name end,
	case when p.birth_date_on = d.day then p.birth_date end, case when p.nationality_on = d.day then p.nationality end,
	case when p.position_on = d.day then p.position end, case when p.role_on = d.day then p.role end,
	case when p.height_on = d.day then p.height end, case when p.weight_on = d.day then p.weight end
from player p cross join lateral (
	select distinct day from (values (p.full_name_on), (p.first_name_on), (p.last_name_on), (p.birth_date_on),
		(p.nationality_on), (p.position_on), (p.role_on), (p.height_on), (p.weight_on)) v (day)
	where day is not null) d
where p.import_file_id is null;

insert into name_statement
select 'c', c.competition_id, coalesce(o.file_id, 0), c.name_on, c.name
from competition c left join only_file o using (source_id)
union all
select 't', t.team_id, coalesce(o.file_id, 0), t.name_on, t.name
from team t left join only_file o using (source_id);
