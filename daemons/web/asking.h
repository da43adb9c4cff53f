/* asking.h: a handler's request to the importer or the extractor, in the name of who is signed in. */
#ifndef WEB_ASKING_H
#define WEB_ASKING_H

#include <jansson.h>

#include "common/commands.h"
#include "common/error.h"
#include "daemons/web/exchange.h"

/* Writes a command down (command_request.h) with its args: taken, an object; NULL says that there was
 * no memory for it. done hears the request's number, or why there is none (err not NULL), and
 * answers; not when the client has left. */
void asking_start(struct exchange *exchange, enum hs_command_id command, json_t *args,
    exchange_asked_fn *done);

/* Answers why nothing was asked for. Takes exchange. */
void asking_refuse(struct exchange *exchange, const struct hs_error *err);

#endif
