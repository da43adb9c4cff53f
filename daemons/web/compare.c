/* compare.c: a comparison from its query string to its page.
 *
 * Trusts nothing of the query string (compare_query.c refuses). One transaction has the players,
 * their rows, the seasons to choose from, and who may be added. A player who is not there
 * is 404, by his number. */
#include "daemons/web/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/db.h"
#include "common/text.h"
#include "daemons/web/answers.h"
#include "daemons/web/compare_query.h"
#include "daemons/web/compare_view.h"
#include "daemons/web/data_version.h"
#include "daemons/web/player_sql.h"
#include "daemons/web/reply.h"
#include "daemons/web/sql.h"

enum { AT_VERSION, AT_PLAYERS, AT_ROWS, AT_SEASONS, AT_FOUND, AT_COUNT };

struct compare {
	struct compare_query *query;
	char ids[COMPARE_MAX_PLAYERS * 12 + 3];		/* "{7,9}" */
	struct sql found;
};

static const char seasons_sql[] =
    "select se.name from player_season_stats l join season se using (season_id)"
    " where l.player_id = any($1::integer[]) group by se.name"
    " order by " PLAYER_SEASON_KEY("se.name") " desc limit 200";

static void compare_free(void *work)
{
	struct compare *compare = work;

	compare_query_free(compare->query);
	sql_done(&compare->found);
	free(compare);
}

static void write_ids(struct compare *compare)
{
	const struct compare_query *query = compare->query;
	size_t used = 0;

	compare->ids[used++] = '{';
	for (size_t i = 0; i < query->count; i++)
		used += (size_t)snprintf(compare->ids + used, sizeof compare->ids - used, "%s%lld",
		    i > 0 ? "," : "", (long long)query->players[i]);
	compare->ids[used++] = '}';
	compare->ids[used] = '\0';
}

/* Whoever has all words of the name, the best scorers first. A folded name has single blanks, and
 * neither '%' nor '_' means anything but itself in it. */
static void put_found(struct compare *compare)
{
	struct sql *sql = &compare->found;
	const char *word = compare->query->folded;

	sql_put(sql, "select b.player_id, p.full_name, p.position, p.nationality, (select"
	    " concat_ws('–', of.names[1], nullif(of.names[count], of.names[1])) from (select"
	    " array_agg(se.name order by " PLAYER_SEASON_KEY("se.name") ") as names, count(*) as count"
	    " from player_season_stats l join season se using (season_id)"
	    " where l.player_id = b.player_id) of) from (select player_id, ppg, name_folded"
	    " from player_best where true");
	/* nothing of the name is left, as of "'": it is in nobody's */
	if (*word == '\0')
		sql_put(sql, " and false");
	while (*word != '\0') {
		char pattern[2 * HS_FOLDED_NAME_BYTES + 3], *end = pattern;

		*end++ = '%';
		for (; *word != '\0' && *word != ' '; word++) {
			if (strchr("\\%_", *word) != NULL)
				*end++ = '\\';
			*end++ = *word;
		}
		*end++ = '%';
		*end = '\0';
		word += strspn(word, " ");
		sql_put(sql, " and name_folded like ");
		sql_text(sql, pattern);
	}
	sql_put(sql, " and player_id <> all(");
	sql_text(sql, compare->ids);
	sql_put(sql, "::integer[]) order by ppg desc, name_folded, player_id limit 11) b"
	    " join player_shown p using (player_id) order by b.ppg desc, b.name_folded, b.player_id");
}

static const char *rows_sql(const struct compare_query *query)
{
	static const char *const statements[] = {
		[COMPARE_LATEST] = player_latest_sql,
		[COMPARE_BEST] = player_plain_seasons_sql,
		[COMPARE_SEASON] = player_named_season_sql,
	};

	return statements[query->figures];
}

/* False after having answered. */
static bool all_there(struct exchange *exchange, const struct compare_query *query,
    const PGresult *players)
{
	char detail[128];

	for (size_t i = 0; i < query->count; i++) {
		if (compare_view_row_of(players, PLAYER_ID, query->players[i]) >= 0)
			continue;
		snprintf(detail, sizeof detail, "There is no player with the number %lld: take "
		    "player=%lld out of the address.", (long long)query->players[i],
		    (long long)query->players[i]);
		reply_problem(exchange, HTTP_NOTFOUND, detail, "player");
		return false;
	}
	return true;
}

