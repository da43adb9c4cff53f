/* identity_view.h: pairs and persons as /admin/identities shows them, and what it asks beside
 * common/identity.h. */
#ifndef WEB_IDENTITY_VIEW_H
#define WEB_IDENTITY_VIEW_H

#include <jansson.h>
#include <libpq-fe.h>

enum { IDENTITY_SHOWN = 50 };	/* pairs, and persons */

enum { IDENTITY_ASKED, IDENTITY_LOOKED, IDENTITY_LOOKING, IDENTITY_PAIRS, IDENTITY_APART,
	IDENTITY_PEOPLE, IDENTITY_RESULTS };

/* $1: a player. Rows of SIDE: he, or, when he is linked, all that his person is; and what the
 * person's page calls him. */
extern const char identity_asked_sql[];
/* One row: whether the importer is asked to look, or looks; which step it is at. */
extern const char identity_looking_sql[];

/* Of these results, the template's values. A new reference; NULL without memory. */
json_t *identity_view_new(PGresult *const *results);

#endif
