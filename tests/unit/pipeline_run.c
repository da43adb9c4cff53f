/* pipeline_run.c: see pipeline_run.h. */
#include "tests/unit/pipeline_run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/harness.h"

static int file_of(const char *text)
{
	struct hs_error err = HS_ERROR_INIT;
	int fd = -1;

	if (!expect_done("file", hs_file_temporary("tests a feed", &fd, &err) &&
		hs_file_write_all(fd, text, strlen(text), &err), &err))
		exit(1);
	return fd;
}

/* One folder for all, emptied before each run. */
static const char *scratch_folder(void)
{
	static const char *folder;
	char path[4200];

	if (folder == NULL)
		folder = strdup(hs_scratch_dir());
	snprintf(path, sizeof path, "%s/out.json", folder);
	if (unlink(path) != 0 && errno != ENOENT)
		expect_true(path, false);
	return folder;
}

static int count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(dir);
	return count;
}

static bool read_bodies(const struct order *order, struct pipeline *pipeline,
    struct pipeline_progress *progress, struct outcome *ret, struct hs_error *err)
{
	bool done = true;
	int fd;

	if (order->join != NULL) {
		fd = file_of(order->join);
		done = pipeline_join(pipeline, 0, fd, err);
		close(fd);
	}
	for (size_t i = 0; done && i < FEEDS && order->feeds[i] != NULL; i++) {
		struct pipeline_page page = { .total = -1 };

		fd = file_of(order->feeds[i]);
		done = pipeline_page(pipeline, i, fd, &page, err);
		close(fd);
		ret->page_records[i] = page.records;
		snprintf(ret->next[i], sizeof ret->next[i], "%s", page.next != NULL ? page.next : "");
		ret->total[i] = page.total;
		ret->is_enough[i] = page.is_enough;
		pipeline_page_done(&page);
	}
	if (order->is_cancelled_late)
		atomic_store(&progress->is_cancelled, true);
	return done && pipeline_finish(pipeline, &ret->result, err);
}

/* NULL when it is wrong, which it must not be unless the order says so. */
static struct mapping *mapping_of(const struct order *order, struct hs_error *err)
{
	struct hs_problems *mistakes = hs_problems_new();
	const char *text = order->mapping;
	struct mapping *mapping = NULL;
	bool done = mapping_parse("test", text, strlen(text), mistakes, &mapping, err);

	if (!done && !order->may_be_wrong && !expect_done(text, done, err))
		exit(1);
	hs_problems_free(mistakes);
	return mapping;
}

bool pipeline_run(const struct order *order, struct outcome *ret, struct hs_error *err)
{
	struct mapping *mapping = order->mapping != NULL ? mapping_of(order, err) : NULL;
	const char *folder = scratch_folder();
	const struct pipeline_options options = { .folder = order->is_dry ? NULL : folder,
		.file_name = "out.json", .source_name = order->source_name,
		.fallback_source_name = "fallback", .today = { .year = 2025, .month = 6, .day = 7 },
		.with_payload = order->with_payload, .max_record_bytes = RECORD_BYTES,
		.known_digest = order->known_digest };
	struct pipeline_progress progress = { .records = 0 };
	struct pipeline *pipeline = NULL;
	json_error_t error;
	bool done;

	*ret = (struct outcome){ .snapshot = NULL };
	if (order->mapping != NULL && mapping == NULL)
		return false;
	atomic_store(&progress.is_cancelled, order->is_cancelled);
	done = pipeline_new(&options, mapping, &progress, &pipeline, err) &&
	    read_bodies(order, pipeline, &progress, ret, err);
	pipeline_free(pipeline);
	mapping_free(mapping);
	if (done && ret->result.path[0] != '\0')
		ret->snapshot = json_load_file(ret->result.path, JSON_REJECT_DUPLICATES, &error);
	ret->files = count_files(folder);
	return done;
}

void outcome_done(struct outcome *outcome)
{
	json_decref(outcome->snapshot);
	pipeline_result_done(&outcome->result);
}

const char *text_of(const struct outcome *outcome, size_t record, const char *field)
{
	const char *text = json_string_value(json_object_get(json_array_get(
	    json_object_get(outcome->snapshot, "records"), record), field));

	return text != NULL ? text : "";
}

void expect_fault(json_t *const *list, size_t row, const char *pointer, long long record,
    long long line, const char *says)
{
	const json_t *fault = json_array_get(*list, row);

	if (!expect_true(pointer, fault != NULL))
		return;
	expect_text(pointer, json_string_value(json_object_get(fault, "pointer")), pointer);
	expect_int(pointer, json_integer_value(json_object_get(fault, "record")), record);
	expect_int(pointer, json_integer_value(json_object_get(fault, "line")), line);
	expect_contains(pointer, json_string_value(json_object_get(fault, "message")), says);
}
