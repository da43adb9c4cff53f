/* ask.h: one question to the supervisor, and its answer, when nothing else is to be shown. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include <stdbool.h>

#include <jansson.h>

#include "common/error.h"

enum { ASK_SECONDS = 5 };

/* Connects to the socket, asks, waits ASK_SECONDS at most, and gives the result (an object).
 * Errors: those of hs_control_connect, the answer's own, HS_TIMEOUT, HS_PROTOCOL. */
bool ask(const char *socket, const char *cmd, json_t **ret, struct hs_error *err);

#endif
