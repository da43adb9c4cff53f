/* request.c: a state and one timer; each step either waits, or ends in the next one.
 *
 * Where a step is called from within another's callback, it goes by way of the timer, so that
 * nothing ends while somebody still holds it. Trusts no header: a redirect is taken apart anew and
 * judged, credentials stay with the origin they are meant for. */
#include "daemons/extractor/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <event2/util.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "daemons/extractor/fetch_rules.h"

enum {
	MAX_IGNORED_BYTES = 64 << 10,	/* of an answer that is no feed: then the connection goes */
	MAX_REST_MS = 86400 * 1000,	/* of a host that asks for it: then we see for ourselves */
	UNTIL_BYTES = 32,
	HOST_BYTES = 264,		/* with a port */
	MAX_VALIDATOR_BYTES = 512	/* of an ETag or a Last-Modified */
};

enum state {
	REQUEST_ASKING,		/* whether the hop may be made */
	REQUEST_ALLOWED,	/* it may: waits for its turn */
	REQUEST_REFUSED,	/* it may not: ends next */
	REQUEST_UNDER_WAY,
	REQUEST_PAUSING		/* before another attempt */
};

struct request {
	struct request_home *home;
	struct fetch_settings *settings;	/* a share */
	const struct request_hooks *hooks;
	void *arg;
	struct url first, at;		/* where it began, and the hop it is at */
	struct curl_slist *headers;	/* for all hops */
	struct curl_slist *own_headers;	/* for the first origin: those, and the source's */
	bool is_conditional;
	enum state state;
	struct event *timer;
	int64_t waits_until_ms;
	struct transfer *transfer;
	unsigned attempt, redirects;
	struct hs_error refusal;
	bool has_begun;			/* the body of a feed */
	bool has_enough;		/* of a body that is no feed */
	size_t ignored_bytes;
	char why[FETCH_WHY_BYTES];	/* it pauses */
};

static bool is_wanted(long status)
{
	return status == 200 || status == 203;
}

static void run_after(struct request *request, int64_t ms)
{
	struct timeval wait = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	request->waits_until_ms = hs_clock_ms() + ms;
	if (evtimer_add(request->timer, &wait) != 0)
		hs_panic("a timer cannot be set");
}

static void request_free(struct request *request)
{
	if (request->timer != NULL)
		event_free(request->timer);
	transfer_cancel(request->transfer);
	curl_slist_free_all(request->headers);
	curl_slist_free_all(request->own_headers);
	url_done(&request->first);
	url_done(&request->at);
	fetch_settings_drop(request->settings);
	free(request);
}

/* Ends it: done is called, and the request is gone. */
static void finish(struct request *request, long status, struct transfer *transfer,
    struct hs_error *error)
{
	const struct request_answer answer = {
		.status = status, .url = &request->at, .attempts = request->attempt,
		.redirects = request->redirects, .transfer = transfer,
	};
	char shown[URL_SHOWN_BYTES];

	if (error != NULL)
		hs_error_at(error, url_mask(request->at.text, shown, sizeof shown));
	request->hooks->done(request->arg, &answer, error);
	request_free(request);
}

/* From here, the hop at request->at is made: asked for, waited for, done. */
static void begin_hop(struct request *request)
{
	request->state = REQUEST_ASKING;
	if (request->hooks->ask != NULL)
		request->hooks->ask(request->arg, request, &request->at);
	else
		request_go(request);
}

void request_go(struct request *request)
{
	request->state = REQUEST_ALLOWED;
	run_after(request, 0);
}

void request_refuse(struct request *request, const struct hs_error *why)
{
	request->state = REQUEST_REFUSED;
	request->refusal = *why;
	run_after(request, 0);
}

/* Another attempt from the start; the same hop may lead elsewhere next time. */
static void begin_attempt(struct request *request)
{
	struct hs_error err = HS_ERROR_INIT;
	struct url first = { .text = NULL };

	if (!url_copy(&request->first, &first, &err)) {
		finish(request, 0, NULL, &err);
		return;
	}
	url_done(&request->at);
	request->at = first;
	request->attempt++;
	request->redirects = 0;
	begin_hop(request);
}

static bool begin_body(struct request *request, struct transfer *transfer, struct hs_error *err)
{
	request->has_begun = true;
	return request->hooks->begin(request->arg, transfer_header(transfer, "Content-Type", 0), err);
}

static bool take_body(void *arg, struct transfer *transfer, const char *bytes, size_t length,
    struct hs_error *err)
{
	struct request *request = arg;

