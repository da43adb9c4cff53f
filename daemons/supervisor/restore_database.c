/* restore_database.c: CREATE DATABASE, pg_restore, migrations, and the change of names.
 *
 * Trusts the dump as far as its checksum goes. The name in use never stands for nothing: both
 * renamings are one transaction. */
#include "daemons/supervisor/restore_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/migrate.h"
#include "common/text.h"
#include "daemons/supervisor/pg_run.h"

enum { SWAP_TRIES = 10, SQL_BYTES = 1024, CONNINFO_BYTES = 4 * DATABASE_NAME_BYTES };

/* What a restored system must not go on with: sessions of then, commands that waited, work that
 * ran. Its data version is one that no cache has seen. */
#define TIDY                                                                                       \
	"delete from account_session; "                                                            \
	"update command_request set status = 'cancelled', finished_at = now(),"                    \
	" error = '{\"code\":\"cancelled\",\"message\":\"it waited when the backup was made\"}'"   \
	" where status in ('waiting', 'running'); "                                                \
	"update extractor_run set status = 'lost', finished_at = now(),"                           \
	" error = '{\"code\":\"cancelled\",\"message\":\"it ran when the backup was made\"}'"      \
	" where status = 'running'; "                                                              \
	"update import_run set status = 'interrupted', finished_at = now() where status = "        \
	"'running'; "                                                                              \
	"analyze"

bool restore_connect(const struct hs_settings *settings, const char *database, struct hs_db **ret,
    struct hs_error *err)
{
	/* the task's own settings: nobody else reads them meanwhile */
	struct hs_settings *ours = (struct hs_settings *)(uintptr_t)settings;
	char now[DATABASE_NAME_BYTES];
	struct hs_error ignored = HS_ERROR_INIT;
	bool done;

	snprintf(now, sizeof now, "%s", hs_setting_text(settings, HS_SET_POSTGRES_DB));
	done = hs_settings_override(ours, HS_SET_POSTGRES_DB, database, err) &&
	    hs_db_connect(ours, HS_DB_WRITER, "hsd-supervisor restore", ret, err);
	hs_settings_override(ours, HS_SET_POSTGRES_DB, now, &ignored);
	return done;
}

/* Databases are made and renamed from another one. */
static bool connect_beside(
    const struct hs_settings *settings, struct hs_db **ret, struct hs_error *err)
{
	struct hs_error first = HS_ERROR_INIT;

	if (restore_connect(settings, "postgres", ret, &first))
		return true;
	if (first.code == HS_DB_REFUSED && restore_connect(settings, "template1", ret, err))
		return true;
	*err = first;
	return false;
}

bool restore_has(struct hs_db *db, const char *name, bool *ret, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_exec(
		db, "select 1 from pg_database where datname = $1::text", &result, err, name))
		return false;
	*ret = PQntuples(result) == 1;
	PQclear(result);
	return true;
}

/* Statements that take no parameters: the server quotes the names in them. Runs what sql gives. */
static bool run_quoted(
    struct hs_db *db, const char *sql, const char *one, const char *other, struct hs_error *err)
{
	PGresult *result = NULL;
	bool done = true;

	if (!hs_db_exec(db, sql, &result, err, one, other))
		return false;
	for (int row = 0; done && row < PQntuples(result); row++)
		done = hs_db_run(db, hs_db_text(result, row, 0), NULL, 0, NULL, err);
	PQclear(result);
	return done;
}

static bool put_out(struct hs_db *db, const char *name, struct hs_error *err)
{
	return hs_db_exec(db,
	    "select pg_terminate_backend(pid) from pg_stat_activity"
	    " where datname = $1::text and pid <> pg_backend_pid()",
	    NULL, err, name);
}

bool restore_drop(struct hs_db *db, const char *name, struct hs_error *err)
{
	return put_out(db, name, err) &&
	    run_quoted(db,
		"select format('drop database if exists %I',"
		" $1::text) where $2::text = ''",
		name, "", err);
}

/* ---- what is there ---- */

