-- Who is who: players of several sources (or of one) that an admin has said are one person.
--
-- A person is the linked player with the smallest player_id; who is not linked is a person by himself. The cold
-- tables (player, player_season, player_season_history) stay as the sources have it, by player, so that
-- unlinking gives back exactly what was. What is searched (player_season_stats, player_best) is by person, and follows
-- from the cold tables and player_link: player_season_stats.of_player says whose row it is. identity_refresh makes
-- it follow; identity_link, identity_unlink, and the importer after each file, call it. Links name players,
-- whose rows are never deleted: they outlast imports and backups.

create table player_link (
	player_id integer primary key,
	person_id integer not null,
	name_folded text collate "C" not null,
	linked_at timestamptz not null default now(),
	linked_by text not null,
	reason text
);
create index player_link_person on player_link (person_id);
comment on table player_link is
	'Each player who is linked to others, the person among them too; who is not in it is a person by himself.';
comment on column player_link.name_folded is 'The player''s own; his person''s, in player_best, has all of them.';

-- Pairs that an admin has said are two people: they are not suggested again.
create table player_unlike (
	player_a integer not null,
	player_b integer not null check (player_b > player_a),
	said_at timestamptz not null default now(),
	said_by text not null,
	primary key (player_a, player_b)
);

-- What is shown of a person who is linked: per column what the newest snapshot among his players' says.
create table person (
	player_id integer primary key,
	full_name text not null,
	first_name text,
	last_name text,
	birth_date date,
	nationality text,
	position text,
	role text,
	height smallint,
	weight smallint
);
comment on table person is 'A row for each person_id in player_link.';

create view player_shown as
select p.player_id, coalesce(k.person_id, p.player_id) as person_id, p.source_id, p.external_id,
	coalesce(g.full_name, p.full_name) as full_name, coalesce(g.first_name, p.first_name) as first_name,
	coalesce(g.last_name, p.last_name) as last_name, coalesce(g.birth_date, p.birth_date) as birth_date,
	coalesce(g.nationality, p.nationality) as nationality, coalesce(g.position, p.position) as position,
	coalesce(g.role, p.role) as role, coalesce(g.height, p.height) as height, coalesce(g.weight, p.weight) as weight,
	case when g.player_id is null or not exists (select from player_link o join player q on q.player_id = o.player_id
		where o.person_id = p.player_id and q.source_id <> p.source_id) then p.source_id end as only_source_id
from player p
left join player_link k on k.player_id = p.player_id
left join person g on g.player_id = p.player_id;
comment on view player_shown is 'Of a person what his page shows; of a player who is linked to a person, his own.';

-- The hot rows: the column takes room that was padding. That a player has one row for a competition, season and
-- team is player_season's primary key to see to; a person may have several, one of each of his players.
drop view player_season_figures;
alter table player_season_stats rename to player_season_stats_before;
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
	of_player integer not null
) with (fillfactor = 90);
comment on column player_season_stats.player_id is 'The person: see player_link.';
comment on column player_season_stats.of_player is 'The player whose row it is, as in player_season.';
comment on column player_season_stats.born_on is '-infinity when not known.';

insert into player_season_stats
select player_id, competition_id, season_id, team_id, born_on, nationality_id, position_id, role_id, height, weight, games,
	mpg, ppg, rpg, apg, spg, bpg, tov, fg_pct, three_pt_pct, ft_pct, player_id
from player_season_stats_before;
drop table player_season_stats_before;

-- hardly any two entries are the same: looking for them would be in vain
create index player_season_stats_player on player_season_stats (player_id, competition_id, season_id, team_id)
	with (deduplicate_items = off);
create index player_season_stats_competition on player_season_stats (competition_id, season_id);
create index player_season_stats_season on player_season_stats (season_id);
create index player_season_stats_team on player_season_stats (team_id);
analyze player_season_stats;

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
	ps.snapshot_date, ps.import_file_id, l.player_id as person_id
from player_season_stats l
join player_season ps on ps.player_id = l.of_player and ps.competition_id = l.competition_id
	and ps.season_id = l.season_id and ps.team_id = l.team_id
join player p on p.player_id = l.of_player
join source so on so.source_id = p.source_id
join competition c on c.competition_id = l.competition_id
join season se on se.season_id = l.season_id
join team t on t.team_id = l.team_id;