	if (!is_wanted(transfer_status(transfer))) {
		request->ignored_bytes += length;
		request->has_enough = request->ignored_bytes > MAX_IGNORED_BYTES;
		return !request->has_enough;
	}
	return (request->has_begun || begin_body(request, transfer, err)) &&
	    request->hooks->body(request->arg, bytes, length, err);
}

static void follow(struct request *request, struct transfer *transfer, long status)
{
	const char *location = transfer_header(transfer, "Location", 0);
	struct hs_error err = HS_ERROR_INIT;
	struct url to = { .text = NULL };
	char host[HOST_BYTES];

	if (location == NULL) {
		hs_error_set(&err, HS_BAD_REDIRECT, "", "%s answers with a redirect (%ld) that leads"
		    " nowhere", url_host(&request->at, host, sizeof host), status);
		finish(request, status, transfer, &err);
		return;
	}
	if (!url_parse(location, &request->at, &to, &err)) {
		/* no fault of who asked: the server's */
		err.code = err.code == HS_BAD_URL ? HS_BAD_REDIRECT : err.code;
		finish(request, status, transfer, &err);
		return;
	}
	if (!fetch_rules_redirect(&request->at, &to, request->redirects + 1, &err)) {
		url_done(&to);
		finish(request, status, transfer, &err);
		return;
	}
	url_done(&request->at);
	request->at = to;
	request->redirects++;
	begin_hop(request);
}

static void tell_status(const struct request *request, long status, struct hs_error *err)
{
	static const struct {
		long status;
		const char *means;
	} known[] = {
		{ 204, "there is nothing there" },
		{ 304, "not changed, though that was not asked" },
		{ 401, "it wants to know who asks: give the key or password it expects" },
		{ 403, "it does not let us" },
		{ 404, "there is nothing at this URL" },
		{ 406, "it has nothing in a format that was asked for" },
		{ 410, "what was at this URL is gone" },
		{ 429, "too many requests: ask less often" },
		{ 451, "it must not tell" },
	};
	const char *means = status >= 500 ? "the server is in trouble" :
	    "that is no answer with a feed";
	char host[HOST_BYTES];

	for (size_t i = 0; i < HS_COUNT(known); i++) {
		if (known[i].status == status)
			means = known[i].means;
	}
	hs_error_set(err, HS_HTTP_STATUS, "", "%s answers with status %ld: %s",
	    url_host(&request->at, host, sizeof host), status, means);
	err->temporary = status == 408 || status == 425 || status == 429 || status >= 500;
}

/* Says how it was tried, in an error that trying again did not help. */
static void add_attempts(const struct request *request, enum retry_answer answer, int64_t wait_ms,
    struct hs_error *err)
{
	struct hs_error before = *err;

	if (answer == RETRY_TOO_LATE)
		hs_error_set(err, before.code, before.where,
		    "%s; it asks to be left alone for %lld seconds, longer than "
		    "EXTRACTOR_RETRY_MAX_SECONDS allows", before.message,
		    (long long)(wait_ms / 1000));
	else if (answer == RETRY_SPENT && request->attempt > 1)
		hs_error_set(err, before.code, before.where, "%s; tried %u times", before.message,
		    request->attempt);
	err->temporary = before.temporary || answer != RETRY_USELESS;
}

/* It failed: once more, or never. */
static void retry(struct request *request, struct transfer *transfer, CURLcode code, long status,
    struct hs_error *err)
{
	const struct fetch_settings *settings = request->settings;
	const char *header = transfer_header(transfer, "Retry-After", 0);
	int64_t asked_ms = -1, wait_ms = 0;
	enum retry_answer answer;
	unsigned char random;
	char shown[URL_SHOWN_BYTES];

