/* asking.c: trusts guard.c for who is signed in, and the command's owner to check args again. */
#include "daemons/web/asking.h"

#include "daemons/web/account.h"
#include "daemons/web/asker.h"
#include "daemons/web/command_request.h"
#include "daemons/web/reply.h"
#include "daemons/web/web.h"

enum { STATUS_FORBIDDEN = 403 };

static void on_asked(void *arg, PGresult *const *results, size_t count, const struct hs_error *why)
{
	struct exchange *exchange = arg;
	struct hs_error err = HS_ERROR_INIT;
	int64_t request = 0;

	(void)count;
	exchange->job = NULL;
	if (command_request_number(results, why, &request, &err))
		exchange->asked(exchange, request, NULL);
	else
		exchange->asked(exchange, 0, &err);
}

void asking_start(struct exchange *exchange, enum hs_command_id command, json_t *args,
    exchange_asked_fn *done)
{
	struct command_request wanted = { .command = command, .args = args };
	struct hs_error err = HS_ERROR_INIT;
	struct asker asker;

	asker_of(exchange, &asker);
	command_request_by(exchange->account, asker.address, &wanted);
	exchange->asked = done;
	if (args == NULL)
		hs_error_set(&err, HS_NO_MEMORY, "", "no memory for a request");
	if (args == NULL || !command_request_ask(exchange->web->accounts->primary, &wanted, on_asked,
		exchange, &exchange->job, &err))
		done(exchange, 0, &err);
	json_decref(args);
}

void asking_refuse(struct exchange *exchange, const struct hs_error *err)
{
	if (err->code == HS_BUSY)
		reply_problem(exchange, HTTP_SERVUNAVAIL, err->message, NULL);
	else if (err->code == HS_NOT_ALLOWED)
		reply_problem(exchange, STATUS_FORBIDDEN, err->message, NULL);
	else
		reply_error(exchange, err);
}
