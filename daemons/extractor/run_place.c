/* run_place.c: trusts that folders are not changed under it: who writes the snapshot looks again. */
#include "daemons/extractor/run_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/text.h"
#include "daemons/extractor/emit.h"

enum { FILE_NAME_BYTES = 128 };

/* errno tells why not; 0: it is something else. */
static bool is_folder(const char *path)
{
	struct stat info;

	errno = 0;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* After is_folder: it is not there, or not for us to see. */
static bool refuse_folder(const char *path, struct hs_error *err)
{
	char user[EMIT_USER_BYTES];

	if (errno != EACCES)
		return hs_error_set(err, HS_BAD_ARGUMENT, "output-path", "there is no folder %.200s",
		    path);
	emit_user(user, sizeof user);
	return hs_error_set(err, HS_BAD_ARGUMENT, "output-path", "%s, who writes the snapshots, may"
	    " not look into what leads to %.200s: let him, or name another folder", user, path);
}

static bool default_name(const char *source, char *buf, size_t size, struct hs_error *err)
{
	time_t now = time(NULL);
	char when[32];
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL || strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc) == 0)
		return hs_error_set(err, HS_IO, "", "the clock cannot be read");
	return hs_format(buf, size, err, "%s-%s.json", source, when);
}

bool run_place_find(const char *output_path, const char *incoming, const char *source,
    char **ret_folder, char **ret_file, struct hs_error *err)
{
	const char *path = output_path != NULL ? output_path : incoming;
	const char *slash = strrchr(path, '/');
	size_t length = strlen(path);
	char name[FILE_NAME_BYTES], *folder, *file;

	if (!default_name(source, name, sizeof name, err))
		return false;
	if (output_path == NULL || is_folder(path)) {
		folder = strdup(path);
		file = strdup(name);
	} else if (length > 5 && strcmp(path + length - 5, ".json") == 0 && slash != NULL &&
	    slash[1] != '.') {
		folder = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
		file = strdup(slash + 1);
	} else if (errno == EACCES) {
		return refuse_folder(path, err);
	} else {
		return hs_error_set(err, HS_BAD_ARGUMENT, "output-path",
		    "%.200s is neither a folder that is there nor a name that ends in .json", path);
	}
	if (folder == NULL || file == NULL)
		hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	else if (output_path == NULL || is_folder(folder) || refuse_folder(folder, err)) {
		*ret_folder = folder;
		*ret_file = file;
		return true;
	}
	free(folder);
	free(file);
	return false;
}
