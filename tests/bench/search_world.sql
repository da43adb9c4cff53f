-- An invented world for the search benchmark: psql -v players=400000 -f search_world.sql
--
-- The same one each time. Players have careers of one to nine seasons, mostly in one competition; one in
-- twenty changes teams in mid-season. Rows are stored by season and competition, as snapshots bring them,
-- so that a player's rows lie far apart. One figure in twenty, and some of what is known of players, is
-- missing. Names are made of syllables, so that any three letters are in some.
\set ON_ERROR_STOP on
\timing off
set client_min_messages = warning;
set max_parallel_workers_per_gather = 0;
set synchronous_commit = off;
set work_mem = '256MB';
set maintenance_work_mem = '512MB';
begin;
truncate player, player_season, player_season_stats, player_best, player_season_history, player_link, player_unlike, person,
	competition, season, team, label, source cascade;
select setseed(0.20261125);
insert into source values (1, 'world');
insert into competition select i, 1, 'C' || i, 'Competition ' || i, '2026-01-01' from generate_series(1, 500) i;
insert into season select i, (1985 + i)::text || '-' || lpad(((1986 + i) % 100)::text, 2, '0') from generate_series(1, 40) i;
insert into team select i, 1, 'T' || i, 'Team ' || i, '2026-01-01' from generate_series(1, 8000) i;
insert into label select i, 'nationality', 'Nation ' || i from generate_series(1, 150) i;
insert into label select 150 + i, 'position', (array['PG', 'SG', 'SF', 'PF', 'C'])[i] from generate_series(1, 5) i;
insert into label select 155 + i, 'role', (array['starter', 'bench', 'two-way', 'prospect'])[i] from generate_series(1, 4) i;

create temporary table syllable as select row_number() over () as n, a || b as text
from unnest('{b,d,dr,f,g,h,j,k,kr,l,m,n,p,r,s,st,t,v,w,z}'::text[]) a, unnest('{a,e,i,o,u,an,ar,en,er,ic,in,on,or,os,ez}'::text[]) b;
create temporary table invented as
select p as player_id, random() as quality, 1 + floor(40 * random())::int as first_season,
	1 + floor(9 * random() * random() + random())::int as seasons, 1 + floor(500 * random() ^ 1.5)::int as home,
	case when random() < 0.06 then '-infinity' else date '1965-01-01' + floor(15000 * random())::int end as born_on,
	case when random() < 0.04 then 0 else 1 + floor(150 * random() ^ 2)::int end as nationality_id,
	case when random() < 0.05 then 0 else 151 + floor(5 * random())::int end as position_id,
	case when random() < 0.5 then 0 else 156 + floor(4 * random())::int end as role_id,
	case when random() < 0.08 then -1 else (17000 + floor(5200 * (random() + random()) / 2) * 10 / 10)::int end as height,
	case when random() < 0.15 then -1 else (7000 + floor(60 * (random() + random()) / 2) * 100)::int end as weight,
	1 + floor(300 * random())::int as a, 1 + floor(300 * random())::int as b, 1 + floor(300 * random())::int as c,
	1 + floor(300 * random())::int as d
from generate_series(1, :players) p;
insert into player (player_id, source_id, external_id, full_name, full_name_on, birth_date, birth_date_on, nationality,
	nationality_on, position, position_on, role, role_on, height, height_on, weight, weight_on)
select p.player_id, 1, 'P' || p.player_id, initcap(a.text || b.text || ' ' || c.text || d.text), '2026-01-01',
	nullif(p.born_on, '-infinity'), '2026-01-01', n.name, '2026-01-01', po.name, '2026-01-01', r.name, '2026-01-01',
	nullif(p.height, -1), '2026-01-01', nullif(p.weight, -1), '2026-01-01'
from invented p join syllable a on a.n = p.a join syllable b on b.n = p.b join syllable c on c.n = p.c
join syllable d on d.n = p.d left join label n on n.label_id = p.nationality_id
left join label po on po.label_id = p.position_id left join label r on r.label_id = p.role_id
order by p.player_id;

create temporary table career as
select p.*, least(40, p.first_season + s) as season_id,
	case when random() < 0.7 then p.home else 1 + floor(500 * random())::int end as competition_id,
	floor(16 * random())::int as team, random() as form, random() as luck
from invented p, generate_series(0, floor(p.seasons * 1.25)::int) s where s = 0 or random() < 0.93;
create temporary table figure as
select player_id, competition_id, season_id, 1 + (competition_id * 16 + (team + half) % 16) % 8000 as team_id, born_on,
	nationality_id, position_id, role_id, height, weight, (1 + floor(82 * form ^ 0.7))::int * 100 as games,
	floor(4000 * luck ^ 0.8)::int as mpg,
	least(4500, floor(-420 * ln(1 - 0.9999 * quality) * (0.4 + luck) * (0.5 + form)))::int as ppg,
	least(2500, floor(-180 * ln(1 - 0.9999 * luck) * (0.4 + quality)))::int as rpg,
	least(1800, floor(-110 * ln(1 - 0.9999 * form) * (0.4 + quality)))::int as apg,
	floor(-50 * ln(1 - 0.99 * random()))::int as spg, floor(-30 * ln(1 - 0.99 * random()))::int as bpg,
	floor(500 * random() * luck)::int as tov, floor(2500 + 4500 * random())::int as fg_pct,
	floor(5500 * random())::int as three_pt_pct, floor(4000 + 6000 * random())::int as ft_pct, random() as gone
