/* discard.c: deletes a file from the failed folder.
 *
 * Trusts no name: shelve.c takes those of snapshots in that folder, and no paths. The record is
 * committed first, so that no file goes unrecorded: killed in between, it can be deleted again. */
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

/* The file is there still, so the row shall not say that it is not. */
static void take_back(struct hs_db *db, int64_t file, const char *shown)
{
	struct hs_error err = HS_ERROR_INIT;
	char number[24];

	snprintf(number, sizeof number, "%lld", (long long)file);
	if (!hs_db_exec(db, "update import_file set deleted_at = null, deleted_by = null"
		" where file_id = $1::bigint", NULL, &err, number))
		hs_log_error_of(HS_LOG_ERROR, "a file is recorded as deleted, and still lies in failed: "
		    "delete it again", &err, HS_STR("file", shown));
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
	    !record(db, shown, file_id, by, &file, err)) {
		hs_db_rollback(db);
		return false;
	}
	if (!hs_db_commit(db, err))
		return false;
	if (!shelve_delete(settings, wish, err)) {
		if (file > 0)
			take_back(db, file, shown);
		return false;
	}
	hs_log(HS_LOG_INFO, "deleted a failed file", HS_STR("file", shown), HS_STR("by", by));
	*ret = json_pack("{s:s, s:o, s:s}", "file", shown, "file_id",
	    file > 0 ? json_integer(file) : json_null(), "deleted_by", by);
	return true;
}
