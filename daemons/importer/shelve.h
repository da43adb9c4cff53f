/* shelve.h: the move out of incoming, to archive or failed, with the report beside a failed
 * file. */
#ifndef IMPORTER_SHELVE_H
#define IMPORTER_SHELVE_H

#include <limits.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/importer/place.h"
#include "daemons/importer/report.h"
#include "daemons/importer/wanted.h"

/* Moves incoming/name by the report's status: a failed one to failed, with NAME.errors.json
 * (written first, so that whoever sees the file finds its report), all others to archive.
 * facts say which file it must still be. Fills report->stored_as.
 * Errors: HS_NOT_FOUND (gone, or replaced by another), and as hs_file_move. */
bool shelve(const struct hs_settings *settings, const char *name, const struct place_facts *facts,
    struct report *report, struct hs_error *err);

/* A file in failed that somebody asks for. */
struct shelve_wish {
	const char *name;
	struct wanted wanted;
	bool (*must_stop)(void *arg);	/* asked while it is read, from time to time */
	void *arg;
};

/* Moves a file of failed back into incoming, and removes its report. The name used goes to ret_name
 * (NAME_MAX + 1 bytes). Errors: HS_NOT_FOUND (there is none of that name, or another than the one
 * that is wanted), HS_BAD_ARGUMENT, HS_CANCELLED, and as hs_file_move. */
bool shelve_bring_back(const struct hs_settings *settings, const struct shelve_wish *wish,
    char *ret_name, struct hs_error *err);

/* Deletes a file of failed and its report, for good. Errors as shelve_bring_back. */
bool shelve_delete(const struct hs_settings *settings, const struct shelve_wish *wish,
    struct hs_error *err);

/* The n-th name under which the report's file may have been stored. ret_name needs NAME_MAX + 1
 * bytes. False when the name in the report is none that a file can have. */
bool shelve_place(const struct report *report, int n, char *ret_name);

/* Whether archive or failed (by the report's status) has a file of that name; *ret_same: with
 * the report's size and content. */
bool shelve_has(const struct hs_settings *settings, const struct report *report, const char *name,
    bool *ret_same);

/* Makes the three folders where they are missing. */
bool shelve_make_folders(const struct hs_settings *settings, struct hs_error *err);

#endif
