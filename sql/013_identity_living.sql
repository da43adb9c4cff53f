-- Of linked players only those whom a file states count: whose files were all undone (player.full_name_on is -infinity)
-- stays linked, and comes back with the next file that states him, but until then neither his name nor his source is
-- the person's, and he is in no pair. And seasons of two sources are compared by more than their first number.

create or replace view player_shown as
select p.player_id, coalesce(k.person_id, p.player_id) as person_id, p.source_id, p.external_id,
	coalesce(g.full_name, p.full_name) as full_name, coalesce(g.first_name, p.first_name) as first_name,
	coalesce(g.last_name, p.last_name) as last_name, coalesce(g.birth_date, p.birth_date) as birth_date,
	coalesce(g.nationality, p.nationality) as nationality, coalesce(g.position, p.position) as position,
	coalesce(g.role, p.role) as role, coalesce(g.height, p.height) as height, coalesce(g.weight, p.weight) as weight,
	case when g.player_id is null then p.source_id else (
		select case when min(q.source_id) = max(q.source_id) then min(q.source_id) end
		from player_link o join player q on q.player_id = o.player_id
		where o.person_id = p.player_id and q.full_name_on > '-infinity') end as only_source_id
from player p
left join player_link k on k.player_id = p.player_id
left join person g on g.player_id = p.player_id;

-- A person's folded names, of those players whom a file states: the one that is shown first, then each other one, the
-- newest first, with a character between them that sorts before all others and that nobody can look for. Bounded, since
-- it stands in indexes.
create or replace function identity_names(persons integer[], folded text[]) returns table (person_id integer, name_folded text)
language sql stable as $$
	select d.person_id, string_agg(d.name_folded, chr(1) order by d.place)
	from (
		select c.*, sum(octet_length(c.name_folded) + 1) over (partition by c.person_id order by c.place) as bytes
		from (
			select k.person_id, k.name_folded, min(k.place) as place
			from (
				select k.person_id, k.name_folded, row_number() over (partition by k.person_id
					order by p.full_name_on desc, p.player_id) as place
				from player_link k join player p on p.player_id = k.player_id
				where k.person_id = any(persons) and p.full_name_on > '-infinity') k
			group by k.person_id, k.name_folded) c) d
	where d.place = 1 or d.bytes <= 2000
	group by d.person_id
	union all
	select f.person_id, f.name_folded from unnest(persons, folded) f (person_id, name_folded)
	where f.name_folded is not null and not exists (select from player_link k where k.person_id = f.person_id)
$$;

-- The first and the last year of a season's name, the same twice when it names one: "2017-18" and "2017/2018" are
-- {2017,2018}, "2018" and "2018-99" {2018,2018}. Null when it names none.
create function identity_years(season text) returns integer[]
language sql immutable as $$
	select case when (y.year + 1) % 100 = y.other then array[y.year, y.year + 1] else array[y.year, y.year] end
	from (select substring(season from '[0-9]{4}')::integer as year,
		substring(season from '[0-9]{4}\s*[-/–]\s*(?:[0-9]{2})?([0-9]{2})(?![0-9])')::integer as other) y
	where y.year is not null
$$;

-- Whether two seasons of two sources are the same. Some sources name a winter's season by both its years, some by the
-- first and some by the last one: "2018" is "2017-18" or "2018-19", but these two are never one.
create function identity_is_season(first_a integer, last_a integer, first_b integer, last_b integer) returns boolean
language sql immutable as $$
	select case when (first_a < last_a) = (first_b < last_b) then first_a = first_b
		else first_a <= last_b and first_b <= last_a end
$$;

-- Whether they may be: of "2017" and "2018" one source may name the year in which it began, the other one that in which it
-- ended; or they are two summers of a league that plays within the year. That weighs less.
create function identity_may_be_season(first_a integer, last_a integer, first_b integer, last_b integer)
returns boolean
language sql immutable as $$
	select first_a = last_a and first_b = last_b and first_a > 0 and first_b > 0 and abs(first_a - first_b) = 1
$$;

