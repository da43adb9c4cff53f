/* retry.c: two lists of what passes, and a pause that doubles. */
#include "daemons/extractor/retry.h"

#include <stddef.h>
#include <string.h>

#include "common/error.h"

/* Longer than anybody waits; keeps sums of milliseconds far from their bounds. */
enum { MAX_SECONDS = 366 * 86400 };

/* The answers of a server that is busy, or of one before it that cannot reach it. */
static const long passing_statuses[] = {
	408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524,
};

static const CURLcode passing_codes[] = {
	CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
	CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING,
	CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM,
};

static bool may_pass(CURLcode code, long status)
{
	if (code != CURLE_OK) {
		for (size_t i = 0; i < HS_COUNT(passing_codes); i++) {
			if (passing_codes[i] == code)
				return true;
		}
		return false;
	}
	for (size_t i = 0; i < HS_COUNT(passing_statuses); i++) {
		if (passing_statuses[i] == status)
			return true;
	}
	return false;
}

static int64_t pause_ms(const struct retry_policy *policy, unsigned attempt)
{
	int64_t pause = policy->pause_ms;

	for (unsigned i = 1; i < attempt && pause < policy->max_pause_ms; i++)
		pause *= 2;
	return pause < policy->max_pause_ms ? pause : policy->max_pause_ms;
}

enum retry_answer retry_decide(const struct retry_policy *policy, unsigned attempt, CURLcode code,
    long status, int64_t retry_after_ms, double chance, int64_t *ret_wait_ms)
{
	int64_t wait;

	if (!may_pass(code, status))
		return RETRY_USELESS;
	if (attempt > policy->retries)
		return RETRY_SPENT;
	if (retry_after_ms > policy->max_pause_ms) {
		*ret_wait_ms = retry_after_ms;
		return RETRY_TOO_LATE;
	}
	wait = pause_ms(policy, attempt);
	if (retry_after_ms > wait)
		wait = retry_after_ms;
	*ret_wait_ms = wait + (int64_t)((double)wait / 4 * chance);
	return RETRY_WAIT;
}

bool retry_after_parse(const char *text, time_t now, int64_t *ret_ms)
{
	size_t digits = strspn(text, "0123456789");
	int64_t seconds = 0;
	time_t date;

	if (digits > 0 && text[digits] == '\0') {
		for (size_t i = 0; i < digits && seconds < MAX_SECONDS; i++)
			seconds = seconds * 10 + (text[i] - '0');
	} else {
		date = curl_getdate(text, NULL);
		if (date < 0)
			return false;
		seconds = date > now ? (int64_t)(date - now) : 0;
	}
	*ret_ms = (seconds < MAX_SECONDS ? seconds : MAX_SECONDS) * 1000;
	return true;
}
