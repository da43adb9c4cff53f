/* backup_folders.c: which file goes where in a backup, so that none is lost and none is believed
 * imported wrongly.
 *
 * The importer commits, then moves: incoming to archive or failed; a retry moves from failed to
 * incoming. So the folders are walked in the order of the moves, and again until a walk finds
 * nothing new: what moved on is found where it went. What archive and failed held before the
 * snapshot was committed before it, and stays there. What came there since is asked for by its
 * checksum: when the snapshot does not know its import, it goes to incoming. Trusts no file to stay
 * as it is, and follows no link. */
#include "daemons/supervisor/backup_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/file.h"
#include "common/hex.h"
#include "common/text.h"

enum { CHUNK_BYTES = 256 << 10, WALKS = 20, LEFT_OUT_MOST = 100, KEY_BYTES = NAME_MAX + 64 };

#define REPORT_ENDING ".errors.json"

/* One file that is being looked at. */
struct candidate {
	enum backup_folder folder;
	const char *name;
	int fd;
	struct stat info;
	bool is_hashed;
	unsigned char sha256[HS_SHA256_BYTES];
};

const char *backup_folder_name(enum backup_folder folder)
{
	static const char *const names[FOLDER_COUNT] = { "incoming", "archive", "failed" };

	return names[folder];
}

enum hs_setting backup_folder_setting(enum backup_folder folder)
{
	static const enum hs_setting settings[FOLDER_COUNT] = { HS_SET_INCOMING_DIR,
		HS_SET_ARCHIVE_DIR, HS_SET_FAILED_DIR };

	return settings[folder];
}

static bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name), end = strlen(ending);

	return length > end && strcmp(name + length - end, ending) == 0;
}

bool backup_takes(const char *name)
{
	return name[0] != '.' && !ends_with(name, ".part") && !ends_with(name, ".tmp");
}

/* ---- sets of names ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool set_add(void **set, const char *name, struct hs_error *err)
{
	char *copy;

	if (tfind(name, set, compare) != NULL)
		return true;
	if ((copy = strdup(name)) != NULL && tsearch(copy, set, compare) != NULL)
		return true;
	free(copy);
	return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the names of files");
}

static bool set_has(void *const *set, const char *name)
{
	return tfind(name, set, compare) != NULL;
}

static const char *key_of(char key[KEY_BYTES], const char *kind, const char *name)
{
	snprintf(key, KEY_BYTES, "%.20s/%.290s", kind, name);
	return key;
}

/* ---- listing ---- */

/* Names in a folder, sorted: a file comes before its report. */
struct listing {
	char **names;
	size_t count, room;
};

static void listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
}

