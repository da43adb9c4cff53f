/* shelve.c: the move out of incoming, to archive or failed.
 *
 * Trusts hs_file_move for never replacing and never losing. Between our look and the move a
 * program may rename another file over ours: what was moved is looked at again, and put back
 * when it is not ours. Every failure leaves the file in incoming, to be tried again. */
#include "daemons/importer/shelve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/text.h"

#define REPORT_ENDING ".errors.json"

enum {
	FOLDER_MODE = 0770,
	REPORT_MODE = 0640,
	/* a failed file's name leaves room for a number, its report's ending and ".part" */
	FAILED_NAME_MAX = NAME_MAX - (int)sizeof(REPORT_ENDING ".part.100000")
};

/* Opens a folder, made anew when it was removed. */
static bool open_folder(const struct hs_settings *settings, enum hs_setting id, int *ret_fd,
    struct hs_error *err)
{
	const char *path = hs_setting_text(settings, id);

	return hs_make_dirs(path, FOLDER_MODE, err) && hs_dir_open(path, ret_fd, err);
}

bool shelve_make_folders(const struct hs_settings *settings, struct hs_error *err)
{
	return hs_make_dirs(hs_setting_text(settings, HS_SET_INCOMING_DIR), FOLDER_MODE, err) &&
	    hs_make_dirs(hs_setting_text(settings, HS_SET_ARCHIVE_DIR), FOLDER_MODE, err) &&
	    hs_make_dirs(hs_setting_text(settings, HS_SET_FAILED_DIR), FOLDER_MODE, err);
}

static char *problems_text(const struct report *report)
{
	time_t now = time(NULL);
	char checked_at[32] = "";
	struct tm tm;
	json_t *object;
	char *text;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(checked_at, sizeof checked_at, "%Y-%m-%dT%H:%M:%SZ", &tm);
	object = json_pack("{s:s, s:s, s:I, s:s, s:I, s:O?}", "file", report->name, "sha256",
	    report->sha256, "size_bytes", (json_int_t)report->size_bytes, "checked_at", checked_at,
	    "problem_total", (json_int_t)report->problem_total, "problems", report->problems);
	text = object != NULL ? json_dumps(object, JSON_INDENT(1)) : NULL;
	json_decref(object);
	return text;
}

/* Whoever shares the folder through its group shall read what we write there; where we may not
 * give it away, it stays ours. */
