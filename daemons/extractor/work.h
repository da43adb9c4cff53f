/* work.h: a run's pipeline (pipeline.h) on a thread: one step at a time, told of on the event loop. */
#ifndef HS_EXTRACTOR_WORK_H
#define HS_EXTRACTOR_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/offload.h"
#include "daemons/extractor/pipeline.h"

struct work;

/* A step is done; error NULL: it went well. */
typedef void work_done_fn(void *arg, const struct hs_error *error);

/* Gives *ret, which has copies of the options and takes the mapping (NULL: the built-in shape), also
 * when it fails. done is called with arg after each step. Error: HS_NO_MEMORY. */
bool work_new(struct hs_offload *offload, const struct pipeline_options *options,
    struct mapping *mapping, work_done_fn *done, void *arg, struct work **ret, struct hs_error *err);

/* Throws it away, with what is not finished; nothing is called back any more. A step that is under
 * way is told to end, and goes by itself. Accepts NULL. */
void work_free(struct work *work);

/* Tells the step that is under way to end, with HS_CANCELLED. */
void work_cancel(struct work *work);

/* The steps: they take fd when they return true. Errors: those of hs_offload_start. */
bool work_join(struct work *work, size_t n, int fd, struct hs_error *err);
bool work_page(struct work *work, size_t url, int fd, struct hs_error *err);
bool work_finish(struct work *work, struct hs_error *err);

/* What the latest step of the kind gave; borrowed, until the next one. */
const struct pipeline_page *work_latest_page(const struct work *work);
const struct pipeline_result *work_result(const struct work *work);

/* Records written so far; at any time. */
unsigned long long work_records(const struct work *work);

/* The mapping, or NULL; borrowed. */
const struct mapping *work_mapping(const struct work *work);

#endif