-- Makes what is shown and searched of these persons follow from their players: person, the copies in
-- player_season_stats, player_best. folded: the name of one who is not linked, else null. The rows'
-- player_id must be right already. Returns how many more rows player_best has. The merge's lock is the caller's.
create function identity_refresh(persons integer[], folded text[]) returns integer
language plpgsql as $$
declare
	gone integer;
	come integer;
begin
	delete from person g where g.player_id = any(persons)
		and not exists (select from player_link k where k.person_id = g.player_id);
	insert into person (player_id, full_name, first_name, last_name, birth_date, nationality, position, role, height, weight)
	select k.person_id,
		(array_agg(p.full_name order by p.full_name_on desc, p.player_id))[1],
		(array_agg(p.first_name order by p.first_name_on desc, p.player_id) filter (where p.first_name is not null))[1],
		(array_agg(p.last_name order by p.last_name_on desc, p.player_id) filter (where p.last_name is not null))[1],
		(array_agg(p.birth_date order by p.birth_date_on desc, p.player_id) filter (where p.birth_date is not null))[1],
		(array_agg(p.nationality order by p.nationality_on desc, p.player_id) filter (where p.nationality is not null))[1],
		(array_agg(p.position order by p.position_on desc, p.player_id) filter (where p.position is not null))[1],
		(array_agg(p.role order by p.role_on desc, p.player_id) filter (where p.role is not null))[1],
		(array_agg(p.height order by p.height_on desc, p.player_id) filter (where p.height is not null))[1],
		(array_agg(p.weight order by p.weight_on desc, p.player_id) filter (where p.weight is not null))[1]
	from player_link k join player p on p.player_id = k.player_id
	where k.person_id = any(persons) group by k.person_id
	on conflict (player_id) do update set full_name = excluded.full_name, first_name = excluded.first_name,
		last_name = excluded.last_name, birth_date = excluded.birth_date, nationality = excluded.nationality,
		position = excluded.position, role = excluded.role, height = excluded.height, weight = excluded.weight;

	update player_season_stats l set (born_on, nationality_id, position_id, role_id, height, weight) =
		row(c.born_on, c.nationality_id, c.position_id, c.role_id, c.height, c.weight)
	from identity_copies(persons) c
	where l.player_id = c.player_id
		and (l.born_on, l.nationality_id, l.position_id, l.role_id, l.height, l.weight) is distinct from
		(c.born_on, c.nationality_id, c.position_id, c.role_id, c.height, c.weight);

	delete from player_best b where b.player_id = any(persons);
	get diagnostics gone = row_count;
	insert into player_best (player_id, born_on, nationality_id, position_id, role_id, height, weight, games, mpg, ppg, rpg,
		apg, spg, bpg, tov, fg_pct, three_pt_pct, ft_pct, gaps, games_min, mpg_min, ppg_min, rpg_min, apg_min, spg_min,
		bpg_min, tov_min, fg_pct_min, three_pt_pct_min, ft_pct_min, name_folded)
	select c.player_id, c.born_on, c.nationality_id, c.position_id, c.role_id, c.height, c.weight, m.*, n.name_folded
	from identity_copies(persons) c
	join identity_names(persons, folded) n on n.person_id = c.player_id
	cross join lateral (
		select max(games), max(mpg), max(ppg), max(rpg), max(apg), max(spg), max(bpg), max(tov), max(fg_pct),
			max(three_pt_pct), max(ft_pct), bit_or(((games < 0)::integer << 0) |
				((mpg < 0)::integer << 1) |
				((ppg < 0)::integer << 2) |
				((rpg < 0)::integer << 3) |
				((apg < 0)::integer << 4) |
				((spg < 0)::integer << 5) |
				((bpg < 0)::integer << 6) |
				((tov < 0)::integer << 7) |
				((fg_pct < 0)::integer << 8) |
				((three_pt_pct < 0)::integer << 9) |
				((ft_pct < 0)::integer << 10))::smallint,
			coalesce(min(games) filter (where games >= 0), -1), coalesce(min(mpg) filter (where mpg >= 0), -1),
			coalesce(min(ppg) filter (where ppg >= 0), -1), coalesce(min(rpg) filter (where rpg >= 0), -1),
			coalesce(min(apg) filter (where apg >= 0), -1), coalesce(min(spg) filter (where spg >= 0), -1),
			coalesce(min(bpg) filter (where bpg >= 0), -1), coalesce(min(tov) filter (where tov >= 0), -1),
			coalesce(min(fg_pct) filter (where fg_pct >= 0), -1),
			coalesce(min(three_pt_pct) filter (where three_pt_pct >= 0), -1),
			coalesce(min(ft_pct) filter (where ft_pct >= 0), -1)
		from player_season_stats l where l.player_id = c.player_id having count(*) > 0) m;
	get diagnostics come = row_count;
	return come - gone;
