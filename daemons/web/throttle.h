/* throttle.h: how long one who failed must wait before a password is looked at again.
 *
 * Counted by account, by address, and by both together. The account's own count keeps out strangers
 * who try its name from many places; at an address from where it was signed in before, only the
 * count of that pair and of the address itself matters: so nobody can keep its owner out there. All
 * waits have an end, and an hour without failures ends all. */
#ifndef WEB_THROTTLE_H
#define WEB_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemons/web/token.h"

enum throttle { THROTTLE_ACCOUNT, THROTTLE_ADDRESS, THROTTLE_PAIR, THROTTLE_COUNT };

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
