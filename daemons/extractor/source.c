/* source.c: a sorted list of what was found in the folder, each file read again when it changes.
 *
 * Trusts the settings, which have been checked, and nothing of the folder: names and files are
 * bounded, and what is no mapping is said to be none. */
#include "daemons/extractor/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/log.h"
#include "common/nearest.h"
#include "common/text.h"

#define CLOCK_STEP_SECONDS 0.05

enum { MOST_SOURCES = 1000, HELP_BYTES = 200 };

static const char builtin_name[] = "public_json_snapshot";
static const char example_prefix[] = "example_";
static const char suffix[] = ".json";

struct entry {
	char name[SOURCE_NAME_BYTES];
	char path[PATH_MAX];
	struct timespec changed;	/* ctime: nobody can set it back */
	off_t size;
	ino_t inode;
	dev_t device;
	bool is_fresh;		/* read so soon after a change that the next one may have its time */
	bool is_there;		/* it was seen in this look */
	char *url, *source_name, *schedule, *timezone, *help, *mistake;
};

struct sources {
	const struct hs_settings *settings;
	struct entry **entries;		/* by name */
	size_t count, room;
	int told_errno;			/* of the folder: told once */
};

static void entry_forget(struct entry *entry)
{
	free(entry->url);
	free(entry->source_name);
	free(entry->schedule);
	free(entry->timezone);
	free(entry->help);
	free(entry->mistake);
	entry->url = entry->source_name = entry->schedule = entry->timezone = NULL;
	entry->help = entry->mistake = NULL;
}

static void entry_free(struct entry *entry)
{
	entry_forget(entry);
	free(entry);
}

bool sources_new(struct sources **ret, struct hs_error *err)
{
	*ret = calloc(1, sizeof **ret);
	return *ret != NULL || hs_error_set(err, HS_NO_MEMORY, "", "no memory for the sources");
}

void sources_free(struct sources *sources)
{
	if (sources == NULL)
		return;
	for (size_t i = 0; i < sources->count; i++)
		entry_free(sources->entries[i]);
	free(sources->entries);
	free(sources);
}

/* ---- what a file is ---- */

/* Letters, digits and "_", "-", "." and no longer than a source's name may be. */
static bool take_name(const char *file, char buf[SOURCE_NAME_BYTES])
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t length = strlen(file), end = strlen(suffix);

	if (file[0] == '.' || length <= end || length - end >= SOURCE_NAME_BYTES ||
	    strcmp(file + length - end, suffix) != 0)
		return false;
	memcpy(buf, file, length - end);
	buf[length - end] = '\0';
	return strspn(buf, allowed) == length - end;
}

/* "about" may be long: a list has room for a line. */
static bool keep_help(const char *about, char **ret)
{
	char line[HELP_BYTES];
	size_t length;

	if (about == NULL)
		return hs_text_copy("a mapping that does not say what it is about", ret);
	length = strcspn(about, "\r\n");
	if (length >= sizeof line)
		length = hs_utf8_valid_prefix(about, sizeof line - 1);
	memcpy(line, about, length);
	line[length] = '\0';
	return hs_text_copy(line, ret);
}

static void read_mapping(struct entry *entry)
{
	struct hs_problems *mistakes = hs_problems_new();
	struct hs_error err = HS_ERROR_INIT;
	struct mapping *mapping = NULL;
	char *told = entry->mistake;
	bool is_kept;

	entry->mistake = NULL;
	entry_forget(entry);
	if (mistakes == NULL)
		hs_panic("no memory for a mapping");
	if (!mapping_load(entry->path, mistakes, &mapping, &err)) {
		is_kept = hs_text_copy(err.message, &entry->mistake) &&
		    hs_text_copy("a mapping that has mistakes", &entry->help);
		if (told == NULL || strcmp(told, err.message) != 0)
			hs_log_error(HS_LOG_WARNING, "a mapping cannot be used", &err);
	} else {
		is_kept = hs_text_copy(mapping->url_count > 0 ? mapping->urls[0].url : NULL,
			      &entry->url) &&
		    hs_text_copy(mapping->source_name, &entry->source_name) &&
		    hs_text_copy(mapping->schedule, &entry->schedule) &&
		    hs_text_copy(mapping->timezone, &entry->timezone) &&
		    keep_help(mapping->about, &entry->help);
	}
	free(told);
	mapping_free(mapping);
	hs_problems_free(mistakes);
	if (!is_kept)
		hs_panic("no memory for a mapping");
}

