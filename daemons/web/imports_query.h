/* imports_query.h: what is asked of the import history: filters, order and page, from the query
 * string and back to it: the address is the state. */
#ifndef WEB_IMPORTS_QUERY_H
#define WEB_IMPORTS_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* The pages; each has some of the parameters. */
enum imports_page { IMPORTS_RUNS = 1, IMPORTS_FILES = 2, IMPORTS_ONE = 4, IMPORTS_PAGES = 7 };

enum {
	IMPORTS_TEXT_BYTES = 804,	/* 200 characters */
	IMPORTS_WORD_BYTES = 24,
	IMPORTS_PER_PAGE = 25,
	IMPORTS_MOST_PER_PAGE = 100,
	IMPORTS_MOST_PAGES = 1000000
};

/* Texts are "" and numbers 0 where nothing is asked. */
struct imports_query {
	enum imports_page page_of;
	char q[IMPORTS_TEXT_BYTES];		/* part of a name, or begin of a checksum */
	char status[IMPORTS_WORD_BYTES];
	char trigger[IMPORTS_WORD_BYTES];
	char source[IMPORTS_TEXT_BYTES];
	char from[IMPORTS_WORD_BYTES];		/* days, UTC, both included */
	char to[IMPORTS_WORD_BYTES];
	char sort[IMPORTS_WORD_BYTES];		/* never "" */
	int64_t run;
	int64_t page, per_page;			/* never 0 */
	int64_t request;			/* whose state the page shows; no filter */
};

/* Errors: HS_BAD_ARGUMENT (where: the parameter), HS_NO_MEMORY. */
bool imports_query_read(const char *text, enum imports_page page_of, struct imports_query *ret,
    struct hs_error *err);

/* "/admin/imports/files?status=failed", of a list; without request. Gives; NULL without memory. */
char *imports_query_url(const struct imports_query *query);

/* The same for another page, or with another order (then the first page). */
char *imports_query_url_page(const struct imports_query *query, int64_t page);
char *imports_query_url_sort(const struct imports_query *query, const char *sort);

bool imports_query_is_filtered(const struct imports_query *query);

/* What status may be on that page: comma separated. */
const char *imports_query_choices(enum imports_page page_of, const char *name);

#endif