	if (status == 0 || header == NULL || !retry_after_parse(header, time(NULL), &asked_ms))
		asked_ms = -1;
	evutil_secure_rng_get_bytes(&random, sizeof random);
	answer = retry_decide(&settings->retry, request->attempt, code, status, asked_ms,
	    random / 255.0, &wait_ms);
	if (asked_ms > 0 && answer != RETRY_USELESS)	/* others are meant too, and later runs */
		turns_rest(request->home->turns, request->at.origin, hs_clock_ms() +
		    (asked_ms < MAX_REST_MS ? asked_ms : MAX_REST_MS));
	if (answer != RETRY_WAIT) {
		add_attempts(request, answer, wait_ms, err);
		finish(request, status, transfer, err);
		return;
	}
	hs_log(HS_LOG_INFO, "a request failed and is tried again",
	    HS_STR("url", url_mask(request->at.text, shown, sizeof shown)),
	    HS_STR("error", err->message), HS_INT("attempt", request->attempt),
	    HS_SECS("pause", (double)wait_ms / 1000));
	if (status != 0 && code == CURLE_OK)
		snprintf(request->why, sizeof request->why, "HTTP %ld", status);
	else
		hs_utf8_clean(err->message, strlen(err->message), request->why, sizeof request->why);
	request->state = REQUEST_PAUSING;
	run_after(request, wait_ms);
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* An answer, whole. */
static void judge_answer(struct request *request, struct transfer *transfer, long status)
{
	struct hs_error err = HS_ERROR_INIT;

	if (is_redirect(status)) {
		follow(request, transfer, status);
	} else if (status == 304 && request->is_conditional) {
		finish(request, status, transfer, NULL);
	} else if (is_wanted(status)) {
		if (request->has_begun || begin_body(request, transfer, &err))
			finish(request, status, transfer, NULL);
		else
			finish(request, status, transfer, &err);
	} else {
		tell_status(request, status, &err);
		retry(request, transfer, CURLE_OK, status, &err);
	}
}

static void end_hop(void *arg, struct transfer *transfer, const struct transfer_outcome *outcome)
{
	struct request *request = arg;
	struct hs_error err = outcome->error;

	request->transfer = NULL;
	turns_ended(request->home->turns, request->at.origin, hs_clock_ms(),
	    request->settings->delay_ms);
	/* whatever ended a body that nobody wants, the status tells the story */
	if (outcome->code == CURLE_OK || request->has_enough ||
	    (is_redirect(outcome->status) && err.code != HS_TOO_BIG))
		judge_answer(request, transfer, outcome->status);
	else
		retry(request, transfer, outcome->code, outcome->status, &err);
}

/* A host that asked to be left alone for longer than anybody waits is not asked. */
static bool is_rest_bearable(const struct request *request, struct hs_error *err)
{
	const struct fetch_settings *settings = request->settings;
	int64_t rest_ms = turns_rests(request->home->turns, request->at.origin, hs_clock_ms());
	time_t until = time(NULL) + (time_t)((rest_ms + 999) / 1000);
	char when[UNTIL_BYTES] = "", host[HOST_BYTES];
	struct tm utc;

	if (rest_ms <= settings->retry.max_pause_ms)
		return true;
	if (gmtime_r(&until, &utc) != NULL)
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
	hs_error_set(err, HS_HTTP_STATUS, "", "%s asked to be left alone until %s: not asked before, "
	    "for that is longer than EXTRACTOR_RETRY_MAX_SECONDS allows",
	    url_host(&request->at, host, sizeof host), when);
	err->temporary = true;
	return false;
}

static void start_hop(struct request *request)
{
	bool is_home = url_is_same_origin(&request->at, &request->first);
	struct transfer_request what = {
		.url = &request->at,
		.headers = is_home ? request->own_headers : request->headers,
		.settings = request->settings,
		.body = take_body, .done = end_hop, .arg = request,
	};
	struct hs_error err = HS_ERROR_INIT;
	int64_t wait_ms = turns_take(request->home->turns, request->at.origin, hs_clock_ms(),
	    request->settings->delay_ms);

	if (wait_ms > 0) {
		run_after(request, wait_ms);
		return;
	}
	if (is_home) {
		what.user = request->first.user;
		what.password = request->first.password;
	}
	request->has_begun = request->has_enough = false;
	request->ignored_bytes = 0;
	request->state = REQUEST_UNDER_WAY;
	if (!transfer_start(request->home->transfers, &what, &request->transfer, &err))
		finish(request, 0, NULL, &err);
}

/* What can be told of an address before it is connected to; where a proxy does that, it is all. */
static bool is_host_allowed(const struct request *request, struct hs_error *err)
{
	const char *host = request->at.host, *kind = fetch_rules_host(host);

	if (kind == NULL || fetch_rules_host_is_listed(request->settings->private_hosts, host))
		return true;
	return hs_error_set(err, HS_ADDRESS_REFUSED, "",
	    "%s is %s: not asked. If that is meant to be, name it in EXTRACTOR_ALLOW_PRIVATE_HOSTS",
	    host, kind);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct request *request = arg;
	struct hs_error err = HS_ERROR_INIT;

	(void)fd;
	(void)what;
	switch (request->state) {
	case REQUEST_ASKING:
	case REQUEST_UNDER_WAY:
		return;
	case REQUEST_REFUSED:
		finish(request, 0, NULL, &request->refusal);
		return;
	case REQUEST_PAUSING:
		begin_attempt(request);
		return;
	case REQUEST_ALLOWED:
		if (is_host_allowed(request, &err) && is_rest_bearable(request, &err))
			start_hop(request);
		else
			finish(request, 0, NULL, &err);
		return;
	}
}

static bool add_header(struct curl_slist **list, const char *name, const char *value,
    struct hs_error *err)
{
	char line[2 * FETCH_MAX_HEADER_BYTES + 4];
	struct curl_slist *longer;

