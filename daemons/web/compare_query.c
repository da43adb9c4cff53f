/* compare_query.c: trusts nothing: whatever is not understood is refused by its name, with what
 * is allowed. */
#include "daemons/web/compare_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/number.h"
#include "common/text.h"
#include "daemons/web/query_string.h"

static bool read_player(struct compare_query *query, const char *text, struct hs_error *err)
{
	long long id;

	if (!hs_parse_int(text, 1, INT32_MAX, "player", &id, err))
		return hs_error_set(err, HS_BAD_ARGUMENT, "player",
		    "player must be the number of a player, as in the address of the player's page, not '%.60s'",
		    text);
	for (size_t i = 0; i < query->count; i++) {
		if (query->players[i] == id)
			return hs_error_set(err, HS_BAD_ARGUMENT, "player",
			    "player %lld is given twice; give each one once", id);
	}
	if (query->count == COMPARE_MAX_PLAYERS)
		return hs_error_set(err, HS_BAD_ARGUMENT, "player",
		    "player may be given at most %d times: leave out some of the players",
		    COMPARE_MAX_PLAYERS);
	query->players[query->count++] = id;
	return true;
}

/* Takes one text, once, into *to. */
static bool read_text(char **to, const char *name, const char *text, struct hs_error *err)
{
	size_t length = strlen(text);

	if (*to != NULL)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s is given twice; give it once",
		    name);
	hs_text_trim(&text, &length);
	if (hs_utf8_count(text, length) > COMPARE_MAX_CHARACTERS)
		return hs_error_set(err, HS_BAD_ARGUMENT, name, "%s may have at most %d characters",
		    name, COMPARE_MAX_CHARACTERS);
	if (length > 0 && (*to = strndup(text, length)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a comparison");
	return true;
}

static bool read_name(struct compare_query *query, const char *text, struct hs_error *err)
{
	char folded[HS_FOLDED_NAME_BYTES];

	if (!read_text(&query->name, "name", text, err) || query->name == NULL)
		return err->code == HS_OK;
	if (!hs_name_fold_wanted(query->name, strlen(query->name), folded, sizeof folded, err)) {
		hs_error_at(err, "name");
		return false;
	}
	if ((query->folded = strdup(folded)) == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a comparison");
	return true;
}

static bool read_figures(struct compare_query *query, const char *text, struct hs_error *err)
{
	if (query->given)
		return hs_error_set(err, HS_BAD_ARGUMENT, "figures",
		    "figures is given twice; give it once");
	query->given = true;
	if (strcmp(text, "best") == 0)
		query->figures = COMPARE_BEST;
	else if (strcmp(text, "latest") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, "figures",
		    "figures must be latest or best, not '%.60s'", text);
	return true;
}

static bool read_pair(void *arg, const char *name, const char *text, struct hs_error *err)
{
	struct compare_query *query = arg;

	if (strcmp(name, "player") != 0 && strcmp(name, "season") != 0 &&
	    strcmp(name, "figures") != 0 && strcmp(name, "name") != 0)
		return hs_error_set(err, HS_BAD_ARGUMENT, name,
		    "A comparison has no parameter '%.60s'. There are: player, season, figures, name.",
		    name);
	if (text[0] == '\0')
		return true;
	if (strcmp(name, "player") == 0)
		return read_player(query, text, err);
	if (strcmp(name, "season") == 0)
		return read_text(&query->season, "season", text, err);
	if (strcmp(name, "figures") == 0)
		return read_figures(query, text, err);
	return read_name(query, text, err);
}

bool compare_query_parse(const char *text, struct compare_query **ret, struct hs_error *err)
{
	struct compare_query *query = calloc(1, sizeof *query);

	if (query == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a comparison");
	if (!query_string_read(text, read_pair, query, err)) {
		compare_query_free(query);
		return false;
	}
	if (query->season != NULL && query->figures == COMPARE_BEST) {
		compare_query_free(query);
		return hs_error_set(err, HS_BAD_ARGUMENT, "season",
		    "season does not go with figures=best: give one of them");
	}
	if (query->season != NULL)
		query->figures = COMPARE_SEASON;
	*ret = query;
	return true;
}

char *compare_query_way_on(const char *text, const char **ret_says)
{
	struct hs_error ignored = HS_ERROR_INIT;
	struct compare_query query = { 0 };
	struct evbuffer *out = evbuffer_new();
	const char *written;
	char *address = NULL;

	if (out != NULL && query_string_read_all(text, read_pair, &query, NULL, &ignored)) {
		if (query.season != NULL)
			query.figures = COMPARE_SEASON;
		if (query.count > 0 && compare_query_write(&query, true, out) &&
		    evbuffer_add(out, "", 1) == 0 &&
		    (written = (const char *)evbuffer_pullup(out, -1)) != NULL &&
		    asprintf(&address, "/compare?%s", written) < 0)
			address = NULL;
	}
	*ret_says = query.count == COMPARE_MAX_PLAYERS ? "Compare the first six" :
							 "Compare without it";
	free(query.season);
	free(query.name);
	free(query.folded);
	if (out != NULL)
		evbuffer_free(out);
	return address;
}

void compare_query_free(struct compare_query *query)
{
	if (query == NULL)
		return;
	free(query->season);
	free(query->name);
	free(query->folded);
	free(query);
}

bool compare_query_write(const struct compare_query *query, bool named, struct evbuffer *out)
{
	size_t start = evbuffer_get_length(out);

	for (size_t i = 0; i < query->count; i++) {
		char id[32];

		snprintf(id, sizeof id, "%lld", (long long)query->players[i]);
		if (!query_string_add(out, start, "player", id))
			return false;
	}
	return (query->figures != COMPARE_SEASON ||
		query_string_add(out, start, "season", query->season)) &&
	    (query->figures != COMPARE_BEST || query_string_add(out, start, "figures", "best")) &&
	    (!named || query->name == NULL || query_string_add(out, start, "name", query->name));
}