/* Some are linked to others, who are shown for them: to the comparison of these. */
static bool lead_to_persons(struct exchange *exchange, const struct compare_query *query,
    const PGresult *players)
{
	struct compare_query persons = *query;	/* borrows the texts */
	struct evbuffer *path;

	persons.count = 0;
	for (size_t i = 0; i < query->count; i++) {
		int row = compare_view_row_of(players, PLAYER_ID, query->players[i]);
		int64_t person = hs_db_int(players, row, PLAYER_PERSON);
		size_t at = 0;

		while (at < persons.count && persons.players[at] != person)
			at++;
		if (at == persons.count)
			persons.players[persons.count++] = person;
	}
	if (memcmp(persons.players, query->players, sizeof persons.players) == 0 &&
	    persons.count == query->count)
		return false;
	path = evbuffer_new();
	reply_see_other(exchange, path != NULL && evbuffer_add_printf(path, "/compare?") > 0 &&
	    compare_query_write(&persons, true, path) && evbuffer_add(path, "", 1) == 0 ?
	    (const char *)evbuffer_pullup(path, -1) : NULL);
	if (path != NULL)
		evbuffer_free(path);
	return true;
}

static void on_found(struct exchange *exchange, PGresult *const *results, size_t count,
    const struct hs_error *err)
{
	const struct compare *compare = exchange->work;
	struct compare_rows rows;

	if (err != NULL) {
		reply_error(exchange, err);
		return;
	}
	rows = (struct compare_rows){
		.players = results[AT_PLAYERS],
		.rows = results[AT_ROWS],
		.seasons = results[AT_SEASONS],
		.found = count > AT_FOUND ? results[AT_FOUND] : NULL,
	};
	if (!all_there(exchange, compare->query, rows.players) ||
	    lead_to_persons(exchange, compare->query, rows.players))
		return;
	answers_read_at(exchange, hs_db_int(results[AT_VERSION], 0, 0));
	reply_page(exchange, HTTP_OK, "compare",
	    compare_view_new(compare->query, &rows, exchange->today));
}

static void ask(struct exchange *exchange)
{
	struct compare *compare = exchange->work;
	const char *values[] = { compare->ids, compare->query->season };
	struct hs_db_statement statements[AT_COUNT] = {
		[AT_VERSION] = DATA_VERSION_STATEMENT,
		[AT_PLAYERS] = { player_rows_sql, values, 1 },
		[AT_ROWS] = { rows_sql(compare->query), values,
		    compare->query->figures == COMPARE_SEASON ? 2 : 1 },
		[AT_SEASONS] = { seasons_sql, values, 1 },
	};
	struct hs_error err = HS_ERROR_INIT;
	size_t count = AT_FOUND;

	if (compare->query->folded != NULL && compare->query->count < COMPARE_MAX_PLAYERS) {
		put_found(compare);
		if (!sql_finish(&compare->found, &statements[count++], &err)) {
			reply_error(exchange, &err);
			return;
		}
	}
	exchange_ask(exchange, statements, count, on_found);
}

/* What the answer depends on; NULL without memory. */
static char *key_of(const struct exchange *exchange)
{
	const struct compare *compare = exchange->work;
	struct evbuffer *text = evbuffer_new();
	char day[HS_DATE_TEXT_BYTES], *key = NULL;

	if (text != NULL &&
	    evbuffer_add_printf(text, "compare %s ", hs_date_text(exchange->today, day)) > 0 &&
	    compare_query_write(compare->query, true, text) && evbuffer_add(text, "", 1) == 0) {
		const char *bytes = (const char *)evbuffer_pullup(text, -1);

		key = bytes != NULL ? strdup(bytes) : NULL;
	}
	if (text != NULL)
		evbuffer_free(text);
	return key;
}

void compare_page(struct exchange *exchange)
{
	struct compare *compare = calloc(1, sizeof *compare);
	struct hs_error err = HS_ERROR_INIT;
	char *key = NULL;

	if (compare == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a comparison");
		reply_error(exchange, &err);
		return;
	}
	sql_init(&compare->found);
	exchange->work = compare;
	exchange->work_free = compare_free;
	if (!compare_query_parse(exchange->query, &compare->query, &err)) {
		if (err.code == HS_BAD_ARGUMENT)
			exchange->reply.way_on = compare_query_way_on(exchange->query,
			    &exchange->reply.way_on_says);
		reply_error(exchange, &err);
		return;
	}
	write_ids(compare);
	if ((key = key_of(exchange)) == NULL) {
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a comparison");
		reply_error(exchange, &err);
		return;
	}
	answers_reply(exchange, key, ask);
	free(key);
}