bool restore_describe(const struct hs_settings *settings, const char *database, char *buf,
    size_t size, struct hs_error *err)
{
	static const char *const words[] = { "accounts", "players", "imported files",
		"linked players", "extractor runs" };
	struct hs_db *db = NULL;
	PGresult *result = NULL;
	size_t at = 0;
	bool done;

	buf[0] = '\0';
	if (!restore_connect(settings, database, &db, err))
		return false;
	done = hs_db_exec(db,
	    "select to_regclass('public.account') is not null"
	    " and to_regclass('public.extractor_run') is not null",
	    &result, err);
	if (done && strcmp(hs_db_text(result, 0, 0), "t") == 0) {
		PQclear(result);
		result = NULL;
		done = hs_db_exec(db,
		    "select (select count(*) from account), (select count(*) from player),"
		    " (select count(*) from import_file), (select count(*) from player_link),"
		    " (select count(*) from extractor_run)",
		    &result, err);
		for (size_t i = 0; done && i < HS_COUNT(words) && at < size; i++)
			if (hs_db_int(result, 0, (int)i) > 0)
				at += (size_t)snprintf(buf + at, size - at, "%s%lld %s",
				    at > 0 ? ", " : "", (long long)hs_db_int(result, 0, (int)i),
				    words[i]);
	}
	PQclear(result);
	hs_db_free(db);
	return done;
}

/* One text of one row; an empty one for null. */
static bool ask_text(struct hs_db *db, const char *sql, const char *value, char **ret,
    struct hs_error *err)
{
	PGresult *result = NULL;
	const char *text;

	if (!hs_db_exec(db, sql, &result, err, value))
		return false;
	text = hs_db_text(result, 0, 0);
	*ret = strdup(text != NULL ? text : "");
	PQclear(result);
	return *ret != NULL || hs_error_set(err, HS_NO_MEMORY, "", "no memory for names of tables");
}

bool restore_strangers(const struct hs_settings *settings, const struct restore_names *names,
    bool with_fresh, char *buf, size_t size, struct hs_error *err)
{
	static const char ours[] =
	    "select string_agg(relname, ',') from pg_class"
	    " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
	    " and $1::text = ''";
	static const char others[] =
	    "select string_agg(format('%I.%I', n.nspname, c.relname), ', ')"
	    " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
	    " where c.relkind in ('r', 'p') and n.nspname !~ '^pg_'"
	    " and n.nspname <> 'information_schema' and (n.nspname <> 'public'"
	    " or ($1::text <> '' and c.relname <> all (string_to_array($1::text, ','))))"
	    " and not exists (select from pg_depend d where d.objid = c.oid"
	    " and d.classid = 'pg_class'::regclass and d.deptype = 'e')";
	struct hs_db *now = NULL, *fresh = NULL;
	char *known = NULL, *found = NULL;
	bool done;

	done = (!with_fresh || (restore_connect(settings, names->fresh, &fresh, err) &&
				   ask_text(fresh, ours, "", &known, err))) &&
	    restore_connect(settings, names->now, &now, err) &&
	    ask_text(now, others, known != NULL ? known : "", &found, err);
	if (done)
		snprintf(buf, size, "%.*s", hs_utf8_cut(found, size - 1), found);
	hs_db_free(now);
	hs_db_free(fresh);
	free(known);
	free(found);
	return done;
}

/* ---- the new one ---- */

static bool create(struct hs_db *db, const struct restore_names *names, struct hs_error *err)
{
	static const char like_now[] =
	    "select format('create database %I template template0 encoding %L lc_collate %L "
	    "lc_ctype %L',"
	    " $2::text, pg_encoding_to_char(encoding), datcollate, datctype)"
	    " || case when to_jsonb(d)->>'datlocprovider' = 'i' then format("
	    "' locale_provider icu icu_locale %L', coalesce(to_jsonb(d)->>'daticulocale',"
	    " to_jsonb(d)->>'datlocale')) else '' end"
	    " from pg_database d where datname = $1::text";

	if (run_quoted(db, like_now, names->now, names->fresh, err))
		return true;
	if (strstr(err->message, "42501") != NULL)
		return hs_error_set(err, HS_DB_REFUSED, "POSTGRES_USER",
		    "a restore makes a database beside the one in use, which POSTGRES_USER may "
		    "not: as an "
		    "administrator of that server, ALTER ROLE ... CREATEDB");
	return false;
}

