/* merge_sql.h: the statements of a merge, as one table; merge.c walks it from top to bottom. */
#ifndef IMPORTER_MERGE_SQL_H
#define IMPORTER_MERGE_SQL_H

#include <stdbool.h>
#include <stddef.h>

/* What a statement is given, in order, as $1, $2, ... */
enum merge_value {
	MERGE_END,
	MERGE_SOURCE_NAME,
	MERGE_SOURCE,		/* source_id */
	MERGE_DATE,		/* the snapshot's */
	MERGE_FILE,		/* file_id */
	MERGE_LAST_PLAYER,	/* the highest player_id before this file */
	MERGE_HAS_EXTRAS	/* some record has metadata or a payload */
};

/* When a statement has work; later ones follow from what earlier ones counted. */
enum merge_when {
	MERGE_ALWAYS,
	MERGE_ROSTERS,		/* the roster was sent in several parts */
	MERGE_HOT,		/* players are new, or search-relevant columns of theirs changed */
	MERGE_CREATED,
	MERGE_UPDATED,
	MERGE_MOVED,		/* player-seasons follow this file: updated, or only restated */
	MERGE_STALE,
	MERGE_KNOWN,		/* players that files stated before */
	MERGE_RESTATED,		/* the same figures, by another file than before */
	MERGE_SAME,		/* rows that say what is current, in everything */
	MERGE_PARTED,		/* older statements got figures of their own */
	MERGE_BEST,		/* maxima may have changed */
	MERGE_LINKED,		/* of persons who are several players, too */
	MERGE_REBUILD		/* many rows into an empty database: indexes come afterwards */
};

/* What its row count, or the number it selects, is. */
enum merge_count {
	MERGE_NOTHING,
	MERGE_CHANGES,		/* rows that search or a page can see */
	MERGE_NEW_COMPETITIONS,
	MERGE_NEW_SEASONS,
	MERGE_NEW_TEAMS,
	MERGE_NEW_PLAYERS,
	MERGE_HOT_PLAYERS,
	MERGE_LINKED_PERSONS,
	MERGE_KNOWN_PLAYERS,
	MERGE_NEAR,
	MERGE_GET_SOURCE,	/* selected: source_id */
	MERGE_GET_LAST_PLAYER,	/* selected */
	MERGE_GET_BACK_PLAYERS,	/* selected: players that no file had stated any more */
	MERGE_GET_NEW_LABEL,	/* selected: the least new label_id of a nationality, or 0 */
	MERGE_GET_CLASSES,	/* selected: created, updated, moved, stale */
	MERGE_GET_MORE_PLAYERS	/* selected: how many more rows player_best has */
};

enum { MERGE_VALUES = 4 };

struct merge_step {
	const char *sql;
	enum merge_value values[MERGE_VALUES + 1];
	enum merge_when when;
	enum merge_count count;
};

extern const struct merge_step merge_steps[];
extern const size_t merge_step_count;

/* One merge at a time in the whole database: ids are max + 1, and of one date the later file
 * counts. For a transaction, before its file gets a number. */
#define MERGE_LOCK "select pg_advisory_xact_lock(1215513165, 1)"

/* The temporary tables, dropped at the end of the transaction, and the COPY statements that fill
 * them. */
extern const char merge_stage_tables[];
extern const char merge_copy_rows[];
enum { MERGE_ROW_COLUMNS = 20 };
extern const char merge_copy_players[];
enum { MERGE_PLAYER_COLUMNS = 12 };
extern const char merge_copy_names[];
enum { MERGE_NAME_COLUMNS = 4 };

/* From stage_work (class u: other figures, d: deleted) and stage_touched (hot) to the hot tables:
 * figures, copies of the players' columns, maxima of players who have some. */
/* Of the players in stage_touched whose columns changed; selects the least new label_id of a
 * nationality, or 0. */
extern const char merge_insert_labels[];
extern const char *const merge_refresh[];
extern const size_t merge_refresh_count;
/* Last: of persons who are several players (stage_linked). Selects how many more are found. */
extern const char merge_refresh_persons[];

/* Takes what stage_near names out of player_season_restated, and rows that lost all. */
extern const char merge_index_near[];	/* first, since it is looked into for each of them */
extern const char merge_part_near[];
extern const char merge_drop_parted[];

/* For a connection that merges, once. */
extern const char merge_session[];

/* After a large import, outside any transaction: index-only scans need the visibility map. */
extern const char merge_vacuum[];

#endif