end $$;

-- The columns that are copied into the hot tables, of persons.
create function identity_copies(persons integer[]) returns table (player_id integer, born_on date,
	nationality_id integer, position_id integer, role_id integer, height smallint, weight smallint)
language sql stable as $$
	select p.player_id, coalesce(p.birth_date, '-infinity'), coalesce(n.label_id, 0), coalesce(o.label_id, 0),
		coalesce(r.label_id, 0), coalesce(p.height, -1)::smallint, coalesce(p.weight, -1)::smallint
	from player_shown p
	left join label n on n.kind = 'nationality' and n.name = p.nationality
	left join label o on o.kind = 'position' and o.name = p.position
	left join label r on r.kind = 'role' and r.name = p.role
	where p.player_id = any(persons)
$$;

-- A person's folded names: the one that is shown first, then each other one, the newest first, with a character between
-- them that sorts before all others and that nobody can look for. Bounded, since it stands in indexes.
create function identity_names(persons integer[], folded text[]) returns table (person_id integer, name_folded text)
language sql stable as $$
	select d.person_id, string_agg(d.name_folded, chr(1) order by d.place)
	from (
		select c.*, sum(octet_length(c.name_folded) + 1) over (partition by c.person_id order by c.place) as bytes
		from (
			select k.person_id, k.name_folded, min(k.place) as place
			from (
				select k.person_id, k.name_folded, row_number() over (partition by k.person_id
					order by p.full_name_on desc, p.player_id) as place
				from player_link k join player p on p.player_id = k.player_id where k.person_id = any(persons)) k
			group by k.person_id, k.name_folded) c) d
	where d.place = 1 or d.bytes <= 2000
	group by d.person_id
	union all
	select f.person_id, f.name_folded from unnest(persons, folded) f (person_id, name_folded)
	where f.name_folded is not null and not exists (select from player_link k where k.person_id = f.person_id)
$$;

-- SOURCE:EXTERNAL_ID; a source's name holds no ':'. Null when there is none.
create function identity_find(identity text) returns integer
language sql stable as $$
	select p.player_id from player p join source s on s.source_id = p.source_id
	where s.name = split_part(identity, ':', 1) and p.external_id = substr(identity, strpos(identity, ':') + 1)
$$;

create function identity_raise_version(more_players integer) returns void
language plpgsql as $$
declare
	risen bigint;
begin
	update data_version set version = version + 1, players = players + more_players returning version into risen;
	perform pg_notify('hoopscout_data', risen::text);
end $$;

create function identity_audit(what text, actor text, address text, subject text, detail text) returns void
language sql as $$
	insert into audit_trail (action, is_refusal, actor, address, subject, detail)
	values (what, false, actor, address, subject, detail);
	delete from audit_trail where not is_refusal and audit_id <= (select audit_id from audit_trail
		where not is_refusal order by audit_id desc offset 10000 limit 1)
$$;

-- Says that two players are one person; with whom they are linked already, too. Says how it went: 'linked';
-- 'same' (they were already), 'unknown' (which is none), 'seasons' (who has none), 'many' (more than 50 players).
create function identity_link(a text, b text, actor text, address text, why text, out outcome text, out person integer,
	out which text)
language plpgsql as $$
declare
	ids integer[];
	pair integer[];
	members integer[];
