/* player.c: one player: who he is, every season, and where each figure came from.
 *
 * The id is a number already (routes.c). Statements of one snapshot: the player, his
 * seasons, what was superseded, the data's version. No such player is 404. */
#include "daemons/web/player.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/db.h"
#include "common/text.h"
#include "daemons/web/answers.h"
#include "daemons/web/data_version.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/player_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"

enum { PLAYER, SEASONS, HISTORY, DATA_VERSION, STATEMENTS };

static void ask(struct exchange *exchange, exchange_done_fn *done)
{
	char id[32];
	const char *values[] = { id };
	const struct hs_db_statement statements[STATEMENTS] = {
		[PLAYER] = { player_rows_sql, values, 1 },
		[SEASONS] = { player_seasons_sql, values, 1 },
		[HISTORY] = { player_history_sql, values, 1 },
		[DATA_VERSION] = DATA_VERSION_STATEMENT,
	};

	snprintf(id, sizeof id, "{%lld}", (long long)exchange->id);
	exchange_ask(exchange, statements, STATEMENTS, done);
}

/* False after having answered why there is nothing to show. */
static bool is_there(struct exchange *exchange, PGresult *const *results,
    const struct hs_error *err)
{
	if (err != NULL)
		reply_error(exchange, err);
	else if (PQntuples(results[PLAYER]) == 0)
		reply_problem(exchange, HTTP_NOTFOUND, "There is no player with this number.",
		    NULL);
	else {
		answers_read_at(exchange, hs_db_int(results[DATA_VERSION], 0, 0));
		return true;
	}
	return false;
}

static void on_page_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (is_there(exchange, results, err))
		reply_page(exchange, HTTP_OK, "player",
		    player_view_new(results[PLAYER], results[SEASONS], results[HISTORY],
		    exchange->today));
}

static void on_api_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (!is_there(exchange, results, err))
		return;
	exchange->reply.cache = "private, no-cache";
	reply_json(exchange, HTTP_OK,
	    player_view_api(results[PLAYER], results[SEASONS], results[HISTORY]));
}

static void ask_for_page(struct exchange *exchange)
{
	ask(exchange, on_page_found);
}

static void ask_for_api(struct exchange *exchange)
{
	ask(exchange, on_api_found);
}

/* Ages are of a day. */
static void start(struct exchange *exchange, void (*otherwise)(struct exchange *exchange))
{
	char key[128], day[HS_DATE_TEXT_BYTES];
	struct hs_error err = HS_ERROR_INIT;

	if (!query_string_refuse(exchange->query, &err)) {
		reply_error(exchange, &err);
		return;
	}
	snprintf(key, sizeof key, "player %s %s", exchange->path, hs_date_text(exchange->today, day));
	answers_reply(exchange, key, otherwise);
}

void player_page(struct exchange *exchange)
{
	start(exchange, ask_for_page);
}

void player_api(struct exchange *exchange)
{
	start(exchange, ask_for_api);
}
