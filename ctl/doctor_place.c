/* doctor_place.c: folders, their rights and room, the data folder, and inotify's limits.
 *
 * Rights are judged as the daemons' user has them. A folder on a dead network file system holds us
 * as it holds the importer. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/file.h"
#include "common/number.h"
#include "common/room.h"
#include "common/template.h"
#include "common/text.h"
#include "ctl/doctor.h"

#define MEBI (1LL << 20)
#define GIBI (1LL << 30)

enum { FEW_WATCHES = 64, FEW_INSTANCES = 16, FEW_EVENTS = 1024 };

struct wish {
	const char *path;
	int how;
};

static int try_access(const void *arg)
{
	const struct wish *wish = arg;

	return faccessat(AT_FDCWD, wish->path, wish->how, AT_EACCESS) == 0 ? 0 : errno;
}

/* ---- room ---- */

static void say_room(struct doctor *doctor, const char *name, const char *path,
    const struct hs_room *room)
{
	char left[32], all[32];

	hs_size_text(room->free_bytes, left, sizeof left);
	hs_size_text(room->total_bytes, all, sizeof all);
	if (room->total_files > 0 && room->free_files == 0)
		doctor_say(doctor, DOCTOR_FAILED, name, "remove files there, or take a file system "
		    "with more inodes", "%s: its file system takes no more files", path);
	else if (room->free_bytes < 16 * MEBI)
		doctor_say(doctor, DOCTOR_FAILED, name, "make room: old files in archive can go",
		    "%s: %s of %s are left", path, left, all);
	else if (room->free_bytes < 10 * GIBI && room->free_bytes < room->total_bytes / 10)
		doctor_say(doctor, DOCTOR_WARNING, name, "make room: old files in archive can go",
		    "%s: only %s of %s are left", path, left, all);
	else if (room->total_files > 0 && room->free_files < room->total_files / 20)
		doctor_say(doctor, DOCTOR_WARNING, name, "remove files there", "%s: its file system "
		    "takes only %lld more files", path, room->free_files);
	else
		doctor_say(doctor, DOCTOR_OK, name, NULL, "%s: %s of %s are left%s%s", path, left, all,
		    room->kind[0] != '\0' ? ", " : "", room->kind);
}

/* ---- one folder ---- */

static bool was_started(const struct doctor *doctor)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/supervisor.lock",
	    hs_setting_text(doctor->settings, HS_SET_STATE_DIR));
	return access(path, F_OK) == 0;
}

static bool say_missing(struct doctor *doctor, const char *name, const char *path, int why)
{
	if (why == ENOENT && doctor->status == NULL)
		doctor_say(doctor, was_started(doctor) ? DOCTOR_WARNING : DOCTOR_OK, name,
		    "HoopScout makes it when it starts; is it on a volume that is not mounted?",
		    "%s is not there%s", path, was_started(doctor) ? "" :
		    " yet: the first start makes it");
	else if (why == ENOENT)
		doctor_say(doctor, DOCTOR_FAILED, name, "make it anew, or start HoopScout anew, which "
		    "does", "%s is gone", path);
	else if (why == EACCES)
		doctor_say(doctor, DOCTOR_FAILED, name, "make it his (chown), open the folders above "
		    "it (chmod o+x), or choose another", "%s may not read and write in %s",
		    doctor->user, path);
	else if (why == EROFS)
		doctor_say(doctor, DOCTOR_FAILED, name, "mount it for writing", "%s is on a file "
		    "system that is read-only", path);
	else if (why != 0)
		doctor_say(doctor, DOCTOR_FAILED, name, "see that it can be reached", "%s cannot be "
		    "used: %s", path, strerror(why));
	return why != 0;
}

static bool check_folder(struct doctor *doctor, const char *name, const char *path,
    struct hs_room *ret)
{
	const struct wish wish = { path, R_OK | W_OK | X_OK };
	struct hs_error err = HS_ERROR_INIT;

	if (say_missing(doctor, name, path, doctor_as_user(doctor, try_access, &wish)))
		return false;
	if (!hs_room_look(path, ret, &err)) {
		doctor_say(doctor, DOCTOR_FAILED, name, "see that it can be reached", "%s",
		    err.message);
		return false;
	}
	say_room(doctor, name, path, ret);
	return true;
}

