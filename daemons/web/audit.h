/* audit.h: the trail of who did what: a part of the statement that does it, so that nothing is done
 * without it.
 *
 * A handler whose form changes something asks exchange_ask_primary for one statement, and gives
 * what audit_who tells as two of its values:
 *
 *	"with done as (delete from thing where thing_id = $1::bigint returning name),"
 *	AUDIT_LOGGED("thing-delete", "$2::text", "$3::text", "done.name", "null", "done")
 *	" select name from done"
 *
 * Nothing done (no row in done) leaves no entry. What is refused and worth knowing is written down
 * with AUDIT_INSERT, is_refusal true, and AUDIT_PRUNE("true"). Actions are words with hyphens, the
 * thing first; no secret goes into any column. */
#ifndef WEB_AUDIT_H
#define WEB_AUDIT_H

#include <jansson.h>
#include <libpq-fe.h>

#include "daemons/web/asker.h"
#include "daemons/web/exchange.h"

enum { AUDIT_SHOWN_MOST = 1000 };

/* Followed by values or a select of: action, is_refusal, actor, address, subject, detail. */
#define AUDIT_INSERT \
	"insert into audit_trail (action, is_refusal, actor, address, subject, detail) "

/* A statement of a with: keeps the latest 10000 of what is (or is not) a refusal. */
#define AUDIT_PRUNE(is_refusal) \
	"delete from audit_trail where is_refusal = " is_refusal " and audit_id <= (select audit_id" \
	" from audit_trail where is_refusal = " is_refusal \
	" order by audit_id desc offset 10000 limit 1)"

/* Two parts of a with, "logged" and "pruned": an entry for each row of from. action is plain text;
 * actor, address, subject and detail are SQL, of type text, and may use from's columns. */
#define AUDIT_LOGGED(action, actor, address, subject, detail, from) \
	" logged as (" AUDIT_INSERT "select '" action "', false, " actor ", " address ", " subject \
	", " detail " from " from "), pruned as (" AUDIT_PRUNE("false") ")"

struct audit_who {
	const char *actor;	/* the account's name, borrowed from exchange */
	struct asker asker;	/* .address is the column */
};

/* Who is doing what exchange asks for; somebody is signed in. */
void audit_who(const struct exchange *exchange, struct audit_who *ret);

/* $1: how many. Rows for audit_json, the latest first. */
extern const char audit_list_sql[];
/* {"at","action","is_refusal","actor","address","subject","detail"}: null where nothing is. */
json_t *audit_json(const PGresult *result, int row);

#endif
