/* pipeline.h: from fetched bodies to a snapshot: parse.c -> normalize.c -> emit.c, page by page.
 *
 * Without a mapping the feed has the snapshot's own shape (parse_snapshot.c), and what it does not
 * say is filled in; it is one body then. Each call blocks on the disk and takes as long as its body
 * is large: for a thread of its own, one call at a time. Memory does not grow with the feed. */
#ifndef HS_EXTRACTOR_PIPELINE_H
#define HS_EXTRACTOR_PIPELINE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/date.h"
#include "common/error.h"
#include "daemons/extractor/mapping.h"

enum { PIPELINE_DIGEST_BYTES = 32, PIPELINE_NAME_BYTES = 512, PIPELINE_CURSOR_BYTES = 8192 };

struct pipeline_options {
	const char *folder;		/* where the snapshot goes; NULL: a dry run */
	const char *file_name;
	const char *source_name;	/* of this run, whatever the feed or mapping says; or NULL */
	const char *fallback_source_name;	/* when neither says one */
	struct hs_date today;		/* the snapshot's date, when the feed has none */
	bool with_payload;		/* each record keeps its source's words, unless the mapping says */
	size_t max_record_bytes;
	/* The last snapshot's; bodies of this digest change nothing. NULL: it is made in any case. */
	const unsigned char *known_digest;
};

/* Read by others while the work goes on. */
struct pipeline_progress {
	atomic_bool is_cancelled;	/* set by the others: the work ends with HS_CANCELLED */
	atomic_ullong records;		/* that are written */
};

/* What a page says of itself, as the mapping's paging asks. */
struct pipeline_page {
	uint64_t records;		/* of the source in it */
	char *next;			/* a cursor or a link; NULL: none. For pipeline_page_done */
	int64_t total;			/* of all records; -1: not said */
	bool is_enough;			/* the run has failed, or nothing has changed: no more pages */
};

struct pipeline_result {
	bool is_unchanged;
	/* SHA-256 of the bodies, those of joins too, and of the mapping if there is one. */
	unsigned char digest[PIPELINE_DIGEST_BYTES];
	uint64_t records;		/* of the snapshot */
	char path[PATH_MAX];		/* of the snapshot; "" when there is none */
	char source_name[PIPELINE_NAME_BYTES];
	char snapshot_date[HS_DATE_TEXT_BYTES];
	/* Why there is no file: records that cannot be mapped, or else what the importer would
	 * refuse. Their places are the feed's. */
	uint64_t problem_total;
	json_t *problems;		/* of them, as faults_json; NULL: none */
	/* When all records are left out, or there are too few; HS_OK: see the problems. */
	struct hs_error why;

	uint64_t skipped;		/* by the mapping's rules */
	uint64_t left_out;		/* could not be mapped, which the mapping lets pass */
	json_t *left_out_problems;	/* the first of them; NULL: none */
	uint64_t repeated;		/* dropped, as an earlier one was of the same player-season */
	json_t *repeated_first;		/* as collect.h has it; or NULL */
	json_t *warnings;		/* sentences; NULL: none */
	uint64_t mapped;		/* records whose fields were had, right or wrong */
	json_t *empty_fields;		/* mapped fields that none had a value for; NULL: no mapping */
	json_t *fields;			/* of a dry run: all of them, as usage_table; or NULL */
};

struct pipeline;

/* Starts one. Keeps options and what it points at, mapping (may be NULL) and progress.
 * Error: HS_NO_MEMORY. */
bool pipeline_new(const struct pipeline_options *options, const struct mapping *mapping,
    struct pipeline_progress *progress, struct pipeline **ret, struct hs_error *err);

/* Throws away what was not finished, the hidden file too. Accepts NULL. */
void pipeline_free(struct pipeline *pipeline);

/* Reads the body of the n-th of the mapping's joins, which has a URL: before any page, in order.
 * Errors: those of join.h and markup.h; HS_CANCELLED. */
bool pipeline_join(struct pipeline *pipeline, size_t n, int fd, struct hs_error *err);

/* Reads a page: the body in fd, from its start. url is the number of its URL in the mapping (0
 * when the run gave one). *ret is for pipeline_page_done. After a failure there is only
 * pipeline_free.
 * Errors: those of markup.h, parse.h, parse_snapshot.h and emit.h; HS_BAD_DATE (the snapshot's date);
 * HS_TOO_BIG (join.h, group.h, seen.h); HS_DISK_FULL, HS_IO (origins.h); HS_CANCELLED. */
bool pipeline_page(struct pipeline *pipeline, size_t url, int fd, struct pipeline_page *ret,
    struct hs_error *err);
void pipeline_page_done(struct pipeline_page *page);

/* After the last page: puts the snapshot in its place. *ret is for pipeline_result_done, also on
 * failure. Errors: those of emit.h; HS_CANCELLED, and then there is no file. */
bool pipeline_finish(struct pipeline *pipeline, struct pipeline_result *ret, struct hs_error *err);
void pipeline_result_done(struct pipeline_result *result);

#endif
