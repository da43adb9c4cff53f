/* args.h: what the operator typed, made into a request by the table of commands. */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>

#include <jansson.h>

#include "common/commands.h"
#include "common/error.h"

struct request {
	bool wants_help;
	const char *topic;		/* of help: "", a group ("import") or a command's words */
	enum hs_command_id command;	/* unless wants_help */
	json_t *args;			/* as the table has them; checked */
	const char *file;		/* a HS_ARG_FILE as typed: any bytes */
	const char *socket;		/* --socket, or NULL */
	bool json;
};

/* Whether --json stands in argv, even when the rest makes no sense: errors must be JSON too. */
bool args_want_json(int argc, char *const *argv);

/* Fills *ret, whose texts point into argv or the table. Errors: HS_UNKNOWN_COMMAND,
 * HS_BAD_ARGUMENT; both name the nearest that is possible. */
bool args_parse(int argc, char *const *argv, struct request *ret, struct hs_error *err);

void request_done(struct request *request);

#endif
