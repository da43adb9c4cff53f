/* replay.h: what the statements about one player-season would have made of each other, if one of
 * them had never come.
 *
 * The rules are those by which merge_sql.c takes statements in, one after another: here they are
 * said a second time, for one key, without a database. What a statement is (kind) is explained
 * in sql/, at player_season_restated. */
#ifndef IMPORTER_REPLAY_H
#define IMPORTER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum replay_kind {
	REPLAY_CURRENT = 'c',
	REPLAY_HISTORY = 'h',	/* superseded, with figures of its own */
	REPLAY_NEXT = 'n',	/* the figures of the next newer one that is neither p nor s */
	REPLAY_PREVIOUS = 'p',	/* the figures of the one before it */
	REPLAY_SAME = 's',	/* these, and its metadata and payload too */
	REPLAY_GONE = 'x'	/* undone */
};

struct replay_statement {
	int64_t file;
	int day;			/* the snapshot's, in any count of days */
	char kind;
	bool is_fixed;			/* superseded before statements were kept: stays as it is */
	bool is_undone;
	int64_t superseded_by;		/* of history */
	int figures;			/* equal numbers, equal figures; of CURRENT and HISTORY */
	int extras;			/* the same of metadata and payload; not of SAME */

	/* What becomes of it. */
	char new_kind;
	int64_t new_superseded_by;
	size_t figures_from, extras_from;	/* which statement had them */
};

/* Replays the statements of one key, which come in the order of their files. Errors: HS_NO_MEMORY;
 * HS_DB_ERROR when they contradict each other. */
bool replay_key(struct replay_statement *statements, size_t count, struct hs_error *err);

#endif
