/* quality_query.h: what of the report is asked for: the same of the page, the API and hsctl. */
#ifndef WEB_QUALITY_QUERY_H
#define WEB_QUALITY_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum quality_show { QUALITY_SHOW_ALL, QUALITY_SHOW_COVERAGE, QUALITY_SHOW_FINDING };

enum quality_sort {
	QUALITY_BY_NAME,	/* source, competition, the latest season first */
	QUALITY_BY_KNOWN,	/* the least known first */
	QUALITY_BY_ROWS,	/* the most player-seasons first */
	QUALITY_BY_LATEST,	/* the oldest snapshot first */
	QUALITY_SORTS
};

struct quality_sort_row { const char *name, *title; };
extern const struct quality_sort_row quality_sorts[QUALITY_SORTS];

enum {
	QUALITY_USUAL_PER_PAGE = 50, QUALITY_MOST_PER_PAGE = 500, QUALITY_MOST_PAGE = 5000,
	QUALITY_SOURCE_BYTES = 412	/* 100 characters, and more than any source has */
};

struct quality_query {
	enum quality_show show;
	size_t kind;				/* of QUALITY_SHOW_FINDING */
	enum quality_sort sort;			/* of coverage */
	char source[QUALITY_SOURCE_BYTES];	/* of this alone; "" for all */
	int page, per_page;
};

void quality_query_init(struct quality_query *query);

/* What show= names: "coverage" or a finding. Errors: HS_BAD_ARGUMENT. */
bool quality_query_show(const char *text, struct quality_query *query, struct hs_error *err);

/* Reads show, sort, source, page, per_page. Errors: HS_BAD_ARGUMENT naming the parameter. */
bool quality_query_read(const char *text, struct quality_query *ret, struct hs_error *err);

/* The page's address of a query, without what is usual. For the caller to free; NULL without
 * memory. */
char *quality_query_address(const struct quality_query *query);

#endif
