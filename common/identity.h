/* identity.h: who is who: links of players who are one person, and pairs who may be.
 *
 * What a link means, and how search follows from it, is sql/011_identity.sql's. Its functions are
 * the only way to write links; these are the statements that call them, for hsctl and for the
 * admin's page alike. A player is named SOURCE:EXTERNAL_ID. Rows are JSON already. */
#ifndef HS_IDENTITY_H
#define HS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "common/error.h"

enum hs_identity_verb { HS_IDENTITY_LINK, HS_IDENTITY_UNLINK, HS_IDENTITY_UNLIKE };

struct hs_identity_change {
	enum hs_identity_verb verb;
	const char *player;	/* SOURCE:EXTERNAL_ID */
	const char *other;	/* the same; of UNLINK not read */
	const char *actor;	/* the account that does it; "hsctl" */
	const char *by_token;	/* that token's name; NULL or "": by none */
	const char *address;	/* from where; NULL: the control socket */
	const char *reason;	/* of LINK; may be NULL */
};

enum { HS_IDENTITY_VALUES = 6, HS_IDENTITY_REASON_BYTES = 500 };

/* The statement of a change, and its values, which are change's. It waits for an import under way.
 * Errors: HS_BAD_ARGUMENT (no SOURCE:EXTERNAL_ID, a reason that is too long). */
bool hs_identity_statement(const struct hs_identity_change *change, const char **ret_sql,
    const char *values[HS_IDENTITY_VALUES], size_t *ret_count, struct hs_error *err);

/* What became of it, from the statement's row: true when it was done; *ret_person is who is shown
 * now (of UNLINK: of those he was linked to; of UNLIKE 0).
 * Errors: HS_NOT_FOUND (no such player; he is not linked), HS_EXISTS (linked already),
 * HS_LIMIT (too many players in one person),
 * HS_BAD_ARGUMENT (he has no seasons). */
bool hs_identity_outcome(const struct hs_identity_change *change, const PGresult *result,
    int64_t *ret_person, struct hs_error *err);

/* $1: a person, or null for all; $2: at most so many; $3: after so many. Rows:
 * {"id","full_name","identities":[SIDE]}, those that were linked last first, and how many there
 * are in all. */
extern const char hs_identity_list_sql[];

/* $1: at most so many; $2: after so many. Rows:
 * {"score","reasons":[{"code","points","words"}],"a":SIDE,"b":SIDE}, and how many there are in
 * all. A SIDE: see identity_side in the migration. */
extern const char hs_identity_suggest_sql[];

/* One row, or none before the first look: {"looked_at","seconds","players","pairs","is_behind"}; the
 * last: an import or its undoing has changed the data since. */
extern const char hs_identity_looked_sql[];

/* Looks through all players: takes some seconds for 100,000 of them. */
extern const char hs_identity_look_sql[];
/* Which step it is at, 1 to HS_IDENTITY_STEPS; 0 when none goes on. hs_identity_step names it. */
extern const char hs_identity_step_sql[];
enum { HS_IDENTITY_STEPS = 5 };
const char *hs_identity_step(int64_t step);

#endif