begin
	perform pg_advisory_xact_lock(1215513165, 1);
	ids := array[identity_find(a), identity_find(b)];
	if ids[1] is null or ids[2] is null then
		outcome := 'unknown';
		which := case when ids[1] is null then a else b end;
		return;
	end if;
	select array_agg(coalesce(k.person_id, i.id) order by i.at) into pair
	from unnest(ids) with ordinality i (id, at) left join player_link k on k.player_id = i.id;
	person := least(pair[1], pair[2]);
	if pair[1] = pair[2] then
		outcome := 'same';
		return;
	end if;
	select array_agg(player_id) into members from (
		select k.player_id from player_link k where k.person_id = any(pair) union select unnest(ids)) m;
	if array_length(members, 1) > 50 then
		outcome := 'many';
		return;
	end if;
	select case i.at when 1 then a else b end into which
	from unnest(ids) with ordinality i (id, at)
	where not exists (select from player_link k where k.player_id = i.id)
		and not exists (select from player_best n where n.player_id = i.id) limit 1;
	if which is not null then
		outcome := 'seasons';
		return;
	end if;
	insert into player_link (player_id, person_id, name_folded, linked_by, reason)
	select i.id, person, n.name_folded, actor, why from unnest(ids) i (id)
	join player_best n on n.player_id = i.id
	where not exists (select from player_link k where k.player_id = i.id);
	update player_link k set person_id = person where k.player_id = any(members) and k.person_id <> person;
	update player_season_stats l set player_id = person where l.player_id = any(pair) and l.player_id <> person;
	perform identity_raise_version(identity_refresh(pair, null));
	perform identity_audit('identity link', actor, address, a || ' and ' || b, why);
	outcome := 'linked';
end $$;

-- Takes a player out of his person: both are as if they had never been linked, and others stay linked. Says
-- how it went: 'unlinked', 'unknown', 'single' (he is not linked).
create function identity_unlink(who text, actor text, address text, out outcome text, out person integer, out which text)
language plpgsql as $$
declare
	id integer;
	old integer;
	rest integer[];
	lead integer;
	persons integer[];
	names text[];
begin
	which := who;
	perform pg_advisory_xact_lock(1215513165, 1);
	id := identity_find(who);
	if id is null then
		outcome := 'unknown';
		return;
	end if;
	select k.person_id into old from player_link k where k.player_id = id;
	if old is null then
		outcome := 'single';
		return;
	end if;
	select array_agg(k.player_id order by k.player_id) into rest from player_link k
	where k.person_id = old and k.player_id <> id;
	lead := rest[1];
	persons := array[id, lead];
	select array_agg(k.name_folded order by i.at) into names
	from unnest(persons) with ordinality i (id, at) join player_link k on k.player_id = i.id;
	delete from player_link k where k.player_id = id or (array_length(rest, 1) = 1 and k.player_id = lead);
	update player_link k set person_id = lead where k.person_id = old and k.person_id <> lead;
	update player_season_stats l set player_id = case when l.of_player = id then id else lead end
	where l.player_id = old and l.player_id <> case when l.of_player = id then id else lead end;
	delete from person g where g.player_id = old and old <> lead;
	perform identity_raise_version(identity_refresh(persons, names));
	perform identity_audit('identity unlink', actor, address, who, null);
	person := lead;
	outcome := 'unlinked';
end $$;

-- Says that two players are two people. 'unlike'; 'same' (they are linked: unlink first), 'unknown'.
create function identity_unlike(a text, b text, actor text, address text, out outcome text, out person integer,
	out which text)
language plpgsql as $$
declare
	ids integer[];
	persons integer;
begin
	perform pg_advisory_xact_lock(1215513165, 1);
	ids := array[identity_find(a), identity_find(b)];
	if ids[1] is null or ids[2] is null then
		outcome := 'unknown';
		which := case when ids[1] is null then a else b end;
		return;
	end if;
	select count(distinct coalesce(k.person_id, i.id)) into persons
	from unnest(ids) i (id) left join player_link k on k.player_id = i.id;
	if persons = 1 then
		outcome := 'same';
		return;
	end if;
	insert into player_unlike (player_a, player_b, said_by)
	values (least(ids[1], ids[2]), greatest(ids[1], ids[2]), actor) on conflict do nothing;
	perform identity_audit('identity unlike', actor, address, a || ' and ' || b, null);
	outcome := 'unlike';
end $$;

-- Pairs of players who may be one person, as of the last look: who is like whom among all of them takes seconds.
-- What was linked or told apart since is left out by identity_suggestions.
create table identity_suggestion (
	player_a integer not null,
	player_b integer not null,
	score smallint not null check (score between 0 and 100),
	reasons jsonb not null,
	primary key (player_a, player_b)
);
comment on column identity_suggestion.reasons is '[{"code","points","words"}]; the score is the sum of the points.';
create table identity_look (
	only_row boolean primary key default true check (only_row),
	looked_at timestamptz not null,
	seconds real not null,
	players integer not null,
	pairs integer not null
);
comment on table identity_look is
	'When all players were last looked through, how many there were, and how many pairs were weighed.';

