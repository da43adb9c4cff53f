/* paging.h: which URL a run fetches next: the pages of a list, then the mapping's next URL.
 *
 * Touches no network. What a page says of the next one is not trusted: it must be on the same
 * server, must not lead in a circle, and the number of pages is bounded. */
#ifndef HS_EXTRACTOR_PAGING_H
#define HS_EXTRACTOR_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "daemons/extractor/mapping.h"
#include "daemons/extractor/pipeline.h"

struct paging {
	const struct mapping *mapping;	/* or NULL: one page */
	bool is_alone;			/* the run gave the URL: the mapping's own are left alone */
	size_t number;			/* of the URL in the mapping, as pipeline_page wants it */
	char *base;			/* that URL, as it was given */
	char *url;			/* of the page that is to be fetched now; has its secrets */
	uint64_t pages, records;	/* behind it already, of this URL */
	char *mark;			/* a page's URL that must not come again, or NULL */
	uint64_t mark_ends;		/* the mark moves on after so many pages */
};

/* The first page. url NULL: the mapping's first. Where the mapping says something of its URLs
 * ("with"), url must be one of them, and that holds for its records. Keeps mapping; *ret is for
 * paging_done.
 * Errors: HS_BAD_ARGUMENT (there is no URL; url is none of those), HS_BAD_URL, HS_NO_MEMORY. */
bool paging_start(const struct mapping *mapping, const char *url, struct paging *ret,
    struct hs_error *err);

/* After a page: goes on to the next. link is what the answer's header said (fetch_result's
 * next_url), or NULL. found_at is where the page was after redirects (fetch_result's url), to which
 * a link in it is relative; NULL, or on another server: to paging's url. *ret_is_over: there is
 * none, and url is as it was.
 * Errors: HS_TOO_BIG (more pages than the mapping allows), HS_BAD_URL (the next page's; it is
 * elsewhere; it was read before), HS_NO_MEMORY. */
bool paging_next(struct paging *paging, const struct pipeline_page *page, const char *link,
    const char *found_at, bool *ret_is_over, struct hs_error *err);

/* Accepts what was never started, if it is zeros. */
void paging_done(struct paging *paging);

#endif
