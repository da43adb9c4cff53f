/* throttle.h: how long one who failed must wait before a password is looked at again.
 *
 * Every wait is of somebody: of an address, or of an account together with the network, the known
 * address or the known device that asks for it. No wait is an account's own, so that nobody's
 * failures can be in the way of its owner elsewhere. The account's count says when many networks
 * try its name: then each of them has one attempt, and soon waits for minutes.
 *
 * A device that signed in to the account before has a cookie, and a count that nobody else can
 * touch; an address from where it was signed in before has a count of that pair. For neither does
 * the address's own count matter, which all behind one router share. A new password by hsctl, or
 * enabling, clears all counts of the account for an hour: for whoever has not failed since, the
 * address's does not matter either. All waits have an end, and an hour without failures ends all. */
#ifndef WEB_THROTTLE_H
#define WEB_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemons/web/token.h"

enum throttle {
	THROTTLE_ACCOUNT,	/* counts failures where neither place nor device is known; no waits */
	THROTTLE_ADDRESS,
	THROTTLE_PAIR,		/* account and known address */
	THROTTLE_NETWORK,	/* account and network: asker_network */
	THROTTLE_DEVICE,	/* account and known device */
	THROTTLE_CLEARED,	/* when hsctl cleared the account's; counts nothing */
	THROTTLE_COUNT
};

enum { THROTTLE_DELAYS = 64, THROTTLE_LIST_BYTES = 512 };

/* Seconds to wait after so many failures (1 or more) in a row. */
int throttle_delay(enum throttle throttle, int failures);

/* All of them as PostgreSQL reads an array of integers: "{0,0,0,1,2,...}", the last for all that
 * follow. Returns buf. */
const char *throttle_list(enum throttle throttle, char buf[THROTTLE_LIST_BYTES]);

/* What is counted under. False without memory. */
bool throttle_key(enum throttle throttle, const char *account, const char *place,
    char ret[TOKEN_DIGEST_BYTES]);

#endif