-- How far a look is, for others to read while it goes on: 0 when none does.
create sequence identity_look_step minvalue 0 maxvalue 5 start 0;

-- A text without accents and case, nearly as the importer folds names: for comparing names of teams.
create function identity_plain(text) returns text
language sql immutable as $$
	select regexp_replace(regexp_replace(normalize(lower($1), NFD), '[\u0300-\u036f.''’]', '', 'g'),
		'[^[:alnum:]]+', ' ', 'g')
$$;

-- Looks through all players for pairs who may be one person. A pair has the day of birth (or that with day and month
-- swapped) and the beginning of a word of the name in common, or all words of the name, or a word and the initial of another one: of these pairs alone the
-- rest is compared. What more than 100 players have in common says nothing.
create function identity_look_now() returns integer
language plpgsql set work_mem = '128MB' set jit = off set max_parallel_workers_per_gather = 0 as $$
declare
	began timestamptz := clock_timestamp();
	found integer;
begin
	perform pg_advisory_xact_lock(1215513165, 2);
	perform setval('identity_look_step', 1);
	create temporary table who on commit drop as
	select p.player_id, p.source_id, p.birth_date as born, p.height,
		n.country, w.name, string_to_array(w.name, ' ') as words
	from player p
	left join player_link k on k.player_id = p.player_id
	left join player_best b on b.player_id = p.player_id
	cross join lateral (select coalesce(k.name_folded, b.name_folded) as name) w
	left join (select name, coalesce(country, name) as country from label where kind = 'nationality') n
		on n.name = p.nationality
	where w.name <> '';
	analyze who;
	perform setval('identity_look_step', 2);

	create temporary table likeness on commit drop as
	with born_word as (
		select distinct born, left(word, 3) as start, player_id from who, unnest(words) word
		where born is not null and length(word) > 1),
	all_words as (
		select array_to_string(array(select word from unnest(words) word order by word), ' ') as words, player_id from who),
	short as (
		select player_id, words, short.word as initial from who, unnest(words) short (word)
		where array_length(words, 1) > 1 and length(short.word) = 1),
	short_word as (
		select distinct s.player_id, s.initial, word from short s, unnest(s.words) word where length(word) > 2),
	long_word as (
		select distinct w.player_id, left(other, 1) as initial, word
		from who w, unnest(w.words) with ordinality a (word, at), unnest(w.words) with ordinality b (other, at)
		where a.at <> b.at and length(word) > 2
			and (word, left(other, 1)) in (select word, initial from short_word))
	select a.player_id as a, b.player_id as b
	from (select *, count(*) over (partition by born, start) as many from born_word) a
	join born_word b using (born, start) where a.many <= 100 and a.player_id < b.player_id
	union
	select least(a.player_id, b.player_id), greatest(a.player_id, b.player_id)
	from (select *, count(*) over (partition by born, start) as many from born_word
		where extract(day from born) <= 12 and extract(day from born) <> extract(month from born)) a
	join born_word b on b.start = a.start and b.born = make_date(extract(year from a.born)::integer,
		extract(day from a.born)::integer, extract(month from a.born)::integer)
	where a.many <= 100 and a.player_id <> b.player_id
	union
	select a.player_id, b.player_id from (select *, count(*) over (partition by words) as many from all_words) a
	join all_words b using (words) where a.many <= 100 and a.player_id < b.player_id
	union
	select least(a.player_id, b.player_id), greatest(a.player_id, b.player_id)
	from short_word a join (select *, count(*) over (partition by word, initial) as many from long_word) b
	using (word, initial) where b.many <= 100 and a.player_id <> b.player_id;
	perform setval('identity_look_step', 3);

	-- names and births alone: most pairs end here
	create temporary table pair on commit drop as
	select x.*, case when birth = 'same' then 45 when birth = 'swapped' then 30 when birth = 'near' then -15 else 0 end
		as birth_points
	from (
		select l.a, l.b, a.source_id = b.source_id as of_one_source,
			a.country as country_a, b.country as country_b, a.height as height_a, b.height as height_b, a.born as born_a,
			b.born as born_b, case when a.born is null or b.born is null then 'unknown'
				when a.born = b.born then 'same'
				when extract(year from a.born) = extract(year from b.born) and extract(month from a.born) = extract(day from b.born)
					and extract(day from a.born) = extract(month from b.born) then 'swapped'
				when (extract(year from a.born) <> extract(year from b.born))::integer +
					(extract(month from a.born) <> extract(month from b.born))::integer +
					(extract(day from a.born) <> extract(day from b.born))::integer = 1 then 'near'
				else 'other' end as birth,
			case when a.name = b.name then 'same_name'
				when a.words <@ b.words and b.words <@ a.words then 'swapped_name'
				when a.words <@ b.words or b.words <@ a.words then 'part_of_name'
				when identity_is_short(a.words, b.words) then 'initials'
				else 'similar_name' end as name_kind,
			similarity(a.name, b.name) as likeness
		from likeness l join who a on a.player_id = l.a join who b on b.player_id = l.b) x
	where birth <> 'other' and (name_kind <> 'similar_name' or likeness >= 0.4)
		and (birth in ('same', 'swapped') or name_kind in ('same_name', 'swapped_name', 'initials'));
	analyze pair;
	perform setval('identity_look_step', 4);

	create temporary table played on commit drop as
	select distinct w.player_id, l.competition_id, l.season_id, s.first_year, s.last_year, t.team, l.games, l.ppg
	from (select a as player_id from pair union select b from pair) w
	left join player_link k on k.player_id = w.player_id	-- links may have changed since the walk began
	join player_season_stats l on l.player_id = coalesce(k.person_id, w.player_id) and l.of_player = w.player_id
	join (
		select season_id, coalesce(substring(name from '[0-9]{4}')::integer, -season_id) as first_year,
			coalesce(substring(name from '[0-9]{4}')::integer + (name ~ '[0-9]{4}[-/][0-9]{2}')::integer, -season_id)
				as last_year
		from season) s on s.season_id = l.season_id
	join (select team_id, identity_plain(name) as team from team) t on t.team_id = l.team_id;
	create index on played (player_id);
	analyze played;
	perform setval('identity_look_step', 5);

	delete from identity_suggestion;
	insert into identity_suggestion (player_a, player_b, score, reasons)
	select a, b, least(score, 100), reasons from (
		select p.a, p.b, sum(r.points) as score, jsonb_agg(jsonb_build_object('code', r.code, 'points', r.points, 'words', r.words)
			order by abs(r.points) desc, r.code) as reasons
		from pair p
		left join lateral (
			select bool_or(x.team = y.team) as team,
				bool_or(x.games = y.games and x.ppg = y.ppg and x.games >= 300 and x.ppg > 0) as figures,
				bool_or(x.competition_id = y.competition_id and x.season_id = y.season_id) as together
			from played x join played y on y.player_id = p.b and x.first_year <= y.last_year and y.first_year <= x.last_year
			where x.player_id = p.a) e on true
		cross join lateral (values
			(p.name_kind, case p.name_kind when 'same_name' then 40 when 'swapped_name' then 40 when 'part_of_name' then 34
				when 'initials' then 32 else round(40 * p.likeness)::integer end,
				case p.name_kind when 'same_name' then 'the same name' when 'swapped_name' then 'the same names in another order'
				when 'part_of_name' then 'one name is a part of the other' when 'initials' then 'the same name, abbreviated'
				else 'similar names' end),
			(p.birth || '_birth_date', p.birth_points, case p.birth when 'same' then 'born on the same day'
				when 'swapped' then 'born on the same day, if day and month were swapped'
				when 'near' then 'different dates of birth, in one part only' end),
			('same_team', case when e.team then 25 end, 'in the same season with a team of the same name'),
			('same_figures', case when e.figures then 30 end, 'the same games and points in the same season'),
			('height', case when abs(p.height_a - p.height_b) <= 200 then 5 when abs(p.height_a - p.height_b) > 600 then -10 end,
				case when abs(p.height_a - p.height_b) <= 200 then 'of the same height' else 'of different heights' end),
			('nationality', case when p.country_a = p.country_b then 5 when p.country_a <> p.country_b then -5 end,
				case when p.country_a = p.country_b then 'of the same nationality' else 'of different nationalities' end),
			('same_source', case when p.of_one_source then -15 end, 'one source has them both'),
			('together', case when e.together and not e.figures and p.of_one_source then -30 end,
				'both played in one competition and season')) r (code, points, words)
		where r.points <> 0
		group by p.a, p.b) s
	where score >= 55
	order by score desc, a, b limit 20000;
	insert into identity_look (looked_at, seconds, players, pairs)
	select now(), extract(epoch from clock_timestamp() - began), (select count(*) from who), (select count(*) from pair)
	on conflict (only_row) do update set looked_at = excluded.looked_at, seconds = excluded.seconds,
		players = excluded.players, pairs = excluded.pairs;
	perform setval('identity_look_step', 0);
	select count(*) into found from identity_suggestion;
	return found;