static bool listing_add(struct listing *listing, const char *name, struct hs_error *err)
{
	if (listing->count == listing->room) {
		size_t room = listing->room == 0 ? 256 : 2 * listing->room;
		char **names = realloc(listing->names, room * sizeof *names);

		if (names == NULL)
			return hs_error_set(
			    err, HS_NO_MEMORY, "", "no memory for the names of files");
		listing->names = names;
		listing->room = room;
	}
	if ((listing->names[listing->count] = strdup(name)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for the names of files");
	listing->count++;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool note_name(void *arg, int dir, const char *name, struct hs_error *err)
{
	(void)dir;
	return !backup_takes(name) || listing_add(arg, name, err);
}

/* Takes note of all names in dir; *ret is to be freed even on failure. */
static bool list(int dir, const char *path, struct listing *ret, struct hs_error *err)
{
	if (!hs_dir_each(dir, path, note_name, ret, err))
		return false;
	if (ret->count > 0)
		qsort(ret->names, ret->count, sizeof *ret->names, compare_names);
	return true;
}

/* What is done with a folder's names. arg is each_folder's. */
typedef bool folder_fn(struct backup_folders *folders, enum backup_folder folder, int dir,
    const struct listing *listing, void *arg, struct hs_error *err);

/* Opens and lists each folder in turn; ends at the first failure. */
static bool each_folder(struct backup_folders *folders, folder_fn *use, void *arg,
    struct hs_error *err)
{
	for (int i = 0; i < FOLDER_COUNT; i++) {
		enum backup_folder folder = (enum backup_folder)i;
		const char *path =
		    hs_setting_text(folders->settings, backup_folder_setting(folder));
		struct listing listing = { .count = 0 };
		int dir;
		bool done;

		if (!hs_dir_open(path, &dir, err))
			return false;
		done = list(dir, path, &listing, err) &&
		    use(folders, folder, dir, &listing, arg, err);
		listing_free(&listing);
		close(dir);
		if (!done)
			return false;
	}
	return true;
}

/* A folder_fn without arg. */
static bool note_before(struct backup_folders *folders, enum backup_folder folder, int dir,
    const struct listing *listing, void *arg, struct hs_error *err)
{
	char key[KEY_BYTES];
	struct stat info;

	(void)arg;
	for (size_t i = 0; i < listing->count; i++) {
		const char *name = listing->names[i];

		if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
			continue;
		folders->bytes += info.st_size;
		if (folder != FOLDER_INCOMING &&
		    !set_add(&folders->before, key_of(key, backup_folder_name(folder), name), err))
			return false;
	}
	return true;
}

bool backup_folders_list(struct backup_folders *folders, struct hs_error *err)
{
	return each_folder(folders, note_before, NULL, err);
}

/* ---- where a file goes ---- */

static bool hash(struct backup_folders *folders, struct candidate *file, struct hs_error *err)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char sha256[EVP_MAX_MD_SIZE];
	bool done = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
	size_t got = 1;

	if (!done)
		hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum");
	for (int64_t left = file->info.st_size; done && left > 0 && got > 0; left -= (int64_t)got) {
		size_t wanted = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

		done = hs_file_read(file->fd, folders->chunk, wanted, &got, err) &&
		    (EVP_DigestUpdate(digest, folders->chunk, got) == 1 ||
			hs_error_set(err, HS_NO_MEMORY, "", "cannot compute a checksum"));
	}
	if (done &&
	    (EVP_DigestFinal_ex(digest, sha256, NULL) != 1 || lseek(file->fd, 0, SEEK_SET) != 0))
		done = hs_error_errno(err, file->name, "cannot read it again");
	EVP_MD_CTX_free(digest);
	if (!done)
		return false;
	memcpy(file->sha256, sha256, sizeof file->sha256);
	file->is_hashed = true;
	return true;
}

/* Whether db has a row of this content, of a failure or not. */
static bool knows(
    struct hs_db *db, const struct candidate *file, bool failed, bool *ret, struct hs_error *err)
{
	char hex[2 * HS_SHA256_BYTES + 1];
	PGresult *result = NULL;

	if (!hs_db_exec(db,
		"select exists(select from import_file where sha256 = decode($1::text, 'hex')"
		" and (status = 'failed') = $2::boolean)::integer",
		&result, err, hs_hex_text(file->sha256, HS_SHA256_BYTES, hex),
		failed ? "true" : "false"))
		return false;
	*ret = hs_db_int(result, 0, 0) == 1;
	PQclear(result);
	return true;
}

/* One that came to archive or failed since the snapshot, or by hand. */
static bool settle_new(struct backup_folders *folders, struct candidate *file,
    enum backup_folder *ret, struct hs_error *err)
{
	bool failed = file->folder == FOLDER_FAILED, then, now;

	if (!hash(folders, file, err) || !knows(folders->then, file, failed, &then, err) ||
	    !knows(folders->now, file, failed, &now, err))
		return false;
	*ret = now && !then ? FOLDER_INCOMING : file->folder;
	return true;
}

/* A report goes with its file: one whose file has moved on is not of use. One that stood alone
 * stays. */
static bool is_report_of_moved(const struct backup_folders *folders, const struct candidate *file)
{
	char base[NAME_MAX + 1], key[KEY_BYTES];

	if (file->folder != FOLDER_FAILED || !ends_with(file->name, REPORT_ENDING))
		return false;
	snprintf(base, sizeof base, "%.*s", (int)(strlen(file->name) - strlen(REPORT_ENDING)),
	    file->name);
	if (set_has(&folders->seen, key_of(key, "moved", base)))
		return true;
	if (set_has(&folders->seen, key_of(key, "failed", base)))
		return false;
	return set_has(&folders->before, key) ||
	    !set_has(&folders->before, key_of(key, "failed", file->name));
}

static bool settle(struct backup_folders *folders, struct candidate *file, enum backup_folder *ret,
    struct hs_error *err)
{
	char key[KEY_BYTES];

	*ret = file->folder;
	if (file->folder == FOLDER_INCOMING)
		return hash(folders, file, err);
	if (set_has(&folders->before, key_of(key, backup_folder_name(file->folder), file->name)) ||
	    (file->folder == FOLDER_FAILED && ends_with(file->name, REPORT_ENDING)))
		return true;
	return settle_new(folders, file, ret, err);
}

/* ---- copying ---- */

static bool leave_out(struct backup_folders *folders, const struct candidate *file, const char *why,
    struct hs_error *err)
{
	char key[KEY_BYTES], clean[3 * KEY_BYTES], full[KEY_BYTES];

	key_of(full, backup_folder_name(file->folder), file->name);
	key_of(key, "left", full);
	if (set_has(&folders->seen, key))
		return true;
	if (!set_add(&folders->seen, key, err))
		return false;
	hs_utf8_clean(full, strlen(full), clean, sizeof clean);
	if (json_array_size(folders->left_out) < LEFT_OUT_MOST)
		json_array_append_new(
		    folders->left_out, json_pack("{s:s, s:s}", "file", clean, "message", why));
	return true;
}

/* A free name in the backup's incoming; "" when that content is there already. */
static bool name_in_incoming(struct backup_folders *folders, const struct candidate *file,
    char name[NAME_MAX + 1], struct hs_error *err)
{
	char key[KEY_BYTES], hex[2 * HS_SHA256_BYTES + 1];

	key_of(key, "content", hs_hex_text(file->sha256, HS_SHA256_BYTES, hex));
	name[0] = '\0';
	if (file->folder != FOLDER_INCOMING && set_has(&folders->seen, key))
		return true;
	if (!set_add(&folders->seen, key, err))
		return false;
	for (int n = 0;; n++) {
		hs_file_nth_name(file->name, n, name);
		if (!set_has(&folders->seen, key_of(key, "written", name)))
			return set_add(&folders->seen, key, err);
	}
}

static bool write_file(struct backup_folders *folders, struct candidate *file,
    enum backup_folder to, struct hs_error *err)
{
	struct hs_backup_member member = { .size = file->info.st_size,
		.mode = file->info.st_mode & 0777,
		.changed_at = file->info.st_mtime };
	unsigned char sha256[HS_SHA256_BYTES];
	char name[NAME_MAX + 1];

	snprintf(name, sizeof name, "%s", file->name);
	if (to == FOLDER_INCOMING && !name_in_incoming(folders, file, name, err))
		return false;
	if (name[0] == '\0')
		return true;
	snprintf(member.name, sizeof member.name, "%s/%s", backup_folder_name(to), name);
	folders->on_file(folders->arg, member.name);
	if (!hs_backup_add_file(
		folders->writer, &member, file->fd, folders->on_bytes, folders->arg, sha256, err))
		return false;
	folders->files[to]++;
	if (file->is_hashed && memcmp(sha256, file->sha256, sizeof sha256) != 0)
		return hs_error_set(err, HS_FILE_CHANGED, member.name,
		    "%.200s was overwritten while it was copied: try again", member.name);
	return true;
}

/* Whoever writes a file has it open for writing; where leases do not work, it is taken as it is. */
static bool is_being_written(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

static bool take_file(
    struct backup_folders *folders, struct candidate *file, bool *ret_is_new, struct hs_error *err)
{
	char key[KEY_BYTES];
	enum backup_folder to;

	if (fstat(file->fd, &file->info) != 0)
		return hs_error_errno(err, file->name, "cannot look at it");
	if (!S_ISREG(file->info.st_mode))
		return leave_out(folders, file, "it is no plain file", err);
	if (file->folder == FOLDER_INCOMING && is_being_written(file->fd))
		return leave_out(folders, file, "it is still being written", err);
	if (is_report_of_moved(folders, file))
		return true;
	if (!settle(folders, file, &to, err) ||
	    !set_add(
		&folders->seen, key_of(key, backup_folder_name(file->folder), file->name), err) ||
	    (to != file->folder && !set_add(&folders->seen, key_of(key, "moved", file->name), err)))
		return false;
	*ret_is_new = true;
	return write_file(folders, file, to, err);
}

/* A folder's files that were not seen yet. */
static bool copy_folder(struct backup_folders *folders, enum backup_folder folder, int dir,
    const struct listing *listing, void *arg, struct hs_error *err)
{
	bool *ret_is_new = arg;
	char key[KEY_BYTES];

	for (size_t i = 0; i < listing->count; i++) {
		struct candidate file = { .folder = folder, .name = listing->names[i] };
		bool done;

		if (set_has(&folders->seen, key_of(key, backup_folder_name(folder), file.name)))
			continue;
		file.fd = openat(
		    dir, file.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (file.fd < 0 && errno == ENOENT)
			continue; /* it has moved on */
		if (file.fd < 0 && (errno == ELOOP || errno == ENXIO)) {
			if (!leave_out(folders, &file, "it is no plain file", err))
				return false;
			continue;
		}
		if (file.fd < 0)
			return hs_error_errno(
			    err, file.name, "cannot read it in %s", backup_folder_name(folder));
		done = take_file(folders, &file, ret_is_new, err);
		close(file.fd);
		if (!done) {
			hs_error_at(err, file.name);
			return false;
		}
	}
	return true;
}

bool backup_folders_copy(struct backup_folders *folders, struct hs_error *err)
{
	bool is_new = true;

	if ((folders->chunk = malloc(CHUNK_BYTES)) == NULL ||
	    (folders->left_out = json_array()) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to copy files");
	for (int i = 0; i < WALKS && is_new; i++) {
		is_new = false;
		if (!each_folder(folders, copy_folder, &is_new, err))
			return false;
	}
	return true;
}

void backup_folders_done(struct backup_folders *folders)
{
	tdestroy(folders->before, free);
	tdestroy(folders->seen, free);
	json_decref(folders->left_out);
	free(folders->chunk);
}