void doctor_folders(struct doctor *doctor)
{
	static const struct { const char *name; enum hs_setting id; } rows[] = {
		{ "archive folder", HS_SET_ARCHIVE_DIR }, { "failed folder", HS_SET_FAILED_DIR },
	};
	const char *incoming = hs_setting_text(doctor->settings, HS_SET_INCOMING_DIR);
	struct hs_room from, room;
	bool knows_incoming;

	check_folder(doctor, "state folder", hs_setting_text(doctor->settings, HS_SET_STATE_DIR),
	    &room);
	knows_incoming = check_folder(doctor, "incoming folder", incoming, &from);
	if (knows_incoming && !from.tells_events)
		doctor_say(doctor, DOCTOR_WARNING, "incoming folder", "lower "
		    "HOOPSCOUT_RESCAN_SECONDS where that is too late", "%s is on %s: what other machines put "
		    "there is found by the scan every %lld s, not at once", incoming, from.kind,
		    hs_setting_int(doctor->settings, HS_SET_RESCAN_SECONDS));
	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		const char *path = hs_setting_text(doctor->settings, rows[i].id);

		if (check_folder(doctor, rows[i].name, path, &room) && knows_incoming &&
		    room.device != from.device)
			doctor_say(doctor, DOCTOR_OK, rows[i].name, NULL, "%s is on another file system "
			    "than incoming: files are copied there, not moved", path);
	}
}

/* ---- inotify ---- */

static long long limit_of(const char *name)
{
	struct hs_error err = HS_ERROR_INIT;
	char path[128], *text = NULL;
	long long limit = -1;
	size_t length;

	snprintf(path, sizeof path, "/proc/sys/fs/inotify/%s", name);
	if (!hs_file_slurp(AT_FDCWD, path, 64, &text, &length, &err))
		return -1;
	text[strcspn(text, "\n")] = '\0';
	if (!hs_parse_int(text, 0, LLONG_MAX, name, &limit, &err))
		limit = -1;
	free(text);
	return limit;
}

static int try_watch(const void *arg)
{
	int fd = inotify_init1(IN_CLOEXEC), why = 0;

	if (fd < 0)
		return errno;
	if (inotify_add_watch(fd, arg, IN_CLOSE_WRITE) < 0)
		why = errno;
	close(fd);
	return why;
}

void doctor_inotify(struct doctor *doctor)
{
	static const struct { const char *name; long long least; } rows[] = {
		{ "max_user_watches", FEW_WATCHES },
		{ "max_user_instances", FEW_INSTANCES },
		{ "max_queued_events", FEW_EVENTS },
	};
	const char *incoming = hs_setting_text(doctor->settings, HS_SET_INCOMING_DIR);
	int why = doctor_as_user(doctor, try_watch, incoming);
	size_t few = 0;

	for (size_t i = 0; i < HS_COUNT(rows); i++) {
		long long limit = limit_of(rows[i].name);
		char advice[128];

		if (limit < 0 || limit >= rows[i].least)
			continue;
		few++;
		snprintf(advice, sizeof advice, "sysctl fs.inotify.%s=%lld, or more", rows[i].name,
		    rows[i].least);
		doctor_say(doctor, DOCTOR_WARNING, "inotify", advice, "fs.inotify.%s is %lld",
		    rows[i].name, limit);
	}
	if (why == EMFILE || why == ENOSPC)
		doctor_say(doctor, DOCTOR_WARNING, "inotify", why == EMFILE ?
		    "raise the sysctl fs.inotify.max_user_instances" :
		    "raise the sysctl fs.inotify.max_user_watches", "%s has no watch left: new files "
		    "are found by the scan, not at once", doctor->user);
	else if (few == 0)
		doctor_say(doctor, DOCTOR_OK, "inotify", NULL, why == 0 ? "events tell of new files" :
		    "its limits are high enough");
}

/* ---- templates, static files, migrations ---- */

void doctor_data_folder(struct doctor *doctor)
{
	static const char *const parts[] = { "templates", "htdocs", "sql" };
	const char *data = hs_setting_text(doctor->settings, HS_SET_DATA_DIR);
	struct hs_templates *templates = NULL;
	struct hs_error err = HS_ERROR_INIT;
	char path[PATH_MAX];

	for (size_t i = 0; i < HS_COUNT(parts); i++) {
		const struct wish wish = { path, R_OK | X_OK };
		int why;

		snprintf(path, sizeof path, "%s/%s", data, parts[i]);
		if ((why = doctor_as_user(doctor, try_access, &wish)) == 0)
			continue;
		doctor_say(doctor, DOCTOR_FAILED, "data folder", "set HOOPSCOUT_DATA_DIR to where "
		    "templates, htdocs and sql are, for him to read", "%s cannot read %s: %s",
		    doctor->user, path, strerror(why));
		return;
	}
	snprintf(path, sizeof path, "%s/templates", data);
	if (!hs_templates_load(path, &templates, &err)) {
		doctor_say(doctor, DOCTOR_FAILED, "data folder", "put the released file back", "%s%s%s",
		    err.where, err.where[0] != '\0' ? ": " : "", err.message);
		return;
	}
	hs_templates_free(templates);
	doctor_say(doctor, DOCTOR_OK, "data folder", NULL, "%s", data);
}
