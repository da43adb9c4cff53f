/* migrate.c: applies numbered SQL files, each once, each in one transaction with its record.
 *
 * Trusts the files (they are ours, or an operator's) but not that they are whole, unedited
 * or in order: all of that is checked, against each other and against what the database
 * recorded, before anything runs and again under the lock before each step. A step that
 * fails leaves the database as it was before that step. */
#include "common/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/file.h"
#include "common/hex.h"
#include "common/text.h"

enum {
	NUMBER_DIGITS = 3,
	MAX_MIGRATIONS = 999,
	NAME_BYTES = 128,
	SHA256_BYTES = 32,
	HEX_BYTES = 2 * SHA256_BYTES + 1,
	MAX_FILE_BYTES = 8 << 20
};

/* Whoever migrates holds this lock; the two halves are "hoop" and the table's turn. */
#define LOCK "select pg_advisory_xact_lock(1752133488, 1), pg_current_xact_id()::text"

#define MAKE_TABLE \
	"create table if not exists schema_migration (" \
	"number integer primary key, name text not null, sha256 bytea not null, " \
	"applied_at timestamptz not null default now())"

struct migration {
	int number;
	char name[NAME_BYTES];
	char sha256[HEX_BYTES];
	char *sql;
};

/* Sorted by number; after check_files the n-th has number n + 1. */
struct folder {
	const char *path;
	size_t count;
	struct migration *files;
};

static void free_folder(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		free(folder->files[i].sql);
	free(folder->files);
}

/* ^[0-9]{3}_[a-z0-9_]+\.sql$ */
static bool parse_name(const char *name, int *ret_number)
{
	static const char digits[] = "0123456789";
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *rest = name + NUMBER_DIGITS + 1;
	size_t length;

	if (strspn(name, digits) != NUMBER_DIGITS || name[NUMBER_DIGITS] != '_')
		return false;
	length = strspn(rest, word);
	if (length == 0 || strcmp(rest + length, ".sql") != 0 || strlen(name) >= NAME_BYTES)
		return false;
	*ret_number = (name[0] - '0') * 100 + (name[1] - '0') * 10 + (name[2] - '0');
	return true;
}

static bool ends_in_sql(const char *name)
{
	size_t length = strlen(name);

	return length >= 4 && strcmp(name + length - 4, ".sql") == 0;
}

static bool hash_text(const char *text, size_t length, char hex[HEX_BYTES], struct hs_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (EVP_Digest(text, length, digest, &size, EVP_sha256(), NULL) != 1 ||
	    size != SHA256_BYTES)
		return hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	hs_hex_text(digest, SHA256_BYTES, hex);
	return true;
}

static bool add_file(struct folder *folder, int dir, const char *name, struct hs_error *err)
{
	struct migration *file;
	size_t length;
	int number;

	if (!parse_name(name, &number))
		return hs_error_set(err, HS_MIGRATION, name,
		    "the name of a migration is three digits, _, small letters, digits or _, and "
		    ".sql (001_entities.sql): rename the file, or take it out of %s", folder->path);
	if (folder->count == MAX_MIGRATIONS)
		return hs_error_set(err, HS_MIGRATION, name, "more than %d migrations in %s",
		    MAX_MIGRATIONS, folder->path);
	file = &folder->files[folder->count];
	file->number = number;
	memcpy(file->name, name, strlen(name) + 1);	/* parse_name has seen that it fits */
	if (!hs_file_slurp(dir, name, MAX_FILE_BYTES, &file->sql, &length, err)) {
		hs_error_at(err, name);
		return false;
	}
	folder->count++;
	if (memchr(file->sql, '\0', length) != NULL)
		return hs_error_set(err, HS_MIGRATION, name,
		    "there is a NUL character in this migration: put the released file back");
	return hash_text(file->sql, length, file->sha256, err);
}

static int by_name(const void *left, const void *right)
{
	const struct migration *one = left, *other = right;

	return strcmp(one->name, other->name);
}

