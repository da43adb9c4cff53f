/* health.h: GET /health/: can this installation answer searches? */
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/settings.h"
#include "daemons/web/exchange.h"

enum { HEALTH_PATIENCE_MS = 2000 };

/* How many migrations there are in HOOPSCOUT_DATA_DIR/sql: what the database must have.
 * Errors: HS_NOT_FOUND, HS_IO. */
bool health_count_migrations(const struct hs_settings *settings, size_t *ret, struct hs_error *err);

/* 200 {"status":"ok",...}, or 503 {"status":"unavailable","reason":...}; never waits long. */
void health_answer(struct exchange *exchange);

#endif
