/* test_traffic.c: counts by route, and their text as Prometheus has it. */
#include <string.h>

#include <event2/buffer.h>

#include "daemons/web/metrics_text.h"
#include "daemons/web/routes.h"
#include "daemons/web/traffic.h"
#include "tests/unit/harness.h"

/* The text of what was written so far; the caller's to free. */
static char *text_in(struct evbuffer *out)
{
	evbuffer_add(out, "", 1);
	return (char *)evbuffer_pullup(out, -1);
}

static void expect_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	while (at != NULL && (at > text && at[-1] != '\n'))
		at = strstr(at + 1, line);
	expect_true(line, at != NULL && at[strlen(line)] == '\n');
}

static int route_of(const char *path)
{
	int route = 0;

	while (routes_path(route) != NULL && strcmp(routes_path(route), path) != 0)
		route++;
	expect_true(path, routes_path(route) != NULL);
	return route;
}

static const struct {
	const char *path;
	enum evhttp_cmd_type method;
	int status;
	int64_t us;
} answers[] = {
	{ "/players/{id}", EVHTTP_REQ_GET, 200, 0 },
	{ "/players/{id}", EVHTTP_REQ_GET, 200, 500 },		/* within its bound */
	{ "/players/{id}", EVHTTP_REQ_HEAD, 404, 501 },
	{ "/players/{id}", EVHTTP_REQ_GET, TRAFFIC_LEFT, 10000001 },	/* beyond the last bucket */
	{ NULL, EVHTTP_REQ_DELETE, 418, 7 },			/* neither route, method nor status of ours */
};

static const char *const lines[] = {
	"hoopscout_http_requests_total{route=\"/players/{id}\",method=\"GET\",status=\"200\"} 2",
	"hoopscout_http_requests_total{route=\"/players/{id}\",method=\"HEAD\",status=\"404\"} 1",
	"hoopscout_http_requests_total{route=\"/players/{id}\",method=\"GET\",status=\"499\"} 1",
	"hoopscout_http_requests_total{route=\"none\",method=\"other\",status=\"other\"} 1",
	"hoopscout_http_request_duration_seconds_bucket{route=\"/players/{id}\",le=\"0.0005\"} 2",
	"hoopscout_http_request_duration_seconds_bucket{route=\"/players/{id}\",le=\"0.001\"} 3",
	"hoopscout_http_request_duration_seconds_bucket{route=\"/players/{id}\",le=\"10\"} 3",
	"hoopscout_http_request_duration_seconds_bucket{route=\"/players/{id}\",le=\"+Inf\"} 4",
	"hoopscout_http_request_duration_seconds_count{route=\"/players/{id}\"} 4",
	"hoopscout_http_request_duration_seconds_sum{route=\"/players/{id}\"} 10.001002",
	"hoopscout_http_request_duration_seconds_count{route=\"none\"} 1",
};

static void test_counts(void)
{
	struct evbuffer *out = evbuffer_new();
	struct hs_error err = HS_ERROR_INIT;
	struct traffic *traffic = NULL;
	const char *text;

	expect_done("new", traffic_new(&traffic, &err), &err);
	for (size_t i = 0; i < HS_COUNT(answers); i++)
		traffic_count(traffic, answers[i].path != NULL ? route_of(answers[i].path) :
		    TRAFFIC_NO_ROUTE, answers[i].method, answers[i].status, answers[i].us);
	traffic_write(traffic, out);
	text = text_in(out);
	for (size_t i = 0; i < HS_COUNT(lines); i++)
		expect_line(text, lines[i]);
	expect_true("nobody's route is not written", strstr(text, "route=\"/compare\"") == NULL);
	evbuffer_free(out);
	traffic_free(traffic);
}

static const struct { const char *value, *wanted; } labels[] = {
	{ "plain", "x{a=\"plain\"} 1" },
	{ "", "x{a=\"\"} 1" },
	{ "a\"b\\c\nd", "x{a=\"a\\\"b\\\\c\\nd\"} 1" },
	{ "\n\n", "x{a=\"\\n\\n\"} 1" },
	{ "Luka Don\xc4\x8di\xc4\x87", "x{a=\"Luka Don\xc4\x8di\xc4\x87\"} 1" },
};

static void test_labels(void)
{
	for (size_t i = 0; i < HS_COUNT(labels); i++) {
		struct evbuffer *out = evbuffer_new();

		metrics_count(out, "x", 1, LABELS({ "a", labels[i].value }));
		expect_line(text_in(out), labels[i].wanted);
		evbuffer_free(out);
	}
}

static const struct { double value; const char *wanted; } numbers[] = {
	{ 0, "x 0" }, { 0.25, "x 0.25" }, { -3, "x -3" }, { 1e-7, "x 1e-07" },
	{ 1795955555.125, "x 1795955555.125" },
	{ 1099511627776, "x 1099511627776" },	/* bytes keep all their digits */
};

static void test_numbers(void)
{
	for (size_t i = 0; i < HS_COUNT(numbers); i++) {
		struct evbuffer *out = evbuffer_new();

		metrics_number(out, "x", numbers[i].value, NO_LABELS);
		expect_line(text_in(out), numbers[i].wanted);
		evbuffer_free(out);
	}
}

int main(void)
{
	static const struct hs_case cases[] = {
		{ "counts", test_counts },
		{ "labels", test_labels },
		{ "numbers", test_numbers },
	};

	return hs_run_suite("traffic", cases, HS_COUNT(cases));
}
