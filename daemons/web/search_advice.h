/* search_advice.h: when nobody is found: how many would be, without each of the filters. */
#ifndef WEB_SEARCH_ADVICE_H
#define WEB_SEARCH_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/db_pool.h"
#include "common/error.h"
#include "daemons/web/search_query.h"
#include "daemons/web/search_sql.h"

enum { SEARCH_ADVICE_MOST = HS_DB_JOB_STATEMENTS - 1 };	/* one more is the data's version */

struct search_advice {
	size_t count;
	struct {
		enum search_param param;
		struct search_sql *sql;	/* of the search without it */
		int64_t total;		/* the caller's to fill in */
	} without[SEARCH_ADVICE_MOST];
};

/* The filters that can be to blame, the first SEARCH_ADVICE_MOST of them; none with a single
 * one, whose absence is the whole list. look_ups is search_sql_new's. Gives *ret.
 * Errors: HS_TOO_LONG, HS_NO_MEMORY. */
bool search_advice_new(const struct search_query *query, long long look_ups,
    struct search_advice **ret, struct hs_error *err);

/* Accepts NULL. */
void search_advice_free(struct search_advice *advice);

#endif
