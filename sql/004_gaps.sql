-- Of whom every season is eligible, the best eligible figure is the best one: a search that begins with the
-- lowest need not look at his seasons. His least figures tell, when none is missing.

alter table player_best add column gaps smallint not null default 0;
comment on column player_best.gaps is
	'Bit n: a season without metric n, in the order of the columns from games (0) to ft_pct (10).';

update player_best b set gaps = l.gaps
from (
	select player_id,
		bit_or(((games < 0)::integer << 0) |
			((mpg < 0)::integer << 1) |
			((ppg < 0)::integer << 2) |
			((rpg < 0)::integer << 3) |
			((apg < 0)::integer << 4) |
			((spg < 0)::integer << 5) |
			((bpg < 0)::integer << 6) |
			((tov < 0)::integer << 7) |
			((fg_pct < 0)::integer << 8) |
			((three_pt_pct < 0)::integer << 9) |
			((ft_pct < 0)::integer << 10))::smallint as gaps
	from player_season_stats group by player_id) l
where l.player_id = b.player_id and l.gaps <> 0;
