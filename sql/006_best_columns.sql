-- The same columns in another order: the name, whose length differs, last. Searches that read all players find
-- every other column at a fixed place of the row, and take a quarter less time.

alter table player_best rename to player_best_before;
create table player_best (
	player_id integer not null,
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
	gaps smallint not null default 0,
	games_min smallint not null default -1,
	mpg_min smallint not null default -1,
	ppg_min smallint not null default -1,
	rpg_min smallint not null default -1,
	apg_min smallint not null default -1,
	spg_min smallint not null default -1,
	bpg_min smallint not null default -1,
	tov_min smallint not null,
	fg_pct_min smallint not null default -1,
	three_pt_pct_min smallint not null default -1,
	ft_pct_min smallint not null default -1,
	name_folded text collate "C" not null
) with (fillfactor = 90);
comment on column player_best.games_min is 'The least that is known, as of the other figures; -1 when none is.';
comment on column player_best.gaps is
	'Bit n: a season without metric n, in the order of the columns from games (0) to ft_pct (10).';

insert into player_best
select player_id, born_on, nationality_id, position_id, role_id, height, weight, games, mpg, ppg, rpg, apg, spg, bpg,
	tov, fg_pct, three_pt_pct, ft_pct, gaps, games_min, mpg_min, ppg_min, rpg_min, apg_min, spg_min, bpg_min, tov_min,
	fg_pct_min, three_pt_pct_min, ft_pct_min, name_folded
from player_best_before;
drop table player_best_before;

alter table player_best add primary key (player_id);
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
create index player_best_born_on on player_best (born_on);
create index player_best_height on player_best (height);
create index player_best_weight on player_best (weight);
analyze player_best;
