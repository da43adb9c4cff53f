/* undo_sql.h: the statements that take a file out of the entities, in the order of their use. */
#ifndef IMPORTER_UNDO_SQL_H
#define IMPORTER_UNDO_SQL_H

#include <stdbool.h>
#include <stddef.h>

struct undo_step {
	const char *sql;
	bool takes_file;	/* $1: its number; the only value */
};

struct undo_part {
	const char *about;	/* for whoever watches */
	const struct undo_step *steps;
	size_t count;
};

/* Temporary tables, beside merge_stage_tables; they end with the transaction. */
extern const char undo_tables[];

/* What files stated of the player-seasons that this one states goes to undo_said. */
extern const struct undo_part undo_gather;
/* A cursor over undo_said, key by key, each in the order of its files. */
extern const char undo_read_said[];
enum undo_said_column {
	UNDO_NUMBER, UNDO_KEY, UNDO_FILE, UNDO_DAY, UNDO_KIND, UNDO_IS_FIXED, UNDO_SUPERSEDED_BY,
	UNDO_FIGURES, UNDO_EXTRAS
};
/* What becomes of statements that do not stay as they are, as arrays: number, kind, superseded_by,
 * figures_from, extras_from. */
extern const char undo_write_new[];

/* From undo_new to player-seasons, history and what is restated. */
extern const struct undo_part undo_figures;
/* Players and names: as what is left has them, in undo_player and undo_name. */
extern const struct undo_part undo_derive;
/* Players whose name is another: player_id and name; and their folded names, from an array of
 * objects. */
extern const char undo_read_names[];
extern const char undo_write_names[];
/* Counts, and the first rows of what becomes, as JSON; $1: how many rows. Before undo_players. */
extern const char undo_look[];
extern const struct undo_part undo_players;
/* After the hot tables are refreshed: players without any season are not to be found. */
extern const char undo_drop_best[];
/* The same of seasons without any player: no file states them. */
extern const char undo_drop_seasons[];
/* And of nationalities, positions and roles that no player has any more, if any player changed. */
extern const char undo_drop_labels[];

#endif
