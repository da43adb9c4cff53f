/* recover.c: what an importer that died between a move and its record left behind.
 *
 * Trusts a file only by its size and checksum. A file that is still in incoming is not for
 * us: it comes by the scan, and its import finds the row. Looks at the newest RECOVER_MAX rows. */
#include "daemons/importer/recover.h"

#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "daemons/importer/place.h"
#include "daemons/importer/runs.h"
#include "daemons/importer/shelve.h"

#define RECOVER_MAX "100"

static bool is_in_incoming(const struct hs_settings *settings, const char *name)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct place_facts facts;
	bool found;
	int dir;

	if (!hs_dir_open(hs_setting_text(settings, HS_SET_INCOMING_DIR), &dir, &ignored))
		return false;
	found = place_look(dir, name, &facts, NULL);
	close(dir);
	return found;
}

static bool recover_row(struct hs_db *db, const struct hs_settings *settings,
    const struct report *report, struct hs_error *err)
{
	if (is_in_incoming(settings, report->name) || !shelve_has(settings, report))
		return true;
	hs_log(HS_LOG_INFO, "found where a file was moved", HS_STR("file", report->name),
	    HS_STR("status", report_status_name(report->status)), HS_INT("run", report->run_id));
	return runs_store_file(db, report->file_id, report->name, err);
}

bool recover_shelved(struct hs_db *db, const struct hs_settings *settings, struct hs_error *err)
{
	PGresult *result = NULL;
	bool done = true;

	if (!hs_db_exec(db, "select " REPORT_COLUMNS " from " REPORT_TABLES
		" where f.stored_as is null order by f.file_id desc limit " RECOVER_MAX, &result, err))
		return false;
	for (int row = 0; done && row < PQntuples(result); row++) {
		struct report report;

		report_from_row(result, row, 0, &report);
		done = recover_row(db, settings, &report, err);
		report_done(&report);
	}
	PQclear(result);
	return done;
}
