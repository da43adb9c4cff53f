/* import_place.c: trusts the folders of the settings and nothing that lies in them: no link is
 * followed, and what a name means is asked of an open descriptor. A name from the database is one
 * file's, or none. */
#include "daemons/web/import_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/db.h"
#include "common/file.h"
#include "common/text.h"
#include "daemons/web/imports_sql.h"
#include "daemons/web/values.h"
#include "daemons/web/web.h"

enum { NAMES_SHOWN = 10, ENTRIES_READ = 2000 };

static const char *folder_of(const struct web *web, const PGresult *file)
{
	bool is_failed = strcmp(hs_db_text(file, 0, FILE_STATUS), "failed") == 0;

	return hs_setting_text(hs_child_settings(web->child),
	    is_failed ? HS_SET_FAILED_DIR : HS_SET_ARCHIVE_DIR);
}

static bool is_plain_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strlen(name) <= NAME_MAX &&
	    strchr(name, '/') == NULL;
}

static bool is_gone(struct hs_error *err, const char *name)
{
	return hs_error_set(err, HS_NOT_FOUND, name,
	    "The file is not on this machine: it was moved "
	    "away or deleted, or the importer keeps it on another one.");
}

bool import_place_open(const struct web *web, const PGresult *file, int *ret_fd, int64_t *ret_bytes,
    struct hs_error *err)
{
	const char *name = hs_db_text(file, 0, FILE_STORED_AS);
	struct hs_error ignored = HS_ERROR_INIT;
	struct stat info;
	int dir, fd;

	if (hs_db_text(file, 0, FILE_DELETED_AT) != NULL)
		return hs_error_set(err, HS_NOT_FOUND, "", "The file was deleted.");
	if (name == NULL)
		return hs_error_set(err, HS_NOT_FOUND, "",
		    "The file has not been put away yet: it is "
		    "about to be moved out of the incoming folder.");
	if (!is_plain_name(name) || !hs_dir_open(folder_of(web, file), &dir, &ignored))
		return is_gone(err, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	close(dir);
	if (fd < 0 && errno == EACCES)
		return hs_error_set(err, HS_NOT_FOUND, name,
		    "The file is there, but hsd-web may not "
		    "read it: let its user read the folder.");
	if (fd < 0)
		return is_gone(err, name);
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return is_gone(err, name);
	}
	if (info.st_size != hs_db_int(file, 0, FILE_SIZE)) {
		close(fd);
		return hs_error_set(err, HS_NOT_FOUND, name,
		    "Another file lies there now: its size is not that of the imported one.");
	}
	*ret_fd = fd;
	*ret_bytes = info.st_size;
	return true;
}

bool import_place_put(const struct web *web, json_t *view, const PGresult *file)
{
	struct hs_error err = HS_ERROR_INIT;
	const char *name = hs_db_text(file, 0, FILE_STORED_AS);
	int64_t bytes;
	int fd;
	bool is_here = import_place_open(web, file, &fd, &bytes, &err);

	if (is_here)
		close(fd);
	return view_put(view, "place",
	    json_pack("{s:s?, s:s?, s:b, s:s?}", "folder",
		name != NULL ? folder_of(web, file) : NULL, "name", name, "is_here", (int)is_here,
		"why", is_here ? NULL : err.message));
}

/* ---- incoming ---- */

static const char *incoming(const struct web *web)
{
	return hs_setting_text(hs_child_settings(web->child), HS_SET_INCOMING_DIR);
}

/* As the importer takes them. */
static bool is_snapshot(int dir, const char *name)
{
	size_t length = strlen(name);
	struct stat info;

	return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".json") == 0 &&
	    fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
}

bool import_place_is_waiting(const struct web *web, const char *name)
{
	struct hs_error ignored = HS_ERROR_INIT;
	bool found;
	int dir;

	if (!is_plain_name(name) || !hs_dir_open(incoming(web), &dir, &ignored))
		return false;
	found = is_snapshot(dir, name);
	close(dir);
	return found;
}

json_t *import_place_waiting(const struct web *web)
{
	DIR *folder = opendir(incoming(web));
	json_t *names = json_array();
	const struct dirent *entry;
	char clean[3 * NAME_MAX + 1];
	int count = 0;

	for (int read = 0;
	     folder != NULL && read < ENTRIES_READ && (entry = readdir(folder)) != NULL; read++) {
		if (!is_snapshot(dirfd(folder), entry->d_name))
			continue;
		if (++count <= NAMES_SHOWN)
			json_array_append_new(names, json_string(hs_utf8_clean(entry->d_name,
			    strlen(entry->d_name), clean, sizeof clean)));
	}
	if (folder != NULL)
		closedir(folder);
	return json_pack("{s:s, s:b, s:i, s:o, s:i, s:b}", "folder", incoming(web), "any",
	    count > 0, "count", count, "names", names, "more",
	    count > NAMES_SHOWN ? count - NAMES_SHOWN : 0, "is_one", count == 1);
}
