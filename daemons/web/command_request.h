/* command_request.h: asking the importer or the extractor for something, wherever they run; and how
 * it fares, for pages and the API. See common/command_queue.h for who takes it.
 *
 * The pool must ask the primary, as that of accounts does: a standby takes no requests, and may know
 * an older state of one. */
#ifndef WEB_COMMAND_REQUEST_H
#define WEB_COMMAND_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "common/account.h"
#include "common/commands.h"
#include "common/db_pool.h"
#include "common/error.h"

struct account;

struct command_request {
	enum hs_command_id command;
	const json_t *args;		/* an object, or NULL */
	const char *host;		/* only this one may take it (extractor_run.host); NULL: any */
	const char *asked_by;		/* the account */
	enum hs_role role;		/* its */
	const char *address;		/* where it asks from, for the audit trail */
	const char *by_token;		/* the account's token, for that too; NULL: by a page */
};

/* Fills in who asks: borrows account and address. */
void command_request_by(const struct account *account, const char *address,
    struct command_request *ret);

/* Writes a request down, and in the same statement who asked, in the audit trail. A cancellation
 * goes to the host that runs the source. Borrows wanted until it returns. done hears as of
 * hs_db_pool_submit: ask command_request_number. *ret (may be NULL) may be cancelled until then.
 * Errors: HS_NOT_ALLOWED (the role, or what must not come by the database), HS_BAD_ARGUMENT (args;
 * where names which), hs_db_pool_submit's. */
bool command_request_ask(struct hs_db_pool *pool, const struct command_request *wanted,
    hs_db_done_fn *done, void *arg, struct hs_db_job **ret, struct hs_error *err);

/* What done has heard (why may be NULL): the request's number, for the look below.
 * Errors: HS_BUSY (100 wait already), else why. */
bool command_request_number(PGresult *const *results, const struct hs_error *why, int64_t *ret,
    struct hs_error *err);

/* $1: a request's number. A row for command_request_json, or none. */
enum { COMMAND_REQUEST_ASKED_BY = 4 };	/* a column of it: the account */
extern const char command_request_look_sql[];

/* $1: the owner ("importer", "extractor") or null; $2: how many. Such rows, the latest first; of
 * their results what the text needs. */
extern const char command_request_list_sql[];

/* {"request","command","args","status","asked_by","asked_at","taken_at","finished_at","seconds",
 * "host","progress","result","error","owner","text","is_over","is_good"}: null where there is
 * nothing; seconds since it was asked for (until it ended); text as command_request_text has it.
 * is_good: it is over and did what was asked (an extractor's run that failed did not, though its
 * command is done).
 * A new reference, NULL without memory. */
json_t *command_request_json(const PGresult *result, int row);

enum { COMMAND_REQUEST_TEXT_BYTES = 640 };

/* "waiting", "running: 3 of 10 files", "done: 9 imported, 1 failed", "failed: ...": a line for a
 * page, of such an object without text. */
void command_request_text(const json_t *request, char buf[COMMAND_REQUEST_TEXT_BYTES]);

#endif
