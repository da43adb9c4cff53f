/* backup.c: the order of a backup: names, snapshot, dump, files, sums.
 *
 * The dump goes to an unnamed file first, since tar must know its size; then all of it is streamed.
 * Trusts hsctl only to take the bytes: when it goes, this ends, and leaves nothing behind. */
#include "daemons/supervisor/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/backup_file.h"
#include "common/clock.h"
#include "common/control.h"
#include "common/db.h"
#include "common/hex.h"
#include "common/settings_json.h"
#include "common/text.h"
#include "daemons/supervisor/backup_folders.h"
#include "daemons/supervisor/pg_run.h"
#include "daemons/supervisor/stream.h"
#include "daemons/supervisor/task_channel.h"

enum { PROGRESS_MS = 200, DUMP_MODE = 0600 };

struct backup {
	const struct hs_settings *settings;
	int channel, stream, dump;
	struct hs_db *then, *now;
	char snapshot[64];
	struct hs_backup_writer *writer;
	struct backup_folders folders;
	char file[HS_BACKUP_NAME_BYTES]; /* that is being written */
	int64_t bytes, total; /* of all members */
	int64_t next_word_ms, started_ms;
};

bool backup_spool(const struct hs_settings *settings, int *ret_fd, struct hs_error *err)
{
	const char *state = hs_setting_text(settings, HS_SET_STATE_DIR);
	char path[PATH_MAX];
	int fd = open(state, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
		if (!hs_format(path, sizeof path, err, "%s/run/spool.XXXXXX", state))
			return false;
		if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
			unlink(path);
	}
	if (fd < 0)
		return hs_error_errno(
		    err, state, "cannot make a temporary file in the state folder");
	*ret_fd = fd;
	return true;
}

/* ---- how far it is ---- */

static bool is_time_for_a_word(struct backup *backup)
{
	if (hs_clock_ms() < backup->next_word_ms)
		return false;
	backup->next_word_ms = hs_clock_ms() + PROGRESS_MS;
	return true;
}

static bool on_bytes(void *arg, int64_t bytes, struct hs_error *err)
{
	struct backup *backup = arg;

	(void)err;
	backup->bytes += bytes;
	if (is_time_for_a_word(backup))
		channel_progress(
		    backup->channel, "copying", backup->file, backup->bytes, backup->total);
	return true;
}

static void on_file(void *arg, const char *name)
{
	struct backup *backup = arg;

	snprintf(backup->file, sizeof backup->file, "%s", name);
}

static bool dump_may_go_on(void *arg, struct hs_error *err)
{
	struct backup *backup = arg;
	struct stat info;

	if (stream_is_over(backup->stream))
		return hs_error_set(err, HS_CANCELLED, "", "hsctl has gone: there is no backup");
	if (is_time_for_a_word(backup) && fstat(backup->dump, &info) == 0)
		channel_progress(backup->channel, "dumping", HS_BACKUP_DATABASE, info.st_size, 0);
	return true;
}

/* ---- the database ---- */

static bool take_snapshot(struct backup *backup, struct hs_error *err)
{
	PGresult *result = NULL;

	if (!hs_db_script(backup->then,
		"begin isolation level repeatable read read only; "
		"set local idle_in_transaction_session_timeout = 0; set local statement_timeout = "
		"0",
		err) ||
	    !hs_db_exec(backup->then,
		"select pg_export_snapshot(), to_regclass('import_file') is not null"
		" and to_regclass('schema_migration') is not null",
		&result, err))
		return false;
	snprintf(backup->snapshot, sizeof backup->snapshot, "%s", hs_db_text(result, 0, 0));
	if (strcmp(hs_db_text(result, 0, 1), "t") != 0) {
		PQclear(result);
		return hs_error_set(err, HS_MIGRATION, "",
		    "the database has none of our tables: there is nothing to back up");
	}
	PQclear(result);
	return true;
}

static bool dump_database(struct backup *backup, struct hs_error *err)
{
	char snapshot[96];
	const char *words[] = { "--format=custom", "--no-owner", "--no-privileges", "--no-password",
		"--lock-wait-timeout=60s", snapshot, NULL };
	const struct pg_run run = { .program = "pg_dump",
		.words = words,
		.in = -1,
		.may_go_on = dump_may_go_on,
		.arg = backup };
	struct pg_run with_out = run;

	snprintf(snapshot, sizeof snapshot, "--snapshot=%s", backup->snapshot);
	if (!backup_spool(backup->settings, &backup->dump, err))
		return false;
	with_out.out = backup->dump;
	return pg_run(backup->settings, backup->then, &with_out, err);
}

/* ---- the manifest ---- */

static json_t *migrations_json(struct hs_db *db, struct hs_error *err)
{
	PGresult *result = NULL;
	json_t *list = json_array();

	if (!hs_db_exec(db,
		"select number, name, encode(sha256, 'hex') from schema_migration"
		" order by number",
		&result, err)) {
		json_decref(list);
		return NULL;
	}
	for (int row = 0; row < PQntuples(result); row++)
		json_array_append_new(list,
		    json_pack("{s:I, s:s, s:s}", "number", (json_int_t)hs_db_int(result, row, 0),
			"name", hs_db_text(result, row, 1), "sha256", hs_db_text(result, row, 2)));
	PQclear(result);
	return list;
}