end $$;

-- Whether each word of the shorter name is a word of the other one or the initial of one, and some word is in both.
create function identity_is_short(a text[], b text[]) returns boolean
language sql immutable as $$
	select array_length(a, 1) = array_length(b, 1) and a && b
		and not exists (select from unnest(a) x where x <> all(b)
			and not exists (select from unnest(b) y where left(y, 1) = left(x, 1) and (length(x) = 1 or length(y) = 1)))
		and not exists (select from unnest(b) x where x <> all(a)
			and not exists (select from unnest(a) y where left(y, 1) = left(x, 1) and (length(x) = 1 or length(y) = 1)))
$$;

-- Pairs that were found, less those that were linked or told apart since: the most likely one first, and of two persons
-- who are linked players the most likely pair of theirs.
create function identity_suggestions() returns table (score smallint, reasons jsonb, player_a integer, player_b integer)
language sql stable as $$
	select d.score, d.reasons, d.player_a, d.player_b
	from (
		select distinct on (x.first, x.second) x.*
		from (
			select s.*, least(coalesce(a.person_id, s.player_a), coalesce(b.person_id, s.player_b)) as first,
				greatest(coalesce(a.person_id, s.player_a), coalesce(b.person_id, s.player_b)) as second
			from identity_suggestion s
			left join player_link a on a.player_id = s.player_a
			left join player_link b on b.player_id = s.player_b) x
		where x.first <> x.second and not exists (
			select from player_unlike u
			left join player_link a on a.player_id = u.player_a
			left join player_link b on b.player_id = u.player_b
			where least(coalesce(a.person_id, u.player_a), coalesce(b.person_id, u.player_b)) = x.first
				and greatest(coalesce(a.person_id, u.player_a), coalesce(b.person_id, u.player_b)) = x.second)
		order by x.first, x.second, x.score desc, x.player_a, x.player_b) d
	order by d.score desc, d.player_a, d.player_b