/* ---- the folder ---- */

static struct entry *entry_of(const struct sources *sources, const char *name)
{
	for (size_t i = 0; i < sources->count; i++) {
		if (strcmp(sources->entries[i]->name, name) == 0)
			return sources->entries[i];
	}
	return NULL;
}

static struct entry *entry_add(struct sources *sources, const char *name)
{
	struct entry *entry;

	if (sources->count == sources->room) {
		size_t room = sources->room == 0 ? 16 : sources->room * 2;
		struct entry **longer = realloc(sources->entries, room * sizeof(struct entry *));

		if (longer == NULL)
			hs_panic("no memory for the sources");
		sources->entries = longer;
		sources->room = room;
	}
	entry = calloc(1, sizeof *entry);
	if (entry == NULL)
		hs_panic("no memory for the sources");
	snprintf(entry->name, sizeof entry->name, "%s", name);
	sources->entries[sources->count++] = entry;
	return entry;
}

/* Also a change in the same second that leaves its size, or puts its time back, is one. */
static bool is_as_it_was(const struct entry *entry, const struct stat *info)
{
	return entry->size == info->st_size && entry->inode == info->st_ino &&
	    entry->device == info->st_dev && entry->changed.tv_sec == info->st_ctim.tv_sec &&
	    entry->changed.tv_nsec == info->st_ctim.tv_nsec;
}

/* A file system's clock goes in steps: what changes twice in one has one time for both. */
static bool is_fresh(const struct timespec *changed)
{
	struct timespec now;
	double ago;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return false;
	ago = difftime(now.tv_sec, changed->tv_sec) + (double)(now.tv_nsec - changed->tv_nsec) / 1e9;
	return ago < CLOCK_STEP_SECONDS && ago > -CLOCK_STEP_SECONDS;
}

static void look_at(struct sources *sources, const char *folder, const char *file)
{
	char name[SOURCE_NAME_BYTES], path[PATH_MAX];
	struct hs_error err = HS_ERROR_INIT;
	struct entry *entry;
	struct stat info;

	if (!take_name(file, name) || !hs_format(path, sizeof path, &err, "%s/%s", folder, file) ||
	    stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return;
	entry = entry_of(sources, name);
	if (entry == NULL && sources->count >= MOST_SOURCES) {
		hs_log(HS_LOG_WARNING, "there are too many mappings: this one is not looked at",
		    HS_STR("file", path), HS_INT("limit", MOST_SOURCES));
		return;
	}
	if (entry == NULL && strcmp(name, builtin_name) == 0) {
		hs_log(HS_LOG_WARNING, "a mapping has the name of the built-in source: call it "
		    "something else", HS_STR("file", path));
		return;
	}
	if (entry == NULL)
		entry = entry_add(sources, name);
	entry->is_there = true;
	if (!entry->is_fresh && strcmp(entry->path, path) == 0 && is_as_it_was(entry, &info))
		return;
	snprintf(entry->path, sizeof entry->path, "%s", path);
	entry->size = info.st_size;
	entry->inode = info.st_ino;
	entry->device = info.st_dev;
	entry->changed = info.st_ctim;
	entry->is_fresh = is_fresh(&info.st_ctim);
	read_mapping(entry);
}

static int by_name(const void *a, const void *b)
{
	const struct entry *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static void forget_gone(struct sources *sources)
{
	size_t kept = 0;

	for (size_t i = 0; i < sources->count; i++) {
		if (sources->entries[i]->is_there)
			sources->entries[kept++] = sources->entries[i];
		else
			entry_free(sources->entries[i]);
	}
	sources->count = kept;
	if (kept > 1)
		qsort(sources->entries, kept, sizeof(struct entry *), by_name);
}

static void tell_folder(struct sources *sources, const char *folder, int number)
{
	struct hs_error err = HS_ERROR_INIT;

	if (number == sources->told_errno)
		return;
	sources->told_errno = number;
	if (number == 0 || number == ENOENT)	/* who needs no mappings has no folder */
		return;
	errno = number;
	hs_error_errno(&err, folder, "cannot look for mappings");
	hs_log_error(HS_LOG_WARNING, "there are no sources but the built-in one", &err);
}

void sources_refresh(struct sources *sources, const struct hs_settings *settings)
{
	const char *folder = hs_setting_text(settings, HS_SET_EXTRACTOR_MAPPINGS_DIR);
	const struct dirent *found;
	DIR *dir = opendir(folder);

	sources->settings = settings;
	tell_folder(sources, folder, dir == NULL ? errno : 0);
	for (size_t i = 0; i < sources->count; i++)
		sources->entries[i]->is_there = false;
	if (dir != NULL) {
		while ((found = readdir(dir)) != NULL)
			look_at(sources, folder, found->d_name);
		closedir(dir);
	}
	forget_gone(sources);
}

/* ---- asking ---- */

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static void describe(const struct entry *entry, struct source *ret)
{
	*ret = (struct source){
		.name = entry->name, .url = or_empty(entry->url),
		.source_name = entry->source_name != NULL ? entry->source_name : entry->name,
		.schedule = entry->schedule, .timezone = entry->timezone, .help = entry->help,
		.path = entry->path, .mistake = entry->mistake,
	};
}

static void describe_builtin(const struct hs_settings *settings, struct source *ret)
{
	*ret = (struct source){
		.name = builtin_name,
		.url = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_JSON_URL),
		.source_name = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_SOURCE_NAME),
		.schedule = hs_setting_text(settings, HS_SET_EXTRACTOR_PUBLIC_JSON_SCHEDULE),
		.help = "a feed that has the snapshot's shape, or an array of its records",
	};
}

