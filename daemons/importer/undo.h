/* undo.h: takes back an import: all is as if that file had never been imported, and everything else
 * had. Which files are undone, and in which order, makes no difference.
 *
 * A preview does the same, in a transaction that is rolled back. */
#ifndef IMPORTER_UNDO_H
#define IMPORTER_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/db.h"
#include "common/error.h"

enum { UNDO_ROWS_SHOWN = 20 };

struct undo_job {
	int64_t file_id;
	bool is_preview;
	int64_t if_version;		/* only while the data has this version; 0: whatever it has */
	const char *by;			/* who wants it, as import_file.undone_by has it */
	/* Hears of each part of the work; false: give up, with HS_CANCELLED. */
	bool (*goes_on)(void *arg, const char *about, int done, int parts, struct hs_error *err);
	void *arg;
};

/* In a transaction of its own. *ret, a new reference:
 *   {"file_id","name","source_name","snapshot_date","preview","undone_by",
 *    "data_version": before it was undone, "counts":{"player_seasons","put_back","removed","restated","untouched","players_changed",
 *     "players_gone","competitions_renamed","teams_renamed"},
 *    "rows":[{"player","competition","season","team","becomes":"put back"|"removed"|"restated",
 *     "before":{figures},"after":{figures}|null}],
 *    "players":[{"player","becomes":"changed"|"gone","before","after"}]}
 * with the first UNDO_ROWS_SHOWN of both. *ret_large: the tables want a vacuum.
 * Errors: HS_NOT_FOUND (no such file), HS_BAD_ARGUMENT (not imported, undone already, imported
 * before statements were kept, or the data changed since if_version), HS_CANCELLED, and as hs_db_run. */
bool undo_run(struct hs_db *db, const struct undo_job *job, json_t **ret, bool *ret_large,
    struct hs_error *err);

#endif
