/* traffic.h: how many requests each route answered, how, and how long that took.
 *
 * What is counted is bounded: the routes of routes.c, a few methods, and the statuses that we send.
 * Figures only grow, as long as the process lives. */
#ifndef WEB_TRAFFIC_H
#define WEB_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/http.h>

#include "common/error.h"

enum {
	TRAFFIC_NO_ROUTE = -1,	/* no page has this address, or it was refused before that */
	TRAFFIC_LEFT = 499,	/* the status of one whose client did not wait for its answer */
	TRAFFIC_BUCKETS = 13
};

struct evbuffer;
struct traffic;

/* Gives *ret. Errors: HS_NO_MEMORY. */
bool traffic_new(struct traffic **ret, struct hs_error *err);
/* Accepts NULL. */
void traffic_free(struct traffic *traffic);

/* Counts one answer, which took so many microseconds from the request's arrival to its last byte
 * handed over. */
void traffic_count(struct traffic *traffic, int route, enum evhttp_cmd_type method, int status,
    int64_t took_us);

/* Writes the families hoopscout_http_requests_total and hoopscout_http_request_duration_seconds. */
void traffic_write(const struct traffic *traffic, struct evbuffer *out);

#endif