$$;

-- A player as his source has him, with his latest seasons.
create function identity_side(player integer) returns jsonb
language sql stable as $$
	select jsonb_build_object('player_id', p.player_id, 'person_id', coalesce(k.person_id, p.player_id),
		'identity', so.name || ':' || p.external_id, 'source', so.name, 'external_id', p.external_id,
		'full_name', p.full_name, 'birth_date', to_char(p.birth_date, 'YYYY-MM-DD'), 'nationality', p.nationality,
		'position', p.position, 'height_cm', round(p.height / 100.0)::integer,
		'linked_at', to_char(k.linked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'linked_by', k.linked_by,
		'reason', k.reason,
		'rows_total', (select count(*) from player_season ps where ps.player_id = p.player_id),
		'rows', coalesce((select jsonb_agg(r.row order by r.key desc, r.games desc) from (
			select concat(substring(se.name from '[0-9]{4}'), ' ', se.name) collate "C" as key, l.games,
				jsonb_build_object('season', se.name, 'competition', c.name, 'team', t.name,
				'games', nullif(l.games, -1) / 100, 'ppg', round(nullif(l.ppg, -1) / 100.0, 2),
				'rpg', round(nullif(l.rpg, -1) / 100.0, 2), 'apg', round(nullif(l.apg, -1) / 100.0, 2)) as row
			from player_season_stats l join season se on se.season_id = l.season_id
			join competition c on c.competition_id = l.competition_id join team t on t.team_id = l.team_id
			where l.player_id = coalesce(k.person_id, p.player_id) and l.of_player = p.player_id
			order by 1 desc, 2 desc limit 5) r), '[]'))
	from player p join source so on so.source_id = p.source_id left join player_link k on k.player_id = p.player_id
	where p.player_id = player
$$;
