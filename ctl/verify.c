/* verify.c: reads a backup from end to end and compares every checksum.
 *
 * Trusts nothing in the file; see backup_file.h. Needs neither daemon nor settings nor database. */
#include "ctl/verify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/backup_file.h"
#include "common/clock.h"
#include "common/text.h"
#include "ctl/outcome.h"

struct verify {
	struct output *output;
	char *shown; /* the path as UTF-8 */
	int fd;
	long long total; /* 0: not known */
	int64_t next_report_ms;
	json_t *manifest;
	json_int_t files[3]; /* in incoming, archive and failed */
};

static bool on_manifest(void *arg, const json_t *manifest, struct hs_error *err)
{
	struct verify *verify = arg;

	(void)err;
	verify->manifest = json_deep_copy(manifest);
	if (verify->manifest == NULL)
		out_of_memory();
	return true;
}

static bool on_member(void *arg, const struct hs_backup_member *member, struct hs_error *err)
{
	static const char *const folders[] = { "incoming/", "archive/", "failed/" };
	struct verify *verify = arg;

	(void)err;
	for (size_t i = 0; i < HS_COUNT(folders); i++)
		if (strncmp(member->name, folders[i], strlen(folders[i])) == 0)
			verify->files[i]++;
	return true;
}

static void on_progress(void *arg, int64_t bytes)
{
	struct verify *verify = arg;
	json_t *event;

	if (hs_clock_ms() < verify->next_report_ms)
		return;
	verify->next_report_ms = hs_clock_ms() + PROGRESS_EVERY_MS;
	event = json_pack("{s:s, s:s, s:I, s:I, s:s}", "event", "progress", "file", verify->shown,
	    "bytes", (json_int_t)bytes, "total", (json_int_t)verify->total, "stage", "checking");
	if (event == NULL)
		out_of_memory();
	verify->output->ops->event(verify->output, HS_CMD_BACKUP_VERIFY, event);
	json_decref(event);
}

static bool open_file(struct verify *verify, const char *path, struct hs_error *err)
{
	struct stat info;
	size_t size = 3 * strlen(path) + 1;

	if ((verify->shown = malloc(size)) == NULL)
		out_of_memory();
	hs_utf8_clean(path, strlen(path), verify->shown, size);
	verify->fd =
	    strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (verify->fd < 0 || fstat(verify->fd, &info) != 0)
		return hs_error_errno(err, verify->shown, "cannot read the backup");
	if (S_ISDIR(info.st_mode))
		return hs_error_set(err, HS_BAD_ARGUMENT, verify->shown,
		    "this is a folder: name the file of a backup");
	if (S_ISREG(info.st_mode))
		verify->total = info.st_size;
	return true;
}

static json_t *make_result(const struct verify *verify, const struct hs_backup_counts *counts)
{
	const json_t *database = json_object_get(verify->manifest, "database");

	return json_pack("{s:s, s:O?, s:O?, s:O?, s:O?, s:I, s:I, s:I, s:I, s:I}", "file",
	    verify->shown, "hoopscout", json_object_get(verify->manifest, "hoopscout"), "made_at",
	    json_object_get(verify->manifest, "made_at"), "postgresql",
	    json_object_get(database, "postgresql"), "players",
	    json_object_get(database, "players"), "members", (json_int_t)counts->members, "bytes",
	    (json_int_t)counts->bytes, "incoming", verify->files[0], "archive", verify->files[1],
	    "failed", verify->files[2]);
}

int verify_run(const char *path, struct output *output)
{
	static const struct hs_backup_reader reader = {
		.on_manifest = on_manifest, .on_member = on_member, .on_progress = on_progress
	};
	struct verify verify = {
		.output = output, .fd = -1, .next_report_ms = hs_clock_ms() + PROGRESS_EVERY_MS
	};
	struct hs_error err = HS_ERROR_INIT;
	struct hs_backup_counts counts;
	int status = OUTCOME_DONE;
	json_t *result;

	if (open_file(&verify, path, &err) &&
	    hs_backup_read(verify.fd, &reader, &verify, &counts, &err)) {
		if ((result = make_result(&verify, &counts)) == NULL)
			out_of_memory();
		output->ops->result(output, HS_CMD_BACKUP_VERIFY, result);
		json_decref(result);
	} else {
		output->ops->error(output, &err, NULL);
		status = (int)outcome_of_error(&err, STAGE_ANSWER);
	}
	if (verify.fd > STDIN_FILENO)
		close(verify.fd);
	json_decref(verify.manifest);
	free(verify.shown);
	return status;
}
