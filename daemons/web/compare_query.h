/* compare_query.h: which players stand side by side, and with which of their figures.
 *
 * player=7&player=9 names them, in the order shown; season=2024 asks for that season of each,
 * figures=best for each one's career bests, neither for each one's latest season; name=... looks
 * for players to add. The address carries all of it. */
#ifndef WEB_COMPARE_QUERY_H
#define WEB_COMPARE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>

#include "common/error.h"

enum { COMPARE_MAX_PLAYERS = 6, COMPARE_MAX_CHARACTERS = 200 };

enum compare_figures { COMPARE_LATEST, COMPARE_BEST, COMPARE_SEASON };

struct compare_query {
	int64_t players[COMPARE_MAX_PLAYERS];
	size_t count;
	enum compare_figures figures;
	bool given;		/* figures were */
	char *season;		/* of COMPARE_SEASON */
	char *name;		/* looked for, as written, trimmed; NULL when it is not given */
	char *folded;
};

/* Reads a query string (without '?'). Gives *ret.
 * Errors, whose where is the parameter: HS_BAD_ARGUMENT, HS_NO_MEMORY. */
bool compare_query_parse(const char *text, struct compare_query **ret, struct hs_error *err);

/* The address of the comparison that is left of a query string without what is refused in it: the
 * caller's to free; *ret_says is the link's text. NULL when nobody is left, or without memory. */
char *compare_query_way_on(const char *text, const char **ret_says);

/* Accepts NULL. */
void compare_query_free(struct compare_query *query);

/* Appends the canonical query string; name stays out, unless named. False without memory. */
bool compare_query_write(const struct compare_query *query, bool named, struct evbuffer *out);

#endif
