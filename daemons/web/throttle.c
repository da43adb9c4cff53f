/* throttle.c: pure; the counts are the database's. */
#include "daemons/web/throttle.h"

#include <stdio.h>

#include "common/error.h"
#include "common/text.h"

/* So many failures cost nothing; then 1, 2, 4 ... seconds, at most so many. */
static const struct { const char *name; int free, most_seconds; } rows[THROTTLE_COUNT] = {
	[THROTTLE_ACCOUNT] = { "account", 20, 0 },
	[THROTTLE_ADDRESS] = { "address", 20, 900 },
	[THROTTLE_PAIR] = { "pair", 8, 60 },
	[THROTTLE_NETWORK] = { "network", 5, 300 },
	[THROTTLE_DEVICE] = { "device", 8, 60 },
	[THROTTLE_CLEARED] = { "cleared", 0, 0 },	/* account_change.c makes the same key */
};

int throttle_delay(enum throttle throttle, int failures)
{
	int delay = failures > rows[throttle].free ? 1 : 0;

	for (int i = rows[throttle].free + 1; i < failures && delay < rows[throttle].most_seconds;
	     i++)
		delay *= 2;
	return delay < rows[throttle].most_seconds ? delay : rows[throttle].most_seconds;
}

const char *throttle_list(enum throttle throttle, char buf[THROTTLE_LIST_BYTES])
{
	size_t length = 0;

	for (int failures = 1; failures <= THROTTLE_DELAYS; failures++)
		length += (size_t)snprintf(buf + length, THROTTLE_LIST_BYTES - length, "%c%d",
		    failures == 1 ? '{' : ',', throttle_delay(throttle, failures));
	snprintf(buf + length, THROTTLE_LIST_BYTES - length, "}");
	return buf;
}

bool throttle_key(enum throttle throttle, const char *account, const char *place,
    char ret[TOKEN_DIGEST_BYTES])
{
	char text[512];
	struct hs_error ignored = HS_ERROR_INIT;

	/* no name that can be is so long; those that are share a count */
	return hs_format(text, sizeof text, &ignored, "%s %.100s %.100s", rows[throttle].name,
	    throttle != THROTTLE_ADDRESS ? account : "",
	    throttle != THROTTLE_ACCOUNT && throttle != THROTTLE_CLEARED ? place : "") && token_digest(text, ret);
}
