/* player.c: one player: who he is, every season, and where each figure came from.
 *
 * The id is a number already (routes.c); where the asker says he comes from is trusted for a link
 * within our own search, read as any search is. Statements of one snapshot: the player, his
 * seasons, what was superseded, the data's version. No such player is 404. */
#include "daemons/web/player.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/db.h"
#include "common/text.h"
#include "daemons/web/answers.h"
#include "daemons/web/base_path.h"
#include "daemons/web/data_version.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/player_view.h"
#include "daemons/web/query_string.h"
#include "daemons/web/reply.h"
#include "daemons/web/search_query.h"

enum { PLAYER, SEASONS, HISTORY, IDENTITIES, DATA_VERSION, STATEMENTS };

static void ask(struct exchange *exchange, exchange_done_fn *done)
{
	char id[32];
	const char *values[] = { id };
	const struct hs_db_statement statements[STATEMENTS] = {
		[PLAYER] = { player_rows_sql, values, 1 },
		[SEASONS] = { player_seasons_sql, values, 1 },
		[HISTORY] = { player_history_sql, values, 1 },
		[IDENTITIES] = { player_identities_sql, values, 1 },
		[DATA_VERSION] = DATA_VERSION_STATEMENT,
	};

	snprintf(id, sizeof id, "{%lld}", (long long)exchange->id);
	exchange_ask(exchange, statements, STATEMENTS, done);
}

/* To the person whom he is linked to: as long as he is, so nobody keeps it. */
static void lead_to_person(struct exchange *exchange, const PGresult *player)
{
	char path[64];

	snprintf(path, sizeof path, "%s/players/%lld", exchange->form == FORM_JSON ? "/api/v1" : "",
	    (long long)hs_db_int(player, 0, PLAYER_PERSON));
	reply_see_other(exchange, path);
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
	else if (hs_db_int(results[PLAYER], 0, PLAYER_PERSON) != exchange->id)
		lead_to_person(exchange, results[PLAYER]);
	else {
		answers_read_at(exchange, hs_db_int(results[DATA_VERSION], 0, 0));
		return true;
	}
	return false;
}

static struct player_rows rows_of(PGresult *const *results)
{
	return (struct player_rows){ .player = results[PLAYER], .seasons = results[SEASONS],
		.history = results[HISTORY], .identities = results[IDENTITIES] };
}

static void on_page_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (!is_there(exchange, results, err))
		return;

	const struct player_rows rows = rows_of(results);

	reply_page(exchange, HTTP_OK, "player",
	    player_view_new(&rows, exchange->today, exchange->work));
}

static void on_api_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	(void)count;
	if (!is_there(exchange, results, err))
		return;

	const struct player_rows rows = rows_of(results);

	exchange->reply.cache = "private, no-cache";
	reply_json(exchange, HTTP_OK,
	    player_view_api(&rows));
}

static void ask_for_page(struct exchange *exchange)
{
	ask(exchange, on_page_found);
}

static void ask_for_api(struct exchange *exchange)
{
	ask(exchange, on_api_found);
}

/* The address of our search that the asker comes from, else of the whole one. NULL without
 * memory. */
static char *back_of(const struct exchange *exchange)
{
	const char *from = base_path_of_url(exchange, exchange_header(exchange, "Referer"));
	char *address = NULL;

	if (from != NULL && strncmp(from, "/?", 2) == 0)
		address = search_query_way_on(from + 2, true);
	return address != NULL ? address : strdup("/");
}

/* Ages are of a day. */
static void start(struct exchange *exchange, const char *back,
    void (*otherwise)(struct exchange *exchange))
{
	char day[HS_DATE_TEXT_BYTES], *key = NULL;
	struct hs_error err = HS_ERROR_INIT;

	if (back == NULL || asprintf(&key, "player %s %s %s", exchange->path,
	    hs_date_text(exchange->today, day), back) < 0) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a player");
		key = NULL;
	} else {
		query_string_refuse(exchange->query, &err);
	}
	if (err.code == HS_OK)
		answers_reply(exchange, key, otherwise);
	else
		reply_error(exchange, &err);
	free(key);
}

void player_page(struct exchange *exchange)
{
	exchange->work = back_of(exchange);
	exchange->work_free = free;
	start(exchange, exchange->work, ask_for_page);
}

void player_api(struct exchange *exchange)
{
	start(exchange, "", ask_for_api);
}
