/* metrics.h: GET /metrics, for Prometheus.
 *
 * hsd-web's own figures are at hand. Those of the other daemons come from the supervisor
 * (hs_child_ask_house), those of the data from the database; both are asked at once and neither is
 * waited for longer than METRICS_PATIENCE_MS. What does not come is left out, and says so:
 * hoopscout_supervisor_up, hoopscout_database_up. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <event2/buffer.h>
#include <jansson.h>

#include "daemons/web/exchange.h"

enum { METRICS_PATIENCE_MS = 1000 };

struct scrapes;

/* Gives *ret. Borrows web. Errors: HS_NO_MEMORY. */
bool scrapes_new(struct web *web, struct scrapes **ret, struct hs_error *err);
/* Accepts NULL. */
void scrapes_free(struct scrapes *scrapes);

void metrics_answer(struct exchange *exchange);

/* metrics_house.c: writes what the supervisor told (hs_child_ask_house); NULL: nothing. */
void metrics_write_house(const json_t *house, struct evbuffer *out);

#endif
