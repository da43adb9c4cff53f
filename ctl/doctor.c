/* doctor.c: the order of the checks, and those of the house itself: settings, user, supervisor,
 * limits, clock, mappings.
 *
 * Without settings that can be read nothing else can be judged: then theirs is the only finding. */
#include "ctl/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"
#include "ctl/ask.h"
#include "ctl/outcome.h"

enum { MESSAGE_BYTES = 1024, FILES_BESIDE_CONNECTIONS = 200 };

/* HoopScout was not there before: a clock that says so is wrong. 2026-01-01. */
#define EARLIEST_TIME ((time_t)1767225600)

static const char *const state_names[DOCTOR_STATE_COUNT] = { "ok", "warning", "failed" };

void doctor_say(struct doctor *doctor, enum doctor_state state, const char *name,
    const char *advice, const char *format, ...)
{
	char message[MESSAGE_BYTES], clean[MESSAGE_BYTES];
	json_t *check;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	hs_utf8_clean(message, strlen(message), clean, sizeof clean);
	check = json_pack("{s:s, s:s, s:s, s:s?}", "name", name, "state", state_names[state],
	    "message", clean, "advice", advice);
	if (check == NULL || json_array_append_new(doctor->checks, check) != 0)
		out_of_memory();
	doctor->counts[state]++;
}

static bool become_user(const struct doctor *doctor)
{
	return initgroups(doctor->user, doctor->gid) == 0 && setresgid(doctor->gid, doctor->gid,
	    doctor->gid) == 0 && setresuid(doctor->uid, doctor->uid, doctor->uid) == 0;
}

