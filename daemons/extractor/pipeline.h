/* normalize.h: from a fetched body to a snapshot: what the feed does not say is filled in.
 *
 * Blocks on the disk and takes as long as the feed is large: for a thread of its own. Memory
 * does not grow with the feed. */
#ifndef HS_EXTRACTOR_NORMALIZE_H
#define HS_EXTRACTOR_NORMALIZE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/date.h"
#include "common/error.h"

enum { NORMALIZE_DIGEST_BYTES = 32, NORMALIZE_NAME_BYTES = 512 };

struct normalize_options {
	const char *folder;		/* where the snapshot goes; NULL: a dry run */
	const char *file_name;
	const char *source_name;	/* of this run, whatever the feed says; NULL: the feed's */
	const char *fallback_source_name;	/* when the feed has none */
	struct hs_date today;		/* the snapshot's date, when the feed has none */
	bool with_payload;		/* each record keeps its source's words */
	size_t max_record_bytes;
	/* The last snapshot's; a body of this digest changes nothing. NULL: it is made in any case. */
	const unsigned char *known_digest;
};

/* Read by others while the work goes on. */
struct normalize_progress {
	atomic_bool is_cancelled;	/* set by the others: the work ends with HS_CANCELLED */
	atomic_ullong records;
};

struct normalize_result {
	bool is_unchanged;
	unsigned char digest[NORMALIZE_DIGEST_BYTES];	/* SHA-256 of the body */
	uint64_t records;
	char path[PATH_MAX];		/* of the snapshot; "" when there is none */
	char source_name[NORMALIZE_NAME_BYTES];
	char snapshot_date[HS_DATE_TEXT_BYTES];
	uint64_t problem_total;		/* what the importer would refuse it for: then no file */
	json_t *problems;		/* the first of them; NULL when there are none */
};

/* Makes the snapshot of the body in fd. *ret is for normalize_done, also on failure.
 * Errors: those of parse.h and emit.h; HS_BAD_DATE (/snapshot_date), HS_CANCELLED. */
bool normalize_feed(int fd, const struct normalize_options *options,
    struct normalize_progress *progress, struct normalize_result *ret, struct hs_error *err);
void normalize_done(struct normalize_result *result);

#endif