static json_t *facts_json(struct hs_db *db, struct hs_error *err)
{
	PGresult *result = NULL;
	json_t *migrations = migrations_json(db, err), *facts;

	if (migrations == NULL)
		return NULL;
	if (!hs_db_exec(db,
		"select current_setting('server_version'), version, players,"
		" (select count(*) from import_file), pg_database_size(current_database())"
		" from data_version",
		&result, err)) {
		json_decref(migrations);
		return NULL;
	}
	facts = json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "postgresql", hs_db_text(result, 0, 0),
	    "data_version", (json_int_t)hs_db_int(result, 0, 1), "players",
	    (json_int_t)hs_db_int(result, 0, 2), "import_files",
	    (json_int_t)hs_db_int(result, 0, 3), "size_bytes", (json_int_t)hs_db_int(result, 0, 4),
	    "migrations", migrations);
	PQclear(result);
	return facts;
}

static char *manifest_text(const struct backup *backup, struct hs_error *err)
{
	json_t *facts = facts_json(backup->then, err), *manifest;
	char made_at[32] = "", host[256] = "";
	time_t now = time(NULL);
	struct tm utc;
	char *text;

	if (facts == NULL)
		return NULL;
	if (gmtime_r(&now, &utc) != NULL)
		strftime(made_at, sizeof made_at, "%Y-%m-%dT%H:%M:%SZ", &utc);
	gethostname(host, sizeof host - 1);
	manifest = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:o}", "format",
	    "hoopscout-backup", "format_version", (int)HS_BACKUP_FORMAT, "hoopscout",
	    PACKAGE_VERSION, "made_at", made_at, "host", host, "not_in_it",
	    "hoopscout.conf, the mappings of extractors, certificates", "database", facts,
	    "settings", hs_settings_json(backup->settings));
	text = manifest == NULL ? NULL : json_dumps(manifest, JSON_INDENT(2));
	json_decref(manifest);
	if (text == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for the manifest");
	return text;
}

static bool write_manifest(struct backup *backup, struct hs_error *err)
{
	char *text = manifest_text(backup, err);
	bool done;

	if (text == NULL)
		return false;
	done = hs_backup_add_text(backup->writer, HS_BACKUP_MANIFEST, text, strlen(text), err);
	free(text);
	return done;
}

/* ---- all of it ---- */

static bool write_dump(struct backup *backup, struct hs_error *err)
{
	struct hs_backup_member member = {
		.name = HS_BACKUP_DATABASE, .mode = DUMP_MODE, .changed_at = time(NULL)
	};
	struct stat info;

	if (fstat(backup->dump, &info) != 0 || lseek(backup->dump, 0, SEEK_SET) != 0)
		return hs_error_errno(err, HS_BACKUP_DATABASE, "cannot read the dump again");
	member.size = info.st_size;
	backup->total = backup->folders.bytes + info.st_size;
	channel_say(backup->channel,
	    hs_message_event(0, "size", json_pack("{s:I}", "bytes", (json_int_t)backup->total)));
	on_file(backup, HS_BACKUP_DATABASE);
	return write_manifest(backup, err) &&
	    hs_backup_add_file(backup->writer, &member, backup->dump, on_bytes, backup, NULL, err);
}

static bool connect_both(struct backup *backup, struct hs_error *err)
{
	return hs_db_connect(
		   backup->settings, HS_DB_WRITER, "hsd-supervisor backup", &backup->then, err) &&
	    hs_db_connect(
		backup->settings, HS_DB_WRITER, "hsd-supervisor backup", &backup->now, err);
}

static bool write_folders(struct backup *backup, struct hs_error *err)
{
	struct backup_folders *folders = &backup->folders;

	folders->then = backup->then;
	folders->now = backup->now;
	folders->writer = backup->writer;
	folders->on_bytes = on_bytes;
	folders->on_file = on_file;
	folders->arg = backup;
	return backup_folders_copy(folders, err);
}

static void tell_result(const struct backup *backup, int64_t members, int64_t bytes)
{
	const int64_t *files = backup->folders.files;

	channel_say(backup->channel,
	    hs_message_result(0,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:O}", "members", (json_int_t)members,
		    "bytes", (json_int_t)bytes, "incoming", (json_int_t)files[FOLDER_INCOMING],
		    "archive", (json_int_t)files[FOLDER_ARCHIVE], "failed",
		    (json_int_t)files[FOLDER_FAILED], "seconds",
		    (double)(hs_clock_ms() - backup->started_ms) / 1000, "left_out",
		    backup->folders.left_out)));
}

bool backup_run(const struct hs_settings *settings, uid_t uid, int channel, struct hs_error *err)
{
	struct backup backup = { .settings = settings,
		.channel = channel,
		.stream = -1,
		.dump = -1,
		.folders = { .settings = settings },
		.started_ms = hs_clock_ms() };
	int64_t members, bytes;
	bool done;

	done = connect_both(&backup, err) &&
	    stream_open(settings, channel, uid, &backup.stream, err) &&
	    backup_folders_list(&backup.folders, err) && take_snapshot(&backup, err) &&
	    dump_database(&backup, err) &&
	    hs_backup_writer_new(backup.stream, &backup.writer, err) && write_dump(&backup, err) &&
	    write_folders(&backup, err) && hs_backup_finish(backup.writer, &members, &bytes, err);
	if (!done && err->sys_errno == EPIPE)
		hs_error_set(err, HS_CANCELLED, "", "hsctl has gone: there is no backup");
	if (done)
		tell_result(&backup, members, bytes);
	hs_backup_writer_free(backup.writer);
	backup_folders_done(&backup.folders);
	hs_db_free(backup.then);
	hs_db_free(backup.now);
	if (backup.stream >= 0)
		close(backup.stream);
	if (backup.dump >= 0)
		close(backup.dump);
	return done;
}