int doctor_as_user(const struct doctor *doctor, int (*work)(const void *arg), const void *arg)
{
	int status;
	pid_t pid;

	if (!doctor->acts)
		return work(arg);
	fflush(NULL);
	if ((pid = fork()) < 0)
		return errno;
	if (pid == 0)
		_exit(become_user(doctor) ? work(arg) : EPERM);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* ---- the checks ---- */

static bool check_settings(struct doctor *doctor)
{
	struct hs_error err = HS_ERROR_INIT;
	const char *conf = NULL;
	char path[PATH_MAX];

	if (!hs_settings_load(NULL, &doctor->settings, &err)) {
		doctor_say(doctor, DOCTOR_FAILED, "settings", "mend it in hoopscout.conf or the "
		    "environment; 'hsctl config' shows all, hoopscout.conf(5) explains", "%s",
		    err.message);
		return false;
	}
	if (hs_settings_private_postgres(doctor->settings) &&
	    !hs_settings_postgres_socket_dir(doctor->settings, path, sizeof path, &err)) {
		doctor_say(doctor, DOCTOR_FAILED, "settings", "choose a shorter HOOPSCOUT_STATE_DIR",
		    "%s", err.message);
		return false;
	}
	for (int id = 0; conf == NULL && id < HS_SETTING_COUNT; id++) {
		if (hs_setting_origin(doctor->settings, (enum hs_setting)id) == HS_FROM_FILE)
			conf = hs_setting_origin_text(doctor->settings, (enum hs_setting)id);
	}
	doctor_say(doctor, DOCTOR_OK, "settings", NULL, "right; %s%s", conf != NULL ? "some are from " :
	    "no file gives any", conf != NULL ? conf : "");
	return true;
}

static bool check_user(struct doctor *doctor)
{
	const char *name = hs_setting_text(doctor->settings, HS_SET_USER);
	const struct passwd *user;

	doctor->uid = geteuid();
	doctor->gid = getegid();
	if (geteuid() != 0) {
		user = getpwuid(geteuid());
		snprintf(doctor->user, sizeof doctor->user, "%s", user != NULL ? user->pw_name : "you");
		doctor_say(doctor, DOCTOR_OK, "user", NULL, "looking as %s; root sees as well what "
		    "HOOPSCOUT_USER may", doctor->user);
		return true;
	}
	if ((user = getpwnam(name)) == NULL) {
		doctor_say(doctor, DOCTOR_FAILED, "user", "make it (useradd --system "
		    "--no-create-home NAME), or set HOOPSCOUT_USER to one that is there",
		    "there is no user %s", name);
		return false;
	}
	if (user->pw_uid == 0) {
		doctor_say(doctor, DOCTOR_FAILED, "user", "set HOOPSCOUT_USER to a user without "
		    "rights", "HOOPSCOUT_USER is root");
		return false;
	}
	doctor->uid = user->pw_uid;
	doctor->gid = user->pw_gid;
	doctor->acts = true;
	snprintf(doctor->user, sizeof doctor->user, "%s", name);
	doctor_say(doctor, DOCTOR_OK, "user", NULL, "the daemons run as %s", name);
	return true;
}

static void check_socket_mode(struct doctor *doctor)
{
	struct stat info;

	if (stat(doctor->socket, &info) == 0 && (info.st_mode & 0777) != 0660)
		doctor_say(doctor, DOCTOR_WARNING, "control socket", "chmod 0660 it, or start "
		    "HoopScout anew", "%s has the mode %04o, not 0660",
		    doctor->socket, (unsigned)(info.st_mode & 0777));
	else
		doctor_say(doctor, DOCTOR_OK, "control socket", NULL, "%s", doctor->socket);
}

static void check_daemons(struct doctor *doctor)
{
	const json_t *daemon;
	size_t i;

	json_array_foreach(json_object_get(doctor->status, "daemons"), i, daemon) {
		const char *state = text_of(daemon, "state");

		if (strcmp(state, "up") != 0 && strcmp(state, "stopped") != 0)
			doctor_say(doctor, DOCTOR_FAILED, "supervisor", "'hsctl logs' tells what it "
			    "said", "the %s is %s: last exit: %s", text_of(daemon, "name"), state,
			    text_of(daemon, "last_exit"));
	}
}

static void check_supervisor(struct doctor *doctor)
{
	struct hs_error err = HS_ERROR_INIT;
	struct stat info;

	if (ask(doctor->socket, "status", &doctor->status, &err)) {
		doctor_say(doctor, DOCTOR_OK, "supervisor", NULL, "HoopScout %s runs as process %lld",
		    text_of(doctor->status, "version"), number_of(doctor->status, "pid"));
		check_daemons(doctor);
		check_socket_mode(doctor);
	} else if (err.code == HS_NO_PERMISSION) {
		doctor_say(doctor, DOCTOR_WARNING, "supervisor", "ask as root, or as a member of "
		    "the daemons' group", "you may not speak to the one that may run: %s",
		    err.message);
	} else if (err.code != HS_NOT_RUNNING) {
		doctor_say(doctor, DOCTOR_FAILED, "supervisor", "look at its log; if it hangs, end "
		    "and start it anew", "HoopScout does not answer: %s", err.message);
	} else if (stat(doctor->socket, &info) == 0) {
		doctor_say(doctor, DOCTOR_WARNING, "supervisor", "the next start removes it",
		    "HoopScout does not run, and left %s behind: it was killed", doctor->socket);
	} else {
		doctor_say(doctor, DOCTOR_OK, "supervisor", NULL, "HoopScout does not run here");
	}
}

/* What the supervisor, or else we, may open; -1 when nobody tells. */
static long long most_files(const struct doctor *doctor)
{
	static const char name[] = "Max open files";
	char path[64], line[256];
	struct rlimit limit;
	long long most = -1;
	FILE *file;

	if (doctor->status == NULL)
		return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (long long)limit.rlim_cur : -1;
	snprintf(path, sizeof path, "/proc/%lld/limits", number_of(doctor->status, "pid"));
	if ((file = fopen(path, "re")) == NULL)
		return -1;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0 &&
		    sscanf(line + strlen(name), " %lld", &most) != 1)
			most = LLONG_MAX;	/* "unlimited" */
	}
	fclose(file);
	return most;
}

static void check_limits(struct doctor *doctor)
{
	long long connections = hs_setting_int(doctor->settings, HS_SET_WEB_MAX_CONNECTIONS);
	long long needed = connections + FILES_BESIDE_CONNECTIONS, most = most_files(doctor);

	if (most >= 0 && most < needed)
		doctor_say(doctor, DOCTOR_WARNING, "open files", "raise it (LimitNOFILE= of systemd, "
		    "ulimit -n), or lower HOOPSCOUT_WEB_MAX_CONNECTIONS", "at most %lld, too few for "
		    "%lld connections", most, connections);
	else
		doctor_say(doctor, DOCTOR_OK, "open files", NULL, "enough for %lld connections",
		    connections);
}

