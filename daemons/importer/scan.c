/* scan.c: incoming, looked through: the truth of which events are hints.
 *
 * Trusts nothing in the folder. What is no regular *.json file is passed over without being
 * opened. A folder that cannot be read is the watch's problem, told there; the timer goes on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/importer/importer.h"

/* A folder that is away is looked for once a second. */
enum { SCAN_AWAY_SECONDS = 1, IGNORED_SHOWN = 20 };

struct found {
	char *name;
	struct place_facts facts;
};

struct find {
	struct found *files;
	size_t count;
};

static int open_incoming(const struct importer *importer)
{
	return open(hs_setting_text(importer->settings, HS_SET_INCOMING_DIR),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static double seconds_since(int64_t changed_ns)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec - (double)changed_ns / 1e9 + (double)now.tv_nsec / 1e9;
}

/* Looks at one name and tells the intake. */
static void see(struct importer *importer, int dir, const char *name, bool is_told)
{
	struct intake_sighting sighting = { .name = name, .is_told = is_told,
		.is_first_scan = !importer->has_scanned };

	if (!place_look(dir, name, &sighting.facts, &sighting.writer)) {
		intake_lost(importer->intake, name);
		return;
	}
	sighting.age = seconds_since(sighting.facts.changed_ns);
	if (!intake_see(importer->intake, &sighting, hs_clock_seconds()))
		importer->wants_scan = true;
}

static bool has_name(const json_t *names, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(names, i, one)
		if (strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

/* Logged once, as long as it is among the first. before: what was ignored already, or NULL. */
static void ignore(struct importer *importer, const json_t *before, int dir, const char *name)
{
	char shown[REPORT_NAME_BYTES];
	struct place_facts facts;

	if (!place_overlooks(name) || !place_look(dir, name, &facts, NULL))
		return;
	hs_utf8_clean(name, strlen(name), shown, sizeof shown);
	if (has_name(importer->ignored, shown))
		return;
	importer->ignored_total++;
	if (json_array_size(importer->ignored) >= IGNORED_SHOWN)
		return;
	if (!has_name(before, shown))
		hs_log(HS_LOG_WARNING, "a file in incoming is ignored: its name does not end in .json",
		    HS_STR("file", shown));
	json_array_append_new(importer->ignored, json_string(shown));
}

void scan_tell_ignored(const struct importer *importer, json_t *result)
{
	if (result == NULL)
		return;
	json_object_set_new(result, "ignored",
	    importer->ignored != NULL ? json_copy(importer->ignored) : json_array());
	json_object_set_new(result, "ignored_total", json_integer(importer->ignored_total));
}

static bool find_add(struct find *find, int dir, const char *name)
{
	struct place_facts facts;
	char *copy;

	if (!place_wants(name) || !place_look(dir, name, &facts, NULL))
		return true;
	if (find->count == INTAKE_MAX || (copy = strdup(name)) == NULL)
		return false;
	find->files[find->count++] = (struct found){ .name = copy, .facts = facts };
	return true;
}

/* In the order in which they were written: of the same date, the later import wins. */
static int compare_age(const void *a, const void *b)
{
	const struct found *left = a, *right = b;

	if (left->facts.changed_ns != right->facts.changed_ns)
		return left->facts.changed_ns < right->facts.changed_ns ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void read_folder(struct importer *importer, int dir, struct find *find)
{
	/* a descriptor of its own, since closedir closes it */
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	json_t *before = importer->ignored;
	struct dirent *entry;

	if (stream == NULL) {
		if (copy >= 0)
			close(copy);
		return;
	}
	importer->ignored = json_array();
	importer->ignored_total = 0;
	while (errno = 0, (entry = readdir(stream)) != NULL) {
		ignore(importer, before, dir, entry->d_name);
		if (find_add(find, dir, entry->d_name))
			continue;
		importer->wants_scan = true;
		break;
	}
	if (errno != 0)
		hs_log(HS_LOG_WARNING, "cannot read the incoming folder to its end",
		    HS_STR("error", strerror(errno)));
	closedir(stream);
	json_decref(before);
}

static void scan_files(struct importer *importer, int dir)
{
	struct find find = { .files = calloc(INTAKE_MAX, sizeof *find.files) };

	if (find.files == NULL)
		return;
	read_folder(importer, dir, &find);
	qsort(find.files, find.count, sizeof *find.files, compare_age);
	for (size_t i = 0; i < find.count; i++) {
		see(importer, dir, find.files[i].name, false);
		free(find.files[i].name);
	}
	free(find.files);
}

static void set_timer(struct importer *importer, bool is_away)
{
	long long seconds =
	    hs_setting_int(hs_child_settings(importer->child), HS_SET_RESCAN_SECONDS);
	struct timeval pause = { .tv_sec = (time_t)(is_away ? SCAN_AWAY_SECONDS : seconds) };

	if (event_add(importer->scan_timer, &pause) != 0)
		hs_panic("no timer for the next scan");
}

void scan_folder(struct importer *importer)
{
	int dir;

	if (importer->is_stopping)
		return;
	/* first the watch, then the look: no file can fall in between */
	watch_check(importer->watch);
	importer->wants_scan = false;
	importer->wants_catch_up = importer->wants_catch_up || importer->missed_database;
	importer->missed_database = false;
	if ((dir = open_incoming(importer)) >= 0) {
		scan_files(importer, dir);
		close(dir);
		importer->has_scanned = true;
	}
	set_timer(importer, dir < 0);
	play_next(importer);
}

void scan_told(struct importer *importer, const char *name, bool is_wanted_now)
{
	int dir;

	if (importer->is_stopping || (dir = open_incoming(importer)) < 0)
		return;
	if (!place_wants(name)) {
		ignore(importer, NULL, dir, name);
		close(dir);
		return;
	}
	see(importer, dir, name, true);
	close(dir);
	if (is_wanted_now)
		intake_hurry(importer->intake, name, hs_clock_seconds());
	play_next(importer);
}

void scan_due(struct importer *importer)
{
	char name[NAME_MAX + 1];
	int dir = -1;

	while (intake_due_look(importer->intake, hs_clock_seconds(), name)) {
		if (dir < 0 && (dir = open_incoming(importer)) < 0)
			break;
		see(importer, dir, name, false);
	}
	if (dir >= 0)
		close(dir);
}
