/* statics.c: the static files, from a table made at start.
 *
 * Trusts the two folders, as it trusts the program itself; follows no name that a client
 * sent. A file is answered by reference, without copying, and keeps living while it is on
 * its way even if a reload has replaced the table. */
#include "daemons/web/statics.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/file.h"
#include "common/home.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/web/exchange.h"
#include "daemons/web/reply.h"
#include "daemons/web/web.h"

enum { NAME_BYTES = 128, HASH_CHARACTERS = 16 };

/* Shared by the table and by each answer under way. */
struct content {
	size_t users;
	size_t length;
	char *bytes;
};

struct static_file {
	char name[NAME_BYTES];	/* "vendor/htmx.min.js" */
	char hash[HASH_CHARACTERS + 1];
	const char *type;
	struct content *content;
};

struct statics {
	struct static_file files[STATICS_MAX_FILES];
	size_t count;
	json_t *assets;
};

static const struct { const char *ending, *type; } types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/vnd.microsoft.icon" },
	{ "openapi.json", "application/json" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".webmanifest", "application/manifest+json" },
};

/* NULL: not a kind of file that we serve. */
static const char *type_of(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < HS_COUNT(types); i++) {
		size_t ending = strlen(types[i].ending);

		if (length >= ending && strcmp(name + length - ending, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

static const struct static_file *find(const struct statics *statics, const char *name)
{
	for (size_t i = 0; i < statics->count; i++) {
		if (strcmp(statics->files[i].name, name) == 0)
			return &statics->files[i];
	}
	return NULL;
}

static void let_go(struct content *content)
{
	if (--content->users > 0)
		return;
	free(content->bytes);
	free(content);
}

static bool hash_file(struct static_file *file, struct hs_error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (EVP_Digest(file->content->bytes, file->content->length, hash, NULL, EVP_sha256(),
	    NULL) != 1)
		return hs_error_set(err, HS_NO_MEMORY, file->name, "cannot hash a static file");
	for (size_t i = 0; i < HASH_CHARACTERS / 2; i++)
		snprintf(file->hash + 2 * i, 3, "%02x", hash[i]);
	return true;
}

static bool read_file(struct statics *statics, int dir, const char *entry, const char *name,
    struct hs_error *err)
{
	struct static_file *file = &statics->files[statics->count];

	if (type_of(name) == NULL || find(statics, name) != NULL)
		return true;
	if (statics->count == STATICS_MAX_FILES)
		return hs_error_set(err, HS_LIMIT, name, "more than %d static files",
		    STATICS_MAX_FILES);
	file->type = type_of(name);
	if (!hs_format(file->name, sizeof file->name, err, "%s", name))
		return false;
	if ((file->content = calloc(1, sizeof *file->content)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, name, "no memory for a static file");
	file->content->users = 1;
	statics->count++;
	return hs_file_slurp(dir, entry, STATICS_MAX_FILE_BYTES, &file->content->bytes,
	    &file->content->length, err) && hash_file(file, err);
}

/* One folder, and with depth its folders too. prefix is "" or "vendor/". Takes dir. */
static bool read_folder(struct statics *statics, int dir, const char *prefix, bool deeper,
    struct hs_error *err)
{
	DIR *stream = fdopendir(dir);
	struct dirent *entry;
	bool done = false;

	if (stream == NULL) {
		hs_error_errno(err, prefix, "cannot list the static files");
		close(dir);
		return false;
	}
	while ((entry = readdir(stream)) != NULL) {
		char name[NAME_BYTES];
		struct stat info;

		if (entry->d_name[0] == '.' || fstatat(dir, entry->d_name, &info, 0) != 0)
			continue;
		if (!hs_format(name, sizeof name, err, "%s%s%s", prefix, entry->d_name,
			S_ISDIR(info.st_mode) ? "/" : ""))
			goto out;
		if (S_ISREG(info.st_mode) && !read_file(statics, dir, entry->d_name, name, err))
			goto out;
		if (S_ISDIR(info.st_mode) && deeper && strcmp(entry->d_name, "node_modules") != 0) {
			int inner = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (inner >= 0 && !read_folder(statics, inner, name, false, err))
				goto out;
		}
	}
	done = true;
out:
	closedir(stream);
	return done;
}

static bool read_htdocs(struct statics *statics, const char *parent, bool required,
    struct hs_error *err)
{
	char path[4096];
	int dir;

	if (!hs_format(path, sizeof path, err, "%s/htdocs", parent))
		return false;
	if ((dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return !required || hs_error_errno(err, path,
		    "cannot open the static files' folder");
	return read_folder(statics, dir, "", true, err);
}

/* "vendor/htmx.min.js" is vendor_htmx_min_js in templates: a dot means something else there. */
static bool name_assets(struct statics *statics, struct hs_error *err)
{
	if ((statics->assets = json_object()) == NULL)
		goto fail;
	for (size_t i = 0; i < statics->count; i++) {
		const struct static_file *file = &statics->files[i];
		char key[NAME_BYTES];

		snprintf(key, sizeof key, "%s", file->name);
		for (char *c = key; *c != '\0'; c++) {
			if (*c == '.' || *c == '/' || *c == '-')
				*c = '_';
		}
		if (json_object_set_new(statics->assets, key,
			json_sprintf("/static/%s?v=%s", file->name, file->hash)) != 0)
			goto fail;
	}
	return true;
fail:
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the static files' names");
}

/* What describes our API says where it stands. */
static bool place_openapi(struct statics *statics, const char *base, struct hs_error *err)
{
	static const char wanted[] = "\"servers\": [{\"url\": \"/\"}]";
	const struct static_file *file = find(statics, "openapi.json");
	char *at = file != NULL ? strstr(file->content->bytes, wanted) : NULL, *bytes;
	int length;

	if (base[0] == '\0')
		return true;
	if (at == NULL)
		return hs_error_set(err, HS_NOT_FOUND, "openapi.json", "it does not say %s, where "
		    "HOOPSCOUT_BASE_PATH is put", wanted);
	*at = '\0';
	length = asprintf(&bytes, "%s\"servers\": [{\"url\": \"%s\"}]%s", file->content->bytes, base,
	    at + strlen(wanted));
	if (length < 0)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a static file");
	free(file->content->bytes);
	file->content->bytes = bytes;
	file->content->length = (size_t)length;
	return hash_file(&statics->files[file - statics->files], err);
}

bool statics_load(const struct hs_settings *settings, const char *base, struct statics **ret,
    struct hs_error *err)
{
	struct statics *statics = calloc(1, sizeof *statics);
	char path[4096];

	if (statics == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the static files");
	if (!read_htdocs(statics, hs_setting_text(settings, HS_SET_DATA_DIR), true, err))
		goto fail;
	if (hs_home_clone(path, sizeof path) && hs_home_programs(path, sizeof path) &&
	    !read_htdocs(statics, path, false, err))
		goto fail;
	if (find(statics, "vendor/htmx.min.js") == NULL) {
		hs_error_set(err, HS_NOT_FOUND, "vendor/htmx.min.js",
		    "htmx is missing from htdocs: run make, which installs it");
		goto fail;
	}
	if (!place_openapi(statics, base, err) || !name_assets(statics, err))
		goto fail;
	*ret = statics;
	return true;
fail:
	statics_free(statics);
	return false;
}

void statics_free(struct statics *statics)
{
	if (statics == NULL)
		return;
	for (size_t i = 0; i < statics->count; i++)
		let_go(statics->files[i].content);
	json_decref(statics->assets);
	free(statics);
}

json_t *statics_assets(const struct statics *statics)
{
	return statics->assets;
}

static void on_sent(const void *bytes, size_t length, void *arg)
{
	(void)bytes;
	(void)length;
	let_go(arg);
}

/* A URL with the content's hash never changes its meaning. */
static bool names_hash(const struct exchange *exchange, const struct static_file *file)
{
	return strncmp(exchange->query, "v=", 2) == 0 &&
	    strcmp(exchange->query + 2, file->hash) == 0;
}

static void answer(struct exchange *exchange, const char *name)
{
	const struct static_file *file = find(exchange->web->statics, name);
	struct reply *reply = &exchange->reply;

	if (file == NULL) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no such file.", NULL);
		return;
	}
	reply->status = HTTP_OK;
	reply->type = file->type;
	reply->cache = names_hash(exchange, file) ? "public, max-age=31536000, immutable" :
						    "public, no-cache";
	snprintf(reply->etag, sizeof reply->etag, "\"%s\"", file->hash);
	if (!reply_if_changed(exchange) && file->content->length > 0) {
		file->content->users++;
		if (evbuffer_add_reference(reply->body, file->content->bytes, file->content->length,
			on_sent, file->content) != 0) {
			let_go(file->content);
			reply_problem(exchange, HTTP_SERVUNAVAIL, "There is no memory for it.",
			    NULL);
			return;
		}
	}
	exchange_answer(exchange);
}

void statics_answer(struct exchange *exchange)
{
	answer(exchange, exchange->path + strlen("/static/"));
}

void statics_answer_icon(struct exchange *exchange)
{
	answer(exchange, "icon.svg");
}

void statics_answer_openapi(struct exchange *exchange)
{
	answer(exchange, "openapi.json");
}
