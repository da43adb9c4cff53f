/* work.c: steps as tasks of the offload; the loop touches only the progress while one runs. */
#include "daemons/extractor/work.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

enum step { STEP_JOIN, STEP_PAGE, STEP_FINISH };

struct work {
	struct hs_task task;		/* the first member */
	struct hs_offload *offload;
	work_done_fn *done;
	void *arg;
	struct pipeline_options options;
	unsigned char known_digest[PIPELINE_DIGEST_BYTES];
	char *folder, *file_name, *source_name, *fallback_source_name;
	struct mapping *mapping;
	struct pipeline *pipeline;
	struct pipeline_progress progress;

	bool is_busy;
	bool is_dropped;		/* nobody waits for it any more */
	enum step step;
	size_t number;
	int fd;				/* of the step; -1: none */
	struct pipeline_page page;
	struct pipeline_result result;
	bool is_done;
	struct hs_error err;
};

static void destroy(struct work *work)
{
	if (work->fd >= 0)
		close(work->fd);
	pipeline_free(work->pipeline);
	pipeline_page_done(&work->page);
	pipeline_result_done(&work->result);
	mapping_free(work->mapping);
	free(work->folder);
	free(work->file_name);
	free(work->source_name);
	free(work->fallback_source_name);
	free(work);
}

static bool copy_options(struct work *work, const struct pipeline_options *options)
{
	work->options = *options;
	if (!hs_text_copy(options->folder, &work->folder) ||
	    !hs_text_copy(options->file_name, &work->file_name) ||
	    !hs_text_copy(options->source_name, &work->source_name) ||
	    !hs_text_copy(options->fallback_source_name, &work->fallback_source_name))
		return false;
	work->options.folder = work->folder;
	work->options.file_name = work->file_name;
	work->options.source_name = work->source_name;
	work->options.fallback_source_name = work->fallback_source_name;
	if (options->known_digest != NULL) {
		memcpy(work->known_digest, options->known_digest, sizeof work->known_digest);
		work->options.known_digest = work->known_digest;
	}
	return true;
}

bool work_new(struct hs_offload *offload, const struct pipeline_options *options,
    struct mapping *mapping, work_done_fn *done, void *arg, struct work **ret, struct hs_error *err)
{
	struct work *work = calloc(1, sizeof *work);

	if (work == NULL) {
		mapping_free(mapping);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	}
	work->fd = -1;
	work->offload = offload;
	work->mapping = mapping;
	work->done = done;
	work->arg = arg;
	if (!copy_options(work, options)) {
		destroy(work);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a run");
	}
	if (!pipeline_new(&work->options, mapping, &work->progress, &work->pipeline, err)) {
		destroy(work);
		return false;
	}
	*ret = work;
	return true;
}

void work_free(struct work *work)
{
	if (work == NULL)
		return;
	if (!work->is_busy) {
		destroy(work);
		return;
	}
	work->is_dropped = true;
	work_cancel(work);
}

void work_cancel(struct work *work)
{
	atomic_store(&work->progress.is_cancelled, true);
}

/* ---- on the thread ---- */

static void work_do(struct hs_task *task)
{
	struct work *work = (struct work *)task;

	switch (work->step) {
	case STEP_JOIN:
		work->is_done = pipeline_join(work->pipeline, work->number, work->fd, &work->err);
		break;
	case STEP_PAGE:
		work->is_done = pipeline_page(work->pipeline, work->number, work->fd, &work->page,
		    &work->err);
		break;
	case STEP_FINISH:
		work->is_done = pipeline_finish(work->pipeline, &work->result, &work->err);
		break;
	}
}

/* ---- on the loop ---- */

static void work_drop(struct hs_task *task)
{
	destroy((struct work *)task);
}

static void work_done(struct hs_task *task)
{
	struct work *work = (struct work *)task;

	work->is_busy = false;
	if (work->is_dropped) {
		destroy(work);
		return;
	}
	if (work->fd >= 0)
		close(work->fd);
	work->fd = -1;
	work->done(work->arg, work->is_done ? NULL : &work->err);
}

static bool start(struct work *work, enum step step, size_t number, int fd, struct hs_error *err)
{
	pipeline_page_done(&work->page);
	work->task = (struct hs_task){ .work = work_do, .done = work_done, .drop = work_drop };
	work->step = step;
	work->number = number;
	work->fd = fd;
	work->err = (struct hs_error)HS_ERROR_INIT;
	work->is_busy = hs_offload_start(work->offload, &work->task, err);
	if (!work->is_busy)
		work->fd = -1;
	return work->is_busy;
}

bool work_join(struct work *work, size_t n, int fd, struct hs_error *err)
{
	return start(work, STEP_JOIN, n, fd, err);
}

bool work_page(struct work *work, size_t url, int fd, struct hs_error *err)
{
	return start(work, STEP_PAGE, url, fd, err);
}

bool work_finish(struct work *work, struct hs_error *err)
{
	return start(work, STEP_FINISH, 0, -1, err);
}

const struct pipeline_page *work_latest_page(const struct work *work)
{
	return &work->page;
}

const struct pipeline_result *work_result(const struct work *work)
{
	return &work->result;
}

unsigned long long work_records(const struct work *work)
{
	return atomic_load(&work->progress.records);
}

const struct mapping *work_mapping(const struct work *work)
{
	return work->mapping;
}