static void check_clock(struct doctor *doctor)
{
	const char *zone = hs_setting_text(doctor->settings, HS_SET_SCHEDULER_TIMEZONE);
	const char *folder = getenv("TZDIR");
	char path[PATH_MAX], text[32];
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL || strftime(text, sizeof text, "%F %T", &utc) == 0)
		text[0] = '\0';
	if (now < EARLIEST_TIME)
		doctor_say(doctor, DOCTOR_FAILED, "clock", "set the clock, and let NTP keep it",
		    "it says %s (UTC), which cannot be", text);
	else
		doctor_say(doctor, DOCTOR_OK, "clock", NULL, "%s (UTC)", text);
	snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", zone);
	if (strcmp(zone, "UTC") != 0 && access(path, R_OK) != 0)
		doctor_say(doctor, DOCTOR_FAILED, "time zones", "install tzdata, or correct "
		    "SCHEDULER_TIMEZONE", "there is no %s", path);
	else
		doctor_say(doctor, DOCTOR_OK, "time zones", NULL, "schedules are of %s", zone);
}

/* The running extractor knows all that can be wrong with a mapping. */
static void check_mappings(struct doctor *doctor)
{
	struct hs_error err = HS_ERROR_INIT;
	json_t *list = NULL;
	const json_t *source;
	size_t i, wrong = 0;

	if (doctor->status == NULL)
		return;		/* who judges them does not run */
	if (!ask(doctor->socket, "extractor.list", &list, &err)) {
		if (err.code != HS_NOT_RUNNING)
			doctor_say(doctor, DOCTOR_WARNING, "mappings", "'hsctl extractor check NAME' "
			    "checks one", "the extractor does not tell: %s", err.message);
		return;
	}
	json_array_foreach(json_object_get(list, "sources"), i, source) {
		const char *mistake = json_string_value(json_object_get(source, "mistake"));

		if (mistake == NULL)
			continue;
		wrong++;
		doctor_say(doctor, DOCTOR_FAILED, "mappings", "'hsctl extractor check NAME' shows all "
		    "that is wrong with it", "%s: %s", text_of(source, "name"), mistake);
	}
	if (wrong == 0)
		doctor_say(doctor, DOCTOR_OK, "mappings", NULL, "%zu sources, all of them right",
		    json_array_size(json_object_get(list, "sources")));
	json_decref(list);
}

static void check_all(struct doctor *doctor)
{
	if (!check_settings(doctor))
		return;
	if (doctor->socket == NULL)
		doctor->socket = hs_setting_text(doctor->settings, HS_SET_CONTROL_SOCKET);
	if (!check_user(doctor))
		return;
	check_supervisor(doctor);
	check_limits(doctor);
	doctor_data_folder(doctor);
	doctor_folders(doctor);
	doctor_inotify(doctor);
	check_clock(doctor);
	doctor_tls(doctor);
	doctor_database(doctor);
	check_mappings(doctor);
}

int doctor_run(const char *socket, struct output *output)
{
	struct doctor doctor = { .socket = socket, .checks = json_array() };
	enum outcome outcome;
	json_t *result;

	if (doctor.checks == NULL)
		out_of_memory();
	signal(SIGCHLD, SIG_DFL);
	check_all(&doctor);
	result = json_pack("{s:O, s:I, s:I, s:I}", "checks", doctor.checks, "ok",
	    (json_int_t)doctor.counts[DOCTOR_OK], "warnings",
	    (json_int_t)doctor.counts[DOCTOR_WARNING], "failed",
	    (json_int_t)doctor.counts[DOCTOR_FAILED]);
	if (result == NULL)
		out_of_memory();
	outcome = outcome_of_result(HS_CMD_DOCTOR, result);
	output->ops->result(output, HS_CMD_DOCTOR, result);
	json_decref(result);
	json_decref(doctor.checks);
	json_decref(doctor.status);
	hs_settings_free(doctor.settings);
	return (int)outcome;
}
