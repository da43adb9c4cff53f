/* player_view.h: a player's rows as template values and as the API's JSON. */
#ifndef WEB_PLAYER_VIEW_H
#define WEB_PLAYER_VIEW_H

#include <jansson.h>
#include <libpq-fe.h>

#include "common/date.h"

/* Results of the statements in player_sql.h, borrowed. */
struct player_rows {
	const PGresult *player, *seasons, *history, *identities;
};

/* For the template; back is the address of the search. A new reference; NULL without memory. */
json_t *player_view_new(const struct player_rows *rows, struct hs_date today, const char *back);

/* For programs. A new reference; NULL without memory. */
json_t *player_view_api(const struct player_rows *rows);

#endif
