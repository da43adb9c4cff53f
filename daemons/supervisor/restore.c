/* restore.c: the order of a restore, its journal, and what follows when it is broken off.
 *
 * The journal stands from before the first thing is made until after the last one is removed. Which
 * way a broken restore goes is asked of PostgreSQL, not of the journal: the old database has its
 * name from before, or it has not. */
#include "daemons/supervisor/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/backup_file.h"
#include "common/clock.h"
#include "common/control.h"
#include "common/file.h"
#include "common/log.h"
#include "common/migrate.h"
#include "common/text.h"
#include "daemons/supervisor/backup.h"
#include "daemons/supervisor/restore_database.h"
#include "daemons/supervisor/restore_folders.h"
#include "daemons/supervisor/stream.h"
#include "daemons/supervisor/task_channel.h"

enum {
	PROGRESS_MS = 200,
	STAMP_BYTES = 24,
	JOURNAL_BYTES = 4096,
	DESCRIPTION_BYTES = 256,
	HOLD_EXTRA_SECONDS = 30 /* beside HOOPSCOUT_STOP_SECONDS */
};

#define JOURNAL "restore.json"

struct restore {
	const struct hs_settings *settings;
	uid_t uid; /* whose hsctl it is */
	int channel, stream, dump;
	bool replaces, was_empty;
	bool is_placed; /* nothing is left but to remove what is of no use */
	char stamp[STAMP_BYTES];
	struct restore_names names;
	char maker[64], made_at[40]; /* of the backup */
	struct restore_file file;
	bool is_dump; /* the member that is being read */
	char shown[HS_BACKUP_NAME_BYTES];
	struct hs_backup_counts counts;
	int64_t next_word_ms, started_ms;
};

/* ---- the journal ---- */

static bool journal_write(const struct restore *restore, struct hs_error *err)
{
	const char *state = hs_setting_text(restore->settings, HS_SET_STATE_DIR);
	json_t *journal =
	    json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "stamp", restore->stamp, "database",
		restore->names.now, "fresh", restore->names.fresh, "before", restore->names.before,
		"was_empty", restore->was_empty, "is_placed", restore->is_placed);
	char *text = journal == NULL ? NULL : json_dumps(journal, 0);
	int dir = -1;
	bool done;

	json_decref(journal);
	if (text == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a restore");
	done = hs_dir_open(state, &dir, err) &&
	    hs_file_write(dir, JOURNAL, text, strlen(text), 0600, err);
	if (dir >= 0)
		close(dir);
	free(text);
	return done;
}

static void copy_text(const json_t *journal, const char *key, char *buf, size_t size)
{
	const char *text = json_string_value(json_object_get(journal, key));

	snprintf(buf, size, "%s", text != NULL ? text : "");
}

/* *ret_found: there is one. */
static bool journal_read(struct restore *restore, bool *ret_found, struct hs_error *err)
{
	char path[PATH_MAX], part[PATH_MAX], *text = NULL;
	struct hs_error missing = HS_ERROR_INIT;
	size_t length;
	json_t *journal;
	bool done;

	*ret_found = false;
	if (!hs_format(path, sizeof path, err, "%s/" JOURNAL,
		hs_setting_text(restore->settings, HS_SET_STATE_DIR)) ||
	    !hs_format(part, sizeof part, err, "%s.part", path))
		return false;
	if (!hs_file_slurp(AT_FDCWD, path, JOURNAL_BYTES, &text, &length, &missing)) {
		if (missing.code != HS_NOT_FOUND) {
			*err = missing;
			return false;
		}
		/* one that was broken off at its very beginning */
		return unlink(part) == 0 || errno == ENOENT ||
		    hs_error_errno(err, part, "cannot remove it");
	}
	journal = json_loads(text, 0, NULL);
	free(text);
	copy_text(journal, "stamp", restore->stamp, sizeof restore->stamp);
	copy_text(journal, "database", restore->names.now, sizeof restore->names.now);
	copy_text(journal, "fresh", restore->names.fresh, sizeof restore->names.fresh);
	copy_text(journal, "before", restore->names.before, sizeof restore->names.before);
	restore->was_empty = json_is_true(json_object_get(journal, "was_empty"));
	restore->is_placed = json_is_true(json_object_get(journal, "is_placed"));
	json_decref(journal);
	done = restore->stamp[0] != '\0' && restore->names.now[0] != '\0' &&
	    restore->names.fresh[0] != '\0' && restore->names.before[0] != '\0';
	*ret_found = done;
	return done ||
	    hs_error_set(err, HS_IO, path,
		"the note of a restore that was broken off cannot be read: look for .restoring- "
		"folders, then "
		"remove it");
}

