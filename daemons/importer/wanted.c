/* wanted.c: trusts the row for what the file was, and only its SHA-256 for what it is. */
#include "daemons/importer/wanted.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "daemons/importer/report.h"

enum { STATUS, STORED_AS, DELETED_BY, SHA256, SIZE, LATER, LATER_SAME };

static const char find_sql[] =
    "select f.status, coalesce(f.stored_as, ''), coalesce(f.deleted_by, ''),"
    " encode(f.sha256, 'hex'), f.size_bytes,"
    " (select coalesce(max(n.file_id), 0) from import_file n where n.stored_as = f.stored_as"
    " and n.status = 'failed' and n.file_id > f.file_id),"
    " (select coalesce(max(n.file_id), 0) from import_file n where n.stored_as = f.stored_as"
    " and n.status = 'failed' and n.sha256 = f.sha256 and n.file_id > f.file_id)"
    " from import_file f where f.file_id = $1::bigint for update of f";

static bool check_row(const PGresult *row, int64_t file, const char *shown, struct hs_error *err)
{
	const char *stored;

	if (PQntuples(row) == 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "id",
		    "there is no file %lld: see hsctl import files", (long long)file);
	stored = hs_db_text(row, 0, STORED_AS);
	if (hs_db_text(row, 0, DELETED_BY)[0] != '\0')
		return hs_error_set(err, HS_BAD_ARGUMENT, "id",
		    "file %lld was deleted already, by %s", (long long)file,
		    hs_db_text(row, 0, DELETED_BY));
	if (strcmp(hs_db_text(row, 0, STATUS), "failed") != 0 || stored[0] == '\0')
		return hs_error_set(err, HS_BAD_ARGUMENT, "id",
		    "file %lld does not lie in the failed folder: see hsctl import file %lld",
		    (long long)file, (long long)file);
	if (strcmp(stored, shown) != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "id",
		    "file %lld is '%s' in the failed folder, not '%s'", (long long)file, stored,
		    shown);
	if (hs_db_int(row, 0, LATER_SAME) > 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "id",
		    "file %lld was tried again, and lies there as file %lld now: look at that one",
		    (long long)file, (long long)hs_db_int(row, 0, LATER_SAME));
	return true;
}

bool wanted_find(struct hs_db *db, int64_t file_id, const char *name, struct wanted *ret,
    struct hs_error *err)
{
	char shown[REPORT_NAME_BYTES], number[24];
	PGresult *row = NULL;
	bool done;

	if (file_id == 0) {
		*ret = (struct wanted){ .file_id = 0 };
		return true;
	}
	hs_utf8_clean(name, strlen(name), shown, sizeof shown);
	snprintf(number, sizeof number, "%lld", (long long)file_id);
	if (!hs_db_exec(db, find_sql, &row, err, number))
		return false;
	done = check_row(row, file_id, shown, err);
	if (done) {
		*ret = (struct wanted){ .file_id = file_id, .later_id = hs_db_int(row, 0, LATER),
			.size_bytes = hs_db_int(row, 0, SIZE) };
		snprintf(ret->sha256, sizeof ret->sha256, "%s", hs_db_text(row, 0, SHA256));
	}
	PQclear(row);
	return done;
}

static bool is_another(const struct wanted *wanted, const char *name, struct hs_error *err)
{
	if (wanted->later_id > 0)
		return hs_error_set(err, HS_NOT_FOUND, "id",
		    "'%.200s' in the failed folder is not file %lld any more: file %lld came later"
		    " and has that name. Look at that one", name, (long long)wanted->file_id,
		    (long long)wanted->later_id);
	return hs_error_set(err, HS_NOT_FOUND, "id",
	    "'%.200s' in the failed folder is not what file %lld was: somebody has changed or"
	    " replaced it. Look at it there; by its name alone hsctl takes it as it is", name,
	    (long long)wanted->file_id);
}

bool wanted_is(const struct wanted *wanted, int fd, const char *name,
    const struct progress *progress, struct hs_error *err)
{
	char text[DIGEST_TEXT_BYTES];
	struct digest digest;
	struct stat info;

	if (wanted->file_id == 0)
		return true;
	if (fstat(fd, &info) != 0)
		return hs_error_errno(err, name, "cannot look at the file");
	if (info.st_size != wanted->size_bytes)
		return is_another(wanted, name, err);
	return digest_file(fd, progress, &digest, err) &&
	    (strcmp(digest_text(&digest, text), wanted->sha256) == 0 ||
		is_another(wanted, name, err));
}
