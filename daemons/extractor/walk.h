/* walk.h: all that a run fetches, in order: the feeds that are joined, then the pages (paging.h). */
#ifndef HS_EXTRACTOR_WALK_H
#define HS_EXTRACTOR_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "daemons/extractor/mapping.h"
#include "daemons/extractor/pipeline.h"

enum walk_kind { WALK_JOIN, WALK_PAGE, WALK_END };

struct walk_step {
	enum walk_kind kind;
	size_t number;		/* of the join, or of the page's URL in the mapping (0 when it is none) */
	const char *url;	/* borrowed, until the walk goes on; NULL at the end */
};

struct walk;

/* Starts one. mapping (NULL: one page) is kept; url (NULL: the mapping's) is fetched instead of the
 * mapping's URLs, not of its joins'. Gives *ret.
 * Errors: those of paging_start. */
bool walk_new(const struct mapping *mapping, const char *url, struct walk **ret,
    struct hs_error *err);
void walk_free(struct walk *walk);

/* Where the walk is. */
void walk_step(const struct walk *walk, struct walk_step *ret);

/* The join of this step is read. */
void walk_joined(struct walk *walk);

/* The page of this step is read. link, found_at: as paging_next has them, as are the errors. */
bool walk_paged(struct walk *walk, const struct pipeline_page *page, const char *link,
    const char *found_at, struct hs_error *err);

/* Whether the whole walk is one request: then the server may be asked whether it has changed. */
bool walk_is_one(const struct walk *walk);

/* Pages that are read. */
uint64_t walk_pages(const struct walk *walk);

#endif