static void share_with_folder(int dir, const char *name)
{
	struct stat folder;

	if (fstat(dir, &folder) == 0 &&
	    fchownat(dir, name, (uid_t)-1, folder.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
		hs_log(HS_LOG_DEBUG, "cannot give a report to its folder's group",
		    HS_STR("file", name), HS_STR("error", strerror(errno)));
}

/* Writes NAME.errors.json: whole, or not at all. */
static bool write_problems(int dir, const char *name, const struct report *report,
    struct hs_error *err)
{
	char report_name[NAME_MAX + 1];
	char *text;
	bool done;

	if (!hs_format(report_name, sizeof report_name, err, "%s" REPORT_ENDING, name))
		return false;
	if ((text = problems_text(report)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, name, "no memory for the error report");
	done = hs_file_write(dir, report_name, text, strlen(text), REPORT_MODE, err);
	free(text);
	if (done)
		share_with_folder(dir, report_name);
	return done;
}

static void remove_problems(int dir, const char *name)
{
	char report_name[NAME_MAX + 1];
	struct hs_error ignored = HS_ERROR_INIT;

	if (hs_format(report_name, sizeof report_name, &ignored, "%s" REPORT_ENDING, name))
		unlinkat(dir, report_name, 0);
}

static bool is_report_name(const char *name)
{
	size_t length = strlen(name), ending = strlen(REPORT_ENDING);

	return length > ending && strcmp(name + length - ending, REPORT_ENDING) == 0;
}

/* The name in failed. A stem that would leave its report no room is cut; a snapshot that is
 * called like a report gets a suffix, as a taken name does, so that whatever ends like a report
 * there is one of ours, and can be replaced. */
static void fit_name(const char *name, char ret[NAME_MAX + 1])
{
	static const char ending[] = ".json";
	const char *suffix = is_report_name(name) ? ".1" : "";
	size_t most = FAILED_NAME_MAX - strlen(ending) - strlen(suffix);
	size_t stem = strlen(name) - strlen(ending);

	if (stem > most) {
		stem = most;
		while (stem > 0 && ((unsigned char)name[stem] & 0xc0) == 0x80)
			stem--;		/* between characters, if they are some */
	}
	snprintf(ret, NAME_MAX + 1, "%.*s%s%s", (int)stem, name, suffix, ending);
}

static bool is_still(int dir, const char *name, const struct place_facts *facts)
{
	struct place_facts now;

	return place_look(dir, name, &now, NULL) && place_same_file(&now, facts);
}

/* After a move within one file system: the inode tells which file it was. Between two mounts of one
 * file system, as volumes often are, it was copied: size and time, which it keeps, tell. */
static bool moved_ours(int dir, const char *name, const struct place_facts *facts)
{
	struct place_facts now;

	return !place_look(dir, name, &now, NULL) || now.device != facts->device ||
	    place_same_file(&now, facts) ||
	    (now.size_bytes == facts->size_bytes && now.changed_ns == facts->changed_ns);
}

static bool move(int from, const char *name, int to, const char *to_name,
    const struct place_facts *facts, char ret_name[NAME_MAX + 1], struct hs_error *err)
{
	char back[NAME_MAX + 1];

	if (!is_still(from, name, facts))
		return hs_error_set(err, HS_NOT_FOUND, name, "the file was moved away or replaced");
	if (!hs_file_move(from, name, to, to_name, ret_name, NAME_MAX + 1, err))
		return false;
	if (moved_ours(to, ret_name, facts))
		return true;
	if (!hs_file_move(to, ret_name, from, name, back, sizeof back, err))
		return false;
	return hs_error_set(err, HS_NOT_FOUND, name, "the file was replaced by another");
}

static bool move_failed(int from, const char *name, int to, const struct place_facts *facts,
    const struct report *report, char ret_name[NAME_MAX + 1], struct hs_error *err)
{
	char wanted[NAME_MAX + 1], expected[NAME_MAX + 1];

	fit_name(name, wanted);
	if (!hs_file_free_name(to, wanted, expected, sizeof expected, err) ||
	    !write_problems(to, expected, report, err))
		return false;
	if (!move(from, name, to, expected, facts, ret_name, err)) {
		remove_problems(to, expected);
		return false;
	}
	/* another file took the name meanwhile: the report there is not about it */
	if (strcmp(ret_name, expected) == 0)
		return true;
	remove_problems(to, expected);
	return write_problems(to, ret_name, report, err);
}

bool shelve(const struct hs_settings *settings, const char *name, const struct place_facts *facts,
    struct report *report, struct hs_error *err)
{
	bool failed = report->status == REPORT_FAILED, done = false;
	char stored_as[NAME_MAX + 1];
	int from = -1, to = -1;

	if (!hs_dir_open(hs_setting_text(settings, HS_SET_INCOMING_DIR), &from, err) ||
	    !open_folder(settings, failed ? HS_SET_FAILED_DIR : HS_SET_ARCHIVE_DIR, &to, err))
		goto out;
	done = failed ? move_failed(from, name, to, facts, report, stored_as, err) :
			move(from, name, to, name, facts, stored_as, err);
	if (done)
		hs_utf8_clean(stored_as, strlen(stored_as), report->stored_as,
		    sizeof report->stored_as);
out:
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return done;
}

static bool is_plain_name(const char *name)
{
	return name[0] != '\0' && strlen(name) <= NAME_MAX && strchr(name, '/') == NULL &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool check_failed_name(int failed, const char *name, struct hs_error *err)
{
	struct place_facts facts;

	if (!is_plain_name(name))
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "'%s' is a path: give the name of a file in the failed folder", name);
	if (!place_wants(name))
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "'%s' is not the name of a snapshot: they end in .json", name);
	if (is_report_name(name))
		return hs_error_set(err, HS_BAD_ARGUMENT, "file",
		    "'%s' is an error report: give the name of the snapshot that it is about", name);
	if (!place_look(failed, name, &facts, NULL))
		return hs_error_set(err, HS_NOT_FOUND, "file",
		    "there is no file '%s' in the failed folder: see hsctl import list", name);
	return true;
}

bool shelve_bring_back(const struct hs_settings *settings, const char *name, char *ret_name,
    struct hs_error *err)
{
	int failed = -1, incoming = -1;
	bool done = false;

	if (!open_folder(settings, HS_SET_FAILED_DIR, &failed, err) ||
	    !open_folder(settings, HS_SET_INCOMING_DIR, &incoming, err) ||
	    !check_failed_name(failed, name, err))
		goto out;
	done = hs_file_move(failed, name, incoming, name, ret_name, NAME_MAX + 1, err);
	if (done)
		remove_problems(failed, name);
out:
	if (failed >= 0)
		close(failed);
	if (incoming >= 0)
		close(incoming);
	return done;
}

bool shelve_delete(const struct hs_settings *settings, const char *name, struct hs_error *err)
{
	int failed = -1;
	bool done = false;

	if (!open_folder(settings, HS_SET_FAILED_DIR, &failed, err))
		return false;
	if (check_failed_name(failed, name, err)) {
		done = unlinkat(failed, name, 0) == 0 ||
		    hs_error_errno(err, name, "cannot delete the file");
		if (done)
			remove_problems(failed, name);
	}
	close(failed);
	return done;
}

static bool never_stops(void *arg)
{
	(void)arg;
	return false;
}

static void tells_nobody(void *arg, enum progress_stage stage, int64_t bytes, int64_t records)
{
	(void)arg, (void)stage, (void)bytes, (void)records;
}

static bool has_content(int fd, const struct report *report)
{
	static const struct progress quiet = { .tell = tells_nobody, .must_stop = never_stops };
	struct hs_error ignored = HS_ERROR_INIT;
	struct digest digest;
	char text[DIGEST_TEXT_BYTES];

	return digest_file(fd, &quiet, &digest, &ignored) &&
	    strcmp(digest_text(&digest, text), report->sha256) == 0;
}

bool shelve_place(const struct report *report, int n, char *ret_name)
{
	char first[NAME_MAX + 1];

	if (!is_plain_name(report->name))
		return false;
	if (report->status == REPORT_FAILED)
		fit_name(report->name, first);
	else
		memcpy(first, report->name, strlen(report->name) + 1);
	hs_file_nth_name(first, n, ret_name);
	return true;
}

bool shelve_has(const struct hs_settings *settings, const struct report *report, const char *name,
    bool *ret_same)
{
	bool failed = report->status == REPORT_FAILED, found = false;
	struct hs_error ignored = HS_ERROR_INIT;
	struct place_facts facts;
	int dir = -1, fd = -1;

	if (!open_folder(settings, failed ? HS_SET_FAILED_DIR : HS_SET_ARCHIVE_DIR, &dir, &ignored))
		return false;
	if (place_open(dir, name, &fd, &facts, &ignored)) {
		found = true;
		*ret_same = facts.size_bytes == report->size_bytes && has_content(fd, report);
		close(fd);
	}
	close(dir);
	return found;
}