	/* libcurl takes "NAME:" as "leave it out" and "NAME;" as "send it empty" */
	if (!hs_format(line, sizeof line, err, value[0] != '\0' ? "%s: %s" : "%s;%s", name, value))
		return false;
	longer = curl_slist_append(*list, line);
	if (longer == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a request's headers");
	*list = longer;
	return true;
}

/* What an ETag or a date may be to be sent back: what is not is as good as none. */
static bool is_validator(const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length == 0 || length > MAX_VALIDATOR_BYTES)
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return true;
}

/* The headers that go with every hop, put into list. */
static bool add_common_headers(struct request *request, const struct fetch_request *what,
    bool has_accept, struct curl_slist **list, struct hs_error *err)
{
	if (is_validator(what->etag)) {
		request->is_conditional = true;
		if (!add_header(list, "If-None-Match", what->etag, err))
			return false;
	}
	if (is_validator(what->last_modified)) {
		request->is_conditional = true;
		if (!add_header(list, "If-Modified-Since", what->last_modified, err))
			return false;
	}
	return has_accept ||
	    add_header(list, "Accept", "application/json, text/plain;q=0.9, */*;q=0.8", err);
}

static bool make_headers(struct request *request, const struct fetch_request *what,
    struct hs_error *err)
{
	bool has_accept = false;

	if (what->header_count > FETCH_MAX_HEADERS)
		return hs_error_set(err, HS_BAD_ARGUMENT, "",
		    "a request has %zu headers: at most %d are sent", what->header_count,
		    FETCH_MAX_HEADERS);
	for (size_t i = 0; i < what->header_count; i++) {
		const struct fetch_header *header = &what->headers[i];

		if (!fetch_rules_header(header, err) ||
		    !add_header(&request->own_headers, header->name, header->value, err))
			return false;
		has_accept = has_accept || strcasecmp(header->name, "Accept") == 0;
	}
	return add_common_headers(request, what, has_accept, &request->own_headers, err) &&
	    add_common_headers(request, what, false, &request->headers, err);
}

bool request_start(struct request_home *home, const struct fetch_request *what,
    const struct request_hooks *hooks, void *arg, struct request **ret, struct hs_error *err)
{
	struct request *request = calloc(1, sizeof *request);

	if (request == NULL)
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a request");
	request->home = home;
	request->settings =
	    fetch_settings_share(what->settings != NULL ? what->settings : home->settings);
	request->hooks = hooks;
	request->arg = arg;
	request->timer = evtimer_new(home->base, on_timer, request);
	if (request->timer == NULL) {
		request_free(request);
		return hs_error_set(err, HS_NO_MEMORY, "", "no memory for a request");
	}
	if (!url_parse(what->url, NULL, &request->first, err) ||
	    !make_headers(request, what, err)) {
		request_free(request);
		return false;
	}
	request->state = REQUEST_PAUSING;	/* for no time: then the first attempt */
	run_after(request, 0);
	*ret = request;
	return true;
}

void request_cancel(struct request *request)
{
	if (request != NULL)
		request_free(request);
}

void request_look(const struct request *request, struct fetch_progress *ret)
{
	int64_t wait_ms = request->waits_until_ms - hs_clock_ms();

	*ret = (struct fetch_progress){ .phase = FETCH_WAITING, .attempt = request->attempt,
		.attempts = request->settings->retry.retries + 1 };
	if (request->attempt == 0)
		ret->attempt = 1;
	switch (request->state) {
	case REQUEST_ASKING:
		ret->phase = FETCH_ROBOTS;
		return;
	case REQUEST_UNDER_WAY:
		ret->phase = request->has_begun ? FETCH_RECEIVING : FETCH_ASKING;
		ret->total_bytes = transfer_announced_bytes(request->transfer);
		return;
	case REQUEST_PAUSING:
		if (request->attempt > 0) {
			ret->phase = FETCH_PAUSING;
			ret->attempt = request->attempt + 1;
			snprintf(ret->why, sizeof ret->why, "%s", request->why);
		}
		ret->wait_ms = wait_ms > 0 ? (unsigned)wait_ms : 0;
		return;
	case REQUEST_ALLOWED:
	case REQUEST_REFUSED:
		ret->wait_ms = wait_ms > 0 ? (unsigned)wait_ms : 0;
		return;
	}
}
