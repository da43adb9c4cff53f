/* catalog.h: what there is to choose from: the competitions, seasons, teams, nationalities,
 * positions and roles, held in memory as of one version of the data.
 *
 * So the form needs no statement for its lists, and names are found by typing without the
 * database: by their folded words, as players are. */
#ifndef WEB_CATALOG_H
#define WEB_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "common/error.h"
#include "daemons/web/search_query.h"

enum {
	CATALOG_MOST = 200000,		/* rows of a list that are held; the log tells of more */
	CATALOG_FIND_CHARACTERS = 100	/* of what is typed to find one */
};

struct catalog_entry {
	const char *value;	/* as the parameter has it: "nba-stats:LAL" */
	const char *text;	/* as people read it: "Los Angeles Lakers" */
	const char *note;	/* its source, where the list has several; else "" */
	const char *also;	/* other spellings of a country, folded; else "" */
	const int32_t *ids;	/* the database's, at least one */
	size_t id_count;
};

struct catalog;

/* Holds nothing yet, of version -1. NULL without memory. */
struct catalog *catalog_new(void);
/* Accepts NULL. */
void catalog_free(struct catalog *catalog);

/* The statement whose rows catalog_take reads. */
extern const char catalog_sql[];

/* Replaces all that is held by what was read with that version. Errors: HS_NO_MEMORY, and then
 * nothing has changed. */
bool catalog_take(struct catalog *catalog, const PGresult *rows, int64_t version,
    struct hs_error *err);

int64_t catalog_version(const struct catalog *catalog);

/* Its version is -1 again, though it holds what it held: nothing is of that version any more. */
void catalog_forget(struct catalog *catalog);

/* Whether a parameter is a list to choose from. */
bool catalog_has(enum search_param param);

/* The entries of a list, from 0 to its count: seasons newest first, the others by name.
 * Borrowed until the next catalog_take. */
size_t catalog_count(const struct catalog *catalog, enum search_param param);
const struct catalog_entry *catalog_at(const struct catalog *catalog, enum search_param param,
    size_t n);

/* The number of the entry with that value, or with that id; SIZE_MAX when there is none. */
size_t catalog_by_value(const struct catalog *catalog, enum search_param param,
    const char *value);
size_t catalog_by_id(const struct catalog *catalog, enum search_param param, int32_t id);

/* Whether every word of a folded text is in the entry's name, in its source's, or in another
 * spelling of its country. */
bool catalog_matches(const struct catalog *catalog, enum search_param param, size_t n,
    const char *folded);

#endif
