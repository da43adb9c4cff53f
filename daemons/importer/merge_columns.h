/* merge_columns.h: lists of columns, for the statements of merge_sql.c and undo_sql.c.
 *
 * t is a table's alias with its dot, or "". */
#ifndef IMPORTER_MERGE_COLUMNS_H
#define IMPORTER_MERGE_COLUMNS_H

#define KEY(t) t "player_id, " t "competition_id, " t "season_id, " t "team_id"
#define SAME_KEY(a, b) \
	a ".player_id = " b ".player_id and " a ".competition_id = " b ".competition_id and " \
	a ".season_id = " b ".season_id and " a ".team_id = " b ".team_id"
/* A row of player_season_stats (a) of what b has: a person's rows, then whose it is. */
#define SAME_HOT(a, b) \
	a ".player_id = " b ".person_id and " a ".competition_id = " b ".competition_id and " \
	a ".season_id = " b ".season_id and " a ".team_id = " b ".team_id and " \
	a ".of_player = " b ".player_id"
#define KEY_COLUMNS \
	"player_id integer, competition_id integer, season_id integer, team_id integer"
#define METRICS(t) \
	t "games, " t "mpg, " t "ppg, " t "rpg, " t "apg, " t "spg, " t "bpg, " t "tov, " \
	t "fg_pct, " t "three_pt_pct, " t "ft_pct"
#define METRIC_COLUMNS \
	"games smallint, mpg smallint, ppg smallint, rpg smallint, apg smallint, spg smallint, " \
	"bpg smallint, tov smallint, fg_pct smallint, three_pt_pct smallint, ft_pct smallint"
/* What one file states of a player-season: its figures, and who he was in it. */
#define SAID(t) METRICS(t) ", " t "position, " t "role"
/* What one file states of a player. */
#define PERSON(t) \
	t "full_name, " t "first_name, " t "last_name, " t "birth_date, " t "nationality, " \
	t "position, " t "role, " t "height, " t "weight"

#define HISTORY_COLUMNS \
	"player_season_history (" KEY("") \
	", import_file_id, snapshot_date, superseded_by, " SAID("") ", source_metadata, raw_payload)"

#define RESTATED_COLUMNS \
	"player_season_restated (import_file_id, snapshot_date, kind, competition_id, season_id," \
	" teams, players, source_metadata, raw_payload)"
/* From rows x with a key, and alone: null, or a number of its own for one with metadata or payload. */
#define RESTATED_GROUPS \
	" competition_id, season_id, array_agg(team_id), array_agg(player_id)," \
	" (array_agg(source_metadata))[1], (array_agg(raw_payload))[1] from ("
#define ALONE(t, number) \
	"case when " t "source_metadata is not null or " t "raw_payload is not null then " number \
	" end as alone"
#define RESTATED_ORDER " order by competition_id, season_id, team_id, player_id) x group by"

#endif
