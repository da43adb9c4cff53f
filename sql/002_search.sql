-- What searches read besides the maxima: each player's least known figures, for orders that begin with
-- the lowest; the other orders of the page; how many players there are.

alter table player_best
	add column games_min smallint not null default -1,
	add column mpg_min smallint not null default -1,
	add column ppg_min smallint not null default -1,
	add column rpg_min smallint not null default -1,
	add column apg_min smallint not null default -1,
	add column spg_min smallint not null default -1,
	add column bpg_min smallint not null default -1,
	add column fg_pct_min smallint not null default -1,
	add column three_pt_pct_min smallint not null default -1,
	add column ft_pct_min smallint not null default -1;
comment on column player_best.games_min is 'The least that is known, as of the other figures; -1 when none is.';

update player_best b set (games_min, mpg_min, ppg_min, rpg_min, apg_min, spg_min, bpg_min, fg_pct_min,
	three_pt_pct_min, ft_pct_min) = row(l.games, l.mpg, l.ppg, l.rpg, l.apg, l.spg, l.bpg, l.fg_pct,
	l.three_pt_pct, l.ft_pct)
from (
	select player_id, coalesce(min(games) filter (where games >= 0), -1) as games,
		coalesce(min(mpg) filter (where mpg >= 0), -1) as mpg, coalesce(min(ppg) filter (where ppg >= 0), -1) as ppg,
		coalesce(min(rpg) filter (where rpg >= 0), -1) as rpg, coalesce(min(apg) filter (where apg >= 0), -1) as apg,
		coalesce(min(spg) filter (where spg >= 0), -1) as spg, coalesce(min(bpg) filter (where bpg >= 0), -1) as bpg,
		coalesce(min(fg_pct) filter (where fg_pct >= 0), -1) as fg_pct,
		coalesce(min(three_pt_pct) filter (where three_pt_pct >= 0), -1) as three_pt_pct,
		coalesce(min(ft_pct) filter (where ft_pct >= 0), -1) as ft_pct
	from player_season_stats group by player_id) l
where l.player_id = b.player_id;

create index player_best_born_on on player_best (born_on);
create index player_best_height on player_best (height);
create index player_best_weight on player_best (weight);

alter table data_version add column players bigint not null default 0;
comment on column data_version.players is 'How many there are in player_best.';
update data_version set players = (select count(*) from player_best);
