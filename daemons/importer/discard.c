/* discard.c: deletes a file from the failed folder.
 *
 * Trusts no name: shelve.c takes those of snapshots in that folder, and no paths. The record is
 * written first and committed last, so that no file goes which cannot be recorded. */
#include "daemons/importer/discard.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "daemons/importer/report.h"

/* *ret_file 0: no row says that it lies there. */
static bool record(struct hs_db *db, const char *shown, int64_t file_id, const char *by,
    int64_t *ret_file, struct hs_error *err)
{
	PGresult *result = NULL;
	char number[24];

	snprintf(number, sizeof number, "%lld", (long long)file_id);
	if (!hs_db_exec(db,
		"update import_file set deleted_at = clock_timestamp(), deleted_by = $2::text"
		" where file_id = coalesce($3::bigint, (select max(file_id) from import_file"
		" where stored_as = $1::text and status = 'failed')) and deleted_at is null"
		" returning file_id",
		&result, err, shown, by, file_id > 0 ? number : NULL))
		return false;
	*ret_file = PQntuples(result) > 0 ? hs_db_int(result, 0, 0) : 0;
	PQclear(result);
	return true;
}

bool discard_failed(struct hs_db *db, const struct hs_settings *settings, struct shelve_wish *wish,
    int64_t file_id, const char *by, json_t **ret, struct hs_error *err)
{
	char shown[REPORT_NAME_BYTES];
	int64_t file = 0;

	hs_utf8_clean(wish->name, strlen(wish->name), shown, sizeof shown);
	if (!hs_db_begin(db, err))
		return false;
	if (!wanted_find(db, file_id, wish->name, &wish->wanted, err) ||
	    !record(db, shown, file_id, by, &file, err) || !shelve_delete(settings, wish, err)) {
		hs_db_rollback(db);
		return false;
	}
	hs_log(HS_LOG_INFO, "deleted a failed file", HS_STR("file", shown), HS_STR("by", by));
	if (!hs_db_commit(db, err))
		return false;
	*ret = json_pack("{s:s, s:o, s:s}", "file", shown, "file_id",
	    file > 0 ? json_integer(file) : json_null(), "deleted_by", by);
	return true;
}
