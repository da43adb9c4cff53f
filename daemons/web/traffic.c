/* traffic.c: counts in an array, by row of the routes' table.
 *
 * Trusts routes.c for the row. What has no count is not written: a route that nobody asked for costs
 * a scrape nothing. */
#include "daemons/web/traffic.h"

#include <stdio.h>
#include <stdlib.h>

#include <event2/buffer.h>

#include "daemons/web/metrics_text.h"
#include "daemons/web/routes.h"

/* Rows of the same path are counted as the first of them. */
enum { METHODS = 4 };

static const char *const method_names[METHODS] = { "GET", "HEAD", "POST", "other" };

/* Those that reply.c sends; the last is any other. */
static const int statuses[] = { 200, 202, 303, 304, 400, 401, 403, 404, 405, 413, 422, 429, 499, 500,
	503, 0 };
enum { STATUSES = HS_COUNT(statuses) };

static const struct { int64_t us; const char *text; } buckets[TRAFFIC_BUCKETS] = {
	{ 500, "0.0005" }, { 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" }, { 25000, "0.025" }, { 50000, "0.05" }, { 100000, "0.1" },
	{ 250000, "0.25" }, { 500000, "0.5" }, { 1000000, "1" }, { 2500000, "2.5" },
	{ 10000000, "10" },
};

struct row {
	unsigned long long answers[METHODS][STATUSES];
	unsigned long long within[TRAFFIC_BUCKETS];	/* of this bucket alone */
	unsigned long long count;
	int64_t took_us;
};

struct traffic {
	int routes;
	struct row rows[];	/* one each; the last is TRAFFIC_NO_ROUTE's */
};

bool traffic_new(struct traffic **ret, struct hs_error *err)
{
	struct traffic *traffic;
	int routes = 0;

	while (routes_path(routes) != NULL)
		routes++;
	traffic = calloc(1, sizeof *traffic + (size_t)(routes + 1) * sizeof traffic->rows[0]);
	if (traffic == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory to count requests");
	traffic->routes = routes;
	*ret = traffic;
	return true;
}

void traffic_free(struct traffic *traffic)
{
	free(traffic);
}

static size_t method_of(enum evhttp_cmd_type method)
{
	return method == EVHTTP_REQ_GET ? 0 : method == EVHTTP_REQ_HEAD ? 1 :
	    method == EVHTTP_REQ_POST ? 2 : 3;
}

void traffic_count(struct traffic *traffic, int route, enum evhttp_cmd_type method, int status,
    int64_t took_us)
{
	struct row *row = &traffic->rows[route < 0 ? traffic->routes : route];
	size_t at = 0;

	while (at < STATUSES - 1 && statuses[at] != status)
		at++;
	row->answers[method_of(method)][at]++;
	row->count++;
	row->took_us += took_us;
	for (size_t i = 0; i < TRAFFIC_BUCKETS; i++) {
		if (took_us <= buckets[i].us) {
			row->within[i]++;
			return;
		}
	}
}

static const char *label_of(const struct traffic *traffic, int route)
{
	return route < traffic->routes ? routes_path(route) : "none";
}

static void write_answers(const struct traffic *traffic, struct evbuffer *out)
{
	static const char name[] = "hoopscout_http_requests_total";
	char status[8];

	metrics_family(out, name, "counter", "HTTP requests that were answered. Status 499: the client "
	    "left first.");
	for (int route = 0; route <= traffic->routes; route++) {
		const struct row *row = &traffic->rows[route];

		for (size_t i = 0; row->count > 0 && i < (size_t)METHODS * STATUSES; i++) {
			unsigned long long count = row->answers[i / STATUSES][i % STATUSES];

			if (count == 0)
				continue;
			snprintf(status, sizeof status, "%d", statuses[i % STATUSES]);
			metrics_count(out, name, count, LABELS(
			    { "route", label_of(traffic, route) },
			    { "method", method_names[i / STATUSES] },
			    { "status", statuses[i % STATUSES] != 0 ? status : "other" }));
		}
	}
}

static void write_times(const struct traffic *traffic, struct evbuffer *out)
{
	metrics_family(out, "hoopscout_http_request_duration_seconds", "histogram",
	    "From a request's arrival to the last byte of its answer handed over.");
	for (int route = 0; route <= traffic->routes; route++) {
		const char *label = label_of(traffic, route);
		const struct row *row = &traffic->rows[route];
		unsigned long long sum = 0;

		if (row->count == 0)
			continue;
		for (size_t i = 0; i < TRAFFIC_BUCKETS; i++) {
			sum += row->within[i];
			metrics_count(out, "hoopscout_http_request_duration_seconds_bucket", sum,
			    LABELS({ "route", label }, { "le", buckets[i].text }));
		}
		metrics_count(out, "hoopscout_http_request_duration_seconds_bucket", row->count,
		    LABELS({ "route", label }, { "le", "+Inf" }));
		metrics_number(out, "hoopscout_http_request_duration_seconds_sum",
		    (double)row->took_us / 1e6, LABELS({ "route", label }));
		metrics_count(out, "hoopscout_http_request_duration_seconds_count", row->count,
		    LABELS({ "route", label }));
	}
}

void traffic_write(const struct traffic *traffic, struct evbuffer *out)
{
	write_answers(traffic, out);
	write_times(traffic, out);
}
