/* recover.c: what an importer that died between a move and its record left behind.
 *
 * Trusts a file only by its size and checksum. A file that is still in incoming is not for
 * us: it comes by the scan, and its import finds the row. Looks at the newest RECOVER_MAX rows. */
#include "daemons/importer/recover.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "daemons/importer/place.h"
#include "daemons/importer/runs.h"
#include "daemons/importer/shelve.h"

#define RECOVER_MAX "100"	/* rows */

enum { RECOVER_NAMES = 100 };	/* of one file */

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

/* Says where it is, unless another row says that of itself. */
static bool record_place(struct hs_db *db, const struct report *report, const char *name,
    bool *ret_recorded, struct hs_error *err)
{
	PGresult *result = NULL;
	char number[24];

	snprintf(number, sizeof number, "%lld", (long long)report->file_id);
	if (!hs_db_exec(db,
		"update import_file f set stored_as = $2::text where f.file_id = $1::bigint"
		" and not exists (select from import_file o where o.stored_as = $2::text"
		" and o.sha256 = f.sha256 and (o.status = 'failed') = (f.status = 'failed'))"
		" returning 1",
		&result, err, number, name))
		return false;
	*ret_recorded = PQntuples(result) == 1;
	PQclear(result);
	return true;
}

static bool recover_row(struct hs_db *db, const struct hs_settings *settings,
    const struct report *report, struct hs_error *err)
{
	char name[NAME_MAX + 1];
	bool same, recorded = false;

	if (is_in_incoming(settings, report->name))
		return true;
	for (int n = 0; !recorded && n < RECOVER_NAMES; n++) {
		if (!shelve_place(report, n, name) || !shelve_has(settings, report, name, &same))
			return true;
		if (same && !record_place(db, report, name, &recorded, err))
			return false;
	}
	if (recorded)
		hs_log(HS_LOG_INFO, "found where a file was moved", HS_STR("file", report->name),
		    HS_STR("stored_as", name), HS_INT("run", report->run_id));
	return true;
}

bool recover_shelved(struct hs_db *db, const struct hs_settings *settings, struct hs_error *err)
{
	PGresult *result = NULL;
	bool done = true;

	if (!hs_db_exec(db,
		"select " REPORT_COLUMNS " from " REPORT_TABLES
		" where f.stored_as is null order by f.file_id desc limit " RECOVER_MAX,
		&result, err))
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
