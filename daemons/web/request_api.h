/* request_api.h: the API's side of command_request.h: what was asked for, and how it fares. */
#ifndef WEB_REQUEST_API_H
#define WEB_REQUEST_API_H

#include <stdint.h>

#include "common/error.h"

struct exchange;

/* For asking_start: answers 202 with the request's address, as Location and in the body, or why
 * nothing was asked for. Takes exchange. */
void request_api_answer(struct exchange *exchange, int64_t request, const struct hs_error *err);

/* Handler of GET /api/v1/requests/{id}. */
void request_api(struct exchange *exchange);

#endif