/* Numbered from 1, without a gap, each number once. */
static bool check_files(const struct folder *folder, struct hs_error *err)
{
	if (folder->count == 0)
		return hs_error_set(err, HS_MIGRATION, folder->path,
		    "there are no migrations (NNN_name.sql) here: check HOOPSCOUT_DATA_DIR");
	for (size_t i = 0; i < folder->count; i++) {
		const struct migration *file = &folder->files[i];
		int want = (int)i + 1;

		if (i > 0 && file->number == folder->files[i - 1].number)
			return hs_error_set(err, HS_MIGRATION, file->name,
			    "%s has the same number: give the newer of the two the next free one",
			    folder->files[i - 1].name);
		if (file->number != want)
			return hs_error_set(err, HS_MIGRATION, file->name,
			    "migration %03d is missing in %s, or this one should have that number",
			    want, folder->path);
	}
	return true;
}

static bool list_files(struct folder *folder, int fd, DIR *dir, struct hs_error *err)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' && ends_in_sql(entry->d_name) &&
		    !add_file(folder, fd, entry->d_name, err))
			return false;
	}
	if (errno != 0)
		return hs_error_errno(err, folder->path, "cannot read the folder of migrations");
	return true;
}

/* On success the caller frees the folder. */
static bool read_folder(const char *path, struct folder *ret, struct hs_error *err)
{
	struct folder folder = { .path = path };
	bool done = false;
	DIR *dir;
	int fd;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return hs_error_errno(err, path, "cannot open the folder of migrations");
	if ((dir = fdopendir(fd)) == NULL) {
		hs_error_errno(err, path, "cannot open the folder of migrations");
		close(fd);
		return false;
	}
	if ((folder.files = calloc(MAX_MIGRATIONS, sizeof *folder.files)) == NULL)
		hs_error_set(err, HS_NO_MEMORY, path, "no memory for the migrations");
	else
		done = list_files(&folder, fd, dir, err);
	closedir(dir);		/* and fd with it */
	if (done) {
		qsort(folder.files, folder.count, sizeof *folder.files, by_name);
		done = check_files(&folder, err);
	}
	if (done)
		*ret = folder;
	else
		free_folder(&folder);
	return done;
}

/* One recorded migration against its file. */
static bool compare_one(const struct folder *folder, int number, const char *name,
    const char *sha256, size_t place, struct hs_error *err)
{
	const struct migration *file;

	if (place >= folder->count)
		return hs_error_set(err, HS_MIGRATION, name,
		    "this database has had migration %s, which %s does not hold: a newer HoopScout "
		    "has used it. Run that version, or restore a backup from before",
		    name, folder->path);
	file = &folder->files[place];
	if (number != file->number)
		return hs_error_set(err, HS_MIGRATION, file->name,
		    "this database has had %s, but never %s before it: its table schema_migration "
		    "is damaged; restore a backup", name, file->name);
	if (strcmp(name, file->name) != 0)
		return hs_error_set(err, HS_MIGRATION, file->name,
		    "this database has had migration %03d as %s: give the file that name again",
		    number, name);
	if (strcmp(sha256, file->sha256) != 0)
		return hs_error_set(err, HS_MIGRATION, file->name,
		    "%s/%s was edited after this database had had it: put the released file back, "
		    "and write what is to change into a new migration", folder->path, file->name);
	return true;
}

/* How many of the folder's migrations are recorded; all that are recorded must fit the files. */
static bool compare_records(struct hs_db *db, const struct folder *folder, size_t *ret_applied,
    struct hs_error *err)
{
	PGresult *rows = NULL;
	bool done = true;
	int count;

	if (!hs_db_exec(db, "select number, name, encode(sha256, 'hex') from schema_migration "
		"order by number", &rows, err))
		return false;
	count = PQntuples(rows);
	for (int i = 0; i < count && done; i++)
		done = compare_one(folder, (int)hs_db_int(rows, i, 0), hs_db_text(rows, i, 1),
		    hs_db_text(rows, i, 2), (size_t)i, err);
	PQclear(rows);
	if (done)
		*ret_applied = (size_t)count;
	return done;
}

/* A migration that ends the transaction by itself would part from its record. */
static bool check_transaction(struct hs_db *db, const char *transaction, const char *name,
    struct hs_error *err)
{
	PGresult *result = NULL;
	bool same;

	if (!hs_db_exec(db, "select pg_current_xact_id_if_assigned()::text is not distinct from $1",
		&result, err, transaction))
		return false;
	same = strcmp(hs_db_text(result, 0, 0), "t") == 0;
	PQclear(result);
	if (!same)
		return hs_error_set(err, HS_MIGRATION, name,
		    "this migration ends its transaction itself: take BEGIN, COMMIT and ROLLBACK "
		    "out of it. What it did before is in the database, without a record of it");
	return true;
}