static bool is_example(const struct entry *entry)
{
	return strncmp(entry->name, example_prefix, strlen(example_prefix)) == 0;
}

bool source_at(const struct sources *sources, size_t n, struct source *ret)
{
	if (n == 0) {
		describe_builtin(sources->settings, ret);
		return true;
	}
	for (size_t i = 0; i < sources->count; i++) {
		if (is_example(sources->entries[i]) || --n > 0)
			continue;
		describe(sources->entries[i], ret);
		return true;
	}
	return false;
}

/* The source whose name is nearest, or NULL. */
static const char *nearest_source(const struct sources *sources, const char *name)
{
	size_t best = hs_nearest_allowance(name) + 1, apart = hs_text_distance(name, builtin_name);
	const char *found = NULL;

	if (apart < best) {
		best = apart;
		found = builtin_name;
	}
	for (size_t i = 0; i < sources->count; i++) {
		apart = hs_text_distance(name, sources->entries[i]->name);
		if (apart < best) {
			best = apart;
			found = sources->entries[i]->name;
		}
	}
	return found;
}

static bool refuse_name(const struct sources *sources, const char *name, struct hs_error *err)
{
	const char *nearest = nearest_source(sources, name);

	if (nearest != NULL)
		return hs_error_set(err, HS_NOT_FOUND, "name",
		    "there is no source %.64s: did you mean %s?", name, nearest);
	return hs_error_set(err, HS_NOT_FOUND, "name",
	    "there is no source %.64s: hsctl extractor list shows them all; a new one is a "
	    "mapping in %s", name, hs_setting_text(sources->settings,
	    HS_SET_EXTRACTOR_MAPPINGS_DIR));
}

bool source_find(const struct sources *sources, const char *name, struct source *ret,
    struct hs_error *err)
{
	const struct entry *entry = entry_of(sources, name);

	if (strcmp(name, builtin_name) == 0)
		describe_builtin(sources->settings, ret);
	else if (entry != NULL)
		describe(entry, ret);
	else
		return refuse_name(sources, name, err);
	return true;
}

bool source_mapping(const struct source *source, struct hs_problems *mistakes, struct mapping **ret,
    struct hs_error *err)
{
	*ret = NULL;
	return source->path == NULL || mapping_load(source->path, mistakes, ret, err);
}
