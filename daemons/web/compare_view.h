/* compare_view.h: a comparison's rows as template values. */
#ifndef WEB_COMPARE_VIEW_H
#define WEB_COMPARE_VIEW_H

#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/date.h"
#include "daemons/web/compare_query.h"

/* The columns of players that may be added. */
enum compare_found_column { FOUND_ID, FOUND_NAME, FOUND_POSITION, FOUND_NATIONALITY, FOUND_SEASONS };

enum { COMPARE_MAX_FOUND = 10 };	/* shown; one more tells that there are more */

struct compare_rows {
	const PGresult *players;	/* player_sql.h, in any order */
	const PGresult *rows;		/* of each player's seasons, those that the query asks for */
	const PGresult *seasons;	/* their names, to choose from */
	const PGresult *found;		/* NULL: nobody was looked for */
};

/* For the template. A new reference; NULL without memory. */
json_t *compare_view_new(const struct compare_query *query, const struct compare_rows *rows,
    struct hs_date today);

/* The first row that has id in a column; -1 when none has. */
int compare_view_row_of(const PGresult *result, int column, int64_t id);

#endif