static bool journal_remove(const struct hs_settings *settings, struct hs_error *err)
{
	int dir;
	bool done;

	if (!hs_dir_open(hs_setting_text(settings, HS_SET_STATE_DIR), &dir, err))
		return false;
	done = (unlinkat(dir, JOURNAL, 0) == 0 || errno == ENOENT) && fsync(dir) == 0;
	if (!done)
		hs_error_errno(err, JOURNAL, "cannot remove the note of the restore");
	close(dir);
	return done;
}

bool restore_is_open(const struct hs_settings *settings)
{
	struct hs_error ignored = HS_ERROR_INIT;
	char path[PATH_MAX];

	return hs_format(path, sizeof path, &ignored, "%s/" JOURNAL,
		   hs_setting_text(settings, HS_SET_STATE_DIR)) &&
	    access(path, F_OK) == 0;
}

/* Held by whoever restores or clears up; it ends with its process. *ret_fd -1: another has it. */
static bool take_lock(const struct hs_settings *settings, int *ret_fd, struct hs_error *err)
{
	if (!hs_dir_open(hs_setting_text(settings, HS_SET_STATE_DIR), ret_fd, err))
		return false;
	if (flock(*ret_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	close(*ret_fd);
	*ret_fd = -1;
	return errno == EWOULDBLOCK || hs_error_errno(err, "", "cannot lock the state folder");
}

/* ---- after a break ---- */

/* Also the last steps of one that was not broken off. */
static bool go_forward(struct restore *restore, struct hs_db *db, struct hs_error *err)
{
	if (!restore_place(restore->settings, restore->stamp, err))
		return false;
	restore->is_placed = true;
	return (!restore->was_empty ||
		   (journal_write(restore, err) && restore_drop(db, restore->names.before, err))) &&
	    journal_remove(restore->settings, err);
}

static bool go_back(const struct restore *restore, struct hs_db *db, struct hs_error *err)
{
	return restore_drop(db, restore->names.fresh, err) &&
	    restore_unstage(restore->settings, restore->stamp, err) &&
	    journal_remove(restore->settings, err);
}

/* *ret_forward: the change had been made. */
static bool end_broken(struct restore *restore, bool *ret_forward, struct hs_error *err)
{
	struct hs_db *db = NULL;
	bool done, has_fresh = false, has_before = false;

	/* the names of databases are the same from each of them */
	done = restore_connect(restore->settings, restore->names.now, &db, err) &&
	    restore_has(db, restore->names.fresh, &has_fresh, err) &&
	    restore_has(db, restore->names.before, &has_before, err);
	if (done) {
		*ret_forward = has_before || restore->is_placed;
		done = *ret_forward ? go_forward(restore, db, err) : go_back(restore, db, err);
	}
	hs_db_free(db);
	return done;
}

static bool recover(const struct hs_settings *settings, struct hs_error *err)
{
	struct restore restore = { .settings = settings };
	bool found, forward = false;

	if (!journal_read(&restore, &found, err))
		return false;
	if (!found)
		return true;
	if (!end_broken(&restore, &forward, err))
		return false;
	hs_log(HS_LOG_WARNING,
	    forward
		? "a restore was broken off and has been finished: the new system is in place"
		: "a restore was broken off and has been undone: the system is as it was before",
	    HS_STR("restore", restore.stamp));
	return true;
}

bool restore_recover(const struct hs_settings *settings, struct hs_error *err)
{
	int lock;
	bool done;

	if (!take_lock(settings, &lock, err))
		return false;
	if (lock < 0)
		return true; /* one is at work */
	done = recover(settings, err);
	close(lock);
	return done;
}

/* ---- reading the backup ---- */

static bool on_manifest(void *arg, const json_t *manifest, struct hs_error *err)
{
	struct restore *restore = arg;
	const json_t *database = json_object_get(manifest, "database");
	size_t theirs = json_array_size(json_object_get(database, "migrations")), ours;
	char dir[PATH_MAX];

	copy_text(manifest, "hoopscout", restore->maker, sizeof restore->maker);
	copy_text(manifest, "made_at", restore->made_at, sizeof restore->made_at);
	if (!hs_format(dir, sizeof dir, err, "%s/sql",
		hs_setting_text(restore->settings, HS_SET_DATA_DIR)) ||
	    !hs_migrations_count(dir, &ours, err))
		return false;
	return theirs <= ours ||
	    hs_error_set(err, HS_MIGRATION, HS_BACKUP_MANIFEST,
		"this backup is of a newer HoopScout (%.40s): it has %zu migrations, and this "
		"one, " PACKAGE_VERSION ", knows %zu; install that version first",
		restore->maker, theirs, ours);
}

static bool on_member(void *arg, const struct hs_backup_member *member, struct hs_error *err)
{
	struct restore *restore = arg;

	snprintf(restore->shown, sizeof restore->shown, "%s", member->name);
	restore->is_dump = strcmp(member->name, HS_BACKUP_DATABASE) == 0;
	if (!restore->is_dump)
		return restore_file_begin(
		    restore->settings, restore->stamp, member, &restore->file, err);
	if (restore->dump >= 0)
		return hs_error_set(
		    err, HS_BAD_BACKUP, member->name, "there are two databases in the backup");
	return backup_spool(restore->settings, &restore->dump, err);
}

static bool on_bytes(void *arg, const void *bytes, size_t length, struct hs_error *err)
{
	struct restore *restore = arg;

	if (hs_file_write_all(
		restore->is_dump ? restore->dump : restore->file.fd, bytes, length, err))
		return true;
	hs_error_at(err, restore->shown);
	return false;
}

static bool on_end(void *arg, struct hs_error *err)
{
	struct restore *restore = arg;

	return restore->is_dump || restore_file_end(&restore->file, err);
}

static void on_progress(void *arg, int64_t bytes)
{
	struct restore *restore = arg;

	if (hs_clock_ms() < restore->next_word_ms)
		return;
	restore->next_word_ms = hs_clock_ms() + PROGRESS_MS;
	channel_progress(restore->channel, "reading",
	    restore->shown[0] != '\0' ? restore->shown : "backup", bytes, 0);
}

static bool read_backup(struct restore *restore, struct hs_error *err)
{
	static const struct hs_backup_reader reader = { on_manifest, on_member, on_bytes, on_end,
		on_progress };

	if (!stream_open(restore->settings, restore->channel, restore->uid, &restore->stream, err))
		return false;
	if (!hs_backup_read(restore->stream, &reader, restore, &restore->counts, err))
		return false;
	return restore->dump >= 0 ||
	    hs_error_set(
		err, HS_BAD_BACKUP, HS_BACKUP_DATABASE, "there is no database in the backup");
}

/* ---- all of it ---- */

/* What the database has beside our tables loses its place too. has_fresh: the new one is there. */
static bool check_strangers(struct restore *restore, bool has_fresh, struct hs_error *err)
{
	char tables[DESCRIPTION_BYTES];

	if (!restore_strangers(restore->settings, &restore->names, has_fresh, tables, sizeof tables,
		err))
		return false;
	if (tables[0] == '\0')
		return true;
	restore->was_empty = false;
	return restore->replaces ||
	    hs_error_set(err, HS_EXISTS, "",
		"the database %s has tables that are not HoopScout's (%s): --replace puts all of "
		"it aside",
		restore->names.now, tables);
}

static bool check_empty(struct restore *restore, bool has_fresh, struct hs_error *err)
{
	char data[DESCRIPTION_BYTES], files[DESCRIPTION_BYTES];

	if (!restore_describe(restore->settings, restore->names.now, data, sizeof data, err) ||
	    !restore_describe_folders(restore->settings, files, sizeof files, err))
		return false;
	restore->was_empty = data[0] == '\0' && files[0] == '\0';
	if (restore->was_empty || restore->replaces)
		return check_strangers(restore, has_fresh, err);
	return hs_error_set(err, HS_EXISTS, "",
	    "this system is not empty: it has %s%s%s; --replace puts all that aside and the backup "
	    "in its "
	    "place",
	    data, data[0] != '\0' && files[0] != '\0' ? ", " : "", files);
}

static void name_all(struct restore *restore)
{
	struct restore_names *names = &restore->names;
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL ||
	    strftime(restore->stamp, sizeof restore->stamp, "%Y%m%dT%H%M%SZ", &utc) == 0)
		hs_panic("no date for a restore");
	snprintf(names->now, sizeof names->now, "%s",
	    hs_setting_text(restore->settings, HS_SET_POSTGRES_DB));
	snprintf(
	    names->fresh, sizeof names->fresh, "%.28s_restoring_%s", names->now, restore->stamp);
	snprintf(
	    names->before, sizeof names->before, "%.28s_before_%s", names->now, restore->stamp);
}

static bool fill_may_go_on(void *arg, struct hs_error *err)
{
	struct restore *restore = arg;

	(void)err;
	if (hs_clock_ms() >= restore->next_word_ms) {
		restore->next_word_ms = hs_clock_ms() + PROGRESS_MS;
		channel_progress(restore->channel, "restoring", HS_BACKUP_DATABASE, 0, 0);
	}
	return true;
}

/* Nothing of the old is touched. */
static bool make_new(struct restore *restore, struct hs_error *err)
{
	return restore_stage(restore->settings, restore->stamp, err) && read_backup(restore, err) &&
	    restore_sync(restore->settings, restore->stamp, err) &&
	    restore_fill(
		restore->settings, &restore->names, restore->dump, fill_may_go_on, restore, err);
}

static bool hold_daemons(const struct restore *restore, struct hs_error *err)
{
	int seconds = (int)hs_setting_int(restore->settings, HS_SET_STOP_SECONDS);

	channel_say(restore->channel, hs_message_event(0, "hold", NULL));
	return channel_wait(restore->channel, "held", seconds + HOLD_EXTRA_SECONDS, err);
}

/* What came in the meantime to a system that was empty is not to be lost either. */
static bool change_places(struct restore *restore, struct hs_error *err)
{
	bool was_empty = restore->was_empty;
	struct hs_db *db = NULL;
	bool done;

	if (!hold_daemons(restore, err) || !check_empty(restore, true, err))
		return false;
	if (was_empty != restore->was_empty && !journal_write(restore, err))
		return false;
	done = restore_swap(restore->settings, &restore->names, err) &&
	    restore_connect(restore->settings, restore->names.now, &db, err) &&
	    go_forward(restore, db, err);
	hs_db_free(db);
	return done;
}

static void tell_result(const struct restore *restore)
{
	char aside[64];

	snprintf(aside, sizeof aside, "before-restore-%s", restore->stamp);
	channel_say(restore->channel,
	    hs_message_result(0,
		json_pack("{s:s, s:s, s:I, s:I, s:f, s:o, s:o}", "hoopscout", restore->maker,
		    "made_at", restore->made_at, "members", (json_int_t)restore->counts.members,
		    "bytes", (json_int_t)restore->counts.bytes, "seconds",
		    (double)(hs_clock_ms() - restore->started_ms) / 1000, "before_database",
		    restore->was_empty ? json_null() : json_string(restore->names.before),
		    "before_folder", restore->was_empty ? json_null() : json_string(aside))));
}

/* Whether the change was made after all, or all is as it was: what went wrong is told with it. */
static void clear_up(struct restore *restore, struct hs_error *err)
{
	struct hs_error why = HS_ERROR_INIT;
	bool forward = false;

	if (!end_broken(restore, &forward, &why)) {
		hs_log_error(HS_LOG_ERROR, "a failed restore is cleared up later", &why);
		return;
	}
	why = *err;
	if (forward)
		hs_error_set(err, why.code, why.where,
		    "%.600s; the new system is in place all the same", why.message);
}

static bool run(
    const struct hs_settings *settings, uid_t uid, bool replaces, int channel, struct hs_error *err)
{
	struct restore restore = { .settings = settings,
		.channel = channel,
		.stream = -1,
		.dump = -1,
		.uid = uid,
		.replaces = replaces,
		.file = { .fd = -1 },
		.started_ms = hs_clock_ms() };
	bool done;

	if (!recover(settings, err))
		return false;
	name_all(&restore);
	if (!check_empty(&restore, false, err) || !journal_write(&restore, err))
		return false;
	done = make_new(&restore, err) && change_places(&restore, err);
	if (restore.stream >= 0)
		close(restore.stream);
	if (restore.dump >= 0)
		close(restore.dump);
	if (done)
		tell_result(&restore);
	else
		clear_up(&restore, err);
	return done;
}

bool restore_run(
    const struct hs_settings *settings, uid_t uid, bool replaces, int channel, struct hs_error *err)
{
	int lock;
	bool done;

	if (!take_lock(settings, &lock, err))
		return false;
	if (lock < 0)
		return hs_error_set(err, HS_BUSY, "", "a restore is under way: wait for it");
	done = run(settings, uid, replaces, channel, err);
	close(lock);
	return done;
}
