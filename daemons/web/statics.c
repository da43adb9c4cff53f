/* statics.c: the static files, from a table made at start.
 *
 * Trusts the two folders, as it trusts the program itself; follows no name that a client
 * sent. A file is answered by reference, without copying, and keeps living while it is on
 * its way even if a reload has replaced the table. */
#include "daemons/web/statics.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
	struct content *packed;	/* the same by gzip; NULL: there is none */
};

struct statics {
	struct static_file files[STATICS_MAX_FILES];
	size_t count;
	struct static_file packed[STATICS_MAX_FILES];	/* without ".gz", until all is read */
	size_t packed_count;
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

static const char packed_ending[] = ".gz";

static bool is_packed(const char *name)
{
	size_t length = strlen(name), ending = strlen(packed_ending);

	return length > ending && strcmp(name + length - ending, packed_ending) == 0;
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
	if (content == NULL || --content->users > 0)
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

static bool slurp(struct static_file *file, int dir, const char *entry, struct hs_error *err)
{
	if ((file->content = calloc(1, sizeof *file->content)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, entry, "no memory for a static file");
	file->content->users = 1;
	return hs_file_slurp(dir, entry, STATICS_MAX_FILE_BYTES, &file->content->bytes,
	    &file->content->length, err);
}

/* "app.css.gz". */
static bool read_packed(struct statics *statics, int dir, const char *entry, const char *name,
    struct hs_error *err)
{
	struct static_file *file = &statics->packed[statics->packed_count];
	char stem[NAME_BYTES];

	snprintf(stem, sizeof stem, "%.*s", (int)(strlen(name) - strlen(packed_ending)), name);
	if (type_of(stem) == NULL || statics->packed_count == STATICS_MAX_FILES)
		return true;
	memcpy(file->name, stem, sizeof stem);
	statics->packed_count++;
	return slurp(file, dir, entry, err);
}

static bool read_file(struct statics *statics, int dir, const char *entry, const char *name,
    struct hs_error *err)
{
	struct static_file *file = &statics->files[statics->count];

	if (is_packed(name))
		return read_packed(statics, dir, entry, name, err);
	if (type_of(name) == NULL || find(statics, name) != NULL)
		return true;
	if (statics->count == STATICS_MAX_FILES)
		return hs_error_set(err, HS_LIMIT, name, "more than %d static files",
		    STATICS_MAX_FILES);
	file->type = type_of(name);
	if (!hs_format(file->name, sizeof file->name, err, "%s", name))
		return false;
	statics->count++;
	return slurp(file, dir, entry, err) && hash_file(file, err);
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

static uint32_t little_endian(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t crc32_of(const struct content *content)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < content->length; i++) {
		crc ^= (unsigned char)content->bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

/* By what gzip writes at the end: a file may have been changed since it was packed. */
static bool is_packed_from(const struct content *packed, const struct content *content)
{
	enum { SHORTEST = 18, TRAILER = 8 };
	const unsigned char *bytes = (const unsigned char *)packed->bytes;

	return packed->length >= SHORTEST && packed->length < content->length &&
	    bytes[0] == 0x1f && bytes[1] == 0x8b &&
	    little_endian(bytes + packed->length - TRAILER) == crc32_of(content) &&
	    little_endian(bytes + packed->length - TRAILER / 2) == content->length;
}

static void match_packed(struct statics *statics)
{
	for (size_t i = 0; i < statics->packed_count; i++) {
		struct content *packed = statics->packed[i].content;
		const struct static_file *found = find(statics, statics->packed[i].name);

		if (found != NULL && found->packed == NULL &&
		    is_packed_from(packed, found->content))
			statics->files[found - statics->files].packed = packed;
		else
			let_go(packed);
	}
	statics->packed_count = 0;
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
	length = asprintf(&bytes, "%s\"servers\": [{\"url\": \"%s\"}]%s", file->content->bytes,
	    base, at + strlen(wanted));
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
	match_packed(statics);
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
	for (size_t i = 0; i < statics->count; i++) {
		let_go(statics->files[i].content);
		let_go(statics->files[i].packed);
	}
	for (size_t i = 0; i < statics->packed_count; i++)
		let_go(statics->packed[i].content);
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

/* Accept-Encoding: "br, gzip;q=0.8". */
static bool takes_gzip(const struct exchange *exchange)
{
	const char *list = exchange_header(exchange, "Accept-Encoding");

	while (list != NULL && *list != '\0') {
		const char *item = list + strspn(list, " \t,"), *weight;
		size_t length = strcspn(item, ","), name = strcspn(item, " \t,;");

		list = item + length;
		if ((name != 4 || strncasecmp(item, "gzip", 4) != 0) &&
		    (name != 1 || item[0] != '*'))
			continue;
		weight = memmem(item, length, "q=", 2);
		return weight == NULL || weight[2] != '0' ||
		    strcspn(weight + 2, "123456789") < (size_t)(list - weight - 2);
	}
	return false;
}

static void answer(struct exchange *exchange, const char *name)
{
	const struct static_file *file = find(exchange->web->statics, name);
	struct reply *reply = &exchange->reply;
	struct content *content;
	bool packed;

	if (file == NULL) {
		reply_problem(exchange, HTTP_NOTFOUND, "There is no such file.", NULL);
		return;
	}
	reply->status = HTTP_OK;
	reply->type = file->type;
	reply->cache = names_hash(exchange, file) ? "public, max-age=31536000, immutable" :
						    "public, no-cache";
	packed = file->packed != NULL && takes_gzip(exchange);
	content = packed ? file->packed : file->content;
	reply->varies_by_encoding = file->packed != NULL;
	reply->encoding = packed ? "gzip" : NULL;
	snprintf(reply->etag, sizeof reply->etag, "\"%s%s\"", file->hash, packed ? "-gzip" : "");
	if (!reply_if_changed(exchange) && content->length > 0) {
		content->users++;
		if (evbuffer_add_reference(reply->body, content->bytes, content->length, on_sent,
			content) != 0) {
			let_go(content);
			reply->encoding = NULL;
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