static bool run_file(struct hs_db *db, const struct migration *file, const char *transaction,
    struct hs_error *err)
{
	char number[NUMBER_DIGITS + 1];

	snprintf(number, sizeof number, "%.3s", file->name);
	if (!hs_db_script(db, file->sql, err) ||
	    !check_transaction(db, transaction, file->name, err) ||
	    !hs_db_exec(db, "insert into schema_migration (number, name, sha256) "
		"values ($1::integer, $2, decode($3, 'hex'))", NULL, err, number, file->name,
		file->sha256)) {
		hs_error_at(err, file->name);
		return false;
	}
	return true;
}

struct report {
	void (*on_step)(void *arg, const char *name);
	void *arg;
};

/* Inside a transaction: takes the lock, looks again, and runs the next file, when there is one. */
static bool run_next(struct hs_db *db, const struct folder *folder, const struct report *report,
    size_t *ret_applied, bool *ret_ran, struct hs_error *err)
{
	PGresult *locked = NULL;
	size_t applied;
	bool done;

	if (!hs_db_exec(db, LOCK, &locked, err))
		return false;
	done = hs_db_exec(db, MAKE_TABLE, NULL, err) && compare_records(db, folder, &applied, err);
	if (done && applied < folder->count) {
		const struct migration *file = &folder->files[applied];

		if (report->on_step != NULL)
			report->on_step(report->arg, file->name);
		done = run_file(db, file, hs_db_text(locked, 0, 1), err);
		if (done) {
			*ret_applied = applied + 1;
			*ret_ran = true;
		}
	} else if (done) {
		*ret_applied = applied;
		*ret_ran = false;
	}
	PQclear(locked);
	return done;
}

static bool step(struct hs_db *db, const struct folder *folder, const struct report *report,
    size_t *ret_applied, bool *ret_ran, struct hs_error *err)
{
	if (!hs_db_begin(db, err))
		return false;
	if (run_next(db, folder, report, ret_applied, ret_ran, err) && hs_db_commit(db, err))
		return true;
	hs_db_rollback(db);
	return false;
}

static void describe(const struct folder *folder, size_t applied, size_t newly,
    struct hs_migrations *ret)
{
	ret->known = folder->count;
	ret->applied = applied;
	ret->newly = newly;
	snprintf(ret->latest, sizeof ret->latest, "%s",
	    applied > 0 ? folder->files[applied - 1].name : "");
}

bool hs_migrate(struct hs_db *db, const char *dir, void (*on_step)(void *arg, const char *name),
    void *arg, struct hs_migrations *ret, struct hs_error *err)
{
	struct report report = { .on_step = on_step, .arg = arg };
	struct folder folder;
	size_t applied = 0, newly = 0;
	bool ran = true, done = true;

	if (!read_folder(dir, &folder, err))
		return false;
	while (done && ran) {
		done = step(db, &folder, &report, &applied, &ran, err);
		if (done && ran)
			newly++;
	}
	if (done)
		describe(&folder, applied, newly, ret);
	free_folder(&folder);
	return done;
}

static bool has_table(struct hs_db *db, bool *ret, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(db, "select to_regclass('schema_migration') is not null", &result, err))
		return false;
	*ret = strcmp(hs_db_text(result, 0, 0), "t") == 0;
	PQclear(result);
	return true;
}

bool hs_migrate_check(struct hs_db *db, const char *dir, struct hs_migrations *ret,
    struct hs_error *err)
{
	struct folder folder;
	size_t applied = 0;
	bool there = false, done;

	if (!read_folder(dir, &folder, err))
		return false;
	done = has_table(db, &there, err) &&
	    (!there || compare_records(db, &folder, &applied, err));
	if (done && applied < folder.count)
		done = hs_error_set(err, HS_MIGRATION, folder.files[applied].name,
		    "%zu of %zu migrations are still to be applied: run hsctl migrate",
		    folder.count - applied, folder.count);
	if (done)
		describe(&folder, applied, 0, ret);
	free_folder(&folder);
	return done;
}

bool hs_migrations_count(const char *dir, size_t *ret, struct hs_error *err)
{
	struct folder folder;

	if (!read_folder(dir, &folder, err))
		return false;
	*ret = folder.count;
	free_folder(&folder);
	return true;
}
