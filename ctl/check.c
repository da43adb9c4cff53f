/* check.c: reads a snapshot through the validator and tells all that is wrong.
 *
 * Trusts nothing in the file. Memory does not grow with it: a fixed buffer, and what the
 * validator keeps. Needs no daemon, and no settings either: a bad hoopscout.conf is no
 * reason not to check a file. */
#include "ctl/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/number.h"
#include "common/settings.h"
#include "common/snapshot.h"
#include "common/text.h"
#include "ctl/outcome.h"

enum { CHUNK_BYTES = 256 << 10 };

struct check {
	const char *path;	/* as typed */
	char *shown;		/* the same as UTF-8 */
	int fd;
	long long bytes, total;	/* total 0: not known */
	int64_t started_ms;
	struct hs_snapshot *snapshot;
	char *chunk;
	struct output *output;
};

/* The importer's bound when the settings can be read, else the built-in one. */
static size_t max_record_bytes(void)
{
	const struct hs_setting_row *row = &hs_setting_rows[HS_SET_MAX_RECORD_BYTES];
	struct hs_error err = HS_ERROR_INIT;
	struct hs_settings *settings;
	long long bytes;

	if (hs_settings_load(NULL, &settings, &err)) {
		bytes = hs_setting_int(settings, HS_SET_MAX_RECORD_BYTES);
		hs_settings_free(settings);
	} else if (!hs_parse_size(row->fallback, row->min, row->max, row->name, &bytes, &err)) {
		hs_panic("%s has a bad default", row->name);
	}
	return (size_t)bytes;
}

static bool open_file(struct check *check, struct hs_error *err)
{
	struct stat info;

	if (strcmp(check->path, "-") == 0)
		check->fd = STDIN_FILENO;
	else
		check->fd = open(check->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (check->fd < 0)
		return hs_error_errno(err, check->shown, "cannot open the file");
	if (fstat(check->fd, &info) != 0)
		return hs_error_errno(err, check->shown, "cannot look at the file");
	if (S_ISDIR(info.st_mode))
		return hs_error_set(err, HS_BAD_ARGUMENT, check->shown,
		    "this is a folder; name a file, or run it for each in turn");
	if (S_ISREG(info.st_mode))
		check->total = info.st_size;
	return true;
}

static bool prepare(struct check *check, struct hs_error *err)
{
	struct hs_snapshot_options options = { .max_record_bytes = max_record_bytes() };
	size_t length = strlen(check->path), size = 3 * length + 1;

	check->started_ms = hs_clock_ms();
	check->shown = malloc(size);
	check->chunk = malloc(CHUNK_BYTES);
	if (check->shown == NULL || check->chunk == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to read the file");
	if (strcmp(check->path, "-") == 0)
		snprintf(check->shown, size, "-");
	else
		hs_utf8_clean(check->path, length, check->shown, size);
	return open_file(check, err) && hs_snapshot_new(&options, &check->snapshot, err);
}

static void report(const struct check *check)
{
	json_t *event = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "event", "progress",
	    "file", check->shown, "bytes", (json_int_t)check->bytes,
	    "total", (json_int_t)check->total,
	    "records", (json_int_t)hs_snapshot_head(check->snapshot)->records, "stage", "checking");

	if (event == NULL)
		out_of_memory();
	check->output->ops->event(check->output, HS_CMD_SNAPSHOT_CHECK, event);
	json_decref(event);
}

static bool read_all(struct check *check, struct hs_error *err)
{
	int64_t next_report_ms = check->started_ms + PROGRESS_EVERY_MS;
	size_t length;

	for (;;) {
		if (!hs_file_read(check->fd, check->chunk, CHUNK_BYTES, &length, err)) {
			hs_error_at(err, check->shown);
			return false;
		}
		if (length == 0 || hs_snapshot_is_over(check->snapshot))
			break;
		check->bytes += (long long)length;
		if (!hs_snapshot_push(check->snapshot, check->chunk, length, err))
			return false;
		if (hs_clock_ms() < next_report_ms)
			continue;
		next_report_ms = hs_clock_ms() + PROGRESS_EVERY_MS;
		report(check);
	}
	return hs_snapshot_finish(check->snapshot, err);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *make_result(const struct check *check)
{
	const struct hs_problems *problems = hs_snapshot_problems(check->snapshot);
	const struct hs_snapshot_head *head = hs_snapshot_head(check->snapshot);
	char date[HS_DATE_TEXT_BYTES];

	return json_pack("{s:s, s:b, s:o, s:o, s:I, s:I, s:f, s:I, s:o}", "file", check->shown,
	    "valid", hs_problems_total(problems) == 0,
	    "source_name", text_or_null(head->source_name),
	    "snapshot_date", text_or_null(hs_date_text(head->snapshot_date, date)),
	    "records", (json_int_t)head->records, "bytes", (json_int_t)check->bytes,
	    "seconds", (double)(hs_clock_ms() - check->started_ms) / 1000,
	    "problem_total", (json_int_t)hs_problems_total(problems),
	    "problems", hs_problems_json(problems));
}

static int show_result(const struct check *check)
{
	json_t *result;
	enum outcome outcome;

	hs_snapshot_add_excerpts(check->snapshot, check->fd);
	if ((result = make_result(check)) == NULL)
		out_of_memory();
	outcome = outcome_of_result(HS_CMD_SNAPSHOT_CHECK, result);
	check->output->ops->result(check->output, HS_CMD_SNAPSHOT_CHECK, result);
	json_decref(result);
	return (int)outcome;
}

int check_run(const char *path, struct output *output)
{
	struct check check = { .path = path, .fd = -1, .output = output };
	struct hs_error err = HS_ERROR_INIT;
	int status;

	if (prepare(&check, &err) && read_all(&check, &err)) {
		status = show_result(&check);
	} else {
		output->ops->error(output, &err, NULL);
		status = (int)outcome_of_error(&err, STAGE_ANSWER);
	}
	if (check.fd > STDIN_FILENO)
		close(check.fd);
	hs_snapshot_free(check.snapshot);
	free(check.chunk);
	free(check.shown);
	return status;
}