from career, generate_series(0, 1) half where half = 0 or luck < 0.05;
insert into player_season_stats
select distinct on (season_id, competition_id, player_id, team_id) player_id, competition_id, season_id, team_id, born_on,
	nationality_id, position_id, role_id, height, weight, games, case when gone < 0.05 then -1 else mpg end, ppg,
	case when gone > 0.97 then -1 else rpg end, case when gone > 0.96 then -1 else apg end,
	case when gone < 0.12 then -1 else spg end, case when gone < 0.12 then -1 else bpg end,
	case when gone between 0.3 and 0.4 then -1 else tov end, case when gone < 0.03 then -1 else fg_pct end,
	case when gone between 0.5 and 0.6 then -1 else three_pt_pct end, case when gone between 0.7 and 0.75 then -1 else ft_pct end,
	player_id
from figure order by season_id, competition_id, player_id, team_id;
insert into player_season (player_id, competition_id, season_id, team_id, import_file_id, snapshot_date)
select player_id, competition_id, season_id, team_id, 0, '2026-01-01' from player_season_stats;
insert into player_best
(player_id, name_folded, born_on, nationality_id, position_id, role_id, height, weight,
	games, mpg, ppg, rpg, apg, spg, bpg, tov, fg_pct, three_pt_pct, ft_pct, games_min, mpg_min, ppg_min, rpg_min, apg_min,
	spg_min, bpg_min, tov_min, fg_pct_min, three_pt_pct_min, ft_pct_min, gaps)
select p.player_id, lower(f.full_name), p.born_on, p.nationality_id, p.position_id, p.role_id, p.height, p.weight,
	b.games, b.mpg, b.ppg, b.rpg, b.apg, b.spg, b.bpg, b.tov, b.fg_pct, b.three_pt_pct, b.ft_pct,
	b.games_min, b.mpg_min, b.ppg_min, b.rpg_min, b.apg_min, b.spg_min, b.bpg_min, b.tov_min, b.fg_pct_min,
	b.three_pt_pct_min, b.ft_pct_min, b.gaps
from invented p join player f using (player_id) join (
	select player_id, max(games) as games, max(mpg) as mpg, max(ppg) as ppg, max(rpg) as rpg, max(apg) as apg,
		max(spg) as spg, max(bpg) as bpg, max(tov) as tov, max(fg_pct) as fg_pct, max(three_pt_pct) as three_pt_pct,
		max(ft_pct) as ft_pct, coalesce(min(games) filter (where games >= 0), -1) as games_min,
		coalesce(min(mpg) filter (where mpg >= 0), -1) as mpg_min,
		coalesce(min(ppg) filter (where ppg >= 0), -1) as ppg_min,
		coalesce(min(rpg) filter (where rpg >= 0), -1) as rpg_min,
		coalesce(min(apg) filter (where apg >= 0), -1) as apg_min,
		coalesce(min(spg) filter (where spg >= 0), -1) as spg_min,
		coalesce(min(bpg) filter (where bpg >= 0), -1) as bpg_min,
		coalesce(min(tov) filter (where tov >= 0), -1) as tov_min,
		coalesce(min(fg_pct) filter (where fg_pct >= 0), -1) as fg_pct_min,
		coalesce(min(three_pt_pct) filter (where three_pt_pct >= 0), -1) as three_pt_pct_min,
		coalesce(min(ft_pct) filter (where ft_pct >= 0), -1) as ft_pct_min,
		bit_or(((games < 0)::integer << 0) | ((mpg < 0)::integer << 1) | ((ppg < 0)::integer << 2) | ((rpg < 0)::integer << 3) |
			((apg < 0)::integer << 4) | ((spg < 0)::integer << 5) | ((bpg < 0)::integer << 6) | ((tov < 0)::integer << 7) |
			((fg_pct < 0)::integer << 8) | ((three_pt_pct < 0)::integer << 9) | ((ft_pct < 0)::integer << 10))::smallint as gaps
	from player_season_stats group by player_id) b using (player_id) order by p.player_id;
update data_version set version = version + 1, players = (select count(*) from player_best);
commit;
vacuum (analyze) player_season_stats;
vacuum (analyze, disable_page_skipping) player_best;
vacuum (analyze) player_season;
vacuum (analyze) player;
analyze;
select pg_notify('hoopscout_data', version::text) from data_version;
select count(*) as players, (select count(*) from player_season_stats) as player_seasons from player_best;
