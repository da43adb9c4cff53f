/* search_query.h: what a visitor asks for: the query string and struct search_query, both ways.
 *
 * The page, the export and the API share one table of parameters. From a row follow how
 * its value is read and refused, its place in the canonical URL, its condition in SQL
 * (search_sql.h) and its control in the form (search_form.h). */
#ifndef WEB_SEARCH_QUERY_H
#define WEB_SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

#include "common/date.h"
#include "common/error.h"
#include "daemons/web/refusals.h"

/* What is shown of a player and can be sorted by, in the order of the table's columns. */
enum search_key {
	SEARCH_BY_NAME,
	SEARCH_BY_AGE,
	SEARCH_BY_HEIGHT,
	SEARCH_BY_WEIGHT,
	SEARCH_BY_GAMES,
	SEARCH_BY_MPG,
	SEARCH_BY_PPG,
	SEARCH_BY_RPG,
	SEARCH_BY_APG,
	SEARCH_BY_SPG,
	SEARCH_BY_BPG,
	SEARCH_BY_TOV,
	SEARCH_BY_FG_PCT,
	SEARCH_BY_THREE_PT_PCT,
	SEARCH_BY_FT_PCT,
	SEARCH_KEY_COUNT
};

enum {
	SEARCH_FIRST_METRIC = SEARCH_BY_GAMES,
	SEARCH_METRIC_COUNT = SEARCH_KEY_COUNT - SEARCH_FIRST_METRIC
};

struct search_key_row {
	const char *key;	/* in sort=, in the API, and the column of the hot tables */
	const char *head;	/* the column's head */
	const char *title;	/* in words */
	bool whole;		/* shown without decimals */
};

extern const struct search_key_row search_keys[SEARCH_KEY_COUNT];

enum search_param {
	SEARCH_NAME,
	SEARCH_POSITION,
	SEARCH_ROLE,
	SEARCH_COMPETITION,
	SEARCH_SEASON,
	SEARCH_TEAM,
	SEARCH_NATIONALITY,
	SEARCH_AGE_MIN,
	SEARCH_AGE_MAX,
	SEARCH_AGE_ON,
	SEARCH_HEIGHT_MIN,
	SEARCH_HEIGHT_MAX,
	SEARCH_WEIGHT_MIN,
	SEARCH_WEIGHT_MAX,
	SEARCH_GAMES_MIN,
	SEARCH_MPG_MIN,
	SEARCH_PPG_MIN,
	SEARCH_RPG_MIN,
	SEARCH_APG_MIN,
	SEARCH_SPG_MIN,
	SEARCH_BPG_MIN,
	SEARCH_TOV_MAX,
	SEARCH_FG_PCT_MIN,
	SEARCH_THREE_PT_PCT_MIN,
	SEARCH_FT_PCT_MIN,
	SEARCH_SORT,
	SEARCH_PAGE,
	SEARCH_PER_PAGE,
	SEARCH_PARAM_COUNT
};

enum search_type {
	SEARCH_IS_NAME,		/* words, folded */
	SEARCH_IS_LABEL,	/* the whole string, as the source writes it; may be repeated. A
				 * nationality is any spelling of a country, kept as common/country.h
				 * shows it: "us" and "USA" are one item, "United States" */
	SEARCH_IS_SEASON,	/* likewise */
	SEARCH_IS_IDENTITY,	/* SOURCE:EXTERNAL_ID; may be repeated */
	SEARCH_IS_WHOLE,	/* a whole number, min..max */
	SEARCH_IS_FLOOR,	/* a decimal that figures must reach: rounded up to hundredths */
	SEARCH_IS_CEILING,	/* a decimal that figures may reach: kept rounded down */
	SEARCH_IS_DATE,
	SEARCH_IS_SORT
};

struct search_param_row {
	const char *name;
	enum search_type type;
	int min, max;		/* of numbers */
	bool of_season;		/* each player-season answers for itself */
	const char *column;	/* in the hot tables; of a LABEL also its kind with "_id" */
	const char *label;	/* in words, for the form and for errors */
	const char *unit;	/* "cm"; "" when none */
	const char *example;	/* a value, for errors; "" when none */
};

extern const struct search_param_row search_params[SEARCH_PARAM_COUNT];

enum {
	SEARCH_MAX_ITEMS = 400,		/* of one repeated parameter */
	SEARCH_MAX_CHARACTERS = 200,	/* of one text */
	SEARCH_MAX_WORDS = 20,		/* of a name */
	SEARCH_MAX_PAGE = 1000000,
	SEARCH_LEAST_PER_PAGE = 10, SEARCH_MOST_PER_PAGE = 100, SEARCH_USUAL_PER_PAGE = 25
};

struct search_value {
	bool given;
	int number;		/* WHOLE as it is; FLOOR and CEILING in hundredths */
	char **items;		/* LABEL, SEASON, IDENTITY: sorted, each once */
	size_t count;
};

struct search_query {
	struct search_value values[SEARCH_PARAM_COUNT];
	char *name;		/* as written, trimmed; NULL when not given */
	char *refused[SEARCH_PARAM_COUNT];	/* a single value as written, when it was refused */
	char *words[SEARCH_MAX_WORDS];	/* of the folded name */
	size_t word_count;
	struct hs_date age_on;	/* as given, else the day that parse was told */
	enum search_key sort;
	bool descending;
	int page, per_page;
};

/* Reads a query string (without '?'). Gives *ret. What is refused, by the parameter in where, goes
 * to refusals: *ret is the search without it, not to be run. Without refusals (NULL) the first
 * refusal is the error, too.
 * Errors: HS_BAD_ARGUMENT (of the text as a whole), HS_NO_MEMORY. */
bool search_query_parse(const char *text, struct hs_date today, struct refusals *refusals,
    struct search_query **ret, struct hs_error *err);

/* The address of the search that is left of a query string without what is refused in it, on the
 * same page of it or on its first: the caller's to free. NULL when nothing is left, or without
 * memory. */
char *search_query_way_on(const char *text, bool same_page);

/* Accepts NULL. */
void search_query_free(struct search_query *query);

/* Whether one of its filters speaks of a player-season rather than of a player. */
bool search_query_of_season(const struct search_query *query);

enum { SEARCH_TEXT_BYTES = 32 };

/* A single value as the canonical URL has it, or NULL when it is not given or the default.
 * Borrowed from query or written to buf. */
const char *search_query_text(const struct search_query *query, enum search_param param,
    char buf[SEARCH_TEXT_BYTES]);

/* Appends the canonical query string: only what differs from the defaults, in the
 * table's order. It reads back as the same search. False without memory. */
bool search_query_write(const struct search_query *query, struct evbuffer *out);

/* The same without one filter, or without one item of it (item SIZE_MAX: all), from page 1. */
bool search_query_write_without(const struct search_query *query, enum search_param param,
    size_t item, struct evbuffer *out);

#endif
