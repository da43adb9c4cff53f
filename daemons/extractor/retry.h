/* retry.h: whether a request that failed is made again, and when. Pure: chance and time are handed
 * in. */
#ifndef HS_EXTRACTOR_RETRY_H
#define HS_EXTRACTOR_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <curl/curl.h>

struct retry_policy {
	unsigned retries;		/* besides the first attempt */
	int64_t pause_ms;		/* before the second attempt; doubles each time */
	int64_t max_pause_ms;
};

enum retry_answer {
	RETRY_WAIT,			/* try again after *ret_wait_ms */
	RETRY_USELESS,			/* the same would come again */
	RETRY_SPENT,			/* it was tried often enough */
	RETRY_TOO_LATE			/* the server asks for a longer pause than is allowed */
};

/* After attempt number attempt (from 1) ended with code and, when there was an answer, status (else
 * 0). retry_after_ms is what the server asked for, or -1. chance is a number in 0..1 that lengthens
 * the pause by up to a quarter, so that not all come back at once. The wait is never shorter than
 * the server asked for. *ret_wait_ms is set for RETRY_WAIT, and for RETRY_TOO_LATE to what the
 * server asked for. */
enum retry_answer retry_decide(const struct retry_policy *policy, unsigned attempt, CURLcode code,
    long status, int64_t retry_after_ms, double chance, int64_t *ret_wait_ms);

/* Retry-After: seconds, or a date (in the past: 0). False when it is neither. */
bool retry_after_parse(const char *text, time_t now, int64_t *ret_ms);

#endif
