/* request_api.h: the API's side of command_request.h: what was asked for, and how it fares. */
#ifndef WEB_REQUEST_API_H
#define WEB_REQUEST_API_H

#include <stdint.h>

#include "common/error.h"

struct exchange;

/* Answers 202 with the request's address, as Location and in the body. Takes exchange. */
void request_api_accept(struct exchange *exchange, int64_t request);

/* Answers why nothing was asked for. Takes exchange. */
void request_api_refuse(struct exchange *exchange, const struct hs_error *err);

/* Handler of GET /api/v1/requests/{id}. */
void request_api(struct exchange *exchange);

#endif