/* dbname='...' with \ before ' and \. */
static bool conninfo(const char *name, char *buf, size_t size, struct hs_error *err)
{
	static const char start[] = "--dbname=dbname='";
	size_t at = strlen(start);

	if (2 * strlen(name) + sizeof start + 1 > size)
		return hs_error_set(err, HS_TOO_LONG, name, "this name is too long");
	memcpy(buf, start, at);
	for (; *name != '\0'; name++) {
		if (*name == '\'' || *name == '\\')
			buf[at++] = '\\';
		buf[at++] = *name;
	}
	memcpy(buf + at, "'", sizeof "'");
	return true;
}

static bool load(const struct hs_settings *settings, struct hs_db *db, const char *name, int dump,
    bool (*may_go_on)(void *arg, struct hs_error *err), void *arg, struct hs_error *err)
{
	char target[CONNINFO_BYTES];
	const char *words[] = { "--exit-on-error", "--single-transaction", "--no-owner",
		"--no-privileges", "--no-password", target, NULL };
	const struct pg_run run = { .program = "pg_restore",
		.words = words,
		.in = dump,
		.out = -1,
		.may_go_on = may_go_on,
		.arg = arg };

	if (lseek(dump, 0, SEEK_SET) != 0)
		return hs_error_errno(err, "", "cannot read the dump again");
	return conninfo(name, target, sizeof target, err) && pg_run(settings, db, &run, err);
}

static bool data_version(const struct hs_settings *settings, const char *database, char *buf,
    size_t size, struct hs_error *err)
{
	struct hs_db *db = NULL;
	PGresult *result = NULL;
	bool done;

	snprintf(buf, size, "0");
	if (!restore_connect(settings, database, &db, err))
		return false;
	done =
	    hs_db_exec(db, "select to_regclass('public.data_version') is not null", &result, err);
	if (done && strcmp(hs_db_text(result, 0, 0), "t") == 0) {
		PQclear(result);
		result = NULL;
		done = hs_db_exec(db, "select version from data_version", &result, err);
		if (done && PQntuples(result) == 1)
			snprintf(buf, size, "%s", hs_db_text(result, 0, 0));
	}
	PQclear(result);
	hs_db_free(db);
	return done;
}

static bool finish(
    const struct hs_settings *settings, const struct restore_names *names, struct hs_error *err)
{
	struct hs_migrations state = { 0 };
	char dir[4096], version[32];
	struct hs_db *db = NULL;
	bool done;

	done =
	    hs_format(dir, sizeof dir, err, "%s/sql", hs_setting_text(settings, HS_SET_DATA_DIR)) &&
	    data_version(settings, names->now, version, sizeof version, err) &&
	    restore_connect(settings, names->fresh, &db, err) &&
	    hs_migrate(db, dir, NULL, NULL, &state, err) && hs_db_script(db, TIDY, err) &&
	    hs_db_exec(db, "update data_version set version = greatest(version, $1::bigint) + 1",
		NULL, err, version);
	hs_db_free(db);
	return done;
}

bool restore_fill(const struct hs_settings *settings, const struct restore_names *names, int dump,
    bool (*may_go_on)(void *arg, struct hs_error *err), void *arg, struct hs_error *err)
{
	struct hs_db *db = NULL;
	bool done;

	done = connect_beside(settings, &db, err) && create(db, names, err) &&
	    load(settings, db, names->fresh, dump, may_go_on, arg, err) &&
	    finish(settings, names, err);
	hs_db_free(db);
	return done;
}

/* ---- the change ---- */

static bool rename_both(struct hs_db *db, const struct restore_names *names, struct hs_error *err)
{
	static const char rename_one[] =
	    "select format('alter database %I rename to %I', $1::text, $2::text)";

	if (hs_db_begin(db, err) && run_quoted(db, rename_one, names->now, names->before, err) &&
	    run_quoted(db, rename_one, names->fresh, names->now, err) && hs_db_commit(db, err))
		return true;
	hs_db_rollback(db);
	return false;
}

bool restore_swap(
    const struct hs_settings *settings, const struct restore_names *names, struct hs_error *err)
{
	struct hs_db *db = NULL;
	bool done = false;

	if (!connect_beside(settings, &db, err))
		return false;
	for (int i = 0; !done && i < SWAP_TRIES; i++) {
		*err = (struct hs_error)HS_ERROR_INIT;
		done = put_out(db, names->now, err) && put_out(db, names->fresh, err) &&
		    rename_both(db, names, err);
		if (!done && strstr(err->message, "55006") == NULL)
			break; /* other than that someone is connected */
	}
	hs_db_free(db);
	return done;
}