-- Looks through all players that a file states for pairs who may be one person. A pair has the day of birth (or that with
-- day and month swapped) and the beginning of a word of the name in common, or all words of the name, or a word and the
-- initial of another one: of these pairs alone the rest is compared. What more than 100 players have in common says
-- nothing.
create or replace function identity_look_now() returns integer
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
	where w.name <> '' and p.full_name_on > '-infinity';
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
	select distinct w.player_id, l.competition_id, l.season_id, s.years[1] as first_year, s.years[2] as last_year, t.team,
		l.games, l.ppg
	from (select a as player_id from pair union select b from pair) w
	left join player_link k on k.player_id = w.player_id	-- links may have changed since the walk began
	join player_season_stats l on l.player_id = coalesce(k.person_id, w.player_id) and l.of_player = w.player_id
	join (select season_id, coalesce(identity_years(name), array[-season_id, -season_id]) as years from season) s
		on s.season_id = l.season_id
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
			select bool_or(x.team = y.team) as team, bool_or(x.team = y.team and n.is_same) as team_same,
				bool_or(f.same) as figures, bool_or(f.same and n.is_same) as figures_same,
				bool_or(x.competition_id = y.competition_id and x.season_id = y.season_id) as together
			from played x join played y on y.player_id = p.b
			cross join lateral (select identity_is_season(x.first_year, x.last_year, y.first_year, y.last_year) as is_same) n
			cross join lateral (
				select x.games = y.games and x.ppg = y.ppg and x.games >= 300 and x.ppg > 0 as same) f
			where x.player_id = p.a and (n.is_same or (not p.of_one_source
				and identity_may_be_season(x.first_year, x.last_year, y.first_year, y.last_year)))) e on true
		cross join lateral (values
			(p.name_kind, case p.name_kind when 'same_name' then 40 when 'swapped_name' then 40 when 'part_of_name' then 34
				when 'initials' then 32 else round(40 * p.likeness)::integer end,
				case p.name_kind when 'same_name' then 'the same name' when 'swapped_name' then 'the same names in another order'
				when 'part_of_name' then 'one name is a part of the other' when 'initials' then 'the same name, abbreviated'
				else 'similar names' end),
			(p.birth || '_birth_date', p.birth_points, case p.birth when 'same' then 'born on the same day'
				when 'swapped' then 'born on the same day, if day and month were swapped'
				when 'near' then 'different dates of birth, in one part only' end),
			('same_team', case when e.team_same then 25 when e.team then 15 end, case when e.team_same
				then 'in the same season with a team of the same name'
				else 'with a team of the same name, in years next to each other that may be one season' end),
			('same_figures', case when e.figures_same then 30 when e.figures then 20 end, case when e.figures_same
				then 'the same games and points in the same season'
				else 'the same games and points in years next to each other that may be one season' end),
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

-- Pairs that were found, less those that were linked or told apart since, and those of whom no file states one any
-- more: the most likely one first, and of two persons who are linked players the most likely pair of theirs.
create or replace function identity_suggestions() returns table (score smallint, reasons jsonb, player_a integer,
	player_b integer)
language sql stable as $$
	select d.score, d.reasons, d.player_a, d.player_b
	from (
		select distinct on (x.first, x.second) x.*
		from (
			select s.*, least(coalesce(a.person_id, s.player_a), coalesce(b.person_id, s.player_b)) as first,
				greatest(coalesce(a.person_id, s.player_a), coalesce(b.person_id, s.player_b)) as second
			from identity_suggestion s
			join player pa on pa.player_id = s.player_a and pa.full_name_on > '-infinity'
			join player pb on pb.player_id = s.player_b and pb.full_name_on > '-infinity'
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

-- A player as his source has him, with his latest seasons. is_stated: a file does; else he has no seasons.
create or replace function identity_side(player integer) returns jsonb
language sql stable as $$
	select jsonb_build_object('player_id', p.player_id, 'person_id', coalesce(k.person_id, p.player_id),
		'identity', so.name || ':' || p.external_id, 'source', so.name, 'external_id', p.external_id,
		'full_name', p.full_name, 'is_stated', p.full_name_on > '-infinity',
		'birth_date', to_char(p.birth_date, 'YYYY-MM-DD'), 'nationality', p.nationality,
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

-- A call of the API by a token says which one, until the end of its transaction: that goes into the entry, too.
create or replace function identity_audit(what text, actor text, address text, subject text, detail text) returns void
language sql as $$
	insert into audit_trail (action, is_refusal, actor, address, subject, detail)
	values (what, false, actor, address, subject, nullif(concat_ws('; ', detail,
		'by token ' || nullif(current_setting('hoopscout.by_token', true), '')), ''));
	delete from audit_trail where not is_refusal and audit_id <= (select audit_id from audit_trail
		where not is_refusal order by audit_id desc offset 10000 limit 1)
$$;

-- Which step the look is at that goes on: 0 when none does. A sequence keeps what was written to it when the look that
-- wrote it was cancelled or died; the lock of the look (see identity_look_now) does not outlive it.
create function identity_look_at() returns bigint
language sql volatile as $$
	select case when exists (select from pg_locks where locktype = 'advisory' and granted and classid = 1215513165
		and objid = 2 and objsubid = 2 and database = (select oid from pg_database where datname = current_database()))
		then (select last_value from identity_look_step) else 0 end
$$;

-- Persons of whom a player is not stated any more lose his name.
do $$
declare
	persons integer[] := array(select distinct k.person_id from player_link k join player p on p.player_id = k.player_id
		where p.full_name_on = '-infinity');
begin
	if persons <> '{}' then
		perform identity_raise_version(identity_refresh(persons, null));
	end if;
end $$;
